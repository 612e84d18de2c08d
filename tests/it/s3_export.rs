//! From and to S3: the same bytes as a local run, on a real server that checks credentials and on
//! one that lists as AWS does; and what goes wrong there is told.

use trailquet::sample::{Layout, Spec, write};

use crate::support::run::{Ran, bucket_uri, contents, export, on_server, run, tables, upload};
use crate::support::servers::{ADMIN, READER, Server, moto, seaweedfs};

/// A modest odd trail; backslashes and newlines in keys are beyond the servers, and not in it.
fn spec(layout: Layout) -> Spec {
    Spec { layout, objects: 160, ..Spec::odd() }
}

fn export_s3(server: &Server, source: &str, target: &str, more: &[&str]) -> Ran {
    let mut command = export(&bucket_uri(source), &bucket_uri(target), more);
    on_server(&mut command, server, ADMIN);
    run(&mut command)
}

async fn same_bytes(server: &Server, name: &str, layout: Layout) {
    let folder = tempfile::tempdir().unwrap();
    let (trail, local) = (folder.path().join("trail"), folder.path().join("local"));
    let spec = spec(layout);
    write(&spec, &trail).unwrap();
    let source = trail.join(spec.layout.source());
    let flat: &[&str] = if spec.layout == Layout::Flat { &["--layout", "flat"] } else { &[] };

    let by_files =
        run(&mut export(source.to_str().unwrap(), local.to_str().unwrap(), flat)).ended(3);
    let (from, to) = (format!("{name}/trail"), format!("{name}/tables"));
    upload(&trail, server, &from).await;
    let from = format!("{from}/{}", spec.layout.source().display());
    let by_s3 = export_s3(server, &from, &to, flat).ended(3);

    for count in ["objects", "bytes", "calls", "points", "rows", "files_written"] {
        assert_eq!(by_s3.summary[count], by_files.summary[count], "{count}");
    }
    let target = server.store(ADMIN, &to);
    let mut files = contents(&target, "").await;
    files.retain(|key, _| key.ends_with(".parquet"));
    assert!(files == tables(&local).await, "S3 and local files differ");

    let before = contents(&target, "").await;
    let again = export_s3(server, &from, &to, flat).ended(0);
    assert_eq!(again.number("requests.put"), 0);
    assert_eq!(again.number("objects.read"), 0);
    assert!(contents(&target, "").await == before, "a second run changed something");

    // From S3 to a folder, and from a folder to S3.
    let (mixed, mixed_key) = (folder.path().join("mixed"), format!("{name}/mixed"));
    let mut down = export(&bucket_uri(&from), mixed.to_str().unwrap(), flat);
    on_server(&mut down, server, READER);
    run(&mut down).ended(3);
    assert!(tables(&mixed).await == files);
    let mut up = export(source.to_str().unwrap(), &bucket_uri(&mixed_key), flat);
    on_server(&mut up, server, ADMIN);
    run(&mut up).ended(3);
    let mut uploaded = contents(&server.store(ADMIN, &mixed_key), "").await;
    uploaded.retain(|key, _| key.ends_with(".parquet"));
    assert!(uploaded == files);
}

#[tokio::test]
async fn the_same_bytes_on_seaweedfs() {
    let Some(server) = seaweedfs("the_same_bytes_on_seaweedfs") else { return };
    same_bytes(server, "same-plain", Layout::Plain).await;
}

#[tokio::test]
async fn the_same_bytes_on_seaweedfs_flat() {
    let Some(server) = seaweedfs("the_same_bytes_on_seaweedfs_flat") else { return };
    same_bytes(server, "same-flat", Layout::Flat).await;
}

#[tokio::test]
async fn the_same_bytes_on_moto() {
    let Some(server) = moto("the_same_bytes_on_moto") else { return };
    same_bytes(server, "same-control-tower", Layout::ControlTower).await;
}

/// Runs that cannot begin: one clear line, a hint, the right code, and nothing written.
#[tokio::test]
async fn what_s3_refuses_is_told() {
    let Some(moto) = moto("what_s3_refuses_is_told") else { return };
    let Some(weed) = seaweedfs("what_s3_refuses_is_told") else { return };
    let folder = tempfile::tempdir().unwrap();
    let trail = folder.path().join("trail");
    write(&Spec { objects: 8, ..Spec::demo() }, &trail).unwrap();
    upload(&trail, weed, "refused/trail").await;
    upload(&trail, moto, "refused/trail").await;
    let local = folder.path().join("tables");
    let refused = |server: &Server, identity, source: &str, target: &str, told: [&str; 2]| {
        let mut command = export(source, target, &[]);
        on_server(&mut command, server, identity);
        let ran = run(&mut command).ended(1);
        for text in told {
            assert!(ran.stderr.contains(text), "no {text:?} in {}", ran.stderr);
        }
        assert_eq!(ran.number("files_written"), 0);
        assert!(!local.exists(), "{target}");
    };
    let (trail, tables) = (bucket_uri("refused/trail"), bucket_uri("refused/tables"));
    let (nowhere, here) = ("s3://no-such-bucket/x", local.to_str().unwrap());
    let hint = "hint: check the bucket's name";
    refused(moto, ADMIN, nowhere, here, ["cannot list s3://no-such-bucket/x", hint]);
    refused(moto, ADMIN, &trail, nowhere, ["s3://no-such-bucket/x", hint]);
    let hint = "hint: check the credentials";
    refused(weed, ("test-admin", "wrong"), &trail, here, ["cannot list", hint]);
    let hint = "hint: the identity needs s3:PutObject";
    refused(weed, READER, &trail, &tables, ["cannot put", hint]);
    assert!(contents(&weed.store(ADMIN, "refused/tables"), "").await.is_empty());
}
