//! Readers: fetch a log object, turn it into rows beside the runtime, hand them to the collector.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::budget::blocking;
use crate::extract::{Refused, Rules, extract};
use crate::ledger::Failed;
use crate::source::Listed;
use crate::store::backoff::Backoff;
use crate::store::{self, Cause};
use crate::trail::decode::{Decoder, text_len};
use crate::trail::key::LogName;

use super::Context;
use super::message::{BatchId, Done, Job, Message};

/// Objects that are fetched and wait for a core, for each request in flight.
const WAITING_PER_REQUEST: usize = 3;

/// Reads objects, many at once.
#[derive(Debug, Clone)]
pub(super) struct Readers {
    context: Arc<Context>,
    messages: Sender<Message>,
    requests: Arc<Semaphore>,
    objects: Arc<Semaphore>,
    cores: Arc<Semaphore>,
    decoders: Arc<Mutex<Vec<Decoder>>>,
}

impl Readers {
    pub(super) fn new(context: Arc<Context>, messages: Sender<Message>) -> Self {
        let requests = context.options.requests_in_flight;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            context,
            messages,
            requests: Arc::new(Semaphore::new(requests)),
            objects: Arc::new(Semaphore::new(requests * (1 + WAITING_PER_REQUEST))),
            cores: Arc::new(Semaphore::new(cores)),
            decoders: Arc::default(),
        }
    }

    /// Until there are no more jobs. Dropping the future stops all readers.
    pub(super) async fn run(self, mut jobs: Receiver<Job>) {
        let mut tasks = JoinSet::new();
        while let Some(job) = jobs.recv().await {
            let place = permit(&self.objects).await;
            let reader = self.clone();
            tasks.spawn(async move {
                let (batch, copies) = (job.batch, job.copies);
                let done = reader.read(batch, &copies).await;
                drop(place);
                // A collector that is gone needs no telling.
                let _ = reader.messages.send(Message::Done(batch, copies, done)).await;
            });
            while tasks.try_join_next().is_some() {}
        }
        tasks.join_all().await;
    }

    /// Tries the copies one after the other until one decodes.
    async fn read(&self, batch: BatchId, copies: &[Listed]) -> Done {
        let (mut failures, mut unavailable) = (Vec::new(), Vec::new());
        for copy in copies {
            match self.read_copy(batch, copy).await {
                Ok(Ok(text)) => return Done::Read(copy.object.size, text),
                Ok(Err(refused)) => {
                    failures.push((failed(&copy.name, copy, refused), refused.told()));
                }
                Err(error) => unavailable.push(error),
            }
        }
        if unavailable.is_empty() { Done::Failed(failures) } else { Done::Unavailable(unavailable) }
    }

    async fn read_copy(
        &self,
        batch: BatchId,
        copy: &Listed,
    ) -> Result<Result<u64, Refused>, store::Error> {
        let Context { options, budget, target, .. } = &*self.context;
        let name = options.source.name(&copy.object.key);
        if copy.object.archived {
            let told = "it is archived and must be restored first";
            return Err(store::Error::new(Cause::Archived, "get", name, told));
        }
        let limit = budget.object_bytes_max() as u64;
        if copy.object.size > limit {
            return Ok(Err(Refused::TooLarge(limit)));
        }
        let _fetched = budget.fetch(copy.object.size as usize).await;
        let bytes = self.fetch(copy, &name).await?;
        let rules = Rules {
            text_bytes_max: budget.text_bytes_max(),
            multi_member: options.multi_member,
            buckets: target.buckets(),
        };
        let core = permit(&self.cores).await;
        let text = budget.text(text_len(&bytes, rules.text_bytes_max)).await;
        let (reader, log_name) = (self.clone(), copy.name.clone());
        let read = blocking(move || {
            let mut decoder = reader.decoder();
            let emit = |pieces| reader.emit(batch, pieces);
            let read = extract(&mut decoder, &bytes, &log_name, rules, emit);
            reader.keep(decoder);
            drop((core, text));
            read
        });
        Ok(read.await)
    }

    /// The object's bytes: as many as the listing says, or the transfer was broken.
    async fn fetch(&self, copy: &Listed, name: &str) -> Result<Bytes, store::Error> {
        let _request = permit(&self.requests).await;
        let mut backoff = Backoff::default();
        loop {
            let fetched = match self.context.options.source.get(&copy.object.key).await {
                Ok(fetched) => fetched.bytes(name).await,
                Err(error) => Err(error),
            };
            let checked = fetched.and_then(|bytes| {
                if bytes.len() as u64 >= copy.object.size {
                    return Ok(bytes);
                }
                let told = format!("{} of {} listed bytes arrived", bytes.len(), copy.object.size);
                Err(store::Error::new(Cause::Network, "get", name, told))
            });
            match checked {
                Ok(bytes) => return Ok(bytes),
                Err(error) => backoff.wait_briefly(error).await?,
            }
        }
    }

    /// Called on a blocking thread: waits there for room, then for the collector.
    fn emit(
        &self,
        batch: BatchId,
        pieces: Vec<(crate::table::partition::Part, crate::extract::Piece)>,
    ) {
        for (part, piece) in pieces {
            let held = Handle::current().block_on(self.context.budget.rows(piece.bytes()));
            // A collector that is gone needs no rows.
            let _ = self.messages.blocking_send(Message::Rows(batch, part, piece, held));
        }
    }

    fn decoder(&self) -> Decoder {
        self.decoders.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn keep(&self, mut decoder: Decoder) {
        decoder.trim();
        self.decoders.lock().unwrap_or_else(PoisonError::into_inner).push(decoder);
    }
}

async fn permit(semaphore: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    Arc::clone(semaphore).acquire_owned().await.expect("never closed")
}

/// A failed try, as the ledger keeps it.
fn failed(name: &LogName, copy: &Listed, why: Refused) -> Failed {
    Failed {
        name: name.to_string(),
        size: copy.object.size,
        tag: copy.object.tag.clone(),
        reason: why.as_str().to_owned(),
        version: super::VERSION.to_owned(),
        limit: why.limit(),
    }
}
