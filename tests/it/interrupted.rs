//! Runs that do not come to their end: killed, or told to stop. The next one does the rest, and
//! nothing tells that there were two.

use std::process::Command;

use trailquet::sample::Spec;

use crate::support::inside::assert_same;
use crate::support::place::Place;
use crate::support::run::Ran;

/// A run that is done before it can be stopped is tried again, so often at most.
const TRIES_MAX: usize = 10;

/// A backfill of 60 days: some 120 files and as many ledger entries.
fn backfill() -> Spec {
    let regions = vec!["eu-west-1".to_owned()];
    Spec {
        seed: 41,
        regions,
        days: 60,
        objects: 240,
        one_in: 1,
        calls: 2,
        others: 1,
        ..Spec::demo()
    }
}

/// Kills a run when so many files are there. `name` is the target's.
fn kill_at(place: &mut Place, name: &str, files: usize, more: &[&str]) {
    for attempt in 0..TRIES_MAX {
        place.retarget(&format!("{name} {attempt}"));
        if let Some(mut child) = place.export_until(files, more) {
            child.kill().unwrap();
            if child.wait().unwrap().code().is_none() {
                return;
            }
        }
    }
    panic!("no run could be killed at {files} files");
}

#[tokio::test]
async fn killed_at_any_moment() {
    let mut place = Place::new(&backfill());
    let tables = place.undisturbed().await;
    let files = tables.len();
    assert!(files >= 120);
    for moment in [1, 2, files / 4, files / 2, files * 3 / 4] {
        kill_at(&mut place, &format!("killed at {moment}"), moment, &[]);
        assert!(place.tables().await.len() < files);
        let rest = place.export(&[]).ended(0);
        assert!(rest.number("objects.read") > 0);
        assert_same(&place.tables().await, &tables, &format!("killed at {moment}"));
        assert_eq!(place.export(&[]).ended(0).number("requests.put"), 0);
    }
}

/// Some days of the middle are durable and in the ledger, others are not, none before them is.
#[tokio::test]
async fn killed_after_later_days() {
    let mut place = Place::new(&backfill());
    let tables = place.undisturbed().await;
    kill_at(&mut place, "later days", 10, &["--from", "2024-06-01"]);
    kill_again(&place, 60);
    place.export(&[]).ended(0);
    assert_same(&place.tables().await, &tables, "killed twice");
    assert_eq!(place.export(&[]).ended(0).number("requests.put"), 0);
}

/// Kills a run without flags over the same target, unless it is faster.
fn kill_again(place: &Place, files: usize) {
    if let Some(mut child) = place.export_until(files, &[]) {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[tokio::test]
async fn told_to_stop() {
    let mut place = Place::new(&backfill());
    let tables = place.undisturbed().await;
    for signal in ["-INT", "-TERM"] {
        let stopped = stop(&mut place, signal).ended(130).reconciled();
        assert!(stopped.number("objects.pending") > 0);
        assert!(stopped.number("rows.metrics") > 0);
        let rest = place.export(&[]).ended(0);
        assert_eq!(rest.number("objects.pending"), 0);
        assert_same(&place.tables().await, &tables, signal);
        assert_eq!(place.export(&[]).ended(0).number("requests.put"), 0);
    }
}

/// Sends a signal while no put can end, and so the run cannot either.
fn stop(place: &mut Place, signal: &str) -> Ran {
    for attempt in 0..TRIES_MAX {
        place.retarget(&format!("stopped by {signal} {attempt}"));
        let Some(mut child) = place.export_until(20, &[]) else { continue };
        let frozen = place.freeze();
        if child.try_wait().unwrap().is_some() {
            continue;
        }
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(sent.unwrap().success());
        let output = child.wait_with_output().unwrap();
        drop(frozen);
        if output.status.code() != Some(0) {
            return Ran::of(output);
        }
    }
    panic!("no run could be stopped");
}
