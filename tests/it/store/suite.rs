//! The contract of `Store`, as checks that any store must pass. Each gets an empty store.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, stream};
use trailquet::store::{Body, Cause, Condition, Depth, Error, Object, Payload, Store};

type Any = Arc<dyn Store>;

/// Enough for two pages of 1,000 and a bit.
const MANY: usize = 2_050;
/// More than any buffer on the way, and no multiple of one.
const LARGE_BYTES: usize = 60_000_001;

pub(super) async fn gives_back_what_was_put(store: Any) {
    for (key, content) in [("one", "1"), ("a/b/c.json.gz", "deep"), ("empty", "")] {
        let tag = create(&store, key, content).await.unwrap();
        let fetched = store.get(key).await.unwrap();
        assert_eq!((fetched.size, fetched.tag), (content.len() as u64, tag), "{key}");
        assert_eq!(read(&store, key).await.unwrap(), content);
    }
    for key in ["two", "a", "a/b", "one/below"] {
        assert_eq!(read(&store, key).await.unwrap_err().cause, Cause::NotFound, "{key}");
    }
    assert!(store.get("two").await.unwrap_err().to_string().contains(&store.name("two")));
}

pub(super) async fn lists_a_folder_and_a_tree(store: Any) {
    for key in ["top", "a/1", "a/2", "a/b/3", "a-b/4", "c/d/e/5"] {
        create(&store, key, key).await.unwrap();
    }
    let tree = |prefix| list(&store, prefix, Depth::Tree);
    let folder = |prefix| list(&store, prefix, Depth::Folder);
    assert_eq!(tree("").await.0, keys(&["top", "a/1", "a/2", "a/b/3", "a-b/4", "c/d/e/5"]));
    assert_eq!(tree("a/").await.0, keys(&["a/1", "a/2", "a/b/3"]));
    assert_eq!(folder("a/").await, (keys(&["a/1", "a/2"]), keys(&["a/b/"])));
    assert_eq!(folder("c/").await, (keys(&[]), keys(&["c/d/"])));
    let (objects, folders) = folder("").await;
    assert_eq!(objects, keys(&["top"]));
    assert!(folders.is_superset(&keys(&["a/", "a-b/", "c/"])), "{folders:?}");
    assert_eq!(tree("nothing/").await, (keys(&[]), keys(&[])));
    assert_eq!(folder("nothing/here/").await, (keys(&[]), keys(&[])));

    let listed = all(&store, "a/b/", Depth::Tree).await.remove(0);
    assert_eq!((listed.size, listed.archived), (5, false));
    assert_eq!(listed.tag, store.get("a/b/3").await.unwrap().tag);
}

pub(super) async fn lists_more_than_a_page(store: Any) {
    let names: Vec<String> =
        (0..MANY).map(|number| format!("d{}/{number:05}", number % 3)).collect();
    stream::iter(names.iter().cloned())
        .for_each_concurrent(8, |key| {
            let store = &store;
            async move {
                create(store, &key, "x").await.unwrap();
            }
        })
        .await;
    let listed: Vec<String> =
        all(&store, "", Depth::Tree).await.into_iter().map(|object| object.key).collect();
    assert_eq!(listed.len(), MANY, "each object once");
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), names.into_iter().collect());
}

pub(super) async fn takes_strange_keys(store: Any) {
    let strange = [
        "spa ce/pl+us",
        "per%2Fcent/100%",
        "am&per<sand>/quo\"te'",
        "colon:at@eq=/semi;comma,",
        "ques?tion/ha#sh",
        "ümläut/日本語/🦀",
        "account=1/date=2026-01-01/part-00000.parquet",
        "111122223333_CloudTrail_us-east-1_20260101T0000Z_AbC.json.gz",
        "~tilde/[br](ack){et}^|`$!*",
    ];
    for key in strange {
        create(&store, key, key).await.unwrap();
        assert_eq!(read(&store, key).await.unwrap(), key);
    }
    assert_eq!(list(&store, "", Depth::Tree).await.0, keys(&strange));
    assert_eq!(list(&store, "spa ce/", Depth::Folder).await.0, keys(&["spa ce/pl+us"]));
    assert!(list(&store, "", Depth::Folder).await.1.contains("per%2Fcent/"));
}

pub(super) async fn puts_on_a_condition(store: Any) {
    let first = create(&store, "k", "first").await.unwrap();
    let lost = create(&store, "k", "other").await.unwrap_err();
    assert_eq!(lost.cause, Cause::Conflict, "{lost}");
    assert_eq!(read(&store, "k").await.unwrap(), "first");

    let second = replace(&store, "k", "second", &first).await.unwrap();
    assert_ne!(first, second);
    let lost = replace(&store, "k", "third", &first).await.unwrap_err();
    assert_eq!(lost.cause, Cause::Conflict, "{lost}");
    assert_eq!(read(&store, "k").await.unwrap(), "second");
    assert_eq!(store.get("k").await.unwrap().tag, second);

    let lost = replace(&store, "missing", "x", &first).await.unwrap_err();
    assert_eq!(lost.cause, Cause::Conflict, "{lost}");
    assert_eq!(read(&store, "missing").await.unwrap_err().cause, Cause::NotFound);
}

pub(super) async fn loses_no_update_in_a_race(store: Any) {
    const WRITERS: usize = 8;
    const ROUNDS: usize = 10;
    create(&store, "counter", "0").await.unwrap();
    let writers = (0..WRITERS).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for _ in 0..ROUNDS {
                increment(&store).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    assert_eq!(read(&store, "counter").await.unwrap(), (WRITERS * ROUNDS).to_string());
}

pub(super) async fn lets_one_creator_win(store: Any) {
    for round in 0..5 {
        let key = format!("new/{round}");
        let creators = (0..8).map(|number| {
            let (store, key) = (Arc::clone(&store), key.clone());
            tokio::spawn(async move { (number, create(&store, &key, &number.to_string()).await) })
        });
        let mut winners = Vec::new();
        for creator in creators.collect::<Vec<_>>() {
            match creator.await.unwrap() {
                (number, Ok(_)) => winners.push(number.to_string()),
                (_, Err(error)) => assert_eq!(error.cause, Cause::Conflict, "{error}"),
            }
        }
        assert_eq!(winners, [read(&store, &key).await.unwrap()]);
    }
}

pub(super) async fn puts_a_large_file(store: Any) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let content: Vec<u8> = (0..LARGE_BYTES).map(|at| (at / 7 % 251) as u8).collect();
    file.write_all(&content).unwrap();
    let payload = Payload::File(file.path().to_owned(), content.len() as u64);
    let tag = store.put("large", &payload, Condition::Absent).await.unwrap();
    let fetched = store.get("large").await.unwrap();
    assert_eq!((fetched.size, &fetched.tag), (content.len() as u64, &tag));
    assert!(fetched.bytes("large").await.unwrap() == content, "the bytes differ");

    let small = replace(&store, "large", "small", &tag).await.unwrap();
    assert_eq!(read(&store, "large").await.unwrap(), "small");
    store.put("large", &payload, Condition::Matches(&small)).await.unwrap();
    assert_eq!(store.get("large").await.unwrap().size, content.len() as u64);
}

pub(super) async fn counts_requests(store: Any) {
    create(&store, "k", "1").await.unwrap();
    create(&store, "k", "2").await.unwrap_err();
    read(&store, "k").await.unwrap();
    read(&store, "missing").await.unwrap_err();
    read(&store, "k").await.unwrap();
    list(&store, "", Depth::Tree).await;
    let requests = store.requests();
    assert_eq!((requests.list, requests.get, requests.put), (1, 3, 2));
}

pub(super) async fn increment(store: &Any) {
    loop {
        let fetched = store.get("counter").await.unwrap();
        let tag = fetched.tag.clone();
        let text = fetched.bytes("counter").await.unwrap();
        let count: usize = std::str::from_utf8(&text).unwrap().parse().unwrap();
        match replace(store, "counter", &(count + 1).to_string(), &tag).await {
            Ok(_) => return,
            Err(error) => assert_eq!(error.cause, Cause::Conflict, "{error}"),
        }
    }
}

pub(super) async fn create(store: &Any, key: &str, content: &str) -> Result<String, Error> {
    store.put(key, &payload(content), Condition::Absent).await
}

pub(super) async fn replace(
    store: &Any,
    key: &str,
    content: &str,
    tag: &str,
) -> Result<String, Error> {
    store.put(key, &payload(content), Condition::Matches(tag)).await
}

pub(super) async fn read(store: &Any, key: &str) -> Result<String, Error> {
    let fetched = store.get(key).await?;
    assert!(!matches!(fetched.body, Body::Bytes(_)) || fetched.size < 1 << 20);
    Ok(String::from_utf8(fetched.bytes(key).await?.to_vec()).unwrap())
}

/// Keys of objects and folders, over all pages.
pub(super) async fn list(
    store: &Any,
    prefix: &str,
    depth: Depth,
) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut objects, mut folders, mut next) = (BTreeSet::new(), BTreeSet::new(), None);
    loop {
        let page = store.list(prefix, depth, next.as_deref()).await.unwrap();
        objects.extend(page.objects.into_iter().map(|object| object.key));
        folders.extend(page.folders);
        next = page.next;
        if next.is_none() {
            return (objects, folders);
        }
    }
}

/// Objects over all pages, repeated where a store repeats them.
pub(super) async fn all(store: &Any, prefix: &str, depth: Depth) -> Vec<Object> {
    let (mut objects, mut next) = (Vec::new(), None);
    loop {
        let page = store.list(prefix, depth, next.as_deref()).await.unwrap();
        objects.extend(page.objects);
        next = page.next;
        if next.is_none() {
            return objects;
        }
    }
}

pub(super) fn payload(content: &str) -> Payload {
    Payload::Bytes(Bytes::copy_from_slice(content.as_bytes()))
}

pub(super) fn keys(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}
