//! The audience that the database finds is the one the plain filter finds.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use depeche::domain::{EndReason, Frequency, NewSubscriber, SubscriberId};
use depeche::policy::{Audience, Followers};
use depeche::store::{Added, SubscriberFilter};
use proptest::option;
use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};
use proptest::sample::{select, subsequence};

use super::room::{Room, confirmation, minute, newcomer, proof, topics};

const TOPICS: [&str; 5] = ["all", "tag:eau", "category:eau", "tag:ponts", "category:discours"];

#[derive(Debug, Clone)]
struct Person {
    follows: Vec<&'static str>,
    frequency: Frequency,
    since: i64,
    /// 0 and 1: active; 2: not confirmed; 3: left.
    fate: u8,
    /// From when to when they pause.
    pause: Option<(i64, i64)>,
}

fn pause() -> impl Strategy<Value = Option<(i64, i64)>> {
    option::of((0_i64..4, 1_i64..4).prop_map(|(since, length)| (since, since + length)))
}

fn people() -> impl Strategy<Value = Vec<Person>> {
    let person = (subsequence(&TOPICS[..], 1..=3), select(Frequency::ALL), 0_i64..4, 0_u8..4, pause())
        .prop_map(|(follows, frequency, since, fate, pause)| Person { follows, frequency, since, fate, pause });
    proptest::collection::vec(person, 0..12)
}

async fn settle(room: &Room, people: &[Person]) {
    for (number, person) in people.iter().enumerate() {
        let new = NewSubscriber {
            frequency: person.frequency,
            ..newcomer(&format!("reader{number}@example.org"), &person.follows)
        };
        let at = minute(person.since);
        if person.fate == 2 {
            room.store.subscribe_pending(&new, &proof(), at, confirmation).await.unwrap();
            continue;
        }
        let Added::New(id) = room.store.add_active(&new, at).await.unwrap() else { panic!("each is new") };
        if let Some((since, until)) = person.pause {
            assert!(room.store.pause(id, minute(until), &proof(), minute(since)).await.unwrap());
        }
        if person.fate == 3 {
            room.store.end(id, EndReason::Unsubscribed, at).await.unwrap();
        }
    }
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_database_and_the_filter_agree(
        people in people(),
        edition in subsequence(&TOPICS[..], 0..=3),
        frequency in select(Frequency::ALL),
        before in 0_i64..4,
        limit in 1_u32..5,
        nudge in any::<bool>(),
    ) {
        let instant = minute(before) + TimeDelta::microseconds(i64::from(nudge));
        let followers = Followers::new(topics(&edition), frequency, instant);
        let audience = Audience::Followers(followers.clone());
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (expected, found) = runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let room = Room::new(super::sqlite(&folder)).await;
            settle(&room, &people).await;
            let everyone = room.store.list(&SubscriberFilter::default()).await.unwrap();
            let expected: BTreeSet<SubscriberId> =
                everyone.iter().filter(|one| followers.includes(one)).map(|one| one.id).collect();
            let id = room.opening("bridge").await;
            while room.store.deliver_chunk(id, &audience, limit, minute(9)).await.unwrap().end.is_none() {
                room.tally(id).await;
            }
            let deliveries = room.store.deliveries_of_edition(id, None, 1000).await.unwrap();
            let found: Vec<SubscriberId> = deliveries.iter().filter_map(|delivery| delivery.subscriber).collect();
            room.store.close().await;
            (expected, found)
        });
        prop_assert_eq!(found.len(), expected.len());
        prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
    }
}
