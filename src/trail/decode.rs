//! Bytes to text: exactly one gzip member that consumes the whole object (RFC 1952).
//!
//! A second member is not covered by CloudTrail's signed digest, so accepting one would let forged
//! rows in. libdeflate stops behind the first member without saying where; `whole_member` shows
//! how its end is known all the same.

use libdeflater::{DecompressionError, Decompressor};

/// Deflate cannot expand further than this (zlib technical details): a larger size in a trailer
/// is not believed.
const EXPANSION_MAX: usize = 1032;

/// Smallest gzip member: header, an empty block, trailer.
const MEMBER_BYTES_MIN: usize = 18;

/// A pooled buffer above this size is given back to the system after use.
const KEPT_BYTES_MAX: usize = 64 << 20;

/// What the trailer says about the length of the text, where that can be, and at most `limit`: how
/// much room decoding will need.
pub fn text_len(gzip: &[u8], limit: usize) -> usize {
    let Some(trailer) = gzip.last_chunk::<4>() else { return 0 };
    let possible = gzip.len().saturating_mul(EXPANSION_MAX);
    (u32::from_le_bytes(*trailer) as usize).min(possible).min(limit)
}

/// Why bytes are not a log file's gzip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecodable {
    /// No gzip, truncated, damaged, or with a wrong checksum.
    BadGzip,
    /// Something follows the member: another member, or anything else.
    TrailingBytes,
    /// More text than the limit.
    TooLarge,
}

/// Decompresses into a buffer that it keeps: fresh pages cost more than the work itself (design
/// section 9). One per worker.
#[derive(Default)]
pub struct Decoder {
    inflate: Decompressor,
    buffer: Vec<u8>,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("buffer", &self.buffer.len()).finish()
    }
}

impl Decoder {
    /// The text of `gzip`, at most `limit` bytes of it; with `multi_member` several members one
    /// behind the other are one text. Valid until the next call.
    ///
    /// # Errors
    /// The object is not what CloudTrail writes; nothing of it may be used.
    pub fn decode(
        &mut self,
        gzip: &[u8],
        limit: usize,
        multi_member: bool,
    ) -> Result<&[u8], Undecodable> {
        let mut text_len = 0;
        let mut rest = gzip;
        loop {
            let len = self.member(rest, text_len, limit)?;
            let end = whole_member(rest, &self.buffer[text_len..text_len + len]);
            text_len += len;
            match end {
                End::Whole => return Ok(&self.buffer[..text_len]),
                End::Within(candidates) if multi_member => {
                    rest = self.split(rest, candidates, len).ok_or(Undecodable::BadGzip)?;
                }
                End::Within(candidates) => {
                    if self.split(rest, candidates, len).is_some() {
                        return Err(Undecodable::TrailingBytes);
                    }
                    return Ok(&self.buffer[..text_len]);
                }
            }
        }
    }

    /// Gives a large buffer back.
    pub fn trim(&mut self) {
        if self.buffer.len() > KEPT_BYTES_MAX {
            self.buffer = Vec::new();
        }
    }

    /// Inflates the first member of `gzip` to `buffer[from..]` and returns its length.
    fn member(&mut self, gzip: &[u8], from: usize, limit: usize) -> Result<usize, Undecodable> {
        if gzip.len() < MEMBER_BYTES_MIN {
            return Err(Undecodable::BadGzip);
        }
        // One byte more than is said, so that the limit itself is reached before it is passed.
        let mut room = text_len(gzip, limit - from) + 1;
        loop {
            room = room.min(limit - from + 1);
            if self.buffer.len() < from + room {
                self.buffer.resize(from + room, 0);
            }
            let space = &mut self.buffer[from..];
            let room_now = space.len();
            match self.inflate.gzip_decompress(gzip, space) {
                Ok(len) if len > limit - from => return Err(Undecodable::TooLarge),
                Ok(len) => return Ok(len),
                Err(DecompressionError::BadData) => return Err(Undecodable::BadGzip),
                Err(DecompressionError::InsufficientSpace) if room_now > limit - from => {
                    return Err(Undecodable::TooLarge);
                }
                Err(DecompressionError::InsufficientSpace) => {
                    room = room_now.saturating_mul(4).max(1 << 16)
                }
            }
        }
    }

    /// The bytes behind the first member, found by trying its possible ends in order; `None` where
    /// the member fills `gzip`. `len` is the member's known text length.
    fn split<'a>(&mut self, gzip: &'a [u8], ends: Vec<usize>, len: usize) -> Option<&'a [u8]> {
        let mut again = vec![0; len];
        ends.into_iter().filter(|&end| end < gzip.len()).find_map(|end| {
            let inflated = self.inflate.gzip_decompress(&gzip[..end], &mut again);
            (inflated == Ok(len)).then(|| &gzip[end..])
        })
    }
}

enum End {
    /// Nothing follows the member.
    Whole,
    /// The member may end at one of these offsets; bytes follow, or it looks like it.
    Within(Vec<usize>),
}

/// Where the member that inflated to `text` ends in `gzip`.
///
/// Its last eight bytes are the text's checksum and length, and the decoder has verified that they
/// stand right behind the deflate stream. So a member that ends early shows these eight bytes
/// early: where their first place is the very end, the member is the whole object. (Searching the
/// compressed bytes costs a hundredth of inflating them.)
fn whole_member(gzip: &[u8], text: &[u8]) -> End {
    let mut trailer = [0; 8];
    trailer[..4].copy_from_slice(&libdeflater::crc32(text).to_le_bytes());
    trailer[4..].copy_from_slice(&(text.len() as u32).to_le_bytes());
    if memchr::memmem::find(gzip, &trailer) == Some(gzip.len() - trailer.len()) {
        return End::Whole;
    }
    End::Within(memchr::memmem::find_iter(gzip, &trailer).map(|at| at + trailer.len()).collect())
}

#[cfg(test)]
mod tests {
    use libdeflater::{CompressionLvl, Compressor};
    use proptest::prelude::*;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut compressor = Compressor::new(CompressionLvl::new(6).unwrap());
        let mut out = vec![0; compressor.gzip_compress_bound(text.len())];
        let len = compressor.gzip_compress(text, &mut out).unwrap();
        out.truncate(len);
        out
    }

    fn decode(bytes: &[u8], limit: usize, multi: bool) -> Result<Vec<u8>, Undecodable> {
        Decoder::default().decode(bytes, limit, multi).map(<[u8]>::to_vec)
    }

    #[test]
    fn one_whole_member() {
        assert_eq!(decode(&gzip(b"hello"), 100, false).unwrap(), b"hello");
        assert_eq!(decode(&gzip(b""), 100, false).unwrap(), b"");
    }

    #[test]
    fn whatever_follows_the_member_is_refused() {
        let one = gzip(b"{\"Records\":[]}");
        let trailer = &one[one.len() - 8..];
        for more in [&b"x"[..], &[0; 30], &one, trailer, &gzip(b"other text"), &gzip(b"")] {
            let bytes = [&one, more].concat();
            assert_eq!(decode(&bytes, 1000, false), Err(Undecodable::TrailingBytes), "{more:?}");
        }
    }

    #[test]
    fn several_members_where_they_are_allowed() {
        let bytes = [gzip(b"one "), gzip(b"two "), gzip(b"two ")].concat();
        assert_eq!(decode(&bytes, 100, true).unwrap(), b"one two two ");
        assert_eq!(decode(&bytes[..bytes.len() - 1], 100, true), Err(Undecodable::BadGzip));
        assert_eq!(decode(&bytes, 11, true), Err(Undecodable::TooLarge));
        let bytes = [&gzip(b"one ")[..], b"rubbish"].concat();
        assert_eq!(decode(&bytes, 100, true), Err(Undecodable::BadGzip));
    }

    #[test]
    fn a_trailer_inside_the_stream_is_not_its_end() {
        // Stored, not compressed: the checksum and length of the text stand in the text itself.
        let mut text = vec![b'a'; 32];
        let mut compressor = Compressor::new(CompressionLvl::new(0).unwrap());
        for place in 0..4 {
            let mut trailer = libdeflater::crc32(&text).to_le_bytes().to_vec();
            trailer.extend_from_slice(&(text.len() as u32).to_le_bytes());
            text[place * 8..place * 8 + 8].copy_from_slice(&trailer);
            let mut out = vec![0; compressor.gzip_compress_bound(text.len())];
            let len = compressor.gzip_compress(&text, &mut out).unwrap();
            assert_eq!(decode(&out[..len], 100, false).unwrap(), text);
        }
    }

    #[test]
    fn damage_is_found() {
        let whole = gzip(&b"some text that is long enough to be worth it ".repeat(20));
        for len in 0..whole.len() {
            assert_eq!(decode(&whole[..len], 10_000, false), Err(Undecodable::BadGzip), "{len}");
        }
        for at in 10..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            assert!(decode(&bytes, 10_000, false).is_err(), "{at}");
        }
        assert_eq!(
            decode(b"{\"Records\":[]}                ", 100, false),
            Err(Undecodable::BadGzip)
        );
    }

    #[test]
    fn the_limit_holds_at_its_edge() {
        let bytes = gzip(&vec![b'x'; 100_000]);
        assert_eq!(decode(&bytes, 100_000, false).unwrap().len(), 100_000);
        assert_eq!(decode(&bytes, 99_999, false), Err(Undecodable::TooLarge));
    }

    proptest! {
        #[test]
        fn texts_read_back(texts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..5)) {
            let mut decoder = Decoder::default();
            for text in &texts {
                prop_assert_eq!(decoder.decode(&gzip(text), 300, false).unwrap(), &text[..]);
            }
            let all: Vec<u8> = texts.iter().flat_map(|text| gzip(text)).collect();
            prop_assert_eq!(decoder.decode(&all, 1500, true).unwrap(), texts.concat());
        }
    }
}
