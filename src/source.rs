//! The source: which accounts and regions there are, and which log objects lie in a stretch of days.
//!
//! Owns discovery and listing. It lists as high as it pays: a month in one chain of pages where
//! most of its days are wanted, single days otherwise, and years and months that do not exist cost
//! nothing. Nothing hangs on the order of a listing, nor on where one may start. It does not know
//! what is consumed; the caller says which days are wanted.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use futures::{StreamExt, TryStreamExt, stream};

use crate::store::{Cause, Depth, Object, Store};
use crate::trail::key::LogName;
use crate::trail::layout::{
    AWS_LOGS, CLOUD_TRAIL, Owner, Place, Root, folder_name, folder_number, owner,
};
use crate::trail::window::{DaySet, Range, month, year};

/// Listings under way at once while accounts and regions are discovered.
const DISCOVERIES_MAX: usize = 16;

/// A month with more log objects than this is listed day by day: bounds what a listing holds.
const STRETCH_OBJECTS_MAX: usize = 20_000;

/// So few days, all known, are listed directly rather than looked for.
const DIRECT_DAYS_MAX: i64 = 4;

/// Folders that are looked into for a trail, when the source itself holds none.
const SEARCHED_FOLDERS_MAX: usize = 64;

/// What is wrong with a source.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store's.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The source does not hold `AWSLogs/`.
    #[error("cannot find AWSLogs/ in {source_uri}: it holds {}", list_of(holds))]
    NoTrail {
        /// The source.
        source_uri: String,
        /// Some of what lies there.
        holds: Vec<String>,
        /// The folder that does hold it.
        instead: Option<String>,
    },
    /// More log objects in a flat tree than can be held.
    #[error("cannot list {source_uri}: more than {max} log objects in one flat tree")]
    TooMany {
        /// The source.
        source_uri: String,
        /// How many are held at most.
        max: usize,
    },
}

fn list_of(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// A listed log object.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its identity.
    pub name: LogName,
    /// The day whose folder it lies in; of a flat tree, its name's.
    pub folder_day: NaiveDate,
    /// Which of the lane's roots it lies under.
    pub root: usize,
    /// Where it is, how large, and whether it can be had.
    pub object: Object,
}

/// What a listing of a stretch of days found.
#[derive(Debug, Default)]
pub struct Found {
    /// Log objects, in no order.
    pub objects: Vec<Listed>,
    /// Other things below the same days.
    pub ignored: u64,
}

/// Some days of some roots that are listed together: usually a month.
#[derive(Debug, Clone)]
pub struct Stretch {
    folders: Vec<Folder>,
}

#[derive(Debug, Clone)]
struct Folder {
    root: usize,
    prefix: String,
    days: Range,
}

/// The accounts and regions of a source, each with the folders that hold it: one under the account,
/// others under organizations.
pub type Lanes = BTreeMap<(String, String), Vec<Root>>;

/// Which accounts and regions are wanted; empty is all.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Accounts.
    pub accounts: BTreeSet<String>,
    /// Regions.
    pub regions: BTreeSet<String>,
}

impl Wanted {
    fn account(&self, account: &str) -> bool {
        self.accounts.is_empty() || self.accounts.contains(account)
    }

    fn region(&self, region: &str) -> bool {
        self.regions.is_empty() || self.regions.contains(region)
    }
}

/// Finds the accounts and regions below `AWSLogs/`, and the store's own time before that, where it
/// has a clock.
///
/// # Errors
/// There is no `AWSLogs/`, or the store's.
pub async fn discover(
    store: &dyn Store,
    wanted: &Wanted,
) -> Result<(Lanes, Option<DateTime<Utc>>), Error> {
    let mut accounts = Vec::new();
    let (top, date) = folders_and_date(store, AWS_LOGS).await?;
    if top.is_empty() {
        check_trail(store).await?;
    }
    for folder in top {
        match owner(folder_name(&folder)) {
            Owner::Account => accounts.push(folder),
            Owner::Organization => accounts.extend(folders(store, &folder).await?),
            Owner::Other => {}
        }
    }
    accounts.retain(|folder| {
        let name = folder_name(folder);
        owner(name) == Owner::Account && wanted.account(name)
    });
    let regions = stream::iter(accounts.iter().map(|account| async move {
        let regions = folders(store, &format!("{account}{CLOUD_TRAIL}")).await?;
        Ok::<_, Error>(regions.into_iter().map(move |region| (account, region)))
    }));
    let found: Vec<_> = regions.buffered(DISCOVERIES_MAX).try_collect().await?;
    let mut lanes = Lanes::new();
    for (account, region) in found.into_iter().flatten() {
        let (name, region) = (folder_name(account), folder_name(&region));
        if owner(region) != Owner::Other && wanted.region(region) {
            let lane = lanes.entry((name.to_owned(), region.to_owned())).or_default();
            lane.push(Root::new(account, name, region));
        }
    }
    Ok((lanes, date))
}

/// Plans the listing of the wanted days: `wanted[i]` of `roots[i]`. Years and months that do not
/// exist are left out; stretches come in the order of their days.
///
/// # Errors
/// The store's.
pub async fn plan(
    store: &dyn Store,
    roots: &[Root],
    wanted: &[DaySet],
) -> Result<Vec<Stretch>, Error> {
    let mut months: BTreeMap<NaiveDate, Vec<Folder>> = BTreeMap::new();
    for (at, (root, wanted)) in roots.iter().zip(wanted).enumerate() {
        for (prefix, days) in plan_root(store, root, wanted).await? {
            let first = days.0.with_day(1).expect("every month has a first day");
            months.entry(first).or_default().push(Folder { root: at, prefix, days });
        }
    }
    Ok(months.into_values().map(|folders| Stretch { folders }).collect())
}

async fn plan_root(
    store: &dyn Store,
    root: &Root,
    wanted: &DaySet,
) -> Result<Vec<(String, Range)>, Error> {
    if wanted.count() <= DIRECT_DAYS_MAX {
        return Ok(wanted.iter().map(|day| (root.day(day), (day, day))).collect());
    }
    let mut planned = Vec::new();
    for year_number in numbers(store, &root.prefix, 4).await? {
        let Some(days) = year(year_number as i32) else { continue };
        if wanted.count_within(days) == 0 {
            continue;
        }
        for month_number in numbers(store, &root.year(year_number as i32), 2).await? {
            let Some(days) = month(year_number as i32, month_number) else { continue };
            let prefix = root.month(year_number as i32, month_number);
            // A chain of pages over the month costs less than one listing a day, unless most of
            // its days are not wanted.
            match wanted.count_within(days) * 2 {
                0 => {}
                twice if twice >= days.1.day().into() => planned.push((prefix, days)),
                _ => planned.extend(days_of(store, root, &prefix, days, wanted).await?),
            }
        }
    }
    Ok(planned)
}

/// The wanted days of a month that exist.
async fn days_of(
    store: &dyn Store,
    root: &Root,
    prefix: &str,
    month: Range,
    wanted: &DaySet,
) -> Result<Vec<(String, Range)>, Error> {
    let days = numbers(store, prefix, 2).await?.into_iter();
    let days = days.filter_map(|day| month.0.with_day(day)).filter(|&day| wanted.contains(day));
    Ok(days.map(|day| (root.day(day), (day, day))).collect())
}

/// Lists a stretch; none where it holds too much at once and [`split`] makes it smaller.
///
/// # Errors
/// The store's.
pub async fn list(
    store: &dyn Store,
    roots: &[Root],
    wanted: &[DaySet],
    stretch: &Stretch,
) -> Result<Option<Found>, Error> {
    let is_divisible = stretch.folders.iter().any(|folder| folder.days.0 != folder.days.1);
    let mut found = Found::default();
    for Folder { root, prefix, .. } in &stretch.folders {
        let mut next = None;
        loop {
            let page = store.list(prefix, Depth::Tree, next.as_deref()).await?;
            for object in page.objects {
                found.place(*root, &roots[*root], &wanted[*root], object);
            }
            if is_divisible && found.objects.len() > STRETCH_OBJECTS_MAX {
                return Ok(None);
            }
            next = page.next;
            if next.is_none() {
                break;
            }
        }
    }
    Ok(Some(found))
}

/// The days of a stretch, one by one.
///
/// # Errors
/// The store's.
pub async fn split(
    store: &dyn Store,
    roots: &[Root],
    wanted: &[DaySet],
    stretch: &Stretch,
) -> Result<Vec<Stretch>, Error> {
    let mut days: BTreeMap<NaiveDate, Vec<Folder>> = BTreeMap::new();
    for Folder { root, prefix, days: range } in &stretch.folders {
        let single = vec![(prefix.clone(), *range)];
        let of_root = match range.0 == range.1 {
            true => single,
            false => days_of(store, &roots[*root], prefix, *range, &wanted[*root]).await?,
        };
        for (prefix, range) in of_root {
            days.entry(range.0).or_default().push(Folder { root: *root, prefix, days: range });
        }
    }
    Ok(days.into_values().map(|folders| Stretch { folders }).collect())
}

impl Found {
    /// Adds what another listing found.
    pub fn join(&mut self, other: Self) {
        self.objects.extend(other.objects);
        self.ignored += other.ignored;
    }

    fn place(&mut self, at: usize, root: &Root, wanted: &DaySet, object: Object) {
        match root.place(&object.key) {
            Place::Log(day, name) if wanted.contains(day) => {
                self.objects.push(Listed { name, folder_day: day, root: at, object });
            }
            Place::Stray(day) if wanted.contains(day) => self.ignored += 1,
            _ => {}
        }
    }
}

/// Lists a whole tree whose file names alone say what is what: the log objects of each account and
/// region, and how many other files there are. Log objects outside of `days` are left out.
///
/// # Errors
/// More than `max` log objects, or the store's.
pub async fn list_flat(
    store: &dyn Store,
    wanted: &Wanted,
    days: &DaySet,
    max: usize,
) -> Result<(BTreeMap<(String, String), Found>, u64), Error> {
    let mut lanes: BTreeMap<(String, String), Found> = BTreeMap::new();
    let (mut held, mut ignored, mut next) = (0, 0, None);
    loop {
        let page = store.list("", Depth::Tree, next.as_deref()).await?;
        for object in page.objects {
            let file = object.key.rsplit('/').next().unwrap_or_default();
            let Ok(name) = file.parse::<LogName>() else {
                ignored += 1;
                continue;
            };
            let day = name.day().clone();
            if !days.contains(day.date)
                || !wanted.account(&day.account)
                || !wanted.region(&day.region)
            {
                continue;
            }
            held += 1;
            if held > max {
                return Err(Error::TooMany { source_uri: store.name(""), max });
            }
            let listed = Listed { name, folder_day: day.date, root: 0, object };
            lanes.entry((day.account, day.region)).or_default().objects.push(listed);
        }
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    Ok((lanes, ignored))
}

/// The folders directly below a prefix, in order.
async fn folders(store: &dyn Store, prefix: &str) -> Result<Vec<String>, Error> {
    Ok(folders_and_date(store, prefix).await?.0)
}

async fn folders_and_date(
    store: &dyn Store,
    prefix: &str,
) -> Result<(Vec<String>, Option<DateTime<Utc>>), Error> {
    let (mut folders, mut date, mut next) = (Vec::new(), None, None);
    loop {
        let page = store.list(prefix, Depth::Folder, next.as_deref()).await?;
        folders.extend(page.folders);
        date = date.or(page.date);
        next = page.next;
        if next.is_none() {
            folders.sort_unstable();
            return Ok((folders, date));
        }
    }
}

/// The folders below a prefix whose names are numbers of so many digits.
async fn numbers(store: &dyn Store, prefix: &str, digits: usize) -> Result<Vec<u32>, Error> {
    let folders = folders(store, prefix).await?;
    Ok(folders.iter().filter_map(|folder| folder_number(folder_name(folder), digits)).collect())
}

/// An `AWSLogs/` that holds nothing is a trail without accounts.
///
/// # Errors
/// There is none; says what is there, and where it is instead.
async fn check_trail(store: &dyn Store) -> Result<(), Error> {
    let is_trail = |folder: &String| folder_name(folder) == folder_name(AWS_LOGS);
    let page = store.list("", Depth::Folder, None).await?;
    if page.folders.iter().any(is_trail) {
        return Ok(());
    }
    let files = page.objects.iter().map(|object| object.key.clone());
    let holds = page.folders.iter().cloned().chain(files).take(5).collect();
    let mut instead = outer_trail(store.location());
    let mut search: Vec<String> = page.folders;
    for at in 0..SEARCHED_FOLDERS_MAX {
        let Some(folder) = search.get(at).filter(|_| instead.is_none()).cloned() else { break };
        let below = match store.list(&folder, Depth::Folder, None).await {
            Err(error) if error.cause == Cause::Denied => continue,
            page => page?.folders,
        };
        if below.iter().any(is_trail) {
            instead = Some(store.name(folder.trim_end_matches('/')));
        }
        search.extend(below);
    }
    Err(Error::NoTrail { source_uri: store.name(""), holds, instead })
}

/// Where the source itself lies inside an `AWSLogs/`, the folder that holds that.
fn outer_trail(location: &str) -> Option<String> {
    let inside = format!("{location}/");
    let at = inside.rfind(&format!("/{AWS_LOGS}"))?;
    Some(inside[..at].to_owned())
}
