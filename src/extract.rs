//! One log object's bytes to the rows of parts: decode, scan, read, build, in one synchronous call.
//!
//! Joins the two pure halves of the house. It takes bytes and a name and gives rows piece by piece,
//! whole records each, and nothing before the end of the text has been checked; it does not know
//! where bytes come from nor what becomes of rows.

use std::collections::HashMap;
use std::sync::Arc;

use crate::table::metrics;
use crate::table::partition::{Bucket, Buckets, Part, Partition};
use crate::table::rejects::{Reject, raw_text};
use crate::table::schema::{METRICS, REJECTS};
use crate::trail::decode::{Decoder, Undecodable};
use crate::trail::key::LogName;
use crate::trail::record::{self, Reason};
use crate::trail::scan::{Found, NotALog, scan};
use crate::trail::time::date_of;

/// Rows are handed on when they take so many bytes: a large object's rows need not all be held.
const PIECE_BYTES: usize = 4 << 20;

/// How objects are read.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Bytes of text that an object may have.
    pub text_bytes_max: usize,
    /// Several gzip members are one text.
    pub multi_member: bool,
    /// How partitions of the metrics table are split.
    pub buckets: Buckets,
}

/// Why an object cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// No gzip, truncated, damaged, or with a wrong checksum.
    BadGzip,
    /// Something follows the gzip member.
    TrailingBytes,
    /// More bytes than the limit, packed or unpacked.
    TooLarge(u64),
    /// Not JSON.
    NotJson,
    /// JSON, but not of a log file.
    NotALogFile,
}

impl Refused {
    /// The word in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadGzip => "bad_gzip",
            Self::TrailingBytes => "trailing_bytes",
            Self::TooLarge(_) => "too_large",
            Self::NotJson => "not_json",
            Self::NotALogFile => "not_a_log_file",
        }
    }

    /// A sentence for people.
    pub fn told(self) -> String {
        match self {
            Self::BadGzip => "it is not one whole gzip member (truncated or damaged)".to_owned(),
            Self::TrailingBytes => {
                "bytes follow its gzip member (--allow-multi-member reads re-packed copies)"
                    .to_owned()
            }
            Self::TooLarge(limit) => {
                format!("it is larger than {limit} bytes (--memory-limit raises this limit)")
            }
            Self::NotJson => "its text is not JSON".to_owned(),
            Self::NotALogFile => "its JSON is not an object with an array Records".to_owned(),
        }
    }

    /// The limit that is responsible; 0 where none is.
    pub fn limit(self) -> u64 {
        match self {
            Self::TooLarge(limit) => limit,
            _ => 0,
        }
    }
}

/// Rows for one part, and what they count for.
#[derive(Debug)]
pub enum Piece {
    /// Rows of the metrics table, and how many calls they are.
    Metrics(metrics::Rows, Tally),
    /// Rows of the rejects table.
    Rejects(Vec<Reject>, Tally),
}

/// What was seen, to be counted when the rows it goes with are durable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// BatchPutMetrics records.
    pub calls_seen: u64,
    /// Those of them that are one reject.
    pub calls_rejected: u64,
    /// Points of the other calls.
    pub points_seen: u64,
    /// Those of them that are rejects.
    pub points_rejected: u64,
}

impl Tally {
    /// Adds another one.
    pub fn add(&mut self, other: Self) {
        self.calls_seen += other.calls_seen;
        self.calls_rejected += other.calls_rejected;
        self.points_seen += other.points_seen;
        self.points_rejected += other.points_rejected;
    }
}

impl Piece {
    /// Bytes of memory held.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Metrics(rows, _) => rows.bytes(),
            Self::Rejects(rejects, _) => rejects.iter().map(Reject::bytes).sum(),
        }
    }
}

/// Reads one object and hands its rows to `emit`; returns the length of its text.
///
/// # Errors
/// The object cannot be decoded; then nothing was handed on.
pub fn extract(
    decoder: &mut Decoder,
    bytes: &[u8],
    name: &LogName,
    rules: Rules,
    mut emit: impl FnMut(Vec<(Part, Piece)>),
) -> Result<u64, Refused> {
    let limit = rules.text_bytes_max;
    let text = decoder.decode(bytes, limit, rules.multi_member).map_err(|error| match error {
        Undecodable::BadGzip => Refused::BadGzip,
        Undecodable::TrailingBytes => Refused::TrailingBytes,
        Undecodable::TooLarge => Refused::TooLarge(limit as u64),
    })?;
    let records = scan(text).map_err(|error| match error {
        NotALog::NotJson => Refused::NotJson,
        NotALog::NotALogFile => Refused::NotALogFile,
    })?;
    let mut pieces = Pieces::new(name, rules.buckets);
    for found in records {
        pieces.take(found);
        if pieces.bytes >= PIECE_BYTES {
            emit(pieces.close());
            pieces = Pieces::new(name, rules.buckets);
        }
    }
    emit(pieces.close());
    Ok(text.len() as u64)
}

/// The rows of one object on their way to their parts.
struct Pieces<'a> {
    name: &'a LogName,
    source_object: Arc<str>,
    buckets: Buckets,
    metrics: HashMap<Part, (metrics::Builder, Tally)>,
    rejects: Vec<Reject>,
    rejected: Tally,
    bytes: usize,
}

impl<'a> Pieces<'a> {
    fn new(name: &'a LogName, buckets: Buckets) -> Self {
        Self {
            name,
            source_object: name.to_string().into(),
            buckets,
            metrics: HashMap::new(),
            rejects: Vec::new(),
            rejected: Tally::default(),
            bytes: 0,
        }
    }

    fn take(&mut self, found: Found<'_>) {
        let record_index = i32::try_from(found.index).expect("a text holds fewer records");
        if !found.is_record {
            return self.reject(Reason::NotARecord, record_index, None, None, found.raw);
        }
        let record = match record::read(found.raw, self.name) {
            Ok(record) => record,
            Err(bad) => {
                self.rejected.calls_seen += 1;
                self.rejected.calls_rejected += 1;
                return self.reject(
                    bad.reason,
                    record_index,
                    None,
                    bad.event_id.as_deref(),
                    found.raw,
                );
            }
        };
        for bad in &record.bad_points {
            let event_id = Some(&*record.own_event_id);
            self.reject(bad.reason, record_index, Some(bad.metric_index), event_id, bad.raw);
        }
        let bad_points = record.bad_points.len() as u64;
        self.rejected.points_seen += bad_points;
        self.rejected.points_rejected += bad_points;
        if record.points.is_empty() {
            self.rejected.calls_seen += 1;
            return;
        }
        let call = &record.call;
        let partition = Partition::new(&call.account, &call.region, date_of(call.event_time));
        let partition = partition.expect("a record's account and region are checked");
        let part =
            Part { table: &METRICS.name, partition, bucket: self.buckets.of(&call.event_id) };
        let (builder, tally) = self.metrics.entry(part).or_insert_with(|| {
            (metrics::Builder::new(Arc::clone(&self.source_object)), Tally::default())
        });
        let before = builder.bytes();
        builder.push(&record);
        self.bytes += builder.bytes() - before;
        tally.calls_seen += 1;
        tally.points_seen += record.points.len() as u64;
    }

    fn reject(
        &mut self,
        reason: Reason,
        record_index: i32,
        metric_index: Option<i32>,
        event_id: Option<&str>,
        raw: &[u8],
    ) {
        let reject = Reject {
            reason,
            source_object: Arc::clone(&self.source_object),
            record_index,
            metric_index,
            event_id: event_id.map(Into::into),
            raw: raw_text(raw),
        };
        self.bytes += reject.bytes();
        self.rejects.push(reject);
    }

    fn close(self) -> Vec<(Part, Piece)> {
        let metrics = self.metrics.into_iter();
        let mut pieces: Vec<_> = metrics
            .map(|(part, (builder, tally))| (part, Piece::Metrics(builder.close(), tally)))
            .collect();
        if !self.rejects.is_empty() {
            let day = self.name.day();
            let partition = Partition::new(&day.account, &day.region, day.date);
            let partition = partition.expect("a name's account and region are checked");
            let part = Part { table: &REJECTS.name, partition, bucket: Bucket::ONLY };
            pieces.push((part, Piece::Rejects(self.rejects, self.rejected)));
        }
        pieces
    }
}
