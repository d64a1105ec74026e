//! Editions: made once, changed under guard, opened once, written in chunks.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use depeche::config::OnLostReply;
use depeche::domain::{
    DeliveryTally, EditionState, EndReason, HoldReason, LetterKind, SubscriberId, SuppressionReason, Topic,
};
use depeche::language::Language;
use depeche::register::{Announcement, NeverReason, NoTexts, RegisterChanges};
use depeche::store::{Chunk, EditionFilter, OpeningEnd, Outcome};

use super::room::{CAUSE, Room, address, announcement, everybody, letter, minute, newcomer, record, release, topics};

pub(crate) async fn one_cause_makes_one_edition(room: Room) {
    let held = announcement("bridge", EditionState::Held(HoldReason::ManyAtOnce { count: 12 }));
    let follow = topics(&["all", "tag:ponts"]);
    let (id, created) = room.store.create_edition(&held, &follow, minute(0)).await.unwrap();
    assert!(created);
    let again = announcement("bridge", EditionState::Waiting { due: minute(5) });
    assert_eq!(room.store.create_edition(&again, &topics(&["all"]), minute(1)).await.unwrap(), (id, false));
    assert_eq!(room.store.edition_topics(id).await.unwrap(), follow);

    let edition = room.store.edition(id).await.unwrap().unwrap();
    assert_eq!(edition.state, held.state);
    assert_eq!((edition.kind, edition.release.clone(), edition.created), (held.kind, held.release, minute(0)));
    assert_eq!((edition.opened, edition.ended, edition.tally), (None, None, DeliveryTally::default()));
    assert!(room.store.has_edition(&held.dedup_key).await.unwrap());
    assert!(!room.store.has_edition("announce:nobody").await.unwrap());

    let (road, _) = room
        .store
        .create_edition(&announcement("road", EditionState::Waiting { due: minute(1) }), &follow, minute(0))
        .await
        .unwrap();
    let ids =
        |editions: Vec<depeche::domain::Edition>| editions.into_iter().map(|edition| edition.id).collect::<Vec<_>>();
    let all = room.store.editions(&EditionFilter::default()).await.unwrap();
    assert_eq!(ids(all), [road, id]);
    let filter = EditionFilter { states: vec!["held", "done"], release: Some(release("bridge")) };
    assert_eq!(ids(room.store.editions(&filter).await.unwrap()), [id]);
    let filter = EditionFilter { states: vec!["held"], release: Some(release("road")) };
    assert_eq!(room.store.editions(&filter).await.unwrap(), []);

    assert!(room.store.revise_edition(id, "Le pont, enfin", &topics(&["tag:eau"])).await.unwrap());
    assert_eq!(room.store.edition(id).await.unwrap().unwrap().title, "Le pont, enfin");
    assert_eq!(room.store.edition_topics(id).await.unwrap(), topics(&["tag:eau"]));
}

pub(crate) async fn a_change_needs_the_expected_state(room: Room) {
    let id = room.waiting("bridge").await;
    let hold = EditionState::Held(HoldReason::DocumentMissing { documents: vec!["Dossier".to_owned()] });
    assert!(!room.store.change_edition(id, &["held", "paused"], &hold, CAUSE, minute(1)).await.unwrap());
    assert!(!room.store.change_edition(id, &[], &hold, CAUSE, minute(1)).await.unwrap());
    assert!(room.store.change_edition(id, &["waiting"], &hold, CAUSE, minute(1)).await.unwrap());
    assert_eq!(room.store.edition(id).await.unwrap().unwrap().state, hold);

    assert!(
        room.store.approve_edition(id, &[HoldReason::Approval.as_str()], minute(2), CAUSE, minute(2)).await.unwrap()
    );
    let office = EditionState::Held(HoldReason::Office);
    assert!(room.store.change_edition(id, &["waiting"], &office, CAUSE, minute(1)).await.unwrap());
    assert!(room.store.approve_edition(id, &[], minute(3), CAUSE, minute(3)).await.unwrap());
    let edition = room.store.edition(id).await.unwrap().unwrap();
    assert_eq!(edition.state, EditionState::Waiting { due: minute(3) });
    assert_eq!(edition.lifted, ["document-missing", "approval", "office"]);
}

pub(crate) async fn a_plan_gives_way_to_a_person(room: Room) {
    let id = room.waiting("bridge").await;
    let missing = EditionState::Held(HoldReason::DocumentMissing { documents: vec!["Dossier".to_owned()] });
    let believed = room.store.edition(id).await.unwrap().unwrap();
    assert!(room.store.replan_edition(&believed, &missing, minute(1)).await.unwrap());
    // The document arrives, and the office holds the letter before the plan is carried out.
    let believed = room.store.edition(id).await.unwrap().unwrap();
    let office = EditionState::Held(HoldReason::Office);
    assert!(room.store.change_edition(id, &["held"], &office, CAUSE, minute(1)).await.unwrap());
    assert!(!room.store.replan_edition(&believed, &EditionState::Waiting { due: minute(0) }, minute(1)).await.unwrap());
    assert_eq!(room.store.edition(id).await.unwrap().unwrap().state, office);
}

pub(crate) async fn an_announcement_opens_once(room: Room) {
    let id = room.opening("bridge").await;
    let register = room.store.load_register().await.unwrap();
    assert_eq!(register.records[&release("bridge")].announcement, Announcement::Opened);
    assert_eq!(room.store.decisions_of(&release("bridge")).await.unwrap()[0].what, "announced");
    let letters = [letter(LetterKind::Edition, Language::French)];
    assert!(!room.store.open_edition(id, &letters, None, minute(1)).await.unwrap());

    // A second edition of a release that was announced does not open, and stays as it was.
    let mut second = announcement("bridge", EditionState::Waiting { due: minute(0) });
    "announce:again".clone_into(&mut second.dedup_key);
    let (second, _) = room.store.create_edition(&second, &topics(&["all"]), minute(0)).await.unwrap();
    assert!(!room.store.open_edition(second, &letters, None, minute(1)).await.unwrap());
    let edition = room.store.edition(second).await.unwrap().unwrap();
    assert_eq!((edition.state, edition.opened), (EditionState::Waiting { due: minute(0) }, None));

    // Nobody follows: it is done at once.
    let chunk = room.store.deliver_chunk(id, &everybody(&[], minute(0)), 10, minute(1)).await.unwrap();
    assert_eq!(chunk, Chunk { written: 0, end: Some(OpeningEnd::ToNobody) });
    let edition = room.store.edition(id).await.unwrap().unwrap();
    assert_eq!((edition.state, edition.ended), (EditionState::Done, Some(minute(1))));
}

pub(crate) async fn a_cancelled_announcement_is_never_made(room: Room) {
    room.subscribers(3).await;
    let id = room.waiting("bridge").await;
    assert!(room.store.change_edition(id, &["waiting"], &EditionState::Cancelled, CAUSE, minute(1)).await.unwrap());
    let announced = |register: depeche::register::Register, name| register.records[&release(name)].announcement;
    let register = room.store.load_register().await.unwrap();
    assert_eq!(announced(register, "bridge"), Announcement::Never(NeverReason::Cancelled));
    let stale = RegisterChanges { records: vec![record("bridge").into()], ..RegisterChanges::default() };
    room.store.save_register(&stale, minute(2), &NoTexts).await.unwrap();
    let register = room.store.load_register().await.unwrap();
    assert_eq!(announced(register, "bridge"), Announcement::Never(NeverReason::Cancelled));

    // Cancelled on its way: what left has left, the rest is skipped.
    let road = room.sending("road").await;
    let claimed = room.claim("a", 2, minute(1)).await;
    room.begin(&claimed[0], "a", minute(1)).await;
    let expected = ["opening", "sending", "paused"];
    assert!(room.store.change_edition(road, &expected, &EditionState::Cancelled, CAUSE, minute(2)).await.unwrap());
    assert_eq!(room.tally(road).await, [0, 0, 1, 0, 0, 2, 0]);
    let register = room.store.load_register().await.unwrap();
    assert_eq!(announced(register, "road"), Announcement::Opened);
    assert_eq!(room.claim("b", 10, minute(3)).await, []);
    // What was in flight and comes back is not tried again.
    room.finish(&claimed[0], "a", Outcome::Later { due: minute(3) }, minute(3)).await;
    room.store.sweep(minute(4), OnLostReply::Resend, TimeDelta::minutes(15)).await.unwrap();
    assert_eq!(room.tally(road).await, [0, 0, 0, 0, 0, 3, 0]);
}

pub(crate) async fn two_instances_write_each_subscriber_once(room: Room) {
    let expected: BTreeSet<SubscriberId> = room.subscribers(50).await.into_iter().collect();
    let id = room.opening("bridge").await;
    let writing = (0..2).map(|_| {
        let store = room.store.clone();
        tokio::spawn(async move {
            let (mut written, audience) = (0, everybody(&[], minute(0)));
            loop {
                let chunk = store.deliver_chunk(id, &audience, 7, minute(1)).await.unwrap();
                written += chunk.written;
                if chunk.end.is_some() {
                    return written;
                }
            }
        })
    });
    let mut written = 0;
    for instance in writing.collect::<Vec<_>>() {
        written += instance.await.unwrap();
    }
    assert_eq!(written, 50);
    let deliveries = room.store.deliveries_of_edition(id, None, 1000).await.unwrap();
    assert_eq!(deliveries.iter().filter_map(|delivery| delivery.subscriber).collect::<BTreeSet<_>>(), expected);
    assert_eq!(room.tally(id).await, [50, 0, 0, 0, 0, 0, 0]);

    // Were the cursor lost after the rows were written, nobody would be written again.
    let again = EditionState::Opening { cursor: None };
    assert!(room.store.change_edition(id, &["sending"], &again, CAUSE, minute(2)).await.unwrap());
    let chunk = room.store.deliver_chunk(id, &everybody(&[], minute(0)), 100, minute(2)).await.unwrap();
    assert_eq!(chunk, Chunk { written: 0, end: Some(OpeningEnd::Sending) });
    assert_eq!(room.tally(id).await, [50, 0, 0, 0, 0, 0, 0]);
    assert_eq!(room.store.edition(id).await.unwrap().unwrap().state, EditionState::Sending);
}

pub(crate) async fn the_audience_is_those_who_follow_now(room: Room) {
    let all = room.subscriber("all@example.org", &["all", "tag:eau"]).await;
    let water = room.subscriber("water@example.org", &["tag:eau", "category:discours"]).await;
    room.subscriber("other@example.org", &["category:discours"]).await;
    let left = room.subscriber("left@example.org", &["all"]).await;
    room.store.end(left, EndReason::Unsubscribed, minute(0)).await.unwrap();
    room.subscriber("blocked@example.org", &["all"]).await;
    room.store.suppress(&address("Blocked@example.org"), SuppressionReason::Blocked, minute(0)).await.unwrap();
    room.store.add_active(&newcomer("late@example.org", &["all"]), minute(2)).await.unwrap();

    let id = room.opening("bridge").await;
    room.store.deliver_chunk(id, &everybody(&["tag:eau"], minute(1)), 100, minute(3)).await.unwrap();
    let mut reached: Vec<(SubscriberId, Vec<Topic>)> = Vec::new();
    for delivery in room.store.deliveries_of_edition(id, None, 1000).await.unwrap() {
        reached.push((delivery.subscriber.unwrap(), delivery.topics));
    }
    reached.sort();
    let mut expected = vec![
        (all, topics(&["all", "tag:eau"]).into_iter().collect::<Vec<_>>()),
        (water, topics(&["tag:eau"]).into_iter().collect()),
    ];
    expected.sort();
    assert_eq!(reached, expected);
}

pub(crate) async fn tallies_add_up_at_every_step(room: Room) {
    room.subscribers(6).await;
    let id = room.opening("bridge").await;
    let audience = everybody(&[], minute(0));
    let chunk = room.store.deliver_chunk(id, &audience, 4, minute(0)).await.unwrap();
    assert_eq!(chunk, Chunk { written: 4, end: None });
    assert_eq!(room.tally(id).await, [4, 0, 0, 0, 0, 0, 0]);

    // The first letters may leave while the rest is being written.
    let claimed = room.claim("a", 4, minute(0)).await;
    assert_eq!(room.tally(id).await, [0, 4, 0, 0, 0, 0, 0]);
    for delivery in &claimed {
        room.begin(delivery, "a", minute(0)).await;
    }
    assert_eq!(room.tally(id).await, [0, 0, 4, 0, 0, 0, 0]);
    room.store.deliver_chunk(id, &audience, 4, minute(1)).await.unwrap();
    assert_eq!(room.tally(id).await, [2, 0, 4, 0, 0, 0, 0]);
    assert_eq!(room.store.finish_editions(OnLostReply::Resend, minute(1)).await.unwrap(), []);

    let outcomes = [Outcome::Sent, Outcome::Failed, Outcome::Unknown, Outcome::Later { due: minute(6) }];
    for (delivery, outcome) in claimed.iter().zip(outcomes) {
        room.finish(delivery, "a", outcome, minute(1)).await;
    }
    assert_eq!(room.tally(id).await, [3, 0, 0, 1, 1, 0, 1]);
    assert_eq!(room.store.next_due().await.unwrap(), Some(minute(1)));
    for delivery in room.claim("a", 10, minute(6)).await {
        room.begin(&delivery, "a", minute(6)).await;
        room.finish(&delivery, "a", Outcome::Sent, minute(6)).await;
    }
    assert_eq!(room.tally(id).await, [0, 0, 0, 4, 1, 0, 1]);
    assert_eq!(room.store.next_due().await.unwrap(), None);
    // The unknown one may still leave by itself; where it may not, the edition is done.
    assert_eq!(room.store.finish_editions(OnLostReply::Resend, minute(7)).await.unwrap(), []);
    assert_eq!(room.store.finish_editions(OnLostReply::Hold, minute(7)).await.unwrap(), [id]);
    let edition = room.store.edition(id).await.unwrap().unwrap();
    assert_eq!((edition.state, edition.ended), (EditionState::Done, Some(minute(7))));
}

/// An instance that stood still between planning and opening does not know that the release was put off meanwhile.
pub(crate) async fn an_edition_that_was_put_off_does_not_open(room: Room) {
    let id = room.waiting("bridge").await;
    let planned = room.store.edition(id).await.unwrap().unwrap();
    let later = EditionState::Waiting { due: minute(60) };
    assert!(room.store.replan_edition(&planned, &later, minute(1)).await.unwrap());
    let letters = [letter(LetterKind::Edition, Language::French)];
    assert!(!room.store.open_edition(id, &letters, None, minute(59)).await.unwrap());
    assert!(room.store.open_edition(id, &letters, None, minute(60)).await.unwrap());
}
