//! Pauses, changes of address, the way back: what the link to the preferences may do.

use std::collections::BTreeSet;

use depeche::domain::{
    DeliveryState, EndReason, Frequency, NewSubscriber, Pause, SkipReason, SubscriberState, SuppressionReason,
};
use depeche::language::Language;
use depeche::store::{
    Added, AddressAnswer, AddressSide, AskedAddress, ConsentAction, Names, Preferences, Proof, Question, StoreError,
};

use super::room::{Room, address, confirmation, everybody, minute, newcomer, nobody_asked, proof, question, topics};

const DAY: i64 = 24 * 60;

pub(crate) async fn who_pauses_gets_nothing_until_it_is_over(room: Room) {
    let ids = room.subscribers(2).await;
    let ann = ids[0];
    let on_its_way = room.sending("bridge").await;
    let claimed = room.claim("a", 10, minute(0)).await;
    assert!(room.store.pause(ann, minute(60), &proof(), minute(1)).await.unwrap());
    let mine = claimed.iter().find(|delivery| delivery.subscriber == Some(ann)).unwrap();
    assert_eq!(room.begin(mine, "a", minute(1)).await, depeche::store::Hold::Lost);
    let state = room.store.delivery(mine.id).await.unwrap().unwrap().state;
    assert_eq!(state, DeliveryState::Skipped(SkipReason::Paused));
    assert_eq!(room.tally(on_its_way).await, [0, 1, 0, 0, 0, 1, 0]);

    // A second pause goes on from where the first began.
    assert!(room.store.pause(ann, minute(90), &proof(), minute(30)).await.unwrap());
    let pause = room.store.subscriber(ann).await.unwrap().unwrap().pause;
    assert_eq!(pause, Some(Pause { since: minute(1), until: minute(90) }));
    for (at, size) in [(0, 2), (1, 1), (89, 1), (90, 2)] {
        assert_eq!(room.store.audience_size(&everybody(&[], minute(at)), minute(at)).await.unwrap(), size, "{at}");
    }

    // One that was written before is left out when it is claimed.
    let edition = room.opening("tunnel").await;
    let everybody_then = everybody(&[], minute(0));
    while room.store.deliver_chunk(edition, &everybody_then, 10, minute(40)).await.unwrap().end.is_none() {}
    assert_eq!(room.claim("a", 10, minute(40)).await.len(), 1);
    assert_eq!(room.tally(edition).await, [0, 1, 0, 0, 0, 1, 0]);

    assert!(room.store.resume(ann, &proof(), minute(50)).await.unwrap());
    assert!(!room.store.resume(ann, &proof(), minute(50)).await.unwrap());
    assert_eq!(room.store.audience_size(&everybody(&[], minute(50)), minute(50)).await.unwrap(), 2);
    let actions: Vec<_> = room.store.consents_of(ann).await.unwrap().iter().map(|kept| kept.action).collect();
    let paused = ConsentAction::Paused;
    assert_eq!(actions, [ConsentAction::Vouched, paused, paused, ConsentAction::Resumed]);

    // Who left pauses no more when they come back.
    assert!(room.store.pause(ann, minute(5 * DAY), &proof(), minute(60)).await.unwrap());
    assert!(room.store.leave(ann, &proof(), minute(61)).await.unwrap());
    assert!(!room.store.pause(ann, minute(5 * DAY), &proof(), minute(62)).await.unwrap());
    let letter = || question("ann@example.org");
    assert!(room.store.come_back(ann, minute(0), &proof(), minute(63), letter).await.unwrap());
    assert_eq!(room.store.subscriber(ann).await.unwrap().unwrap().pause, None);
}

pub(crate) async fn a_digest_for_who_pauses_is_for_nobody(room: Room) {
    let new = NewSubscriber { frequency: Frequency::Daily, ..newcomer("ann@example.org", &["all"]) };
    let Added::New(ann) = room.store.add_active(&new, minute(0)).await.unwrap() else { panic!("she is new") };
    let has = async |at| room.store.has_digest_readers(Frequency::Daily, minute(at)).await.unwrap();
    assert!(has(0).await);
    room.store.pause(ann, minute(60), &proof(), minute(10)).await.unwrap();
    assert!(has(9).await && !has(10).await && !has(59).await && has(60).await);
}

pub(crate) async fn an_address_moves_once_both_sides_agree(room: Room) {
    let ann = room.subscriber("ann@example.org", &["tag:eau"]).await;
    let new = address("ann@example.net");
    let ask = async |at| room.store.ask_address(ann, &new, &proof(), minute(at), nobody_asked).await.unwrap();
    let agree = async |change, side, at| room.store.agree_to_address(change, side, &proof(), minute(at)).await.unwrap();
    assert_eq!(
        room.store.ask_address(ann, &address("ANN@example.org"), &proof(), minute(0), nobody_asked).await.unwrap(),
        None
    );
    let first = ask(0).await.unwrap();
    let second = ask(DAY - 1).await.unwrap();
    assert_eq!((first.write_to_new, second.write_to_new), (true, false));
    assert_eq!(agree(first.change, AddressSide::New, DAY).await, AddressAnswer::Over, "the second took its place");
    for at in [DAY, DAY + 1] {
        assert_eq!(agree(second.change, AddressSide::Old, at).await, AddressAnswer::Waiting);
    }
    assert_eq!(agree(second.change, AddressSide::New, DAY + 2).await, AddressAnswer::Done);
    assert_eq!(agree(second.change, AddressSide::New, DAY + 3).await, AddressAnswer::Done);
    assert!(!room.store.refuse_address(second.change, &proof(), minute(DAY + 3)).await.unwrap());
    let moved = room.store.subscriber(ann).await.unwrap().unwrap();
    assert_eq!((moved.address, moved.topics), (new.clone(), topics(&["tag:eau"])));
    assert_eq!(room.store.find(&address("ann@example.org")).await.unwrap(), None);
    let actions: Vec<_> = room.store.consents_of(ann).await.unwrap().iter().map(|kept| kept.action).collect();
    let asked = ConsentAction::AddressAsked;
    let taken = ConsentAction::AddressTaken;
    assert_eq!(actions, [ConsentAction::Vouched, asked, asked, ConsentAction::AddressLeft, taken]);

    assert_eq!(room.store.purge_unconfirmed(minute(2 * DAY)).await.unwrap(), 0);
    assert_eq!(room.store.address_change(second.change).await.unwrap(), None);
    assert!(room.store.subscriber(ann).await.unwrap().is_some());
}

pub(crate) async fn an_address_that_may_not_be_written_to_takes_nothing_over(room: Room) {
    let ann = room.subscriber("ann@example.org", &["all"]).await;
    for (reason, written) in [(SuppressionReason::Complained, false), (SuppressionReason::Erased, true)] {
        let new = address(&format!("{reason}@example.net"));
        room.store.suppress(&new, reason, minute(0)).await.unwrap();
        let asked = room.store.ask_address(ann, &new, &proof(), minute(0), nobody_asked).await.unwrap().unwrap();
        assert_eq!(asked.write_to_new, written, "{reason}");
        let agree = async |side| room.store.agree_to_address(asked.change, side, &proof(), minute(1)).await.unwrap();
        assert_eq!(agree(AddressSide::Old).await, AddressAnswer::Waiting);
        let expected = if written { AddressAnswer::Done } else { AddressAnswer::Over };
        assert_eq!(agree(AddressSide::New).await, expected, "{reason}");
        let kept = room.store.is_suppressed(&new).await.unwrap();
        assert_eq!(kept, Some(reason).filter(|_| !written), "its owner's own word lifts an erasure alone");
    }
    // Who left meanwhile takes nothing along.
    let asked = room
        .store
        .ask_address(ann, &address("x@example.net"), &proof(), minute(2), nobody_asked)
        .await
        .unwrap()
        .unwrap();
    room.store.end(ann, EndReason::Bounced, minute(3)).await.unwrap();
    for side in [AddressSide::New, AddressSide::Old] {
        let answer = room.store.agree_to_address(asked.change, side, &proof(), minute(4)).await.unwrap();
        assert_ne!(answer, AddressAnswer::Done);
    }
    assert_eq!(
        room.store.ask_address(ann, &address("y@example.net"), &proof(), minute(5), nobody_asked).await.unwrap(),
        None
    );
}

pub(crate) async fn an_address_that_subscribes_takes_the_topics_over(room: Room) {
    let ann = room.subscriber("ann@example.org", &["tag:eau"]).await;
    let bob = room.subscriber("bob@example.org", &["tag:ponts"]).await;
    let gone = room.subscriber("carl@example.org", &["all"]).await;
    room.store.end(gone, EndReason::Unsubscribed, minute(1)).await.unwrap();
    let take = async |from, to: &str| {
        let asked =
            room.store.ask_address(from, &address(to), &proof(), minute(2), nobody_asked).await.unwrap().unwrap();
        for (side, words) in [(AddressSide::New, "Oui, cette adresse."), (AddressSide::Old, "Oui, une autre.")] {
            let proof = Proof { words: words.to_owned(), ..proof() };
            room.store.agree_to_address(asked.change, side, &proof, minute(3)).await.unwrap();
        }
    };
    take(ann, "bob@example.org").await;
    let ended = room.store.subscriber(ann).await.unwrap().unwrap().state;
    assert_eq!(ended, SubscriberState::Ended { at: minute(3), reason: EndReason::Unsubscribed });
    let kept = room.store.subscriber(bob).await.unwrap().unwrap();
    assert_eq!(
        (kept.topics, kept.state),
        (topics(&["tag:eau", "tag:ponts"]), SubscriberState::Active { since: minute(0) })
    );
    let last = room.store.consents_of(bob).await.unwrap().pop().unwrap();
    let agreed = Proof { words: "Oui, cette adresse.".to_owned(), ..proof() };
    assert_eq!((last.action, last.proof), (ConsentAction::Confirmed, agreed));
    take(bob, "carl@example.org").await;
    let kept = room.store.subscriber(gone).await.unwrap().unwrap();
    assert_eq!(
        (kept.topics, kept.state),
        (topics(&["tag:eau", "tag:ponts"]), SubscriberState::Active { since: minute(3) })
    );
}

pub(crate) async fn who_is_erased_leaves_no_change_of_address_behind(room: Room) {
    let ann = room.subscriber("ann@example.org", &["all"]).await;
    let bob = room.subscriber("bob@example.org", &["all"]).await;
    let mine = room
        .store
        .ask_address(ann, &address("new@example.net"), &proof(), minute(0), nobody_asked)
        .await
        .unwrap()
        .unwrap();
    let to_her = room
        .store
        .ask_address(bob, &address("ann@example.org"), &proof(), minute(0), nobody_asked)
        .await
        .unwrap()
        .unwrap();
    room.store.end(ann, EndReason::Erased, minute(1)).await.unwrap();
    for change in [mine.change, to_her.change] {
        assert_eq!(room.store.address_change(change).await.unwrap(), None);
    }
    let question = || question("ann@example.org");
    assert!(!room.store.ask_owner(ann, ConsentAction::ExportAsked, &proof(), minute(2), question).await.unwrap());
}

pub(crate) async fn a_few_letters_an_hour_are_written_for_a_link(room: Room) {
    let ann = room.subscriber("ann@example.org", &["all"]).await;
    let copy = async |at| {
        let question = || question("ann@example.org");
        room.store.ask_owner(ann, ConsentAction::ExportAsked, &proof(), minute(at), question).await.unwrap()
    };
    let moves = async |at| {
        let new = address(&format!("ann{at}@example.net"));
        room.store.ask_address(ann, &new, &proof(), minute(at), nobody_asked).await.unwrap().is_some()
    };
    for at in 0..3 {
        assert!(moves(at).await);
    }
    assert!(!copy(59).await);
    assert!(copy(60).await, "an hour after the first");
    for at in 61..65 {
        assert!(copy(at).await);
    }
    assert!(!moves(66).await && copy(66).await && !copy(67).await);
    let asked = |actions: &[ConsentAction]| {
        let count = |wanted| actions.iter().filter(|action| **action == wanted).count();
        (count(ConsentAction::AddressAsked), count(ConsentAction::ExportAsked))
    };
    let kept = room.store.consents_of(ann).await.unwrap();
    let actions: Vec<_> = kept.iter().map(|kept| kept.action).collect();
    assert_eq!(
        (asked(&actions), room.claim("a", 100, minute(70)).await.len()),
        ((3, 6), 6),
        "no proof without a letter"
    );
    // Many at once are counted one by one.
    let at = minute(200);
    let tries = (0..20).map(|_| {
        let store = room.store.clone();
        tokio::spawn(async move {
            let question = || question("ann@example.org");
            store.ask_owner(ann, ConsentAction::ErasureAsked, &proof(), at, question).await.unwrap()
        })
    });
    let mut written = 0;
    for one in tries.collect::<Vec<_>>() {
        written += u32::from(one.await.unwrap());
    }
    assert_eq!(written, 6);
}

pub(crate) async fn what_cannot_be_written_was_not_asked_for(room: Room) {
    let (ann, new) = (room.subscriber("ann@example.org", &["all"]).await, address("ann@example.net"));
    let fails = |_: AskedAddress| Err(StoreError::Closed);
    let half = |_: AskedAddress| {
        let questions = [question("ann@example.org"), Err(StoreError::Closed)];
        questions.into_iter().collect::<Result<Vec<_>, _>>()
    };
    assert!(room.store.ask_address(ann, &new, &proof(), minute(0), fails).await.is_err());
    assert!(room.store.ask_address(ann, &new, &proof(), minute(0), half).await.is_err());
    for action in [ConsentAction::ExportAsked, ConsentAction::ErasureAsked] {
        let fails = || Err::<Question, _>(StoreError::Closed);
        assert!(room.store.ask_owner(ann, action, &proof(), minute(0), fails).await.is_err());
    }
    assert_eq!(room.store.address_change_of(ann).await.unwrap(), None);
    assert_eq!(room.store.consents_of(ann).await.unwrap().len(), 1, "that the office vouched");
    assert_eq!(room.claim("a", 10, minute(0)).await.len(), 0);
    // Asked again, both sides are written to: nothing was counted, and the new one was not asked.
    let both = |asked: AskedAddress| {
        assert!(asked.write_to_new);
        ["ann@example.org", "ann@example.net"].into_iter().map(question).collect::<Result<Vec<_>, _>>()
    };
    for at in [1, 2 * DAY, 3 * DAY] {
        assert!(room.store.ask_address(ann, &new, &proof(), minute(at), both).await.unwrap().is_some());
        let claimed = room.claim("a", 10, minute(at)).await;
        let to: BTreeSet<_> = claimed.iter().map(|delivery| delivery.recipient.address.to_string()).collect();
        assert_eq!(to, BTreeSet::from(["ann@example.net".to_owned(), "ann@example.org".to_owned()]));
    }
}

pub(crate) async fn who_left_by_themselves_comes_back_for_a_while(room: Room) {
    let back = async |id, since: i64, at: i64| {
        let letter = || question("ann@example.org");
        room.store.come_back(id, minute(since), &proof(), minute(at), letter).await.unwrap()
    };
    let ann = room.subscriber("ann@example.org", &["tag:eau"]).await;
    assert!(!back(ann, 0, 1).await, "she has not left");
    assert!(room.store.leave(ann, &proof(), minute(10)).await.unwrap());
    assert!(!room.store.leave(ann, &proof(), minute(11)).await.unwrap());
    assert!(!back(ann, 11, 12).await, "too long ago");
    assert!(back(ann, 10, 12).await);
    let ann = room.store.subscriber(ann).await.unwrap().unwrap();
    assert_eq!((ann.state, ann.topics), (SubscriberState::Active { since: minute(12) }, topics(&["tag:eau"])));

    for reason in [EndReason::Removed, EndReason::Bounced, EndReason::Complained, EndReason::Erased] {
        let id = room.subscriber(&format!("{reason}@example.org"), &["all"]).await;
        room.store.end(id, reason, minute(10)).await.unwrap();
        assert!(!back(id, 0, 12).await, "{reason}");
    }
    let blocked = room.subscriber("blocked@example.org", &["all"]).await;
    room.store.leave(blocked, &proof(), minute(10)).await.unwrap();
    room.store.suppress(&address("blocked@example.org"), SuppressionReason::Blocked, minute(11)).await.unwrap();
    assert!(!back(blocked, 0, 12).await);
    // Somebody who never confirmed has nothing to come back to.
    let asked = room
        .store
        .subscribe_pending(&newcomer("x@example.org", &["all"]), &proof(), minute(0), confirmation)
        .await
        .unwrap();
    room.store.leave(asked.id, &proof(), minute(1)).await.unwrap();
    assert!(!back(asked.id, 0, 2).await);
}

pub(crate) async fn whoever_comes_back_is_told_each_time_and_once_a_day(room: Room) {
    let ann = room.subscriber("ann@example.org", &["all"]).await;
    let back = async |at| {
        let letter = || question("ann@example.org");
        room.store.come_back(ann, minute(0), &proof(), minute(at), letter).await.unwrap()
    };
    let may = async |at| room.store.may_come_back(ann, minute(0), minute(at)).await.unwrap();
    let told = async |at| room.claim("a", 10, minute(at)).await.len();
    assert!(room.store.leave(ann, &proof(), minute(1)).await.unwrap());
    let fails = || Err::<Question, _>(StoreError::Closed);
    assert!(room.store.come_back(ann, minute(0), &proof(), minute(2), fails).await.is_err());
    let state = room.store.subscriber(ann).await.unwrap().unwrap().state;
    assert!(matches!(state, SubscriberState::Ended { .. }), "who cannot be told is not back: {state:?}");
    assert!(may(2).await && back(2).await && !back(2).await);
    assert_eq!(told(2).await, 1);
    // She leaves by the letter: whoever has the link cannot undo that behind her back.
    assert!(room.store.leave(ann, &proof(), minute(3)).await.unwrap());
    assert!(!may(4).await && !back(4).await && !back(DAY + 1).await);
    assert_eq!(told(DAY + 1).await, 0);
    assert!(may(DAY + 2).await && back(DAY + 2).await);
    assert_eq!(told(DAY + 2).await, 1);
}

pub(crate) async fn what_changes_nothing_leaves_no_proof(room: Room) {
    let ann = room.subscriber("ann@example.org", &["tag:eau"]).await;
    let proofs = async || room.store.consents_of(ann).await.unwrap().len();
    let save = async |follows: &[&str], frequency, language, names: Names| {
        let preferences = Preferences { topics: topics(follows), frequency, language, names };
        assert!(room.store.change_preferences(ann, &preferences, &proof(), minute(1)).await.unwrap());
        proofs().await
    };
    let (now, fr) = (Frequency::Immediate, Language::French);
    let given = |name: Option<&str>, organisation: Option<&str>| Names::Given {
        name: name.map(str::to_owned),
        organisation: organisation.map(str::to_owned),
    };
    for _ in 0..3 {
        assert_eq!(save(&["tag:eau"], now, fr, given(None, None)).await, 1);
    }
    assert_eq!(save(&["tag:eau"], now, fr, Names::Forgotten).await, 1);
    let mut kept = 1;
    for (follows, frequency, language, names) in [
        (&["tag:eau", "tag:ponts"][..], now, fr, Names::Stay),
        (&["tag:ponts"], now, fr, Names::Stay),
        (&["tag:eau"], now, fr, Names::Stay),
        (&["tag:eau"], Frequency::Daily, fr, Names::Stay),
        (&["tag:eau"], Frequency::Daily, Language::English, Names::Stay),
        (&["tag:eau"], Frequency::Daily, Language::English, given(Some("Ann"), None)),
        (&["tag:eau"], Frequency::Daily, Language::English, given(Some("Ann"), Some("La Gazette"))),
        (&["tag:eau"], Frequency::Daily, Language::English, Names::Forgotten),
    ] {
        kept += 1;
        for _ in 0..2 {
            assert_eq!(save(follows, frequency, language, names.clone()).await, kept, "{follows:?} {names:?}");
        }
    }
    for at in [2, 3] {
        assert!(room.store.pause(ann, minute(100), &proof(), minute(at)).await.unwrap());
    }
    for _ in 0..2 {
        room.store.resume(ann, &proof(), minute(4)).await.unwrap();
    }
    for _ in 0..2 {
        room.store.leave(ann, &proof(), minute(5)).await.unwrap();
    }
    assert_eq!(proofs().await, kept + 3);
}

pub(crate) async fn a_link_changes_so_much_in_a_day(room: Room) {
    let ann = room.subscriber("ann@example.org", &["all"]).await;
    let bob = room.subscriber("bob@example.org", &["all"]).await;
    let may = async |id, at| room.store.may_change(id, minute(at)).await.unwrap();
    for at in 0..50 {
        assert!(may(ann, at).await, "{at}");
    }
    assert!(!may(ann, 50).await && !may(ann, DAY - 1).await && may(bob, 50).await);
    assert!(room.store.leave(ann, &proof(), minute(51)).await.unwrap(), "leaving is always possible");
    assert!(may(ann, DAY).await);
}
