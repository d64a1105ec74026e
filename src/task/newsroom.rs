//! What the running parts share: the configuration, the store, the templates, and what is public now.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, watch};

use super::link_desk::LinkDesk;
use super::standing::Standing;
use crate::catalog::Catalog;
use crate::clock::{Clock as _, SteadyClock};
use crate::config::Config;
use crate::content::Diagnostic;
use crate::domain::{LetterKind, Mailbox, Release, ReleaseId, RenderedLetter, SubscriberId, Token, TokenKey, to_hex};
use crate::feed::FeedSite;
use crate::language::Language;
use crate::mail::{Sender, Signer, Writer};
use crate::metrics::Metrics;
use crate::policy::SignUps;
use crate::register::Register;
use crate::resource::{Resources, ServedFeeds};
use crate::store::{Store, StoreError};
use crate::template::{LetterParts, Templates};
use crate::watch::UploadsFolder;

/// What is known of the content folder since the last look: replaced whole, never edited.
#[derive(Debug, Clone)]
pub struct Current {
    /// Every valid release.
    pub catalog: Catalog,
    /// Everything public.
    pub resources: Resources,
    /// What is remembered of each release.
    pub register: Register,
    /// All that is wrong or doubtful in files, by file, where texts are read whole ([`super::Ingest::whole`]).
    pub diagnostics: Arc<[Diagnostic]>,
    /// How much of it was come upon when every file was last gone through.
    pub doubts: Doubts,
    /// When the look was taken.
    pub looked: DateTime<Utc>,
}

/// How much is wrong or doubtful in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Doubts {
    /// Errors: files that are not published.
    pub errors: usize,
    /// What an editor should look at.
    pub warnings: usize,
}

impl Current {
    /// What the file of release `id` says; `None` when it is gone or broken and was not live.
    #[must_use]
    pub fn release(&self, id: &ReleaseId) -> Option<&Arc<Release>> {
        self.catalog.get(id).map(|published| &published.release)
    }

    /// Whether most of the folder is gone at once and nothing of that is believed for now.
    pub(super) fn folder_in_doubt(&self) -> bool {
        self.register.open_alarm().is_some()
    }
}

/// What the running parts share.
#[derive(Debug)]
pub struct Newsroom {
    /// What the configuration means.
    pub config: Config,
    /// The one clock: the machine's, but for jumps forwards.
    pub clock: Arc<SteadyClock>,
    /// The database.
    pub store: Store,
    /// The templates.
    pub templates: Arc<Templates>,
    /// The key that signs, then those whose signatures still count.
    pub keys: (TokenKey, Vec<TokenKey>),
    /// Signs letters; `None`: nobody does here.
    pub signer: Option<Signer>,
    /// The files below uploads.
    pub uploads: Arc<UploadsFolder>,
    /// What letters link to elsewhere.
    pub links: LinkDesk,
    /// What is public now; changes wake those who watch.
    pub current: watch::Sender<Arc<Current>>,
    /// What is public now, once it is also written to `publish.folder`, where one is set.
    pub shown: watch::Sender<Arc<Current>>,
    /// What readers were given of feeds.
    pub served: ServedFeeds,
    /// What is counted.
    pub metrics: Metrics,
    /// Which subscriptions were asked for of late.
    pub sign_ups: Mutex<SignUps>,
    /// How the running parts are doing.
    pub standing: Standing,
    /// What the office was told since the start; the database knows what it was told before.
    pub told: Mutex<HashSet<String>>,
    /// Wakes the dispatcher: deliveries were queued.
    pub letters_queued: Notify,
    /// Wakes the editor: an edition was held, approved or cancelled, or its last letter left.
    pub look_wanted: Notify,
    /// Wakes the editor for a look at the folder, whether anything is known to have changed or not.
    pub folder_look_wanted: Notify,
}

impl Newsroom {
    /// The present instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// What is public now.
    #[must_use]
    pub fn current(&self) -> Arc<Current> {
        self.current.borrow().clone()
    }

    /// Keeps what readers were given of feeds, so that a restart takes nothing back.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keep_served(&self) -> Result<(), StoreError> {
        let served = self.served.to_keep();
        if served.is_empty() {
            return Ok(());
        }
        let kept = self.store.set_served_feeds(&served).await;
        if kept.is_err() {
            self.served.keep_later(served);
        }
        kept
    }

    /// Who writes every letter.
    #[must_use]
    pub fn sender(&self) -> Sender {
        Sender::of(&self.config, self.key().clone(), self.signer.clone())
    }

    /// The key that signs.
    #[must_use]
    pub fn key(&self) -> &TokenKey {
        &self.keys.0
    }

    /// Every key whose signatures count.
    #[must_use]
    pub fn all_keys(&self) -> Vec<TokenKey> {
        std::iter::once(&self.keys.0).chain(&self.keys.1).cloned().collect()
    }

    /// The absolute address below the public site that ends with a signed token: `/u/…`.
    #[must_use]
    pub fn token_url(&self, path: &str, token: &Token) -> String {
        self.signed_url(path, &token.signed(self.key()))
    }

    /// The same for a token whose text is known.
    #[must_use]
    pub fn signed_url(&self, path: &str, token: &str) -> String {
        self.config.site.url.join(&format!("/{path}/{token}"))
    }

    /// The page on which a subscriber changes preferences.
    #[must_use]
    pub fn preferences_url(&self, subscriber: SubscriberId) -> String {
        self.token_url("preferences", &Token::Preferences { subscriber })
    }

    /// Writes letters for `site`, the present one.
    #[must_use]
    pub fn writer<'a>(&'a self, site: &'a FeedSite) -> Writer<'a> {
        Writer { site, templates: &self.templates }
    }

    /// The office's own addresses.
    #[must_use]
    pub fn office(&self) -> &[Mailbox] {
        &self.config.office
    }

    /// The site's language.
    #[must_use]
    pub fn language(&self) -> Language {
        self.config.site.language
    }
}

/// A letter with these parts, dated `now`, with a boundary of its own; about nothing in particular, answered to the
/// newsroom.
#[must_use]
pub(super) fn new_letter(
    kind: LetterKind,
    language: Language,
    parts: LetterParts,
    now: DateTime<Utc>,
) -> RenderedLetter {
    let LetterParts { subject, text, html } = parts;
    let boundary = random_boundary();
    RenderedLetter {
        kind,
        edition: None,
        language,
        subject,
        text,
        html,
        date: now,
        boundary,
        reply_to: None,
        archive: None,
        topic_words: BTreeMap::new(),
        carries: String::new(),
    }
}

/// A MIME boundary that nobody can guess: 32 hexadecimal digits.
///
/// # Panics
/// When the machine has no source of random bytes: nothing could be signed safely then either.
#[must_use]
pub fn random_boundary() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the machine has a source of random bytes");
    to_hex(&bytes)
}
