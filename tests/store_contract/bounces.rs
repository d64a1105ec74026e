//! What came back.

use chrono::TimeDelta;
use depeche::config::OnLostReply;
use depeche::domain::{
    Bounce, BounceKind, Delivery, Digest, EditionState, EndReason, LetterKind, Mailbox, ReportAction, SubscriberState,
    SuppressionReason,
};
use depeche::language::Language;
use depeche::policy::Consequence;
use depeche::store::{AddressSide, Kept, Outcome, SingleLetter};

use super::room::{CAUSE, Room, address, letter, minute, nobody_asked, proof};

fn bounce(delivery: &Delivery, kind: BounceKind, report: &str, at: i64) -> Bounce {
    Bounce {
        delivery: delivery.id,
        at: minute(at),
        kind,
        action: Some(ReportAction::Failed),
        status: "5.1.1".parse().ok(),
        diagnostic: "smtp; 550 5.1.1 no\0".to_owned(),
        digest: Digest::of(report.as_bytes()),
    }
}

/// Letters to so many readers, all sent.
async fn sent(room: &Room, readers: usize) -> Vec<Delivery> {
    room.subscribers(readers).await;
    room.sending("bridge").await;
    let claimed = room.claim("a", 100, minute(0)).await;
    for delivery in &claimed {
        room.begin(delivery, "a", minute(0)).await;
        room.finish(delivery, "a", Outcome::Sent, minute(1)).await;
    }
    claimed
}

pub(crate) async fn a_report_counts_once_whoever_brings_it(room: Room) {
    let letters = sent(&room, 2).await;
    let keep = |bounce: Bounce| {
        let store = room.store.clone();
        tokio::spawn(async move { store.keep_bounce(&bounce, chrono_tz::UTC).await.unwrap() })
    };
    // The same report by eight ways at once.
    let ways: Vec<_> = (0..8).map(|_| keep(bounce(&letters[0], BounceKind::Hard, "one", 5))).collect();
    let mut kept = Vec::new();
    for way in ways {
        kept.push(way.await.unwrap());
    }
    let subscriber = letters[0].subscriber;
    let new = Kept::New { consequence: Consequence::Suppress, subscriber, ended: true };
    assert_eq!(kept.iter().filter(|one| **one == new).count(), 1, "{kept:?}");
    assert_eq!(kept.iter().filter(|one| **one == Kept::Known).count(), 7, "{kept:?}");
    let known = bounce(&letters[0], BounceKind::Hard, "one", 5);
    let back = Bounce { diagnostic: "smtp; 550 5.1.1 no\u{FFFD}".to_owned(), ..known };
    assert_eq!(room.store.bounces_of(letters[0].id).await.unwrap(), std::slice::from_ref(&back));
    let outcomes = room.store.outcomes_of_edition(letters[0].edition.unwrap(), None, 10).await.unwrap();
    let returned: Vec<_> = outcomes.iter().flat_map(|outcome| &outcome.bounces).collect();
    assert_eq!((returned, outcomes.len()), (vec![&back], 2));
    let hash = &letters[0].recipient.address;
    assert_eq!(room.store.is_suppressed(hash).await.unwrap(), Some(SuppressionReason::Bounced));

    // Two reports on a closed mailbox at once, on two letters: one of them is the second.
    let more = room.sending("quay").await;
    let quay = room.claim("a", 100, minute(6)).await;
    assert_eq!(quay.len(), 1, "whoever bounced gets nothing more");
    assert_eq!(quay[0].edition, Some(more));
    let first = keep(bounce(&letters[1], BounceKind::Closed, "two", 7));
    let second = keep(bounce(&quay[0], BounceKind::Closed, "three", 7));
    let kept = [first.await.unwrap(), second.await.unwrap()];
    let ended = |one: &&Kept| matches!(one, Kept::New { ended: true, consequence: Consequence::Suppress, .. });
    assert_eq!(kept.iter().filter(ended).count(), 1, "{kept:?}");
    let nobody =
        Bounce { delivery: depeche::domain::DeliveryId::new(99), ..bounce(&quay[0], BounceKind::Hard, "x", 8) };
    assert_eq!(keep(nobody).await.unwrap(), Kept::NoDelivery);
}

pub(crate) async fn what_comes_back_of_another_address_ends_nobody(room: Room) {
    let ann = room.subscriber("ann@example.org", &["all"]).await;
    let letter = letter(LetterKind::Request, Language::French);
    let question = async |to: &str| {
        let recipient = Mailbox::new(None, address(to));
        let (due, subscriber) = (minute(0), Some(ann));
        let single = SingleLetter { letter: &letter, recipient: &recipient, subscriber, due, cause: None };
        let id = room.store.post_letter(&single, minute(0)).await.unwrap().unwrap();
        room.store.delivery(id).await.unwrap().unwrap()
    };
    // Somebody with a forwarded link asked for addresses that do not exist, or complain.
    for (to, kind, reason) in [
        ("nobody@example.net", BounceKind::Hard, SuppressionReason::Bounced),
        ("angry@example.net", BounceKind::Complaint, SuppressionReason::Complained),
    ] {
        let back = bounce(&question(to).await, kind, to, 5);
        let kept = room.store.keep_bounce(&back, chrono_tz::UTC).await.unwrap();
        assert!(matches!(kept, Kept::New { ended: false, .. }), "{kept:?}");
        assert_eq!(room.store.is_suppressed(&address(to)).await.unwrap(), Some(reason));
    }
    let active =
        async || matches!(room.store.subscriber(ann).await.unwrap().unwrap().state, SubscriberState::Active { .. });
    assert!(active().await);
    // What comes back of her own ends her subscription; of the one that she left, no more.
    let old = question("ann@example.org").await;
    let asked = room
        .store
        .ask_address(ann, &address("ann@example.net"), &proof(), minute(6), nobody_asked)
        .await
        .unwrap()
        .unwrap();
    for side in [AddressSide::Old, AddressSide::New] {
        room.store.agree_to_address(asked.change, side, &proof(), minute(6)).await.unwrap();
    }
    room.store.keep_bounce(&bounce(&old, BounceKind::Hard, "old", 7), chrono_tz::UTC).await.unwrap();
    assert!(active().await);
    let own = question("ann@example.net").await;
    room.store.keep_bounce(&bounce(&own, BounceKind::Hard, "own", 8), chrono_tz::UTC).await.unwrap();
    assert!(!active().await);
}

pub(crate) async fn what_came_back_goes_with_its_deliveries(room: Room) {
    let letters = sent(&room, 2).await;
    for (delivery, report) in [(&letters[0], "one"), (&letters[1], "two")] {
        room.store.keep_bounce(&bounce(delivery, BounceKind::Soft, report, 5), chrono_tz::UTC).await.unwrap();
    }
    let reader = letters[0].subscriber.unwrap();
    assert!(room.store.end(reader, EndReason::Erased, minute(6)).await.unwrap());
    assert_eq!(room.store.bounces_of(letters[0].id).await.unwrap(), [], "it may quote the address");
    room.store.keep_bounce(&bounce(&letters[0], BounceKind::Soft, "late", 6), chrono_tz::UTC).await.unwrap();
    assert_eq!(room.store.bounces_of(letters[0].id).await.unwrap()[0].diagnostic, "");
    let edition = letters[0].edition.unwrap();
    room.store.change_edition(edition, &["sending"], &EditionState::Done, CAUSE, minute(6)).await.unwrap();
    while room.store.fold_deliveries(minute(60)).await.unwrap() > 0 {}
    assert_eq!(room.store.bounces_of(letters[1].id).await.unwrap(), []);
    assert_eq!(room.tally(edition).await[3], 2);
    let erased = &letters[0].recipient.address;
    assert_eq!(room.store.is_suppressed(erased).await.unwrap(), Some(SuppressionReason::Erased));
}

pub(crate) async fn what_comes_back_was_accepted(room: Room) {
    room.subscribers(1).await;
    let edition = room.sending("bridge").await;
    let letter = room.claim("a", 1, minute(0)).await.remove(0);
    room.begin(&letter, "a", minute(0)).await;
    room.finish(&letter, "a", Outcome::Unknown, minute(1)).await;
    room.store.keep_bounce(&bounce(&letter, BounceKind::Delayed, "one", 2), chrono_tz::UTC).await.unwrap();
    let swept = room.store.sweep(minute(60), OnLostReply::Resend, TimeDelta::minutes(15)).await.unwrap();
    assert_eq!(swept.resent, 0);
    assert_eq!(room.tally(edition).await, [0, 0, 0, 1, 0, 0, 0]);
}

pub(crate) async fn an_edition_is_read_page_by_page(room: Room) {
    let letters = sent(&room, 7).await;
    let edition = letters[0].edition.unwrap();
    for (number, letter) in letters.iter().enumerate() {
        if number % 2 == 0 {
            let kept = room.store.keep_bounce(&bounce(letter, BounceKind::Soft, "one", 5), chrono_tz::UTC).await;
            assert!(matches!(kept, Ok(Kept::New { .. })), "{kept:?}");
        }
    }
    let (mut after, mut pages, mut read) = (None, Vec::new(), Vec::new());
    loop {
        let page = room.store.outcomes_of_edition(edition, after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.delivery.subscriber;
        pages.push(page.len());
        read.extend(page);
    }
    assert_eq!(pages, [3, 3, 1]);
    read.sort_by_key(|outcome| outcome.delivery.id);
    for (number, (outcome, letter)) in read.iter().zip(&letters).enumerate() {
        assert_eq!(outcome.delivery.id, letter.id);
        assert_eq!(outcome.attempts, room.store.attempts_of(letter.id).await.unwrap());
        assert_eq!(outcome.attempts.len(), 1);
        assert_eq!(outcome.bounces, room.store.bounces_of(letter.id).await.unwrap());
        assert_eq!(outcome.bounces.len(), usize::from(number % 2 == 0));
    }
    let own = room.store.outcomes_of_subscriber(letters[0].subscriber.unwrap(), 9).await.unwrap();
    assert_eq!(own, [read[0].clone()]);
}

pub(crate) async fn what_somebody_has_no_delivery_of_is_known(room: Room) {
    let letters = sent(&room, 1).await;
    let ann = letters[0].subscriber.unwrap();
    let bob = room.subscriber("late@example.org", &["all"]).await;
    let edition = letters[0].edition.unwrap();
    assert_eq!(room.store.editions_without(ann, 5).await.unwrap(), []);
    assert_eq!(room.store.editions_without(bob, 5).await.unwrap(), [(edition, false)]);
    assert_eq!(room.store.editions_without(bob, 0).await.unwrap(), []);
    assert_eq!(room.store.suppression_of(ann).await.unwrap(), None);
    room.store.keep_bounce(&bounce(&letters[0], BounceKind::Hard, "one", 5), chrono_tz::UTC).await.unwrap();
    assert_eq!(room.store.suppression_of(ann).await.unwrap(), Some((SuppressionReason::Bounced, minute(5))));
    assert_eq!(room.store.suppression_of(bob).await.unwrap(), None);
    // Once only counts are left, nobody knows any more.
    room.store.finish_editions(OnLostReply::Resend, minute(10)).await.unwrap();
    assert!(room.store.fold_deliveries(minute(11)).await.unwrap() > 0);
    assert_eq!(room.store.editions_without(ann, 5).await.unwrap(), [(edition, true)]);
}
