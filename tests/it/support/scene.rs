//! A folder to type commands in, with a small trail, and what is printed there made the same every
//! time.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use trailquet::sample::{Spec, write};

use super::run::trailquet;

/// The program in an environment without anything of its own, as wide as help may be.
pub(crate) fn program(args: &[&str]) -> Command {
    let mut command = trailquet(args);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRAILQUET_") {
            command.env_remove(name);
        }
    }
    command.env("COLUMNS", "100").stdin(Stdio::null());
    command
}

/// What was printed.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A small trail without anything odd, in a folder of its own.
pub(crate) struct Scene {
    pub(crate) folder: TempDir,
}

impl Scene {
    /// Writes the trail.
    pub(crate) fn new() -> Self {
        let scene = Self { folder: tempfile::tempdir().unwrap() };
        let one = |name: &str| vec![name.to_owned()];
        let spec = Spec {
            accounts: one("012345678901"),
            regions: one("eu-west-1"),
            objects: 3,
            days: 1,
            one_in: 1,
            ..Spec::demo()
        };
        write(&spec, &scene.path("trail")).unwrap();
        scene
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a line of words in the folder, where `trail` and `tables` are names.
    pub(crate) fn run(&self, line: &str) -> Output {
        let words: Vec<&str> = line.split(' ').collect();
        program(&words).current_dir(self.folder.path()).output().unwrap()
    }

    /// A text without the folder's name and without times.
    pub(crate) fn redacted(&self, text: &str) -> String {
        let real = std::fs::canonicalize(self.folder.path()).unwrap();
        let text = text.replace(real.to_str().unwrap(), "[folder]");
        let line = |line: &str| match line.strip_suffix(" s") {
            Some(rest) => format!(
                "{}[time] s\n",
                rest.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')
            ),
            None => format!("{line}\n"),
        };
        text.lines().map(line).collect()
    }

    /// All files below a folder, with their times and sizes.
    pub(crate) fn state(&self, name: &str) -> BTreeSet<String> {
        let (mut state, mut folders) = (BTreeSet::new(), vec![self.path(name)]);
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            for path in entries.map(|entry| entry.unwrap().path()) {
                // A failed first put leaves its workshop behind.
                if path.is_dir() && !path.ends_with("_ledger/tmp") {
                    folders.push(path);
                } else if path.is_file() {
                    let meta = path.metadata().unwrap();
                    state.insert(format!(
                        "{} {:?} {}",
                        path.display(),
                        meta.modified().unwrap(),
                        meta.len()
                    ));
                }
            }
        }
        state
    }

    /// The first file below a folder.
    pub(crate) fn only_file(&self, name: &str) -> PathBuf {
        let (mut folder, mut files) = (self.path(name), Vec::new());
        while files.is_empty() {
            let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
            let (below, here): (Vec<PathBuf>, Vec<PathBuf>) =
                entries.partition(|path| path.is_dir());
            files = here;
            folder = below.into_iter().next().unwrap_or(folder);
        }
        files.remove(0)
    }
}
