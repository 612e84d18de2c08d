//! Strings as they are written, and the text they mean.

use std::borrow::Cow;

/// A string as it is written, without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Str<'a> {
    pub(super) raw: &'a [u8],
    pub(super) escaped: bool,
}

/// A string that cannot be Unicode: a lone surrogate or invalid UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadText;

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

/// The number of `\\uXXXX`.
pub(super) fn hex4(escape: &[u8]) -> Option<u32> {
    let digits = escape.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |value, &byte| Some(value * 16 + (byte as char).to_digit(16)?))
}
