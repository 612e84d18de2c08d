//! Puts a file below a local target: whole or not at all, under a comparison, and durable when it
//! returns. Owns the slots, the lock and the knowledge of which folders are on disk; takes a path
//! and a payload, gives the new file's tag. Nothing is ever deleted.
//!
//! A writer owns one of [`SLOTS`] temporary files by a kernel lock from its first byte to the
//! rename that makes the file the object. The lock goes with the process, so that a dead run's
//! slot is simply taken and truncated. A second lock is held over comparison and rename. Both work
//! between threads and between processes.

use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Result as IoResult, Write as _};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::{WORKSHOP, tag};
use crate::store::{Cause, Error, Payload};

/// Files that may be written at the same time below one target, by all its runs together.
const SLOTS: usize = 8;
/// Folders remembered as durable before we start to remember afresh.
const SETTLED_MAX: usize = 10_000;

/// The writing half of a target.
#[derive(Debug, Default)]
pub(super) struct Writer {
    /// Folders of which the entries, from themselves up to the file system's root, are on disk.
    settled: Mutex<HashSet<PathBuf>>,
    /// Spreads those that have to wait over the slots.
    turn: AtomicUsize,
}

/// A temporary file that is ours until it is dropped.
struct Slot {
    file: File,
    path: PathBuf,
}

impl Writer {
    /// Puts `payload` at `path` where the file there still has the tag `expected`, or, without
    /// one, where there is none. `name` is the object as people know it.
    pub(super) fn put(
        &self,
        root: &Path,
        path: &Path,
        payload: &Payload,
        expected: Option<&str>,
        name: &str,
    ) -> Result<String, Error> {
        let failed = |error| failure(name, error);
        let workshop = root.join(WORKSHOP);
        std::fs::create_dir_all(&workshop).map_err(failed)?;
        let mut slot = self.slot(&workshop).map_err(failed)?;
        if let Err(error) = fill(&mut slot.file, payload, name) {
            // Gives back the room; if that fails too, the next writer truncates the slot.
            let _ = slot.file.set_len(0);
            return Err(error);
        }
        let lock = open(&workshop.join("lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        compare(path, expected, name)?;
        let folder = path.parent().expect("a key is below the root");
        self.settle(root, folder).map_err(failed)?;
        stamp(&slot.file, &lock).map_err(failed)?;
        let tag = tag(&slot.file.metadata().map_err(failed)?);
        std::fs::rename(&slot.path, path).map_err(failed)?;
        sync(folder).map_err(|error| {
            let told =
                format!("it was renamed into place, but then: {}", failure(name, error).told);
            Error::new(Cause::Unknown, "put", name, told)
        })?;
        Ok(tag)
    }

    /// A slot of our own: a free one, else the first that becomes free.
    fn slot(&self, workshop: &Path) -> IoResult<Slot> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        loop {
            let (mut busy, mut refused) = (None, None);
            for number in 0..SLOTS {
                let path = workshop.join(format!("slot-{}", turn.wrapping_add(number) % SLOTS));
                let file = match open(&path) {
                    Ok(file) => file,
                    // Left by another user: one of the others may be ours.
                    Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                        refused = Some(error);
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                let slot = Slot { file, path };
                match slot.file.try_lock() {
                    Ok(()) if slot.is_in_place()? => return Ok(slot),
                    Ok(()) => {}
                    Err(TryLockError::WouldBlock) => busy = busy.or(Some(slot)),
                    Err(TryLockError::Error(error)) => return Err(error),
                }
            }
            match (busy, refused) {
                (Some(slot), _) => {
                    slot.file.lock()?;
                    if slot.is_in_place()? {
                        return Ok(slot);
                    }
                }
                (None, Some(error)) => return Err(error),
                // All were renamed into place between our open and our lock.
                (None, None) => {}
            }
        }
    }

    /// Creates a folder where it is missing, and makes sure that its entry and those above it are
    /// on disk: even where it was there already, since whoever created it may have been killed, or
    /// be about to sync it.
    fn settle(&self, root: &Path, folder: &Path) -> IoResult<()> {
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        if settled.contains(folder) {
            return Ok(());
        }
        std::fs::create_dir_all(folder)?;
        let mut fresh = Vec::new();
        for child in folder.ancestors().take_while(|child| !settled.contains(*child)) {
            let Some(parent) = child.parent() else { break };
            match sync(parent) {
                // Above the root, what we may not open or write was there before us.
                Err(error) if !parent.starts_with(root) && is_foreign(error.kind()) => {}
                done => done?,
            }
            fresh.push(child.to_path_buf());
        }
        if settled.len() + fresh.len() > SETTLED_MAX {
            settled.clear();
        } else {
            settled.extend(fresh);
        }
        Ok(())
    }
}

impl Slot {
    /// True where the path still names the file that we locked: whoever had the lock before us may
    /// have renamed it away, and it is an object now.
    fn is_in_place(&self) -> IoResult<bool> {
        let ours = self.file.metadata()?;
        match std::fs::metadata(&self.path) {
            Ok(named) => Ok((named.dev(), named.ino()) == (ours.dev(), ours.ino())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Opens for writing, creates where missing, and leaves the content alone until it is locked.
fn open(path: &Path) -> IoResult<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// Writes the payload and waits until it is on disk.
fn fill(file: &mut File, payload: &Payload, name: &str) -> Result<(), Error> {
    let failed = |error| failure(name, error);
    file.set_len(0).map_err(failed)?;
    match payload {
        Payload::Bytes(bytes) => file.write_all(bytes).map_err(failed)?,
        Payload::File(path, len) => {
            let mut source = File::open(path).map_err(|error| {
                let told = format!("{}: {}", path.display(), failure(name, error).told);
                Error::new(Cause::Other, "put", name, told)
            })?;
            let copied = std::io::copy(&mut source, file).map_err(failed)?;
            if copied != *len {
                let told = format!("{} has {copied} bytes instead of {len}", path.display());
                return Err(Error::new(Cause::Other, "put", name, told));
            }
        }
    }
    file.sync_all().map_err(failed)
}

/// The condition, under the lock.
fn compare(path: &Path, expected: Option<&str>, name: &str) -> Result<(), Error> {
    let found = match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => {
            return Err(Error::new(Cause::Other, "put", name, "a folder is in its place"));
        }
        Ok(meta) => Some(tag(&meta)),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(failure(name, error)),
    };
    let told = match (expected, found) {
        (None, None) => return Ok(()),
        (Some(expected), Some(found)) if expected == found => return Ok(()),
        (None, Some(_)) => "it is already there",
        (Some(_), Some(_)) => "it has changed since it was read",
        (Some(_), None) => "it is not there any more",
    };
    Err(Error::new(Cause::Conflict, "put", name, told))
}

/// Gives the file a time later than that of every file put here before: the kernel's clock ticks
/// slowly, and a replaced file's inode is soon used again, so that two contents of one length could
/// otherwise have one tag. The last time stands in the lock file, which is locked now.
fn stamp(file: &File, lock: &File) -> IoResult<()> {
    let mut text = [0; 20];
    let len = lock.read_at(&mut text, 0)?;
    let last = std::str::from_utf8(&text[..len]).ok().and_then(|text| text.trim().parse().ok());
    let last: u64 = last.unwrap_or(0);
    let mut own = nanoseconds(file)?;
    // Some file systems keep whole microseconds, or seconds, or every other second.
    for step in [1, 1_000, 1_000_000, 1_000_000_000, 2_000_000_000] {
        if own > last {
            break;
        }
        let later = SystemTime::UNIX_EPOCH + Duration::from_nanos(last.saturating_add(step));
        file.set_modified(later).map_err(|error| match error.kind() {
            // Another user's slot takes only the kernel's time, which will have ticked by then.
            ErrorKind::PermissionDenied => ErrorKind::Interrupted.into(),
            _ => error,
        })?;
        own = nanoseconds(file)?;
    }
    lock.write_all_at(format!("{own:020}").as_bytes(), 0)
}

fn nanoseconds(file: &File) -> IoResult<u64> {
    let meta = file.metadata()?;
    let seconds = u64::try_from(meta.mtime()).unwrap_or(0);
    Ok(seconds * 1_000_000_000 + u64::try_from(meta.mtime_nsec()).unwrap_or(0))
}

/// Waits until a folder's entries are on disk. A file system that cannot say so is believed.
fn sync(folder: &Path) -> IoResult<()> {
    match File::open(folder)?.sync_all() {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            Ok(())
        }
        done => done,
    }
}

fn is_foreign(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

fn failure(name: &str, error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::Unsupported => {
            let told = "the file system has no file locks, which a target needs";
            Error::new(Cause::Other, "put", name, told)
        }
        ErrorKind::NotADirectory => {
            let told = "a file is where a folder should be";
            Error::new(Cause::NoContainer, "put", name, told)
        }
        // Not the object, whose absence is a condition, but something on the way to it.
        ErrorKind::NotFound => Error::new(Cause::Other, "put", name, "the folder has gone"),
        _ => Error::io("put", name, error),
    }
}
