//! From a spec to files.
//!
//! Owns the threads, the compression and the disk. Takes a spec and a folder, gives the sums;
//! does not know what an object says. Each worker takes the next object, whichever that is: an
//! object depends on nothing but the spec and its number.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::object::Writer;
use super::spec::Spec;
use super::written::Written;

/// Writes a trail below the folder `out`, which is made if there is none; files of the same names
/// are overwritten. Two cores write some 200 MB of JSON a second, most of which is compression;
/// each takes a few times the largest object's JSON in memory.
///
/// # Errors
///
/// `InvalidInput` where the spec is impossible, else what the file system says; the trail is then
/// incomplete.
pub fn write(spec: &Spec, out: &Path) -> io::Result<Written> {
    if let Some(fault) = spec.fault() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, fault));
    }
    fs::create_dir_all(out)?;
    let workers = thread::available_parallelism()?.get();
    let next = AtomicU64::new(0);
    let work = || {
        let worked = work(spec, out, &next);
        if worked.is_err() {
            next.store(spec.objects, Ordering::Relaxed);
        }
        worked
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let mut written = Written::default();
        for worker in workers {
            written.add(&worker.join().expect("a worker returns its errors")?);
        }
        Ok(written)
    })
}

fn work(spec: &Spec, out: &Path, next: &AtomicU64) -> io::Result<Written> {
    let mut writer = Writer::new(spec);
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        if index >= spec.objects {
            return Ok(writer.written);
        }
        for (path, bytes) in writer.object(index) {
            let path = out.join(path);
            fs::create_dir_all(path.parent().unwrap_or(out))?;
            fs::write(path, bytes)?;
        }
    }
}
