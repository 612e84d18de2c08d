//! Which incoming versions of events become rows: the contest between the versions that arrive and
//! the one that is there.
//!
//! Ranks decide nearly always, and they are read from five columns of the file. Where a rank is on
//! both sides (the same log object read again), contents decide; both sides are sorted alike, so
//! equal contents show by walking the two in step, without holding either.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_select::interleave::interleave_record_batch;

use super::batch::{Pair, VERSION_COLUMNS, Versions, compare_contents, filter, not_newer};
use super::metrics::{self, Pick};
use super::parquet::{Batches, Error, Existing};
use super::schema::METRICS;
use super::version::Rank;

/// The incoming versions, one for each event, and how each fares.
pub(super) struct Contest<'a> {
    incoming: &'a [metrics::Rows],
    events: HashMap<&'a str, Entry<'a>>,
}

struct Entry<'a> {
    pick: Pick,
    rank: Rank<'a>,
    fate: Fate,
    /// Rows of the version that is there.
    old_rows: u64,
}

/// A row by its `metric_index`: which batch, and which row of it.
type Place = (i32, (usize, usize));

/// What becomes of the best incoming version of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// The event is not there yet.
    New,
    /// It is better than the version that is there.
    Wins,
    /// It is worse, or the same.
    Loses,
    /// Contents must decide.
    Tied,
}

impl<'a> Contest<'a> {
    /// The best version of each event among the incoming ones.
    pub(super) fn among(incoming: &'a [metrics::Rows]) -> Result<Self, Error> {
        let mut events: HashMap<&str, Entry<'a>> = HashMap::new();
        for (at, rows) in incoming.iter().enumerate() {
            for version in 0..rows.versions() {
                let pick = Pick { rows: at as u32, version };
                let (event, rank) = rows.rank(version);
                let entry = Entry { pick, rank, fate: Fate::New, old_rows: 0 };
                match events.get_mut(event) {
                    None => drop(events.insert(event, entry)),
                    Some(best) if is_better(incoming, &entry, best)? => *best = entry,
                    Some(_) => {}
                }
            }
        }
        Ok(Self { incoming, events })
    }

    /// Holds the incoming versions against those of the file.
    pub(super) fn against(&mut self, old: &Existing) -> Result<(), Error> {
        for batch in old.columns(&VERSION_COLUMNS)? {
            let batch = not_newer(&METRICS, batch?)?;
            let versions = Versions::of(&batch)?;
            for row in 0..batch.num_rows() {
                let Some(entry) = self.events.get_mut(versions.event(row)) else { continue };
                entry.old_rows += 1;
                if entry.fate == Fate::New {
                    entry.fate = match entry.rank.cmp(&versions.rank(row)) {
                        Ordering::Less => Fate::Loses,
                        Ordering::Equal => Fate::Tied,
                        Ordering::Greater => Fate::Wins,
                    };
                }
            }
        }
        if self.is_any(Fate::Tied) {
            self.leave_equals(old)?;
        }
        if self.is_any(Fate::Tied) {
            self.decide_by_content(old)?;
        }
        Ok(())
    }

    /// Rows that come, rows that leave.
    pub(super) fn rows(&self) -> (u64, u64) {
        let entries = self.events.values().filter(|entry| entry.fate.is_in());
        entries.fold((0, 0), |(added, replaced), entry| {
            let points = self.incoming[entry.pick.rows as usize].points_of(entry.pick.version);
            (added + points, replaced + entry.old_rows)
        })
    }

    /// The versions that become rows.
    pub(super) fn winners(&self) -> impl Iterator<Item = Pick> + '_ {
        self.picks(Fate::is_in)
    }

    /// True where the rows of this event that are there must leave.
    pub(super) fn replaces(&self, event: &str) -> bool {
        self.is(event, Fate::Wins)
    }

    fn is(&self, event: &str, fate: Fate) -> bool {
        self.events.get(event).is_some_and(|entry| entry.fate == fate)
    }

    fn is_any(&self, fate: Fate) -> bool {
        self.events.values().any(|entry| entry.fate == fate)
    }

    fn picks(&self, of: impl Fn(Fate) -> bool) -> impl Iterator<Item = Pick> {
        self.events.values().filter(move |entry| of(entry.fate)).map(|entry| entry.pick)
    }

    /// The tied rows of the file.
    fn tied_rows<'b>(&'b self, old: &'b Existing) -> Result<Batches<'b>, Error> {
        Ok(filter(old.rows()?, |event| self.is(event, Fate::Tied)))
    }

    /// Tied events whose rows are the same on both sides lose: there is nothing to put.
    fn leave_equals(&mut self, old: &Existing) -> Result<(), Error> {
        let tied = self.picks(|fate| fate == Fate::Tied);
        let sorted = metrics::Sorted::new(self.incoming, tied);
        let differing = differing_events(self.tied_rows(old)?, Box::new(sorted.batches().map(Ok)))?;
        for (&event, entry) in &mut self.events {
            if entry.fate == Fate::Tied && !differing.contains(event) {
                entry.fate = Fate::Loses;
            }
        }
        Ok(())
    }

    /// Rare: a copy of a log object with the same name says something else. All rows of such
    /// events are held to compare them; the smaller content wins.
    fn decide_by_content(&mut self, old: &Existing) -> Result<(), Error> {
        let batches = self.tied_rows(old)?.collect::<Result<Vec<_>, _>>()?;
        let mut places: HashMap<String, Vec<Place>> = HashMap::new();
        for (at, batch) in batches.iter().enumerate() {
            let versions = Versions::of(batch)?;
            let indexes = batch.column(METRICS.index("metric_index")).as_primitive::<Int32Type>();
            for row in 0..batch.num_rows() {
                let event = versions.event(row).to_owned();
                places.entry(event).or_default().push((indexes.value(row), (at, row)));
            }
        }
        let batches: Vec<&RecordBatch> = batches.iter().collect();
        for (event, mut rows) in places {
            rows.sort_unstable();
            let rows: Vec<_> = rows.into_iter().map(|(_, place)| place).collect();
            let theirs = interleave_record_batch(&batches, &rows)?;
            let entry = self.events.get_mut(event.as_str()).expect("tied events are incoming");
            let ours = metrics::version_batch(self.incoming, entry.pick);
            let wins = compare_contents(&ours, &theirs)?.is_lt();
            entry.fate = if wins { Fate::Wins } else { Fate::Loses };
        }
        Ok(())
    }
}

impl Fate {
    fn is_in(self) -> bool {
        matches!(self, Self::New | Self::Wins)
    }
}

fn is_better(all: &[metrics::Rows], new: &Entry<'_>, best: &Entry<'_>) -> Result<bool, Error> {
    Ok(match new.rank.cmp(&best.rank) {
        Ordering::Less => false,
        Ordering::Greater => true,
        Ordering::Equal => {
            let content = |entry: &Entry<'_>| metrics::version_batch(all, entry.pick);
            compare_contents(&content(new), &content(best))?.is_lt()
        }
    })
}

/// The events of which the two streams, sorted alike, do not hold exactly the same rows.
fn differing_events(a: Batches<'_>, b: Batches<'_>) -> Result<HashSet<String>, Error> {
    let mut pair = Pair::new(&METRICS, a, b)?;
    let mut differing = HashSet::new();
    while let Some((key, content)) = pair.compare()? {
        let odd = if content.is_le() { pair.left.at() } else { pair.right.at() };
        if content.is_ne() {
            let (batch, row) = odd.expect("the side that comes first is not at its end");
            let event = Versions::of(batch)?.event(row);
            if !differing.contains(event) {
                differing.insert(event.to_owned());
            }
        }
        if key.is_le() {
            pair.left.advance()?;
        }
        if key.is_ge() {
            pair.right.advance()?;
        }
    }
    Ok(differing)
}
