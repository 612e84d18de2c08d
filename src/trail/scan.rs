//! Text to records: which elements of `Records` are ours.
//!
//! A log text is mostly other services' records. A search for our event source says whether to look
//! at all; then the JSON's own top level decides, never a string or a nested object that happens
//! to hold the same words. Nothing is said before the end of the JSON has been seen.

use memchr::memmem;

use super::json::{Cursor, NotJson, Str, Value, is_space};

/// `eventSource` of the records that become rows ("Log Amazon SageMaker Experiments metrics using
/// CloudTrail", SageMaker developer guide). Never written with escapes by CloudTrail, so compared as it stands.
pub const EVENT_SOURCE: &[u8] = b"metrics-sagemaker.amazonaws.com";

/// `eventName` of those records.
pub const EVENT_NAME: &[u8] = b"BatchPutMetrics";

/// Why a text is not a log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotALog {
    /// Not JSON.
    NotJson,
    /// JSON, but no object with an array `Records`.
    NotALogFile,
}

impl From<NotJson> for NotALog {
    fn from(_: NotJson) -> Self {
        Self::NotJson
    }
}

/// An element of `Records` that concerns us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'a> {
    /// Position in `Records`, from 0.
    pub index: u32,
    /// The element's text.
    pub raw: &'a [u8],
    /// False for an element that is no object at all.
    pub is_record: bool,
}

/// The elements of a log text that are BatchPutMetrics records, or no records at all.
///
/// # Errors
/// The text is not a log file; none of it may be used.
pub fn scan(text: &[u8]) -> Result<Vec<Found<'_>>, NotALog> {
    if has_frame(text) && memmem::find(text, EVENT_SOURCE).is_none() {
        return Ok(Vec::new());
    }
    let mut cursor = Cursor::new(text);
    if cursor.peek() != Some(b'{') {
        cursor.skip()?;
        cursor.end()?;
        return Err(NotALog::NotALogFile);
    }
    let mut found = None;
    cursor.object(|name, cursor| {
        if *name.name() != *b"Records" {
            return cursor.skip().map(drop);
        }
        found = if cursor.peek() == Some(b'[') { Some(elements(cursor)?) } else { None };
        if found.is_none() { cursor.skip().map(drop) } else { Ok(()) }
    })?;
    cursor.end()?;
    found.ok_or(NotALog::NotALogFile)
}

fn elements<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<Found<'a>>, NotJson> {
    let mut found = Vec::new();
    let mut index = 0;
    cursor.array(|cursor| {
        let is_record = cursor.peek() == Some(b'{');
        let mut is_ours = false;
        let raw = cursor.spanned(|cursor| match is_record {
            true => our_record(cursor).map(|ours| is_ours = ours),
            false => cursor.skip().map(drop),
        })?;
        if is_ours || !is_record {
            found.push(Found { index, raw, is_record });
        }
        index += 1;
        Ok(())
    })?;
    Ok(found)
}

/// Passes one record; true where its own members say that it is ours.
fn our_record(cursor: &mut Cursor<'_>) -> Result<bool, NotJson> {
    let (mut source, mut name) = (false, false);
    cursor.object(|member, cursor| {
        match &*member.name() {
            b"eventSource" => {
                source = string(cursor)?.is_some_and(|text| text.raw() == EVENT_SOURCE)
            }
            b"eventName" => name = string(cursor)?.is_some_and(|text| *text.name() == *EVENT_NAME),
            _ => drop(cursor.skip()?),
        }
        Ok(())
    })?;
    Ok(source && name)
}

fn string<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Str<'a>>, NotJson> {
    Ok(match cursor.value()? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

/// True for `{"Records":[` … `]}`, white space aside: the frame of every file CloudTrail writes.
fn has_frame(text: &[u8]) -> bool {
    let mut rest = text;
    for part in [&b"{"[..], b"\"Records\"", b":", b"["] {
        let spaces = rest.iter().take_while(|&&byte| is_space(byte)).count();
        let Some(behind) = rest[spaces..].strip_prefix(part) else { return false };
        rest = behind;
    }
    for part in [b"}", b"]"] {
        let spaces = rest.iter().rev().take_while(|&&byte| is_space(byte)).count();
        let Some(before) = rest[..rest.len() - spaces].strip_suffix(part) else { return false };
        rest = before;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Result<Vec<(u32, bool)>, NotALog> {
        scan(text.as_bytes()).map(|all| all.iter().map(|one| (one.index, one.is_record)).collect())
    }

    const OURS: &str =
        r#"{"eventName":"BatchPutMetrics","eventSource":"metrics-sagemaker.amazonaws.com"}"#;

    #[test]
    fn only_the_top_level_decides() {
        let nested = format!(r#"{{"eventName":"PutObject","requestParameters":{OURS}}}"#);
        let quoted = format!(r#"{{"userAgent":{}}}"#, serde_json::to_string(OURS).unwrap());
        let other = OURS.replace("BatchPut", "BatchGet");
        let text = format!(r#"{{"Records":[{nested},{quoted},{OURS},{other},7]}}"#);
        assert_eq!(found(&text), Ok(vec![(2, true), (4, false)]));
    }

    #[test]
    fn names_may_be_escaped_and_the_last_of_two_wins() {
        let escaped =
            OURS.replace("eventName", r"event\u004eame").replace("BatchPut", r"Batch\u0050ut");
        let overruled = OURS.replace('}', r#","eventName":"Other"}"#);
        let late = format!(r#"{{"eventSource":1,{}"#, &OURS[1..]);
        let hidden = OURS.replace("metrics-", r"\u006detrics-");
        let text =
            format!(r#" {{ "a" : 1, "Records" : [{escaped},{overruled},{late},{hidden}] }} "#);
        assert_eq!(found(&text), Ok(vec![(0, true), (2, true)]));
        let twice = format!(r#"{{"Records":[{OURS}],"Records":[1,{OURS}]}}"#);
        assert_eq!(found(&twice), Ok(vec![(0, false), (1, true)]));
    }

    #[test]
    fn without_our_source_the_frame_is_enough() {
        assert_eq!(found("{\"Records\":[ not json ]}"), Ok(vec![]));
        assert_eq!(found(" { \"Records\" : [\n] }\n"), Ok(vec![]));
        assert_eq!(found("{\"Records\":[],\"more\":1}"), Ok(vec![]));
        assert_eq!(found("{\"Records\":[7],\"more\":1}"), Ok(vec![(0, false)]));
    }

    #[test]
    fn what_is_not_a_log_file() {
        for text in [
            "[]",
            "7",
            "{}",
            r#"{"Records":{}}"#,
            r#"{"Records":[],"Records":null}"#,
            "{\"logFiles\":[]}",
        ] {
            assert_eq!(found(text), Err(NotALog::NotALogFile), "{text}");
        }
        for text in ["", "{\"Records\":[}", "{\"Records\":[]", "\u{feff}{\"Records\":[]}"] {
            assert_eq!(found(text), Err(NotALog::NotJson), "{text}");
        }
        let broken = format!(r#"{{"Records":[{OURS},{{]}}"#);
        assert_eq!(found(&broken), Err(NotALog::NotJson));
    }
}
