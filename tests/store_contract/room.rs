//! What every story needs: a database, a clock that stands, and short words for long values.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use depeche::config::DatabaseSettings;
use depeche::domain::{
    Delivery, Digest, EditionId, EditionKind, EditionState, EmailAddress, Frequency, LetterKind, Mailbox, NewEdition,
    NewSubscriber, ReleaseId, RenderedLetter, SourcePath, SubscriberId, TokenKey, Topic,
};
use depeche::language::Language;
use depeche::policy::{Audience, Followers};
use depeche::register::{Announcement, Record, RegisterChanges, Texts};
use depeche::store::{
    Added, AskedAddress, AttemptMade, Begin, Cause, Exchanged, Fence, Finished, Hold, Outcome, Proof, Question, Store,
    StoreError, Wished,
};

/// A database with its key bound.
pub(crate) struct Room {
    pub(crate) store: Store,
    pub(crate) settings: DatabaseSettings,
}

/// Why an edition's course is changed, where a story does not care.
pub(crate) const CAUSE: Cause<'static> = Cause { who: "story", why: "the story wants it" };

/// Minutes after the morning of the stories.
pub(crate) fn minute(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_420_800, 0).unwrap() + TimeDelta::minutes(minutes)
}

pub(crate) fn address(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

pub(crate) fn topics(texts: &[&str]) -> BTreeSet<Topic> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

pub(crate) fn proof() -> Proof {
    Proof { words: "Je m’abonne aux communiqués.".to_owned(), source: "192.0.2.0/24".to_owned() }
}

pub(crate) fn newcomer(text: &str, follows: &[&str]) -> NewSubscriber {
    NewSubscriber {
        address: address(text),
        name: None,
        organisation: None,
        language: Language::French,
        frequency: Frequency::Immediate,
        topics: topics(follows),
        source: "web".to_owned(),
    }
}

/// What is written to whoever was given as a new subscriber.
#[expect(clippy::unnecessary_wraps, reason = "a letter that is asked for may fail")]
pub(crate) fn confirmation(_: Wished) -> Result<RenderedLetter, StoreError> {
    Ok(letter(LetterKind::Confirmation, Language::French))
}

pub(crate) fn release(name: &str) -> ReleaseId {
    ReleaseId::mint("presse.example.org", 2026, name)
}

/// Neither side of a change of address is written to.
#[expect(clippy::unnecessary_wraps, reason = "a letter that is asked for may fail")]
pub(crate) fn nobody_asked(_: AskedAddress) -> Result<Vec<Question>, StoreError> {
    Ok(Vec::new())
}

/// What is written to one reader because of their link.
#[expect(clippy::unnecessary_wraps, reason = "a letter that is asked for may fail")]
pub(crate) fn question(to: &str) -> Result<Question, StoreError> {
    Ok(Question { letter: letter(LetterKind::Request, Language::French), recipient: Mailbox::new(None, address(to)) })
}

pub(crate) fn record(name: &str) -> Record {
    Record {
        id: release(name),
        path: SourcePath::new(format!("2026-11-23-{name}.md")),
        permalink: format!("/communiques/{name}/").parse().unwrap(),
        missing_since: None,
        file_digest: Digest::of(source(name).as_bytes()),
        significant: Digest::of(b"significant"),
        documents: Digest::of(b"documents"),
        title: name.into(),
        date: minute(-10),
        first_seen: minute(-5),
        publishable_since: Some(minute(-5)),
        live_since: None,
        first_live: None,
        updated: minute(-10),
        announcement: Announcement::Undecided,
        hold: None,
    }
}

/// The text of the release called `name`.
pub(crate) fn source(name: &str) -> String {
    format!("---\ntitle: {name}\n---\nun \0 et ’é’ ")
}

/// What a look changes that finds these releases for the first time.
pub(crate) fn appearing(records: Vec<Record>) -> RegisterChanges {
    let new_texts = records.iter().map(|record| record.id.clone()).collect();
    RegisterChanges { records: records.into_iter().map(Arc::new).collect(), new_texts, ..RegisterChanges::default() }
}

/// A folder in which each file has the text of its name.
pub(crate) struct Sources;

impl Texts for Sources {
    fn of_file(&self, path: &SourcePath, digest: Digest) -> Option<Arc<str>> {
        let text = source(&path.title_part());
        (Digest::of(text.as_bytes()) == digest).then(|| text.into())
    }

    fn of_record(&self, _record: &Record) -> Option<Arc<str>> {
        None
    }
}

pub(crate) fn announcement(name: &str, state: EditionState) -> NewEdition {
    NewEdition {
        kind: EditionKind::Announcement,
        release: Some(release(name)),
        subject: String::new(),
        dedup_key: format!("announce:{}", release(name)),
        title: name.to_owned(),
        state,
    }
}

pub(crate) fn letter(kind: LetterKind, language: Language) -> RenderedLetter {
    RenderedLetter {
        kind,
        edition: None,
        language,
        subject: "Un pont".to_owned(),
        text: "Le pont ouvre.\n".to_owned(),
        html: "<h1>Le pont ouvre</h1>".to_owned(),
        date: minute(0),
        boundary: "0123456789abcdef0123456789abcdef".to_owned(),
        reply_to: None,
        archive: None,
        topic_words: BTreeMap::from([(Topic::All, "Tous les communiqués".to_owned())]),
        carries: String::new(),
    }
}

/// Everybody at once, as of `instant`.
pub(crate) fn everybody(follow: &[&str], instant: DateTime<Utc>) -> Audience {
    Audience::Followers(Followers::new(topics(follow), Frequency::Immediate, instant))
}

fn fence(delivery: &Delivery, owner: &str) -> Fence {
    Fence { delivery: delivery.id, owner: owner.to_owned(), claim: delivery.claim }
}

pub(crate) fn begin(delivery: &Delivery, owner: &str, until: DateTime<Utc>, at: DateTime<Utc>) -> Begin {
    let (letter, contents) = (delivery.letter, delivery.contents.clone());
    Begin { fence: fence(delivery, owner), letter, contents, until, at }
}

pub(crate) fn finished(delivery: &Delivery, owner: &str, outcome: Outcome, at: DateTime<Utc>) -> Finished {
    let attempt = AttemptMade {
        attempt: delivery.attempt,
        relay: "smtp relay.example.org:25".to_owned(),
        at,
        phase: "data".to_owned(),
        code: Some(250),
        enhanced: Some("2.0.0".to_owned()),
        reply: "queued as 4711".to_owned(),
        message_id: format!("{}@presse.example.org", delivery.id),
        verdict: "sent".to_owned(),
    };
    Finished { fence: fence(delivery, owner), outcome, attempt: Some(attempt.into()), at }
}

pub(crate) const LEASE: TimeDelta = TimeDelta::minutes(15);

impl Room {
    pub(crate) async fn new(settings: DatabaseSettings) -> Self {
        let store = Store::open(&settings, minute(0)).await.unwrap();
        store.bind_key(&TokenKey::new([7; 32])).await.unwrap();
        Self { store, settings }
    }

    pub(crate) async fn subscriber(&self, text: &str, follows: &[&str]) -> SubscriberId {
        match self.store.add_active(&newcomer(text, follows), minute(0)).await.unwrap() {
            Added::New(id) | Added::Changed(id) => id,
            Added::Refused(reason) => panic!("{text} is suppressed: {reason}"),
        }
    }

    pub(crate) async fn subscribers(&self, count: usize) -> Vec<SubscriberId> {
        let mut ids = Vec::new();
        for number in 0..count {
            ids.push(self.subscriber(&format!("reader{number}@example.org"), &["all"]).await);
        }
        ids
    }

    pub(crate) async fn knows(&self, name: &str) {
        self.store.save_register(&appearing(vec![record(name)]), minute(0), &Sources).await.unwrap();
    }

    /// An announcement that waits.
    pub(crate) async fn waiting(&self, name: &str) -> EditionId {
        self.knows(name).await;
        let edition = announcement(name, EditionState::Waiting { due: minute(0) });
        self.store.create_edition(&edition, &topics(&["all"]), minute(0)).await.unwrap().0
    }

    /// An announcement that is open in both languages, without deliveries yet.
    pub(crate) async fn opening(&self, name: &str) -> EditionId {
        let id = self.waiting(name).await;
        let letters = Language::ALL.map(|language| letter(LetterKind::Edition, language));
        assert!(self.store.open_edition(id, &letters, None, minute(0)).await.unwrap());
        id
    }

    /// An announcement whose deliveries are all written.
    pub(crate) async fn sending(&self, name: &str) -> EditionId {
        let id = self.opening(name).await;
        let chunk = self.store.deliver_chunk(id, &everybody(&[], minute(0)), 10_000, minute(0)).await.unwrap();
        assert!(chunk.end.is_some());
        id
    }

    pub(crate) async fn claim(&self, owner: &str, limit: u32, now: DateTime<Utc>) -> Vec<Delivery> {
        self.store.claim(owner, limit, now, LEASE).await.unwrap()
    }

    pub(crate) async fn claim_singles(&self, owner: &str, now: DateTime<Utc>) -> Vec<Delivery> {
        self.store.claim_singles(owner, 10, now, LEASE).await.unwrap()
    }

    pub(crate) async fn begin(&self, delivery: &Delivery, owner: &str, at: DateTime<Utc>) -> Hold {
        let begin = begin(delivery, owner, at + LEASE, at);
        let Exchanged { begun, .. } = self.store.exchange(None, Some(begin)).await.unwrap();
        begun.unwrap()
    }

    pub(crate) async fn finish(&self, delivery: &Delivery, owner: &str, outcome: Outcome, at: DateTime<Utc>) -> Hold {
        let done = finished(delivery, owner, outcome, at);
        self.store.exchange(Some(done), None).await.unwrap().finished.unwrap()
    }

    /// The tally as numbers in the order queued, leased, in flight, sent, failed, skipped, unknown; it must add up.
    pub(crate) async fn tally(&self, id: EditionId) -> [u64; 7] {
        let tally = self.store.tally(id).await.unwrap();
        assert_eq!(tally.total(), self.store.deliveries_opened(id).await.unwrap(), "{tally:?}");
        [tally.queued, tally.leased, tally.in_flight, tally.sent, tally.failed, tally.skipped, tally.unknown]
    }
}
