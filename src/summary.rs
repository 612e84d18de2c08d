//! What a run did, in numbers that add up, and what it tells while it runs.

use serde::Serialize;

use crate::extract::Tally;

/// The summary of a run. Always true: `listed = read + skipped + failed + unavailable + pending`,
/// and `points.seen = rows.metrics + rows.duplicates + points.rejected`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Log objects.
    pub objects: Objects,
    /// Bytes of log objects that were read.
    pub bytes: Bytes,
    /// BatchPutMetrics records.
    pub calls: Pair,
    /// Points of calls that are not rejected.
    pub points: Pair,
    /// Rows of the tables.
    pub rows: Rows,
    /// Files put into tables.
    pub files_written: u64,
    /// Requests to source and target, every attempt counted.
    pub requests: Requests,
    /// Wall time.
    pub elapsed_seconds: f64,
}

/// Log objects by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Objects {
    /// In the window, and not covered: every key counts.
    pub listed: u64,
    /// Consumed: their rows are durable and the ledger holds them.
    pub read: u64,
    /// The ledger held them, or a copy was read.
    pub skipped: u64,
    /// Cannot be decoded.
    pub failed: u64,
    /// Cannot be had now.
    pub unavailable: u64,
    /// Not done when the run ended.
    pub pending: u64,
    /// Other files in the same folders; not listed.
    pub ignored: u64,
    /// Of the skipped ones, those that failed in an earlier run.
    pub failed_before: u64,
}

/// Bytes, packed and unpacked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Bytes {
    /// As stored.
    pub compressed: u64,
    /// As text.
    pub decompressed: u64,
}

/// How many were seen, and how many of them rejected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// All.
    pub seen: u64,
    /// Those that became rejects.
    pub rejected: u64,
}

/// Rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// Rows of metrics that were not there.
    pub metrics: u64,
    /// Usable points that did not become new rows.
    pub duplicates: u64,
    /// Rows that were there and that better versions took out.
    pub replaced: u64,
    /// Rows of runs that were not there.
    pub runs: u64,
    /// Rejects that were not there.
    pub rejects: u64,
}

/// Requests by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Requests {
    /// LIST.
    pub list: u64,
    /// GET.
    pub get: u64,
    /// PUT.
    pub put: u64,
}

impl Summary {
    /// Counts what goes with rows that are settled.
    pub fn tally(&mut self, tally: Tally) {
        self.calls.seen += tally.calls_seen;
        self.calls.rejected += tally.calls_rejected;
        self.points.seen += tally.points_seen;
        self.points.rejected += tally.points_rejected;
    }

    /// Sets what is left over.
    pub fn settle(&mut self) {
        let Objects { listed, read, skipped, failed, unavailable, .. } = self.objects;
        self.objects.pending = listed - read - skipped - failed - unavailable;
    }
}

/// What a run tells while it runs. Nobody below the command line prints.
#[derive(Debug)]
pub enum Event<'a> {
    /// The numbers so far, and how many listed objects need no more work.
    Progress(&'a Summary, u64),
    /// A log object that cannot be decoded, and why.
    Failed(&'a str, &'a str),
    /// A log object that cannot be had now, and why.
    Unavailable(&'a str, &'a str),
}
