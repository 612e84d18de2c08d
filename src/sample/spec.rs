//! What a trail is like: its size, its accounts and regions, the shape of its objects.
//!
//! Owns [`Spec`], its presets and [`Layout`]. Takes nothing, gives plain numbers; does not know
//! how a record looks or where a file lies.

use std::ops::RangeInclusive;
use std::path::{Component, Path, PathBuf};

use chrono::{Datelike, NaiveDate};

use super::run::METRICS;

/// The organization id of organization trails.
const ORGANIZATION: &str = "o-exampleorg0";

/// A trail longer than this is a mistake.
const DAYS_MAX: u32 = 100 * 366;
/// CloudTrail's own limit is 50 MB, some 20,000 calls.
const RECORDS_MAX: u32 = 100_000;
/// Years that leave room for the days before and after.
const YEARS: RangeInclusive<i32> = 1970..=9000;

/// Where the log objects lie below the folder that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// `AWSLogs/ACCOUNT/CloudTrail/…`
    Plain,
    /// `AWSLogs/o-…/ACCOUNT/CloudTrail/…`
    Organization,
    /// `o-…/AWSLogs/o-…/ACCOUNT/CloudTrail/…`: the trail's prefix is the organization's id.
    ControlTower,
    /// `PREFIX/AWSLogs/ACCOUNT/CloudTrail/…`, the prefix without a slash at either end.
    Prefix(String),
    /// Every file in one folder.
    Flat,
}

impl Layout {
    /// The folder to name as the source of an export, relative to the one that is written.
    pub fn source(&self) -> &Path {
        Path::new(match self {
            Self::Plain | Self::Organization | Self::Flat => "",
            Self::ControlTower => ORGANIZATION,
            Self::Prefix(prefix) => prefix,
        })
    }

    /// Whether everything lies below the folder that is written.
    fn is_below(&self) -> bool {
        self.source().components().all(|part| matches!(part, Component::Normal(_)))
    }

    /// The folder of the accounts: of the trail, or of the copies that another trail in the same
    /// bucket would write.
    pub(super) fn accounts(&self, copies: bool) -> PathBuf {
        let organization = matches!(self, Self::Organization | Self::ControlTower) != copies;
        match self {
            Self::Flat if copies => PathBuf::from("copies"),
            Self::Flat => PathBuf::new(),
            _ if organization => self.source().join("AWSLogs").join(ORGANIZATION),
            _ => self.source().join("AWSLogs"),
        }
    }
}

/// A trail. A *lane* is one region of one account; objects go to the lanes in turn, and those of
/// one lane are evenly spread over its days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// Two trails that differ only in this have the same shape and other contents.
    pub seed: u64,
    /// Where the files lie.
    pub layout: Layout,
    /// Account ids, at least one.
    pub accounts: Vec<String>,
    /// Regions of every account, at least one.
    pub regions: Vec<String>,
    /// The first delivery date.
    pub first_day: NaiveDate,
    /// Number of delivery dates, at least one.
    pub days: u32,
    /// Number of log objects, of all lanes and days together.
    pub objects: u64,
    /// One object in this many holds BatchPutMetrics calls, at least one.
    pub one_in: u32,
    /// Calls in each object that holds any.
    pub calls: u32,
    /// Records of other services in an object, on average.
    pub others: u32,
    /// Training runs of a lane that write at the same time, at least one.
    pub parallel_runs: u32,
    /// Steps of a run, at least one.
    pub steps: u32,
    /// Metrics of a run, each logged at every step: 1 to 8.
    pub metrics: u32,
    /// Sprinkle every [`Oddity`](super::Oddity) over the objects that hold calls.
    pub oddities: bool,
}

impl Spec {
    /// Small and pretty: two accounts, two regions, a week, some thirty training runs.
    pub fn demo() -> Self {
        Self {
            seed: 1,
            layout: Layout::Plain,
            accounts: vec!["012345678901".to_owned(), "111122223333".to_owned()],
            regions: vec!["eu-west-1".to_owned(), "us-east-1".to_owned()],
            first_day: NaiveDate::from_ymd_opt(2024, 5, 1).expect("is in the calendar"),
            days: 7,
            objects: 336,
            one_in: 3,
            calls: 6,
            others: 12,
            parallel_runs: 2,
            steps: 60,
            metrics: 4,
            oddities: false,
        }
    }

    /// Nearly every record is ours: at scale 1, 600 objects, 1.5 GB of JSON, 600,000 calls.
    pub fn dense(scale: f64) -> Self {
        let long = Self { calls: 1000, others: 10, one_in: 1, parallel_runs: 8, ..Self::demo() };
        Self { steps: 250, metrics: 8, ..long }.scaled(scale, 600, 30)
    }

    /// One record in a hundred is ours, in every object some: at scale 1, 1,000 objects, 1.8 GB.
    pub fn sparse(scale: f64) -> Self {
        let rare = Self { calls: 11, others: 1089, one_in: 1, ..Self::demo() };
        rare.scaled(scale, 1000, 30)
    }

    /// As [`Spec::sparse`], but only one object in a hundred holds any of ours.
    pub fn rare(scale: f64) -> Self {
        Self { one_in: 100, ..Self::sparse(scale) }
    }

    /// What most trails are: at scale 1, 50,000 objects of some 2 KB gzip, three accounts, four
    /// regions, 60 days; a tenth of the objects hold calls.
    pub fn tiny(scale: f64) -> Self {
        let mut tiny = Self { calls: 2, others: 3, one_in: 10, ..Self::demo() };
        tiny.accounts.push("222233334444".to_owned());
        tiny.regions =
            ["ap-southeast-2", "eu-west-1", "us-east-1", "us-west-2"].map(str::to_owned).to_vec();
        tiny.scaled(scale, 50_000, 60)
    }

    /// A modest trail that holds every oddity more than once, and every flaw.
    pub fn odd() -> Self {
        Self { objects: 480, one_in: 2, calls: 8, others: 4, oddities: true, ..Self::demo() }
    }

    /// A shorter or longer trail of the same density.
    fn scaled(self, scale: f64, objects: u64, days: u32) -> Self {
        let objects = ((objects as f64 * scale).round() as u64).max(1);
        let days = ((f64::from(days) * scale).round() as u32).max(1);
        Self { objects, days, ..self }
    }

    /// What makes the spec impossible, if anything does.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let folders = [&self.accounts, &self.regions];
        let names = folders.into_iter().flatten();
        let metrics = 1..=METRICS.len() as u32;
        let faults = [
            (folders.iter().all(|names| !names.is_empty()), "no account or no region"),
            (names.clone().all(|name| is_name(name)), "an account or a region is no name"),
            (self.layout.is_below(), "the prefix must be a relative path without dots"),
            ((1..=DAYS_MAX).contains(&self.days), "days must be 1 to 36600"),
            (YEARS.contains(&self.first_day.year()), "the first day must be in 1970 to 9000"),
            (self.one_in > 0, "one_in must be at least 1"),
            ((1..=RECORDS_MAX).contains(&self.calls), "calls must be 1 to 100000"),
            (self.others <= RECORDS_MAX, "others must be at most 100000"),
            (self.parallel_runs > 0, "parallel_runs must be at least 1"),
            (self.steps > 0, "steps must be at least 1"),
            (metrics.contains(&self.metrics), "metrics must be 1 to 8"),
        ];
        faults.iter().find(|(holds, _)| !holds).map(|(_, fault)| *fault)
    }
}

/// Whether a text can be a folder's name and a part of a file's.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
