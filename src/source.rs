//! The source: which accounts and regions there are, and which log objects lie in a stretch of days.
//!
//! Owns discovery and listing. It lists as high as it pays: a month in one chain of pages where
//! most of its days are wanted, single days otherwise, and years and months that do not exist cost
//! nothing. Nothing hangs on the order of a listing, nor on where one may start. It does not know
//! what is consumed; the caller says which days are wanted.

mod listing;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};

use crate::store::{Cause, Depth, Store};
use crate::trail::layout::{AWS_LOGS, CLOUD_TRAIL, Owner, Root, folder_name, owner};

pub use listing::{Found, Listed, Stretch, list, list_flat, plan, split};

/// Listings under way at once while accounts and regions are discovered.
const DISCOVERIES_MAX: usize = 16;

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
