//! End to end: a folder of log objects to tables in memory. No network, no disk but the source's.

use std::sync::Arc;

use crate::support::{SHAPES, logs, spec, text_bytes};
use divan::Bencher;
use divan::counter::BytesCount;
use trailquet::pipeline::{End, Layout, Options, export};
use trailquet::sample::write;
use trailquet::source::Wanted;
use trailquet::store::local::Local;
use trailquet::store::object::Objects;
use trailquet::trail::window::{FIRST_DAY, LAST_DAY};

#[divan::bench(args = SHAPES, sample_count = 20)]
fn export_to_memory(bencher: Bencher<'_, '_>, shape: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(&spec(shape), folder.path()).expect("a sample can be written");
    let bytes = text_bytes(&logs(shape));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let options = Options {
            source: Arc::new(Local::source(folder.path()).expect("a folder")),
            target: Arc::new(Objects::memory()),
            layout: Layout::Tree,
            window: (FIRST_DAY, LAST_DAY),
            wanted: Wanted::default(),
            lookback_days: 3,
            relist: false,
            retry_failed: false,
            multi_member: false,
            memory_limit: 512 << 20,
            temp_dir: std::env::temp_dir(),
            requests_in_flight: 128,
            buckets: None,
            now: chrono::DateTime::UNIX_EPOCH,
        };
        let outcome = runtime.block_on(export(options, std::future::pending(), &mut |_| ()));
        assert!(matches!(outcome.end, End::Done), "{outcome:?}");
        outcome.summary
    });
}
