//! The stores of the `object_store` crate: memory for tests and simulations, and other clouds'
//! buckets (`gs://`, `az://`) as sources. Takes our keys, gives our types, and translates errors.
//! S3 is not reached this way.
//!
//! Clouds are read only: the crate sends a conditional put again after a lost answer, and then
//! takes its own first write for somebody else's.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    ClientOptions, GetOptions, ObjectMeta, ObjectStore, PutMode, PutOptions, PutPayload,
    UpdateVersion,
};

use super::{
    Body, Cause, Condition, Counter, Depth, Error, Fetched, Object, Page, Payload, Requests, Store,
    sentence,
};

/// A store that the `object_store` crate reaches.
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    /// The same store, where it lists in pages; without it all of a listing is one page.
    pages: Option<Arc<dyn PaginatedListStore>>,
    location: String,
    /// What stands before each key in the bucket: empty, or ending in `/`.
    root: String,
    is_source: bool,
    counter: Counter,
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects").field("location", &self.location).finish_non_exhaustive()
    }
}

impl Objects {
    /// An empty store in memory, for tests and simulations. It can be a target.
    pub fn memory() -> Self {
        Self {
            store: Arc::new(InMemory::new()),
            pages: None,
            location: "memory://store".to_owned(),
            root: String::new(),
            is_source: false,
            counter: Counter::default(),
        }
    }

    /// A source in another cloud: `gs://bucket/prefix` or `az://container/prefix`, with
    /// credentials from the environment as that cloud's own tools read them.
    ///
    /// # Errors
    /// [`Cause::Other`] for another scheme or no bucket, [`Cause::Credentials`] where the
    /// environment does not say enough.
    pub fn cloud(uri: &str) -> Result<Self, Error> {
        let told = "expected gs://bucket/prefix or az://container/prefix";
        let strange = || Error::new(Cause::Other, "list", uri, told);
        let (scheme, rest) = uri.split_once("://").ok_or_else(strange)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(strange());
        }
        let refused = |error| Error { cause: Cause::Credentials, ..failure("list", uri, error) };
        match scheme {
            "gs" => {
                let builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket);
                let store = builder.with_client_options(ClientOptions::new()).build();
                Ok(Self::source(Arc::new(store.map_err(refused)?), scheme, bucket, prefix))
            }
            "az" => {
                let builder = MicrosoftAzureBuilder::from_env().with_container_name(bucket);
                let store = builder.with_client_options(ClientOptions::new()).build();
                Ok(Self::source(Arc::new(store.map_err(refused)?), scheme, bucket, prefix))
            }
            _ => Err(strange()),
        }
    }

    fn source<S>(store: Arc<S>, scheme: &str, bucket: &str, prefix: &str) -> Self
    where
        S: ObjectStore + PaginatedListStore,
    {
        let prefix = prefix.trim_end_matches('/');
        let root = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let location = format!("{scheme}://{bucket}/{prefix}").trim_end_matches('/').to_owned();
        Self {
            pages: Some(Arc::<S>::clone(&store)),
            store,
            location,
            root,
            is_source: true,
            counter: Counter::default(),
        }
    }

    fn path(&self, operation: &'static str, key: &str) -> Result<Path, Error> {
        let path = Path::parse(format!("{}{key}", self.root)).ok();
        // `parse` drops a slash at either end; such a key would be another one's alias.
        path.filter(|_| !key.is_empty() && !key.starts_with('/') && !key.ends_with('/')).ok_or_else(
            || Error::new(Cause::Other, operation, self.name(key), "the key cannot be used here"),
        )
    }

    /// A location of the store as a key of ours.
    fn key(&self, location: &Path) -> Option<String> {
        location.as_ref().strip_prefix(&self.root).map(str::to_owned)
    }

    fn object(&self, meta: ObjectMeta) -> Option<Object> {
        let key = self.key(&meta.location)?;
        Some(Object { key, size: meta.size, tag: tag(&meta), archived: false })
    }
}

#[async_trait]
impl Store for Objects {
    fn location(&self) -> &str {
        &self.location
    }

    async fn list(&self, prefix: &str, depth: Depth, next: Option<&str>) -> Result<Page, Error> {
        self.counter.list();
        let failed = |error| match failure("list", &self.name(prefix), error) {
            error if error.cause == Cause::NotFound => Error { cause: Cause::NoContainer, ..error },
            error => error,
        };
        let full = format!("{}{prefix}", self.root);
        let (result, next) = if let Some(pages) = &self.pages {
            let options = PaginatedListOptions {
                delimiter: (depth == Depth::Folder).then_some("/".into()),
                page_token: next.map(str::to_owned),
                ..PaginatedListOptions::default()
            };
            let page = pages.list_paginated(Some(&full), options).await.map_err(failed)?;
            (page.result, page.page_token)
        } else {
            let path = Path::parse(&full).map_err(|error| failed(error.into()))?;
            let result = match depth {
                Depth::Folder => self.store.list_with_delimiter(Some(&path)).await,
                Depth::Tree => {
                    let objects = self.store.list(Some(&path)).try_collect().await;
                    objects.map(|objects| object_store::ListResult {
                        objects,
                        common_prefixes: Vec::new(),
                        extensions: Default::default(),
                    })
                }
            };
            (result.map_err(failed)?, None)
        };
        let folders = result.common_prefixes.iter().filter_map(|path| self.key(path));
        Ok(Page {
            folders: folders.map(|key| format!("{key}/")).collect(),
            objects: result.objects.into_iter().filter_map(|meta| self.object(meta)).collect(),
            next,
            date: None,
        })
    }

    async fn get(&self, key: &str) -> Result<Fetched, Error> {
        self.counter.get();
        let path = self.path("get", key)?;
        let name = self.name(key);
        let found = self.store.get_opts(&path, GetOptions::default()).await;
        let found = found.map_err(|error| failure("get", &name, error))?;
        let (size, tag) = (found.meta.size, tag(&found.meta));
        let pieces = found.into_stream().map_err(move |error| {
            let told = failure("get", &name, error).told;
            Error::new(Cause::Network, "get", name.as_str(), told)
        });
        Ok(Fetched { size, tag, body: Body::Stream(pieces.boxed()) })
    }

    async fn put(
        &self,
        key: &str,
        payload: &Payload,
        condition: Condition<'_>,
    ) -> Result<String, Error> {
        let name = self.name(key);
        if self.is_source {
            let told = "only s3:// and local folders can be targets";
            return Err(Error::new(Cause::Other, "put", name, told));
        }
        self.counter.put();
        let path = self.path("put", key)?;
        let mode = match condition {
            Condition::Absent => PutMode::Create,
            Condition::Matches(tag) => {
                PutMode::Update(UpdateVersion { e_tag: Some(tag.to_owned()), version: None })
            }
        };
        let bytes = PutPayload::from(bytes(payload, &name).await?);
        let put = self.store.put_opts(&path, bytes, PutOptions::from(mode)).await;
        let put = put.map_err(|error| match failure("put", &name, error) {
            error if error.cause == Cause::NotFound => Error { cause: Cause::Conflict, ..error },
            error => error,
        })?;
        let told = "the store gave no tag";
        put.e_tag.ok_or_else(|| Error::new(Cause::Unknown, "put", name, told))
    }

    fn requests(&self) -> Requests {
        self.counter.read()
    }
}

/// The ETag; the rare store without one has at least a time.
fn tag(meta: &ObjectMeta) -> String {
    meta.e_tag.clone().unwrap_or_else(|| format!("{}-{}", meta.last_modified, meta.size))
}

/// A payload in memory, where this store keeps it anyway.
async fn bytes(payload: &Payload, name: &str) -> Result<Bytes, Error> {
    match payload {
        Payload::Bytes(bytes) => Ok(bytes.clone()),
        Payload::File(path, _) => {
            let path = path.clone();
            match tokio::task::spawn_blocking(move || std::fs::read(path)).await {
                Ok(Ok(bytes)) => Ok(bytes.into()),
                Ok(Err(error)) => Err(Error::io("put", name, error)),
                Err(stopped) => Err(Error::new(Cause::Other, "put", name, stopped.to_string())),
            }
        }
    }
}

/// The crate's error as ours. Where it keeps the store's answer to itself, its text decides.
fn failure(operation: &'static str, name: &str, error: object_store::Error) -> Error {
    use object_store::Error as Theirs;
    let innermost = innermost(&error);
    let cause = match &error {
        _ if innermost.contains("BlobArchived") => Cause::Archived,
        Theirs::NotFound { .. } => Cause::NotFound,
        Theirs::AlreadyExists { .. } | Theirs::Precondition { .. } => Cause::Conflict,
        Theirs::PermissionDenied { .. } => Cause::Denied,
        Theirs::Unauthenticated { .. } => Cause::Credentials,
        _ if ["code: 429", "code: 5"].iter().any(|code| innermost.contains(code)) => Cause::Busy,
        _ if is_network(&error) => Cause::Network,
        _ => Cause::Other,
    };
    Error::new(cause, operation, name, sentence(&innermost))
}

/// The first line of the innermost error: the ones around it repeat the address and the time.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string().lines().next().unwrap_or_default().to_owned()
}

fn is_network(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut error = Some(error);
    while let Some(this) = error {
        if this.is::<object_store::client::HttpError>() {
            return true;
        }
        error = this.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn clouds_are_read_only() {
        let store = Objects::cloud("gs://bucket/a/b/").unwrap();
        assert_eq!(store.location(), "gs://bucket/a/b");
        let payload = Payload::Bytes(Bytes::new());
        let error = store.put("k", &payload, Condition::Absent).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot put gs://bucket/a/b/k: only s3:// and local folders can be targets"
        );
    }

    #[test]
    fn other_schemes_are_refused() {
        for uri in ["ftp://bucket/a", "gs://", "az:///a", "bucket"] {
            let error = Objects::cloud(uri).unwrap_err();
            assert!(error.told.starts_with("expected gs://"), "{error}");
        }
    }
}
