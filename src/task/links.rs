//! What a letter links to, asked for before the letter leaves: documents, and the release's page on the site that shows
//! the releases. What the answers mean for an edition is policy's.

use chrono::{DateTime, TimeDelta, Utc};

use super::link_desk::Question;
use super::newsroom::Newsroom;
use crate::catalog::Published;
use crate::config::DocumentsAt;
use crate::domain::{Document, PDF, Target};
use crate::policy::Links;
use crate::resource::Wording;

/// How old an answer may be when an edition opens on it: long enough for the slowest server to answer once more.
const FRESH: TimeDelta = TimeDelta::minutes(3);

/// What is known of a release's links, and since when its page fails.
pub(super) struct KnownLinks {
    pub(super) links: Links,
    pub(super) page_missing_since: Option<DateTime<Utc>>,
}

impl Newsroom {
    /// What is known by `now` of what the letter of a release links to, when it would leave at `due`.
    pub(super) fn known_links(&self, published: &Published, due: DateTime<Utc>, now: DateTime<Utc>) -> KnownLinks {
        let mut known = KnownLinks { links: Links::default(), page_missing_since: None };
        for document in &published.release.documents {
            let Some(address) = self.address_to_ask(document, published, now) else { continue };
            let is_pdf = document.target.media_type() == PDF;
            let answer = self.links.know(Question::Document { address, is_pdf }, due, now);
            match answer.last {
                Some((_, false)) => known.links.missing.push(document.title.clone()),
                Some((at, true)) if at + FRESH > now => {}
                Some((_, true)) | None => known.links.pending = true,
            }
        }
        // Before its time there is no page.
        if self.config.site.releases_url.is_some() && due <= now {
            let current = self.current();
            let words = Wording::of_letters(current.resources.site(), self.language());
            let address = words.address(published.release.permalink.as_str());
            let answer = self.links.know(Question::Page { address }, due, now);
            match answer.last {
                Some((_, false)) => {
                    known.links.page_missing = true;
                    known.page_missing_since = answer.failing_since;
                }
                Some((at, true)) if at + FRESH > now => {}
                Some((_, true)) | None => known.links.pending = true,
            }
        }
        known
    }

    /// Where a document is to be asked for, if at all: not one below uploads that is a file here, and not one of our own
    /// while its release is not public.
    fn address_to_ask(&self, document: &Document, published: &Published, now: DateTime<Utc>) -> Option<String> {
        let at = self.config.content.documents;
        match (&document.target, at) {
            (_, DocumentsAt::File) => None,
            (Target::External(address), DocumentsAt::Http | DocumentsAt::Any) => Some(address.clone()),
            (Target::Upload(path), DocumentsAt::Http | DocumentsAt::Any) => {
                let is_file = matches!(document.state, crate::domain::DocumentState::Present { .. });
                let asked = !(is_file && at == DocumentsAt::Any) && published.is_live_at(now);
                asked.then(|| self.config.site.url.join(&path.address()))
            }
        }
    }
}
