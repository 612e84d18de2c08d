//! `trailquet demo`: a sample trail, an export of it, and a look at the table, in one local folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;

use crate::pipeline::{End, Options, Outcome};
use crate::sample::{Spec, write};
use crate::store::local::Local;
use crate::store::{Depth, Store};
use crate::summary::Summary;
use crate::table::parquet::{Existing, Source};
use crate::table::partition::Part;
use crate::table::schema::{METRICS, tables};

use super::args::DemoArgs;
use super::clock::now;
use super::error::Failure;
use super::export::export;
use super::report::{Progress, print};
use super::{Exit, report, sample};

/// Runs that the table at the end shows.
const RUNS_SHOWN: usize = 8;

/// Files of each table that the tree shows.
const FILES_SHOWN: usize = 6;

pub(super) async fn run(args: &DemoArgs) -> Result<Exit, Failure> {
    let (trail, tables) = (args.dir.join("trail"), args.dir.join("tables"));
    let spec = Spec::demo();
    let written = write(&spec, &trail).map_err(|error| sample::refused("--dir", &trail, error))?;
    print(format_args!("1. a sample trail in {}", trail.display()));
    print(format_args!("   {} log objects, {} records\n", written.objects, written.records));

    let source: Arc<dyn Store> = Arc::new(Local::source(&trail)?);
    let target: Arc<dyn Store> = Arc::new(Local::target(&tables)?);
    let mut progress = Progress::new(false);
    let options = Options::new(source, Arc::clone(&target), now());
    let outcome = export(options, &mut progress).await;
    progress.close();
    print("2. exported, as you would yourself:");
    let (from, to) = (trail.display(), tables.display());
    print(format_args!("   trailquet export --source {from} --target {to}\n"));
    show_summary(&outcome.summary);
    let Outcome { end, .. } = outcome;
    if let End::Failed(error) = &end {
        return Err(Failure::from(error));
    }

    let parts = list_parts(&*target).await?;
    print(format_args!("3. the tables in {}", tables.display()));
    show_tree(&parts);
    print("4. the first runs, straight from the Parquet files");
    show_runs(&tables, &parts)?;
    print(format_args!(
        "\nRun it again: nothing is read twice, no file changes. Query it with any engine:"
    ));
    let glob = format!("{}/metrics/*/*/*/*.parquet", tables.display());
    print(format_args!(
        "   duckdb -c \"from read_parquet('{glob}', hive_partitioning=true) limit 5\""
    ));
    Ok(if matches!(end, End::Interrupted) { Exit::Interrupted } else { Exit::Done })
}

fn show_summary(summary: &Summary) {
    let Summary { objects, rows, files_written, elapsed_seconds, .. } = summary;
    print(format_args!(
        "   {} objects listed, {} read, {} skipped; {} new rows in {files_written} files, {elapsed_seconds:.2} s\n",
        objects.listed, objects.read, objects.skipped, rows.metrics
    ));
}

async fn list_parts(target: &dyn Store) -> Result<Vec<(Part, u64)>, Failure> {
    let (mut parts, mut next) = (Vec::new(), None);
    loop {
        let page = target.list("", Depth::Tree, next.as_deref()).await?;
        let ours = page.objects.into_iter();
        parts.extend(
            ours.filter_map(|object| Some((Part::parse(&object.key, &tables())?, object.size))),
        );
        next = page.next;
        if next.is_none() {
            parts.sort_unstable();
            return Ok(parts);
        }
    }
}

fn show_tree(parts: &[(Part, u64)]) {
    for (part, size) in parts.iter().take(FILES_SHOWN) {
        print(format_args!("   {}  {}", part.key(), indicatif::HumanBytes(*size)));
    }
    let more = parts.len().saturating_sub(FILES_SHOWN);
    if more > 0 {
        print(format_args!("   … and {more} more"));
    }
    print("");
}

/// Points, smallest, largest and last value of a metric of a run.
struct Line {
    points: u64,
    min: f64,
    max: f64,
    last: f64,
}

fn show_runs(folder: &Path, parts: &[(Part, u64)]) -> Result<(), Failure> {
    let mut lines: BTreeMap<(String, String), Line> = BTreeMap::new();
    for (part, _) in parts.iter().filter(|(part, _)| part.table == METRICS.name) {
        let path = folder.join(part.key());
        read_lines(&path, &mut lines)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
    }
    print(format_args!(
        "   {:<34} {:<20} {:>7} {:>9} {:>9} {:>9}",
        "run", "metric", "points", "min", "max", "last"
    ));
    let mut shown = Vec::new();
    for ((run, metric), Line { points, min, max, last }) in &lines {
        if !shown.contains(&run) {
            shown.push(run);
        }
        if shown.len() > RUNS_SHOWN {
            break;
        }
        let (run, metric) = (report::escape(run), report::escape(metric));
        print(format_args!(
            "   {run:<34} {metric:<20} {points:>7} {min:>9.4} {max:>9.4} {last:>9.4}"
        ));
    }
    Ok(())
}

fn read_lines(
    path: &Path,
    lines: &mut BTreeMap<(String, String), Line>,
) -> Result<(), crate::table::parquet::Error> {
    let file = std::fs::File::open(path).map_err(parquet::errors::ParquetError::from)?;
    let file = Existing::open(&METRICS, Source::File(file))?;
    for batch in file.columns(&["trial_component_name", "metric_name", "value"])? {
        let batch = batch?;
        let (runs, metrics) =
            (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
        let values = batch.column(2).as_primitive::<Float64Type>();
        for row in 0..batch.num_rows() {
            let key = (runs.value(row).to_owned(), metrics.value(row).to_owned());
            let value = values.value(row);
            let fresh = Line { points: 0, min: f64::INFINITY, max: f64::NEG_INFINITY, last: value };
            let line = lines.entry(key).or_insert(fresh);
            line.points += 1;
            line.min = line.min.min(value);
            line.max = line.max.max(value);
            // Rows of a run and metric come in the order of their time.
            line.last = value;
        }
    }
    Ok(())
}
