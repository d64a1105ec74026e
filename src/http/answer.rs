//! A public document → what is said of it in HTTP: validators, coding, caching.

use axum::body::Body;
use axum::body::Bytes;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LAST_MODIFIED,
    VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use chrono::{DateTime, Utc};

use super::conditional::{best_coding, http_date};
use crate::resource::{Coding, PublicDocument};

/// What browsers may do on our pages: show them with our own style and images, and send forms back to us.
pub(super) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' https: http: data:; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// `IM: feed`: only what is new to the client (RFC 3229 §10.5.2).
const IM: HeaderName = HeaderName::from_static("im");

/// Answers with `changes`: what is new to a client that already has an older version of `document`. No cache may give
/// this to another client; one that knows of RFC 3229 may keep it.
pub(super) fn answer_changes(
    document: &PublicDocument,
    changes: &PublicDocument,
    modified: Option<DateTime<Utc>>,
    method: &Method,
    headers: &HeaderMap,
) -> Response<Body> {
    let (whole, bytes) = whole(changes, coding_for(changes, headers));
    let body = if *method == Method::HEAD { Body::empty() } else { Body::from(bytes) };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::IM_USED;
    let fields = response.headers_mut();
    fields.extend(whole);
    // The tag of the whole document: what the client has from now on.
    set(fields, ETAG, &tag_of(document, coding_for(document, headers)));
    set(fields, IM, "feed");
    set(fields, VARY, "Accept-Encoding, A-IM, If-None-Match");
    set(fields, CACHE_CONTROL, &format!("no-store, im, max-age={}", document.max_age().num_seconds()));
    open_to_all(fields, document, modified);
    response
}

/// The coding in which `document` is best given to a client.
pub(super) fn coding_for(document: &PublicDocument, headers: &HeaderMap) -> Coding {
    if document.is_compressible() { best_coding(headers) } else { Coding::Identity }
}

/// The entity tag of `document` in `coding`, with its quotes. Nothing needs to be compressed to know it.
pub(super) fn tag_of(document: &PublicDocument, coding: Coding) -> String {
    format!("\"{}{}\"", document.tag(), coding.suffix())
}

/// Says since when `document` is as it is, and that scripts of other sites may read it.
pub(super) fn open_to_all(fields: &mut HeaderMap, document: &PublicDocument, modified: Option<DateTime<Utc>>) {
    if let Some(modified) = modified {
        set(fields, LAST_MODIFIED, &http_date(modified));
    }
    if !document.media_type().starts_with("text/html") {
        set(fields, ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    }
}

/// The bytes of `document` in `coding`, or as they are, and what is said of them.
pub(super) fn whole(document: &PublicDocument, coding: Coding) -> (HeaderMap, Bytes) {
    let (coding, bytes) = document.encoded(coding);
    let mut fields = HeaderMap::new();
    set(&mut fields, CONTENT_TYPE, document.media_type());
    set(&mut fields, CONTENT_LENGTH, &bytes.len().to_string());
    if let Some(name) = coding.name() {
        set(&mut fields, CONTENT_ENCODING, name);
    }
    (fields, bytes)
}

/// Sets a header whose value is ours, so always in order.
pub(super) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Adds what every response carries, whatever it is about.
pub(super) fn guard(headers: &mut HeaderMap) {
    set(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    let html = headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    if html && !headers.contains_key("content-security-policy") {
        set(headers, HeaderName::from_static("content-security-policy"), CONTENT_SECURITY_POLICY);
        set(headers, HeaderName::from_static("referrer-policy"), "no-referrer");
    }
}
