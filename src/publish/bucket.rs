//! Bytes to a bucket of an object store that speaks S3: changed objects only, in the order of a folder's files.
//!
//! Each object is there whole or not at all; the order is that of [`super::publish`], and what is no longer published goes
//! last, the other way round. A list of what was put there is an object, too: written before what it names, as many at a
//! time as fit in memory, and anew at the end. It is believed: objects that somebody else changed are not looked at, and
//! whoever removes the list has everything put there again. Only what it names is ever removed.
//!
//! Objects hold bytes as they are. A bucket cannot choose between forms for its readers, and some ask for none; what stands
//! in front of it compresses. What a bucket cannot do is to lead on from an old address: feeds have a copy there, pages
//! do not.

mod connector;
mod list;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use camino::Utf8PathBuf;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::{Attribute, Attributes, ObjectStore, ObjectStoreExt as _, PutOptions, RetryConfig};

use self::connector::Connector;
use self::list::List;
use super::place::checked;
use super::{FileBytes, MANIFEST, PublishError, PublishReport, Stage};
use crate::config::{BucketSettings, PasswordSource};
use crate::domain::Digest;

/// How many objects are put at once.
const AT_ONCE: usize = 8;
/// So many bytes are held before they are put; one object may be larger.
const HELD: usize = 16 << 20;
/// So many objects are held before they are put.
const MOST_HELD: usize = 1_000;
/// After so many that were put, the list is written, so that a run that is cut off is gone on with.
const SETTLED: usize = 250;
/// How often one request is tried again at once; whoever publishes tries again later, too.
const RETRIES: usize = 2;
/// How long one request is tried.
const PATIENCE: Duration = Duration::from_mins(1);

/// A bucket, or a path in it.
#[derive(Debug, Clone)]
pub struct Bucket {
    store: Arc<dyn ObjectStore>,
    prefix: String,
}

/// What is said of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    /// The media type, with its charset.
    pub media_type: String,
    /// Who may keep it, and how long.
    pub cache_control: String,
    /// Whether browsers save it rather than show it.
    pub is_attachment: bool,
}

/// Why something is not in the bucket as it should be. What was put there until then is whole, and the next run goes on.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// The secret's file cannot be read.
    #[error("read the secret of the bucket's key in `{path}`: {reason}")]
    Secret {
        /// The file.
        path: Utf8PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The path is none that an object can have.
    #[error(transparent)]
    Path(#[from] PublishError),
    /// It was told to stop.
    #[error("it was stopped")]
    Stopped,
    /// The store does not answer, or refuses.
    #[error("the bucket refuses, or cannot be reached: {0}")]
    Store(#[from] object_store::Error),
}

/// An object that waits to be put.
struct Held {
    path: String,
    bytes: Bytes,
    head: ObjectHead,
    /// What may not be put beside what has another: whether it is there already, and its stage.
    group: (bool, Stage),
}

impl Bucket {
    /// The bucket of `settings`. Nothing is asked of it yet; the key's secret is read now.
    ///
    /// # Errors
    /// When the secret cannot be read, or the address is none.
    pub fn open(settings: &BucketSettings) -> Result<Self, BucketError> {
        let secret = match &settings.secret {
            PasswordSource::Environment(secret) => secret.expose().to_owned(),
            PasswordSource::File(path) => {
                let failed = |reason: String| BucketError::Secret { path: path.clone(), reason };
                let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
                Some(text.trim().to_owned())
                    .filter(|text| !text.is_empty())
                    .ok_or_else(|| failed("it is empty".to_owned()))?
            }
        };
        let retry = RetryConfig { max_retries: RETRIES, retry_timeout: PATIENCE, ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.name)
            .with_region(&settings.region)
            .with_access_key_id(&settings.key_id)
            .with_secret_access_key(secret)
            .with_disable_bulk_delete(true)
            .with_retry(retry)
            .with_http_connector(Connector::new(AT_ONCE));
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        Ok(Self { store: Arc::new(builder.build()?), prefix: settings.prefix.clone() })
    }

    /// A bucket in memory.
    #[cfg(test)]
    fn in_memory(store: Arc<dyn ObjectStore>, prefix: &str) -> Self {
        Self { store, prefix: prefix.to_owned() }
    }

    /// Puts the files that `files` makes (it is told which paths are there already) into the bucket, in their order, and
    /// removes what earlier runs put there and this one did not. Making a file may block; so does this. It begins nothing
    /// more once `stopped` says so.
    ///
    /// # Errors
    /// When a file could not be had, the store refuses, or it was stopped. Nothing more is removed then.
    pub async fn publish<B, E, I>(
        &self,
        files: impl FnOnce(&dyn Fn(&str) -> bool) -> I,
        head_of: &dyn Fn(&str, &B) -> Option<ObjectHead>,
        stage_of: fn(&str) -> Stage,
        stopped: &dyn Fn() -> bool,
    ) -> Result<PublishReport, E>
    where
        B: FileBytes,
        E: From<BucketError>,
        I: IntoIterator<Item = Result<(String, B), E>>,
    {
        let mut run = Run {
            bucket: self,
            stopped,
            list: List::read(self.get(MANIFEST).await?.as_deref()),
            published: BTreeSet::new(),
            held: Vec::new(),
            report: PublishReport::default(),
        };
        for file in files(&|path| run.list.is_there(path)) {
            let (path, bytes) = file?;
            checked(&path).map_err(BucketError::from)?;
            if let Some(head) = head_of(&path, &bytes) {
                let group = (run.list.is_there(&path), stage_of(&path));
                run.take(path, &bytes, head, group).await?;
            }
        }
        run.put_held().await?;
        Ok(run.finish(stage_of).await?)
    }

    fn location(&self, path: &str) -> Result<Path, BucketError> {
        let whole = if self.prefix.is_empty() { path.to_owned() } else { format!("{}/{path}", self.prefix) };
        Path::parse(&whole).map_err(|_| PublishError::Path(whole).into())
    }

    async fn get(&self, path: &str) -> Result<Option<Bytes>, BucketError> {
        match self.store.get(&self.location(path)?).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn put(&self, path: &str, bytes: Bytes, head: &ObjectHead) -> Result<(), BucketError> {
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::ContentType, head.media_type.clone().into());
        attributes.insert(Attribute::CacheControl, head.cache_control.clone().into());
        if head.is_attachment {
            attributes.insert(Attribute::ContentDisposition, "attachment".into());
        }
        let options = PutOptions { attributes, ..PutOptions::default() };
        self.store.put_opts(&self.location(path)?, bytes.into(), options).await?;
        Ok(())
    }

    async fn remove(&self, path: &str) -> Result<(), BucketError> {
        match self.store.delete(&self.location(path)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// One run over a bucket.
struct Run<'b> {
    bucket: &'b Bucket,
    stopped: &'b dyn Fn() -> bool,
    list: List,
    published: BTreeSet<String>,
    held: Vec<Held>,
    report: PublishReport,
}

impl Run<'_> {
    /// Holds what is not there as it should be, and puts what is held once that is enough.
    async fn take(
        &mut self,
        path: String,
        bytes: &impl FileBytes,
        head: ObjectHead,
        group: (bool, Stage),
    ) -> Result<(), BucketError> {
        let digest = digest_of(bytes, &head);
        self.published.insert(path.clone());
        if self.list.has(&path, digest) {
            self.report.unchanged += 1;
            return Ok(());
        }
        self.list.add(&path, digest);
        self.held.push(Held { path, bytes: Bytes::copy_from_slice(bytes.as_ref()), head, group });
        let size: usize = self.held.iter().map(|held| held.bytes.len()).sum();
        if size >= HELD || self.held.len() >= MOST_HELD { self.put_held().await } else { Ok(()) }
    }

    /// Puts what is held, one group after the other, once the list names all of it.
    async fn put_held(&mut self) -> Result<(), BucketError> {
        let held = std::mem::take(&mut self.held);
        if held.is_empty() {
            return Ok(());
        }
        self.write_list(self.list.text()).await?;
        self.report.written += held.len();
        let mut settled = 0;
        for group in held.chunk_by(|one, next| one.group == next.group).flat_map(|group| group.chunks(SETTLED)) {
            let puts = group.iter().map(|held| self.put(&held.path, held.bytes.clone(), &held.head));
            let puts: Vec<_> = puts.collect();
            stream::iter(puts).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
            for held in group {
                self.list.settle(&held.path);
            }
            settled += group.len();
            if settled >= SETTLED {
                settled = 0;
                self.write_list(self.list.text()).await?;
            }
        }
        Ok(())
    }

    /// Removes what is no longer published, the last stage first, and writes the list anew.
    async fn finish(mut self, stage_of: fn(&str) -> Stage) -> Result<PublishReport, BucketError> {
        let mut others: Vec<String> =
            self.list.paths().into_iter().filter(|path| !self.published.contains(path)).collect();
        others.sort_by_cached_key(|path| Reverse((stage_of(path), path.clone())));
        for path in others {
            self.go_on()?;
            self.bucket.remove(&path).await?;
            self.report.removed += 1;
        }
        if self.report.written + self.report.removed > 0 {
            self.write_list(self.list.text_of(&self.published)).await?;
        }
        Ok(self.report)
    }

    async fn write_list(&self, text: String) -> Result<(), BucketError> {
        let head = ObjectHead {
            media_type: "text/plain; charset=utf-8".to_owned(),
            cache_control: "no-store".to_owned(),
            is_attachment: false,
        };
        self.put(MANIFEST, text.into(), &head).await
    }

    async fn put(&self, path: &str, bytes: Bytes, head: &ObjectHead) -> Result<(), BucketError> {
        self.go_on()?;
        self.bucket.put(path, bytes, head).await
    }

    fn go_on(&self) -> Result<(), BucketError> {
        if (self.stopped)() { Err(BucketError::Stopped) } else { Ok(()) }
    }
}

/// What an object is known by: its bytes, and what is said of it.
fn digest_of(bytes: &impl FileBytes, head: &ObjectHead) -> Digest {
    let ObjectHead { media_type, cache_control, is_attachment } = head;
    Digest::of(format!("{} {media_type} {cache_control} {is_attachment}", bytes.digest()).as_bytes())
}
