//! The flaws of log objects that take more than one literal.
//!
//! Owns [`Change`] and one function for each flaw. Takes a sound object, its text or its place;
//! damages it, or tells where something stray lies. Does not know what becomes of it.

use std::path::PathBuf;

use libdeflater::{CompressionLvl, Compressor};

use super::bend::Stage;
use super::edits::{agent_decoy, key_decoy};
use super::json::Json;
use super::place::DAY;
use super::spec::Layout;

/// The gzip header's flag of a file name.
const FLAG_NAME: u8 = 0x08;
/// A gzip header without extras.
const HEADER_BYTES: usize = 10;

/// What makes an object flawed.
pub(super) enum Change {
    /// Its text.
    Text(fn(&mut String, &mut Stage<'_>)),
    /// Its gzip, given the text.
    Gzip(fn(&mut Vec<u8>, &[u8])),
    /// Where it lies.
    Name(fn(&Stage<'_>) -> PathBuf),
    /// It lies at a second key too, and one or the other may be cut.
    Copy {
        /// Whether the object itself is sound.
        sound: bool,
        /// Whether its copy is.
        copy: bool,
    },
    /// Beside it lies a call under a name that is none; not in every layout.
    Stray(fn(&Stage<'_>) -> Option<PathBuf>),
}

pub(super) fn records_object(text: &mut String, stage: &mut Stage<'_>) {
    *text = format!(r#"{{"Records":{{"0":{}}}}}"#, stage.event.text());
}

pub(super) fn records_bare(text: &mut String, _: &mut Stage<'_>) {
    *text = text[r#"{"Records":"#.len()..text.len() - 1].to_owned();
}

/// The first list holds a call that no list holds in the end.
pub(super) fn records_twice(text: &mut String, stage: &mut Stage<'_>) {
    text.insert_str(1, &format!(r#""Records":[{}],"#, stage.event.text()));
}

pub(super) fn records_among(text: &mut String, stage: &mut Stage<'_>) {
    text.insert_str(1, r#""version":{"Records":[{}]},"#);
    text.insert_str(text.len() - 1, &format!(r#","next":{}"#, stage.event.text()));
}

pub(super) fn frame_spaced(text: &mut String, _: &mut Stage<'_>) {
    *text = format!("\r\n\t{} \n", text.replacen(r#"{"Records":["#, "{\n \"Records\" :\t[ ", 1));
    let end = text.len() - 4;
    text.insert_str(end, " \n");
}

pub(super) fn decoys_only(text: &mut String, stage: &mut Stage<'_>) {
    let decoys = [agent_decoy(stage), key_decoy(stage)].concat();
    *text = Json::Object(vec![("Records", Json::Array(decoys))]).text();
}

pub(super) fn text_cut(text: &mut String, _: &mut Stage<'_>) {
    text.truncate(text.floor_char_boundary(text.len() * 2 / 3));
}

pub(super) fn bare_nan(text: &mut String, _: &mut Stage<'_>) {
    let record = r#",{"eventSource":"metrics-sagemaker.amazonaws.com","value":NaN}"#;
    text.insert_str(text.len() - 2, record);
}

/// Flips a bit of the byte so far from the end.
pub(super) fn flip(gzip: &mut [u8], from_end: usize) {
    let at = gzip.len() - from_end;
    gzip[at] ^= 0x10;
}

pub(super) fn second_member(gzip: &mut Vec<u8>, _: &[u8]) {
    let mut second = Vec::new();
    compress(&mut Compressor::new(CompressionLvl::default()), br#"{"Records":[]}"#, &mut second);
    gzip.append(&mut second);
}

pub(super) fn named(gzip: &mut Vec<u8>) {
    gzip[3] |= FLAG_NAME;
    gzip.splice(HEADER_BYTES..HEADER_BYTES, *b"log.json\0");
}

pub(super) fn stored(gzip: &mut Vec<u8>, text: &[u8]) {
    let level = CompressionLvl::new(0).expect("is the level that stores");
    compress(&mut Compressor::new(level), text, gzip);
}

/// Makes `gzip` the text's, as one member.
pub(super) fn compress(compressor: &mut Compressor, text: &[u8], gzip: &mut Vec<u8>) {
    gzip.resize(compressor.gzip_compress_bound(text.len()), 0);
    let written = compressor.gzip_compress(text, gzip);
    gzip.truncate(written.expect("the bound is enough for any text"));
}

pub(super) fn joined(stage: &Stage<'_>) -> PathBuf {
    let place = stage.place;
    let name = place.named(place.account, place.region, "Z", &place.unique(stage.spec));
    day(stage).join(name)
}

pub(super) fn next_folder(stage: &Stage<'_>) -> PathBuf {
    let next = stage.place.minute + DAY;
    let folder = stage.place.folder(&stage.spec.layout, false, "CloudTrail", next);
    folder.join(stage.place.name(stage.spec))
}

pub(super) fn stray_marker(stage: &Stage<'_>) -> Option<PathBuf> {
    Some(day(stage).join(format!("_SUCCESS.{}", stage.place.index)))
}

pub(super) fn stray_json(stage: &Stage<'_>) -> Option<PathBuf> {
    Some(day(stage).join(format!("{}.json", stage.place.index)))
}

/// In a flat tree the name is sound: there is no folder to contradict it.
pub(super) fn stray_account(stage: &Stage<'_>) -> Option<PathBuf> {
    let name = stage.place.named(
        "555566667777",
        stage.place.region,
        "Z_",
        &stage.place.unique(stage.spec),
    );
    (stage.spec.layout != Layout::Flat).then(|| day(stage).join(name))
}

pub(super) fn stray_region(stage: &Stage<'_>) -> Option<PathBuf> {
    let name =
        stage.place.named(stage.place.account, "sa-east-1", "Z_", &stage.place.unique(stage.spec));
    (stage.spec.layout != Layout::Flat).then(|| day(stage).join(name))
}

pub(super) fn stray_date(stage: &Stage<'_>) -> Option<PathBuf> {
    let (account, region) = (stage.place.account, stage.place.region);
    let name = format!(
        "{account}_CloudTrail_{region}_20240230T1200Z_NoSuchDay{:07}.json.gz",
        stage.place.index
    );
    Some(day(stage).join(name))
}

pub(super) fn stray_digest(stage: &Stage<'_>) -> Option<PathBuf> {
    Some(day(stage).join(digest(stage, "CloudTrail-Digest")))
}

pub(super) fn sibling(stage: &Stage<'_>, service: &str) -> Option<PathBuf> {
    let place = stage.place;
    let folder = place.folder(&stage.spec.layout, false, service, place.minute);
    let name = match service {
        "CloudTrail-Digest" => digest(stage, service),
        _ => place.name(stage.spec).replacen("CloudTrail", service, 1),
    };
    (stage.spec.layout != Layout::Flat).then(|| folder.join(name))
}

fn digest(stage: &Stage<'_>, service: &str) -> String {
    let (account, region) = (stage.place.account, stage.place.region);
    let minute = super::place::at(stage.place.minute).format("%Y%m%dT%H%M%S");
    format!("{account}_{service}_{region}_management-events_us-east-1_{minute}Z.json.gz")
}

fn day(stage: &Stage<'_>) -> PathBuf {
    let place = stage.place;
    place.folder(&stage.spec.layout, false, "CloudTrail", place.minute)
}
