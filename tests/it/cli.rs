//! The command line as people and scripts see it: help, errors with their hints and codes, the
//! summary, the environment, and what is said where.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use trailquet::sample::{Spec, write};
use trailquet::table::parquet::Writer;
use trailquet::table::schema::REJECTS;

use crate::support::run::trailquet;

/// The program in an environment without anything of its own, as wide as help may be.
fn program(args: &[&str]) -> Command {
    let mut command = trailquet(args);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRAILQUET_") {
            command.env_remove(name);
        }
    }
    command.env("COLUMNS", "100").stdin(Stdio::null());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A small trail without anything odd, in a folder of its own.
struct Scene {
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { folder: tempfile::tempdir().unwrap() };
        let one = |name: &str| vec![name.to_owned()];
        let spec = Spec {
            accounts: one("012345678901"),
            regions: one("eu-west-1"),
            objects: 3,
            days: 1,
            one_in: 1,
            ..Spec::demo()
        };
        write(&spec, &scene.path("trail")).unwrap();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a line of words in the folder, where `trail` and `tables` are names.
    fn run(&self, line: &str) -> Output {
        let words: Vec<&str> = line.split(' ').collect();
        program(&words).current_dir(self.folder.path()).output().unwrap()
    }

    /// A text without the folder's name and without times.
    fn redacted(&self, text: &str) -> String {
        let real = std::fs::canonicalize(self.folder.path()).unwrap();
        let text = text.replace(real.to_str().unwrap(), "[folder]");
        let line = |line: &str| match line.strip_suffix(" s") {
            Some(rest) => format!(
                "{}[time] s\n",
                rest.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')
            ),
            None => format!("{line}\n"),
        };
        text.lines().map(line).collect()
    }

    /// All files below a folder, with their times and sizes.
    fn state(&self, name: &str) -> BTreeSet<String> {
        let (mut state, mut folders) = (BTreeSet::new(), vec![self.path(name)]);
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            for path in entries.map(|entry| entry.unwrap().path()) {
                // A failed first put leaves its workshop behind.
                if path.is_dir() && !path.ends_with("_ledger/tmp") {
                    folders.push(path);
                } else if path.is_file() {
                    let meta = path.metadata().unwrap();
                    state.insert(format!(
                        "{} {:?} {}",
                        path.display(),
                        meta.modified().unwrap(),
                        meta.len()
                    ));
                }
            }
        }
        state
    }

    fn only_file(&self, name: &str) -> PathBuf {
        let (mut folder, mut files) = (self.path(name), Vec::new());
        while files.is_empty() {
            let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
            let (below, here): (Vec<PathBuf>, Vec<PathBuf>) =
                entries.partition(|path| path.is_dir());
            files = here;
            folder = below.into_iter().next().unwrap_or(folder);
        }
        files.remove(0)
    }
}

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

/// Runs lines that cannot do their work: one error with a hint, nothing on stdout, nothing in the
/// target.
fn refused(scene: &Scene, lines: &[(i32, &str)]) -> String {
    let mut told = String::new();
    for (code, line) in lines {
        let state = scene.state("tables");
        let output = scene.run(line);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(*code), "{line}: {stderr}");
        assert_eq!(text(&output.stdout), "", "{line}");
        assert_eq!(scene.state("tables"), state, "{line}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        // What a run could tell before it failed has times in it.
        let error = stderr.find("error: ").unwrap_or_else(|| panic!("{line}: {stderr}"));
        let error = scene.redacted(&stderr[error..]);
        writeln!(told, "$ trailquet {line}\n{error}exit code {code}\n").unwrap();
    }
    told
}

#[test]
fn what_cannot_be_asked_for() {
    let scene = Scene::new();
    let told = refused(
        &scene,
        &[
            (2, "export"),
            (2, "import --source trail --target tables"),
            (2, "export --source trail --target tables --from 2024-5-1"),
            (2, "export --source trail --target tables --to yesterday"),
            (2, "export --source trail --target tables --from 2024-05-02 --to 2024-05-01"),
            (2, "export --source ftp://host/trail --target tables"),
            (2, "export --source s3:// --target tables"),
            (2, "export --source trail --target gs://bucket/tables"),
            (2, "export --source trail --target file://tables"),
            (2, "export --source trail --target trail/AWSLogs/tables"),
            (2, "export --source trail --target tables --memory-limit 31MiB"),
            (2, "export --source trail --target tables --memory-limit lots"),
            (2, "export --source trail --target tables --requests-in-flight 0"),
            (2, "export --source trail --target tables --buckets 0"),
            (2, "export --source trail --target tables --temp-dir nowhere"),
            (2, "export --source trail --target tables --log trailquet=much"),
            (2, "sample --out sampled --scale 0"),
            (1, "sample --out sampled --days 0"),
        ],
    );
    insta::assert_snapshot!("usage_errors", told);
    assert!(!scene.path("tables").exists() && !scene.path("trail/AWSLogs/tables").exists());
}

#[test]
fn what_is_not_there_or_cannot_be_used() {
    let scene = Scene::new();
    std::fs::create_dir_all(scene.path("empty/folder")).unwrap();
    std::fs::write(scene.path("file"), "").unwrap();
    let told = refused(
        &scene,
        &[
            (1, "export --source nowhere --target tables"),
            (1, "export --source file --target tables"),
            (1, "export --source empty --target tables"),
            (1, "export --source . --target tables"),
            (1, "export --source trail/AWSLogs/012345678901 --target tables"),
            (1, "export --source trail --target file/tables"),
            (1, "sample --out file/sampled"),
            (1, "demo --dir file/demo"),
        ],
    );
    insta::assert_snapshot!("not_there", told);
    assert!(!scene.path("tables").exists());
}

#[test]
fn what_a_target_does_not_take() {
    let scene = Scene::new();
    let export = "export --source trail --target tables";
    let mut told = String::new();
    let mut refuses = |what: &str, code: i32, line: &str| {
        writeln!(told, "# {what}").unwrap();
        told.push_str(&refused(&scene, &[(code, line)]));
    };
    assert_eq!(scene.run(&format!("{export} --buckets 2 --quiet")).status.code(), Some(0));
    refuses("a target of two buckets", 2, &format!("{export} --buckets 4"));
    let marker = scene.path("tables/_ledger/format.json");
    std::fs::remove_file(&marker).unwrap();
    let line = format!("{export} --buckets 1");
    refuses("a target of two buckets, and its marker is lost", 2, &line);
    let newer = [
        ("a newer format", r#"{"format":2}"#),
        (
            "newer tables",
            r#"{"format":1,"buckets":2,"tables":{"metrics":9,"rejects":1},"compare_and_swap":true}"#,
        ),
    ];
    for (what, text) in newer {
        std::fs::write(&marker, text).unwrap();
        refuses(what, 1, export);
    }
    std::fs::remove_file(&marker).unwrap();
    let ledger = scene.path("tables/_ledger/account=012345678901/region=eu-west-1");
    std::fs::remove_dir_all(&ledger).unwrap();
    std::fs::create_dir(&ledger).unwrap();
    std::fs::write(ledger.join("2024-05-01.day"), "{\"format\":2}\n").unwrap();
    refuses("a ledger of a newer format", 1, export);
    std::fs::remove_file(ledger.join("2024-05-01.day")).unwrap();
    insta::assert_snapshot!("target_errors", told);
}

#[test]
fn what_is_no_table() {
    let scene = Scene::new();
    let export = "export --source trail --target tables";
    assert_eq!(scene.run(&format!("{export} --quiet")).status.code(), Some(0));
    let file = scene.only_file("tables/metrics");
    let sound = std::fs::read(&file).unwrap();
    let ledger = scene.path("tables/_ledger/account=012345678901");
    let others = Writer::new(&REJECTS, Vec::new()).unwrap().close().unwrap();
    let mut told = String::new();
    for (what, bytes) in [
        ("an empty file", &[][..]),
        ("a file that is no Parquet", b"date,run,loss\n2024-05-01,a,0.5\n"),
        ("a truncated Parquet file", &sound[..sound.len() / 2]),
        ("another table's file", &others),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let _ = std::fs::remove_dir_all(&ledger);
        writeln!(told, "# {what}").unwrap();
        told.push_str(&refused(&scene, &[(1, export)]));
    }
    insta::assert_snapshot!("no_table", told);
    std::fs::write(&file, &sound).unwrap();
    assert_eq!(scene.run(export).status.code(), Some(0));
    assert_eq!(std::fs::read(&file).unwrap(), sound);
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
