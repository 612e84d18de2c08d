//! S3 and what speaks its protocol, through aws-sdk-s3, as source and target. Takes keys, gives
//! pages, streams and ETags; `s3/client.rs` sets up credentials, time limits and retries,
//! `s3/wire.rs` sees each attempt, `s3/failure.rs` tells what went wrong. What the objects mean is
//! not known here.
//!
//! Reads are retried by the SDK, a few times. Puts never are: a put whose answer was lost may have
//! been written, and a second attempt would lose against the first.
//!
//! ETags are passed on as the server gave them, quotes included, as RFC 9110 has it. Old Ceph
//! gateways (16) compare `If-Match` without quotes and so refuse every replacement; to strip the
//! quotes for them would risk the comparison on every other store. They can be sources.

mod client;
mod failure;
mod wire;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    EncodingType, ObjectStorageClass, OptionalObjectAttributes, RequestPayer, ServerSideEncryption,
};
use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};

use self::failure::failure;
use self::wire::{AnswerDate, Attempts, decode};
use super::{
    Body, Cause, Condition, Counter, Depth, Error, Fetched, Object, Page, Payload, Requests, Store,
};

/// Where the objects are, and how to get there.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The bucket's name (or an access point's ARN).
    pub bucket: String,
    /// What stands before each key, as in `prefix/key`; slashes at its end are dropped.
    pub prefix: String,
    /// Another service than AWS's, as a URL; by default what the environment or the profile says.
    pub endpoint_url: Option<String>,
    /// The bucket in the path rather than in the host name; by default where the service is not
    /// AWS's own, as most others want it.
    pub path_style: Option<bool>,
    /// By default that of the environment, the profile or the machine.
    pub region: Option<String>,
    /// The profile in the shared configuration.
    pub profile: Option<String>,
    /// A role to assume with the credentials found.
    pub role_arn: Option<String>,
    /// Pay for the requests on another's bucket.
    pub requester_pays: bool,
    /// Encrypt what is put with this KMS key; by default as the bucket says.
    pub sse_kms_key_id: Option<String>,
}

/// A prefix of a bucket.
#[derive(Debug)]
pub struct S3 {
    client: Client,
    bucket: String,
    /// What stands before each key in the bucket: empty, or ending in `/`.
    root: String,
    location: String,
    endpoint: String,
    payer: Option<RequestPayer>,
    sse_kms_key_id: Option<String>,
    counter: Arc<Counter>,
}

impl S3 {
    /// A store with the credentials and the region that the AWS tools would use. Reads
    /// configuration; sends nothing to S3.
    ///
    /// # Errors
    /// [`Cause::Other`] where no region is configured.
    pub async fn connect(options: Options) -> Result<Self, Error> {
        let shared = client::configuration(&options).await;
        Self::new(&shared, options)
    }

    /// A store with the given credentials and region; of the options, what these come from is
    /// not looked at.
    ///
    /// # Errors
    /// [`Cause::Other`] where there is no region.
    pub fn new(shared: &SdkConfig, options: Options) -> Result<Self, Error> {
        let prefix = options.prefix.trim_end_matches('/');
        let root = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let location = format!("s3://{}/{prefix}", options.bucket).trim_end_matches('/').to_owned();
        let endpoint = client::endpoint(shared, &options);
        let region = client::region(shared, endpoint.as_deref());
        let Some(region) = region else {
            let told = "no AWS region is configured: set AWS_REGION, or `region` in the profile";
            return Err(Error::new(Cause::Other, "list", location, told));
        };
        let counter = Arc::new(Counter::default());
        let mut builder = client::builder(shared)
            .region(region)
            .force_path_style(options.path_style.unwrap_or(endpoint.is_some()))
            .interceptor(Attempts(Arc::clone(&counter)));
        builder.set_endpoint_url(endpoint.clone());
        Ok(Self {
            client: Client::from_conf(builder.build()),
            bucket: options.bucket,
            root,
            location,
            endpoint: endpoint.unwrap_or_default(),
            payer: options.requester_pays.then_some(RequestPayer::Requester),
            sse_kms_key_id: options.sse_kms_key_id,
            counter,
        })
    }

    /// A listed name, decoded and without the root; `None` for the root's own folder marker.
    fn key(&self, listed: Option<&str>, is_encoded: bool) -> Option<String> {
        let listed = listed?;
        let Some(key) = (if is_encoded { decode(listed) } else { Some(listed.to_owned()) }) else {
            tracing::warn!(bucket = self.bucket, key = listed, "left out: the key is not UTF-8");
            return None;
        };
        match key.strip_prefix(&self.root) {
            Some("") => None,
            Some(key) if key.starts_with('/') => {
                tracing::warn!(bucket = self.bucket, key, "left out: the key starts with a slash");
                None
            }
            key => key.map(str::to_owned),
        }
    }

    fn page(&self, output: &ListObjectsV2Output, date: Option<DateTime<Utc>>) -> Page {
        let is_encoded = output.encoding_type() == Some(&EncodingType::Url);
        let object = |listed: &aws_sdk_s3::types::Object| {
            Some(Object {
                key: self.key(listed.key(), is_encoded)?,
                size: listed.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                tag: listed.e_tag().unwrap_or_default().to_owned(),
                archived: is_archived(listed, date),
            })
        };
        Page {
            objects: output.contents().iter().filter_map(object).collect(),
            folders: output
                .common_prefixes()
                .iter()
                .filter_map(|folder| self.key(folder.prefix(), is_encoded))
                .collect(),
            next: output.next_continuation_token().filter(|next| !next.is_empty()).map(Into::into),
            date,
        }
    }
}

#[async_trait]
impl Store for S3 {
    fn location(&self) -> &str {
        &self.location
    }

    fn endpoint(&self) -> &str {
        &self.endpoint
    }

    async fn list(&self, prefix: &str, depth: Depth, next: Option<&str>) -> Result<Page, Error> {
        let full = format!("{}{prefix}", self.root);
        let date = AnswerDate::default();
        let listed = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .set_prefix(Some(full).filter(|full| !full.is_empty()))
            .set_delimiter((depth == Depth::Folder).then(|| "/".to_owned()))
            .set_continuation_token(next.map(str::to_owned))
            // XML cannot hold the control characters that a key may.
            .encoding_type(EncodingType::Url)
            .optional_object_attributes(OptionalObjectAttributes::RestoreStatus)
            .set_request_payer(self.payer.clone())
            .customize()
            .interceptor(date.clone())
            .send()
            .await;
        match listed {
            Ok(output) => Ok(self.page(&output, date.read())),
            Err(error) => Err(failure("list", self.name(prefix), &error)),
        }
    }

    async fn get(&self, key: &str) -> Result<Fetched, Error> {
        let name = self.name(key);
        let got = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(format!("{}{key}", self.root))
            .set_request_payer(self.payer.clone())
            .send()
            .await;
        match got {
            Ok(output) => fetched(output, name),
            Err(error) => Err(failure("get", name, &error)),
        }
    }

    async fn put(
        &self,
        key: &str,
        payload: &Payload,
        condition: Condition<'_>,
    ) -> Result<String, Error> {
        let name = self.name(key);
        let (absent, matches) = match condition {
            Condition::Absent => (Some("*".to_owned()), None),
            Condition::Matches(tag) => (None, Some(tag.to_owned())),
        };
        let body = match payload {
            Payload::Bytes(bytes) => ByteStream::from(bytes.clone()),
            Payload::File(path, _) => file(path, &name).await?,
        };
        let encryption = self.sse_kms_key_id.as_ref().map(|_| ServerSideEncryption::AwsKms);
        let put = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(format!("{}{key}", self.root))
            .body(body)
            .set_if_none_match(absent)
            .set_if_match(matches)
            .set_server_side_encryption(encryption)
            .set_ssekms_key_id(self.sse_kms_key_id.clone())
            .set_request_payer(self.payer.clone())
            .customize()
            .config_override(client::one_attempt(payload.len()))
            .send()
            .await;
        let told = "the store's answer has no ETag";
        match put {
            Ok(output) => match output.e_tag() {
                Some(tag) => Ok(tag.to_owned()),
                None => Err(Error::new(Cause::Unknown, "put", name, told)),
            },
            Err(error) => Err(failure("put", name, &error)),
        }
    }

    fn requests(&self) -> Requests {
        self.counter.read()
    }
}

async fn file(path: &Path, name: &str) -> Result<ByteStream, Error> {
    ByteStream::read_from().path(path).build().await.map_err(|error| {
        let told = format!("{} cannot be read: {error}", path.display());
        Error::new(Cause::Other, "put", name, told)
    })
}

fn fetched(output: GetObjectOutput, name: String) -> Result<Fetched, Error> {
    let size = output.content_length().and_then(|size| u64::try_from(size).ok());
    let Some(size) = size else {
        let told = "the store's answer does not say how long the object is";
        return Err(Error::new(Cause::Other, "get", name, told));
    };
    let tag = output.e_tag().unwrap_or_default().to_owned();
    let pieces = stream::try_unfold((output.body, name), |(mut body, name)| async move {
        match body.try_next().await {
            Ok(Some(piece)) => Ok(Some((piece, (body, name)))),
            Ok(None) => Ok(None),
            Err(error) => {
                let told = format!("the transfer broke off: {}", failure::innermost(&error));
                Err(Error::new(Cause::Network, "get", name, told))
            }
        }
    });
    Ok(Fetched { size, tag, body: Body::Stream(pieces.boxed()) })
}

/// In a class that must be restored first, and not restored at the time of the answer. (Whether
/// Intelligent-Tiering has archived an object shows only when it is read.)
fn is_archived(listed: &aws_sdk_s3::types::Object, now: Option<DateTime<Utc>>) -> bool {
    let class = listed.storage_class();
    if !matches!(class, Some(ObjectStorageClass::Glacier | ObjectStorageClass::DeepArchive)) {
        return false;
    }
    let Some(restore) = listed.restore_status() else { return true };
    let expires = restore.restore_expiry_date().map(aws_sdk_s3::primitives::DateTime::secs);
    let is_there = match (expires, now) {
        (Some(expires), Some(now)) => expires > now.timestamp(),
        (expires, _) => expires.is_some(),
    };
    restore.is_restore_in_progress() == Some(true) || !is_there
}
