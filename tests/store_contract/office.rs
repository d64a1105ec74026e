//! What the office is told, and what instances agree on.

use chrono::TimeDelta;
use depeche::domain::{LetterKind, Mailbox, RenderedLetter, TokenKey};
use depeche::language::Language;
use depeche::store::{SingleLetter, Store, StoreError};

use super::room::{Room, address, letter, minute};

pub(crate) async fn a_cause_is_told_once(room: Room) {
    let notice = letter(LetterKind::Notice, Language::French);
    let (ann, bob) =
        (Mailbox::new(Some("Ann"), address("ann@example.org")), Mailbox::new(None, address("bob@example.org")));
    let tell = |recipient, cause| SingleLetter { letter: &notice, recipient, subscriber: None, due: minute(0), cause };
    let post = |single| {
        let store = room.store.clone();
        async move { store.post_letter(&single, minute(0)).await.unwrap() }
    };
    let first = post(tell(&ann, Some("held:1:too-old"))).await.unwrap();
    assert_eq!(post(tell(&ann, Some("held:1:too-old"))).await, None);
    assert!(post(tell(&bob, Some("held:1:too-old"))).await.is_some());
    assert!(post(tell(&ann, Some("held:2:too-old"))).await.is_some());
    assert!(post(tell(&ann, None)).await.is_some() && post(tell(&ann, None)).await.is_some());

    room.store.forget_cause("held:1:too-old").await.unwrap();
    assert!(post(tell(&ann, Some("held:1:too-old"))).await.is_some());
    assert_eq!(post(tell(&ann, Some("held:2:too-old"))).await, None);
    let delivery = room.store.delivery(first).await.unwrap().unwrap();
    assert_eq!((delivery.recipient, delivery.edition, delivery.attempt), (ann.clone(), None, 0));
}

pub(crate) async fn a_letter_comes_back_as_it_was(room: Room) {
    let edition = room.opening("bridge").await;
    let full = RenderedLetter {
        edition: Some(edition),
        reply_to: Some(Mailbox::new(Some("Marie, presse"), address("marie@example.org"))),
        archive: Some("https://presse.example.org/pont/".to_owned()),
        ..letter(LetterKind::Notice, Language::English)
    };
    let recipient = Mailbox::new(None, address("ann@example.org"));
    let single = SingleLetter { letter: &full, recipient: &recipient, subscriber: None, due: minute(0), cause: None };
    let id = room.store.post_letter(&single, minute(0)).await.unwrap().unwrap();
    let letter = room.store.delivery(id).await.unwrap().unwrap().letter;
    assert_eq!(room.store.letter(letter).await.unwrap(), Some(full));
}

pub(crate) async fn one_leads_and_ticks_are_remembered(room: Room) {
    let length = TimeDelta::minutes(1);
    let lead = |owner: &'static str, at| {
        let store = room.store.clone();
        async move { store.take_lead("register", owner, at, length).await.unwrap() }
    };
    assert!(lead("a", minute(0)).await && lead("a", minute(0)).await);
    assert!(!lead("b", minute(0)).await && !lead("b", minute(1)).await);
    assert!(lead("b", minute(2)).await && !lead("a", minute(2)).await);
    room.store.give_up_lead("register", "a").await.unwrap();
    assert!(!lead("a", minute(2)).await);
    room.store.give_up_lead("register", "b").await.unwrap();
    assert!(lead("a", minute(2)).await);

    assert_eq!(room.store.last_run("housekeeping").await.unwrap(), None);
    for at in [minute(5), minute(9)] {
        room.store.record_run("housekeeping", at).await.unwrap();
        assert_eq!(room.store.last_run("housekeeping").await.unwrap(), Some(at));
    }
    room.store.ping().await.unwrap();
}

pub(crate) async fn another_key_is_refused(room: Room) {
    room.store.bind_key(&TokenKey::new([7; 32])).await.unwrap();
    let again = Store::open(&room.settings, minute(1)).await.unwrap();
    let unbound = again.is_suppressed(&address("ann@example.org")).await;
    assert!(matches!(unbound, Err(StoreError::NoKey)), "{unbound:?}");
    let other = again.bind_key(&TokenKey::new([8; 32])).await;
    assert!(matches!(other, Err(StoreError::OtherKey { .. })), "{other:?}");
    again.bind_key(&TokenKey::new([7; 32])).await.unwrap();
}
