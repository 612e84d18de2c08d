//! What a trail holds, counted while it is written: the oracle of whoever reads it.
//!
//! Owns [`Written`] and the arithmetic of outcomes. Takes records and what is wanted of them,
//! gives sums; does not know how a record came to be odd.

use std::collections::BTreeMap;

use super::flaw::{Flaw, Verdict};
use super::json::Json;
use super::oddity::{Oddity, Wanted};

/// The sums of a trail. Records, calls, points, rejects and bytes of JSON are those of readable
/// objects: a failed object contributes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// Files that a listing finds in log days (or anywhere, if flat) and that are log objects.
    pub objects: u64,
    /// Those of them whose name another of them has too.
    pub copies: u64,
    /// Names of which no object can be decoded.
    pub failed: u64,
    /// Files in log days that are no log objects.
    pub ignored: u64,
    /// Elements of `Records`, whatever they are.
    pub records: u64,
    /// Records of `sagemaker.amazonaws.com` that tell a run's lineage.
    pub lineage: u64,
    /// BatchPutMetrics records; one told twice counts twice.
    pub calls: u64,
    /// Calls that are rejects as a whole.
    pub calls_rejected: u64,
    /// Elements of `metricData` in calls that are not rejected.
    pub points: u64,
    /// Points that are rejects.
    pub points_rejected: u64,
    /// Rejects by reason: records, calls and points.
    pub rejects: BTreeMap<&'static str, u64>,
    /// Bytes of all log objects.
    pub compressed_bytes: u64,
    /// Bytes of JSON.
    pub decompressed_bytes: u64,
    /// How often each oddity occurs where it can be seen.
    pub oddities: BTreeMap<Oddity, u64>,
    /// How often each flaw occurs.
    pub flaws: BTreeMap<Flaw, u64>,
}

impl Written {
    /// Adds the sums of another part of the trail.
    pub(super) fn add(&mut self, part: &Self) {
        let sums = [
            (&mut self.objects, part.objects),
            (&mut self.copies, part.copies),
            (&mut self.failed, part.failed),
            (&mut self.ignored, part.ignored),
            (&mut self.records, part.records),
            (&mut self.lineage, part.lineage),
            (&mut self.calls, part.calls),
            (&mut self.calls_rejected, part.calls_rejected),
            (&mut self.points, part.points),
            (&mut self.points_rejected, part.points_rejected),
            (&mut self.compressed_bytes, part.compressed_bytes),
            (&mut self.decompressed_bytes, part.decompressed_bytes),
        ];
        sums.into_iter().for_each(|(sum, part)| *sum += part);
        merge(&mut self.rejects, &part.rejects);
        merge(&mut self.oddities, &part.oddities);
        merge(&mut self.flaws, &part.flaws);
    }

    /// Counts an element of `Records`.
    pub(super) fn record(&mut self, record: &mut Json, wanted: Wanted) {
        self.records += 1;
        let points = points(record);
        let (reason, count) = match wanted {
            Wanted::Nothing => return,
            Wanted::Record(reason) => return self.reject(reason, 1),
            Wanted::Call(reason) => {
                self.calls += 1;
                self.calls_rejected += 1;
                return self.reject(reason, 1);
            }
            Wanted::Row => ("", 0),
            Wanted::Point(reason) => (reason, 1),
            Wanted::Points(reason) => (reason, points),
        };
        self.calls += 1;
        self.points += points;
        self.points_rejected += count;
        self.reject(reason, count);
    }

    /// What is left of an object's sums after a flaw; `strays` are the files beside it.
    pub(super) fn judged(self, flaw: Flaw, strays: u64) -> Self {
        let decompressed_bytes = self.decompressed_bytes;
        let mut sums = match flaw.wanted() {
            // Not every layout has a place for every stray file.
            Verdict::Ignored | Verdict::Untouched if strays == 0 => return self,
            Verdict::Read | Verdict::Untouched => self,
            Verdict::Ignored => Self { ignored: strays, ..self },
            Verdict::Failed => Self { failed: 1, ..Self::default() },
            Verdict::Holds(records) => Self { records, decompressed_bytes, ..Self::default() },
        };
        sums.flaws.insert(flaw, 1);
        sums
    }

    fn reject(&mut self, reason: &'static str, count: u64) {
        if count > 0 {
            *self.rejects.entry(reason).or_default() += count;
        }
    }
}

fn merge<Key: Copy + Ord>(sums: &mut BTreeMap<Key, u64>, part: &BTreeMap<Key, u64>) {
    for (key, count) in part {
        *sums.entry(*key).or_default() += count;
    }
}

fn points(record: &mut Json) -> u64 {
    let Json::Object(_) = record else { return 0 };
    let data = record.get("requestParameters").filter(|value| matches!(value, Json::Object(_)));
    data.and_then(|parameters| parameters.get("metricData"))
        .map_or(0, |data| data.elements().len() as u64)
}
