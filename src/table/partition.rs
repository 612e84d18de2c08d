//! Partitions and their files: where in a target a row lives.
//!
//! `TABLE/account=A/region=R/date=YYYY-MM-DD/part-00000.parquet`; with N buckets
//! `part-00003-of-00008.parquet`. Paths are printed and parsed here and nowhere else.

use std::fmt;
use std::num::NonZeroU16;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use crate::trail::key::is_safe_segment;

use super::schema::Table;

/// The folder of a target for everything that is not a table.
pub const LEDGER_FOLDER: &str = "_ledger";

/// One (account, region, date) of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    account: String,
    region: String,
    date: NaiveDate,
}

impl Partition {
    /// A partition; `None` where account or region cannot be a path segment.
    pub fn new(account: &str, region: &str, date: NaiveDate) -> Option<Self> {
        let is_safe = is_safe_segment(account) && is_safe_segment(region);
        is_safe.then(|| Self { account: account.to_owned(), region: region.to_owned(), date })
    }

    /// The UTC date of its rows.
    pub fn date(&self) -> NaiveDate {
        self.date
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, region, date } = self;
        write!(f, "account={account}/region={region}/date={date}")
    }
}

/// How many files a partition is split into; fixed when a target is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Buckets(NonZeroU16);

impl Buckets {
    /// One file per partition.
    pub const ONE: Self = Self(NonZeroU16::MIN);

    /// The most there can be: the file name has five digits, and more would be small files.
    pub const MAX: u16 = 1024;

    /// `None` for 0 and above [`Self::MAX`].
    pub fn new(count: u16) -> Option<Self> {
        NonZeroU16::new(count).filter(|count| count.get() <= Self::MAX).map(Self)
    }

    /// How many.
    pub fn count(self) -> u16 {
        self.0.get()
    }

    /// The bucket of an event: events never cross buckets.
    pub fn of(self, event_id: &str) -> Bucket {
        if self == Self::ONE {
            return Bucket { index: 0, of: self };
        }
        let hash = Sha256::digest(event_id.as_bytes());
        let head = u64::from_be_bytes(hash[..8].try_into().expect("eight bytes"));
        let index = u16::try_from(head % u64::from(self.count())).expect("below the count");
        Bucket { index, of: self }
    }
}

/// One of the files of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket {
    index: u16,
    of: Buckets,
}

impl Bucket {
    /// The only file of a partition that is not split.
    pub const ONLY: Self = Self { index: 0, of: Buckets::ONE };

    /// How many files its partition is split into.
    pub fn of(self) -> Buckets {
        self.of
    }

    /// Reads a file's name; `None` where it is not one of ours.
    pub fn parse(file: &str) -> Option<Self> {
        let stem = file.strip_prefix("part-")?.strip_suffix(".parquet")?;
        let (index, count) = match stem.split_once("-of-") {
            Some((index, count)) => (number(index)?, number(count).filter(|&count| count > 1)?),
            None => (number(stem)?, 1),
        };
        let of = Buckets::new(count)?;
        (index < count).then_some(Self { index, of })
    }
}

fn number(digits: &str) -> Option<u16> {
    let is_number = digits.len() == 5 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok())?
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of.count() {
            1 => write!(f, "part-{:05}.parquet", self.index),
            count => write!(f, "part-{:05}-of-{count:05}.parquet", self.index),
        }
    }
}

/// The unit of commit: one file of one partition of one table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part {
    /// Name of the table.
    pub table: &'static str,
    /// Its partition.
    pub partition: Partition,
    /// Which file of the partition.
    pub bucket: Bucket,
}

impl Part {
    /// The file's key in a target.
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.table, self.partition, self.bucket)
    }

    /// Reads a key back; `None` where it is not a file of ours.
    pub fn parse(key: &str, tables: &[&'static Table]) -> Option<Self> {
        let mut segments = key.split('/');
        let name = segments.next()?;
        let table = tables.iter().map(|table| table.name.as_str()).find(|&table| table == name)?;
        let mut value = |column| segments.next()?.strip_prefix(column);
        let (account, region) = (value("account=")?, value("region=")?);
        let day = value("date=")?;
        let date: NaiveDate = day.parse().ok()?;
        let partition = Partition::new(account, region, date)?;
        let bucket = Bucket::parse(segments.next()?)?;
        // Whatever a date parser lets through besides, only what we print is ours.
        let is_ours = segments.next().is_none() && date.to_string() == day;
        is_ours.then_some(Self { table, partition, bucket })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::schema::tables;
    use super::*;

    proptest! {
        #[test]
        fn print_and_parse_are_inverses(
            account in "[A-Za-z0-9-]{1,64}", region in "[a-z0-9-]{1,64}", day in 16_000..40_000,
            count in 1_u16..=1024, event in any::<String>(), table in 0_usize..2,
        ) {
            let date = NaiveDate::from_epoch_days(day).unwrap();
            let partition = Partition::new(&account, &region, date).unwrap();
            let bucket = Buckets::new(count).unwrap().of(&event);
            let part = Part { table: &tables()[table].name, partition, bucket };
            prop_assert_eq!(Part::parse(&part.key(), &tables()), Some(part));
        }
    }

    #[test]
    fn file_names() {
        assert_eq!(Bucket::ONLY.to_string(), "part-00000.parquet");
        let bucket = Buckets::new(8).unwrap().of("an event");
        assert_eq!(bucket, Buckets::new(8).unwrap().of("an event"));
        assert!(bucket.to_string().ends_with("-of-00008.parquet"));
        for other in [
            "part-00000",
            "part-0.parquet",
            "part-00008-of-00008.parquet",
            "part-00000-of-00001.parquet",
        ] {
            assert_eq!(Bucket::parse(other), None, "{other}");
        }
        let key =
            "metrics/account=012345678901/region=eu-west-1/date=2024-01-05/part-00000.parquet";
        assert_eq!(Part::parse(key, &tables()).unwrap().key(), key);
        for other in [
            key.replace("2024-01-05", "2024-1-5"),
            key.replace("account=0", "account=../0"),
            format!("{key}/x"),
        ] {
            assert_eq!(Part::parse(&other, &tables()), None, "{other}");
        }
    }

    #[test]
    fn buckets_are_the_documented_hash() {
        // SHA-256("abc") begins with ba7816bf8f01cfea.
        let expected = 0xba78_16bf_8f01_cfea_u64 % 8;
        assert_eq!(Buckets::new(8).unwrap().of("abc").index, expected as u16);
    }
}
