//! A store that keeps a trace of what is asked of it, in the order in which it took place, and that
//! fails where a test tells it to.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use trailquet::store::object::Objects;
use trailquet::store::{Cause, Condition, Depth, Error, Fetched, Page, Payload, Requests, Store};

/// How often a put of a table's file lets others go first: what does not wait for it overtakes it.
const DETOURS: usize = 300;

/// One thing that took place.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    /// A get, and the tag that it found.
    Get(String, Option<String>),
    /// A put.
    Put(Put),
}

/// One attempt to put.
#[derive(Debug, Clone)]
pub(crate) struct Put {
    pub(crate) key: String,
    pub(crate) bytes: Bytes,
    /// The tag that the object must have; none where there must be none.
    pub(crate) expected: Option<String>,
    /// True where the object is there now, whatever the answer was.
    pub(crate) took: bool,
}

/// What is wrong with a put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// Nothing is written, and the answer says this.
    Refused(Cause),
    /// The object is written, but the answer is lost.
    AnswerLost,
}

/// See the module's page.
pub(crate) struct Trace {
    inner: Arc<Objects>,
    ops: tokio::sync::Mutex<Vec<Op>>,
    faults: Mutex<Box<dyn FnMut(usize) -> Fault + Send>>,
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trace").finish_non_exhaustive()
    }
}

impl Trace {
    /// Traces a store; `faults` is asked at each put, by its number.
    pub(crate) fn new(
        inner: Arc<Objects>,
        faults: impl FnMut(usize) -> Fault + Send + 'static,
    ) -> Arc<Self> {
        let faults: Box<dyn FnMut(usize) -> Fault + Send> = Box::new(faults);
        Arc::new(Self { inner, ops: tokio::sync::Mutex::default(), faults: Mutex::new(faults) })
    }

    /// What took place so far.
    pub(crate) async fn ops(&self) -> Vec<Op> {
        self.ops.lock().await.clone()
    }

    /// The attempts to put so far.
    pub(crate) async fn puts(&self) -> Vec<Put> {
        let puts = self.ops().await.into_iter();
        puts.filter_map(|op| if let Op::Put(put) = op { Some(put) } else { None }).collect()
    }
}

#[async_trait]
impl Store for Trace {
    fn location(&self) -> &str {
        self.inner.location()
    }

    async fn list(&self, prefix: &str, depth: Depth, next: Option<&str>) -> Result<Page, Error> {
        self.inner.list(prefix, depth, next).await
    }

    async fn get(&self, key: &str) -> Result<Fetched, Error> {
        let mut ops = self.ops.lock().await;
        let found = self.inner.get(key).await;
        ops.push(Op::Get(key.to_owned(), found.as_ref().ok().map(|found| found.tag.clone())));
        found
    }

    async fn put(
        &self,
        key: &str,
        payload: &Payload,
        condition: Condition<'_>,
    ) -> Result<String, Error> {
        if !key.starts_with("_ledger/") {
            for _ in 0..DETOURS {
                tokio::task::yield_now().await;
            }
        }
        // Without a wildcard: a condition that is none would not compile here.
        let expected = match condition {
            Condition::Absent => None,
            Condition::Matches(tag) => Some(tag.to_owned()),
        };
        let bytes = match payload {
            Payload::Bytes(bytes) => bytes.clone(),
            Payload::File(path, _) => std::fs::read(path).unwrap().into(),
        };
        let mut ops = self.ops.lock().await;
        let number = ops.iter().filter(|op| matches!(op, Op::Put(_))).count();
        let fault = self.faults.lock().unwrap()(number);
        let answer = match fault {
            Fault::Refused(cause) => Err(Error::new(cause, "put", self.name(key), "told so")),
            _ => self.inner.put(key, payload, condition).await,
        };
        let took = answer.is_ok();
        ops.push(Op::Put(Put { key: key.to_owned(), bytes, expected, took }));
        match (fault, took) {
            (Fault::AnswerLost, true) => {
                Err(Error::new(Cause::Unknown, "put", self.name(key), "no answer came"))
            }
            _ => answer,
        }
    }

    fn requests(&self) -> Requests {
        self.inner.requests()
    }
}
