//! What was written, read by others: the independent oracle in `tests/oracle` recomputes every row
//! from the log files, and reads the tables with pyarrow and DuckDB, types included.

use std::path::Path;
use std::process::Command;

use trailquet::sample::{Layout, Spec, write};

use crate::support::run::{export, run};
use crate::support::servers::program;
use crate::support::{skip, variable};

fn oracle(test: &str, script: &str, args: &[&str]) -> bool {
    let python = match program("python") {
        Ok(python) => python,
        Err(why) => {
            skip(test, &why);
            return false;
        }
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle");
    let output = Command::new(python).arg(folder.join(script)).args(args).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}\n{errors}");
    true
}

/// Exports a sample and lets the oracle check rows, rejects, types and the summary.
fn check(test: &str, spec: &Spec, more: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let (trail, target) = (folder.path().join("trail"), folder.path().join("tables"));
    let written = write(spec, &trail).unwrap();
    let source = trail.join(spec.layout.source());
    let (source, target) = (source.to_str().unwrap(), target.to_str().unwrap());
    let ran = run(&mut export(source, target, more));
    let is_odd = written.failed > 0 || !written.rejects.is_empty();
    let ran = ran.ended(if is_odd { 3 } else { 0 });
    assert_eq!(ran.number("objects.listed"), written.objects);
    assert_eq!(ran.number("objects.ignored"), written.ignored);
    assert_eq!(ran.number("calls.seen"), written.calls);
    assert_eq!(ran.number("calls.rejected"), written.calls_rejected);
    assert_eq!(ran.number("points.seen"), written.points);
    assert_eq!(ran.number("points.rejected"), written.points_rejected);
    assert_eq!(ran.number("rows.rejects"), written.rejects.values().sum::<u64>());
    let summary = folder.path().join("summary.json");
    std::fs::write(&summary, ran.summary.to_string()).unwrap();
    let flat: &[&str] = if spec.layout == Layout::Flat { &["--flat"] } else { &[] };
    let args = [&[source, target, "--summary", summary.to_str().unwrap()], flat].concat();
    oracle(test, "check.py", &args);
}

#[test]
fn every_oddity_is_as_the_contract_says() {
    check("every_oddity_is_as_the_contract_says", &Spec::odd(), &[]);
}

#[test]
fn every_oddity_in_a_flat_tree() {
    let spec = Spec { seed: 2, layout: Layout::Flat, objects: 240, ..Spec::odd() };
    check("every_oddity_in_a_flat_tree", &spec, &["--layout", "flat", "--memory-limit", "32MiB"]);
}

#[test]
fn a_plain_trail_of_an_organization() {
    let spec = Spec { seed: 3, layout: Layout::Organization, ..Spec::demo() };
    check("a_plain_trail_of_an_organization", &spec, &["--requests-in-flight", "1"]);
}

/// The oracle's own tests, and its awkward trails through the program: runs, splits, races, kills,
/// lost ledgers. `python tests/oracle/run.py --seeds A..B` is the long form.
#[test]
fn awkward_trails_of_the_oracle() {
    let test = "awkward_trails_of_the_oracle";
    let binary = env!("CARGO_BIN_EXE_trailquet");
    if oracle(test, "test_oracle.py", &[]) {
        oracle(test, "run.py", &["--binary", binary, "--seeds", "1..1"]);
    }
}

/// Opt-in: real log files, in the folder that `TRAILQUET_CORPUS` names.
#[test]
fn real_log_files() {
    let Some(corpus) = variable("TRAILQUET_CORPUS") else { return };
    let folder = tempfile::tempdir().unwrap();
    let export = |name: &str| {
        let (source, target) = (format!("{corpus}/{name}"), folder.path().join(name));
        run(&mut export(&source, target.to_str().unwrap(), &[])).ended(0)
    };
    let invictus = export("invictus");
    assert_eq!(invictus.number("objects.read"), invictus.number("objects.listed"));
    assert_eq!((invictus.number("objects.read"), invictus.number("calls.seen")), (55, 0));
    let sample = export("aws-sample");
    assert_eq!((sample.number("objects.read"), sample.number("rows.metrics")), (1, 1));
    let trail = format!("{corpus}/aws-sample");
    oracle(
        "real_log_files",
        "check.py",
        &[&trail, folder.path().join("aws-sample").to_str().unwrap()],
    );
}
