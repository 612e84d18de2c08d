//! The collector: holds rows by part, commits parts, and enters a batch into the ledger when every
//! row of it is durable. Law 2 is decided here.
//!
//! It is one task that owns all bookkeeping; commits and ledger entries run beside it and report
//! back. A part is held open until the next delivery day of every lane that feeds it has been read,
//! or until the budget is full, so that in a backfill it is mostly written once.

mod state;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;

use crate::budget::Held;
use crate::commit::{Incoming, Settled};
use crate::extract::Piece;
use crate::ledger::Day;
use crate::source::Listed;
use crate::store::Cause;
use crate::summary::{Event, Summary};
use crate::table::partition::Part;
use crate::table::schema::METRICS;

use super::message::{Batch, BatchId, Done, LaneId, Message};
use super::{Context, End, Error};
use state::{Buffer, LaneState, Meta, Open, Task, after};

/// See the module's page.
pub(super) struct Collector<'a> {
    context: Arc<Context>,
    pub(super) summary: Summary,
    pub(super) archived: u64,
    tell: &'a mut (dyn FnMut(Event<'_>) + Send),
    lanes: Vec<LaneState>,
    batches: HashMap<BatchId, Open>,
    buffers: HashMap<Part, Buffer>,
    committing: HashSet<Part>,
    tasks: JoinSet<Task>,
    /// Listed objects that need no more reading.
    settled: u64,
    /// The first thing that did not take; the run goes on, and ends in failure.
    failure: Option<Error>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(
        context: Arc<Context>,
        lanes: usize,
        tell: &'a mut (dyn FnMut(Event<'_>) + Send),
    ) -> Self {
        Self {
            context,
            summary: Summary::default(),
            archived: 0,
            tell,
            lanes: (0..lanes).map(|_| LaneState::default()).collect(),
            batches: HashMap::new(),
            buffers: HashMap::new(),
            committing: HashSet::new(),
            tasks: JoinSet::new(),
            settled: 0,
            failure: None,
        }
    }

    /// Until everything that was planned is durable, or something cannot go on.
    pub(super) async fn run(&mut self, mut inbox: Receiver<Message>) -> End {
        let context = Arc::clone(&self.context);
        let mut is_open = true;
        while is_open || !self.tasks.is_empty() {
            let heard = tokio::select! {
                biased;
                Some(task) = self.tasks.join_next() => match task {
                    Ok(task) => self.finished(task),
                    Err(stopped) => std::panic::resume_unwind(stopped.into_panic()),
                },
                message = inbox.recv(), if is_open => match message {
                    Some(message) => self.heard(message),
                    None => {
                        is_open = false;
                        Ok(())
                    }
                },
                () = context.budget.starved(), if self.can_relieve() => {
                    self.relieve();
                    Ok(())
                }
            };
            if let Err(error) = heard {
                return End::Failed(error);
            }
            (self.tell)(Event::Progress(&self.summary, self.settled));
        }
        self.failure.take().map_or(End::Done, End::Failed)
    }

    fn heard(&mut self, message: Message) -> Result<(), Error> {
        match message {
            Message::LaneStart(lane, ledger) => self.lanes[lane].ledger = Some(ledger),
            Message::Ignored(count) => self.summary.objects.ignored += count,
            Message::Batch(id, batch) => self.open(id, batch),
            Message::Rows(id, part, piece, held) => self.hold(id, part, piece, held),
            Message::Done(id, copies, done) => self.done(id, &copies, done),
            Message::LaneEnd(lane, coverable) => {
                self.lanes[lane].has_ended = true;
                self.lanes[lane].coverable = coverable;
                self.commit_due(lane);
                self.cover(lane);
            }
            Message::Failed(error) => return Err(error),
        }
        Ok(())
    }

    fn open(&mut self, id: BatchId, batch: Batch) {
        let objects = &mut self.summary.objects;
        objects.listed += batch.listed;
        objects.skipped += batch.skipped;
        objects.failed_before += batch.failed_before;
        self.settled += batch.skipped;
        let lane = &mut self.lanes[batch.lane];
        lane.uncover(batch.uncovered);
        lane.last_day = lane.last_day.max(Some(batch.day.date));
        lane.open += 1;
        if batch.names > 0 {
            lane.unread.insert((batch.day.date, id));
        }
        let open = Open {
            lane: batch.lane,
            day: batch.day,
            unread: batch.names,
            parts: 0,
            consumed: Vec::new(),
            failed: BTreeSet::new(),
        };
        let lane = open.lane;
        self.batches.insert(id, open);
        self.enter(id);
        self.commit_due(lane);
    }

    fn hold(&mut self, id: BatchId, part: Part, piece: Piece, held: Held) {
        let buffer = self.buffers.entry(part).or_default();
        buffer.bytes += piece.bytes();
        buffer.meta.held.push(held);
        match piece {
            Piece::Metrics(rows, tally) => {
                buffer.metrics.push(rows);
                buffer.meta.tally.add(tally);
            }
            Piece::Rejects(rejects, tally) => {
                buffer.rejects.extend(rejects);
                buffer.meta.tally.add(tally);
            }
        }
        if buffer.meta.batches.insert(id)
            && let Some(batch) = self.batches.get_mut(&id)
        {
            batch.parts += 1;
        }
    }

    fn done(&mut self, id: BatchId, copies: &[Listed], done: Done) {
        let keys = copies.len() as u64;
        self.settled += keys;
        let batch = self.batches.get_mut(&id).expect("a batch with unread names is open");
        let lane = &mut self.lanes[batch.lane];
        let objects = &mut self.summary.objects;
        batch.unread -= 1;
        match done {
            Done::Read(compressed, decompressed) => {
                objects.skipped += keys - 1;
                self.summary.bytes.compressed += compressed;
                self.summary.bytes.decompressed += decompressed;
                batch.consumed.push(copies[0].name.packed());
            }
            Done::Failed(failures) => {
                objects.failed += keys;
                lane.uncover(copies.iter().map(|copy| (copy.root, copy.folder_day)));
                for (copy, (failed, told)) in copies.iter().zip(failures) {
                    let name = self.context.options.source.name(&copy.object.key);
                    (self.tell)(Event::Failed(&name, &told));
                    batch.failed.insert(failed);
                }
            }
            Done::Unavailable(errors) => {
                objects.unavailable += keys;
                lane.uncover(copies.iter().map(|copy| (copy.root, copy.folder_day)));
                if errors.iter().all(|error| error.cause == Cause::Archived) {
                    self.archived += keys;
                }
                errors
                    .iter()
                    .for_each(|error| (self.tell)(Event::Unavailable(&error.object, &error.told)));
            }
        }
        if batch.unread == 0 {
            let lane = batch.lane;
            self.lanes[lane].unread.remove(&(batch.day.date, id));
            self.enter(id);
            self.commit_due(lane);
        }
    }

    /// Commits the parts that a lane feeds and that no lane is expected to feed any more.
    fn commit_due(&mut self, lane: LaneId) {
        let feeds = |buffer: &Buffer| self.lanes_of(&buffer.meta).any(|feeding| feeding == lane);
        let due =
            self.buffers.iter().filter(|(part, buffer)| feeds(buffer) && self.is_due(part, buffer));
        let due: Vec<Part> = due.map(|(part, _)| part.clone()).collect();
        due.into_iter().for_each(|part| self.commit(part));
    }

    fn lanes_of<'b>(&'b self, meta: &'b Meta) -> impl Iterator<Item = LaneId> + 'b {
        meta.batches.iter().filter_map(|id| self.batches.get(id)).map(|batch| batch.lane)
    }

    /// Rows of an event's date still come with the next delivery day; rejects of a delivery day
    /// come with that day alone.
    fn is_due(&self, part: &Part, buffer: &Buffer) -> bool {
        let date = part.partition.date();
        let last = if part.table == METRICS.name { after(date) } else { date };
        self.lanes_of(&buffer.meta).all(|lane| self.lanes[lane].frontier() > last)
    }

    /// Commits a part, unless that is under way: then it is looked at again when it is done.
    fn commit(&mut self, part: Part) {
        if self.committing.contains(&part) {
            return;
        }
        let Some(Buffer { metrics, rejects, meta, .. }) = self.buffers.remove(&part) else {
            return;
        };
        let is_metrics = part.table == METRICS.name;
        let incoming =
            if is_metrics { Incoming::Metrics(metrics) } else { Incoming::Rejects(rejects) };
        self.committing.insert(part.clone());
        let context = Arc::clone(&self.context);
        self.tasks.spawn(async move {
            let commit = async {
                context.target.ensure().await?;
                Ok(context.committer.commit(&part, incoming).await?)
            };
            let settled = commit.await;
            Task::Committed(part, meta, settled)
        });
    }

    fn can_relieve(&self) -> bool {
        self.committing.is_empty() && !self.buffers.is_empty()
    }

    /// Commits the largest parts: half of what is held.
    fn relieve(&mut self) {
        let mut sizes: Vec<(usize, Part)> =
            self.buffers.iter().map(|(part, buffer)| (buffer.bytes, part.clone())).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        let mut left = sizes.iter().map(|(bytes, _)| bytes).sum::<usize>() / 2;
        for (bytes, part) in sizes {
            self.commit(part);
            if bytes > left {
                break;
            }
            left -= bytes;
        }
    }

    fn finished(&mut self, task: Task) -> Result<(), Error> {
        match task {
            Task::Committed(part, meta, Ok(settled)) => {
                self.settle(&part, &meta, settled);
                self.committing.remove(&part);
                let batches = meta.batches.clone();
                drop(meta);
                for id in batches {
                    if let Some(batch) = self.batches.get_mut(&id) {
                        batch.parts -= 1;
                        self.enter(id);
                    }
                }
                if self.buffers.get(&part).is_some_and(|buffer| self.is_due(&part, buffer)) {
                    self.commit(part);
                }
            }
            Task::Committed(part, meta, Err(error)) => {
                self.committing.remove(&part);
                self.did_not_take(error)?;
                meta.batches.iter().for_each(|&id| self.give_up(id));
                // Rows of the same part that came meanwhile have waited for this.
                if self.buffers.contains_key(&part) {
                    self.commit(part);
                }
            }
            Task::Entered(id, Ok(())) => self.entered(id),
            Task::Entered(id, Err(error)) => {
                self.did_not_take(error)?;
                self.give_up(id);
            }
            Task::Covered(Ok(())) => {}
            Task::Covered(Err(error)) => self.did_not_take(error)?,
        }
        Ok(())
    }

    fn settle(&mut self, part: &Part, meta: &Meta, Settled { counts, put }: Settled) {
        self.summary.tally(meta.tally);
        let rows = &mut self.summary.rows;
        if part.table == METRICS.name {
            rows.metrics += counts.added;
            rows.duplicates += counts.duplicates;
            rows.replaced += counts.replaced;
        } else {
            rows.rejects += counts.added;
        }
        self.summary.files_written += u64::from(put);
    }

    /// Enters a batch into the ledger if all of it is read and every row durable: law 2.
    fn enter(&mut self, id: BatchId) {
        let Some(batch) = self.batches.get_mut(&id) else { return };
        if batch.unread > 0 || batch.parts > 0 {
            return;
        }
        let failed = std::mem::take(&mut batch.failed);
        if batch.consumed.is_empty() && failed.is_empty() {
            return self.entered(id);
        }
        let known = Day::new(batch.consumed.iter().copied(), failed);
        let ledger = self.lanes[batch.lane].ledger.clone().expect("a lane begins with its ledger");
        let (context, day) = (Arc::clone(&self.context), batch.day.clone());
        self.tasks.spawn(async move {
            let enter = async {
                context.target.ensure().await?;
                Ok(ledger.add(&day, &known).await?)
            };
            Task::Entered(id, enter.await)
        });
    }

    fn entered(&mut self, id: BatchId) {
        let Some(batch) = self.batches.remove(&id) else { return };
        self.summary.objects.read += batch.consumed.len() as u64;
        self.lanes[batch.lane].open -= 1;
        self.cover(batch.lane);
    }

    /// Covers the days of a lane that has ended and is wholly in the ledger.
    fn cover(&mut self, lane: LaneId) {
        let state = &mut self.lanes[lane];
        if !state.has_ended || state.open > 0 || state.is_broken {
            return;
        }
        for (root, coverable) in std::mem::take(&mut state.coverable).into_iter().enumerate() {
            let uncovered = state.uncovered.remove(&root).unwrap_or_default();
            let days = coverable.days.without(&uncovered);
            if days.is_empty() {
                continue;
            }
            let ledger = state.ledger.clone().expect("a lane begins with its ledger");
            let context = Arc::clone(&self.context);
            self.tasks.spawn(async move {
                let cover = async {
                    context.target.ensure().await?;
                    Ok(ledger.cover(&coverable.root, &days).await?)
                };
                Task::Covered(cover.await)
            });
        }
    }

    /// Something did not take. Where trying again was given up, the rest of the run goes on.
    fn did_not_take(&mut self, error: Error) -> Result<(), Error> {
        if !error.passes() {
            return Err(error);
        }
        tracing::error!("{error}");
        self.failure.get_or_insert(error);
        Ok(())
    }

    /// A batch will not be in the ledger: the next run reads it again.
    fn give_up(&mut self, id: BatchId) {
        if let Some(batch) = self.batches.get(&id) {
            self.lanes[batch.lane].is_broken = true;
        }
    }
}
