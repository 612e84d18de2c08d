//! One log object: its records in an order that is none, its gzip, and what lies beside it.
//!
//! Owns [`Writer`], which reuses its buffers from object to object. Takes the number of an
//! object, gives the files to write for it and counts what they hold; does not touch the disk.

use std::borrow::Cow;
use std::path::PathBuf;

use libdeflater::{CompressionLvl, Compressor};

use super::bend::{Stage, tell};
use super::call::call;
use super::damage::{Change, compress};
use super::flaw::Flaw;
use super::lineage::lineage;
use super::oddity::Oddity;
use super::other::other;
use super::place::Place;
use super::run::Batch;
use super::scene::{Scene, rng};
use super::spec::Spec;
use super::written::Written;

/// Stands for a byte that is not UTF-8 until the text is compressed.
const NO_TEXT: char = '\u{E0FF}';
/// Oddities of one object, at most.
const ODDITIES_MAX: u32 = 6;
/// One in so many objects with calls has a flaw.
const FLAW_ONE_IN: u64 = 3;
/// What a damaged copy lacks at its end: the checksum, and a byte.
const CUT_BYTES: usize = 9;

/// Makes one object after another.
pub(super) struct Writer<'a> {
    spec: &'a Spec,
    compressor: Compressor,
    text: String,
    gzip: Vec<u8>,
    /// What lies under a stray name: a call that must never be read.
    stray: Vec<u8>,
    /// The sums so far.
    pub(super) written: Written,
}

impl<'a> Writer<'a> {
    pub(super) fn new(spec: &'a Spec) -> Self {
        Self {
            spec,
            compressor: Compressor::new(CompressionLvl::default()),
            text: String::new(),
            gzip: Vec::new(),
            stray: Vec::new(),
            written: Written::default(),
        }
    }

    /// The files of an object: where they lie, and what is in them.
    pub(super) fn object(&mut self, index: u64) -> Vec<(PathBuf, &[u8])> {
        let place = Place::of(self.spec, index);
        let mut sums = self.records(&place);
        let flaw = self.flaw(&place);
        let event = call(self.spec, &place, self.spec.calls);
        let rng = rng(&[self.spec.seed, index, 0xF1A]);
        let mut stage = Stage { spec: self.spec, place: &place, rng, event };
        if let Some(Change::Text(change)) = flaw.map(Flaw::change) {
            change(&mut self.text, &mut stage);
        }
        let json =
            if self.spec.oddities { spoilt(&self.text) } else { self.text.as_bytes().into() };
        sums.decompressed_bytes = json.len() as u64;
        compress(&mut self.compressor, &json, &mut self.gzip);
        if let Some(Change::Gzip(change)) = flaw.map(Flaw::change) {
            change(&mut self.gzip, &json);
        }
        let folder = |copies| place.folder(&self.spec.layout, copies, "CloudTrail", place.minute);
        let name = place.name(self.spec);
        let mut files = vec![(folder(false).join(&name), Content::Whole)];
        match flaw.map(Flaw::change) {
            None | Some(Change::Text(_) | Change::Gzip(_)) => {}
            Some(Change::Name(path)) => files[0].0 = path(&stage),
            Some(Change::Copy { sound, copy }) => {
                files[0].1 = Content::copy(*sound);
                files.push((folder(true).join(&name), Content::copy(*copy)));
            }
            Some(Change::Stray(path)) => {
                let text = format!(r#"{{"Records":[{}]}}"#, stage.event.text());
                compress(&mut self.compressor, text.as_bytes(), &mut self.stray);
                files.extend(path(&stage).map(|path| (path, Content::Stray)));
            }
        }
        self.count(flaw, sums, files)
    }

    /// Writes the text, and counts its records.
    fn records(&mut self, place: &Place<'_>) -> Written {
        let spec = self.spec;
        let mut sums = Written::default();
        let mut rng = rng(&[spec.seed, place.index, 0x0B1]);
        let others = rng.u32(spec.others / 2..=spec.others + spec.others.div_ceil(2));
        let calls = if place.holder.is_some() { spec.calls } else { 0 };
        let oddities = oddities(spec, place);
        let mut told = 0;
        self.text.clear();
        self.text.push_str(r#"{"Records":["#);
        for left in (1..=others + calls).rev() {
            if rng.u32(..left) < calls - told {
                self.call(place, told, oddities.get(told as usize).copied(), &mut sums);
                told += 1;
            } else {
                let time = place.time(0, 1, &mut rng);
                let (account, region) = (place.account, place.region);
                let mut scene = Scene { account, region, time, rng: rng.fork() };
                self.separate();
                other(&mut scene, &mut self.text);
                sums.records += 1;
            }
        }
        self.text.push_str("]}");
        sums
    }

    /// Writes a call, what is beside it, and the lineage events around it.
    fn call(&mut self, place: &Place<'_>, number: u32, oddity: Option<Oddity>, sums: &mut Written) {
        for mut told in tell(self.spec, place, number, oddity) {
            self.separate();
            told.json.write(&mut self.text, told.spaced.then_some(0));
            sums.record(&mut told.json, told.wanted);
        }
        if let Some(oddity) = oddity {
            *sums.oddities.entry(oddity).or_default() += 1;
        }
        let batch = Batch::of(self.spec, place.lane, place.first_call + u64::from(number));
        let mut rng = rng(&[self.spec.seed, place.index, number.into(), 0x11E]);
        let time = place.time(number, self.spec.calls, &mut rng);
        let mut scene = Scene { account: place.account, region: place.region, time, rng };
        for event in lineage(&mut scene, &batch) {
            self.separate();
            self.text.push_str(&event);
            sums.records += 1;
            sums.lineage += 1;
        }
    }

    fn separate(&mut self) {
        if !self.text.ends_with('[') {
            self.text.push(',');
        }
    }

    /// The flaw whose turn it is, if one is due.
    fn flaw(&self, place: &Place<'_>) -> Option<Flaw> {
        let holder = place.holder.filter(|_| self.spec.oddities)?;
        let (turn, offset) = (holder / FLAW_ONE_IN, holder % FLAW_ONE_IN);
        // Otherwise some lanes would have all flaws, and others none.
        let due = turn % FLAW_ONE_IN == offset;
        due.then(|| turn_of(self.spec, Flaw::ALL, turn).next())?
    }

    fn count(
        &mut self,
        flaw: Option<Flaw>,
        mut sums: Written,
        files: Vec<(PathBuf, Content)>,
    ) -> Vec<(PathBuf, &[u8])> {
        let bytes = |content: Content| match content {
            Content::Whole => &self.gzip[..],
            Content::Cut => &self.gzip[..self.gzip.len() - CUT_BYTES],
            Content::Stray => &self.stray[..],
        };
        let strays = files.iter().filter(|(_, content)| *content == Content::Stray).count() as u64;
        if let Some(flaw) = flaw {
            sums = sums.judged(flaw, strays);
        }
        for (_, content) in files.iter().filter(|(_, content)| *content != Content::Stray) {
            sums.objects += 1;
            sums.compressed_bytes += bytes(*content).len() as u64;
        }
        sums.copies = sums.objects - 1;
        self.written.add(&sums);
        files.into_iter().map(|(path, content)| (path, bytes(content))).collect()
    }
}

/// What is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Whole,
    Cut,
    Stray,
}

impl Content {
    fn copy(sound: bool) -> Self {
        if sound { Self::Whole } else { Self::Cut }
    }
}

/// The oddities of an object's first calls; its last call is always sound, because later objects
/// repeat and correct it.
fn oddities(spec: &Spec, place: &Place<'_>) -> Vec<Oddity> {
    let Some(holder) = place.holder.filter(|_| spec.oddities) else { return Vec::new() };
    let count = ODDITIES_MAX.min(spec.calls - 1) as usize;
    turn_of(spec, Oddity::ALL, holder * count as u64).take(count).collect()
}

/// A table from some place on, round and round: each row has its turn, and every seed begins
/// elsewhere.
fn turn_of<T: Copy>(spec: &Spec, table: &'static [T], turn: u64) -> impl Iterator<Item = T> {
    let rows = table.len() as u64;
    let first = (turn % rows + rng(&[spec.seed]).u64(..rows)) % rows;
    table.iter().copied().cycle().skip(first as usize)
}

/// The bytes of a text, some of which may not be text.
fn spoilt(text: &str) -> Cow<'_, [u8]> {
    if !text.contains(NO_TEXT) {
        return text.as_bytes().into();
    }
    let parts: Vec<&[u8]> = text.split(NO_TEXT).map(str::as_bytes).collect();
    parts.join(&0xFF).into()
}
