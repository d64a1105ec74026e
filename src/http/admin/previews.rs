//! *Previews*: every live or coming release and every kind of letter, rendered without sending.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};

use super::frame::layout;
use super::letters::letter_page;
use crate::catalog::Published;
use crate::domain::{Digest, ReleaseId};
use crate::http::page::{Problem, page, respond};
use crate::language::{Language, say};
use crate::mail::{ShownLetter, read_letter};
use crate::resource::Wording;
use crate::task::{Current, Newsroom, Preview, preview};
use crate::template::{Link, MailboxPreviewsPage, PreviewRow};

/// The page of the announcement of a release, in a language.
pub(super) fn preview_address(id: &ReleaseId, language: Language) -> String {
    format!("/mailbox/previews/announcement-{}-{language}", short(id))
}

/// A release's id as a part of an address here.
fn short(id: &ReleaseId) -> String {
    Digest::of(id.as_str().as_bytes()).short(16)
}

/// The letter that an address here names.
fn wanted<'a>(current: &'a Current, kind: &str) -> Option<(Preview<'a>, Language)> {
    let (kind, language) = kind.rsplit_once('-')?;
    let language = language.parse().ok()?;
    let release =
        |id: &str| current.catalog.all().iter().find(|published| short(&published.id) == id).map(AsRef::as_ref);
    let preview = match kind.split_once('-') {
        Some(("announcement", id)) => Preview::Announcement(release(id)?),
        Some(("office", id)) => Preview::OfficeCopy(release(id)?),
        None if kind == "confirmation" => Preview::Confirmation,
        None if kind == "notice" => Preview::Notice,
        Some(_) | None => return None,
    };
    Some((preview, language))
}

pub(super) async fn list(State(newsroom): State<Arc<Newsroom>>) -> Response<Body> {
    let current = newsroom.current();
    let words = Wording::of_pages(current.resources.site());
    let language = newsroom.language();
    let row = |published: &Arc<Published>| {
        let announcement = say(language, "admin.letter-announcement", &[]);
        let links = Language::ALL
            .map(|other| Link::new(format!("{announcement} ({other})"), preview_address(&published.id, other)));
        let office = Link::new(
            say(language, "admin.letter-office", &[]),
            format!("/mailbox/previews/office-{}-{language}", short(&published.id)),
        );
        PreviewRow {
            title: published.release.title.clone(),
            date: words.stamp(published.release.date),
            letters: links.into_iter().chain([office]).collect(),
        }
    };
    let other =
        |key: &str, kind: &str| Link::new(say(language, key, &[]), format!("/mailbox/previews/{kind}-{language}"));
    // A withdrawn release is no longer live, and not to come either.
    let coming = current.catalog.coming(newsroom.now()).filter(|published| published.release.withdrawn.is_none());
    let context = MailboxPreviewsPage {
        layout: layout(&newsroom, &say(language, "admin.previews", &[])),
        coming: coming.map(row).collect(),
        live: current.resources.live().releases().iter().map(row).collect(),
        withdrawn: Vec::new(),
        letters: vec![other("admin.letter-confirmation", "confirmation"), other("admin.letter-notice", "notice")],
    };
    page(&newsroom, StatusCode::OK, &context)
}

fn rendered(newsroom: &Newsroom, kind: &str) -> Result<ShownLetter, Problem> {
    let current = newsroom.current();
    let (wanted, language) = wanted(&current, kind).ok_or(Problem::NotFound)?;
    let bytes = preview(newsroom, &current, &wanted, language)?;
    read_letter(&bytes).map_err(|error| Problem::Ours(error.to_string()))
}

pub(super) async fn show(State(newsroom): State<Arc<Newsroom>>, Path(kind): Path<String>) -> Response<Body> {
    let back = Link::new(say(newsroom.language(), "admin.previews", &[]), "/mailbox/previews/");
    let shown = rendered(&newsroom, &kind).map(|letter| letter_page(&newsroom, letter, None, back));
    respond(&newsroom, shown)
}
