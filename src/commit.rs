//! Committing rows to one file: read what is there, merge, compare-and-swap, until it took.
//!
//! Owns the loop around [`crate::table::merge`]. When [`Committer::commit`] returns, every row it
//! was given is durable or known to be superseded; a reader saw the old file or the new one. After
//! a crash anywhere inside, the file is one of the two, and the same call finishes the work.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use ::parquet::errors::ParquetError;

use crate::budget::{Budget, blocking};
use crate::store::backoff::Backoff;
use crate::store::spool::{Seekable, Spool, Spooled, no_room, seekable};
use crate::store::{Cause, Condition, Payload, Store};
use crate::table::merge::{Counts, merge_metrics, merge_rejects};
use crate::table::metrics;
use crate::table::parquet::{self, Existing, Source};
use crate::table::partition::Part;
use crate::table::rejects::Reject;
use crate::table::schema::{METRICS, REJECTS};

/// S3 takes this much in one conditional put.
const PUT_BYTES_MAX: u64 = 5 << 30;

/// Why rows could not be committed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store's.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The file that is there is not ours, or not of this version.
    #[error("cannot merge into {object}: {error}")]
    Table {
        /// The file.
        object: String,
        /// What is wrong with it.
        error: parquet::Error,
    },
    /// One file would be too large.
    #[error("cannot put {0}: it would be larger than 5 GiB")]
    TooLarge(String),
}

/// The rows for one file.
#[derive(Debug)]
pub enum Incoming {
    /// Of the metrics table.
    Metrics(Vec<metrics::Rows>),
    /// Of the rejects table.
    Rejects(Vec<Reject>),
}

impl Incoming {
    /// Bytes of memory held.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Metrics(rows) => rows.iter().map(metrics::Rows::bytes).sum(),
            Self::Rejects(rejects) => rejects.iter().map(Reject::bytes).sum(),
        }
    }
}

/// What became of the rows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settled {
    /// In rows.
    pub counts: Counts,
    /// True where a file was written.
    pub put: bool,
}

/// Commits rows to a target.
#[derive(Debug)]
pub struct Committer {
    store: Arc<dyn Store>,
    temp_dir: PathBuf,
    budget: Arc<Budget>,
}

/// A merge that was done: what is there, and what is to replace it.
struct Merged {
    counts: Counts,
    spooled: Option<Spooled>,
}

impl Committer {
    /// Writes to `store`, spools to `temp_dir`, and merges as many files at once as the budget lets.
    pub fn new(store: Arc<dyn Store>, temp_dir: PathBuf, budget: Arc<Budget>) -> Self {
        Self { store, temp_dir, budget }
    }

    /// Makes rows durable. The rows of one record come in one call.
    ///
    /// # Errors
    /// The file that is there cannot be merged into, or the store's once trying again is given up;
    /// then the rows may or may not be there.
    pub async fn commit(&self, part: &Part, incoming: Incoming) -> Result<Settled, Error> {
        let _permit = self.budget.merge(incoming.bytes()).await;
        let incoming = Arc::new(incoming);
        let key = part.key();
        let mut backoff = Backoff::default();
        // What the last attempt tried to put, where its answer was lost.
        let mut unanswered: Option<Merged> = None;
        loop {
            let (old, tag) = match self.read(&key).await {
                Ok(read) => read,
                Err(error) => {
                    backoff.wait(error).await?;
                    continue;
                }
            };
            if let (Some(Merged { counts, spooled: Some(spooled) }), Some(old)) =
                (&unanswered, &old)
                && self.is_same(old, &spooled.payload).await?
            {
                return Ok(Settled { counts: *counts, put: true });
            }
            let merged = self.merge(part, old, Arc::clone(&incoming)).await?;
            let Some(spooled) = &merged.spooled else {
                return Ok(Settled { counts: merged.counts, put: false });
            };
            if spooled.payload.len() > PUT_BYTES_MAX {
                return Err(Error::TooLarge(self.store.name(&key)));
            }
            let condition = tag.as_deref().map_or(Condition::Absent, Condition::Matches);
            match self.store.put(&key, &spooled.payload, condition).await {
                Ok(_) => return Ok(Settled { counts: merged.counts, put: true }),
                Err(error) => {
                    if error.cause == Cause::Conflict {
                        tracing::info!("lost a race for {}: merging again", self.store.name(&key));
                    }
                    unanswered = (error.cause == Cause::Unknown).then_some(merged);
                    backoff.wait(error).await?;
                }
            }
        }
    }

    /// The file that is there, and its tag.
    async fn read(
        &self,
        key: &str,
    ) -> Result<(Option<Seekable>, Option<String>), crate::store::Error> {
        match self.store.get(key).await {
            Ok(fetched) => {
                let tag = fetched.tag.clone();
                let old = seekable(fetched, &self.store.name(key), &self.temp_dir).await?;
                Ok((Some(old), Some(tag)))
            }
            Err(error) if error.cause == Cause::NotFound => Ok((None, None)),
            Err(error) => Err(error),
        }
    }

    async fn merge(
        &self,
        part: &Part,
        old: Option<Seekable>,
        incoming: Arc<Incoming>,
    ) -> Result<Merged, Error> {
        let temp_dir = self.temp_dir.clone();
        let merge = move || -> Result<Merged, parquet::Error> {
            let sink = || Spool::new(&temp_dir);
            let (counts, sink) = match &*incoming {
                Incoming::Metrics(rows) => {
                    let old = old.map(|old| Existing::open(&METRICS, readable(old))).transpose()?;
                    merge_metrics(old.as_ref(), rows, sink)?
                }
                Incoming::Rejects(rejects) => {
                    let old = old.map(|old| Existing::open(&REJECTS, readable(old))).transpose()?;
                    merge_rejects(old.as_ref(), rejects.clone(), sink)?
                }
            };
            let spooled = sink.map(Spool::close).transpose().map_err(ParquetError::from)?;
            Ok(Merged { counts, spooled })
        };
        let merged = blocking(merge).await;
        merged.map_err(|error| match full_disk(&error) {
            Some(kind) => no_room(&self.temp_dir, kind.into()).into(),
            None => Error::Table { object: self.store.name(&part.key()), error },
        })
    }

    async fn is_same(&self, old: &Seekable, payload: &Payload) -> Result<bool, Error> {
        let old = match old {
            Seekable::Bytes(bytes) => Seekable::Bytes(bytes.clone()),
            Seekable::File(file) => Seekable::File(self.temporary(file.try_clone())?),
        };
        let payload = payload.clone();
        let same = blocking(move || same_bytes(&readable(old), &payload)).await;
        self.temporary(same).map_err(Error::from)
    }

    fn temporary<T>(&self, result: io::Result<T>) -> Result<T, crate::store::Error> {
        result.map_err(|error| no_room(&self.temp_dir, error))
    }
}

fn readable(old: Seekable) -> Source {
    match old {
        Seekable::Bytes(bytes) => Source::Bytes(bytes),
        Seekable::File(file) => Source::File(file),
    }
}

/// The kind of a failure of the sink, where it is one.
fn full_disk(error: &parquet::Error) -> Option<io::ErrorKind> {
    let parquet::Error::Parquet(ParquetError::External(error)) = error else { return None };
    error.downcast_ref::<io::Error>().map(io::Error::kind)
}

fn same_bytes(old: &Source, payload: &Payload) -> io::Result<bool> {
    use ::parquet::file::reader::{ChunkReader, Length};
    if old.len() != payload.len() {
        return Ok(false);
    }
    let mut theirs = io::BufReader::new(old.get_read(0).map_err(io::Error::other)?);
    let mut ours: Box<dyn io::BufRead> = match payload {
        Payload::Bytes(bytes) => Box::new(&bytes[..]),
        Payload::File(path, _) => Box::new(io::BufReader::new(std::fs::File::open(path)?)),
    };
    loop {
        let (a, b) = (io::BufRead::fill_buf(&mut theirs)?, ours.fill_buf()?);
        let len = a.len().min(b.len());
        if len == 0 || a[..len] != b[..len] {
            return Ok(a.is_empty() && b.is_empty());
        }
        io::BufRead::consume(&mut theirs, len);
        ours.consume(len);
    }
}
