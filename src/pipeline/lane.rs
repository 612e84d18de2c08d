//! One account and region: lists what is wanted, leaves out what the ledger holds, and plans the
//! rest in batches, one log day after the other.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc::Sender;

use crate::ledger::{Day, Failed, Ledger, TRAILING_BYTES};
use crate::source::{self, Found, Listed, Wanted};
use crate::store::Store;
use crate::trail::key::LogDay;
use crate::trail::layout::Root;
use crate::trail::window::{DaySet, Range};

use super::message::{Batch, Coverable, Job, LaneId, Message};
use super::{Context, Error, LOOKBACK_DAYS_MIN};

/// Ledger entries that are read at once.
const DAYS_READ_AT_ONCE: usize = 16;

/// So many listed objects are planned together, where there are as many: copies of a name that lie
/// in folders of different months are then still found to be copies.
const PLANNED_OBJECTS_MIN: usize = 10_000;

/// An account and region, and where it lies.
#[derive(Debug)]
pub(super) struct Lane {
    account: String,
    region: String,
    roots: Vec<Root>,
    /// Of a flat tree: listed already.
    listed: Option<Found>,
}

impl Lane {
    pub(super) fn tree(account: String, region: String, roots: Vec<Root>) -> Self {
        Self { account, region, roots, listed: None }
    }
}

/// How a flat tree is listed: all at once.
pub(super) struct Flat {
    pub(super) days: Range,
    pub(super) max: usize,
}

impl Flat {
    /// The lanes of the tree, and how many other files it holds.
    pub(super) async fn list(
        &self,
        store: &dyn Store,
        wanted: &Wanted,
    ) -> Result<(Vec<Lane>, u64), Error> {
        let days = DaySet::of(self.days);
        let (found, ignored) = source::list_flat(store, wanted, &days, self.max).await?;
        let lane = |((account, region), found)| Lane {
            account,
            region,
            roots: Vec::new(),
            listed: Some(found),
        };
        Ok((found.into_iter().map(lane).collect(), ignored))
    }
}

/// Runs all lanes, some at once. Whatever goes wrong is told to the collector.
pub(super) async fn run_all(
    context: Arc<Context>,
    lanes: Vec<Lane>,
    jobs: Sender<Job>,
    messages: Sender<Message>,
    at_once: usize,
) {
    let (context, jobs, messages) = (&context, &jobs, &messages);
    let run = |(id, lane)| async move {
        let planner = Planner { context, id, jobs, messages };
        if let Err(error) = planner.run(lane).await {
            // A collector that is gone needs no telling.
            let _ = messages.send(Message::Failed(error)).await;
        }
    };
    stream::iter(lanes.into_iter().enumerate()).for_each_concurrent(at_once, run).await;
}

struct Planner<'a> {
    context: &'a Arc<Context>,
    id: LaneId,
    jobs: &'a Sender<Job>,
    messages: &'a Sender<Message>,
}

impl Planner<'_> {
    async fn run(&self, lane: Lane) -> Result<(), Error> {
        let target = Arc::clone(&self.context.options.target);
        let ledger = Ledger::open(target, &lane.account, &lane.region).await?;
        self.tell(Message::LaneStart(self.id, ledger.clone())).await;
        let coverable = match lane.listed {
            Some(found) => {
                self.plan(&ledger, found).await?;
                Vec::new()
            }
            None => self.run_tree(&ledger, &lane.roots).await?,
        };
        self.tell(Message::LaneEnd(self.id, coverable)).await;
        Ok(())
    }

    async fn run_tree(&self, ledger: &Ledger, roots: &[Root]) -> Result<Vec<Coverable>, Error> {
        let options = &self.context.options;
        let source = &*options.source;
        let window = DaySet::of(options.window);
        let (mut wanted, mut coverable) = (Vec::new(), Vec::new());
        for root in roots {
            let root = identity(source, root);
            let covered = match options.relist {
                true => DaySet::default(),
                false => ledger.covered(&root).await?,
            };
            let days = window.without(&covered);
            coverable.push(Coverable { root, days: self.old_enough(&days) });
            wanted.push(days);
        }
        let mut stretches = VecDeque::from(source::plan(source, roots, &wanted).await?);
        let mut found = Found::default();
        while let Some(stretch) = stretches.pop_front() {
            match source::list(source, roots, &wanted, &stretch).await? {
                Some(more) => found.join(more),
                None => {
                    let days = source::split(source, roots, &wanted, &stretch).await?;
                    days.into_iter().rev().for_each(|day| stretches.push_front(day));
                }
            }
            if found.objects.len() >= PLANNED_OBJECTS_MIN {
                self.plan(ledger, std::mem::take(&mut found)).await?;
            }
        }
        self.plan(ledger, found).await?;
        Ok(coverable)
    }

    /// Days that this run's listing can cover: their end lies long enough before its start.
    fn old_enough(&self, days: &DaySet) -> DaySet {
        let lookback = self.context.options.lookback_days.max(LOOKBACK_DAYS_MIN);
        let started = self.context.started.date_naive();
        let first_young = started - chrono::Days::new(u64::from(lookback));
        let mut old = days.clone();
        old.remove((first_young, crate::trail::window::LAST_DAY));
        old
    }

    /// Plans what was found, in the order of the names' days.
    async fn plan(&self, ledger: &Ledger, found: Found) -> Result<(), Error> {
        self.tell(Message::Ignored(found.ignored)).await;
        let mut days: BTreeMap<LogDay, Vec<Listed>> = BTreeMap::new();
        for listed in found.objects {
            days.entry(listed.name.day().clone()).or_default().push(listed);
        }
        let known = days.into_iter().map(|(day, listed)| async move {
            let known = ledger.day(&day).await?;
            Ok::<_, Error>((day, listed, known))
        });
        let mut known = stream::iter(known).buffered(DAYS_READ_AT_ONCE);
        while let Some((day, listed, known)) = known.try_next().await? {
            self.plan_day(day, listed, &known).await?;
        }
        Ok(())
    }

    async fn plan_day(&self, day: LogDay, listed: Vec<Listed>, known: &Day) -> Result<(), Error> {
        let mut copies: BTreeMap<_, Vec<Listed>> = BTreeMap::new();
        let mut batch = Batch {
            lane: self.id,
            day,
            listed: listed.len() as u64,
            skipped: 0,
            failed_before: 0,
            names: 0,
            uncovered: Vec::new(),
        };
        for listed in listed {
            copies.entry(listed.name.packed()).or_default().push(listed);
        }
        for copies in copies.values_mut() {
            copies.sort_unstable_by(|a, b| a.object.key.cmp(&b.object.key));
        }
        copies.retain(|&packed, copies| {
            let failed_before = self.failed_before(known, copies);
            if !known.holds(packed) && !failed_before {
                return true;
            }
            batch.skipped += copies.len() as u64;
            if !known.holds(packed) {
                batch.failed_before += copies.len() as u64;
                batch.uncovered.extend(copies.iter().map(|copy| (copy.root, copy.folder_day)));
            }
            false
        });
        batch.names = copies.len();
        if batch.names > 0 {
            // What is read will be written: a target that cannot be shows before anything is read.
            self.context.target.ensure().await?;
        }
        let (id, batch) = (self.context.next_batch(), batch);
        self.tell(Message::Batch(id, batch)).await;
        for copies in copies.into_values() {
            // Readers that are gone need no work.
            let _ = self.jobs.send(Job { batch: id, copies }).await;
        }
        Ok(())
    }

    /// True where every copy has been tried, as it is now, by this version, under limits that were
    /// no lower.
    fn failed_before(&self, known: &Day, copies: &[Listed]) -> bool {
        let Context { options, budget, .. } = &**self.context;
        let was_tried = |copy: &Listed, failed: &Failed| {
            // An object that is larger as stored than the limit has failed for that.
            let limit_now = match failed.size > failed.limit {
                true => budget.object_bytes_max(),
                false => budget.text_bytes_max(),
            };
            (failed.size, &failed.tag) == (copy.object.size, &copy.object.tag)
                && failed.version == super::VERSION
                && (failed.limit == 0 || failed.limit >= limit_now as u64)
                && !(options.multi_member && failed.reason == TRAILING_BYTES)
        };
        let name = copies[0].name.to_string();
        let is_known = |copy| known.failures(&name).any(|failed| was_tried(copy, failed));
        !options.retry_failed && copies.iter().all(is_known)
    }

    /// A collector that is gone needs no telling.
    async fn tell(&self, message: Message) {
        let _ = self.messages.send(message).await;
    }
}

/// What tells a listing root from every other: service, source, and the path below.
fn identity(source: &dyn Store, root: &Root) -> String {
    format!("{} {}", source.endpoint(), source.name(&root.prefix))
}
