//! Who is forgotten stands nowhere any more: neither who asked for it, nor who never confirmed.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use depeche::config::{DatabaseUrl, OnLostReply};
use depeche::domain::{
    Bounce, BounceKind, Delivery, DeliveryId, DeliveryState, Digest, EndReason, Frequency, LetterKind, Mailbox,
    NewSubscriber, RenderedLetter, ReportAction, SkipReason, SubscriberId, SubscriberState, SuppressionReason,
};
use depeche::import::{Defaults, Entry, Standing};
use depeche::language::Language;
use depeche::store::{AddressAnswer, AddressSide, ConsentAction, Erasure, Finished, Names, Outcome, Preferences};
use depeche::store::{SingleLetter, StoreError, SubscriberFilter};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::{AnyConnection, AssertSqlSafe, Column as _, Connection as _, Row as _};

use super::room::{
    Room, address, confirmation, finished, letter, minute, newcomer, nobody_asked, proof, question, topics,
};

const DAY: i64 = 24 * 60;
const BLANK: &str = "erased@erased.invalid";

impl Room {
    /// Every text of every table.
    async fn texts(&self) -> Vec<String> {
        sqlx::any::install_default_drivers();
        let (url, tables) = match &self.settings.url {
            DatabaseUrl::Sqlite(path) => (
                format!("sqlite://{}", utf8_percent_encode(path.as_str(), NON_ALPHANUMERIC)),
                "SELECT name FROM sqlite_master WHERE type = 'table'",
            ),
            DatabaseUrl::Postgres(url) => (
                url.clone(),
                "SELECT CAST(table_name AS TEXT) AS name FROM information_schema.tables WHERE table_schema = 'public'",
            ),
        };
        let mut database = AnyConnection::connect(&url).await.unwrap();
        let tables = sqlx::query(tables).fetch_all(&mut database).await.unwrap();
        let tables: Vec<String> = tables.iter().map(|row| row.get("name")).collect();
        assert!(tables.len() > 20, "{tables:?}");
        let mut texts = Vec::new();
        for table in tables.iter().filter(|table| *table != "_sqlx_migrations") {
            let statement = AssertSqlSafe(format!("SELECT * FROM {table}"));
            for row in sqlx::query(statement).fetch_all(&mut database).await.unwrap() {
                for column in row.columns() {
                    if let Ok(Some(text)) = row.try_get::<Option<String>, _>(column.ordinal()) {
                        texts.push(format!("{table}.{} {text}", column.name()));
                    }
                }
            }
        }
        database.close().await.unwrap();
        texts
    }

    /// Where any of `words` stands, whatever its case.
    async fn where_stands(&self, words: &[&str]) -> Vec<String> {
        let mut texts = self.texts().await;
        texts.retain(|text| words.iter().any(|word| text.to_lowercase().contains(&word.to_lowercase())));
        texts
    }

    /// A letter to one reader that says `text`.
    async fn post(&self, kind: LetterKind, to: &str, of: Option<SubscriberId>, text: &str, at: i64) -> DeliveryId {
        let letter = RenderedLetter {
            text: text.to_owned(),
            html: format!("<p>{text}</p>"),
            date: minute(at),
            ..letter(kind, Language::French)
        };
        let recipient = Mailbox::new(None, address(to));
        let single =
            SingleLetter { letter: &letter, recipient: &recipient, subscriber: of, due: minute(at), cause: None };
        self.store.post_letter(&single, minute(at)).await.unwrap().unwrap()
    }

    /// Hands everything over that waits; the relay quotes each recipient. Gives what was sent.
    async fn send_all(&self, outcome: Outcome, at: i64) -> Vec<Delivery> {
        let mut sent = Vec::new();
        for delivery in self.claim("a", 100, minute(at)).await {
            self.begin(&delivery, "a", minute(at)).await;
            self.store.exchange(Some(quoting(&delivery, outcome, minute(at))), None).await.unwrap();
            sent.push(delivery);
        }
        sent
    }

    async fn state_of(&self, id: DeliveryId) -> (DeliveryState, String) {
        let delivery = self.store.delivery(id).await.unwrap().unwrap();
        (delivery.state, delivery.recipient.address.to_string())
    }

    /// Both sides of a change of address agree.
    async fn moves(&self, id: SubscriberId, to: &str, at: i64) {
        let asked =
            self.store.ask_address(id, &address(to), &proof(), minute(at), nobody_asked).await.unwrap().unwrap();
        self.store.agree_to_address(asked.change, AddressSide::Old, &proof(), minute(at)).await.unwrap();
        let answer = self.store.agree_to_address(asked.change, AddressSide::New, &proof(), minute(at)).await.unwrap();
        assert_eq!(answer, AddressAnswer::Done);
    }

    async fn signs_up(&self, new: &NewSubscriber, at: i64) -> SubscriberId {
        let text = format!("{} ?", new.address);
        let question = |_| -> Result<RenderedLetter, StoreError> {
            let html = format!("<p>{text}</p>");
            Ok(RenderedLetter { text, html, date: minute(at), ..letter(LetterKind::Confirmation, Language::French) })
        };
        let asked = self.store.subscribe_pending(new, &proof(), minute(at), question).await.unwrap();
        assert!(asked.is_written_to);
        asked.id
    }
}

fn quoting(delivery: &Delivery, outcome: Outcome, at: DateTime<Utc>) -> Finished {
    let mut done = finished(delivery, "a", outcome, at);
    if let Some(attempt) = &mut done.attempt {
        Arc::make_mut(attempt).reply = format!("what about <{}>?", delivery.recipient.address);
    }
    done
}

fn report(delivery: &Delivery, kind: BounceKind, status: &str, at: i64) -> Bounce {
    Bounce {
        delivery: delivery.id,
        at: minute(at),
        kind,
        action: Some(ReportAction::Failed),
        status: status.parse().ok(),
        diagnostic: format!("smtp; no <{}>", delivery.recipient.address),
        digest: Digest::of(format!("{at}").as_bytes()),
    }
}

fn named(text: &str) -> NewSubscriber {
    NewSubscriber {
        name: Some("Ondine Vermeil".to_owned()),
        organisation: Some("Le Fanal".to_owned()),
        ..newcomer(text, &["all"])
    }
}

pub(crate) async fn who_never_confirmed_is_gone_after_a_week(room: Room) {
    const ENDINGS: [&str; 6] = ["waits", "bounced", "left", "removed", "blocked", "complained"];
    let store = &room.store;
    for how in ENDINGS {
        let text = format!("ondine-{how}@example.org");
        let id = room.signs_up(&named(&text), 0).await;
        let sent = room.send_all(Outcome::Sent, 1).await.remove(0);
        match how {
            "bounced" | "complained" => {
                let kind = if how == "bounced" { BounceKind::Hard } else { BounceKind::Complaint };
                store.keep_bounce(&report(&sent, kind, "5.1.1", 2), chrono_tz::UTC).await.unwrap();
            }
            "left" => assert!(store.leave(id, &proof(), minute(2)).await.unwrap()),
            "removed" => assert!(store.end(id, EndReason::Removed, minute(2)).await.unwrap()),
            "blocked" => assert_eq!(store.block(&address(&text), minute(2)).await.unwrap(), None),
            _ => {}
        }
    }
    // Her letter waits for a relay that takes it back again and again, his is in somebody's hands.
    let waiting = room.signs_up(&named("ondine-queued@example.org"), 0).await;
    let queued = store.deliveries_of_subscriber(waiting, 1).await.unwrap()[0].id;
    let later = Outcome::Later { due: minute(20 * DAY) };
    room.send_all(later, 2).await;
    let held = room.signs_up(&newcomer("held@example.net", &["all"]), 0).await;
    let in_hand = room.claim("a", 1, minute(3)).await.remove(0);

    assert_eq!(store.purge_unconfirmed(minute(0)).await.unwrap(), 0);
    assert!(!room.where_stands(&["ondine", "fanal"]).await.is_empty());
    assert_eq!(store.purge_unconfirmed(minute(4)).await.unwrap(), 7);
    assert_eq!(room.where_stands(&["ondine", "fanal"]).await, [""; 0]);
    let skipped = DeliveryState::Skipped(SkipReason::Unsubscribed);
    assert_eq!(room.state_of(queued).await, (skipped, BLANK.to_owned()));
    for (how, reason) in [
        ("blocked", SuppressionReason::Blocked),
        ("bounced", SuppressionReason::Bounced),
        ("complained", SuppressionReason::Complained),
    ] {
        let kept = store.is_suppressed(&address(&format!("ondine-{how}@example.org"))).await.unwrap();
        assert_eq!(kept, Some(reason), "{how}");
    }
    assert_eq!(store.subscriber(held).await.unwrap().unwrap().address, address("held@example.net"));
    assert_eq!(room.begin(&in_hand, "a", minute(4)).await, depeche::store::Hold::Kept);
    room.finish(&in_hand, "a", Outcome::Sent, minute(4)).await;
    assert_eq!(store.purge_unconfirmed(minute(4)).await.unwrap(), 1);
    assert_eq!(room.where_stands(&["held@"]).await, [""; 0]);
    // A complaint that comes later still counts, and tells nothing.
    let late = report(&in_hand, BounceKind::Complaint, "5.1.1", 5);
    store.keep_bounce(&late, chrono_tz::UTC).await.unwrap();
    let kept = store.is_suppressed(&address("held@example.net")).await.unwrap();
    assert_eq!((kept, room.where_stands(&["held@"]).await), (Some(SuppressionReason::Complained), Vec::new()));
}

pub(crate) async fn who_subscribed_before_is_not_taken_for_a_stranger(room: Room) {
    let store = &room.store;
    let ended = async |id| {
        let state = store.subscriber(id).await.unwrap().unwrap().state;
        let SubscriberState::Ended { reason, .. } = state else { panic!("{state:?}") };
        reason
    };
    let back = async |id, at| {
        let letter = || question("back@example.org");
        store.come_back(id, minute(at - 7 * DAY), &proof(), minute(at), letter).await.unwrap()
    };
    // Whose subscription the office ended, or a mailbox that is full, does not come back because somebody types the address.
    for reason in [EndReason::Removed, EndReason::Bounced] {
        let text = format!("{reason}@example.org");
        let id = room.subscriber(&text, &["all"]).await;
        store.end(id, EndReason::Removed, minute(1)).await.unwrap();
        if reason == EndReason::Bounced {
            let id = room.subscriber(&text, &["all"]).await;
            assert!(store.leave(id, &proof(), minute(2)).await.unwrap() && back(id, 3).await);
            store.end(id, EndReason::Removed, minute(4)).await.unwrap();
        }
        for at in [DAY, 10 * DAY] {
            room.signs_up(&newcomer(&text, &["all"]), at).await;
            if at == DAY {
                assert_eq!(store.purge_unconfirmed(minute(at + 1)).await.unwrap(), 0);
            } else {
                // Whoever holds an old letter says no, and then yes.
                assert!(store.leave(id, &proof(), minute(at + 1)).await.unwrap());
            }
            assert_eq!(ended(id).await, EndReason::Removed, "{text}");
            assert!(
                !back(id, at + 2).await && !store.may_come_back(id, minute(0), minute(at + 2)).await.unwrap(),
                "{text}"
            );
        }
        room.signs_up(&newcomer(&text, &["all"]), 20 * DAY).await;
        assert!(store.confirm(id, &proof(), minute(20 * DAY)).await.unwrap());
        assert!(store.leave(id, &proof(), minute(20 * DAY + 1)).await.unwrap());
        assert_eq!(ended(id).await, EndReason::Unsubscribed);
        assert!(
            store.may_come_back(id, minute(20 * DAY), minute(20 * DAY + 2)).await.unwrap()
                && back(id, 20 * DAY + 2).await
        );
    }
    // Who left long ago, is asked and says no has not left just now.
    let id = room.subscriber("long@example.org", &["all"]).await;
    store.leave(id, &proof(), minute(1)).await.unwrap();
    room.signs_up(&newcomer("long@example.org", &["all"]), 30 * DAY).await;
    assert!(store.leave(id, &proof(), minute(30 * DAY + 1)).await.unwrap());
    assert!(!back(id, 30 * DAY + 2).await);
    // One subscription that became part of another does not come back either.
    let id = room.subscriber("one@example.org", &["all"]).await;
    room.subscriber("other@example.org", &["all"]).await;
    room.moves(id, "other@example.org", 30 * DAY).await;
    assert!(!back(id, 30 * DAY + 1).await);
    // Of whom a list says that they left stays known, also when somebody types the address.
    let no = Entry { standing: Standing::Left(EndReason::Unsubscribed), ..Entry::new(address("no@example.org")) };
    let defaults = Defaults {
        language: Language::French,
        frequency: Frequency::Immediate,
        topics: topics(&["all"]),
        source: "liste".to_owned(),
    };
    store.import(&[&no], &defaults, minute(1)).await.unwrap();
    let id = room.signs_up(&newcomer("no@example.org", &["all"]), 2).await;
    for _ in 0..2 {
        assert_eq!(store.purge_unconfirmed(minute(40 * DAY)).await.unwrap(), 0);
        assert_eq!(ended(id).await, EndReason::Unsubscribed);
    }
}

pub(crate) async fn what_was_asked_of_an_address_is_forgotten_with_the_unconfirmed(room: Room) {
    let bob = room.subscriber("bob@example.org", &["all"]).await;
    let carol = address("carol@example.net");
    room.store.ask_address(bob, &carol, &proof(), minute(0), nobody_asked).await.unwrap().unwrap();
    room.post(LetterKind::Request, "bob@example.org", Some(bob), "Passer à carol@example.net ?", 0).await;
    room.post(LetterKind::Request, "carol@example.net", Some(bob), "carol@example.net ?", 0).await;
    room.send_all(Outcome::Sent, 1).await;
    let own = room.post(LetterKind::Request, "bob@example.org", Some(bob), "Une copie ?", 2).await;
    room.store.purge_unconfirmed(minute(0)).await.unwrap();
    assert!(!room.where_stands(&["carol"]).await.is_empty());
    room.store.purge_unconfirmed(minute(2)).await.unwrap();
    assert_eq!(room.where_stands(&["carol"]).await, [""; 0]);
    let letter = room.store.delivery(own).await.unwrap().unwrap().letter;
    assert_eq!(room.store.letter(letter).await.unwrap().unwrap().text, "Une copie ?", "it has not left yet");
    assert_eq!(room.store.deliveries_of_subscriber(bob, 10).await.unwrap().len(), 3);
}

pub(crate) async fn who_is_erased_stands_nowhere(room: Room) {
    let store = &room.store;
    let reader = room.subscriber("reader@example.org", &["all"]).await;
    // She signs up, gives names, has letters, one of which comes back, moves twice, the second time to where she subscribes.
    let former = room.signs_up(&named("ondine@example.org"), 0).await;
    room.send_all(Outcome::Sent, 0).await;
    assert!(store.confirm(former, &proof(), minute(0)).await.unwrap());
    let names = Names::Given { name: Some("Ondine V. Vermeil".to_owned()), organisation: None };
    let preferences =
        Preferences { topics: topics(&["all"]), frequency: Frequency::Immediate, language: Language::French, names };
    assert!(store.change_preferences(former, &preferences, &proof(), minute(0)).await.unwrap());
    let edition = room.sending("bridge").await;
    let sent = room.send_all(Outcome::Sent, 1).await;
    let hers = sent.iter().find(|delivery| delivery.subscriber == Some(former)).unwrap();
    assert_eq!(hers.recipient.name.as_deref(), Some("Ondine V. Vermeil"));
    store.keep_bounce(&report(hers, BounceKind::Soft, "4.2.2", 2), chrono_tz::UTC).await.unwrap();
    room.moves(former, "ondine@example.net", 3).await;
    let tunnel = room.sending("tunnel").await;
    room.send_all(Outcome::Sent, 4).await;
    let id = room.signs_up(&named("o.vermeil@example.com"), 4).await;
    room.moves(former, "O.Vermeil@example.com", 5).await;
    assert_eq!(store.list(&SubscriberFilter::default()).await.unwrap().len(), 3);
    // She asks for a copy, and to move on; another asks for her address, twice, and takes it back.
    let copy = || question("o.vermeil@example.com");
    assert!(store.ask_owner(id, ConsentAction::ExportAsked, &proof(), minute(6), copy).await.unwrap());
    let export = store.deliveries_of_subscriber(id, 1).await.unwrap()[0].id;
    store.ask_address(id, &address("next@ondine.example"), &proof(), minute(6), nobody_asked).await.unwrap().unwrap();
    room.post(LetterKind::Request, "o.vermeil@example.com", Some(id), "Passer à next@ondine.example ?", 6).await;
    let asked =
        store.ask_address(reader, &address("O.Vermeil@example.com"), &proof(), minute(6), nobody_asked).await.unwrap();
    room.post(LetterKind::Request, "reader@example.org", Some(reader), "Passer à O.Vermeil@example.com ?", 6).await;
    room.post(LetterKind::Request, "O.Vermeil@example.com", Some(reader), "O.Vermeil@example.com ?", 6).await;
    for delivery in room.send_all(Outcome::Sent, 7).await {
        store.keep_bounce(&report(&delivery, BounceKind::Soft, "4.2.2", 7), chrono_tz::UTC).await.unwrap();
    }
    assert!(store.refuse_address(asked.unwrap().change, &proof(), minute(8)).await.unwrap());
    store
        .ask_address(reader, &address("o.vermeil@example.com"), &proof(), minute(8), nobody_asked)
        .await
        .unwrap()
        .unwrap();
    let about_her =
        room.post(LetterKind::Request, "reader@example.org", Some(reader), "o.vermeil@example.com.", 8).await;
    let own = room.post(LetterKind::Request, "reader@example.org", Some(reader), "not-o.vermeil@example.com", 8).await;
    // What the office was told names her, and others.
    let told = [
        "550 <O.Vermeil@Example.com>: spam; ondine@example.org, too",
        "550 rfc822;ondine@example.net.",
        "550 <reader@example.org>",
    ];
    let mut notices = Vec::new();
    for text in told {
        notices.push(room.post(LetterKind::Notice, "office@example.org", None, text, 8).await);
    }
    // One letter was lost after the dot, one is in a relay's hands.
    let lost = room.post(LetterKind::Request, "o.vermeil@example.com", Some(id), "Effacer ?", 8).await;
    let in_hand = room.post(LetterKind::Request, "o.vermeil@example.com", Some(id), "Effacer ?", 8).await;
    let claimed = room.claim("a", 100, minute(8)).await;
    for delivery in claimed.iter().filter(|delivery| [lost, in_hand].contains(&delivery.id)) {
        room.begin(delivery, "a", minute(8)).await;
    }
    let [first, second] = [lost, in_hand].map(|id| claimed.iter().find(|delivery| delivery.id == id).unwrap());
    store.exchange(Some(quoting(first, Outcome::Unknown, minute(8))), None).await.unwrap();

    let words = ["ondine", "vermeil", "fanal"];
    assert!(room.where_stands(&words).await.len() > 30);
    assert!(store.end(id, EndReason::Erased, minute(9)).await.unwrap());
    store.exchange(Some(quoting(second, Outcome::Later { due: minute(9) }, minute(9))), None).await.unwrap();
    store.keep_bounce(&report(second, BounceKind::Soft, "4.2.2", 10), chrono_tz::UTC).await.unwrap();
    let stands = room.where_stands(&words).await;
    assert!(stands.iter().all(|text| text.contains("not-o.vermeil@example.com")), "{stands:#?}");
    assert_eq!(stands.len(), 2, "what is another's stays, text and HTML: {stands:#?}");

    // What has left is not sent again, what has not does not leave, and what is another's does.
    let swept = store.sweep(minute(60), OnLostReply::Resend, TimeDelta::minutes(15)).await.unwrap();
    assert_eq!(swept.resent, 0);
    let left: Vec<_> = room.claim("b", 100, minute(60)).await.iter().map(|delivery| delivery.id).collect();
    assert_eq!(left, [vec![own], notices.clone()].concat());
    for (id, text) in notices.into_iter().zip([
        "550 <o…@example.com>: spam; o…@example.org, too",
        "550 rfc822;o…@example.net.",
        "550 <reader@example.org>",
    ]) {
        let letter = store.delivery(id).await.unwrap().unwrap().letter;
        let letter = store.letter(letter).await.unwrap().unwrap();
        assert_eq!((letter.text.as_str(), letter.html), (text, format!("<p>{text}</p>")));
    }
    let skipped = DeliveryState::Skipped(SkipReason::Unsubscribed);
    for id in [lost, in_hand] {
        assert_eq!(room.state_of(id).await, (skipped.clone(), BLANK.to_owned()));
    }
    assert_eq!(room.state_of(about_her).await, (skipped, "reader@example.org".to_owned()));
    assert!(matches!(room.state_of(export).await, (DeliveryState::Sent { .. }, blank) if blank == BLANK));
    for edition in [edition, tunnel] {
        assert_eq!(room.tally(edition).await, [0, 0, 0, 2, 0, 0, 0]);
    }
    for text in ["ondine@example.org", "ondine@example.net", "o.vermeil@example.com"] {
        assert_eq!(store.is_suppressed(&address(text)).await.unwrap(), Some(SuppressionReason::Erased), "{text}");
    }
    let rest = store.list(&SubscriberFilter::default()).await.unwrap();
    assert_eq!(rest.iter().map(|one| one.id).collect::<Vec<_>>(), [reader]);
}

pub(crate) async fn an_address_that_somebody_else_has_by_now_stays_theirs(room: Room) {
    let store = &room.store;
    let ann = room.subscriber("ann@example.org", &["all"]).await;
    let edition = room.sending("bridge").await;
    room.send_all(Outcome::Sent, 1).await;
    room.moves(ann, "ann@example.net", 2).await;
    // Another has the mailbox that she had, subscribes with it, and leaves.
    let heir = room.signs_up(&newcomer("ann@example.org", &["all"]), DAY).await;
    assert!(store.confirm(heir, &proof(), minute(DAY)).await.unwrap());
    room.send_all(Outcome::Sent, DAY).await;
    store.leave(heir, &proof(), minute(DAY + 1)).await.unwrap();
    assert!(store.end(ann, EndReason::Erased, minute(DAY + 2)).await.unwrap());
    assert_eq!(store.subscriber(heir).await.unwrap().unwrap().address, address("ann@example.org"));
    assert_eq!(store.is_suppressed(&address("ann@example.org")).await.unwrap(), None);
    let of_edition = store.deliveries_of_edition(edition, None, 10).await.unwrap();
    assert_eq!(of_edition[0].recipient.address, address(BLANK));
    assert_eq!(room.where_stands(&["ann@example.org"]).await.len(), 6, "what is of the heir");
}

pub(crate) async fn an_address_without_a_subscription_is_erased(room: Room) {
    let store = &room.store;
    let erase = async |text: &str, at| store.erase(&address(text), minute(at)).await.unwrap();
    // She has moved: the letters that she had before went to the address that is not hers any more.
    let ann = room.subscriber("ann@example.org", &["all"]).await;
    room.sending("bridge").await;
    room.send_all(Outcome::Sent, 1).await;
    room.moves(ann, "ann@example.net", 2).await;
    assert_eq!(erase("ANN@example.org", 3).await, Erasure::Done);
    assert_eq!(room.where_stands(&["ann@example.org"]).await, [""; 0]);
    assert_eq!(store.subscriber(ann).await.unwrap().unwrap().address, address("ann@example.net"));
    assert_eq!(erase("ann@example.org", 4).await, Erasure::NothingLeft);
    // He was only asked whether an address be his.
    room.post(LetterKind::Request, "carl@example.org", Some(ann), "carl@example.org ?", 4).await;
    room.send_all(Outcome::Sent, 5).await;
    assert_eq!(erase("carl@example.org", 6).await, Erasure::Done);
    assert_eq!(room.where_stands(&["carl@"]).await, [""; 0]);
    assert_eq!(erase("never@example.org", 7).await, Erasure::Unknown);
    assert_eq!(store.is_suppressed(&address("never@example.org")).await.unwrap(), Some(SuppressionReason::Erased));
    assert_eq!(erase("ann@example.net", 8).await, Erasure::Done);
    assert_eq!(store.subscriber(ann).await.unwrap(), None);
    // What the office is sent is its own.
    room.post(LetterKind::Notice, "ann@example.net", None, "Un avis", 8).await;
    assert_eq!(erase("ann@example.net", 9).await, Erasure::NothingLeft);
    assert_eq!(room.claim("a", 10, minute(9)).await.len(), 1);
}

pub(crate) async fn a_suppressed_address_is_not_written_down(room: Room) {
    let store = &room.store;
    for reason in [SuppressionReason::Bounced, SuppressionReason::Complained, SuppressionReason::Blocked] {
        let text = format!("ondine-{reason}@example.org");
        store.suppress(&address(&text), reason, minute(0)).await.unwrap();
        let asked = store.subscribe_pending(&named(&text), &proof(), minute(1), confirmation).await.unwrap();
        assert!(!asked.is_written_to);
        assert_eq!(store.subscriber(asked.id).await.unwrap(), None);
    }
    assert_eq!(room.where_stands(&["ondine", "vermeil", "fanal"]).await, [""; 0]);
    assert_eq!(store.list(&SubscriberFilter::default()).await.unwrap(), []);
}
