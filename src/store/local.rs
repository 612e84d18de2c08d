//! A local folder as a store, on `std::fs` alone. Owns the mapping from keys to paths and the tag
//! of a file; takes keys, gives pages, open files and tags. `local/walk.rs` lists, `local/write.rs`
//! puts. What the files mean is not known here.
//!
//! Symbolic links are followed. A source's folder must exist; a target's is created by the first
//! put, and nothing on disk is touched before that.

mod walk;
mod write;

use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Body, Cause, Condition, Counter, Depth, Error, Fetched, Page, Payload, Requests, Store,
};

/// Our own working files below a target. They are never listed, got or put.
const WORKSHOP: &str = "_ledger/tmp/";

/// A folder on this machine.
#[derive(Debug)]
pub struct Local {
    folder: Arc<Folder>,
    location: String,
    counter: Counter,
}

/// The part that blocking work shares.
#[derive(Debug)]
struct Folder {
    root: PathBuf,
    /// `None` for a source.
    writer: Option<write::Writer>,
}

impl Local {
    /// A folder to read from. Links in its own path are resolved, so that its location names one
    /// place for good.
    ///
    /// # Errors
    /// [`Cause::Other`] where the path is empty, or relative to a folder that is gone.
    pub fn source(path: &Path) -> Result<Self, Error> {
        let root = std::fs::canonicalize(path).or_else(|_| std::path::absolute(path));
        Self::new(path, root, None)
    }

    /// A folder to read from and to write to. It need not exist.
    ///
    /// # Errors
    /// [`Cause::Other`] where the path is empty, or relative to a folder that is gone.
    pub fn target(path: &Path) -> Result<Self, Error> {
        Self::new(path, std::path::absolute(path), Some(write::Writer::default()))
    }

    fn new(
        path: &Path,
        root: std::io::Result<PathBuf>,
        writer: Option<write::Writer>,
    ) -> Result<Self, Error> {
        // `components` drops a trailing slash.
        let root: PathBuf = root
            .map_err(|error| Error::io("list", path.to_string_lossy(), error))?
            .components()
            .collect();
        let location = root.to_string_lossy().into_owned();
        Ok(Self {
            folder: Arc::new(Folder { root, writer }),
            location,
            counter: Counter::default(),
        })
    }

    /// Runs blocking work beside the runtime; a panic in it is passed on.
    async fn blocking<T: Send + 'static>(
        &self,
        operation: &'static str,
        name: String,
        work: impl FnOnce(&Folder, &str) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let folder = Arc::clone(&self.folder);
        let task_name = name.clone();
        match tokio::task::spawn_blocking(move || work(&folder, &task_name)).await {
            Ok(done) => done,
            Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
            Err(stopped) => Err(Error::new(Cause::Other, operation, name, stopped.to_string())),
        }
    }
}

#[async_trait]
impl Store for Local {
    fn location(&self) -> &str {
        &self.location
    }

    async fn list(&self, prefix: &str, depth: Depth, next: Option<&str>) -> Result<Page, Error> {
        self.counter.list();
        let (prefix, next) = (prefix.to_owned(), next.map(str::to_owned));
        self.blocking("list", self.name(&prefix), move |folder, name| {
            folder.page(&prefix, depth, next.as_deref(), name)
        })
        .await
    }

    async fn get(&self, key: &str) -> Result<Fetched, Error> {
        self.counter.get();
        let key = key.to_owned();
        self.blocking("get", self.name(&key), move |folder, name| folder.open(&key, name)).await
    }

    async fn put(
        &self,
        key: &str,
        payload: &Payload,
        condition: Condition<'_>,
    ) -> Result<String, Error> {
        self.counter.put();
        let (key, payload) = (key.to_owned(), payload.clone());
        let expected = match condition {
            Condition::Absent => None,
            Condition::Matches(tag) => Some(tag.to_owned()),
        };
        self.blocking("put", self.name(&key), move |folder, name| {
            let path = folder.path(&key, "put", name)?;
            let Some(writer) = &folder.writer else {
                return Err(Error::new(Cause::Other, "put", name, "a source is only read"));
            };
            writer.put(&folder.root, &path, &payload, expected.as_deref(), name)
        })
        .await
    }

    fn requests(&self) -> Requests {
        self.counter.read()
    }
}

impl Folder {
    fn open(&self, key: &str, name: &str) -> Result<Fetched, Error> {
        let path = self.path(key, "get", name)?;
        let missing = |told: &str| Error::new(Cause::NotFound, "get", name, told);
        let opened = File::open(path).and_then(|file| file.metadata().map(|meta| (file, meta)));
        match opened {
            Ok((file, meta)) if meta.is_file() => {
                Ok(Fetched { size: meta.len(), tag: tag(&meta), body: Body::File(file) })
            }
            Ok(_) => Err(missing("not a file")),
            // A file where the key has a folder: nothing can be below it.
            Err(error) if error.kind() == ErrorKind::NotADirectory => Err(missing("no such file")),
            Err(error) => Err(Error::io("get", name, error)),
        }
    }

    /// The path of a key, which never leaves the root by itself (links may).
    fn path(&self, key: &str, operation: &'static str, name: &str) -> Result<PathBuf, Error> {
        let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
        if !key.split('/').all(is_plain) {
            return Err(Error::new(Cause::Other, operation, name, "the key cannot be a file name"));
        }
        if self.hides(key) {
            return Err(Error::new(Cause::Other, operation, name, "the key is reserved"));
        }
        Ok(self.root.join(key))
    }

    fn hides(&self, key: &str) -> bool {
        self.writer.is_some()
            && (key.starts_with(WORKSHOP) || WORKSHOP.trim_end_matches('/') == key)
    }
}

/// The tag of a file: device, inode, time and size. A put of ours gives every file another time,
/// so that an inode used again is not taken for the file that had it before.
fn tag(meta: &Metadata) -> String {
    let (seconds, nanoseconds) = (meta.mtime(), meta.mtime_nsec());
    format!("{:x}-{:x}-{seconds}.{nanoseconds:09}-{}", meta.dev(), meta.ino(), meta.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_below_the_root() {
        let folder =
            Folder { root: PathBuf::from("/data"), writer: Some(write::Writer::default()) };
        let path = |key| folder.path(key, "get", key).map_err(|error| error.told);
        assert_eq!(path("a/b"), Ok(PathBuf::from("/data/a/b")));
        for key in ["", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a\0b"] {
            assert_eq!(path(key), Err("the key cannot be a file name".to_owned()), "{key:?}");
        }
        assert_eq!(path("_ledger/tmp/lock"), Err("the key is reserved".to_owned()));
        assert_eq!(path("_ledger/tmp"), Err("the key is reserved".to_owned()));
    }

    #[test]
    fn a_location_has_no_trailing_slash() {
        assert_eq!(
            Local::target(Path::new("/no/such//place/")).unwrap().location(),
            "/no/such/place"
        );
        assert_eq!(Local::target(Path::new("/")).unwrap().location(), "/");
        assert_eq!(Local::target(Path::new("/")).unwrap().name("a"), "/a");
    }
}
