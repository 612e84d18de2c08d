//! Old file and new rows to a new file, or to the knowledge that nothing changes.
//!
//! Both sides are sorted, so a merge streams: its memory is the incoming rows, one batch of the
//! file, and the writer's row group. Which old rows leave is decided before (see
//! `contest.rs`); here two rows with the same key are two contents of one identity, and the
//! smaller one stays. Joining in any order, any number of times, gives the same bytes.

use std::cmp::Ordering;
use std::io::Write;

use arrow_array::RecordBatch;
use arrow_select::interleave::interleave_record_batch;

use super::batch::{Pair, Rows, filter, not_newer};
use super::contest::Contest;
use super::metrics;
use super::parquet::{BATCH_ROWS, Batches, Error, Existing, Writer};
use super::rejects::{self, Reject};
use super::schema::{METRICS, REJECTS, Table};

/// What a merge did, in rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that were not there.
    pub added: u64,
    /// Rows that were there and that better ones took out.
    pub replaced: u64,
    /// Incoming rows that did not become rows: there already, or worse than what is.
    pub duplicates: u64,
}

/// Merges rows into a partition of the metrics table. The sink is made only where something
/// changes, and returned holding the whole new file.
///
/// # Errors
/// The old file is not of this table as this version knows it, or the sink failed.
pub fn merge_metrics<W: Write + Send>(
    old: Option<&Existing>,
    incoming: &[metrics::Rows],
    sink: impl FnOnce() -> W,
) -> Result<(Counts, Option<W>), Error> {
    let seen: u64 = incoming.iter().map(metrics::Rows::points).sum();
    let mut contest = Contest::among(incoming)?;
    if let Some(old) = old {
        contest.against(old)?;
    }
    let (added, replaced) = contest.rows();
    let counts = Counts { added, replaced, duplicates: seen - added };
    if added == 0 {
        return Ok((counts, None));
    }
    let sorted = metrics::Sorted::new(incoming, contest.winners());
    let Some(old) = old else {
        let mut writer = Writer::new(&METRICS, sink())?;
        sorted.batches().try_for_each(|batch| writer.write(&batch))?;
        return Ok((counts, Some(writer.close()?)));
    };
    let new = Box::new(sorted.batches().map(Ok));
    let kept = filter(old.rows()?, |event| !contest.replaces(event));
    let mut output = Output::new(&METRICS, sink())?;
    walk(Pair::new(&METRICS, kept, new)?, |side, rows| output.push(side, rows))?;
    Ok((counts, Some(output.close()?)))
}

/// Merges rejects into a partition of the rejects table; like [`merge_metrics`].
///
/// # Errors
/// As [`merge_metrics`].
pub fn merge_rejects<W: Write + Send>(
    old: Option<&Existing>,
    incoming: Vec<Reject>,
    sink: impl FnOnce() -> W,
) -> Result<(Counts, Option<W>), Error> {
    let seen = incoming.len() as u64;
    let incoming = rejects::sorted(incoming);
    let pair = || {
        let new = Box::new(incoming.chunks(BATCH_ROWS).map(|some| Ok(rejects::batch(some))));
        let old: Batches<'_> = match old {
            Some(old) => Box::new(old.rows()?.map(|batch| not_newer(&REJECTS, batch?))),
            None => Box::new(std::iter::empty()),
        };
        Pair::new(&REJECTS, old, new)
    };
    let (added, replaced) = walk(pair()?, |_, _| Ok(()))?;
    let counts = Counts { added, replaced, duplicates: seen - added };
    if added == 0 {
        return Ok((counts, None));
    }
    let mut output = Output::new(&REJECTS, sink())?;
    walk(pair()?, |side, rows| output.push(side, rows))?;
    Ok((counts, Some(output.close()?)))
}

/// Where a row comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Old,
    New,
}

/// Calls `take` for every row of the merged streams in order; returns how many rows of the new one
/// are among them, and how many of the old one are not.
fn walk(
    mut pair: Pair<'_>,
    mut take: impl FnMut(Side, &Rows<'_>) -> Result<(), Error>,
) -> Result<(u64, u64), Error> {
    let (mut added, mut replaced) = (0, 0);
    while let Some((key, content)) = pair.compare()? {
        match (key, content) {
            (Ordering::Less, _) => {
                take(Side::Old, &pair.left)?;
                pair.left.advance()?;
            }
            (Ordering::Greater, _) => {
                added += 1;
                take(Side::New, &pair.right)?;
                pair.right.advance()?;
            }
            // One identity: the smaller content stays, the other one goes unseen.
            (Ordering::Equal, Ordering::Greater) => {
                replaced += 1;
                pair.left.advance()?;
            }
            (Ordering::Equal, _) => pair.right.advance()?,
        }
    }
    Ok((added, replaced))
}

/// Rows from both sides on their way into a file, in batches of fixed size.
struct Output<W: Write + Send> {
    writer: Writer<W>,
    batches: Vec<RecordBatch>,
    /// For each side, the serial of its current batch and that batch's place in `batches`.
    current: [Option<(usize, usize)>; 2],
    picks: Vec<(usize, usize)>,
}

impl<W: Write + Send> Output<W> {
    fn new(table: &Table, sink: W) -> Result<Self, Error> {
        let writer = Writer::new(table, sink)?;
        Ok(Self { writer, batches: Vec::new(), current: [None; 2], picks: Vec::new() })
    }

    fn push(&mut self, side: Side, rows: &Rows<'_>) -> Result<(), Error> {
        let (batch, row) = rows.at().expect("the merge stands at a row");
        let current = &mut self.current[side as usize];
        let place = match *current {
            Some((serial, place)) if serial == rows.serial => place,
            _ => {
                self.batches.push(batch.clone());
                *current = Some((rows.serial, self.batches.len() - 1));
                self.batches.len() - 1
            }
        };
        self.picks.push((place, row));
        if self.picks.len() == BATCH_ROWS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Error> {
        let batches: Vec<&RecordBatch> = self.batches.iter().collect();
        self.writer.write(&interleave_record_batch(&batches, &self.picks)?)?;
        self.picks.clear();
        self.batches.clear();
        self.current = [None; 2];
        Ok(())
    }

    fn close(mut self) -> Result<W, Error> {
        if !self.picks.is_empty() {
            self.flush()?;
        }
        self.writer.close()
    }
}

#[cfg(test)]
mod tests;
