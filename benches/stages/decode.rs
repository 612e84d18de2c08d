//! Gunzip alone, the buffer reused: the floor under everything else.

use crate::support::{SHAPES, logs, text_bytes};
use divan::Bencher;
use divan::counter::BytesCount;
use trailquet::trail::decode::Decoder;

#[divan::bench(args = SHAPES)]
fn decode(bencher: Bencher<'_, '_>, shape: &str) {
    let logs = logs(shape);
    assert!(logs.iter().all(|log| log.name.day().date.to_string().starts_with("20")));
    let mut decoder = Decoder::default();
    bencher.counter(BytesCount::new(text_bytes(&logs))).bench_local(|| {
        for log in &logs {
            divan::black_box(decoder.decode(&log.bytes, 1 << 30, false).expect("a good object"));
        }
    });
}
