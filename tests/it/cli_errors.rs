//! What the command line refuses: one error with its hint and code, and nothing written.

use std::fmt::Write as _;

use trailquet::table::parquet::Writer;
use trailquet::table::schema::REJECTS;

use crate::support::scene::{Scene, text};

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
            (2, "sample --out sampled --days 0"),
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
