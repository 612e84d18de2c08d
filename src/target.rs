//! The target's format marker, and the probe that its store really compares before it swaps.
//!
//! Owns `_ledger/format.json`: which format, how many buckets, which versions of the tables, and
//! whether compare-and-swap is proven. It is read once at the start and written before the first
//! write of a run that has something to write. Without a marker, the names of the files that are
//! there say how many buckets there are.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use crate::store::{Cause, Condition, Depth, Payload, Store, swap};
use crate::table::partition::{Buckets, LEDGER_FOLDER, Part};
use crate::table::schema::{Extractions, METRICS, extractions, tables};

const FORMAT: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Marker {
    format: u32,
    buckets: u16,
    tables: Extractions,
    /// False while somebody probes the store.
    compare_and_swap: bool,
}

/// Why a target cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store's.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// Another version of this tool wrote it.
    #[error("cannot use {0}: a newer version of trailquet writes it")]
    Newer(String),
    /// The number of buckets is fixed when a target is created.
    #[error("cannot use {target} with {asked} buckets: it has {has}")]
    OtherBuckets {
        /// The target.
        target: String,
        /// What was asked for.
        asked: u16,
        /// What the target has.
        has: u16,
    },
    /// Two writers would overwrite each other.
    #[error("cannot use {0} as a target: its store overwrites without comparing")]
    DoesNotCompare(String),
}

/// A target as a run uses it.
#[derive(Debug)]
pub struct Target {
    store: Arc<dyn Store>,
    buckets: Buckets,
    ready: OnceCell<()>,
}

impl Target {
    /// Reads the marker. Nothing is written.
    ///
    /// # Errors
    /// A newer version's, another number of buckets than `asked`, or the store's.
    pub async fn open(store: Arc<dyn Store>, asked: Option<Buckets>) -> Result<Self, Error> {
        let found = match read(&*store).await? {
            Some(marker) => Buckets::new(marker.buckets),
            None => buckets_of_files(&*store).await?,
        };
        match (found, asked) {
            (Some(has), Some(asked)) if has != asked => Err(Error::OtherBuckets {
                target: store.name(""),
                asked: asked.count(),
                has: has.count(),
            }),
            _ => {
                let buckets = found.or(asked).unwrap_or(Buckets::ONE);
                Ok(Self { store, buckets, ready: OnceCell::new() })
            }
        }
    }

    /// Where it is.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// How many files a partition of the metrics table has.
    pub fn buckets(&self) -> Buckets {
        self.buckets
    }

    /// To be called before any write: makes sure that the marker is there and says that the store
    /// compares. Probes once in a target's life.
    ///
    /// # Errors
    /// The store does not compare, cannot be written to, or somebody created the target with
    /// another number of buckets meanwhile.
    pub async fn ensure(&self) -> Result<(), Error> {
        self.ready.get_or_try_init(|| self.prepare()).await.copied()
    }

    async fn prepare(&self) -> Result<(), Error> {
        let proven = read(&*self.store).await?.is_some_and(|marker| marker.compare_and_swap);
        if !proven {
            self.write(false).await?;
            self.probe().await?;
        }
        self.write(true).await
    }

    /// Joins our marker with the one that is there.
    async fn write(&self, compare_and_swap: bool) -> Result<(), Error> {
        swap::update(&*self.store, &key(), |bytes| {
            let before = bytes.map(|bytes| decode(bytes, &*self.store)).transpose()?.flatten();
            let (buckets, tables) = (self.buckets.count(), extractions());
            let mut after = Marker { format: FORMAT, buckets, tables, compare_and_swap };
            if let Some(before) = &before {
                if before.buckets != buckets {
                    let target = self.store.name("");
                    return Err(Error::OtherBuckets {
                        target,
                        asked: buckets,
                        has: before.buckets,
                    });
                }
                after.compare_and_swap |= before.compare_and_swap;
            }
            let bytes = serde_json::to_vec(&after).expect("plain data");
            Ok((before.as_ref() != Some(&after)).then_some(bytes))
        })
        .await
    }

    /// Tries two puts that must fail. Where somebody else writes the marker meanwhile they fail
    /// just as well; only a success says something.
    async fn probe(&self) -> Result<(), Error> {
        let Some((bytes, tag)) = swap::read(&*self.store, &key()).await? else { return Ok(()) };
        // A store in memory counts its tags from 0.
        let digit = if tag.trim_matches(['"', '0']).is_empty() { "1" } else { "0" };
        let stale = format!("\"{}\"", digit.repeat(tag.trim_matches('"').len()));
        for condition in [Condition::Absent, Condition::Matches(&stale)] {
            let payload = Payload::Bytes(bytes.clone());
            match self.store.put(&key(), &payload, condition).await {
                Ok(_) => return Err(Error::DoesNotCompare(self.store.name(""))),
                Err(error) if error.cause == Cause::Conflict => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

fn key() -> String {
    format!("{LEDGER_FOLDER}/format.json")
}

async fn read(store: &dyn Store) -> Result<Option<Marker>, Error> {
    match swap::read(store, &key()).await? {
        Some((bytes, _)) => decode(&bytes, store),
        None => Ok(None),
    }
}

/// Reads a marker; a damaged one is as good as none.
fn decode(bytes: &[u8], store: &dyn Store) -> Result<Option<Marker>, Error> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    if serde_json::from_slice::<Format>(bytes).is_ok_and(|marker| marker.format > FORMAT) {
        return Err(Error::Newer(store.name("")));
    }
    let marker = serde_json::from_slice::<Marker>(bytes).ok();
    let current = extractions();
    let is_newer = |(table, extraction): (&String, &i32)| current.get(table) < Some(extraction);
    if marker.as_ref().is_some_and(|marker| marker.tables.iter().any(is_newer)) {
        return Err(Error::Newer(store.name("")));
    }
    Ok(marker.filter(|marker| Buckets::new(marker.buckets).is_some()))
}

/// The number of buckets that the files of the metrics table show; none where there are none.
async fn buckets_of_files(store: &dyn Store) -> Result<Option<Buckets>, Error> {
    let prefix = format!("{}/", METRICS.name);
    let mut next = None;
    loop {
        let page = store.list(&prefix, Depth::Tree, next.as_deref()).await?;
        let parts = page.objects.iter().filter_map(|object| Part::parse(&object.key, &tables()));
        if let Some(part) = parts.max() {
            return Ok(Some(part.bucket.of()));
        }
        next = page.next;
        if next.is_none() {
            return Ok(None);
        }
    }
}
