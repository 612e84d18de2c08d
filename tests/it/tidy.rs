//! Style as a test: what a reviewer would otherwise say again and again.

use std::path::{Path, PathBuf};

/// Lines of a source file, its tests aside.
const LINES_MAX: usize = 400;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder with this ending, and their texts.
fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == ending) {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// The part of a source file before its tests.
fn code(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests {").next().unwrap()
}

/// Panics with every finding.
fn none(findings: Vec<String>, rule: &str) {
    assert!(findings.is_empty(), "{rule}:\n{}", findings.join("\n"));
}

/// The lines of some files that hold one of some words.
fn naming(files: &[(PathBuf, String)], words: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, text) in files {
        for (line, text) in code(text).lines().enumerate() {
            let text = text.split("//").next().unwrap_or_default();
            if let Some(word) = words.iter().find(|word| text.contains(**word)) {
                findings.push(format!("{}:{}: {word}", path.display(), line + 1));
            }
        }
    }
    findings
}

fn source(of: impl Fn(&str) -> bool) -> Vec<(PathBuf, String)> {
    let mut all = files("src", "rs");
    all.retain(|(path, _)| of(path.to_str().unwrap()));
    all
}

#[test]
fn every_file_says_what_it_is_and_is_about_one_idea() {
    let mut findings = Vec::new();
    for (path, text) in files("src", "rs").iter().chain(&files("tests", "rs")) {
        if !text.starts_with("//! ") {
            findings.push(format!("{}:1: no paragraph about the module", path.display()));
        }
        let lines = code(text).lines().count();
        if lines > LINES_MAX {
            findings.push(format!("{}:{lines}: more than {LINES_MAX} lines", path.display()));
        }
    }
    none(findings, "a file opens with a paragraph and stays short");
}

#[test]
fn the_pure_halves_know_neither_stores_nor_clocks() {
    let pure = source(|path| path.starts_with("src/trail") || path.starts_with("src/table"));
    let words = ["tokio", "crate::store", "crate::pipeline", "std::env", "std::time", "Utc::now"];
    none(naming(&pure, &words), "trail and table are pure");
    let trail = source(|path| path.starts_with("src/trail"));
    none(naming(&trail, &["crate::table"]), "trail does not know the tables");
}

#[test]
fn edge_files_do_not_know_each_other() {
    let edge = ["source", "commit", "ledger", "target"];
    let words = edge.map(|name| format!("crate::{name}"));
    for name in edge {
        let others: Vec<&str> =
            words.iter().map(String::as_str).filter(|word| !word.ends_with(name)).collect();
        let file = source(|path| path.starts_with(&format!("src/{name}")));
        none(naming(&file, &others), "edge files import the store only");
    }
    let below = source(|path| !path.starts_with("src/cli"));
    none(naming(&below, &["crate::cli", "println!", "eprintln!"]), "only the command line prints");
}

#[test]
fn lints_are_expected_with_a_reason_not_allowed() {
    let all = [files("src", "rs"), files("tests", "rs"), files("benches", "rs")].concat();
    none(
        naming(&all, &[concat!("#[", "allow("), concat!("#![", "allow(")]),
        "expect, with a reason",
    );
}

#[test]
fn no_tabs_and_no_trailing_space() {
    let mut findings = Vec::new();
    let folders = ["src", "tests", "benches", "schemas", "docs"];
    let texts =
        folders.iter().flat_map(|folder| ["rs", "md", "toml"].map(|end| files(folder, end)));
    for (path, text) in texts.flatten() {
        for (line, text) in text.lines().enumerate() {
            if text.contains('\t') || text.ends_with(' ') {
                findings.push(format!("{}:{}", path.display(), line + 1));
            }
        }
    }
    none(findings, "no tabs, no trailing space");
}

#[test]
fn every_dependency_has_its_reason_and_arrow_is_there_once() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let start = manifest.find("[dependencies]").unwrap();
    let dependencies = manifest[start..].split("\n[").next().unwrap();
    let mut findings = Vec::new();
    let mut previous = "";
    for line in dependencies.lines().skip(1).filter(|line| !line.is_empty()) {
        if !line.starts_with('#') && !previous.starts_with('#') {
            findings.push(line.to_owned());
        }
        previous = line;
    }
    none(findings, "a line above each dependency says why it is there");
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    assert_eq!(lock.matches("name = \"arrow-array\"").count(), 1);
    assert_eq!(lock.matches("name = \"parquet\"").count(), 1);
}
