//! Documents with all that is said of them in headers: put together once, shared by everyone who asks.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, Weak};

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, ETAG, LINK, VARY};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use chrono::{DateTime, Utc};

use super::answer::{coding_for, guard_as, open_to_all, set, tag_of, whole};
use super::conditional::is_not_modified;
use crate::resource::{Coding, PublicDocument};
use crate::task::Current;

/// How many documents are kept prepared: those asked for all the time are few.
const MOST: usize = 1_024;

/// A document and its headers, as far as they were asked for.
#[derive(Debug)]
pub(super) struct Prepared {
    document: Arc<PublicDocument>,
    modified: Option<DateTime<Utc>>,
    /// What is said with every answer.
    common: HeaderMap,
    codings: [OnceLock<InCoding>; Coding::ALL.len()],
}

#[derive(Debug)]
struct InCoding {
    tag: String,
    not_modified: HeaderMap,
    whole: OnceLock<(HeaderMap, Bytes)>,
}

impl Prepared {
    /// `document`, which last changed at `modified`, with the value of its `Link` header.
    pub(super) fn new(
        document: Arc<PublicDocument>,
        modified: Option<DateTime<Utc>>,
        link: Option<HeaderValue>,
    ) -> Self {
        let mut common = HeaderMap::new();
        set(&mut common, VARY, "Accept-Encoding");
        set(&mut common, CACHE_CONTROL, &format!("public, max-age={}", document.max_age().num_seconds()));
        open_to_all(&mut common, &document, modified);
        common.extend(link.map(|link| (LINK, link)));
        Self { document, modified, common, codings: [const { OnceLock::new() }; Coding::ALL.len()] }
    }

    /// Answers `GET` or `HEAD`.
    pub(super) fn answer(&self, method: &Method, headers: &HeaderMap) -> Response<Body> {
        let coding = coding_for(&self.document, headers);
        let place = Coding::ALL.into_iter().position(|other| other == coding).unwrap_or_default();
        let prepared = self.codings[place].get_or_init(|| self.in_coding(coding));
        if is_not_modified(headers, &prepared.tag, self.modified) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.headers_mut() = prepared.not_modified.clone();
            return response;
        }
        let (fields, bytes) = prepared.whole.get_or_init(|| {
            let (mut fields, bytes) = whole(&self.document, coding);
            fields.extend(prepared.not_modified.clone());
            (fields, bytes)
        });
        let body = if *method == Method::HEAD { Body::empty() } else { Body::from(bytes.clone()) };
        let mut response = Response::new(body);
        *response.headers_mut() = fields.clone();
        response
    }

    fn in_coding(&self, coding: Coding) -> InCoding {
        let (tag, mut not_modified) = (tag_of(&self.document, coding), self.common.clone());
        set(&mut not_modified, ETAG, &tag);
        guard_as(&mut not_modified, self.document.media_type());
        InCoding { tag, not_modified, whole: OnceLock::new() }
    }
}

/// The documents given since what is public last changed, by path below the site's.
#[derive(Debug, Default)]
pub(super) struct Given(RwLock<Kept>);

#[derive(Debug, Default)]
struct Kept {
    of: Weak<Current>,
    by_path: HashMap<String, Arc<Prepared>>,
}

impl Given {
    /// The document at `path`, if it was given before.
    pub(super) fn get(&self, current: &Arc<Current>, path: &str) -> Option<Arc<Prepared>> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        kept.is_of(current).then(|| kept.by_path.get(path).cloned())?
    }

    /// The document at `path`, made ready by `prepare` when it was not given before.
    pub(super) fn get_or_prepare(
        &self,
        current: &Arc<Current>,
        path: &str,
        prepare: impl FnOnce() -> Prepared,
    ) -> Arc<Prepared> {
        if let Some(prepared) = self.get(current, path) {
            return prepared;
        }
        let prepared = Arc::new(prepare());
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !kept.is_of(current) || kept.by_path.len() >= MOST {
            *kept = Kept { of: Arc::downgrade(current), by_path: HashMap::new() };
        }
        kept.by_path.entry(path.to_owned()).or_insert(prepared).clone()
    }
}

impl Kept {
    fn is_of(&self, current: &Arc<Current>) -> bool {
        // A weak pointer keeps its address from being used again.
        self.of.as_ptr() == Arc::as_ptr(current)
    }
}
