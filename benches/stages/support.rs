//! What the benches share: log objects of a sample, by name.

use std::path::Path;

use trailquet::sample::{Spec, write};
use trailquet::trail::decode::Decoder;
use trailquet::trail::key::LogName;

/// A log object: its name, its bytes, its text.
pub(crate) struct Log {
    pub(crate) name: LogName,
    pub(crate) bytes: Vec<u8>,
    pub(crate) text: Vec<u8>,
}

/// The shapes that every stage is measured on.
pub(crate) const SHAPES: [&str; 3] = ["dense", "sparse", "tiny"];

/// A small trail of one shape.
pub(crate) fn spec(shape: &str) -> Spec {
    match shape {
        "dense" => Spec::dense(0.01),
        "sparse" => Spec::sparse(0.005),
        _ => Spec::tiny(0.01),
    }
}

/// The log objects of a small trail.
pub(crate) fn logs(shape: &str) -> Vec<Log> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(&spec(shape), folder.path()).expect("a sample can be written");
    let mut logs = Vec::new();
    collect(folder.path(), &mut logs);
    logs
}

fn collect(folder: &Path, logs: &mut Vec<Log>) {
    for entry in std::fs::read_dir(folder).expect("a folder of ours") {
        let path = entry.expect("an entry of ours").path();
        if path.is_dir() {
            collect(&path, logs);
            continue;
        }
        let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Ok(name) = file.parse() else { continue };
        let bytes = std::fs::read(&path).expect("a file of ours");
        let mut decoder = Decoder::default();
        let text = decoder.decode(&bytes, 1 << 30, false).expect("a good object").to_vec();
        logs.push(Log { name, bytes, text });
    }
}

/// Bytes of text, for throughput.
pub(crate) fn text_bytes(logs: &[Log]) -> u64 {
    logs.iter().map(|log| log.text.len() as u64).sum()
}
