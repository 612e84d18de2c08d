//! The memory budget: one number of bytes, shared out among what is fetched, decoded, held and
//! encoded.
//!
//! Owns the permits; whoever holds bytes holds permits for them until the bytes are gone. Shares of
//! the limit: fetched objects 1/8, merges 1/8, and 5/8 for texts and rows together, of which texts
//! may take 1/2; the last 1/8 is left to lists, buffers of connections and the allocator's gaps.
//! So rows always find room once buffered rows are committed, and nobody waits for
//! somebody who waits for him: rows wait for commits, texts wait for rows, fetched objects wait for
//! texts. Who finds no room says so through [`Budget::starved`].

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// CloudTrail's own limit is 50 MB of text; more than this is not a log file.
pub const TEXT_BYTES_MAX: usize = 256 << 20;

/// A merge takes at least this: the old file's pages and the writer's.
const MERGE_BYTES_MIN: usize = 2 << 20;

/// A merge takes at most about this beside the incoming rows: a row group and its dictionaries.
const MERGE_BYTES_MAX: usize = 32 << 20;

/// The smallest limit that work fits into.
pub const LIMIT_MIN: usize = 32 << 20;

/// What a listed log object takes: its name, key and tag.
const LISTED_BYTES: usize = 320;

/// Permits count kibibytes, so that they fit the semaphore's numbers.
const UNIT: usize = 1 << 10;

/// Memory that is held until this is dropped.
#[derive(Debug)]
pub struct Held {
    _permits: Vec<OwnedSemaphorePermit>,
}

/// Bytes, shared out.
#[derive(Debug)]
pub struct Budget {
    limit: usize,
    fetched: Share,
    texts: Share,
    texts_and_rows: Share,
    merges: Share,
    waiting: AtomicUsize,
    starving: Notify,
}

#[derive(Debug)]
struct Share {
    units: usize,
    semaphore: Arc<Semaphore>,
}

impl Share {
    fn new(bytes: usize) -> Self {
        let units = bytes / UNIT;
        Self { units, semaphore: Arc::new(Semaphore::new(units)) }
    }

    /// What is larger than the share takes all of it.
    fn units(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.div_ceil(UNIT).min(self.units)).expect("a share is below 4 TiB")
    }

    async fn take(&self, bytes: usize) -> OwnedSemaphorePermit {
        let taken = Arc::clone(&self.semaphore).acquire_many_owned(self.units(bytes)).await;
        taken.expect("never closed")
    }

    fn try_take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.semaphore).try_acquire_many_owned(self.units(bytes)).ok()
    }
}

impl Budget {
    /// Of so many bytes, at least [`LIMIT_MIN`].
    pub fn new(limit: usize) -> Self {
        let limit = limit.max(LIMIT_MIN);
        Self {
            limit,
            fetched: Share::new(limit / 8),
            texts: Share::new(limit / 2),
            texts_and_rows: Share::new(limit / 8 * 5),
            merges: Share::new(limit / 8),
            waiting: AtomicUsize::new(0),
            starving: Notify::new(),
        }
    }

    /// Bytes that an object may have as it is stored.
    pub fn object_bytes_max(&self) -> usize {
        self.limit / 8
    }

    /// Bytes that an object's text may have.
    pub fn text_bytes_max(&self) -> usize {
        TEXT_BYTES_MAX.min(self.limit / 2)
    }

    /// Log objects that a listing of a flat tree may hold: a quarter of the limit.
    pub fn listed_objects_max(&self) -> usize {
        self.limit / 4 / LISTED_BYTES
    }

    /// Room for an object as it is stored.
    pub async fn fetch(&self, bytes: usize) -> Held {
        Held { _permits: vec![self.fetched.take(bytes).await] }
    }

    /// Room for an object's text.
    pub async fn text(&self, bytes: usize) -> Held {
        let text = self.texts.take(bytes).await;
        Held { _permits: vec![text, self.shared(bytes).await] }
    }

    /// Room for rows.
    pub async fn rows(&self, bytes: usize) -> Held {
        let bytes = bytes.min(self.limit / 8);
        Held { _permits: vec![self.shared(bytes).await] }
    }

    async fn shared(&self, bytes: usize) -> OwnedSemaphorePermit {
        if let Some(permit) = self.texts_and_rows.try_take(bytes) {
            return permit;
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.starving.notify_one();
        let permit = self.texts_and_rows.take(bytes).await;
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        permit
    }

    /// Room for merging so many bytes of incoming rows.
    pub async fn merge(&self, incoming: usize) -> Held {
        let bytes = (MERGE_BYTES_MIN + 4 * incoming).min(MERGE_BYTES_MAX);
        Held { _permits: vec![self.merges.take(bytes).await] }
    }

    /// Returns when somebody waits for texts or rows to go.
    pub async fn starved(&self) {
        while self.waiting.load(Ordering::SeqCst) == 0 {
            self.starving.notified().await;
        }
    }
}

/// Runs CPU work beside the async runtime; a panic in it is passed on.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
        // The runtime is going down before the work began, and the caller with it.
        Err(_) => std::future::pending().await,
    }
}
