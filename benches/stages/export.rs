//! End to end: a folder of log objects to tables in memory. No network, no disk but the source's.

use std::sync::Arc;

use crate::support::{SHAPES, logs, spec, text_bytes};
use divan::Bencher;
use divan::counter::BytesCount;
use trailquet::pipeline::{End, Options, export};
use trailquet::sample::write;
use trailquet::store::local::Local;
use trailquet::store::object::Objects;

#[divan::bench(args = SHAPES, sample_count = 20)]
fn export_to_memory(bencher: Bencher<'_, '_>, shape: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(&spec(shape), folder.path()).expect("a sample can be written");
    let bytes = text_bytes(&logs(shape));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let source = Arc::new(Local::source(folder.path()).expect("a folder"));
        let target = Arc::new(Objects::memory());
        let options = Options::new(source, target, chrono::DateTime::UNIX_EPOCH);
        let outcome = runtime.block_on(export(options, std::future::pending(), &mut |_| ()));
        assert!(matches!(outcome.end, End::Done), "{outcome:?}");
        outcome.summary
    });
}
