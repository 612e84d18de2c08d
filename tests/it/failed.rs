//! Log objects that cannot be decoded, and those that cannot be had: told with a reason, counted,
//! remembered or not, and tried again when there is a reason to.

use std::path::{Path, PathBuf};

use libdeflater::{CompressionLvl, Compressor};
use trailquet::sample::Spec;

use crate::support::inside::assert_same;
use crate::support::place::Place;
use crate::support::run::Ran;

/// One lane, one object a day.
fn spec() -> Spec {
    Spec {
        seed: 51,
        accounts: vec!["012345678901".to_owned()],
        regions: vec!["eu-west-1".to_owned()],
        objects: 4,
        days: 4,
        one_in: 1,
        others: 2,
        ..Spec::demo()
    }
}

/// The first log file of a trail.
fn victim(place: &Place) -> PathBuf {
    let day = place.trail.join("AWSLogs/012345678901/CloudTrail/eu-west-1/2024/05/01");
    std::fs::read_dir(day).unwrap().next().unwrap().unwrap().path()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut packed = vec![0; compressor.gzip_compress_bound(text.len())];
    let len = compressor.gzip_compress(text, &mut packed).unwrap();
    packed.truncate(len);
    packed
}

/// The lines of a run that tell of one object.
fn told<'a>(ran: &'a Ran, kind: &str) -> Vec<&'a str> {
    ran.stderr.lines().filter(|line| line.starts_with(&format!("{kind}: "))).collect()
}

/// A run that meets one failed object, and says why.
fn meets(ran: Ran, file: &Path, why: &str) {
    let ran = ran.ended(3);
    assert_eq!((ran.number("objects.failed"), ran.number("objects.failed_before")), (1, 0));
    assert_eq!(told(&ran, "failed"), [format!("failed: {}: {why}", file.display())]);
}

/// A run that leaves it alone.
fn remembers(ran: Ran) {
    let ran = ran.ended(0);
    assert_eq!((ran.number("objects.failed"), ran.number("objects.failed_before")), (0, 1));
    assert_eq!((ran.number("objects.read"), ran.number("requests.put")), (0, 0));
    assert!(told(&ran, "failed").is_empty());
    assert!(ran.stderr.contains("1 objects failed in an earlier run"), "{}", ran.stderr);
}

/// A run that reads it.
async fn reads(place: &Place, ran: Ran, tables: &crate::support::inside::Files) {
    let ran = ran.ended(0);
    assert_eq!((ran.number("objects.read"), ran.number("objects.failed_before")), (1, 0));
    assert_same(&place.tables().await, tables, "read at last");
    let again = place.export(&["--relist"]).ended(0);
    assert_eq!((again.number("objects.skipped"), again.number("objects.failed_before")), (4, 0));
    assert_eq!(again.number("requests.put"), 0);
}

/// A text that does not name our event source is not parsed.
const NOT_JSON: &[u8] = b"{\"Records\":[{\"eventSource\":\"metrics-sagemaker.amazonaws.com\"]}";

const BAD_GZIP: &str = "it is not one whole gzip member (truncated or damaged)";

#[tokio::test]
async fn a_failed_object_is_remembered_until_it_changes() {
    let place = Place::new(&spec());
    let (tables, file) = (place.undisturbed().await, victim(&place));
    let sound = std::fs::read(&file).unwrap();
    let (half, mut flipped) = (sound[..sound.len() / 2].to_vec(), sound.clone());
    flipped[sound.len() - 6] ^= 1;
    let cases: [(&[u8], &str); 7] = [
        (&half, BAD_GZIP),
        (&flipped, BAD_GZIP),
        (b"", BAD_GZIP),
        (b"{\"Records\":[]}", BAD_GZIP),
        (&gzip(NOT_JSON), "its text is not JSON"),
        (&gzip(b"{\"records\":[]}"), "its JSON is not an object with an array Records"),
        (
            &[&sound[..], b"forged"].concat(),
            "bytes follow its gzip member (--allow-multi-member reads re-packed copies)",
        ),
    ];
    for (bytes, why) in cases {
        // What differs from what failed is tried without being told to.
        std::fs::write(&file, bytes).unwrap();
        meets(place.export(&[]), &file, why);
        remembers(place.export(&[]));
        meets(place.export(&["--retry-failed"]), &file, why);
        remembers(place.export(&["--relist"]));
    }
    std::fs::write(&file, &sound).unwrap();
    reads(&place, place.export(&[]), &tables).await;
}

/// `--retry-failed` changes nothing that is there, and a lost ledger nothing but the memory.
#[tokio::test]
async fn a_failed_object_contributes_nothing() {
    let place = Place::new(&spec());
    let file = victim(&place);
    let sound = std::fs::read(&file).unwrap();
    std::fs::write(&file, &sound[..sound.len() - 1]).unwrap();
    meets(place.export(&[]), &file, BAD_GZIP);
    let files = place.files().await;
    meets(place.export(&["--retry-failed"]), &file, BAD_GZIP);
    assert_same(&place.files().await, &files, "tried again");
    std::fs::remove_dir_all(place.target.join("_ledger")).unwrap();
    meets(place.export(&[]), &file, BAD_GZIP);
    remembers(place.export(&[]));
    let name = file.file_name().unwrap().to_str().unwrap().as_bytes();
    for (key, bytes) in place.tables().await {
        assert!(!bytes.windows(name.len()).any(|window| window == name), "{key} names it");
    }
}

#[tokio::test]
async fn another_limit_is_a_reason_to_try_again() {
    let place = Place::new(&spec());
    let file = victim(&place);
    // A text of 20 MiB: half of the memory is the most that one may take.
    let sound = std::fs::read(&file).unwrap();
    let mut text = vec![0; 1 << 20];
    let len = libdeflater::Decompressor::new().gzip_decompress(&sound, &mut text).unwrap();
    text.truncate(len);
    text.splice(1..1, vec![b' '; 20 << 20]);
    std::fs::write(&file, gzip(&text)).unwrap();
    let tables = place.undisturbed().await;
    let why = "it is larger than 16777216 bytes (--memory-limit raises this limit)";
    meets(place.export(&["--memory-limit", "32MiB"]), &file, why);
    remembers(place.export(&["--memory-limit", "32MiB"]));
    reads(&place, place.export(&["--memory-limit", "64MiB"]), &tables).await;
}

/// A lower limit is none.
#[tokio::test]
async fn the_highest_limit_is_remembered() {
    let place = Place::new(&spec());
    let file = victim(&place);
    std::fs::write(&file, gzip(&vec![b' '; 40 << 20])).unwrap();
    let why =
        |limit: u64| format!("it is larger than {limit} bytes (--memory-limit raises this limit)");
    meets(place.export(&["--memory-limit", "32MiB"]), &file, &why(16 << 20));
    meets(place.export(&["--memory-limit", "64MiB"]), &file, &why(32 << 20));
    remembers(place.export(&["--memory-limit", "64MiB"]));
    remembers(place.export(&["--memory-limit", "32MiB"]));
    meets(place.export(&[]), &file, "its text is not JSON");
    remembers(place.export(&[]));
}

#[tokio::test]
async fn the_stored_size_has_a_limit_too() {
    let place = Place::new(&spec());
    let file = victim(&place);
    let mut random = fastrand::Rng::with_seed(52);
    let noise: Vec<u8> = (0..5 << 20).map(|_| random.u8(..)).collect();
    std::fs::write(&file, noise).unwrap();
    let why = "it is larger than 4194304 bytes (--memory-limit raises this limit)";
    meets(place.export(&["--memory-limit", "32MiB"]), &file, why);
    remembers(place.export(&["--memory-limit", "32MiB"]));
    // With more memory it is something else that is wrong with it.
    meets(place.export(&[]), &file, BAD_GZIP);
    remembers(place.export(&[]));
}

#[tokio::test]
async fn repacked_copies_are_read_when_that_is_allowed() {
    let place = Place::new(&spec());
    let (tables, file) = (place.undisturbed().await, victim(&place));
    let sound = std::fs::read(&file).unwrap();
    let mut text = vec![0; 1 << 20];
    let len = libdeflater::Decompressor::new().gzip_decompress(&sound, &mut text).unwrap();
    let (head, tail) = text[..len].split_at(len / 3);
    std::fs::write(&file, [gzip(head), gzip(tail)].concat()).unwrap();
    let why = "bytes follow its gzip member (--allow-multi-member reads re-packed copies)";
    meets(place.export(&[]), &file, why);
    remembers(place.export(&[]));
    reads(&place, place.export(&["--allow-multi-member"]), &tables).await;
}

/// What is wrong behind the second member is found and remembered, with the flag and without.
#[tokio::test]
async fn a_repacked_copy_may_be_damaged_too() {
    let place = Place::new(&spec());
    let file = victim(&place);
    std::fs::write(&file, [gzip(NOT_JSON), gzip(NOT_JSON)].concat()).unwrap();
    let why = "bytes follow its gzip member (--allow-multi-member reads re-packed copies)";
    meets(place.export(&[]), &file, why);
    meets(place.export(&["--allow-multi-member"]), &file, "its text is not JSON");
    remembers(place.export(&["--allow-multi-member"]));
    remembers(place.export(&[]));
}

#[tokio::test]
async fn an_unavailable_object_is_tried_every_time() {
    let place = Place::new(&spec());
    let (tables, file) = (place.undisturbed().await, victim(&place));
    let sound = std::fs::read(&file).unwrap();
    let name = file.file_name().unwrap();
    // A link to nowhere, and one to itself.
    for link in [Path::new("no/such/file"), Path::new(name)] {
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink(link, &file).unwrap();
        for more in [&[][..], &[], &["--skip-archived"], &["--quiet"]] {
            let ran = place.export(more).ended(3);
            assert_eq!((ran.number("objects.unavailable"), ran.number("objects.failed")), (1, 0));
            let told = told(&ran, "unavailable");
            assert_eq!(told.len(), 1, "{}", ran.stderr);
            assert!(told[0].starts_with(&format!("unavailable: {}: ", file.display())), "{told:?}");
        }
    }
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, &sound).unwrap();
    reads(&place, place.export(&[]), &tables).await;
}

/// A folder that is named like a log object is a folder.
#[tokio::test]
async fn a_folder_is_no_object() {
    let place = Place::new(&spec());
    let (tables, file) = (place.undisturbed().await, victim(&place));
    let other =
        file.with_file_name(file.file_name().unwrap().to_str().unwrap().replace("Z_", "Z_0"));
    std::fs::create_dir(&other).unwrap();
    std::fs::copy(&file, other.join(file.file_name().unwrap())).unwrap();
    let ran = place.export(&[]).ended(0);
    assert_eq!((ran.number("objects.listed"), ran.number("objects.ignored")), (4, 1));
    assert_same(&place.tables().await, &tables, "beside a folder");
}

/// What a copy of a name is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Is {
    Sound,
    Damaged,
    Missing,
}

use Is::{Damaged, Missing, Sound};

/// Copies are tried in the order of their keys: the plain trail's, then the organization's.
#[tokio::test]
async fn one_sound_copy_is_enough() {
    // Code; keys read, skipped, failed, unavailable.
    let cases = [
        ([Sound, Sound], 0, [1, 1, 0, 0]),
        ([Damaged, Sound], 0, [1, 1, 0, 0]),
        ([Sound, Damaged], 0, [1, 1, 0, 0]),
        ([Missing, Sound], 0, [1, 1, 0, 0]),
        ([Sound, Missing], 0, [1, 1, 0, 0]),
        ([Damaged, Damaged], 3, [0, 0, 2, 0]),
        ([Damaged, Missing], 3, [0, 0, 0, 2]),
        ([Missing, Damaged], 3, [0, 0, 0, 2]),
        ([Missing, Missing], 3, [0, 0, 0, 2]),
    ];
    for (copies, code, keys) in cases {
        let place = Place::new(&Spec { objects: 1, days: 1, ..spec() });
        let tables = place.undisturbed().await;
        let file = victim(&place);
        let sound = std::fs::read(&file).unwrap();
        let below = file.strip_prefix(place.trail.join("AWSLogs")).unwrap();
        let other = place.trail.join("AWSLogs/o-exampleorg0").join(below);
        std::fs::create_dir_all(other.parent().unwrap()).unwrap();
        for (path, copy) in [&file, &other].into_iter().zip(copies) {
            let _ = std::fs::remove_file(path);
            match copy {
                Sound => std::fs::write(path, &sound).unwrap(),
                Damaged => std::fs::write(path, &sound[..sound.len() / 2]).unwrap(),
                Missing => std::os::unix::fs::symlink("nowhere", path).unwrap(),
            }
        }
        let ran = place.export(&[]).ended(code);
        assert_eq!(ran.number("objects.listed"), 2, "{copies:?}");
        let names = ["read", "skipped", "failed", "unavailable"];
        let counts = names.map(|name| ran.number(&format!("objects.{name}")));
        assert_eq!(counts, keys, "{copies:?}");
        assert_eq!(told(&ran, "failed").len() as u64, keys[2], "{}", ran.stderr);
        if code == 0 {
            assert_same(&place.tables().await, &tables, &format!("{copies:?}"));
            assert_eq!(place.export(&[]).ended(0).number("requests.put"), 0);
            continue;
        }
        assert!(place.tables().await.is_empty());
        // Another run, and one after the last copy was repaired.
        let is_remembered = copies == [Damaged, Damaged];
        let again = place.export(&[]).ended(if is_remembered { 0 } else { 3 });
        assert_eq!(again.number("objects.failed_before"), if is_remembered { 2 } else { 0 });
        let _ = std::fs::remove_file(&other);
        std::fs::write(&other, &sound).unwrap();
        assert_eq!(place.export(&[]).ended(0).number("objects.read"), 1, "{copies:?}");
        assert_same(&place.tables().await, &tables, &format!("{copies:?}, repaired"));
    }
}

/// Rejects make a run end in 3 when they are new, and never again.
#[tokio::test]
async fn rejects_are_told_once() {
    let place = Place::new(&Spec { oddities: true, objects: 60, ..spec() });
    let first = place.export(&[]).ended(3);
    assert!(first.number("rows.rejects") > 0);
    assert_eq!(first.number("rows.rejects"), place.written.rejects.values().sum::<u64>());
    assert_eq!(first.number("objects.failed"), place.written.failed);
    assert_eq!(place.export(&["--relist"]).ended(0).number("rows.rejects"), 0);
    std::fs::remove_dir_all(place.target.join("_ledger")).unwrap();
    let again = place.export(&[]);
    assert_eq!(again.number("rows.rejects"), 0, "they were there");
}
