//! The program itself: run it, read its summary, look at the files it left.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use trailquet::store::Condition;
use trailquet::store::local::Local;
use trailquet::store::{Depth, Store};
use trailquet::store::{Payload, s3::S3};

use super::servers::{ADMIN, BUCKET, Server};

/// The program, not yet started.
pub(crate) fn trailquet(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailquet"));
    command.args(args);
    command
}

/// An export, with its summary on stdout.
pub(crate) fn export(source: &str, target: &str, more: &[&str]) -> Command {
    let mut command = trailquet(&["export", "--source", source, "--target", target, "--json"]);
    command.args(more);
    command
}

/// How a run ended.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stderr: String,
    pub(crate) summary: Value,
}

/// Runs to the end.
pub(crate) fn run(command: &mut Command) -> Ran {
    Ran::of(command.output().unwrap())
}

impl Ran {
    /// What a program left behind; its summary, where it printed one.
    pub(crate) fn of(Output { status, stdout, stderr }: Output) -> Self {
        let stdout = String::from_utf8(stdout).unwrap();
        let summary = serde_json::from_str(stdout.lines().last().unwrap_or("null")).unwrap();
        Self { code: status.code(), stderr: String::from_utf8(stderr).unwrap(), summary }
    }

    /// A number of the summary, as in `objects.read`.
    pub(crate) fn number(&self, path: &str) -> u64 {
        let found = path.split('.').fold(&self.summary, |value, name| &value[name]);
        found.as_u64().unwrap_or_else(|| panic!("no {path} in {}", self.summary))
    }

    /// Panics unless the summary's numbers add up.
    pub(crate) fn reconciled(self) -> Self {
        let sum = |names: &[&str]| names.iter().map(|name| self.number(name)).sum::<u64>();
        let objects = ["read", "skipped", "failed", "unavailable", "pending"];
        let objects = objects.map(|name| format!("objects.{name}"));
        let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
        let points = ["rows.metrics", "rows.duplicates", "points.rejected"];
        assert_eq!(self.number("objects.listed"), sum(&objects), "{}", self.summary);
        assert_eq!(self.number("points.seen"), sum(&points), "{}", self.summary);
        self
    }

    /// Panics unless the run ended with this code.
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        self
    }
}

/// Lets an S3 store of the program reach a server as one identity.
pub(crate) fn on_server(command: &mut Command, server: &Server, (key, secret): (&str, &str)) {
    command.args(["--endpoint-url", &server.url]);
    command.envs([("AWS_ACCESS_KEY_ID", key), ("AWS_SECRET_ACCESS_KEY", secret)]);
    command.envs([("AWS_REGION", "us-east-1"), ("AWS_EC2_METADATA_DISABLED", "true")]);
}

/// `s3://BUCKET/prefix`.
pub(crate) fn bucket_uri(prefix: &str) -> String {
    format!("s3://{BUCKET}/{prefix}")
}

/// Every object below a folder of a store, by key. `_ledger/tmp/` is nobody's content.
pub(crate) async fn contents(store: &dyn Store, prefix: &str) -> BTreeMap<String, Vec<u8>> {
    let (mut contents, mut next) = (BTreeMap::new(), None);
    loop {
        let page = store.list(prefix, Depth::Tree, next.as_deref()).await.unwrap();
        for object in page.objects {
            let bytes = store.get(&object.key).await.unwrap().bytes(&object.key).await.unwrap();
            contents.insert(object.key, bytes.to_vec());
        }
        next = page.next;
        if next.is_none() {
            return contents;
        }
    }
}

/// The files of the tables in a local target.
pub(crate) async fn tables(target: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = contents(&Local::target(target).unwrap(), "").await;
    files.retain(|key, _| key.ends_with(".parquet"));
    files
}

/// Uploads a folder to a prefix of the servers' bucket.
pub(crate) async fn upload(folder: &Path, server: &Server, prefix: &str) -> S3 {
    let store = server.store(ADMIN, prefix);
    for (key, bytes) in contents(&Local::source(folder).unwrap(), "").await {
        store.put(&key, &Payload::Bytes(bytes.into()), Condition::Absent).await.unwrap();
    }
    store
}
