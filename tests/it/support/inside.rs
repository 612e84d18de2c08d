//! The pipeline without the program around it: exports within this process, from and to stores in
//! memory, with the summary's sums checked each time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, TimestampMillisecondType};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use trailquet::pipeline::{self, End, Options, Outcome};
use trailquet::sample::{Spec, write};
use trailquet::store::local::Local;
use trailquet::store::object::Objects;
use trailquet::store::{Condition, Payload, Store};
use trailquet::summary::Summary;
use trailquet::table::parquet::{Existing, Source};
use trailquet::table::partition::Part;
use trailquet::table::schema::tables;

use super::run::contents;

/// Files by key.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// One row of a table, its cells as text.
pub(crate) type Row = Vec<String>;

/// An export of everything, at a time when every day of a sample is long over.
pub(crate) fn options(source: Arc<dyn Store>, target: Arc<dyn Store>) -> Options {
    let now = "2024-07-01T12:00:00Z".parse().unwrap();
    Options { requests_in_flight: 16, ..Options::new(source, target, now) }
}

/// Exports to whatever end; the sums hold at any.
pub(crate) async fn export_to_any_end(options: Options) -> Outcome {
    let outcome = pipeline::export(options, std::future::pending(), &mut |_| {}).await;
    check_sums(&outcome.summary);
    outcome
}

/// Exports all there is.
pub(crate) async fn export(options: Options) -> Summary {
    let outcome = export_to_any_end(options).await;
    assert!(matches!(outcome.end, End::Done), "{:?}", outcome.end);
    assert_eq!(outcome.summary.objects.pending, 0);
    outcome.summary
}

fn check_sums(Summary { objects, points, rows, .. }: &Summary) {
    let settled = objects.read + objects.skipped + objects.failed + objects.unavailable;
    assert_eq!(objects.listed, settled + objects.pending, "{objects:?}");
    assert!(objects.failed_before <= objects.skipped, "{objects:?}");
    assert_eq!(points.seen, rows.metrics + rows.duplicates + points.rejected, "{rows:?}");
}

/// A sample trail's files, by their paths.
pub(crate) async fn sample(spec: &Spec) -> Files {
    let folder = tempfile::tempdir().unwrap();
    write(spec, folder.path()).unwrap();
    files_of(folder.path()).await
}

/// The files below a folder.
pub(crate) async fn files_of(folder: &Path) -> Files {
    contents(&Local::source(folder).unwrap(), "").await
}

/// Writes files below a folder.
pub(crate) fn put_files(folder: &Path, files: &Files) {
    for (key, bytes) in files {
        let path = folder.join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

/// A store in memory that holds these files.
pub(crate) async fn memory(files: &Files) -> Arc<Objects> {
    let store = Arc::new(Objects::memory());
    for (key, bytes) in files {
        let payload = Payload::Bytes(bytes.clone().into());
        store.put(key, &payload, Condition::Absent).await.unwrap();
    }
    store
}

/// The files of a target's tables.
pub(crate) async fn tables_in(target: &dyn Store) -> Files {
    let mut files = contents(target, "").await;
    files.retain(|key, _| Part::parse(key, &tables()).is_some());
    files
}

/// Panics where two targets differ, and says in which files.
pub(crate) fn assert_same(found: &Files, expected: &Files, when: &str) {
    let keys: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
    let different = keys.into_iter().filter(|&key| found.get(key) != expected.get(key));
    let different: Vec<&String> = different.collect();
    assert!(different.is_empty(), "{when}: these files differ: {different:#?}");
}

/// The rows of a table's file.
pub(crate) fn rows(key: &str, bytes: &[u8]) -> BTreeSet<Row> {
    let part = Part::parse(key, &tables()).unwrap();
    let table = *tables().iter().find(|table| table.name == part.table).unwrap();
    let file = Existing::open(table, Source::Bytes(bytes.to_vec().into())).unwrap();
    let mut rows = BTreeSet::new();
    for batch in file.rows().unwrap() {
        let batch = batch.unwrap();
        for at in 0..batch.num_rows() {
            let row = batch.columns().iter().map(|column| cell(column, at)).collect();
            assert!(rows.insert(row), "{key} holds a row twice");
        }
    }
    rows
}

/// The rows of all tables, by table and partition, whatever files they are in.
pub(crate) fn all_rows(files: &Files) -> BTreeMap<String, BTreeSet<Row>> {
    let mut all: BTreeMap<String, BTreeSet<Row>> = BTreeMap::new();
    for (key, bytes) in files {
        let (partition, _) = key.rsplit_once('/').unwrap();
        all.entry(partition.to_owned()).or_default().append(&mut rows(key, bytes));
    }
    all
}

/// How many rows of the metrics table there are.
pub(crate) fn metrics_rows(files: &Files) -> u64 {
    let metrics = files.iter().filter(|(key, _)| key.starts_with("metrics/"));
    metrics.map(|(key, bytes)| rows(key, bytes).len() as u64).sum()
}

/// The file name of the log object that a row of this file came from.
pub(crate) fn source_object<'a>(key: &str, row: &'a Row) -> &'a str {
    let table = tables().into_iter().find(|table| key.starts_with(&format!("{}/", table.name)));
    &row[table.unwrap().index("source_object")]
}

fn cell(column: &ArrayRef, at: usize) -> String {
    if column.is_null(at) {
        return "NULL".to_owned();
    }
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(at).to_owned(),
        DataType::Boolean => column.as_boolean().value(at).to_string(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(at).to_string(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(at).to_string(),
        // The bits: NaN, -0.0 and 0.0 are three values.
        DataType::Float64 => {
            format!("{:x}", column.as_primitive::<Float64Type>().value(at).to_bits())
        }
        DataType::Timestamp(..) => {
            column.as_primitive::<TimestampMillisecondType>().value(at).to_string()
        }
        other => panic!("no column has type {other}"),
    }
}
