//! A trail and a target in one temporary folder, for tests that run the program several times.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use trailquet::sample::{Spec, Written, write};
use trailquet::store::local::Local;

use super::inside::{Files, tables_in};
use super::run::{Ran, contents, export, run};

/// Polls of one thing before it is given up; a pause of a millisecond lies between two.
const POLLS_MAX: usize = 120_000;

/// See the module's page.
pub(crate) struct Place {
    folder: TempDir,
    pub(crate) trail: PathBuf,
    pub(crate) target: PathBuf,
    pub(crate) written: Written,
}

impl Place {
    /// With a sample trail.
    pub(crate) fn new(spec: &Spec) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (trail, target) = (folder.path().join("trail"), folder.path().join("tables"));
        let written = write(spec, &trail).unwrap();
        Self { folder, trail, target, written }
    }

    /// A path beside the trail.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Exports go elsewhere from now on.
    pub(crate) fn retarget(&mut self, name: &str) {
        self.target = self.beside(name);
    }

    /// An export that is not yet started.
    pub(crate) fn command(&self, more: &[&str]) -> Command {
        export(self.trail.to_str().unwrap(), self.target.to_str().unwrap(), more)
    }

    /// An export to its end; the summary's sums hold.
    pub(crate) fn export(&self, more: &[&str]) -> Ran {
        run(&mut self.command(more)).reconciled()
    }

    /// The tables that an undisturbed run gives, into a target of its own.
    pub(crate) async fn undisturbed(&self) -> Files {
        let target = self.beside("undisturbed");
        let mut command = export(self.trail.to_str().unwrap(), target.to_str().unwrap(), &[]);
        run(&mut command).reconciled();
        tables_in(&Local::target(&target).unwrap()).await
    }

    /// The target's tables.
    pub(crate) async fn tables(&self) -> Files {
        tables_in(&Local::target(&self.target).unwrap()).await
    }

    /// All of the target's files, the ledger's too.
    pub(crate) async fn files(&self) -> Files {
        contents(&Local::target(&self.target).unwrap(), "").await
    }

    /// Starts an export, and waits until so many Parquet files are there; none where it ended
    /// before that.
    pub(crate) fn export_until(&self, files: usize, more: &[&str]) -> Option<Child> {
        let mut command = self.command(more);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        for _ in 0..POLLS_MAX {
            if child.try_wait().unwrap().is_some() {
                return None;
            }
            if parquet_files(&self.target) >= files {
                return Some(child);
            }
            // A pause between two polls, not a guess at how long it takes.
            thread::park_timeout(Duration::from_millis(1));
        }
        panic!("an export neither ends nor writes {files} files");
    }

    /// Holds the lock under which every put to the target ends: none does until this is dropped.
    pub(crate) fn freeze(&self) -> File {
        let lock = File::open(self.target.join("_ledger/tmp/lock")).unwrap();
        lock.lock().unwrap();
        lock
    }
}

fn parquet_files(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let count = |path: PathBuf| match path.is_dir() {
        true => parquet_files(&path),
        false => usize::from(path.extension().is_some_and(|end| end == "parquet")),
    };
    entries.map(|entry| count(entry.unwrap().path())).sum()
}
