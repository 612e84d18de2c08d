//! Where and when an object is delivered.
//!
//! Owns the spread of a trail's objects over lanes and days, and the grammar of keys. Takes a
//! spec and the number of an object; gives its account, region, minute, key and the number of its
//! first call. Does not know what is in it.

use std::path::PathBuf;

use chrono::DateTime;
use fastrand::Rng;

use super::scene::rng;
use super::spec::{Layout, Spec};

pub(super) const DAY: i64 = 24 * 3600;
/// CloudTrail's names count time in steps of five minutes.
const SLOT: i64 = 300;
/// From a call to its delivery, at least.
const DELAY: i64 = 120;

/// One object's circumstances.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// Number of the object in the trail.
    pub(super) index: u64,
    /// Number of its account and region.
    pub(super) lane: u64,
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    /// The minute of its name, in seconds since 1970.
    pub(super) minute: i64,
    /// It tells of this many seconds before.
    pub(super) window: i64,
    /// Its number among the objects that hold calls, if it is one of them.
    pub(super) holder: Option<u64>,
    /// Number of its first call within the lane.
    pub(super) first_call: u64,
}

impl<'a> Place<'a> {
    pub(super) fn of(spec: &'a Spec, index: u64) -> Self {
        let lanes = lanes(spec);
        let (lane, turn, one_in) = (index % lanes, index / lanes, u64::from(spec.one_in));
        let turns = (spec.objects - lane).div_ceil(lanes);
        let span = i64::from(spec.days) * DAY;
        let first = spec.first_day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
        let middle = span as i128 * (2 * i128::from(turn) + 1) / (2 * i128::from(turns));
        let minute = first + middle as i64 / SLOT * SLOT;
        let regions = spec.regions.len() as u64;
        // The lanes' holders are staggered, so that one day's are not all in the same lane.
        let offset = (one_in - lane % one_in) % one_in;
        let nth = turn.checked_sub(offset).filter(|turns| turns.is_multiple_of(one_in));
        Self {
            index,
            lane,
            account: &spec.accounts[(lane / regions) as usize],
            region: &spec.regions[(lane % regions) as usize],
            minute,
            window: (span / turns as i64).max(SLOT),
            holder: nth.map(|turns| turns / one_in * lanes + lane),
            first_call: nth.unwrap_or(0) / one_in * u64::from(spec.calls),
        }
    }

    /// The object with calls that is so many before or after this one in the same lane, if its
    /// events can be told of here: those of two days ahead cannot.
    pub(super) fn neighbour(&self, spec: &'a Spec, turns: i64) -> Option<Self> {
        let away = turns * lanes(spec) as i64 * i64::from(spec.one_in);
        let index = self.index.checked_add_signed(away).filter(|index| *index < spec.objects)?;
        let other = Self::of(spec, index);
        (other.minute < self.day() + 2 * DAY).then_some(other)
    }

    /// When the `number`th of `count` events took place, about.
    pub(super) fn time(&self, number: u32, count: u32, rng: &mut Rng) -> i64 {
        let share = (f64::from(number) + rng.f64()) / f64::from(count);
        self.minute - DELAY - self.window + (self.window as f64 * share) as i64
    }

    /// Midnight before the object's minute.
    pub(super) fn day(&self) -> i64 {
        self.minute - self.minute.rem_euclid(DAY)
    }

    /// The object's file name.
    pub(super) fn name(&self, spec: &Spec) -> String {
        self.named(self.account, self.region, "Z_", &self.unique(spec))
    }

    /// A file name of this minute with other parts.
    pub(super) fn named(&self, account: &str, region: &str, z: &str, unique: &str) -> String {
        let minute = at(self.minute).format("%Y%m%dT%H%M");
        format!("{account}_CloudTrail_{region}_{minute}{z}{unique}.json.gz")
    }

    /// The 16 characters that make the name unique.
    pub(super) fn unique(&self, spec: &Spec) -> String {
        let mut rng = rng(&[spec.seed, self.index, 0x0F11E]);
        (0..16).map(|_| rng.alphanumeric()).collect()
    }

    /// The folder of a day of this lane: of its log objects if `service` is `CloudTrail`.
    pub(super) fn folder(&self, layout: &Layout, copies: bool, service: &str, day: i64) -> PathBuf {
        let accounts = layout.accounts(copies);
        if *layout == Layout::Flat {
            return accounts;
        }
        let day = at(day).format("%Y/%m/%d").to_string();
        accounts.join(self.account).join(service).join(self.region).join(day)
    }
}

fn lanes(spec: &Spec) -> u64 {
    (spec.accounts.len() * spec.regions.len()) as u64
}

/// The moment of these seconds since 1970.
pub(super) fn at(seconds: i64) -> DateTime<chrono::Utc> {
    DateTime::from_timestamp(seconds, 0).expect("a spec's days are in the calendar")
}
