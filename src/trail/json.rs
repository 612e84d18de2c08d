//! A pull parser over JSON text that checks the grammar of RFC 8259 and keeps what a value tree
//! would lose: numbers as they are written, strings as bytes, repeated members in order.
//!
//! It is lenient where one strange record must not cost its neighbours: a string may hold invalid
//! UTF-8 or lone surrogates (only [`Str::text`] minds), nesting has no limit (depth costs one bit),
//! and numbers have any size. It is strict about everything else: control characters in strings,
//! unknown escapes, `NaN`, trailing commas and trailing text are not JSON.

use std::borrow::Cow;

/// The text is not JSON; the offset says where that showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not JSON at byte {at}")]
pub struct NotJson {
    /// Bytes from the start of the text.
    pub at: usize,
}

/// A string as it is written, without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Str<'a> {
    raw: &'a [u8],
    escaped: bool,
}

/// A string that cannot be Unicode: a lone surrogate or invalid UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadText;

/// One value; containers as the text between (and with) their brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(&'a str),
    /// A string.
    String(Str<'a>),
    /// An array's text.
    Array(&'a [u8]),
    /// An object's text.
    Object(&'a [u8]),
}

impl<'a> Str<'a> {
    /// The bytes between the quotes, escapes and all.
    pub fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// The text that is meant, escapes resolved.
    ///
    /// # Errors
    /// Lone surrogates and invalid UTF-8.
    pub fn text(self) -> Result<Cow<'a, str>, BadText> {
        if !self.escaped {
            return std::str::from_utf8(self.raw).map(Cow::Borrowed).map_err(|_| BadText);
        }
        unescape(self.raw).map(Cow::Owned)
    }

    /// The name of a member, for matching; one that cannot be Unicode matches nothing of ours.
    pub fn name(self) -> Cow<'a, [u8]> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        Cow::Owned(unescape(self.raw).map(String::into_bytes).unwrap_or_default())
    }
}

fn unescape(raw: &[u8]) -> Result<String, BadText> {
    let mut text = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        text.extend_from_slice(&rest[..at]);
        let mut used = 2;
        match rest[at + 1] {
            b'b' => text.push(0x08),
            b'f' => text.push(0x0c),
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'u' => {
                let (character, length) = unicode_escape(&rest[at..])?;
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                used = length;
            }
            byte => text.push(byte),
        }
        rest = &rest[at + used..];
    }
    text.extend_from_slice(rest);
    String::from_utf8(text).map_err(|_| BadText)
}

/// The character of `\uXXXX` or of a surrogate pair, and the escape's length.
fn unicode_escape(escape: &[u8]) -> Result<(char, usize), BadText> {
    let high = hex4(escape).ok_or(BadText)?;
    if !(0xd800..0xdc00).contains(&high) {
        return char::from_u32(high).map(|character| (character, 6)).ok_or(BadText);
    }
    let low = hex4(escape.get(6..).ok_or(BadText)?).ok_or(BadText)?;
    if !(0xdc00..0xe000).contains(&low) {
        return Err(BadText);
    }
    let pair = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    char::from_u32(pair).map(|character| (character, 12)).ok_or(BadText)
}

fn hex4(escape: &[u8]) -> Option<u32> {
    let digits = escape.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |value, &byte| Some(value * 16 + (byte as char).to_digit(16)?))
}

/// White space between tokens (RFC 8259, section 2).
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// A position in a text. Every method that reads leaves the cursor behind what it read.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// At the start of `text`.
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    fn wrong<T>(&self) -> Result<T, NotJson> {
        Err(NotJson { at: self.at })
    }

    /// The next byte that is not white space, without passing it.
    pub fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.text.get(self.at) {
            if !is_space(byte) {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    fn take(&mut self, byte: u8) -> Result<(), NotJson> {
        if self.peek() != Some(byte) {
            return self.wrong();
        }
        self.at += 1;
        Ok(())
    }

    /// Nothing but white space is left.
    ///
    /// # Errors
    /// Something is left.
    pub fn end(&mut self) -> Result<(), NotJson> {
        self.peek().map_or(Ok(()), |_| self.wrong())
    }

    /// Reads one object; `member` is called behind each name and must read exactly one value.
    ///
    /// # Errors
    /// The text is not an object.
    pub fn object(
        &mut self,
        mut member: impl FnMut(Str<'a>, &mut Self) -> Result<(), NotJson>,
    ) -> Result<(), NotJson> {
        self.take(b'{')?;
        if self.peek() == Some(b'}') {
            return self.take(b'}');
        }
        loop {
            let name = self.name()?;
            member(name, self)?;
            if self.peek() != Some(b',') {
                return self.take(b'}');
            }
            self.at += 1;
        }
    }

    /// Reads one array; `element` must read exactly one value.
    ///
    /// # Errors
    /// The text is not an array.
    pub fn array(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), NotJson>,
    ) -> Result<(), NotJson> {
        self.take(b'[')?;
        if self.peek() == Some(b']') {
            return self.take(b']');
        }
        loop {
            element(self)?;
            if self.peek() != Some(b',') {
                return self.take(b']');
            }
            self.at += 1;
        }
    }

    /// The text of whatever `read` passes, white space before it aside.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn spanned(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), NotJson>,
    ) -> Result<&'a [u8], NotJson> {
        self.peek();
        let start = self.at;
        read(self)?;
        Ok(&self.text[start..self.at])
    }

    /// Reads one value of any kind.
    ///
    /// # Errors
    /// There is none.
    pub fn value(&mut self) -> Result<Value<'a>, NotJson> {
        Ok(match self.peek() {
            Some(b'{') => Value::Object(self.skip()?),
            Some(b'[') => Value::Array(self.skip()?),
            Some(b'"') => Value::String(self.string()?),
            Some(b't') => self.literal(b"true", Value::Bool(true))?,
            Some(b'f') => self.literal(b"false", Value::Bool(false))?,
            Some(b'n') => self.literal(b"null", Value::Null)?,
            _ => Value::Number(self.number()?),
        })
    }

    /// Passes one value of any kind and returns its text.
    ///
    /// # Errors
    /// There is none.
    pub fn skip(&mut self) -> Result<&'a [u8], NotJson> {
        let mut open = Nesting::default();
        self.peek();
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'{') => {
                    self.at += 1;
                    if self.peek() != Some(b'}') {
                        open.push(true);
                        self.name()?;
                        continue;
                    }
                    self.at += 1;
                }
                Some(b'[') => {
                    self.at += 1;
                    if self.peek() != Some(b']') {
                        open.push(false);
                        continue;
                    }
                    self.at += 1;
                }
                _ => {
                    self.value()?;
                }
            }
            if !self.close(&mut open)? {
                return Ok(&self.text[start..self.at]);
            }
        }
    }

    /// Behind a value inside `skip`: passes brackets that close, up to the next value. False where
    /// nothing is open any more.
    fn close(&mut self, open: &mut Nesting) -> Result<bool, NotJson> {
        while let Some(in_object) = open.top() {
            match (self.peek(), in_object) {
                (Some(b','), true) => {
                    self.at += 1;
                    self.name()?;
                    return Ok(true);
                }
                (Some(b','), false) => {
                    self.at += 1;
                    return Ok(true);
                }
                (Some(b'}'), true) | (Some(b']'), false) => {
                    self.at += 1;
                    open.pop();
                }
                _ => return self.wrong(),
            }
        }
        Ok(false)
    }

    /// A member's name and the colon behind it.
    fn name(&mut self) -> Result<Str<'a>, NotJson> {
        if self.peek() != Some(b'"') {
            return self.wrong();
        }
        let name = self.string()?;
        self.take(b':')?;
        Ok(name)
    }

    fn literal(&mut self, word: &[u8], value: Value<'a>) -> Result<Value<'a>, NotJson> {
        if !self.text[self.at..].starts_with(word) {
            return self.wrong();
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<&'a str, NotJson> {
        let start = self.at;
        if self.next_is(b"-") {
            self.at += 1;
        }
        if self.next_is(b"0") {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.next_is(b".") {
            self.at += 1;
            self.digits()?;
        }
        if self.next_is(b"eE") {
            self.at += 1;
            if self.next_is(b"+-") {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(std::str::from_utf8(&self.text[start..self.at]).expect("digits and signs are ASCII"))
    }

    fn next_is(&self, any: &[u8]) -> bool {
        self.text.get(self.at).is_some_and(|byte| any.contains(byte))
    }

    fn digits(&mut self) -> Result<(), NotJson> {
        let rest = &self.text[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return self.wrong();
        }
        self.at += count;
        Ok(())
    }

    /// At a quote: the string up to the closing one.
    fn string(&mut self) -> Result<Str<'a>, NotJson> {
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += plain(&self.text[self.at..]);
            match self.text.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return self.wrong(),
            }
        }
        let raw = &self.text[start..self.at];
        self.at += 1;
        Ok(Str { raw, escaped })
    }

    fn escape(&mut self) -> Result<(), NotJson> {
        self.at += match self.text.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') if hex4(&self.text[self.at..]).is_some() => 6,
            _ => return self.wrong(),
        };
        Ok(())
    }
}

/// How many bytes come before the first quote, backslash or control character. Eight at a time:
/// most of a log's bytes are inside strings.
fn plain(text: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let zero_bytes = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let mut at = 0;
    while let Some(eight) = text.get(at..at + 8) {
        let word = u64::from_le_bytes(eight.try_into().expect("eight bytes"));
        let quote = zero_bytes(word ^ (ONES * u64::from(b'"')));
        let backslash = zero_bytes(word ^ (ONES * u64::from(b'\\')));
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        // A borrow can set bits above the first true one, never below it: the lowest is right.
        let special = quote | backslash | control;
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let special = |&byte: &u8| byte == b'"' || byte == b'\\' || byte < 0x20;
    at + text[at..].iter().position(special).unwrap_or(text.len() - at)
}

/// The open brackets, one bit each: true for an object.
#[derive(Debug, Default)]
struct Nesting {
    words: Vec<u64>,
    depth: usize,
}

impl Nesting {
    fn push(&mut self, object: bool) {
        let (word, bit) = (self.depth / 64, self.depth % 64);
        if word == self.words.len() {
            self.words.push(0);
        }
        self.words[word] = self.words[word] & !(1 << bit) | u64::from(object) << bit;
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth -= 1;
    }

    fn top(&self) -> Option<bool> {
        let last = self.depth.checked_sub(1)?;
        Some(self.words[last / 64] >> (last % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_json(text: &[u8]) -> bool {
        let mut cursor = Cursor::new(text);
        cursor.skip().is_ok() && cursor.end().is_ok()
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json_on_what_is_json(text in r#"[\[\]{},:"\\ue0-9.\-+tfnrasl \n\t\x01]{0,12}"#) {
            let oracle = serde_json::from_str::<serde::de::IgnoredAny>(&text);
            prop_assert_eq!(is_json(text.as_bytes()), oracle.is_ok(), "{}", text);
        }

        #[test]
        fn strings_read_back(text in any::<String>()) {
            let written = serde_json::to_string(&text).unwrap();
            let Value::String(string) = Cursor::new(written.as_bytes()).value().unwrap() else {
                panic!("not a string: {written}");
            };
            prop_assert_eq!(string.text().unwrap(), text);
        }

        #[test]
        fn the_first_special_byte_is_found(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let slow = text.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20);
            prop_assert_eq!(plain(&text), slow.unwrap_or(text.len()));
        }
    }

    #[test]
    fn what_serde_json_does_not_take_but_we_do() {
        assert!(is_json(b"\"\\ud800\""));
        assert!(is_json(b"\"\xff\xfe\""));
        assert!(is_json(b"1e400"));
        let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
        assert!(is_json(deep.as_bytes()));
        assert!(!is_json(&deep.as_bytes()[..1_999_999]));
    }

    #[test]
    fn what_is_not_json() {
        for text in [
            "",
            "NaN",
            "01",
            "1.",
            "[1,]",
            "{\"a\"}",
            "\"\\x\"",
            "\"\\u12g4\"",
            "{} {}",
            "\u{feff}{}",
        ] {
            assert!(!is_json(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn surrogates() {
        let text = |raw: &str| match Cursor::new(raw.as_bytes()).value() {
            Ok(Value::String(string)) => string.text().map(Cow::into_owned),
            other => panic!("{other:?}"),
        };
        assert_eq!(text(r#""\ud83d\ude00""#).unwrap(), "\u{1f600}");
        for lone in [r#""\ud83d""#, r#""\ude00""#, r#""\ud83dx""#, r#""\ud83d\u0041""#] {
            assert_eq!(text(lone), Err(BadText), "{lone}");
        }
    }
}
