//! What all instances keep to: rests and turns.

use chrono::TimeDelta;
use depeche::domain::DeliveryState;
use depeche::store::RestOf;

use super::room::{Room, minute};

pub(crate) async fn a_rest_counts_once_and_grows(room: Room) {
    const PAUSES: (TimeDelta, TimeDelta) = (TimeDelta::minutes(1), TimeDelta::minutes(3));
    let rest =
        async |at: i64| room.store.rest(RestOf::Domain, "journal.example", PAUSES, "a", minute(at)).await.unwrap();
    // Letters that were refused together are one refusal.
    assert_eq!([rest(0).await, rest(0).await], [minute(1); 2]);
    assert_eq!([rest(1).await, rest(2).await], [minute(3); 2]);
    assert_eq!(rest(3).await, minute(6));
    assert_eq!(rest(6).await, minute(9), "never longer than that");
    assert_eq!(room.store.rest(RestOf::Relay, "journal.example", PAUSES, "a", minute(6)).await.unwrap(), minute(7));
    let known = room.store.rests().await.unwrap();
    let domain = known.iter().find(|rest| rest.of == RestOf::Domain).unwrap();
    assert_eq!((known.len(), domain.name.as_str(), domain.until), (2, "journal.example", minute(9)));
    room.store.end_rest(RestOf::Domain, "journal.example").await.unwrap();
    assert_eq!(rest(10).await, minute(11));

    // One that does not grow makes the next no longer.
    for at in [20, 21, 22] {
        let same = (PAUSES.0, PAUSES.0);
        let until = room.store.rest(RestOf::Domain, "other.example", same, "a", minute(at)).await.unwrap();
        assert_eq!(until, minute(at + 1));
    }
    assert_eq!(room.store.rest(RestOf::Domain, "other.example", PAUSES, "a", minute(30)).await.unwrap(), minute(31));
}

/// An instance whose clock is hours ahead makes nobody wait for hours, not even itself once its clock is right.
pub(crate) async fn a_clock_that_was_ahead_stops_nobody(room: Room) {
    const PAUSES: (TimeDelta, TimeDelta) = (TimeDelta::minutes(1), TimeDelta::minutes(3));
    let ahead = minute(120);
    let rest = async |at| room.store.rest(RestOf::Relay, "relay", PAUSES, "a", at).await.unwrap();
    assert_eq!([rest(ahead).await, rest(minute(0)).await], [minute(121), minute(2)]);
    let turn = async |at| room.store.take_turns("relay", 5, TimeDelta::seconds(1), at).await.unwrap();
    assert_eq!([turn(ahead).await, turn(minute(0)).await], [ahead, minute(0)]);
}

pub(crate) async fn what_is_put_off_loses_no_try(room: Room) {
    room.subscribers(3).await;
    let id = room.sending("bridge").await;
    let claimed = room.claim("a", 3, minute(0)).await;
    let later = Some(minute(5));
    assert_eq!(room.store.give_back("b", &claimed, later).await.unwrap(), 0, "nobody puts off what another holds");
    assert_eq!(room.store.give_back("a", &claimed[..2], later).await.unwrap(), 2);
    assert_eq!(room.tally(id).await, [2, 1, 0, 0, 0, 0, 0]);
    assert_eq!(room.claim("a", 3, minute(4)).await, []);
    let again = room.claim("a", 3, minute(5)).await;
    assert_eq!(
        again.iter().map(|delivery| (delivery.id, delivery.attempt)).collect::<Vec<_>>(),
        [(claimed[0].id, 1), (claimed[1].id, 1)]
    );
    assert!(again.iter().all(|delivery| matches!(delivery.state, DeliveryState::Leased { .. })));
}

pub(crate) async fn turns_at_a_relay_are_taken_once(room: Room) {
    let interval = TimeDelta::seconds(10);
    let turns = async |relay: &str, count: u32, at: i64| {
        room.store.take_turns(relay, count, interval, minute(at)).await.unwrap()
    };
    assert_eq!(turns("a", 6, 0).await, minute(0));
    assert_eq!(turns("a", 6, 0).await, minute(1));
    assert_eq!(turns("b", 1, 0).await, minute(0));
    assert_eq!(turns("a", 1, 1).await, minute(2));
    assert_eq!(turns("a", 1, 9).await, minute(9), "nobody saves turns up");
}
