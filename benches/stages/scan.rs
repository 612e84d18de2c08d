//! Text to the records that are ours.

use crate::support::{SHAPES, logs, text_bytes};
use divan::Bencher;
use divan::counter::BytesCount;
use trailquet::trail::record;
use trailquet::trail::scan::scan;

#[divan::bench(args = SHAPES)]
fn find(bencher: Bencher<'_, '_>, shape: &str) {
    let logs = logs(shape);
    assert!(!logs[0].bytes.is_empty());
    bencher.counter(BytesCount::new(text_bytes(&logs))).bench_local(|| {
        for log in &logs {
            divan::black_box(scan(&log.text).expect("a log text"));
        }
    });
}

#[divan::bench(args = SHAPES)]
fn find_and_read(bencher: Bencher<'_, '_>, shape: &str) {
    let logs = logs(shape);
    bencher.counter(BytesCount::new(text_bytes(&logs))).bench_local(|| {
        for log in &logs {
            for found in scan(&log.text).expect("a log text") {
                drop(divan::black_box(record::read(found.raw, &log.name)));
            }
        }
    });
}
