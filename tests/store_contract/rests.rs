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
}

pub(crate) async fn what_is_put_off_loses_no_try(room: Room) {
    room.subscribers(3).await;
    let id = room.sending("bridge").await;
    let claimed = room.claim("a", 3, minute(0)).await;
    let ids: Vec<_> = claimed.iter().map(|delivery| delivery.id).collect();
    room.store.put_off("b", &ids, minute(5)).await.unwrap();
    assert_eq!(room.tally(id).await, [0, 3, 0, 0, 0, 0, 0], "nobody puts off what another holds");
    room.store.put_off("a", &ids[..2], minute(5)).await.unwrap();
    assert_eq!(room.tally(id).await, [2, 1, 0, 0, 0, 0, 0]);
    assert_eq!(room.claim("a", 3, minute(4)).await, []);
    let again = room.claim("a", 3, minute(5)).await;
    assert_eq!(
        again.iter().map(|delivery| (delivery.id, delivery.attempt)).collect::<Vec<_>>(),
        [(ids[0], 1), (ids[1], 1)]
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
