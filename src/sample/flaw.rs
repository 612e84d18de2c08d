//! Everything strange that may befall a log object and its neighbours.
//!
//! Owns [`Flaw`], [`Verdict`] and the one table that ties a flaw to its change and its outcome.
//! Takes nothing, gives the table; does not know how a change is made.

use super::damage;
use super::damage::Change::{self, *};
use super::table::table;

/// What a reader should make of a flaw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The object is read, with all that it holds.
    Read,
    /// The object is read, and holds so many records, none of them ours.
    Holds(u64),
    /// The object fails, and contributes nothing.
    Failed,
    /// The object is read; a file beside it is no log object, though it lies in a log day.
    Ignored,
    /// The object is read; a file beside it lies where nobody looks.
    Untouched,
}

use Verdict::{Failed, Holds, Ignored, Read, Untouched};

table! {
    /// One way in which a log object or what lies beside it departs from the ordinary.
    Flaw: Change => Verdict;

    // The object's text.
    RecordsEmpty = Text(|text, _| *text = r#"{"Records":[]}"#.into())
        => Holds(0), "No records at all";
    DecoysOnly = Text(damage::decoys_only)
        => Holds(2), "Calls as text in other services' records, and no call";
    RecordsLower = Text(|text, _| *text = text.replacen("Records", "records", 1))
        => Failed, "The key in lower case, which is another key";
    RecordsMissing = Text(|text, _| *text = "{}".into()) => Failed, "An object without the key";
    RecordsObject = Text(damage::records_object) => Failed, "An object where the list belongs";
    RecordsNull = Text(|text, _| *text = r#"{"Records":null}"#.into())
        => Failed, "Null where the list belongs";
    RecordsBare = Text(damage::records_bare) => Failed, "The list without the object around it";
    RecordsTwice = Text(damage::records_twice) => Read, "The list twice: the last counts";
    RecordsAmong = Text(damage::records_among) => Read, "Other members before and after the list";
    FrameSpaced = Text(damage::frame_spaced) => Read, "White space around everything";
    TextCut = Text(damage::text_cut) => Failed, "The text ends in the middle, the gzip is sound";
    TextHtml = Text(|text, _| *text = "<!DOCTYPE html><title>403</title>".into())
        => Failed, "An error page";
    TextEmpty = Text(|text, _| text.clear()) => Failed, "Nothing, compressed";
    TextTwice = Text(|text, _| *text = text.repeat(2)) => Failed, "Two documents in a row";
    TextNan = Text(damage::bare_nan) => Failed, "A bare NaN, as some serializers write it";
    TextComma = Text(|text, _| text.insert(text.len() - 2, ','))
        => Failed, "A comma after the last record";

    // The object's bytes.
    GzipCut = Gzip(|gzip, _| gzip.truncate(gzip.len() * 2 / 3))
        => Failed, "The end of the gzip is missing";
    GzipNoTrailer = Gzip(|gzip, _| gzip.truncate(gzip.len() - 8))
        => Failed, "The trailer is missing";
    GzipChecksum = Gzip(|gzip, _| damage::flip(gzip, 8)) => Failed, "A wrong checksum";
    GzipLength = Gzip(|gzip, _| damage::flip(gzip, 4)) => Failed, "A wrong length";
    GzipTrailing = Gzip(|gzip, _| gzip.extend(b"forged")) => Failed, "Bytes after the member";
    GzipPadded = Gzip(|gzip, _| gzip.extend([0; 512])) => Failed, "Zeros after the member";
    GzipSecond = Gzip(damage::second_member) => Failed, "A second member, which no digest covers";
    GzipTwice = Gzip(|gzip, _| gzip.extend_from_within(..)) => Failed, "The same member twice";
    GzipNamed = Gzip(|gzip, _| damage::named(gzip))
        => Read, "A file name in the header: as good as without";
    GzipStored = Gzip(damage::stored)
        => Read, "Stored, not compressed, within the gzip";
    NotCompressed = Gzip(|gzip, text| text.clone_into(gzip))
        => Failed, "JSON as it is, under the name of a gzip";
    NotGzip = Gzip(|gzip, _| *gzip = b"PK\x03\x04 not a gzip".to_vec())
        => Failed, "Something else altogether";
    ZeroBytes = Gzip(|gzip, _| gzip.clear()) => Failed, "An empty file";

    // Names and neighbours.
    NameJoined = Name(damage::joined)
        => Read, "A name without the underscore before its unique part";
    NameOtherDate = Name(damage::next_folder) => Read, "A name whose date is not its folder's";
    CopySound = Copy { sound: true, copy: true }
        => Read, "The same object under the organization's path and under the plain one";
    CopyDamaged = Copy { sound: true, copy: false } => Read, "The copy is damaged";
    CopyOnlySound = Copy { sound: false, copy: true } => Read, "Only the copy is not";
    CopyBothDamaged = Copy { sound: false, copy: false } => Failed, "Both are";
    StraySuccess = Stray(damage::stray_marker)
        => Ignored, "A marker of some other tool in a log day";
    StrayJson = Stray(damage::stray_json)
        => Ignored, "JSON of somebody's own in a log day";
    StrayAccount = Stray(damage::stray_account)
        => Ignored, "A name of another account than its folder's";
    StrayRegion = Stray(damage::stray_region)
        => Ignored, "A name of another region than its folder's";
    StrayDate = Stray(damage::stray_date) => Ignored, "A name with a date that no calendar has";
    StrayDigest = Stray(damage::stray_digest) => Ignored, "A digest in a log day";
    SiblingDigest = Stray(|stage| damage::sibling(stage, "CloudTrail-Digest"))
        => Untouched, "Digests have a folder of their own, which nobody touches";
    SiblingInsight = Stray(|stage| damage::sibling(stage, "CloudTrail-Insight"))
        => Untouched, "So has CloudTrail Insights";
    SiblingNetwork = Stray(|stage| damage::sibling(stage, "CloudTrail-NetworkActivity"))
        => Untouched, "So has network activity";
    SiblingAggregated = Stray(|stage| damage::sibling(stage, "CloudTrail-Aggregated"))
        => Untouched, "So have aggregated events";
}
