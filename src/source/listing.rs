//! Which log objects lie in a stretch of days.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use crate::store::{Depth, Object, Store};
use crate::trail::key::LogName;
use crate::trail::layout::{Place, Root, folder_name, folder_number};
use crate::trail::window::{DaySet, Range, month, year};

use super::{Error, Wanted, folders};

/// A month with more log objects than this is listed day by day: bounds what a listing holds.
const STRETCH_OBJECTS_MAX: usize = 10_000;

/// So few days, all known, are listed directly rather than looked for.
const DIRECT_DAYS_MAX: i64 = 4;

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

/// The folders below a prefix whose names are numbers of so many digits.
async fn numbers(store: &dyn Store, prefix: &str, digits: usize) -> Result<Vec<u32>, Error> {
    let folders = folders(store, prefix).await?;
    Ok(folders.iter().filter_map(|folder| folder_number(folder_name(folder), digits)).collect())
}
