//! The command line as people and scripts see it: help, the demo, the summary, the environment, and
//! what is said where. Errors have a file of their own.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::scene::{Scene, program, text};

#[test]
fn help() {
    for (name, line) in [
        ("help", &["--help"][..]),
        ("help_export", &["export", "--help"]),
        ("help_sample", &["sample", "--help"]),
        ("help_demo", &["demo", "--help"]),
    ] {
        let output = program(line).output().unwrap();
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
        insta::assert_snapshot!(name, text(&output.stdout));
    }
    let version = text(&program(&["--version"]).output().unwrap().stdout);
    assert_eq!(version, format!("trailquet {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn demo_and_sample() {
    let scene = Scene::new();
    let first = scene.run("demo --dir demo");
    assert_eq!((first.status.code(), text(&first.stderr)), (Some(0), String::new()));
    insta::assert_snapshot!("demo", scene.redacted(&text(&first.stdout)));
    let state = scene.state("demo/tables");
    let again = scene.run("demo --dir demo");
    assert_eq!(again.status.code(), Some(0));
    insta::assert_snapshot!("demo_again", scene.redacted(&text(&again.stdout)));
    assert_eq!(scene.state("demo/tables"), state);

    // stdout is the source to name, and nothing else.
    let sample =
        scene.run("sample --out tower --layout control-tower --days 2 --objects 8 --seed 9");
    assert_eq!(sample.status.code(), Some(0));
    assert_eq!(text(&sample.stdout), "tower/o-exampleorg0\n");
    assert!(text(&sample.stderr).starts_with("wrote 8 log objects ("));
    assert_eq!(
        scene.run("export --source tower/o-exampleorg0 --target tables").status.code(),
        Some(0)
    );
}

#[test]
fn the_environment_speaks_and_flags_win() {
    let scene = Scene::new();
    let json = |command: &mut Command| -> Value {
        let output = command.current_dir(scene.folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        serde_json::from_str(text(&output.stdout).lines().last().unwrap()).unwrap()
    };
    let mut command = program(&["export"]);
    command.envs([("TRAILQUET_SOURCE", "trail"), ("TRAILQUET_TARGET", "tables")]);
    command.envs([("TRAILQUET_JSON", "true"), ("TRAILQUET_TO", "2024-04-30")]);
    command.envs([("TRAILQUET_ACCOUNT", "012345678901,111122223333")]);
    assert_eq!(json(&mut command)["objects"]["listed"], 0);
    assert!(!scene.path("tables/metrics").exists());
    let mut wins = program(&["export", "--to", "2024-05-01", "--target", "others"]);
    for (name, value) in command.get_envs() {
        wins.env(name, value.unwrap_or_default());
    }
    assert_eq!(json(&mut wins)["objects"]["listed"], 3);
    assert!(scene.path("others/metrics").exists() && !scene.path("tables/metrics").exists());
}

/// The keys as the contract lists them.
const SUMMARY: &[(&str, &[&str])] = &[
    (
        "objects",
        &[
            "listed",
            "read",
            "skipped",
            "failed",
            "unavailable",
            "pending",
            "ignored",
            "failed_before",
        ],
    ),
    ("bytes", &["compressed", "decompressed"]),
    ("calls", &["seen", "rejected"]),
    ("points", &["seen", "rejected"]),
    ("rows", &["metrics", "duplicates", "replaced", "runs", "rejects"]),
    ("files_written", &[]),
    ("requests", &["list", "get", "put"]),
    ("elapsed_seconds", &[]),
];

#[test]
fn the_summary_is_one_line_of_json() {
    let scene = Scene::new();
    let output = scene.run("export --source trail --target tables --json");
    assert_eq!(output.status.code(), Some(0));
    let stdout = text(&output.stdout);
    assert_eq!((stdout.lines().count(), stdout.ends_with('\n')), (1, true), "{stdout}");
    let summary: Value = serde_json::from_str(&stdout).unwrap();
    let keys = |value: &Value| -> BTreeSet<String> {
        value.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default()
    };
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(keys(&summary), SUMMARY.iter().map(|(key, _)| (*key).to_owned()).collect());
    for (key, below) in SUMMARY {
        let expected: BTreeSet<String> = names(below);
        assert_eq!(keys(&summary[key]), expected, "{key}");
    }
    assert!(stdout.starts_with(r#"{"objects":{"listed":3,"read":3,"#), "{stdout}");
    assert!(text(&output.stderr).contains("objects  3 listed: 3 read"));
}

#[test]
fn quiet_is_quiet() {
    let scene = Scene::new();
    let output = scene.run("export --source trail --target tables --quiet");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!((text(&output.stdout), text(&output.stderr)), (String::new(), String::new()));
    let output = scene.run("export --source trail --target tables -q --json");
    assert_eq!((text(&output.stdout).lines().count(), text(&output.stderr)), (1, String::new()));
    // Problems are still told.
    std::fs::write(scene.only_file("trail"), "damaged").unwrap();
    let output = scene.run("export --source trail --target others --quiet");
    assert_eq!(output.status.code(), Some(3));
    let stderr = text(&output.stderr);
    assert!(stderr.starts_with("failed: ") && stderr.lines().count() == 1, "{stderr}");
}

#[test]
fn a_reader_may_leave() {
    let scene = Scene::new();
    for line in ["--help", "export --source trail --target tables --json", "demo --dir demo"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = program(&line.split(' ').collect::<Vec<_>>());
        let child = command.current_dir(scene.folder.path()).stdout(writer).stderr(Stdio::piped());
        let output = child.spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}: {}", text(&output.stderr));
        assert!(!text(&output.stderr).contains("panicked"), "{line}");
    }
    assert!(scene.only_file("tables/metrics").is_file());
}
