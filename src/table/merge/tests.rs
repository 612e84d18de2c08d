//! The laws of the merge, over rows from a small space where everything collides.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;

use super::super::metrics::Builder;
use super::super::parquet::Source;
use super::*;
use crate::trail::record::{Call, Point, Reason, Record};

/// One version of one event in a form that proptest can shrink.
#[derive(Debug, Clone, PartialEq)]
struct Version {
    event: u8,
    correction: Option<u8>,
    time: i64,
    source: u8,
    values: Vec<f64>,
}

fn version() -> impl Strategy<Value = Version> {
    let value = prop_oneof![Just(0.5), Just(-0.0), Just(0.0), Just(f64::NAN)];
    let values = proptest::collection::vec(value, 1..4);
    (0..4_u8, proptest::option::of(0..2_u8), 0..2_i64, 0..3_u8, values).prop_map(
        |(event, correction, time, source, values)| Version {
            event,
            correction,
            time,
            source,
            values,
        },
    )
}

fn rows(versions: &[Version]) -> Vec<metrics::Rows> {
    let mut builders: BTreeMap<u8, Builder> = BTreeMap::new();
    for version in versions {
        let source = Arc::from(format!("object-{}", version.source));
        let builder = builders.entry(version.source).or_insert_with(|| Builder::new(source));
        builder.push(&record(version));
    }
    builders.into_values().map(Builder::close).collect()
}

fn record(version: &Version) -> Record<'static> {
    let point = |(at, &value): (usize, &f64)| Point {
        metric_index: at as i32,
        metric_name: ["loss", "accuracy"][at % 2].into(),
        step: (at > 0).then_some(at as i64),
        value,
        metric_time: 1_700_000_000_000 - at as i64,
        accepted: true,
        error_code: None,
        error_message: None,
    };
    Record {
        call: Call {
            account: "1".into(),
            region: "r".into(),
            event_time: 1_700_000_000_000 + version.time,
            event_id: format!("event-{}", version.event).into(),
            correction_id: version.correction.map(|id| format!("correction-{id}").into()),
            trial_component_name: format!("run-{}", version.event % 2).into(),
            request_id: None,
            trial_component_arn: None,
            resource_type: None,
            resource_account_id: None,
            principal_arn: Some("someone".into()),
            principal_type: None,
            principal_account_id: None,
            source_ip: None,
            user_agent: None,
            vpc_endpoint_id: None,
            event_version: None,
        },
        points: version.values.iter().enumerate().map(point).collect(),
        bad_points: Vec::new(),
        own_event_id: "own".into(),
    }
}

fn existing(table: &'static Table, file: &[u8]) -> Option<Existing> {
    let source = Source::Bytes(Bytes::copy_from_slice(file));
    (!file.is_empty()).then(|| Existing::open(table, source).unwrap())
}

fn join(file: &[u8], versions: &[Version]) -> (Vec<u8>, Counts) {
    let old = existing(&METRICS, file);
    let (counts, new) = merge_metrics(old.as_ref(), &rows(versions), Vec::new).unwrap();
    assert_eq!(new.is_none(), counts.added == 0);
    (new.unwrap_or(file.to_vec()), counts)
}

fn row_count(file: &[u8]) -> u64 {
    let Some(existing) = existing(&METRICS, file) else { return 0 };
    existing.rows().unwrap().map(|batch| batch.unwrap().num_rows() as u64).sum()
}

/// The slow, obviously right way to choose versions.
fn winners(versions: &[Version]) -> BTreeMap<u8, Version> {
    let content = |version: &Version| {
        let key = |value: &f64| {
            let bits = value.to_bits() as i64;
            bits ^ (((bits >> 63) as u64) >> 1) as i64
        };
        version.values.iter().map(key).collect::<Vec<_>>()
    };
    let order = |version: &Version| {
        let rank = (version.correction.is_some(), version.time, version.correction);
        (rank, std::cmp::Reverse((version.source, content(version))))
    };
    let mut best: BTreeMap<u8, Version> = BTreeMap::new();
    for version in versions {
        let is_better = best.get(&version.event).is_none_or(|best| order(version) > order(best));
        if is_better {
            best.insert(version.event, version.clone());
        }
    }
    best
}

proptest! {
    #[test]
    fn any_split_in_any_order_any_number_of_times_gives_the_same_bytes(
        versions in proptest::collection::vec(version(), 1..12),
        cuts in proptest::collection::vec(0..12_usize, 0..4),
        order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle(),
        again in proptest::collection::vec(0..12_usize, 0..6),
    ) {
        let (whole, counts) = join(&[], &versions);
        let expected: u64 = winners(&versions).values().map(|version| version.values.len() as u64).sum();
        prop_assert_eq!(row_count(&whole), expected);
        prop_assert_eq!(counts.added, expected);

        let shuffled: Vec<Version> = order.iter().filter_map(|&at| versions.get(at).cloned()).collect();
        let mut file = Vec::new();
        let mut from = 0;
        let mut cuts: Vec<usize> = cuts.iter().map(|&cut| cut.min(versions.len())).collect();
        cuts.push(versions.len());
        cuts.sort_unstable();
        for cut in cuts {
            let before = row_count(&file);
            let (next, counts) = join(&file, &shuffled[from..cut]);
            prop_assert_eq!(row_count(&next) + counts.replaced, before + counts.added);
            let seen: u64 = shuffled[from..cut].iter().map(|version| version.values.len() as u64).sum();
            prop_assert_eq!(counts.added + counts.duplicates, seen);
            file = next;
            from = cut;
        }
        prop_assert!(file == whole, "another order gave other bytes");
        let repeated: Vec<Version> = again.iter().filter_map(|&at| versions.get(at).cloned()).collect();
        let (file, counts) = join(&file, &repeated);
        prop_assert!(file == whole && counts.added == 0 && counts.replaced == 0);
    }

    #[test]
    fn the_right_versions_win(versions in proptest::collection::vec(version(), 1..12)) {
        let (file, _) = join(&[], &versions);
        let (expected, _) = join(&[], &winners(&versions).into_values().collect::<Vec<_>>());
        prop_assert!(file == expected);
    }

    #[test]
    fn rejects_are_a_set(
        rejects in proptest::collection::vec((0..2_u8, 0..2, proptest::option::of(0..2), 0..2_usize, "[ab]"), 1..10),
        cut in 0..10_usize,
    ) {
        let all: Vec<Reject> = rejects.iter().map(|(source, record, metric, reason, raw)| Reject {
            reason: [Reason::BadStep, Reason::BadValue][*reason],
            source_object: Arc::from(format!("object-{source}")),
            record_index: *record,
            metric_index: *metric,
            event_id: None,
            raw: raw.as_str().into(),
        }).collect();
        let join = |file: &[u8], some: &[Reject]| {
            let old = existing(&REJECTS, file);
            let (counts, new) = merge_rejects(old.as_ref(), some.to_vec(), Vec::new).unwrap();
            (new.unwrap_or(file.to_vec()), counts)
        };
        let (whole, _) = join(&[], &all);
        let (first, second) = all.split_at(cut.min(all.len()));
        let (file, _) = join(&join(&[], second).0, first);
        prop_assert!(file == whole);
        let (same, counts) = join(&file, &all);
        prop_assert!(same == whole && counts.added == 0);
    }
}

#[test]
fn many_rows_give_the_same_bytes_in_one_merge_or_in_three() {
    let versions: Vec<Version> = (0..6000_u32)
        .map(|at| Version {
            event: (at % 251) as u8,
            correction: None,
            time: i64::from(at / 251),
            source: (at % 7) as u8,
            values: vec![f64::from(at); 3],
        })
        .collect();
    let (whole, _) = join(&[], &versions);
    let thirds = versions.chunks(2000).rev();
    let file = thirds.fold(Vec::new(), |file, third| join(&file, third).0);
    assert!(file == whole);
}

#[test]
fn rows_of_newer_rules_are_refused() {
    let (file, _) =
        join(&[], &[Version { event: 0, correction: None, time: 0, source: 0, values: vec![1.0] }]);
    let old = existing(&METRICS, &file).unwrap();
    let batch = old.rows().unwrap().next().unwrap().unwrap();
    let mut older = METRICS.clone();
    older.extraction = 0;
    assert!(matches!(not_newer(&older, batch), Err(Error::NewerExtraction(1))));
}
