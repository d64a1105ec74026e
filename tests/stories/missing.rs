//! "I got nothing": why somebody did not receive an edition.

use depeche::domain::{EditionKind, EndReason, Frequency};
use depeche::task::{OfficeDecision, decide, missed_by};

use crate::draft::release;
use crate::newsroom::TestNewsroom;

/// Titles and reasons of what somebody did not receive, digests apart, latest first.
async fn missed(room: &TestNewsroom, address: &str) -> Vec<(String, &'static str)> {
    let newsroom = room.newsroom();
    let subscriber = newsroom.store.find(&address.parse().unwrap()).await.unwrap().unwrap();
    let missed = missed_by(newsroom, &subscriber, 20).await.unwrap();
    let letters = missed.into_iter().filter(|one| one.edition.kind != EditionKind::Digest);
    letters.map(|one| (one.edition.title, one.why.as_str())).collect()
}

#[track_caller]
fn check(found: &[(String, &'static str)], expected: &[(&str, &str)]) {
    let found: Vec<(&str, &str)> = found.iter().map(|(title, why)| (title.as_str(), *why)).collect();
    assert_eq!(found, expected);
}

pub(crate) async fn why_somebody_got_nothing_is_told(mut room: TestNewsroom) {
    room.start("2026-11-23T09:30:00Z").await;
    let [ann, bob, carl, dora, emil] =
        ["ann@example.org", "bob@example.org", "carl@example.org", "dora@example.org", "emil@example.org"];
    room.subscriber(ann, "all").await;
    room.subscriber(bob, "tag:bacs").await;
    room.subscriber_with(carl, "all", Frequency::Daily).await;
    let leaver = room.subscriber(dora, "all").await;
    room.end(leaver, EndReason::Bounced).await;

    room.save("un.md", &release("Un pont", "2026-11-23 09:30:00").labels("Discours", "Ponts"));
    room.look().await;
    room.pass("10m").await;
    room.letter(ann);
    room.pass("1m").await;
    room.subscriber(emil, "all").await;
    check(&missed(&room, ann).await, &[]);
    check(&missed(&room, bob).await, &[("Un pont", "topics")]);
    check(&missed(&room, carl).await, &[("Un pont", "frequency")]);
    check(&missed(&room, dora).await, &[("Un pont", "ended")]);
    check(&missed(&room, emil).await, &[("Un pont", "subscribed-later")]);

    // Who changes what they follow afterwards is told that.
    room.subscriber(bob, "all").await;
    check(&missed(&room, bob).await, &[("Un pont", "changed-since")]);

    // A correction is for those who had the release.
    let corrected = release("Un pont", "2026-11-23 09:30:00").labels("Discours", "Ponts");
    room.save("un.md", &corrected.with("correction: Il ouvre mardi."));
    room.look().await;
    room.pass("10m").await;
    room.letter(ann);
    let [correction, _] = &missed(&room, emil).await[..] else { panic!("{:?}", missed(&room, emil).await) };
    assert_eq!(correction.1, "not-reached");

    // One that waits, and is cancelled then.
    room.save("deux.md", &release("Deux ponts", "2026-11-23 11:00:00"));
    room.look().await;
    check(&missed(&room, ann).await, &[("Deux ponts", "not-opened")]);
    let edition = room.edition("Deux ponts").await.id;
    let newsroom = room.newsroom();
    decide(&newsroom.store, edition, OfficeDecision::Cancel, "office", room.now()).await.unwrap();
    check(&missed(&room, ann).await, &[("Deux ponts", "cancelled")]);
    room.office();
}
