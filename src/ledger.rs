//! The ledger: which log objects are consumed, which failed, and which days need no listing.
//!
//! Owns the objects under `_ledger/account=A/region=R/`: one per log day, by the names' account,
//! region and date, and one for each listing root's coverage. All are joined by union under
//! compare-and-swap, so any number of runs may write them, and losing one costs work, never data.
//! It knows names and days, not what is in a log object.
//!
//! A log day's object is a line of JSON (format, sets, failed objects) and behind it, for each set,
//! the sorted names of [`Packed`]: 16 bytes a log object.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::store::{Cause, Depth, Store, swap};
use crate::table::partition::LEDGER_FOLDER;
use crate::table::schema::{Extractions, extractions};
use crate::trail::key::{LogDay, LogName, Packed};
use crate::trail::window::DaySet;

const FORMAT: u32 = 1;

/// The reason that `--allow-multi-member` takes away.
pub const TRAILING_BYTES: &str = "trailing_bytes";

/// What can go wrong with the ledger.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store's.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// Another version of this tool wrote it.
    #[error("cannot use {0}: a newer version of trailquet wrote it")]
    Newer(String),
}

/// What is known of one log day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Day {
    sets: BTreeMap<Extractions, BTreeSet<Packed>>,
    failed: BTreeSet<Failed>,
}

/// A log object that could not be decoded: this one, not others of the same name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Failed {
    /// File name.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// The store's tag of that content.
    pub tag: String,
    /// Why.
    pub reason: String,
    /// Version of the tool that tried.
    pub version: String,
    /// The limit in bytes that it exceeded; 0 where none did.
    pub limit: u64,
}

impl Failed {
    /// Orders the tries on one object: where a later one got further, it is the one to remember,
    /// or the object would be tried by every run. A second member is an obstacle only where it is
    /// not allowed.
    fn reach(&self) -> impl Ord + use<> {
        let version: Vec<u64> =
            self.version.split('.').map(|number| number.parse().unwrap_or(0)).collect();
        let limit = if self.limit == 0 { u64::MAX } else { self.limit };
        let is_past_members = self.reason != TRAILING_BYTES;
        (version, limit, is_past_members, self.version.clone(), self.reason.clone())
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    sets: Vec<Set>,
    failed: BTreeSet<Failed>,
}

#[derive(Serialize, Deserialize)]
struct Set {
    tables: Extractions,
    names: usize,
}

impl Day {
    /// What a run adds: names consumed for the tables as they are now, and failed objects.
    pub fn new(consumed: impl IntoIterator<Item = Packed>, failed: BTreeSet<Failed>) -> Self {
        let names: BTreeSet<Packed> = consumed.into_iter().collect();
        let sets = if names.is_empty() { BTreeMap::new() } else { [(extractions(), names)].into() };
        Self { sets, failed }
    }

    /// True where a log object is consumed for every table as it is now.
    pub fn holds(&self, name: Packed) -> bool {
        let current = extractions();
        current.iter().all(|(table, extraction)| {
            let covers = |tables: &Extractions| tables.get(table) == Some(extraction);
            self.sets.iter().any(|(tables, names)| covers(tables) && names.contains(&name))
        })
    }

    /// The attempts on a name that failed.
    pub fn failures<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Failed> {
        self.failed.iter().filter(move |failed| failed.name == name)
    }

    /// Joins what another run knows. Consumed beats failed; of two tries on one object the one that
    /// got further stays: the later version's, then the larger limit's, which no limit is above.
    pub fn union(&mut self, other: &Self) {
        for (tables, names) in &other.sets {
            self.sets.entry(tables.clone()).or_default().extend(names);
        }
        let mut tries: BTreeMap<(String, u64, String), Failed> = BTreeMap::new();
        for failed in self.failed.iter().chain(&other.failed) {
            let is_held =
                failed.name.parse::<LogName>().is_ok_and(|name| self.holds(name.packed()));
            let key = (failed.name.clone(), failed.size, failed.tag.clone());
            let is_newer = tries.get(&key).is_none_or(|known| known.reach() < failed.reach());
            if !is_held && is_newer {
                tries.insert(key, failed.clone());
            }
        }
        self.failed = tries.into_values().collect();
    }

    /// As stored.
    pub fn encode(&self) -> Vec<u8> {
        let sets = self
            .sets
            .iter()
            .map(|(tables, names)| Set { tables: tables.clone(), names: names.len() });
        let header = Header { format: FORMAT, sets: sets.collect(), failed: self.failed.clone() };
        let mut bytes = serde_json::to_vec(&header).expect("plain data");
        bytes.push(b'\n');
        self.sets.values().flatten().for_each(|name| bytes.extend_from_slice(&name.to_bytes()));
        bytes
    }

    /// Reads what [`Self::encode`] wrote. Damage is as good as loss: nothing is known then.
    ///
    /// # Errors
    /// A newer version wrote it: its format, or rows of newer rules.
    pub fn decode(bytes: &[u8], name: &str) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
        if serde_json::from_slice::<Format>(line).is_ok_and(|header| header.format > FORMAT) {
            return Err(Error::Newer(name.to_owned()));
        }
        let header = serde_json::from_slice::<Header>(line).ok();
        let day = header.and_then(|header| Self::with_names(header, bytes.get(line.len() + 1..)?));
        let day = day.unwrap_or_else(|| {
            tracing::warn!("{name} is damaged: its log objects are read again");
            Self::default()
        });
        let current = extractions();
        let is_newer = |(table, extraction): (&String, &i32)| current.get(table) < Some(extraction);
        match day.sets.keys().flatten().any(is_newer) {
            true => Err(Error::Newer(name.to_owned())),
            false => Ok(day),
        }
    }

    fn with_names(header: Header, mut names: &[u8]) -> Option<Self> {
        let mut sets = BTreeMap::new();
        for set in header.sets {
            let (these, rest) = names.split_at_checked(set.names.checked_mul(16)?)?;
            let read = |name: &[u8]| Packed::from_bytes(name.try_into().ok()?);
            sets.insert(set.tables, these.chunks(16).map(read).collect::<Option<_>>()?);
            names = rest;
        }
        names.is_empty().then_some(Self { sets, failed: header.failed })
    }
}

/// The days of one listing root that need no listing any more, per version of the tables.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Coverage {
    format: u32,
    root: String,
    covered: Vec<(Extractions, DaySet)>,
}

/// The ledger of one account and region.
#[derive(Debug, Clone)]
pub struct Ledger {
    store: Arc<dyn Store>,
    account: String,
    region: String,
    /// Keys that exist, as far as the last listing saw.
    keys: Arc<BTreeSet<String>>,
}

impl Ledger {
    /// Looks at what there is for one account and region: one listing.
    ///
    /// # Errors
    /// The store's.
    pub async fn open(store: Arc<dyn Store>, account: &str, region: &str) -> Result<Self, Error> {
        let prefix = format!("{LEDGER_FOLDER}/account={account}/region={region}/");
        let (mut keys, mut next) = (BTreeSet::new(), None);
        loop {
            let page = match store.list(&prefix, Depth::Tree, next.as_deref()).await {
                Err(error) if error.cause == Cause::NotFound => break,
                page => page?,
            };
            keys.extend(page.objects.into_iter().map(|object| object.key));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        let (account, region) = (account.to_owned(), region.to_owned());
        Ok(Self { store, account, region, keys: Arc::new(keys) })
    }

    fn key(&self, file: &str) -> String {
        format!("{LEDGER_FOLDER}/account={}/region={}/{file}", self.account, self.region)
    }

    fn day_key(&self, day: &LogDay) -> String {
        self.key(&format!("{}.day", day.date))
    }

    /// The key of a listing root's coverage; the root itself stands inside.
    fn coverage_key(&self, root: &str) -> String {
        let hash = Sha256::digest(root.as_bytes());
        let short: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        self.key(&format!("coverage-{short}.json"))
    }

    /// What is known of a log day.
    ///
    /// # Errors
    /// The store's, or a newer version wrote it.
    pub async fn day(&self, day: &LogDay) -> Result<Day, Error> {
        let key = self.day_key(day);
        if !self.keys.contains(&key) {
            return Ok(Day::default());
        }
        match swap::read(&*self.store, &key).await? {
            Some((bytes, _)) => Day::decode(&bytes, &self.store.name(&key)),
            None => Ok(Day::default()),
        }
    }

    /// Adds to what is known of a log day. The caller has made every row of the consumed objects
    /// durable (law 2). When this returns, so is the entry.
    ///
    /// # Errors
    /// The store's, or a newer version wrote it.
    pub async fn add(&self, day: &LogDay, known: &Day) -> Result<(), Error> {
        let key = self.day_key(day);
        let name = self.store.name(&key);
        swap::update(&*self.store, &key, |bytes| {
            let before = bytes.map(|bytes| Day::decode(bytes, &name)).transpose()?;
            let mut after = before.clone().unwrap_or_default();
            after.union(known);
            Ok((before.as_ref() != Some(&after)).then(|| after.encode()))
        })
        .await
    }

    /// The days of a listing root that need no listing for the tables as they are now.
    ///
    /// # Errors
    /// The store's.
    pub async fn covered(&self, root: &str) -> Result<DaySet, Error> {
        let key = self.coverage_key(root);
        if !self.keys.contains(&key) {
            return Ok(DaySet::default());
        }
        let bytes = swap::read(&*self.store, &key).await?;
        let coverage = bytes.and_then(|(bytes, _)| Coverage::decode(&bytes, root));
        Ok(coverage.map(|coverage| coverage.current()).unwrap_or_default())
    }

    /// Adds days to the coverage of a listing root.
    ///
    /// # Errors
    /// The store's.
    pub async fn cover(&self, root: &str, days: &DaySet) -> Result<(), Error> {
        swap::update(&*self.store, &self.coverage_key(root), |bytes| {
            let before = bytes.and_then(|bytes| Coverage::decode(bytes, root));
            let mut after = before.clone().unwrap_or_default();
            after.join(root, days);
            let is_news = before.as_ref() != Some(&after) && !days.is_empty();
            Ok(is_news.then(|| serde_json::to_vec(&after).expect("plain data")))
        })
        .await
    }
}

impl Coverage {
    /// Damage is as good as loss, and so is another root that happens to have the same hash.
    fn decode(bytes: &[u8], root: &str) -> Option<Self> {
        let coverage = serde_json::from_slice::<Self>(bytes).ok()?;
        (coverage.format == FORMAT && coverage.root == root).then_some(coverage)
    }

    fn current(&self) -> DaySet {
        let current = extractions();
        let found = self.covered.iter().find(|(tables, _)| *tables == current);
        found.map(|(_, days)| days.clone()).unwrap_or_default()
    }

    fn join(&mut self, root: &str, days: &DaySet) {
        (self.format, self.root) = (FORMAT, root.to_owned());
        let current = extractions();
        match self.covered.iter_mut().find(|(tables, _)| *tables == current) {
            Some((_, covered)) => covered.union(days),
            None => self.covered.push((current, days.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn failed(name: &str, version: &str) -> Failed {
        let (name, version) = (name.to_owned(), version.to_owned());
        Failed { name, size: 7, tag: "t".into(), reason: "bad_gzip".into(), version, limit: 0 }
    }

    fn name(at: u32) -> LogName {
        format!("1_CloudTrail_r_20240105T0000Z_{at}.json.gz").parse().unwrap()
    }

    fn day() -> impl Strategy<Value = Day> {
        let names = proptest::collection::vec(0..6_u32, 0..5);
        let tries = proptest::collection::vec((0..6_u32, "[01]"), 0..4);
        (names, tries).prop_map(|(names, tries)| {
            let tries = tries.iter().map(|(at, version)| failed(&name(*at).to_string(), version));
            Day::new(names.iter().map(|&at| name(at).packed()), tries.collect())
        })
    }

    fn union(days: &[&Day]) -> Day {
        days.iter().fold(Day::default(), |mut all, day| {
            all.union(day);
            all
        })
    }

    proptest! {
        #[test]
        fn union_is_a_join(a in day(), b in day(), c in day()) {
            let all = union(&[&a, &b, &c]);
            prop_assert_eq!(&union(&[&c, &a, &b]), &all);
            prop_assert_eq!(&union(&[&union(&[&b, &c]), &a]), &all);
            prop_assert_eq!(&union(&[&all, &b]), &all);
            prop_assert_eq!(&Day::decode(&all.encode(), "x").unwrap(), &all);
        }

        #[test]
        fn damage_is_loss(day in day(), at in 0..200_usize) {
            let mut bytes = day.encode();
            bytes.truncate(at.min(bytes.len().saturating_sub(1)));
            let read = Day::decode(&bytes, "x").unwrap();
            prop_assert!(read == Day::default() || read == day);
        }
    }

    #[test]
    fn consumed_beats_failed() {
        let text = name(1).to_string();
        let bad = Day::new([], [failed(&text, "1")].into());
        assert_eq!(bad.failures(&text).count(), 1);
        let good = Day::new([name(1).packed()], BTreeSet::new());
        let both = union(&[&bad, &good]);
        assert!(both.holds(name(1).packed()) && both.failures(&text).count() == 0);
    }

    #[test]
    fn the_try_that_got_further_is_remembered() {
        let tried = |version: &str, limit, reason: &str| Failed {
            limit,
            reason: reason.to_owned(),
            ..failed(&name(1).to_string(), version)
        };
        let tries = [
            tried("0.9.0", 0, "not_json"),
            tried("0.10.0", 1 << 20, "too_large"),
            tried("0.10.0", 2 << 20, "too_large"),
            tried("0.10.0", 0, TRAILING_BYTES),
            tried("0.10.0", 0, "bad_gzip"),
        ];
        for (at, further) in tries.iter().enumerate() {
            for one in &tries[..=at] {
                let (one, other) = ([one.clone()].into(), [further.clone()].into());
                let (one, other) = (Day::new([], one), Day::new([], other));
                assert_eq!(union(&[&one, &other]), other);
                assert_eq!(union(&[&other, &one]), other);
            }
        }
    }

    #[test]
    fn a_newer_version_is_refused() {
        let bytes = b"{\"format\":2,\"who\":\"knows\"}\n";
        assert!(matches!(Day::decode(bytes, "x"), Err(Error::Newer(_))));
        let bytes =
            b"{\"format\":1,\"sets\":[{\"tables\":{\"metrics\":2},\"names\":0}],\"failed\":[]}\n";
        assert!(matches!(Day::decode(bytes, "x"), Err(Error::Newer(_))));
    }
}
