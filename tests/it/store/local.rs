//! What only a local folder can show: what lies on the disk after a put, a failed one, and one that
//! was killed; links, and names that are none.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use trailquet::store::local::Local;
use trailquet::store::{Cause, Condition, Depth, Error, Payload, Store};

use super::suite::{all, create, keys, list, payload, read, replace};
use crate::support::{child, variable};

/// Which of the tests below runs as a child, on which folder and which payload.
const ROOT: &str = "TRAILQUET_TEST_CHILD_ROOT";
const PIPE: &str = "TRAILQUET_TEST_CHILD_PIPE";

fn target(root: &Path) -> Arc<dyn Store> {
    Arc::new(Local::target(root).unwrap())
}

/// All files and folders below a folder, by path.
fn on_disk(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(on_disk(&path).into_iter().map(|below| format!("{name}/{below}")));
        }
        found.push(name);
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_source_must_exist() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Local::source(&folder.path().join("missing")).unwrap();
    let error = missing.list("AWSLogs/", Depth::Folder, None).await.unwrap_err();
    assert_eq!(error.cause, Cause::NoContainer);
    assert!(error.to_string().ends_with("/missing: no such folder"), "{error}");

    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = Local::source(&file).unwrap().list("", Depth::Tree, None).await.unwrap_err();
    assert_eq!(error.cause, Cause::NoContainer);
    assert!(error.to_string().ends_with("/file: it is a file, not a folder"), "{error}");

    let source = Local::source(folder.path()).unwrap();
    let error = source.put("k", &payload("x"), Condition::Absent).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot put {}: a source is only read", source.name("k"))
    );
    assert_eq!(on_disk(folder.path()), ["file"]);
}

#[tokio::test]
async fn a_target_is_created_by_its_first_put() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("new/table");
    let store = target(&root);
    assert_eq!(list(&store, "", Depth::Folder).await, (keys(&[]), keys(&[])));
    assert_eq!(read(&store, "k").await.unwrap_err().cause, Cause::NotFound);
    assert_eq!(on_disk(folder.path()), [""; 0]);
    create(&store, "a/k", "x").await.unwrap();
    assert_eq!(fs::read(root.join("a/k")).unwrap(), b"x");
}

#[tokio::test]
async fn a_failed_put_leaves_nothing_but_its_slot() {
    let folder = tempfile::tempdir().unwrap();
    let store = target(folder.path());
    let error = replace(&store, "new/folder/k", "x", "a tag").await.unwrap_err();
    assert_eq!(error.cause, Cause::Conflict);
    let missing = Payload::File(folder.path().join("no-such-file"), 1);
    let error = store.put("other/k", &missing, Condition::Absent).await.unwrap_err();
    assert_eq!(error.cause, Cause::Other, "{error}");
    let left: Vec<String> =
        on_disk(folder.path()).into_iter().filter(|path| !path.starts_with("_ledger")).collect();
    assert_eq!(left, [""; 0]);
    assert_eq!(list(&store, "", Depth::Tree).await.0, keys(&[]));
    assert_eq!(list(&store, "_ledger/", Depth::Folder).await, (keys(&[]), keys(&[])));
    assert_eq!(read(&store, "_ledger/tmp/lock").await.unwrap_err().cause, Cause::Other);
}

#[tokio::test]
async fn a_dead_writers_slot_is_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let workshop = folder.path().join("_ledger/tmp");
    fs::create_dir_all(&workshop).unwrap();
    for slot in 0..8 {
        fs::write(workshop.join(format!("slot-{slot}")), "left by a dead run").unwrap();
    }
    let store = target(folder.path());
    for number in 0..20 {
        create(&store, &format!("k{number}"), "new").await.unwrap();
    }
    for number in 0..20 {
        assert_eq!(read(&store, &format!("k{number}")).await.unwrap(), "new");
    }
    assert!(on_disk(&workshop).len() <= 9, "eight slots and the lock");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_put_waits_for_a_slot() {
    let folder = tempfile::tempdir().unwrap();
    let workshop = folder.path().join("_ledger/tmp");
    fs::create_dir_all(&workshop).unwrap();
    let held: Vec<File> = (0..8)
        .map(|slot| {
            let file = File::create(workshop.join(format!("slot-{slot}"))).unwrap();
            file.lock().unwrap();
            file
        })
        .collect();
    let store = target(folder.path());
    let puts: Vec<_> = (0..12)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { create(&store, &format!("k{number}"), "x").await })
        })
        .collect();
    assert!(puts.iter().all(|put| !put.is_finished()));
    drop(held);
    for put in puts {
        put.await.unwrap().unwrap();
    }
    assert_eq!(list(&store, "", Depth::Tree).await.0.len(), 12);
}

#[tokio::test]
async fn every_put_has_a_tag_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = target(folder.path());
    let mut tags = vec![create(&store, "k", "000").await.unwrap()];
    for number in 1..300 {
        let tag =
            replace(&store, "k", &format!("{number:03}"), tags.last().unwrap()).await.unwrap();
        assert_eq!(store.get("k").await.unwrap().tag, tag);
        tags.push(tag);
    }
    let stamps: Vec<&str> = tags.iter().map(|tag| tag.split('-').nth(2).unwrap()).collect();
    assert!(stamps.windows(2).all(|pair| pair[0] < pair[1]), "{stamps:?}");
}

/// The child of the next test: puts what it reads from a pipe, and is killed meanwhile.
#[tokio::test]
async fn child_puts_a_pipe() {
    let (Some(root), Some(pipe)) = (variable(ROOT), variable(PIPE)) else { return };
    let tag = target(Path::new(&root)).get("k").await.unwrap().tag;
    let payload = Payload::File(pipe.into(), u64::MAX);
    let put = target(Path::new(&root)).put("k", &payload, Condition::Matches(&tag)).await;
    panic!("the put ended: {put:?}");
}

#[tokio::test]
async fn a_killed_put_leaves_the_old_content() {
    let folder = tempfile::tempdir().unwrap();
    let (root, pipe) = (folder.path().join("table"), folder.path().join("pipe"));
    let store = target(&root);
    create(&store, "k", "old").await.unwrap();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let variables = [(ROOT, root.clone().into_os_string()), (PIPE, pipe.clone().into_os_string())];
    let mut killed = child("store::local::child_puts_a_pipe", &variables)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Opening waits for the child's reading end, and so does writing more than the pipe holds.
    let mut writer = File::options().write(true).open(&pipe).unwrap();
    writer.write_all(&vec![b'n'; 1 << 20]).unwrap();
    killed.kill().unwrap();
    killed.wait().unwrap();

    assert_eq!(read(&store, "k").await.unwrap(), "old");
    assert_eq!(list(&store, "", Depth::Tree).await.0, keys(&["k"]));
    let slots = fs::read_dir(root.join("_ledger/tmp")).unwrap();
    let left: u64 = slots.map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert!(left > 100_000, "the child had written {left} bytes");
    let tag = store.get("k").await.unwrap().tag;
    replace(&store, "k", "new", &tag).await.unwrap();
    for number in 0..8 {
        create(&store, &format!("k{number}"), "x").await.unwrap();
        assert_eq!(read(&store, &format!("k{number}")).await.unwrap(), "x");
    }
    assert_eq!(read(&store, "k").await.unwrap(), "new");
}

/// The child of the next test.
#[tokio::test]
async fn child_counts() {
    let (Some(root), None) = (variable(ROOT), variable(PIPE)) else { return };
    let store = target(Path::new(&root));
    for _ in 0..25 {
        super::suite::increment(&store).await;
    }
}

#[tokio::test]
async fn processes_lose_no_update_either() {
    let folder = tempfile::tempdir().unwrap();
    let store = target(folder.path());
    create(&store, "counter", "0").await.unwrap();
    let variables = [(ROOT, OsString::from(folder.path()))];
    let children: Vec<_> = (0..4)
        .map(|_| {
            let mut child = child("store::local::child_counts", &variables);
            child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(read(&store, "counter").await.unwrap(), "100");
}

#[tokio::test]
async fn links_are_followed_but_not_in_circles() {
    let folder = tempfile::tempdir().unwrap();
    let (root, elsewhere) = (folder.path().join("root"), folder.path().join("elsewhere"));
    fs::create_dir_all(root.join("a")).unwrap();
    fs::create_dir_all(&elsewhere).unwrap();
    fs::write(elsewhere.join("f"), "linked").unwrap();
    symlink(&elsewhere, root.join("a/link")).unwrap();
    symlink(&root, elsewhere.join("up")).unwrap();
    symlink(elsewhere.join("f"), root.join("file")).unwrap();
    symlink("nowhere", root.join("dangling")).unwrap();
    symlink("itself", root.join("itself")).unwrap();
    let store: Arc<dyn Store> = Arc::new(Local::source(&root).unwrap());
    let tree = list(&store, "", Depth::Tree).await.0;
    assert_eq!(tree, keys(&["a/link/f", "dangling", "file", "itself"]));
    assert_eq!(read(&store, "a/link/f").await.unwrap(), "linked");
    assert_eq!(read(&store, "dangling").await.unwrap_err().cause, Cause::NotFound);
    assert!(read(&store, "itself").await.is_err());
}

#[tokio::test]
async fn names_that_are_not_text_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("good"), "").unwrap();
    fs::write(folder.path().join(OsString::from_vec(b"bad\xff".to_vec())), "").unwrap();
    let store: Arc<dyn Store> = Arc::new(Local::source(folder.path()).unwrap());
    assert_eq!(list(&store, "", Depth::Tree).await.0, keys(&["good"]));
}

#[tokio::test]
async fn a_tree_comes_in_pages() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..60 {
        let path = folder.path().join(format!("d{}/e{number}", number % 7));
        fs::create_dir_all(&path).unwrap();
        for file in 0..50 {
            fs::write(path.join(format!("f{file}")), "").unwrap();
        }
    }
    let store: Arc<dyn Store> = Arc::new(Local::source(folder.path()).unwrap());
    let first = store.list("", Depth::Tree, None).await.unwrap();
    assert!(first.next.is_some() && (1_000..1_100).contains(&first.objects.len()));
    assert_eq!(all(&store, "", Depth::Tree).await.len(), 3_000);
    assert_eq!(list(&store, "", Depth::Tree).await.0.len(), 3_000);
}

#[tokio::test]
async fn a_folder_with_very_many_names_comes_in_pages_too() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..20_500 {
        fs::write(folder.path().join(format!("{number:05}")), "").unwrap();
    }
    let store: Arc<dyn Store> = Arc::new(Local::source(folder.path()).unwrap());
    for depth in [Depth::Folder, Depth::Tree] {
        assert_eq!(store.list("", depth, None).await.unwrap().objects.len(), 20_000);
        assert_eq!(all(&store, "", depth).await.len(), 20_500);
    }
}

#[test]
fn the_systems_errors_are_readable() {
    for (number, cause, told) in [
        (13, Cause::Denied, "cannot put /x/y: permission denied"),
        (28, Cause::Full, "cannot put /x/y: no space left on device"),
        (30, Cause::ReadOnly, "cannot put /x/y: read-only file system"),
        (2, Cause::NotFound, "cannot put /x/y: no such file or directory"),
    ] {
        let error = Error::io("put", "/x/y", std::io::Error::from_raw_os_error(number));
        assert_eq!((error.cause, error.to_string().as_str()), (cause, told));
    }
}
