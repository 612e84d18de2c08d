//! Running again: what is done is not done twice, what is new is found, and what is lost of the
//! ledger costs work only.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{Days, NaiveDate, Utc};
use trailquet::sample::Spec;

use crate::support::inside::{all_rows, assert_same, put_files, rows, source_object};
use crate::support::place::Place;

/// An odd trail of a week, long over.
fn odd() -> Spec {
    Spec { seed: 31, objects: 128, ..Spec::odd() }
}

/// A plain trail of so many days that ends today.
fn recent(days: u32) -> Spec {
    let first_day = Utc::now().date_naive() - Days::new(u64::from(days) - 1);
    Spec { seed: 32, first_day, days, objects: 6 * u64::from(days), one_in: 1, ..small() }
}

fn small() -> Spec {
    Spec { regions: vec!["eu-west-1".to_owned()], others: 2, ..Spec::demo() }
}

/// The log files of a trail, in order.
fn log_files(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The day of the folder that a log file lies in.
fn day(path: &Path) -> NaiveDate {
    let parts: Vec<&str> =
        path.parent().unwrap().iter().map(|part| part.to_str().unwrap()).collect();
    parts[parts.len() - 3..].join("-").parse().unwrap()
}

/// Moves files out of a trail. Gives what moves them back.
fn hide(place: &Place, files: Vec<PathBuf>) -> impl FnOnce() {
    let store = place.beside("hidden");
    std::fs::create_dir(&store).unwrap();
    let moves: Vec<(PathBuf, PathBuf)> = files
        .into_iter()
        .enumerate()
        .map(|(number, file)| (file, store.join(number.to_string())))
        .collect();
    assert!(!moves.is_empty());
    moves.iter().for_each(|(file, hidden)| std::fs::rename(file, hidden).unwrap());
    move || moves.iter().for_each(|(file, hidden)| std::fs::rename(hidden, file).unwrap())
}

#[tokio::test]
async fn a_second_run_reads_nothing_and_writes_nothing() {
    let place = Place::new(&odd());
    let first = place.export(&[]).ended(3);
    let files = place.files().await;
    let again = place.export(&[]).ended(0);
    assert_eq!((again.number("objects.read"), again.number("requests.put")), (0, 0));
    assert_same(&place.files().await, &files, "again");

    // Were any log object read now, it would be unavailable. (Failed ones have another tag so, and
    // would be tried: they stay as they are.)
    let failed: Vec<&str> =
        first.stderr.lines().filter_map(|line| line.strip_prefix("failed: ")).collect();
    let mut unread = 0;
    for file in log_files(&place.trail) {
        let name = file.to_str().unwrap();
        if !failed.iter().any(|line| line.starts_with(name)) {
            std::fs::remove_file(&file).unwrap();
            std::os::unix::fs::symlink("nowhere", &file).unwrap();
            unread += 1;
        }
    }
    assert!(unread > 90);
    for more in [&["--relist"][..], &[]] {
        let again = place.export(more).ended(0);
        assert_eq!(again.number("requests.put"), 0);
        assert_eq!(again.number("objects.skipped"), again.number("objects.listed"));
        assert_same(&place.files().await, &files, "again, with unreadable files");
    }
}

#[tokio::test]
async fn any_part_of_the_ledger_may_be_lost() {
    let place = Place::new(&Spec { days: 3, objects: 64, ..odd() });
    place.export(&[]).ended(3);
    let (tables, files) = (place.tables().await, place.files().await);
    let mut ledger = files;
    ledger.retain(|key, _| key.starts_with("_ledger/"));
    let keys: Vec<&String> = ledger.keys().collect();
    assert!(keys.len() > 12 && keys.iter().any(|key| key.ends_with("format.json")));
    let mut lost: Vec<Vec<&String>> = keys.iter().map(|&key| vec![key]).collect();
    let mut random = fastrand::Rng::with_seed(33);
    lost.extend((0..8).map(|_| keys.iter().copied().filter(|_| random.bool()).collect()));
    lost.push(keys.clone());
    let mut read = 0;
    for lost in lost {
        put_files(&place.target, &ledger);
        lost.iter().for_each(|key| std::fs::remove_file(place.target.join(key)).unwrap());
        let again = place.export(&[]);
        // What failed is met again where the ledger has forgotten it.
        let code = if again.number("objects.failed") > 0 { 3 } else { 0 };
        let again = again.ended(code);
        let added = ["rows.metrics", "rows.replaced", "rows.rejects", "files_written"];
        assert_eq!(added.map(|name| again.number(name)), [0; 4], "without {lost:?}");
        read += again.number("objects.read");
        assert_same(&place.tables().await, &tables, "with a ledger in part");
        assert_eq!(place.export(&[]).ended(0).number("requests.put"), 0);
    }
    assert!(read > 0);
    std::fs::remove_dir_all(place.target.join("_ledger")).unwrap();
    place.export(&[]).ended(3);
    assert_same(&place.tables().await, &tables, "without a ledger");
}

/// A lost marker is rebuilt from the names of the files.
#[tokio::test]
async fn a_lost_marker_keeps_its_buckets() {
    let place = Place::new(&Spec { days: 2, ..small() });
    place.export(&["--buckets", "3"]).ended(0);
    let (tables, files) = (place.tables().await, place.files().await);
    std::fs::remove_dir_all(place.target.join("_ledger")).unwrap();
    place.export(&[]).ended(0);
    assert_same(&place.tables().await, &tables, "without a marker");
    let marker = "_ledger/format.json";
    assert_eq!(place.files().await.get(marker), files.get(marker));
}

#[tokio::test]
async fn new_days_appear_once() {
    let spec = Spec { oddities: true, objects: 96, ..recent(5) };
    let place = Place::new(&spec);
    let yesterday = spec.first_day + Days::new(3);
    let new = log_files(&place.trail).into_iter().filter(|file| day(file) >= yesterday);
    let bring = hide(&place, new.collect());
    place.export(&[]).ended(3);
    bring();
    let before = all_rows(&place.tables().await);
    let run = place.export(&[]);
    assert!(run.number("objects.read") > 10);
    let tables = place.tables().await;
    assert_same(&tables, &place.undisturbed().await, "after new days");
    assert!(all_rows(&tables) != before);
    assert_eq!(place.export(&[]).ended(0).number("requests.put"), 0);
}

/// Late files of an old day: within the lookback they are found, behind it with `--relist`.
#[tokio::test]
async fn late_files_appear_once() {
    for (days, more) in [(3, &[][..]), (12, &["--relist"][..])] {
        let spec = recent(days);
        let (place, first) = (Place::new(&spec), spec.first_day);
        let mut late = log_files(&place.trail);
        late.retain(|file| day(file) == first);
        let names: BTreeSet<String> = late
            .iter()
            .map(|file| file.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        let late = late.split_off(1);
        let (count, bring) = (late.len() as u64, hide(&place, late));
        place.export(&[]).ended(0);
        bring();
        if !more.is_empty() {
            assert_eq!(place.export(&[]).ended(0).number("objects.read"), 0, "days are covered");
        }
        assert_eq!(place.export(more).ended(0).number("objects.read"), count);
        let tables = place.tables().await;
        assert_same(&tables, &place.undisturbed().await, "after late files");
        let from: BTreeSet<String> = tables
            .iter()
            .filter(|(key, _)| key.starts_with("metrics/"))
            .flat_map(|(key, bytes)| {
                rows(key, bytes).into_iter().map(|row| source_object(key, &row).to_owned())
            })
            .collect();
        assert!(names.is_subset(&from), "every late file has rows");
        for more in [&[][..], &["--relist"]] {
            assert_eq!(place.export(more).ended(0).number("requests.put"), 0);
        }
    }
}

#[tokio::test]
async fn a_run_without_flags_brings_what_windows_left() {
    let place = Place::new(&recent(12));
    let some = place.export(&["--from", "7d"]).ended(0).number("objects.read");
    // A day less where midnight has passed since the trail was written.
    assert!([7 * 6, 8 * 6].contains(&some));
    let rest = place.export(&[]).ended(0);
    assert_eq!(rest.number("objects.read"), 12 * 6 - some);
    assert_same(&place.tables().await, &place.undisturbed().await, "from 7d, and the rest");
    assert_eq!(place.export(&["--relist"]).ended(0).number("objects.skipped"), 12 * 6);

    let mut place = Place::new(&odd());
    let tables = place.undisturbed().await;
    let windows: [&[&[&str]]; 3] = [
        &[&["--from", "2024-05-04"]],
        &[&["--from", "2024-05-05", "--to", "2024-05-05"], &["--to", "2024-05-02"]],
        &[&["--account", "111122223333"], &["--region", "us-east-1", "--from", "2024-05-03"]],
    ];
    for (number, windows) in windows.into_iter().enumerate() {
        place.retarget(&format!("windows {number}"));
        for window in windows {
            assert!(place.export(window).number("objects.read") > 5, "{window:?}");
        }
        assert!(place.export(&[]).number("objects.read") > 5);
        assert_same(&place.tables().await, &tables, "windows, and the rest");
        assert_eq!(place.export(&[]).ended(0).number("requests.put"), 0);
    }
}
