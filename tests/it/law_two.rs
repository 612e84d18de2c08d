//! Data before ledger, asserted from a trace of what was asked of the store. Whatever is put last
//! when a run dies, the ledger never names a log object of which a row is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use chrono::NaiveDate;
use trailquet::ledger::Day;
use trailquet::pipeline::End;
use trailquet::sample::Spec;
use trailquet::store::object::Objects;
use trailquet::store::{Cause, Store};
use trailquet::table::partition::Part;
use trailquet::table::schema::tables;
use trailquet::trail::key::LogName;

use crate::support::inside::{
    Files, Row, assert_same, export, export_to_any_end, memory, options, rows, sample,
    source_object, tables_in,
};
use crate::support::trace::{Fault, Op, Put, Trace};

const MARKER: &str = "_ledger/format.json";

/// A trail, and what an undisturbed export makes of it.
struct Undisturbed {
    trail: Files,
    source: Arc<Objects>,
    tables: Files,
}

async fn undisturbed(spec: &Spec) -> Undisturbed {
    let trail = sample(spec).await;
    let (source, target) = (memory(&trail).await, Arc::new(Objects::memory()));
    export(options(Arc::<Objects>::clone(&source), Arc::<Objects>::clone(&target))).await;
    Undisturbed { trail, source, tables: tables_in(&*target).await }
}

/// A log object's name, and the keys at which it lies.
struct Named {
    name: LogName,
    keys: Vec<String>,
}

fn names(trail: &Files) -> Vec<Named> {
    let mut names: BTreeMap<String, Named> = BTreeMap::new();
    for key in trail.keys() {
        let file = key.rsplit('/').next().unwrap();
        let Ok(name) = file.parse::<LogName>() else { continue };
        // Under another account or region than its own it is a stray.
        if key.contains(&format!("/{}/CloudTrail/{}/", name.day().account, name.day().region)) {
            let named = names.entry(file.to_owned());
            named.or_insert(Named { name, keys: Vec::new() }).keys.push(key.clone());
        }
    }
    names.into_values().collect()
}

/// The target as it was at some moment of a trace.
#[derive(Default)]
struct Replay {
    files: Files,
    /// Of the tables' files.
    rows: BTreeMap<String, BTreeSet<Row>>,
}

impl Replay {
    fn take(&mut self, put: &Put) {
        self.files.insert(put.key.clone(), put.bytes.to_vec());
        if put.key.ends_with(".parquet") {
            self.rows.insert(put.key.clone(), rows(&put.key, &put.bytes));
        }
    }

    fn day(&self, key: &str) -> Day {
        self.files.get(key).map(|bytes| Day::decode(bytes, key).unwrap()).unwrap_or_default()
    }

    fn holds(&self, name: &LogName) -> bool {
        let day = name.day();
        let key = format!("_ledger/account={}/region={}/{}.day", day.account, day.region, day.date);
        self.day(&key).holds(name.packed())
    }
}

/// Follows a trace, and checks at each entry into the ledger that its rows were there before.
/// Gives the number of log objects entered.
async fn check_order(puts: &[Put], truth: &Undisturbed) -> usize {
    let mut expected: BTreeMap<&str, Vec<(&String, Row)>> = BTreeMap::new();
    let final_rows: Vec<(&String, BTreeSet<Row>)> =
        truth.tables.iter().map(|(key, bytes)| (key, rows(key, bytes))).collect();
    for (key, row) in
        final_rows.iter().flat_map(|(key, rows)| rows.iter().map(move |row| (key, row)))
    {
        expected.entry(source_object(key, row)).or_default().push((key, row.clone()));
    }
    let names = names(&truth.trail);
    let (mut replay, mut entered) = (Replay::default(), 0);
    for put in puts.iter().filter(|put| put.took) {
        let before = replay.day(&put.key);
        replay.take(put);
        if put.key.ends_with(".day") {
            let after = replay.day(&put.key);
            let is_new = |named: &&Named| {
                let name = named.name.packed();
                after.holds(name) && !before.holds(name)
            };
            let new: Vec<&Named> = names.iter().filter(is_new).collect();
            for Named { name, .. } in &new {
                for (key, row) in expected.get(name.to_string().as_str()).into_iter().flatten() {
                    let is_there = replay.rows.get(*key).is_some_and(|rows| rows.contains(row));
                    assert!(is_there, "the ledger names {name} before {key} has {row:?}");
                }
            }
            entered += new.len();
            check_complete(&replay, new.iter().flat_map(|named| &named.keys), truth).await;
        } else if put.key.contains("/coverage-") {
            check_coverage(&replay, put, &names);
        }
    }
    entered
}

/// Also the rows that lost to better ones, or will: exporting what the ledger has just named once
/// more, onto the tables as they are, changes nothing.
async fn check_complete(replay: &Replay, keys: impl Iterator<Item = &String>, truth: &Undisturbed) {
    let named = keys.map(|key| (key.clone(), truth.trail[key].clone())).collect();
    let mut tables = replay.files.clone();
    tables.retain(|key, _| key.ends_with(".parquet"));
    let (named, target) = (memory(&named).await, memory(&tables).await);
    let summary = export(options(named, target)).await;
    assert_eq!(summary.files_written, 0, "the ledger was ahead of the tables");
}

/// Every log object in the folder of a covered day is in the ledger.
fn check_coverage(replay: &Replay, put: &Put, names: &[Named]) {
    let coverage: serde_json::Value = serde_json::from_slice(&put.bytes).unwrap();
    let root = coverage["root"].as_str().unwrap().trim_start().strip_prefix("memory://store/");
    let root = root.unwrap();
    for (first, last) in ranges(&coverage) {
        for Named { name, keys } in names {
            for key in keys.iter().filter_map(|key| key.strip_prefix(root)) {
                let folder: NaiveDate = key[..10].replace('/', "-").parse().unwrap();
                let is_fine = folder < first || folder > last || replay.holds(name);
                assert!(is_fine, "{folder} is covered, and {name} is not in the ledger");
            }
        }
    }
}

fn ranges(coverage: &serde_json::Value) -> Vec<(NaiveDate, NaiveDate)> {
    let sets = coverage["covered"].as_array().unwrap();
    sets.iter().flat_map(|set| serde_json::from_value::<Vec<_>>(set[1].clone()).unwrap()).collect()
}

/// The rest of what holds for every put.
fn check_puts(ops: &[Op]) {
    let mut read: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut is_proven = false;
    for op in ops {
        let put = match op {
            Op::Get(key, tag) => {
                read.entry(key).or_default().extend(tag.as_deref());
                continue;
            }
            Op::Put(put) => put,
        };
        let Put { key, bytes, expected, took } = put;
        let is_table = Part::parse(key, &tables()).is_some();
        assert!(is_table || key.starts_with("_ledger/"), "{key} was put");
        if key == MARKER {
            is_proven |=
                *took && String::from_utf8_lossy(bytes).contains(r#""compare_and_swap":true"#);
        } else {
            assert!(is_proven, "{key} was put before the store was proven to compare");
        }
        let known = read.get(key.as_str()).map(Vec::as_slice).unwrap_or_default();
        match expected {
            None => assert!(key == MARKER || known.is_empty(), "{key} was there"),
            // The probe puts the marker under a tag that it cannot have.
            Some(_) if key == MARKER && !took => {}
            Some(tag) => {
                assert!(known.contains(&tag.as_str()), "{key} was not read as {tag}");
                assert!(!took || known.last() == Some(&tag.as_str()), "{key} was read since");
            }
        }
    }
    assert!(is_proven);
}

fn odd() -> Spec {
    Spec { seed: 11, ..Spec::odd() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_durable_before_the_ledger_names_their_object() {
    let truth = undisturbed(&odd()).await;
    let target = Trace::new(Arc::new(Objects::memory()), |_| Fault::None);
    let source = Arc::<Objects>::clone(&truth.source);
    let summary = export(options(source, Arc::<Trace>::clone(&target))).await;
    assert_same(&tables_in(&*target).await, &truth.tables, "traced");
    check_puts(&target.ops().await);
    let entered = check_order(&target.puts().await, &truth).await;
    assert_eq!(entered as u64, summary.objects.read);
    assert!(target.puts().await.iter().any(|put| put.key.contains("/coverage-")));
}

/// The same where answers are lost, races are lost, and the store is busy: every third put.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_order_holds_when_puts_fail() {
    let truth = undisturbed(&odd()).await;
    let mut random = fastrand::Rng::with_seed(12);
    let target = Trace::new(Arc::new(Objects::memory()), move |_| match random.u8(0..9) {
        0 => Fault::Refused(Cause::Conflict),
        1 => Fault::Refused(Cause::Busy),
        2 => Fault::AnswerLost,
        _ => Fault::None,
    });
    let source = Arc::<Objects>::clone(&truth.source);
    let summary = export(options(source, Arc::<Trace>::clone(&target))).await;
    assert_same(&tables_in(&*target).await, &truth.tables, "traced");
    let entered = check_order(&target.puts().await, &truth).await;
    assert_eq!(entered as u64, summary.objects.read);
}

static SMALL: LazyLock<Spec> =
    LazyLock::new(|| Spec { regions: vec!["eu-west-1".to_owned()], objects: 48, days: 4, ..odd() });

/// A run that stops at any of its puts, and another one that finishes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_may_stop_at_any_put() {
    let truth = undisturbed(&SMALL).await;
    for stop in 0.. {
        let store = Arc::new(Objects::memory());
        let is_there = stop % 2 == 1;
        let stopping = Trace::new(Arc::<Objects>::clone(&store), move |number| {
            match number.cmp(&stop) {
                std::cmp::Ordering::Less => Fault::None,
                // Either way it is the last thing that this run does.
                std::cmp::Ordering::Equal if is_there => Fault::AnswerLost,
                _ => Fault::Refused(Cause::Other),
            }
        });
        let source: Arc<dyn Store> = Arc::<Objects>::clone(&truth.source);
        let options = |target| options(Arc::clone(&source), target);
        let outcome = export_to_any_end(options(Arc::<Trace>::clone(&stopping))).await;
        let puts = stopping.puts().await;
        check_order(&puts, &truth).await;
        let has_stopped = matches!(outcome.end, End::Failed(_));
        export(options(Arc::<Objects>::clone(&store))).await;
        assert_same(&tables_in(&*store).await, &truth.tables, &format!("stopped at put {stop}"));
        if !has_stopped {
            assert!(stop > 20, "only {stop} puts");
            break;
        }
    }
}
