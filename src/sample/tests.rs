//! What every sample must be: the same bytes for the same spec, readable, and as odd as it says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use libdeflater::Decompressor;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::{Flaw, Layout, Oddity, Spec, Verdict, Written, write};

type Tree = BTreeMap<PathBuf, Vec<u8>>;

fn trail(spec: &Spec) -> (Tree, Written) {
    let folder = tempfile::tempdir().unwrap();
    let written = write(spec, folder.path()).unwrap();
    let mut tree = Tree::new();
    gather(folder.path(), folder.path(), &mut tree);
    (tree, written)
}

fn gather(root: &Path, folder: &Path, tree: &mut Tree) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(root, &path, tree);
        } else {
            tree.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
}

/// The text of a gzip of one member, if that is what it is.
fn gunzip(gzip: &[u8]) -> Option<Vec<u8>> {
    let size = gzip.last_chunk().map_or(0, |size| u32::from_le_bytes(*size));
    let mut text = vec![0; size.min(1 << 24) as usize];
    let mut decompressor = Decompressor::new();
    let length = decompressor.gzip_decompress(gzip, &mut text).ok()?;
    text.truncate(length);
    Some(text)
}

fn records(gzip: &[u8]) -> Vec<Value> {
    let text: Value = serde_json::from_slice(&gunzip(gzip).unwrap()).unwrap();
    text["Records"].as_array().unwrap().clone()
}

fn is_call(record: &Value) -> bool {
    record["eventSource"] == "metrics-sagemaker.amazonaws.com"
        && record["eventName"] == "BatchPutMetrics"
}

fn count(records: &[Value], which: impl Fn(&&Value) -> bool) -> u64 {
    records.iter().filter(which).count() as u64
}

#[test]
fn same_spec_same_bytes() {
    for spec in [Spec { objects: 40, ..Spec::demo() }, Spec { objects: 80, ..Spec::odd() }] {
        assert!(trail(&spec) == trail(&spec));
        let other = Spec { seed: spec.seed + 1, ..spec.clone() };
        assert!(trail(&spec).0 != trail(&other).0);
    }
}

#[test]
fn totals_are_what_strict_json_holds() {
    for spec in [Spec::demo(), Spec::dense(0.004), Spec::rare(0.01), Spec::tiny(0.01)] {
        let (tree, written) = trail(&spec);
        let all: Vec<Value> = tree.values().flat_map(|gzip| records(gzip)).collect();
        let points = |record: &Value| record["requestParameters"]["metricData"].as_array().cloned();
        assert_eq!(
            written,
            Written {
                objects: spec.objects,
                records: all.len() as u64,
                lineage: count(&all, |record| record["eventSource"] == "sagemaker.amazonaws.com"),
                calls: count(&all, |record| is_call(record)),
                points: all
                    .iter()
                    .filter(|r| is_call(r))
                    .map(|r| points(r).unwrap().len() as u64)
                    .sum(),
                compressed_bytes: tree.values().map(|gzip| gzip.len() as u64).sum(),
                decompressed_bytes: tree
                    .values()
                    .map(|gzip| gunzip(gzip).unwrap().len() as u64)
                    .sum(),
                ..Written::default()
            }
        );
        assert_eq!(tree.len() as u64, spec.objects);
        let ids: BTreeSet<_> = all.iter().map(|record| record["eventID"].to_string()).collect();
        assert_eq!(ids.len(), all.len());
    }
}

#[test]
fn a_call_has_the_envelope_of_a_data_event() {
    let (tree, _) = trail(&Spec::demo());
    let call = tree.values().flat_map(|gzip| records(gzip)).find(is_call).unwrap();
    let run = call["requestParameters"]["trialComponentName"].as_str().unwrap();
    assert_eq!(run, run.to_lowercase());
    assert!(call["resources"][0]["ARN"].as_str().unwrap().ends_with(&format!("/{run}")));
    assert_eq!(call["resources"][0]["type"], "AWS::SageMaker::ExperimentTrialComponent");
    assert_eq!(call["userIdentity"]["sessionContext"]["sessionIssuer"]["type"], "Role");
    assert_eq!(call["userIdentity"]["accountId"], call["recipientAccountId"]);
    assert_eq!(call["eventID"].as_str().unwrap().len(), 36);
    for point in call["requestParameters"]["metricData"].as_array().unwrap() {
        assert_eq!(point["timestamp"].as_i64().unwrap() % 1000, 0);
        assert!(point["value"].is_number());
    }
}

#[test]
fn runs_go_on_from_object_to_object() {
    let (tree, _) = trail(&Spec::demo());
    let mut steps = BTreeMap::<(String, String, String), Vec<u64>>::new();
    for call in tree.values().flat_map(|gzip| records(gzip)).filter(is_call) {
        let run = call["resources"][0]["ARN"].to_string();
        let session = call["userIdentity"]["accessKeyId"].to_string();
        for point in call["requestParameters"]["metricData"].as_array().unwrap() {
            let key = (run.clone(), session.clone(), point["metricName"].to_string());
            steps.entry(key).or_default().push(point["step"].as_u64().unwrap());
        }
    }
    let whole = steps.values().filter(|steps| steps.len() == 60).count();
    assert!(whole > 80, "{whole} whole curves of {}", steps.len());
    for mut steps in steps.into_values() {
        steps.sort_unstable();
        assert!(steps.iter().enumerate().all(|(index, step)| index as u64 == *step));
    }
}

#[test]
fn every_oddity_and_every_flaw_can_be_seen() {
    let (tree, written) = trail(&Spec::odd());
    for oddity in Oddity::ALL {
        assert!(written.oddities.get(oddity).is_some_and(|count| *count > 1), "{oddity:?}");
    }
    for flaw in Flaw::ALL {
        assert!(written.flaws.contains_key(flaw), "{flaw:?}");
    }
    let siblings = Flaw::ALL.iter().filter(|flaw| flaw.wanted() == Verdict::Untouched);
    let siblings = siblings.map(|flaw| written.flaws[flaw]).sum::<u64>();
    assert_eq!(tree.len() as u64, written.objects + written.ignored + siblings);
}

#[test]
fn odd_objects_are_json_of_a_kind() {
    let (tree, written) = trail(&Spec::odd());
    let texts: Vec<Vec<u8>> = tree.values().filter_map(|gzip| gunzip(gzip)).collect();
    let is_json = |text: &&Vec<u8>| serde_json::from_slice::<IgnoredAny>(text).is_ok();
    let broken = [Flaw::TextCut, Flaw::TextHtml, Flaw::TextEmpty, Flaw::TextTwice, Flaw::TextNan]
        .map(|flaw| written.flaws[&flaw]);
    let broken = broken.iter().sum::<u64>() + written.flaws[&Flaw::TextComma];
    assert_eq!(texts.iter().filter(|text| !is_json(text)).count() as u64, broken);
    assert!(texts.iter().any(|text| text.contains(&0xFF)));
}

#[test]
fn every_layout_lies_below_its_source() {
    let layouts = [
        (Layout::Plain, "AWSLogs/012345678901/CloudTrail/"),
        (Layout::Organization, "AWSLogs/o-exampleorg0/012345678901/CloudTrail/"),
        (Layout::ControlTower, "o-exampleorg0/AWSLogs/o-exampleorg0/012345678901/CloudTrail/"),
        (Layout::Prefix("logs/all".to_owned()), "logs/all/AWSLogs/012345678901/CloudTrail/"),
        (Layout::Flat, "012345678901_CloudTrail_"),
    ];
    for (layout, start) in layouts {
        let spec = Spec { layout, objects: 4, ..Spec::demo() };
        let (tree, _) = trail(&spec);
        let first = tree.keys().next().unwrap();
        assert!(first.to_str().unwrap().starts_with(start), "{first:?}");
        assert!(first.starts_with(spec.layout.source()));
    }
    let flat = Spec { layout: Layout::Flat, ..Spec::odd() };
    let (tree, written) = trail(&flat);
    assert_eq!(tree.len() as u64, written.objects + written.ignored);
}

#[test]
fn impossible_specs_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for spec in [
        Spec { accounts: Vec::new(), ..Spec::demo() },
        Spec { days: 0, ..Spec::demo() },
        Spec { metrics: 9, ..Spec::demo() },
        Spec { accounts: vec!["../x".to_owned()], ..Spec::demo() },
        Spec { layout: Layout::Prefix("/tmp".to_owned()), ..Spec::demo() },
        Spec { layout: Layout::Prefix("a/../..".to_owned()), ..Spec::demo() },
    ] {
        let error = write(&spec, folder.path()).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    }
}
