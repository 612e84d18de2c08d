//! What is seen on the wire: each attempt, which is counted; the date of an answer; names that a
//! listing has encoded. Decides nothing.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use chrono::{DateTime, Utc};

use crate::store::Counter;

/// Counts attempts, those that the SDK makes by itself included.
#[derive(Debug)]
pub(super) struct Attempts(pub(super) Arc<Counter>);

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        match request.method() {
            "PUT" | "POST" => self.0.put(),
            _ if request.uri().contains("list-type=2") => self.0.list(),
            _ => self.0.get(),
        }
        Ok(())
    }
}

/// Catches the `Date` of one operation's last answer.
#[derive(Debug, Clone, Default)]
pub(super) struct AnswerDate(Arc<Mutex<Option<DateTime<Utc>>>>);

impl AnswerDate {
    pub(super) fn read(&self) -> Option<DateTime<Utc>> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for AnswerDate {
    fn name(&self) -> &'static str {
        "AnswerDate"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date.map(|date| date.to_utc());
        Ok(())
    }
}

/// Undoes `encoding-type=url`, in which `+` is a space. `None` where the result is not UTF-8.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let (byte, after) = match (first, after) {
            (b'+', _) => (b' ', after),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, after),
                _ => (b'%', &rest[1..]),
            },
            _ => (first, after),
        };
        decoded.push(byte);
        rest = after;
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decodes_what_s3_encodes() {
        assert_eq!(decode("a/b+c%2Bd%25%0A%C3%A9"), Some("a/b c+d%\n\u{e9}".to_owned()));
        assert_eq!(decode("50%"), Some("50%".to_owned()));
        assert_eq!(decode("%zz%4"), Some("%zz%4".to_owned()));
        assert_eq!(decode("%FF"), None);
    }

    proptest! {
        #[test]
        fn undoes_any_encoding(key in "\\PC*", plain in any::<bool>()) {
            let encode = |byte: u8| match byte {
                b'a'..=b'z' | b'/' if plain => char::from(byte).to_string(),
                b' ' => "+".to_owned(),
                _ => format!("%{byte:02X}"),
            };
            let encoded: String = key.bytes().map(encode).collect();
            prop_assert_eq!(decode(&encoded), Some(key));
        }
    }
}
