//! A file below uploads, for as long as a live release refers to it.
//!
//! Only PDF and raster images are shown in the browser; everything else is offered for download, under a policy that
//! lets it do nothing.

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use tokio::io::AsyncReadExt as _;

use super::answer::set;
use super::conditional::is_not_modified;
use super::page::Problem;
use crate::domain::{UploadPath, Uploads as _, is_shown_by_browsers};
use crate::task::Newsroom;

/// How much of a file is held in memory at once.
const PIECE: usize = 64 * 1024;

/// Answers `GET` or `HEAD` for a file that is public.
pub(super) async fn answer(
    newsroom: &Newsroom,
    path: &UploadPath,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response<Body>, Problem> {
    let (uploads, wanted) = (newsroom.uploads.clone(), path.clone());
    let looked =
        tokio::task::spawn_blocking(move || Ok::<_, std::io::Error>((uploads.facts(&wanted), uploads.open(&wanted)?)));
    let (facts, file) = looked.await.map_err(|error| Problem::Ours(error.to_string()))??;
    let facts = facts.ok_or(Problem::NotFound)?;
    let media_type = mime_guess::from_path(path.as_str()).first_or_octet_stream();
    let tag = format!("\"{}\"", facts.digest.short(32));
    let mut response = if is_not_modified(headers, &tag, None) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        let body = if *method == Method::HEAD { Body::empty() } else { stream(file.file, file.bytes) };
        let mut response = Response::new(body);
        set(response.headers_mut(), CONTENT_TYPE, media_type.essence_str());
        set(response.headers_mut(), CONTENT_LENGTH, &file.bytes.to_string());
        response
    };
    let fields = response.headers_mut();
    set(fields, ETAG, &tag);
    set(fields, CACHE_CONTROL, &format!("public, max-age={}", newsroom.config.feeds.ttl.num_seconds()));
    if !is_shown_by_browsers(media_type.essence_str()) {
        set(fields, CONTENT_DISPOSITION, "attachment");
        set(fields, CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'");
    }
    Ok(response)
}

/// The file piece by piece: a large one does not fill the memory.
fn stream(file: std::fs::File, bytes: u64) -> Body {
    let file = tokio::fs::File::from_std(file).take(bytes);
    Body::from_stream(futures_util::stream::unfold(file, |mut file| async move {
        let mut piece = Vec::with_capacity(PIECE);
        match (&mut file).take(PIECE as u64).read_to_end(&mut piece).await {
            Ok(0) => None,
            Ok(_) => Some((Ok::<_, std::io::Error>(axum::body::Bytes::from(piece)), file)),
            Err(error) => Some((Err(error), file)),
        }
    }))
}
