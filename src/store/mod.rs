//! The I/O edge: one small trait over whatever holds objects (S3, a local folder, other clouds,
//! memory).
//!
//! A [`Store`] is rooted at a URI; every key is relative to that root, uses `/`, and never starts
//! with one. The trait lists one page, gets one object, and puts one object on a condition; there
//! is no delete (law 4) and no unconditional put (law 3). Nothing here knows what an object means.

pub mod backoff;
mod hint;
pub mod local;
pub mod object;
pub mod s3;
pub mod spool;
pub mod swap;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::stream::BoxStream;

/// What a listing looks at below its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// One level: objects directly below the prefix, and the folders beside them.
    Folder,
    /// Everything below the prefix; no folders are reported.
    Tree,
}

/// One listed object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Key relative to the store's root.
    pub key: String,
    /// Size in bytes, as stored (compressed).
    pub size: u64,
    /// Changes whenever the content does: an ETag, or a file's inode, time and size.
    pub tag: String,
    /// In a storage class that must be restored before it can be read, and not restored now.
    pub archived: bool,
}

/// One page of a listing. No order is promised, within a page or across pages.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Objects on this page.
    pub objects: Vec<Object>,
    /// Prefixes one level down, each ending in `/`; only for [`Depth::Folder`].
    pub folders: Vec<String>,
    /// Passed to the next call for the page after this one; `None` on the last page.
    pub next: Option<String>,
    /// The store's own clock when it answered (HTTP `Date`), where it has one.
    pub date: Option<DateTime<Utc>>,
}

/// When a put may take place. Every put has one: law 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition<'a> {
    /// Only where there is no object (`If-None-Match: *`).
    Absent,
    /// Only where the object still has this tag (`If-Match`).
    Matches(&'a str),
}

/// What is put: bytes in memory, or a finished file.
#[derive(Debug, Clone)]
pub enum Payload {
    /// Small enough to have stayed in memory.
    Bytes(Bytes),
    /// A file that nobody writes any more, and its length in bytes.
    File(PathBuf, u64),
}

impl Payload {
    /// Length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, len) => *len,
        }
    }

    /// True for zero bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The content of an object, as the store hands it out.
pub enum Body {
    /// All of it.
    Bytes(Bytes),
    /// An open file, positioned at its start; its content no longer changes.
    File(File),
    /// Pieces as they arrive. A transfer that breaks off ends in an error or too few bytes.
    Stream(BoxStream<'static, Result<Bytes, Error>>),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes(_) => "Body::Bytes",
            Self::File(_) => "Body::File",
            Self::Stream(_) => "Body::Stream",
        })
    }
}

/// An object that was found: its tag belongs to exactly these bytes.
#[derive(Debug)]
pub struct Fetched {
    /// Size in bytes that the store announced.
    pub size: u64,
    /// See [`Object::tag`].
    pub tag: String,
    /// The content.
    pub body: Body,
}

impl Fetched {
    /// Reads all of it into memory. The caller has checked that `size` fits.
    ///
    /// # Errors
    /// [`Cause::Network`] where the transfer breaks off or delivers another number of bytes than
    /// was announced.
    pub async fn bytes(self, object: &str) -> Result<Bytes, Error> {
        let size = self.size;
        let bytes = match self.body {
            Body::Bytes(bytes) => bytes,
            Body::File(file) => read_file(file, size, object).await?,
            Body::Stream(mut pieces) => {
                let mut all = BytesMut::with_capacity(usize::try_from(size).unwrap_or(0));
                while let Some(piece) = pieces.next().await {
                    all.extend_from_slice(&piece?);
                }
                all.freeze()
            }
        };
        if bytes.len() as u64 == size {
            return Ok(bytes);
        }
        let told = format!("the transfer broke off: {} of {size} bytes arrived", bytes.len());
        Err(Error::new(Cause::Network, "get", object, told))
    }
}

async fn read_file(mut file: File, size: u64, object: &str) -> Result<Bytes, Error> {
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        file.read_to_end(&mut bytes).map(|_| bytes)
    });
    match read.await {
        Ok(Ok(bytes)) => Ok(Bytes::from(bytes)),
        Ok(Err(error)) => Err(Error::io("get", object, error)),
        Err(error) => Err(Error::new(Cause::Other, "get", object, error.to_string())),
    }
}

/// Where objects are. See the module's page for the rules of keys.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync {
    /// The root as a URI without credentials and without a trailing `/`: `s3://bucket/prefix`,
    /// `/data/trail`. For messages, and for the name of a listing root.
    fn location(&self) -> &str;

    /// The service behind the location where the URI does not say it (a custom endpoint's URL),
    /// else empty. Part of a listing root's identity.
    fn endpoint(&self) -> &str {
        ""
    }

    /// One page of what lies below `prefix`, which is empty or ends in `/`. A prefix that does not
    /// exist is an empty page.
    ///
    /// # Errors
    /// [`Cause::NoContainer`] where the bucket (or the root folder) itself is missing; else as
    /// [`Cause`] says.
    async fn list(&self, prefix: &str, depth: Depth, next: Option<&str>) -> Result<Page, Error>;

    /// One whole object, as it was at one moment.
    ///
    /// # Errors
    /// [`Cause::NotFound`] where there is none.
    async fn get(&self, key: &str) -> Result<Fetched, Error>;

    /// Puts one object where the condition holds, and returns its new tag. The check and the write
    /// are one atomic step. When this returns, the object is durable; after a crash it is there
    /// whole or not at all. One attempt: nothing below this call tries again.
    ///
    /// # Errors
    /// [`Cause::Conflict`] where the condition does not hold (nothing was written);
    /// [`Cause::Unknown`] where no answer came (it may have been written).
    async fn put(
        &self,
        key: &str,
        payload: &Payload,
        condition: Condition<'_>,
    ) -> Result<String, Error>;

    /// Requests made so far, every attempt counted.
    fn requests(&self) -> Requests;

    /// The key as people know it: `s3://bucket/prefix/key`.
    fn name(&self, key: &str) -> String {
        match key {
            "" => self.location().to_owned(),
            key => format!("{}/{key}", self.location().trim_end_matches('/')),
        }
    }
}

/// Requests by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requests {
    /// LIST.
    pub list: u64,
    /// GET and HEAD.
    pub get: u64,
    /// PUT and POST.
    pub put: u64,
}

/// Counts requests; shared between a store and whatever sees its attempts.
#[derive(Debug, Default)]
pub struct Counter {
    list: AtomicU64,
    get: AtomicU64,
    put: AtomicU64,
}

impl Counter {
    /// One LIST more.
    pub fn list(&self) {
        self.list.fetch_add(1, Ordering::Relaxed);
    }

    /// One GET more.
    pub fn get(&self) {
        self.get.fetch_add(1, Ordering::Relaxed);
    }

    /// One PUT more.
    pub fn put(&self) {
        self.put.fetch_add(1, Ordering::Relaxed);
    }

    /// The counts now.
    pub fn read(&self) -> Requests {
        Requests {
            list: self.list.load(Ordering::Relaxed),
            get: self.get.load(Ordering::Relaxed),
            put: self.put.load(Ordering::Relaxed),
        }
    }
}

/// Why an operation failed, by what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// There is no such object.
    NotFound,
    /// There is no such bucket or root folder.
    NoContainer,
    /// The identity may not do this.
    Denied,
    /// The store does not accept, or nobody supplied, the credentials.
    Credentials,
    /// The object must be restored from an archive class first.
    Archived,
    /// A put's condition does not hold: somebody else was faster. Nothing was written.
    Conflict,
    /// A put got no answer: it may or may not have been written.
    Unknown,
    /// The store is overloaded or failing for the moment; a put with this cause wrote nothing.
    Busy,
    /// The connection failed, or a transfer broke off.
    Network,
    /// No room left on the device.
    Full,
    /// The device or file system is read-only.
    ReadOnly,
    /// Anything else; trying again is pointless.
    Other,
}

impl Cause {
    /// True where the same operation may succeed a moment later.
    pub fn passes(self) -> bool {
        matches!(self, Self::Busy | Self::Network | Self::Unknown | Self::Conflict)
    }
}

/// A failed operation on one object.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {object}: {told}")]
pub struct Error {
    /// What kind of failure this is.
    pub cause: Cause,
    /// `list`, `get` or `put`.
    pub operation: &'static str,
    /// The full name of the object or prefix.
    pub object: String,
    /// What happened, in the words of the store or of the operating system; no secrets.
    pub told: String,
}

impl Error {
    /// An error on `object` (its full name).
    pub fn new(
        cause: Cause,
        operation: &'static str,
        object: impl Into<String>,
        told: impl Into<String>,
    ) -> Self {
        Self { cause, operation, object: object.into(), told: told.into() }
    }

    /// An operating system's error on a file.
    pub fn io(operation: &'static str, object: impl Into<String>, error: std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let cause = match error.kind() {
            Kind::NotFound => Cause::NotFound,
            Kind::PermissionDenied => Cause::Denied,
            Kind::StorageFull | Kind::QuotaExceeded => Cause::Full,
            Kind::ReadOnlyFilesystem => Cause::ReadOnly,
            Kind::Interrupted | Kind::TimedOut => Cause::Busy,
            _ => Cause::Other,
        };
        let told = error.to_string();
        // The number says nothing that the words before it do not.
        Self::new(cause, operation, object, sentence(told.split(" (os error").next().unwrap_or("")))
    }
}

/// Another's message as the end of our own sentence: no capital in front, no full stop behind.
/// A first word in capitals (`AWS`) stays as it is.
fn sentence(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            let start = first.len_utf8();
            format!("{}{}", first.to_lowercase(), &text[start..])
        }
        _ => text.to_owned(),
    }
}
