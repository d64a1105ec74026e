//! *Letters*: what the directory relay wrote, as a mail program shows it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{Response, StatusCode};
use camino::Utf8PathBuf;

use super::frame::layout;
use crate::config::RelayKind;
use crate::http::answer::set;
use crate::http::page::{Problem, html_response, page, respond};
use crate::language::say;
use crate::mail::{ShownLetter, read_letter};
use crate::resource::Wording;
use crate::smtp::{LetterName, list_letters, read_stored};
use crate::task::Newsroom;
use crate::template::{Header, LetterRow, Link, MailboxLetterPage, MailboxLettersPage};

/// How many letters are listed.
const LISTED: usize = 200;

/// The page of a letter has a frame besides.
const FRAMING_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' https: http: data:; frame-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What stands in the frame: a letter, which brings its own styles and images, runs nothing, and belongs to no site.
const LETTER_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

/// The folders that letters are written to.
fn folders(newsroom: &Newsroom) -> Vec<Utf8PathBuf> {
    let folder = |kind: &RelayKind| match kind {
        RelayKind::Directory { folder } => Some(folder.clone()),
        RelayKind::Smtp(_) => None,
    };
    newsroom.config.relays.iter().filter_map(|relay| folder(&relay.kind)).collect()
}

pub(super) async fn list(State(newsroom): State<Arc<Newsroom>>) -> Response<Body> {
    respond(&newsroom, listed(&newsroom).await)
}

async fn listed(newsroom: &Newsroom) -> Result<Response<Body>, Problem> {
    let folders = folders(newsroom);
    let read = move || {
        let mut letters = Vec::new();
        for folder in folders {
            for stored in list_letters(&folder, LISTED)? {
                let shown = read_stored(&folder, &stored.name).ok().and_then(|bytes| read_letter(&bytes).ok());
                letters.extend(shown.map(|shown| (stored.name, shown)));
            }
        }
        Ok::<_, std::io::Error>(letters)
    };
    let letters = tokio::task::spawn_blocking(read).await.map_err(|error| Problem::Ours(error.to_string()))??;
    let current = newsroom.current();
    let words = Wording::of_pages(current.resources.site());
    let rows: Vec<LetterRow> = letters
        .into_iter()
        .map(|(name, shown)| LetterRow {
            address: format!("/mailbox/letters/{name}"),
            to: shown.to,
            subject: shown.subject,
            date: words.stamp(name.written()),
        })
        .collect();
    let title = say(newsroom.language(), "admin.letters", &[]);
    let context = MailboxLettersPage { layout: layout(newsroom, &title), total: rows.len() as u64, letters: rows };
    Ok(page(newsroom, StatusCode::OK, &context))
}

/// The bytes of one letter.
async fn bytes(newsroom: &Newsroom, name: &str) -> Result<Vec<u8>, Problem> {
    let name: LetterName = name.parse().map_err(|_| Problem::NotFound)?;
    let folders = folders(newsroom);
    let read = move || folders.iter().find_map(|folder| read_stored(folder, &name).ok());
    tokio::task::spawn_blocking(read).await.map_err(|error| Problem::Ours(error.to_string()))?.ok_or(Problem::NotFound)
}

async fn letter(newsroom: &Newsroom, name: &str) -> Result<ShownLetter, Problem> {
    read_letter(&bytes(newsroom, name).await?).map_err(|error| Problem::Ours(error.to_string()))
}

pub(super) async fn show(State(newsroom): State<Arc<Newsroom>>, Path(name): Path<String>) -> Response<Body> {
    let back = Link::new(say(newsroom.language(), "admin.letters", &[]), "/mailbox/letters/");
    let address = format!("/mailbox/letters/{name}");
    let raw = Some(format!("{address}/raw"));
    let shown = letter(&newsroom, &name).await.map(|letter| letter_page(&newsroom, letter, &address, raw, back));
    respond(&newsroom, shown)
}

pub(super) async fn html(State(newsroom): State<Arc<Newsroom>>, Path(name): Path<String>) -> Response<Body> {
    respond(&newsroom, letter(&newsroom, &name).await.and_then(|letter| letter_html(&letter)))
}

/// A letter as a mail program shows it: its HTML in a frame that runs nothing, from the address beside `address`.
pub(super) fn letter_page(
    newsroom: &Newsroom,
    letter: ShownLetter,
    address: &str,
    raw: Option<String>,
    back: Link,
) -> Response<Body> {
    let current = newsroom.current();
    let words = Wording::of_pages(current.resources.site());
    let context = MailboxLetterPage {
        layout: layout(newsroom, &letter.subject),
        subject: letter.subject,
        from: letter.from,
        to: letter.to,
        date: letter.date.map(|date| words.stamp(date).words).unwrap_or_default(),
        headers: letter.headers.into_iter().map(|(name, value)| Header { name, value }).collect(),
        html_address: (!letter.html.is_empty()).then(|| format!("{address}/html")),
        text: letter.text,
        raw_address: raw,
        back,
    };
    let mut response = page(newsroom, StatusCode::OK, &context);
    set(response.headers_mut(), CONTENT_SECURITY_POLICY, FRAMING_POLICY);
    response
}

/// The HTML part of a letter by itself; its links open elsewhere.
pub(super) fn letter_html(letter: &ShownLetter) -> Result<Response<Body>, Problem> {
    if letter.html.is_empty() {
        return Err(Problem::NotFound);
    }
    let mut response =
        html_response(StatusCode::OK, letter.html.replacen("<head>", "<head><base target=\"_blank\">", 1));
    set(response.headers_mut(), CONTENT_SECURITY_POLICY, LETTER_POLICY);
    Ok(response)
}

pub(super) async fn raw(State(newsroom): State<Arc<Newsroom>>, Path(name): Path<String>) -> Response<Body> {
    let raw = bytes(&newsroom, &name).await.map(|bytes| {
        let mut response = Response::new(Body::from(bytes));
        set(response.headers_mut(), CONTENT_TYPE, "text/plain; charset=utf-8");
        response
    });
    respond(&newsroom, raw)
}
