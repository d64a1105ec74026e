//! A public document → an HTTP response: validators, coding, caching.

use axum::body::Body;
use axum::body::Bytes;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LAST_MODIFIED,
    VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use super::conditional::{accepts_gzip, http_date, is_not_modified};
use crate::resource::PublicDocument;

/// What browsers may do on our pages: show them with our own style and images, and send forms back to us.
pub(super) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' https: http: data:; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Answers `GET` or `HEAD` for `document`.
pub(super) fn answer(document: &PublicDocument, method: &Method, headers: &HeaderMap) -> Response<Body> {
    let gzip = if document.is_compressible() && accepts_gzip(headers) { "-gz" } else { "" };
    let tag = format!("\"{}{gzip}\"", document.tag());
    let mut response = if is_not_modified(headers, &tag, document.modified()) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        full(document, method, gzip.is_empty())
    };
    let fields = response.headers_mut();
    set(fields, ETAG, &tag);
    set(fields, VARY, "Accept-Encoding");
    set(fields, CACHE_CONTROL, &format!("public, max-age={}", document.max_age().num_seconds()));
    if let Some(modified) = document.modified() {
        set(fields, LAST_MODIFIED, &http_date(modified));
    }
    if !document.media_type().starts_with("text/html") {
        set(fields, ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    }
    response
}

fn full(document: &PublicDocument, method: &Method, plain: bool) -> Response<Body> {
    let compressed = if plain { None } else { document.gzip() };
    let bytes = compressed.unwrap_or_else(|| document.bytes());
    let length = bytes.len();
    let body = if *method == Method::HEAD { Body::empty() } else { Body::from(Bytes::copy_from_slice(bytes)) };
    let mut response = Response::new(body);
    let fields = response.headers_mut();
    set(fields, CONTENT_TYPE, document.media_type());
    set(fields, CONTENT_LENGTH, &length.to_string());
    if compressed.is_some() {
        set(fields, CONTENT_ENCODING, "gzip");
    }
    response
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
