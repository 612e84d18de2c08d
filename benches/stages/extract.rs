//! One object's bytes to compact rows: decode, scan, read and build.

use crate::support::{SHAPES, logs, text_bytes};
use divan::Bencher;
use divan::counter::BytesCount;
use trailquet::extract::{Rules, extract};
use trailquet::table::partition::Buckets;
use trailquet::trail::decode::Decoder;

#[divan::bench(args = SHAPES)]
fn extract_rows(bencher: Bencher<'_, '_>, shape: &str) {
    let logs = logs(shape);
    let rules = Rules { text_bytes_max: 1 << 30, multi_member: false, buckets: Buckets::ONE };
    let mut decoder = Decoder::default();
    bencher.counter(BytesCount::new(text_bytes(&logs))).bench_local(|| {
        for log in &logs {
            let pieces = |pieces| drop(divan::black_box(pieces));
            let read = extract(&mut decoder, &log.bytes, &log.name, rules, pieces);
            divan::black_box(read.expect("a good object"));
        }
    });
}
