//! What the collector keeps: batches, lanes, rows by part.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::budget::Held;
use crate::commit::Settled;
use crate::extract::Tally;
use crate::ledger::{Failed, Ledger};
use crate::table::metrics::Rows;
use crate::table::partition::Part;
use crate::table::rejects::Reject;
use crate::trail::key::{LogDay, Packed};
use crate::trail::window::DaySet;

use super::super::Error;
use super::super::message::{BatchId, Coverable, LaneId};

/// What runs beside the collector, when it is done.
pub(super) enum Task {
    Committed(Part, Meta, Result<Settled, Error>),
    Entered(BatchId, Result<(), Error>),
    Covered(Result<(), Error>),
}

/// Rows of one part that are not committed yet.
#[derive(Default)]
pub(super) struct Buffer {
    pub(super) metrics: Vec<Rows>,
    pub(super) rejects: Vec<Reject>,
    pub(super) bytes: usize,
    pub(super) meta: Meta,
}

/// What goes with the rows of a part.
#[derive(Default)]
pub(super) struct Meta {
    pub(super) batches: BTreeSet<BatchId>,
    pub(super) tally: Tally,
    pub(super) held: Vec<Held>,
}

pub(super) struct Open {
    pub(super) lane: LaneId,
    pub(super) day: LogDay,
    /// Names that are not read yet.
    pub(super) unread: usize,
    /// Parts with rows of this batch that are not durable yet.
    pub(super) parts: usize,
    pub(super) consumed: Vec<Packed>,
    pub(super) failed: BTreeSet<Failed>,
}

#[derive(Default)]
pub(super) struct LaneState {
    /// Batches with unread names, by day.
    pub(super) unread: BTreeSet<(NaiveDate, BatchId)>,
    pub(super) last_day: Option<NaiveDate>,
    pub(super) has_ended: bool,
    /// Batches that are not in the ledger yet.
    pub(super) open: usize,
    /// Some batch will not be in the ledger.
    pub(super) is_broken: bool,
    /// Days by root on which not everything is consumed.
    pub(super) uncovered: BTreeMap<usize, DaySet>,
    pub(super) coverable: Vec<Coverable>,
    pub(super) ledger: Option<Ledger>,
}

impl LaneState {
    /// Notes days on which not everything is consumed.
    pub(super) fn uncover(&mut self, places: impl IntoIterator<Item = (usize, NaiveDate)>) {
        for (root, day) in places {
            self.uncovered.entry(root).or_default().insert((day, day));
        }
    }

    /// The first day that may still have unread objects.
    pub(super) fn frontier(&self) -> NaiveDate {
        match (self.unread.first(), self.last_day) {
            (Some(&(day, _)), _) => day,
            (None, _) if self.has_ended => NaiveDate::MAX,
            (None, Some(day)) => after(day),
            (None, None) => NaiveDate::MIN,
        }
    }
}

/// The day after.
pub(super) fn after(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(day)
}
