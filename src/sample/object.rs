//! One log object: its records in an order that is none, its gzip, and what lies beside it.
//!
//! Owns [`Writer`], which reuses its buffers from object to object. Takes the number of an
//! object, gives the files to write for it and counts what they hold; does not touch the disk.

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
        let folder = place.folder(&self.spec.layout, false, "CloudTrail", place.minute);
        let path = folder.join(place.name(self.spec));
        let mut sums = self.records(&place);
        let Some(flaw) = self.flaw(&place) else {
            self.compress();
            sums.decompressed_bytes = self.text.len() as u64;
            return self.count(sums, vec![(path, Content::Whole)]);
        };
        let event = call(self.spec, &place, self.spec.calls);
        let rng = rng(&[self.spec.seed, index, 0xF1A]);
        let mut stage = Stage { spec: self.spec, place: &place, rng, event };
        if let Change::Text(change) = flaw.change() {
            change(&mut self.text, &mut stage);
        }
        self.compress();
        sums.decompressed_bytes = self.text.len() as u64;
        sums.flaws.insert(flaw, 1);
        let mut files = vec![(path, Content::Whole)];
        match flaw.change() {
            Change::Text(_) => {}
            Change::Gzip(change) => change(&mut self.gzip, self.text.as_bytes()),
            Change::Name(name) => files[0].0 = name(&stage),
            Change::Copy { sound, copy } => {
                let folder = place.folder(&self.spec.layout, true, "CloudTrail", place.minute);
                files.push((folder.join(place.name(self.spec)), Content::copy(*copy)));
                files[0].1 = Content::copy(*sound);
            }
            Change::Stray(path) => match path(&stage) {
                Some(path) => {
                    files.push((path, Content::Stray));
                    let text = format!(r#"{{"Records":[{}]}}"#, stage.event.text());
                    self.stray = compress(&mut self.compressor, text.as_bytes());
                }
                None => sums.flaws.clear(),
            },
        }
        self.count(sums.judged(flaw, files.len() > 1), files)
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

    fn compress(&mut self) {
        let bytes = match self.text.contains(NO_TEXT) && self.spec.oddities {
            true => &replaced(&self.text),
            false => self.text.as_bytes(),
        };
        self.gzip.resize(self.compressor.gzip_compress_bound(bytes.len()), 0);
        let written = self.compressor.gzip_compress(bytes, &mut self.gzip);
        self.gzip.truncate(written.expect("the bound is enough for any text"));
    }

    /// The flaw whose turn it is, if one is due.
    fn flaw(&self, place: &Place<'_>) -> Option<Flaw> {
        let holder = place.holder.filter(|_| self.spec.oddities)?;
        let (turn, offset) = (holder / FLAW_ONE_IN, holder % FLAW_ONE_IN);
        // Otherwise some lanes would have all flaws, and others none.
        let due = turn % FLAW_ONE_IN == offset;
        due.then(|| Flaw::ALL[turn as usize % Flaw::ALL.len()])
    }

    fn count(
        &mut self,
        mut sums: Written,
        files: Vec<(PathBuf, Content)>,
    ) -> Vec<(PathBuf, &[u8])> {
        let bytes = |content: Content| match content {
            Content::Whole => &self.gzip[..],
            Content::Cut => &self.gzip[..self.gzip.len() - CUT_BYTES],
            Content::Stray => &self.stray[..],
        };
        let ours = files.iter().filter(|(_, content)| !matches!(content, Content::Stray));
        for (_, content) in ours {
            sums.objects += 1;
            sums.compressed_bytes += bytes(*content).len() as u64;
        }
        sums.copies = sums.objects - 1;
        self.written = std::mem::take(&mut self.written).plus(&sums);
        files.into_iter().map(|(path, content)| (path, bytes(content))).collect()
    }
}

/// What is in a file.
#[derive(Debug, Clone, Copy)]
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
    let first = (holder as usize).wrapping_mul(count) % Oddity::ALL.len();
    Oddity::ALL.iter().cycle().skip(first).take(count).copied().collect()
}

fn replaced(text: &str) -> Vec<u8> {
    let parts: Vec<&[u8]> = text.split(NO_TEXT).map(str::as_bytes).collect();
    parts.join(&0xFF)
}
