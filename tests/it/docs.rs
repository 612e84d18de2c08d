//! The documentation tells the truth: generated parts are what `schemas/` says, flags exist, links
//! lead somewhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use trailquet::table::schema::{Table, tables};

use crate::support::run::trailquet;
use crate::support::variable;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn documents() -> Vec<PathBuf> {
    let in_folder = |folder: PathBuf| {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_some_and(|end| end == "md")).collect::<Vec<_>>()
    };
    [in_folder(root().to_owned()), in_folder(root().join("docs"))].concat()
}

/// A document with its generated parts made anew.
fn generate(text: &str, table: &Table) -> String {
    let start = format!("<!-- generated from schemas/{}.toml", table.name);
    let Some(at) = text.find(&start) else { return text.to_owned() };
    let from = at + text[at..].find("-->\n").expect("a comment ends") + "-->\n".len();
    let to = from + text[from..].find("<!-- end -->").expect("a generated part ends");
    format!("{}\n{}\n{}", &text[..from], table.markdown(), &text[to..])
}

#[test]
fn generated_parts_are_what_the_schemas_say() {
    for path in documents() {
        let text = std::fs::read_to_string(&path).unwrap();
        let fresh = tables().iter().fold(text.clone(), |text, table| generate(&text, table));
        if variable("TRAILQUET_BLESS").is_some() {
            std::fs::write(&path, &fresh).unwrap();
        } else {
            let hint = "TRAILQUET_BLESS=1 cargo test --test it docs rewrites it";
            assert!(text == fresh, "{} is out of date; {hint}", path.display());
        }
    }
}

/// The flags that a text names.
fn flags(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '-';
    let after = text.split("--").skip(1);
    let names = after.map(|rest| rest.split(|c| !is_part(c)).next().unwrap_or_default());
    names.filter(|name| name.len() > 1 && !name.starts_with('-')).map(str::to_owned).collect()
}

fn help(command: &str) -> String {
    String::from_utf8(trailquet(&[command, "--help"]).output().unwrap().stdout).unwrap()
}

#[test]
fn flags_exist() {
    let known = ["export", "sample", "demo"].map(help).concat();
    let others = ["release", "test", "binary", "seeds"].map(str::to_owned);
    let known: BTreeSet<String> = flags(&known).into_iter().chain(others).collect();
    for path in documents() {
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replace("<!--", "").replace("-->", "").replace("|---", "");
        let unknown: Vec<_> = flags(&text).difference(&known).cloned().collect();
        assert!(unknown.is_empty(), "{} names {unknown:?}", path.display());
    }
}

#[test]
fn links_lead_somewhere() {
    for path in documents() {
        let text = std::fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let is_local = !link.contains("://") && !link.starts_with('#');
            let leads = path.parent().unwrap().join(link).exists();
            assert!(!is_local || leads, "{} links to {link}", path.display());
        }
    }
}
