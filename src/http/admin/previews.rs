//! *Previews*: every live or coming release and every kind of letter, rendered without sending.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};

use super::frame::layout;
use super::letters::{letter_html, letter_page};
use crate::catalog::Published;
use crate::domain::{Digest, Frequency, ReleaseId};
use crate::http::page::{Problem, page, respond};
use crate::language::{Language, say};
use crate::mail::{ShownLetter, read_letter};
use crate::resource::Wording;
use crate::task::{Current, Newsroom, Preview, preview};
use crate::template::{Link, MailboxPreviewsPage, PreviewRow, RequestKind};

/// The page of the announcement of a release, in a language.
pub(super) fn preview_address(id: &ReleaseId, language: Language) -> String {
    release_address("announcement", id, language)
}

/// The page of a letter about a release, in a language.
fn release_address(kind: &str, id: &ReleaseId, language: Language) -> String {
    format!("/mailbox/previews/{kind}-{}-{language}", short(id))
}

/// A release's id as a part of an address here.
fn short(id: &ReleaseId) -> String {
    Digest::of(id.as_str().as_bytes()).short(16)
}

/// The letter that an address here names.
fn wanted<'a>(current: &'a Current, kind: &str) -> Option<(Preview<'a>, Language)> {
    let (kind, language) = kind.rsplit_once('-')?;
    let language = language.parse().ok()?;
    let release = |id: &str| current.catalog.all().find(|published| short(&published.id) == id).map(AsRef::as_ref);
    let preview = match kind.split_once('-') {
        Some(("announcement", id)) => Preview::Announcement(release(id)?),
        Some(("office", id)) => Preview::OfficeCopy(release(id)?),
        Some(("correction", id)) => Preview::Correction(release(id)?),
        Some(("withdrawal", id)) => Preview::Withdrawal(release(id)?),
        Some(("digest", "daily")) => Preview::Digest(Frequency::Daily),
        Some(("digest", "weekly")) => Preview::Digest(Frequency::Weekly),
        Some(("request", kind)) => Preview::Request(RequestKind::ALL.into_iter().find(|known| known.as_str() == kind)?),
        None if kind == "confirmation" => Preview::Confirmation,
        None if kind == "notice" => Preview::Notice,
        Some(_) | None => return None,
    };
    Some((preview, language))
}

/// Which letters there could be about a release, and whether a letter is offered in each language.
const OF_COMING: [(&str, bool); 2] = [("announcement", true), ("office", false)];
const OF_LIVE: [(&str, bool); 4] =
    [("announcement", true), ("office", false), ("correction", true), ("withdrawal", true)];
const OF_WITHDRAWN: [(&str, bool); 1] = [("withdrawal", true)];
const OTHERS: [(&str, bool); 10] = [
    ("digest-daily", true),
    ("digest-weekly", true),
    ("confirmation", true),
    ("request-address-old", true),
    ("request-address-new", true),
    ("request-export", true),
    ("request-erasure", true),
    ("request-known", true),
    ("request-returned", true),
    ("notice", false),
];

/// Links to letters; `address` says where one kind is, in one language.
fn links(site: Language, kinds: &[(&str, bool)], address: impl Fn(&str, Language) -> String) -> Vec<Link> {
    let mut links = Vec::new();
    for (kind, each_language) in kinds {
        let words = say(site, &format!("admin.letter-{kind}"), &[]);
        if *each_language {
            links.extend(Language::ALL.map(|other| Link::new(format!("{words} ({other})"), address(kind, other))));
        } else {
            links.push(Link::new(words, address(kind, site)));
        }
    }
    links
}

pub(super) async fn list(State(newsroom): State<Arc<Newsroom>>) -> Response<Body> {
    let current = newsroom.current();
    let words = Wording::of_pages(current.resources.site());
    let language = newsroom.language();
    let row = |published: &Arc<Published>, kinds: &[(&str, bool)]| PreviewRow {
        title: published.release.title.to_string(),
        date: words.stamp(published.release.date),
        letters: links(language, kinds, |kind, other| release_address(kind, &published.id, other)),
    };
    // A withdrawn release is no longer live, and not to come either.
    let (withdrawn, coming): (Vec<_>, Vec<_>) =
        current.catalog.coming(newsroom.now()).partition(|published| published.release.withdrawn.is_some());
    let context = MailboxPreviewsPage {
        layout: layout(&newsroom, &say(language, "admin.previews", &[])),
        coming: coming.into_iter().map(|published| row(published, &OF_COMING)).collect(),
        live: current.resources.live().releases().iter().map(|published| row(published, &OF_LIVE)).collect(),
        withdrawn: withdrawn.into_iter().map(|published| row(published, &OF_WITHDRAWN)).collect(),
        letters: links(language, &OTHERS, |kind, other| format!("/mailbox/previews/{kind}-{other}")),
    };
    page(&newsroom, StatusCode::OK, &context)
}

fn rendered(newsroom: &Newsroom, kind: &str) -> Result<ShownLetter, Problem> {
    let current = newsroom.current();
    let (wanted, language) = wanted(&current, kind).ok_or(Problem::NotFound)?;
    let message = preview(newsroom, &current, &wanted, language)?;
    read_letter(&message.to_vec()).map_err(|error| Problem::Ours(error.to_string()))
}

pub(super) async fn show(State(newsroom): State<Arc<Newsroom>>, Path(kind): Path<String>) -> Response<Body> {
    let back = Link::new(say(newsroom.language(), "admin.previews", &[]), "/mailbox/previews/");
    let address = format!("/mailbox/previews/{kind}");
    let shown = rendered(&newsroom, &kind).map(|letter| letter_page(&newsroom, letter, &address, None, back));
    respond(&newsroom, shown)
}

pub(super) async fn html(State(newsroom): State<Arc<Newsroom>>, Path(kind): Path<String>) -> Response<Body> {
    respond(&newsroom, rendered(&newsroom, &kind).and_then(|letter| letter_html(&letter)))
}
