//! The table is a set: however a trail's files are laid out, split into runs, ordered, repeated,
//! read and raced for, the same bytes come out, and the numbers of every run add up.

use std::sync::{Arc, LazyLock};

use futures::future::join_all;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use proptest::test_runner::RngSeed;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use trailquet::pipeline::{Layout, Options};
use trailquet::sample::Spec;
use trailquet::store::Store;
use trailquet::store::local::Local;
use trailquet::store::object::Objects;
use trailquet::summary::Summary;
use trailquet::table::partition::Buckets;
use trailquet::trail::key::LogName;

use crate::support::inside::{
    Files, all_rows, assert_same, export, memory, metrics_rows, options, put_files, sample,
    tables_in,
};

/// Cases of each property; the seed makes them the same ones every time.
fn cases(cases: u32) -> ProptestConfig {
    let seed = RngSeed::Fixed(0x7261_696c);
    ProptestConfig { cases, rng_seed: seed, failure_persistence: None, ..ProptestConfig::default() }
}

/// A small odd trail, and what one plain run makes of it.
struct Truth {
    /// The log files: `ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/NAME` and their bytes.
    files: Vec<(String, Vec<u8>)>,
    tables: Files,
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

static TRUTH: LazyLock<Truth> = LazyLock::new(|| {
    let spec = Spec { seed: 21, objects: 96, days: 3, others: 2, ..Spec::odd() };
    RUNTIME.block_on(async {
        let mut files = Vec::new();
        for (key, bytes) in sample(&spec).await {
            let at = key.find("/CloudTrail/").map(|end| key[..end].rfind('/').unwrap() + 1);
            let file = at.map(|at| key[at..].to_owned()).filter(|path| is_log(path));
            files.extend(file.map(|file| (file, bytes)));
        }
        // Copies are tried in the order of their keys, which a layout changes; tests of copies
        // are elsewhere. Here a name is one file.
        files.sort_by(|(a, _), (b, _)| name(a).cmp(name(b)));
        files.dedup_by(|(a, _), (b, _)| name(a) == name(b));
        let target = Arc::new(Objects::memory());
        let keys = Place::Plain.keys(&files);
        export(options(memory(&keys).await, Arc::<Objects>::clone(&target))).await;
        Truth { files, tables: tables_in(&*target).await }
    })
});

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// The first letter of what makes a name unique.
fn unique(path: &str) -> char {
    path.rsplit(['_', 'Z']).next().unwrap().chars().next().unwrap()
}

fn is_log(path: &str) -> bool {
    let Ok(name) = name(path).parse::<LogName>() else { return false };
    path.starts_with(&format!("{}/CloudTrail/{}/", name.day().account, name.day().region))
}

/// Where the same files may lie.
#[derive(Debug, Clone, Copy)]
enum Place {
    Plain,
    Organization,
    ControlTower,
    Prefix,
    PlainAndOrganization,
    Flat,
    Nested,
}

const PLACES: [Place; 7] = [
    Place::Plain,
    Place::Organization,
    Place::PlainAndOrganization,
    Place::ControlTower,
    Place::Prefix,
    Place::Flat,
    Place::Nested,
];

impl Place {
    fn layout(self) -> Layout {
        match self {
            Self::Flat | Self::Nested => Layout::Flat,
            _ => Layout::Tree,
        }
    }

    /// The folder to name as the source, where it is not the topmost.
    fn source(self) -> Option<&'static str> {
        match self {
            Self::ControlTower => Some("o-exampleorg0"),
            Self::Prefix => Some("a team's/logs"),
            _ => None,
        }
    }

    /// Keys relative to the source.
    fn keys(self, files: &[(String, Vec<u8>)]) -> Files {
        let key = |path: &str| match self {
            Self::Plain | Self::Prefix => format!("AWSLogs/{path}"),
            Self::Organization | Self::ControlTower => format!("AWSLogs/o-exampleorg0/{path}"),
            Self::PlainAndOrganization if unique(path).is_uppercase() => {
                format!("AWSLogs/o-exampleorg0/{path}")
            }
            Self::PlainAndOrganization => format!("AWSLogs/{path}"),
            Self::Flat => name(path).to_owned(),
            Self::Nested => format!("some where/{}/{}", path.len() % 3, name(path)),
        };
        files.iter().map(|(path, bytes)| (key(path), bytes.clone())).collect()
    }
}

/// One run of some files.
#[derive(Debug, Clone)]
struct Run {
    /// Numbers of the trail's files.
    files: Vec<usize>,
    place: Place,
    requests_in_flight: usize,
    memory_limit: usize,
}

impl Run {
    /// The folder holds the source, where that is not in memory.
    async fn options(&self, target: &Arc<Objects>) -> (Options, TempDir) {
        let files: Vec<_> = self.files.iter().map(|&at| TRUTH.files[at].clone()).collect();
        let (files, folder) = (self.place.keys(&files), tempfile::tempdir().unwrap());
        let source: Arc<dyn Store> = match self.place.source() {
            Some(below) => {
                let below = folder.path().join(below);
                put_files(&below, &files);
                Arc::new(Local::source(&below).unwrap())
            }
            None => memory(&files).await,
        };
        let options = options(source, Arc::<Objects>::clone(target));
        let options = Options {
            layout: self.place.layout(),
            // All sources in memory have one name, and with it one coverage.
            relist: true,
            requests_in_flight: self.requests_in_flight,
            memory_limit: self.memory_limit,
            ..options
        };
        (options, folder)
    }
}

/// Every file is in some run, and some files are in two.
fn runs() -> impl Strategy<Value = Vec<Run>> {
    let count = TRUTH.files.len();
    let homes = prop::collection::vec(any::<Index>(), count);
    let repeated = subsequence((0..count).collect::<Vec<_>>(), 0..count / 4);
    let run =
        (select(&PLACES[..]), select(vec![1_usize, 64]), select(vec![32_usize << 20, 1 << 30]));
    let runs = prop::collection::vec((run, repeated), 1..5);
    (runs, homes).prop_map(|(runs, homes)| {
        let mut of_runs: Vec<Vec<usize>> =
            runs.iter().map(|(_, repeated)| repeated.clone()).collect();
        for (file, home) in homes.iter().enumerate() {
            let home = home.index(of_runs.len());
            if !of_runs[home].contains(&file) {
                of_runs[home].push(file);
            }
        }
        let run = |(((place, requests_in_flight, memory_limit), _), files)| Run {
            files,
            place,
            requests_in_flight,
            memory_limit,
        };
        runs.into_iter().zip(of_runs).map(run).collect()
    })
}

proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn any_split_in_any_order_through_any_layout(runs in runs()) {
        RUNTIME.block_on(async {
            let target = Arc::new(Objects::memory());
            let (mut listed, mut rows) = (0, 0);
            for run in &runs {
                let (options, _folder) = run.options(&target).await;
                let Summary { objects, rows: of_run, .. } = export(options).await;
                assert_eq!(objects.listed, run.files.len() as u64);
                assert_eq!(objects.read + objects.skipped + objects.failed, objects.listed);
                listed += objects.listed;
                let before = std::mem::replace(&mut rows, metrics_rows(&tables_in(&*target).await));
                assert_eq!(rows + of_run.replaced, before + of_run.metrics, "{of_run:?}");
            }
            assert!(listed >= TRUTH.files.len() as u64);
            assert_same(&tables_in(&*target).await, &TRUTH.tables, "split");
        });
    }

    #[test]
    fn any_runs_at_once(runs in runs()) {
        RUNTIME.block_on(async {
            let target = Arc::new(Objects::memory());
            let mut racing = Vec::new();
            for run in &runs {
                racing.push(run.options(&target).await);
            }
            let runs = racing.iter().map(|(options, _folder)| export(options.clone()));
            let (mut added, mut replaced) = (0, 0);
            for Summary { rows, .. } in join_all(runs).await {
                added += rows.metrics;
                replaced += rows.replaced;
            }
            let tables = tables_in(&*target).await;
            assert_same(&tables, &TRUTH.tables, "raced");
            assert_eq!(metrics_rows(&tables), added - replaced);
        });
    }

    /// Windows over one source, in any order, and in the end all of it: coverage is in force.
    #[test]
    fn any_windows_and_then_the_rest(windows in prop::collection::vec((0..6_i64, 0..3_i64), 0..4)) {
        RUNTIME.block_on(async {
            let (source, target) = (memory(&Place::Plain.keys(&TRUTH.files)).await, Arc::new(Objects::memory()));
            let of = || options(Arc::<Objects>::clone(&source), Arc::<Objects>::clone(&target));
            let first = Spec::odd().first_day - chrono::Duration::days(1);
            let mut read = 0;
            for (from, length) in windows {
                let from = first + chrono::Duration::days(from);
                let window = (from, from + chrono::Duration::days(length));
                read += export(Options { window, ..of() }).await.objects.read;
            }
            let rest = export(of()).await.objects;
            read += rest.read;
            assert_same(&tables_in(&*target).await, &TRUTH.tables, "windows");
            // A store in memory counts the requests of all runs together.
            let puts = target.requests().put;
            let again = export(of()).await;
            assert_eq!((again.objects.read, again.objects.failed), (0, 0));
            assert_eq!(target.requests().put, puts);
            let failed = again.objects.failed_before;
            assert_eq!(read + failed, TRUTH.files.len() as u64);
        });
    }

    #[test]
    fn buckets_hold_the_same_rows(runs in runs(), count in select(vec![1_u16, 4])) {
        RUNTIME.block_on(async {
            let target = Arc::new(Objects::memory());
            for run in &runs {
                let buckets = Buckets::new(count);
                let (options, _folder) = run.options(&target).await;
                export(Options { buckets, ..options }).await;
            }
            let tables = tables_in(&*target).await;
            if count == 1 {
                assert_same(&tables, &TRUTH.tables, "one bucket");
            } else {
                assert!(tables.keys().any(|key| key.ends_with("/part-00003-of-00004.parquet")));
                assert_eq!(all_rows(&tables), all_rows(&TRUTH.tables));
                let whole = Arc::new(Objects::memory());
                let all = Run { files: (0..TRUTH.files.len()).collect(), place: Place::Plain, ..runs[0].clone() };
                let (options, _folder) = all.options(&whole).await;
                export(Options { buckets: Buckets::new(count), ..options }).await;
                assert_same(&tables, &tables_in(&*whole).await, "four buckets");
            }
        });
    }
}

/// Rows that do not fit into the smallest budget are committed in pieces, to the same end.
#[test]
fn a_full_budget_changes_nothing() {
    let spec =
        Spec { objects: 24, days: 2, regions: vec!["eu-west-1".to_owned()], ..Spec::dense(0.04) };
    RUNTIME.block_on(async {
        let source = memory(&sample(&spec).await).await;
        let mut all = Vec::new();
        for memory_limit in [32 << 20, 1 << 30] {
            let target = Arc::new(Objects::memory());
            let options = options(Arc::<Objects>::clone(&source), Arc::<Objects>::clone(&target));
            let summary = export(Options { memory_limit, ..options }).await;
            all.push((summary.files_written, tables_in(&*target).await));
        }
        assert_same(&all[0].1, &all[1].1, "a small budget");
        assert!(all[0].0 > all[1].0, "the small budget was never full");
    });
}
