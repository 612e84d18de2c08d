//! The only file that knows every stage: a source in, tables and a ledger out.
//!
//! ```text
//! lane (one per account and region)     reader (many at once)          collector (one)
//!   what is covered, what is consumed ->  fetch, decode, scan, build ->  hold rows by part,
//!   list, group copies of a name          wait for room in the budget    commit parts, then ledger
//! ```
//!
//! Lanes plan batches (the log objects of one log day that are listed together), readers turn
//! objects into rows, the collector commits parts and enters a batch into the ledger when all its
//! rows are durable: law 2 is decided there and nowhere else. Channels between them are bounded;
//! bytes are bounded by the [`Budget`].

mod collector;
mod lane;
mod message;
mod reader;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::budget::Budget;
use crate::commit::{self, Committer};
use crate::ledger;
use crate::source::{self, Wanted};
use crate::store::Store;
use crate::summary::{Event, Requests, Summary};
use crate::table::partition::Buckets;
use crate::target::{self, Target};
use crate::trail::window::{FIRST_DAY, LAST_DAY, Range};

use collector::Collector;
use lane::{Flat, Lane};
use message::BatchId;
use reader::Readers;

/// Days after a day's end before its folder counts as complete, at least: clocks, and the hour in
/// which it ends.
const LOOKBACK_DAYS_MIN: u32 = 1;

/// Accounts and regions that are listed at once.
const LANES_MAX: usize = 8;

/// Messages between the stages; the bytes in them are bounded elsewhere.
const MESSAGES_MAX: usize = 256;

/// The version that the ledger names where an object failed.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How the source is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// As CloudTrail writes it: `AWSLogs/…/CloudTrail/REGION/YYYY/MM/DD/`.
    Tree,
    /// Any folders; file names alone say what is what.
    Flat,
}

/// What to export, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the logs are.
    pub source: Arc<dyn Store>,
    /// Where the tables go.
    pub target: Arc<dyn Store>,
    /// How the source is laid out.
    pub layout: Layout,
    /// Delivery days, both ends included.
    pub window: Range,
    /// Accounts and regions.
    pub wanted: Wanted,
    /// Days after which a day's folder counts as complete.
    pub lookback_days: u32,
    /// Look at covered days too.
    pub relist: bool,
    /// Read failed objects again.
    pub retry_failed: bool,
    /// Several gzip members are one text.
    pub multi_member: bool,
    /// Bytes of memory.
    pub memory_limit: usize,
    /// For what does not fit into memory.
    pub temp_dir: PathBuf,
    /// GETs of log objects under way at once.
    pub requests_in_flight: usize,
    /// Files per partition; by default what the target has.
    pub buckets: Option<Buckets>,
    /// The local clock when the run began.
    pub now: DateTime<Utc>,
}

impl Options {
    /// Everything that `source` has and `target` lacks, with the limits that the command line has by
    /// default. `now` is the local clock.
    pub fn new(source: Arc<dyn Store>, target: Arc<dyn Store>, now: DateTime<Utc>) -> Self {
        Self {
            source,
            target,
            layout: Layout::Tree,
            window: (FIRST_DAY, LAST_DAY),
            wanted: Wanted::default(),
            lookback_days: 3,
            relist: false,
            retry_failed: false,
            multi_member: false,
            memory_limit: 512 << 20,
            temp_dir: std::env::temp_dir(),
            requests_in_flight: 128,
            buckets: None,
            now,
        }
    }
}

/// Why a run could not be finished. What was durable before stays; the rest is redone next time.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Listing or discovering.
    #[error(transparent)]
    Source(#[from] source::Error),
    /// The target cannot be used.
    #[error(transparent)]
    Target(#[from] target::Error),
    /// Rows cannot be committed.
    #[error(transparent)]
    Commit(#[from] commit::Error),
    /// The ledger cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
}

impl Error {
    /// True where the same work may succeed a moment later.
    fn passes(&self) -> bool {
        let store = match self {
            Self::Source(source::Error::Store(error))
            | Self::Target(target::Error::Store(error))
            | Self::Commit(commit::Error::Store(error))
            | Self::Ledger(ledger::Error::Store(error)) => error,
            _ => return false,
        };
        store.cause.passes()
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// What was done until then.
    pub summary: Summary,
    /// Log objects that are in an archive class; part of the unavailable ones.
    pub archived: u64,
    /// Why it ended early.
    pub end: End,
}

/// Why a run ended.
#[derive(Debug)]
pub enum End {
    /// Everything is done that could be.
    Done,
    /// It was told to stop.
    Interrupted,
    /// It could not go on, or not everything took.
    Failed(Error),
}

/// What all stages share.
#[derive(Debug)]
struct Context {
    options: Options,
    target: Target,
    budget: Arc<Budget>,
    committer: Committer,
    /// The earlier of the local clock and the source's own, before anything was listed.
    started: DateTime<Utc>,
    batches: AtomicU64,
}

impl Context {
    fn next_batch(&self) -> BatchId {
        self.batches.fetch_add(1, Ordering::Relaxed)
    }
}

/// Exports until all is done or `interrupt` completes. Nothing is printed; `tell` hears what happens.
pub async fn export(
    options: Options,
    interrupt: impl Future<Output = ()>,
    tell: &mut (dyn FnMut(Event<'_>) + Send),
) -> Outcome {
    let began = Instant::now();
    let stores = [Arc::clone(&options.source), Arc::clone(&options.target)];
    let mut outcome = match prepare(options).await {
        Ok((context, lanes, ignored)) => {
            run(Arc::new(context), lanes, ignored, interrupt, tell).await
        }
        Err(error) => Outcome { summary: Summary::default(), archived: 0, end: End::Failed(error) },
    };
    outcome.summary.requests = requests(&stores);
    outcome.summary.elapsed_seconds = began.elapsed().as_secs_f64();
    outcome.summary.settle();
    outcome
}

fn requests(stores: &[Arc<dyn Store>]) -> Requests {
    stores.iter().map(|store| store.requests()).fold(Requests::default(), |sum, of| Requests {
        list: sum.list + of.list,
        get: sum.get + of.get,
        put: sum.put + of.put,
    })
}

/// Looks at both ends. Nothing is written.
async fn prepare(options: Options) -> Result<(Context, Vec<Lane>, u64), Error> {
    let budget = Arc::new(Budget::new(options.memory_limit));
    let (mut lanes, mut ignored, mut started) = (Vec::new(), 0, options.now);
    match options.layout {
        Layout::Tree => {
            let (found, date) = source::discover(&*options.source, &options.wanted).await?;
            started = date.map_or(started, |date| date.min(started));
            lanes.extend(
                found
                    .into_iter()
                    .map(|((account, region), roots)| Lane::tree(account, region, roots)),
            );
        }
        Layout::Flat => {
            let max = budget.listed_objects_max();
            let flat = Flat { days: options.window, max };
            let (found, others) = flat.list(&*options.source, &options.wanted).await?;
            ignored = others;
            lanes.extend(found);
        }
    }
    let target = Target::open(Arc::clone(&options.target), options.buckets).await?;
    let store = Arc::clone(&options.target);
    let committer = Committer::new(store, options.temp_dir.clone(), Arc::clone(&budget));
    let context =
        Context { options, target, budget, committer, started, batches: AtomicU64::new(0) };
    Ok((context, lanes, ignored))
}

async fn run(
    context: Arc<Context>,
    lanes: Vec<Lane>,
    ignored: u64,
    interrupt: impl Future<Output = ()>,
    tell: &mut (dyn FnMut(Event<'_>) + Send),
) -> Outcome {
    let (messages, inbox) = mpsc::channel(MESSAGES_MAX);
    let (jobs, work) = mpsc::channel(MESSAGES_MAX);
    let mut collector = Collector::new(Arc::clone(&context), lanes.len(), tell);
    collector.summary.objects.ignored = ignored;
    // Dropped at the end of this function, and with it whatever still runs.
    let mut stages = JoinSet::new();
    stages.spawn(Readers::new(Arc::clone(&context), messages.clone()).run(work));
    stages.spawn(lane::run_all(context, lanes, jobs, messages, LANES_MAX));
    let end = tokio::select! {
        end = collector.run(inbox) => end,
        () = interrupt => End::Interrupted,
    };
    Outcome { summary: collector.summary, archived: collector.archived, end }
}
