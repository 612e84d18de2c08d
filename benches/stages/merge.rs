//! Rows to a file: the first time, and on top of one that holds as many others.

use std::collections::BTreeMap;

use crate::support::{logs, text_bytes};
use bytes::Bytes;
use divan::Bencher;
use divan::counter::ItemsCount;
use trailquet::extract::{Piece, Rules, extract};
use trailquet::table::merge::merge_metrics;
use trailquet::table::metrics::Rows;
use trailquet::table::parquet::{Existing, Source};
use trailquet::table::partition::Buckets;
use trailquet::table::schema::METRICS;
use trailquet::trail::decode::Decoder;

/// The rows of the largest part of a dense trail, in two halves.
fn halves() -> (Vec<Rows>, Vec<Rows>) {
    let rules = Rules { text_bytes_max: 1 << 30, multi_member: false, buckets: Buckets::ONE };
    let mut parts: BTreeMap<_, Vec<Rows>> = BTreeMap::new();
    let logs = logs("dense");
    assert!(text_bytes(&logs) > 0);
    for log in logs {
        let emit = |pieces: Vec<(_, Piece)>| {
            for (part, piece) in pieces {
                if let Piece::Metrics(rows, _) = piece {
                    parts.entry(part).or_default().push(rows);
                }
            }
        };
        extract(&mut Decoder::default(), &log.bytes, &log.name, rules, emit).expect("good");
    }
    let mut largest = parts.into_values().max_by_key(|rows| points(rows)).expect("some rows");
    let half = largest.split_off(largest.len() / 2);
    (largest, half)
}

fn points(rows: &[Rows]) -> u64 {
    rows.iter().map(Rows::points).sum()
}

fn merge(old: Option<&Existing>, rows: &[Rows]) -> Vec<u8> {
    let (_, file) = merge_metrics(old, rows, Vec::new).expect("rows of ours");
    file.expect("rows that were not there")
}

#[divan::bench]
fn first_file(bencher: Bencher<'_, '_>) {
    let (rows, _) = halves();
    bencher.counter(ItemsCount::new(points(&rows))).bench_local(|| merge(None, &rows));
}

#[divan::bench]
fn on_top(bencher: Bencher<'_, '_>) {
    let (first, second) = halves();
    let file = Source::Bytes(Bytes::from(merge(None, &first)));
    let old = Existing::open(&METRICS, file).expect("a file of ours");
    let rows = points(&first) + points(&second);
    bencher.counter(ItemsCount::new(rows)).bench_local(|| merge(Some(&old), &second));
}
