//! What passes between the stages: batches that are planned, names to read, rows, and what became
//! of them.

use chrono::NaiveDate;

use crate::budget::Held;
use crate::extract::Piece;
use crate::ledger::{Failed, Ledger};
use crate::source::Listed;
use crate::store;
use crate::table::partition::Part;
use crate::trail::key::LogDay;
use crate::trail::window::DaySet;

use super::Error;

/// Position of a lane among all lanes.
pub(super) type LaneId = usize;

/// Number of a batch.
pub(super) type BatchId = u64;

/// What the collector is told.
#[derive(Debug)]
pub(super) enum Message {
    /// A batch is planned; its jobs follow.
    Batch(BatchId, Batch),
    /// So many other files lie in listed folders.
    Ignored(u64),
    /// Rows of a batch for a part, and the room they take.
    Rows(BatchId, Part, Piece, Held),
    /// A name is read, or cannot be.
    Done(BatchId, Vec<Listed>, Done),
    /// A lane begins; its ledger.
    LaneStart(LaneId, Ledger),
    /// A lane has planned its last batch.
    LaneEnd(LaneId, Vec<Coverable>),
    /// A lane cannot go on.
    Failed(Error),
}

/// Days of a listing root, to be covered when everything on them is consumed.
#[derive(Debug)]
pub(super) struct Coverable {
    /// The listing root's identity.
    pub(super) root: String,
    /// The days that were listed, and are old enough.
    pub(super) days: DaySet,
}

/// The log objects of one log day that are listed together.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) lane: LaneId,
    /// The day that the names state.
    pub(super) day: LogDay,
    /// Keys that are listed.
    pub(super) listed: u64,
    /// Keys that need no reading.
    pub(super) skipped: u64,
    /// Of these, keys that failed in an earlier run.
    pub(super) failed_before: u64,
    /// Names to read.
    pub(super) names: usize,
    /// Where those that failed before lie.
    pub(super) uncovered: Vec<(usize, NaiveDate)>,
}

/// One name to read, and where its copies are, in key order.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) batch: BatchId,
    pub(super) copies: Vec<Listed>,
}

/// What became of a name.
#[derive(Debug)]
pub(super) enum Done {
    /// One copy was decoded: bytes packed and unpacked.
    Read(u64, u64),
    /// No copy can be decoded.
    Failed(Vec<(Failed, String)>),
    /// No copy was decoded, and some cannot be had now.
    Unavailable(Vec<store::Error>),
}
