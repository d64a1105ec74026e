//! A time of which the database knows nothing: nobody claims anything before what is under way is held.

use chrono::TimeDelta;
use depeche::domain::LetterKind;
use depeche::language::Language;
use depeche::store::{GapKind, SingleLetter};

use super::room::{Room, address, letter, minute};

const LONGEST: TimeDelta = TimeDelta::minutes(30);

pub(crate) async fn nothing_is_claimed_after_a_silence_before_it_is_dealt_with(room: Room) {
    room.subscribers(3).await;
    let id = room.sending("bridge").await;
    let notice = letter(LetterKind::Notice, Language::French);
    let office = depeche::domain::Mailbox { name: None, address: address("presse@example.org") };
    let single =
        SingleLetter { letter: &notice, recipient: &office, subscriber: None, due: minute(0), cause: Some("trouble") };
    room.store.post_letter(&single, minute(0)).await.unwrap();
    room.store.hold_after(LONGEST);
    assert_eq!(room.store.take_up(minute(0), LONGEST).await.unwrap(), None);
    assert_eq!(room.store.take_up(minute(20), LONGEST).await.unwrap(), None);
    assert_eq!(room.claim("a", 2, minute(50)).await.len(), 2, "no longer than it may be");

    let late = minute(51);
    assert!(room.claim("a", 10, late).await.is_empty() && room.claim_singles("a", late).await.is_empty());
    // Whoever worked before the silence does not end it.
    room.store.still_alive(late, LONGEST).await.unwrap();
    assert!(room.claim("b", 10, late).await.is_empty());
    let gap = room.store.take_up(late, LONGEST).await.unwrap().unwrap();
    assert_eq!((gap.kind, gap.since, gap.found, gap.held.len()), (GapKind::Silence, minute(20), late, 1));
    assert_eq!(room.store.take_up(late, LONGEST).await.unwrap(), None, "one of several finds it");
    let state = room.store.edition(id).await.unwrap().unwrap().state;
    assert_eq!(state.as_str(), "paused");
    assert!(room.claim("a", 10, late).await.is_empty(), "what was under way waits for a person");

    // Until the office was told, each asks again.
    assert_eq!(room.store.untold_gaps().await.unwrap(), std::slice::from_ref(&gap));
    room.store.gap_told(&gap).await.unwrap();
    assert_eq!(room.store.untold_gaps().await.unwrap(), []);
    room.store.still_alive(minute(60), LONGEST).await.unwrap();
    assert_eq!(room.store.last_alive().await.unwrap(), Some(minute(60)));
}
