//! Changing a small object that others may change too: read, join, compare-and-swap, until it took.

use bytes::Bytes;

use super::backoff::Backoff;
use super::{Cause, Condition, Error, Payload, Store};

/// Small objects (ledger, marker) are refused above this size rather than held in memory.
const SMALL_BYTES_MAX: u64 = 64 << 20;

/// A small object's bytes and tag; none where there is no such object.
///
/// # Errors
/// The store's; [`Cause::Other`] where the object is larger than anything of ours.
pub async fn read(store: &dyn Store, key: &str) -> Result<Option<(Bytes, String)>, Error> {
    let mut backoff = Backoff::default();
    loop {
        match read_once(store, key).await {
            Err(error) => backoff.wait(error).await?,
            done => return done,
        }
    }
}

async fn read_once(store: &dyn Store, key: &str) -> Result<Option<(Bytes, String)>, Error> {
    let name = store.name(key);
    let fetched = match store.get(key).await {
        Ok(fetched) => fetched,
        Err(error) if error.cause == Cause::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if fetched.size > SMALL_BYTES_MAX {
        return Err(Error::new(Cause::Other, "get", name, "it is larger than 64 MiB"));
    }
    let tag = fetched.tag.clone();
    Ok(Some((fetched.bytes(&name).await?, tag)))
}

/// Replaces an object by what `join` makes of its present bytes; nothing is put where `join` says
/// that there is nothing to change. When this returns, what `join` last saw and gave is durable.
///
/// # Errors
/// Those of `join`, and of the store once trying again is given up.
pub async fn update<E: From<Error>>(
    store: &dyn Store,
    key: &str,
    mut join: impl FnMut(Option<&[u8]>) -> Result<Option<Vec<u8>>, E>,
) -> Result<(), E> {
    let mut backoff = Backoff::default();
    loop {
        let now = read(store, key).await?;
        let Some(bytes) = join(now.as_ref().map(|(bytes, _)| bytes.as_ref()))? else {
            return Ok(());
        };
        let condition = match &now {
            Some((_, tag)) => Condition::Matches(tag),
            None => Condition::Absent,
        };
        match store.put(key, &Payload::Bytes(bytes.into()), condition).await {
            Ok(_) => return Ok(()),
            Err(error) => backoff.wait(error).await?,
        }
    }
}
