//! What only S3 can show: refusals of real servers, answers that never come, archived objects, and
//! what goes over the wire.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{SharedCredentialsProvider, future};
use aws_sdk_s3::types::StorageClass;
use trailquet::store::s3::{Options, S3};
use trailquet::store::{Cause, Condition, Depth, Error, Payload, Store};

use super::suite::{create, keys, list, payload, read};
use crate::support::fake::Fake;
use crate::support::servers::{ADMIN, BUCKET, READER, Server, moto, seaweedfs};
use crate::support::{child, variable};

fn options(url: &str, bucket: &str) -> Options {
    Options {
        bucket: bucket.to_owned(),
        endpoint_url: Some(url.to_owned()),
        path_style: Some(true),
        ..Options::default()
    }
}

/// A store with some credentials, for servers that do not ask.
fn unasked(options: Options) -> S3 {
    let credentials = aws_sdk_s3::config::Credentials::new("k", "s", None, None, "tests");
    let config = SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
        .credentials_provider(SharedCredentialsProvider::new(credentials));
    S3::new(&config.build(), options).unwrap()
}

fn on_fake(fake: &Fake) -> S3 {
    unasked(options(&fake.url, "bucket"))
}

/// The errors of a list, a get and a put.
async fn errors(store: &S3) -> [Error; 3] {
    [
        store.list("", Depth::Folder, None).await.unwrap_err(),
        store.get("k").await.unwrap_err(),
        store.put("k", &payload("x"), Condition::Absent).await.unwrap_err(),
    ]
}

async fn missing_bucket(server: &Server) {
    let store = S3::new(&server.config(ADMIN), options(&server.url, "no-such-bucket")).unwrap();
    for error in errors(&store).await {
        assert_eq!(error.cause, Cause::NoContainer, "{error}");
        assert!(error.to_string().contains("(NoSuchBucket)"), "{error}");
        assert!(error.to_string().contains("s3://no-such-bucket"), "{error}");
    }
}

#[tokio::test]
async fn a_missing_bucket_is_named_on_moto() {
    let Some(server) = moto("a_missing_bucket_is_named_on_moto") else { return };
    missing_bucket(server).await;
}

#[tokio::test]
async fn a_missing_bucket_is_named_on_seaweedfs() {
    let Some(server) = seaweedfs("a_missing_bucket_is_named_on_seaweedfs") else { return };
    missing_bucket(server).await;
}

#[tokio::test]
async fn bad_credentials_are_told_apart() {
    let Some(server) = seaweedfs("bad_credentials_are_told_apart") else { return };
    for (identity, code) in [
        ((ADMIN.0, "another secret"), "(SignatureDoesNotMatch)"),
        (("nobody", "secret"), "(InvalidAccessKeyId)"),
    ] {
        for error in errors(&server.store(identity, "")).await {
            assert_eq!(error.cause, Cause::Credentials, "{error}");
            assert!(error.to_string().contains(code), "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_reader_may_not_put() {
    let Some(server) = seaweedfs("a_reader_may_not_put") else { return };
    let admin: Arc<dyn Store> = Arc::new(server.store(ADMIN, "a_reader_may_not_put"));
    let reader: Arc<dyn Store> = Arc::new(server.store(READER, "a_reader_may_not_put"));
    create(&admin, "k", "x").await.unwrap();
    assert_eq!(read(&reader, "k").await.unwrap(), "x");
    assert_eq!(list(&reader, "", Depth::Tree).await.0, keys(&["k"]));
    let error = create(&reader, "other", "x").await.unwrap_err();
    assert_eq!(error.cause, Cause::Denied, "{error}");
    assert!(error.hint().unwrap().contains("s3:PutObject"));
}

#[tokio::test]
async fn no_credentials_is_an_error_of_its_own() {
    #[derive(Debug)]
    struct Nobody;
    impl aws_credential_types::provider::ProvideCredentials for Nobody {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let error = CredentialsError::not_loaded("the profile `nobody` has no credentials");
            future::ProvideCredentials::ready(Err(error))
        }
    }
    let config = SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
        .credentials_provider(SharedCredentialsProvider::new(Nobody));
    let store = S3::new(&config.build(), options("http://127.0.0.1:9", "bucket")).unwrap();
    for error in errors(&store).await {
        assert_eq!(error.cause, Cause::Credentials, "{error}");
        assert!(error.told.contains("the profile `nobody` has no credentials"), "{error}");
    }
}

#[tokio::test]
async fn nobody_listening_is_a_network_error() {
    let store = unasked(options("http://127.0.0.1:9", "bucket"));
    let [list, get, put] = errors(&store).await;
    assert_eq!(
        [list.cause, get.cause, put.cause],
        [Cause::Network, Cause::Network, Cause::Unknown]
    );
    assert!(list.told.contains("connection refused"), "{list}");
    let requests = store.requests();
    assert_eq!((requests.list, requests.get, requests.put), (6, 6, 1));
}

#[tokio::test]
async fn a_lost_answer_leaves_a_put_unknown() {
    for (answer, list, put) in [
        ("", Cause::Network, Cause::Unknown),
        ("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n", Cause::Busy, Cause::Unknown),
        ("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 3\r\n\r\nbad", Cause::Busy, Cause::Unknown),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Cause::Network, Cause::Unknown),
        (
            "HTTP/1.1 503 Slow Down\r\nconnection: close\r\n\r\n<?xml version=\"1.0\"?>\
             <Error><Code>SlowDown</Code><Message>Slow.</Message></Error>",
            Cause::Busy,
            Cause::Busy,
        ),
    ] {
        let fake = Fake::answering(answer);
        let store = on_fake(&fake);
        let lost = store.put("k", &payload("x"), Condition::Absent).await.unwrap_err();
        assert_eq!(lost.cause, put, "{answer:?}: {lost}");
        assert_eq!((fake.heads().len(), store.requests().put), (1, 1), "a put is sent once");
        let lost = store.list("", Depth::Tree, None).await.unwrap_err();
        assert_eq!(lost.cause, list, "{answer:?}: {lost}");
    }
}

#[tokio::test]
async fn a_bucket_elsewhere_is_said_to_be_there() {
    let fake = Fake::answering(
        "HTTP/1.1 301 Moved\r\nx-amz-bucket-region: eu-west-1\r\ncontent-length: 0\r\n\r\n",
    );
    for error in errors(&on_fake(&fake)).await {
        assert_eq!(error.cause, Cause::Other, "{error}");
        assert!(error.told.contains("in the region eu-west-1"), "{error}");
    }
}

#[tokio::test]
async fn a_short_transfer_is_a_network_error() {
    let fake = Fake::answering("HTTP/1.1 200 OK\r\netag: \"e\"\r\ncontent-length: 9\r\n\r\nshort");
    let fetched = on_fake(&fake).get("k").await.unwrap();
    assert_eq!((fetched.size, fetched.tag.as_str()), (9, "\"e\""));
    let error = fetched.bytes("k").await.unwrap_err();
    assert_eq!(error.cause, Cause::Network, "{error}");
    assert!(error.told.starts_with("the transfer broke off"), "{error}");
}

#[tokio::test]
async fn a_put_says_what_it_has_to_and_no_more() {
    let fake = Fake::answering("HTTP/1.1 200 OK\r\netag: \"new\"\r\ncontent-length: 0\r\n\r\n");
    let store = unasked(Options {
        prefix: "p/q/".to_owned(),
        requester_pays: true,
        sse_kms_key_id: Some("key-1".to_owned()),
        ..options(&fake.url, "bucket")
    });
    assert_eq!(store.endpoint(), fake.url);
    assert_eq!(store.name("k"), "s3://bucket/p/q/k");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), vec![b'x'; 3 << 20]).unwrap();
    let file = Payload::File(file.path().to_owned(), 3 << 20);
    assert_eq!(store.put("k", &payload("x"), Condition::Absent).await.unwrap(), "\"new\"");
    assert_eq!(store.put("k", &file, Condition::Matches("\"old\"")).await.unwrap(), "\"new\"");
    let heads = fake.heads();
    for head in &heads {
        assert!(head.starts_with("PUT /bucket/p/q/k?x-id=PutObject "), "{head}");
        assert!(head.contains("x-amz-server-side-encryption: aws:kms\n"), "{head}");
        assert!(head.contains("x-amz-server-side-encryption-aws-kms-key-id: key-1\n"), "{head}");
        assert!(head.contains("x-amz-request-payer: requester\n"), "{head}");
        assert!(!head.contains("aws-chunked") && !head.contains("checksum"), "{head}");
    }
    assert!(heads[0].contains("if-none-match: *\n"), "{}", heads[0]);
    assert!(heads[1].contains("if-match: \"old\"\n"), "{}", heads[1]);
    assert!(heads[1].contains("content-length: 3145728\n"), "{}", heads[1]);
}

#[tokio::test]
async fn archived_objects_are_seen_in_the_listing() {
    let Some(server) = moto("archived_objects_are_seen_in_the_listing") else { return };
    let prefix = "archived_objects_are_seen_in_the_listing";
    for (key, class) in [
        ("glacier", StorageClass::Glacier),
        ("deep", StorageClass::DeepArchive),
        ("instant", StorageClass::GlacierIr),
        ("standard", StorageClass::Standard),
    ] {
        let put = server.client().put_object().bucket(BUCKET).key(format!("{prefix}/{key}"));
        put.storage_class(class).body(b"x".to_vec().into()).send().await.unwrap();
    }
    let store = server.store(ADMIN, prefix);
    let page = store.list("", Depth::Folder, None).await.unwrap();
    let archived = page.objects.iter().filter(|object| object.archived);
    assert_eq!(archived.map(|object| object.key.as_str()).collect::<Vec<_>>(), ["deep", "glacier"]);
    let error = store.get("deep").await.unwrap_err();
    assert_eq!(error.cause, Cause::Archived, "{error}");
    store.get("instant").await.unwrap();
}

#[tokio::test]
async fn a_listing_has_a_date_and_only_its_own_prefix() {
    let Some(server) = moto("a_listing_has_a_date_and_only_its_own_prefix") else { return };
    let prefix = "a_listing_has_a_date";
    for key in ["", "k", "/double", "control\u{1}/x", "back\\slash"] {
        let put = server.client().put_object().bucket(BUCKET).key(format!("{prefix}/{key}"));
        put.body(b"x".to_vec().into()).send().await.unwrap();
    }
    let sibling = server.client().put_object().bucket(BUCKET).key(format!("{prefix}2/sibling"));
    sibling.body(b"x".to_vec().into()).send().await.unwrap();
    let store: Arc<dyn Store> = Arc::new(server.store(ADMIN, prefix));
    let expected = keys(&["k", "control\u{1}/x", "back\\slash"]);
    assert_eq!(list(&store, "", Depth::Tree).await.0, expected);
    assert_eq!(read(&store, "control\u{1}/x").await.unwrap(), "x");
    let date = store.list("", Depth::Folder, None).await.unwrap().date.unwrap();
    assert!((chrono::Utc::now() - date).num_minutes().abs() < 5, "{date}");
}

/// The child of the next tests: connects as the environment says.
#[tokio::test]
async fn child_connects() {
    let Some(expected) = variable("TRAILQUET_TEST_CHILD_CONNECTS") else { return };
    let options = Options {
        bucket: BUCKET.to_owned(),
        path_style: Some(true),
        role_arn: variable("TRAILQUET_TEST_CHILD_ROLE"),
        ..Options::default()
    };
    let outcome = match S3::connect(options).await {
        Ok(store) => match store.list("", Depth::Folder, None).await {
            Ok(_) => format!("listed at {}", store.endpoint()),
            Err(error) => format!("{:?}: {error}", error.cause),
        },
        Err(error) => format!("{:?}: {error}", error.cause),
    };
    assert!(outcome.starts_with(&expected), "{outcome}");
}

/// Runs the child in an environment without any AWS configuration but this.
fn connects(expected: &str, variables: &[(&str, &str)]) {
    let empty = tempfile::tempdir().unwrap();
    let home = empty.path().to_owned();
    let mut all = vec![
        ("HOME", home.clone().into_os_string()),
        ("AWS_CONFIG_FILE", home.join("config").into_os_string()),
        ("AWS_SHARED_CREDENTIALS_FILE", home.join("credentials").into_os_string()),
        ("AWS_EC2_METADATA_DISABLED", "true".into()),
        ("TRAILQUET_TEST_CHILD_CONNECTS", expected.into()),
    ];
    all.extend(variables.iter().map(|(name, value)| (*name, value.into())));
    let mut child = child("store::s3::child_connects", &all);
    for name in ["AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"] {
        if !variables.iter().any(|(given, _)| *given == name) {
            child.env_remove(name);
        }
    }
    let output = child.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_missing_region_says_what_to_set() {
    connects(
        "Other: cannot list s3://test-bucket: no AWS region is configured: set AWS_REGION",
        &[],
    );
}

#[test]
fn missing_credentials_are_named() {
    let expected = "Credentials: cannot list s3://test-bucket: the credentials cannot be loaded: ";
    connects(expected, &[("AWS_REGION", "us-east-1")]);
}

#[test]
fn the_environments_endpoint_and_credentials_are_used() {
    let test = "the_environments_endpoint_and_credentials_are_used";
    let Some(server) = seaweedfs(test) else { return };
    let credentials = [("AWS_ACCESS_KEY_ID", ADMIN.0), ("AWS_SECRET_ACCESS_KEY", ADMIN.1)];
    let expected = format!("listed at {}", server.url);
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"] {
        connects(&expected, &[credentials[0], credentials[1], (name, &server.url)]);
    }
}

#[test]
fn a_role_is_assumed() {
    let Some(server) = moto("a_role_is_assumed") else { return };
    let variables = [
        ("AWS_ACCESS_KEY_ID", ADMIN.0),
        ("AWS_SECRET_ACCESS_KEY", ADMIN.1),
        ("AWS_ENDPOINT_URL", server.url.as_str()),
        ("AWS_REGION", "eu-central-1"),
        ("TRAILQUET_TEST_CHILD_ROLE", "arn:aws:iam::111122223333:role/reader"),
    ];
    connects(&format!("listed at {}", server.url), &variables);
}
