//! Claims and exchanges.

use std::collections::BTreeSet;

use depeche::domain::{
    Delivery, DeliveryState, EditionState, EndReason, Frequency, HoldReason, LetterKind, Mailbox, SkipReason,
    SuppressionReason,
};
use depeche::language::Language;
use depeche::policy::{Audience, Followers};
use depeche::store::{Hold, Outcome, SingleLetter, Store};

use super::room::{
    CAUSE, LEASE, Room, address, announcement, begin, confirmation, finished, letter, minute, newcomer, proof,
};

pub(crate) async fn eight_claimers_share_without_overlap(room: Room) {
    room.subscribers(40).await;
    room.sending("bridge").await;
    let claimers: Vec<_> = (0..8)
        .map(|number| {
            let store = room.store.clone();
            tokio::spawn(async move {
                let (owner, mut mine) = (format!("claimer {number}"), Vec::new());
                loop {
                    let claimed = store.claim(&owner, 3, minute(0), LEASE).await.unwrap();
                    if claimed.is_empty() {
                        return mine;
                    }
                    assert!(claimed.len() <= 3);
                    mine.extend(claimed.into_iter().map(|delivery| delivery.id));
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for claimer in claimers {
        all.extend(claimer.await.unwrap());
    }
    // A claimer may find rows locked by another and stop; what is left is still there.
    all.extend(room.claim("last", 100, minute(0)).await.into_iter().map(|delivery| delivery.id));
    assert_eq!(all.len(), 40);
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), 40);
}

pub(crate) async fn what_is_urgent_leaves_first(room: Room) {
    room.subscribers(3).await;
    room.sending("bridge").await;
    let recipient = Mailbox::new(None, address("new@example.org"));
    for (kind, due) in [(LetterKind::Notice, 2), (LetterKind::Confirmation, 1), (LetterKind::Notice, 60)] {
        let letter = letter(kind, Language::English);
        let single =
            SingleLetter { letter: &letter, recipient: &recipient, subscriber: None, due: minute(due), cause: None };
        room.store.post_letter(&single, minute(0)).await.unwrap();
    }
    let mut kinds = Vec::new();
    for delivery in room.claim("a", 3, minute(5)).await {
        assert_eq!(delivery.state, DeliveryState::Leased { until: minute(5) + LEASE });
        assert_eq!(delivery.attempt, 1);
        kinds.push(room.store.letter(delivery.letter).await.unwrap().unwrap().kind);
    }
    assert_eq!(kinds, [LetterKind::Confirmation, LetterKind::Notice, LetterKind::Edition]);
    assert_eq!(room.claim_singles("b", minute(61)).await.len(), 1);
    assert_eq!(room.claim("b", 100, minute(5)).await.len(), 2);
}

pub(crate) async fn editions_share_what_is_claimed(room: Room) {
    room.subscribers(9).await;
    let bridge = room.sending("bridge").await;
    room.subscriber("late@example.org", &["all"]).await;
    let ferry = room.sending("ferry").await;
    let of = |claimed: &[Delivery]| claimed.iter().map(|delivery| delivery.edition.unwrap()).collect::<Vec<_>>();
    // One after the other, although all of the first have waited longer.
    let some = of(&room.claim("a", 6, minute(1)).await);
    assert_eq!(some.iter().filter(|id| **id == bridge).count(), 3);
    assert!(some.windows(2).all(|two| two[0] != two[1]), "{some:?}");
    // An odd one goes to one of them, and what one edition leaves, the other gets.
    let more = of(&room.claim("a", 12, minute(1)).await);
    assert_eq!((more.len(), more.iter().filter(|id| **id == bridge).count()), (12, 6));
    assert_eq!(of(&room.claim("a", 12, minute(1)).await), [ferry]);
    assert_eq!(room.claim_singles("a", minute(1)).await, []);
}

pub(crate) async fn a_paused_edition_is_not_claimed(room: Room) {
    room.subscribers(4).await;
    let id = room.sending("bridge").await;
    assert_eq!(room.claim("a", 1, minute(0)).await.len(), 1);
    let stopped = [EditionState::Paused(None), EditionState::Held(HoldReason::Office)];
    for state in stopped {
        assert!(room.store.change_edition(id, &["sending"], &state, CAUSE, minute(0)).await.unwrap());
        assert_eq!(room.claim("a", 1, minute(0)).await, []);
        assert_eq!(room.store.next_due().await.unwrap(), None);
        if state == EditionState::Paused(None) {
            assert!(room.store.resume_edition(id, CAUSE, minute(3)).await.unwrap());
            assert!(!room.store.resume_edition(id, CAUSE, minute(3)).await.unwrap());
            assert_eq!(room.store.edition(id).await.unwrap().unwrap().state, EditionState::Sending);
            assert_eq!(room.claim("a", 1, minute(0)).await.len(), 1);
        }
    }
    assert_eq!(room.tally(id).await, [2, 2, 0, 0, 0, 0, 0]);
}

pub(crate) async fn who_left_or_is_suppressed_is_skipped_when_claimed(room: Room) {
    let ids = room.subscribers(4).await;
    let id = room.sending("bridge").await;
    // Their deliveries are queued again by a release, as a race between writing and leaving would have them.
    let claimed = room.claim("a", 10, minute(0)).await;
    assert_eq!(room.store.give_back("a", &claimed, None).await.unwrap(), 4);
    room.store.suppress(&address("reader1@example.org"), SuppressionReason::Bounced, minute(1)).await.unwrap();
    room.store.end(ids[2], EndReason::Unsubscribed, minute(1)).await.unwrap();

    let claimed = room.claim("a", 10, minute(1)).await;
    let reached: BTreeSet<_> = claimed.iter().filter_map(|delivery| delivery.subscriber).collect();
    assert_eq!(reached, BTreeSet::from([ids[0], ids[3]]));
    assert!(claimed.iter().all(|delivery| delivery.attempt == 1));
    assert_eq!(room.tally(id).await, [0, 2, 0, 0, 0, 2, 0]);
    for (subscriber, reason) in [(ids[1], SkipReason::Suppressed), (ids[2], SkipReason::Unsubscribed)] {
        let deliveries = room.store.deliveries_of_subscriber(subscriber, 10).await.unwrap();
        assert_eq!(deliveries[0].state, DeliveryState::Skipped(reason));
    }

    // A confirmation goes to somebody who is not active yet.
    let new = newcomer("new@example.org", &["all"]);
    let asked = room.store.subscribe_pending(&new, &proof(), minute(1), confirmation).await.unwrap();
    let claimed = room.claim("a", 10, minute(1)).await;
    assert_eq!(claimed.iter().map(|delivery| delivery.subscriber).collect::<Vec<_>>(), [Some(asked.id)]);
    assert_eq!(claimed[0].recipient, Mailbox::new(None, new.address));
}

pub(crate) async fn exchanges_of_many_connections_are_all_kept(room: Room) {
    /// So many that PostgreSQL commits some beside others.
    const CONNECTIONS: usize = 200;
    room.subscribers(600).await;
    let id = room.sending("bridge").await;
    let claimed = room.claim("a", 600, minute(0)).await;
    let connections: Vec<_> = claimed
        .chunks(claimed.len() / CONNECTIONS)
        .map(|mine| {
            let (store, mine) = (room.store.clone(), mine.to_vec());
            tokio::spawn(async move {
                let mut last = None;
                for delivery in &mine {
                    let next = begin(delivery, "a", minute(20), minute(1));
                    let done = store.exchange(last.take(), Some(next)).await.unwrap();
                    assert_eq!(done.begun, Some(Hold::Kept));
                    assert_ne!(done.finished, Some(Hold::Lost));
                    last = Some(finished(delivery, "a", Outcome::Sent, minute(1)));
                }
                // The last one stays in flight: as if killed here.
            })
        })
        .collect();
    for connection in connections {
        connection.await.unwrap();
    }
    // What was answered is what another process finds.
    let survivor =
        Room { store: Store::open(&room.settings, minute(2)).await.unwrap(), settings: room.settings.clone() };
    let in_flight = u64::try_from(CONNECTIONS).unwrap();
    assert_eq!(survivor.tally(id).await, [0, 0, in_flight, 600 - in_flight, 0, 0, 0]);
    let swept = survivor.store.void_leases(None, minute(2)).await.unwrap();
    assert_eq!((swept.lost, swept.requeued), (in_flight, 0));
    let attempts = survivor.store.attempts_of(claimed[0].id).await.unwrap();
    assert_eq!(Some(&attempts[0]), finished(&claimed[0], "a", Outcome::Sent, minute(1)).attempt.as_deref());
    assert_eq!(attempts.len(), 1);

    // A caller that goes away does not take the others with it.
    let gone = tokio::time::timeout(std::time::Duration::ZERO, room.store.exchange(None, None)).await;
    drop(gone);
    let nothing = room.store.exchange(None, None).await.unwrap();
    assert_eq!((nothing.finished, nothing.begun), (None, None));
}

pub(crate) async fn exchanges_that_share_a_commit_keep_what_is_their_own(room: Room) {
    room.subscribers(7).await;
    room.sending("bridge").await;
    let claimed = room.claim("a", 7, minute(0)).await;
    let exchange = |finished, next| room.store.exchange(finished, next);
    let begins =
        |owner| claimed.iter().zip(owner).map(|(delivery, owner)| begin(delivery, owner, minute(20), minute(1)));
    // The third and the sixth are not theirs who begin them.
    let owners = ["a", "a", "b", "a", "a", "", "a"];
    let begun = futures_util::future::join_all(begins(owners).map(|begin| exchange(None, Some(begin)))).await;
    let holds: Vec<_> = begun.into_iter().map(|done| done.unwrap().begun.unwrap()).collect();
    assert_eq!(holds, owners.map(|owner| if owner == "a" { Hold::Kept } else { Hold::Lost }));
    let others = begins(["a"; 7]).enumerate().filter(|(index, _)| matches!(index, 2 | 5));
    for (_, begin) in others {
        assert_eq!(exchange(None, Some(begin)).await.unwrap().begun, Some(Hold::Kept));
    }

    let all: Vec<_> = (0..)
        .zip(&claimed)
        .map(|(number, delivery)| {
            let outcome = if number % 3 == 1 { Outcome::Failed } else { Outcome::Sent };
            let mut finished = finished(delivery, "a", outcome, minute(2));
            let made = std::sync::Arc::make_mut(finished.attempt.as_mut().unwrap());
            let word = |name: &str| if number % 3 == 1 { format!("{name} {number}") } else { name.to_owned() };
            (made.relay, made.phase, made.verdict) = (word("relay"), word("phase"), word("verdict"));
            (made.enhanced, made.reply) = ((number != 4).then(|| "5.1.1".to_owned()), format!("{{\"\\}} {number}\0"));
            finished
        })
        .collect();
    let done = futures_util::future::join_all(all.iter().map(|finished| exchange(Some(finished.clone()), None))).await;
    assert!(done.into_iter().all(|done| done.unwrap().finished == Some(Hold::Kept)));
    for finished in all {
        let mut made = (*finished.attempt.unwrap()).clone();
        made.reply = made.reply.replace('\0', "\u{fffd}");
        assert_eq!(room.store.attempts_of(finished.fence.delivery).await.unwrap(), [made]);
    }
}

pub(crate) async fn old_deliveries_become_counts(room: Room) {
    room.subscribers(3).await;
    let edition = room.sending("bridge").await;
    let claimed = room.claim("a", 3, minute(0)).await;
    for delivery in &claimed[..2] {
        room.begin(delivery, "a", minute(0)).await;
        room.finish(delivery, "a", Outcome::Sent, minute(1)).await;
    }
    assert_eq!(room.store.fold_deliveries(minute(600)).await.unwrap(), 0, "an edition under way is left alone");
    room.store.change_edition(edition, &["sending"], &EditionState::Cancelled, CAUSE, minute(2)).await.unwrap();
    let before = room.store.tally(edition).await.unwrap();
    assert_eq!((before.sent, before.skipped, before.total()), (2, 1, 3));
    assert_eq!(room.store.fold_deliveries(minute(2)).await.unwrap(), 0, "it ended no earlier than that");
    assert_eq!(room.store.fold_deliveries(minute(3)).await.unwrap(), 3);
    assert_eq!(room.store.tally(edition).await.unwrap(), before);
    assert_eq!(room.store.edition(edition).await.unwrap().unwrap().tally, before);
    assert!(room.store.deliveries_of_edition(edition, None, 1000).await.unwrap().is_empty());
    assert_eq!(room.store.fold_deliveries(minute(3)).await.unwrap(), 0);
}

pub(crate) async fn an_approved_edition_waits_without_its_hold(room: Room) {
    room.subscribers(2).await;
    room.knows("bridge").await;
    let planned = announcement("bridge", EditionState::Held(HoldReason::TooOld));
    let (held, _) = room.store.create_edition(&planned, &BTreeSet::new(), minute(0)).await.unwrap();
    assert!(room.store.approve_edition(held, &["too-old"], minute(1), CAUSE, minute(1)).await.unwrap());
    assert!(
        room.store.approve_edition(held, &["grace"], minute(2), CAUSE, minute(2)).await.unwrap(),
        "the wait can be lifted too"
    );
    let edition = room.store.edition(held).await.unwrap().unwrap();
    assert_eq!(edition.state, EditionState::Waiting { due: minute(2) });
    for word in ["too-old", "grace"] {
        assert!(edition.lifted.iter().any(|lifted| lifted == word), "{word}");
    }
    let audience = Audience::Followers(Followers::new(BTreeSet::new(), Frequency::Immediate, minute(5)));
    assert_eq!(room.store.audience_size(&audience, minute(0)).await.unwrap(), 2);
}
