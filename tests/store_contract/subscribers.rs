//! Subscribers: how they come, what they change, how they leave.

use std::collections::BTreeSet;

use depeche::domain::{
    DeliveryState, EndReason, Frequency, NewSubscriber, SkipReason, SubscriberState, SuppressionReason,
};
use depeche::language::Language;
use depeche::store::{Added, Asked, ConsentAction, Names, Preferences, StoreError, SubscriberFilter, Wished};

use super::room::{Room, address, confirmation, minute, newcomer, proof, topics};

const DAY: i64 = 24 * 60;

pub(crate) async fn opt_in_asks_once_a_day_and_keeps_the_proof(room: Room) {
    let ask = |follows: &'static [&'static str], at| {
        let store = room.store.clone();
        async move {
            store.subscribe_pending(&newcomer("Ann@example.org", follows), &proof(), at, confirmation).await.unwrap()
        }
    };
    let Asked { id, is_written_to } = ask(&["all"], minute(0)).await;
    assert!(is_written_to);
    assert_eq!(ask(&["tag:eau"], minute(DAY - 1)).await, Asked { id, is_written_to: false });
    assert_eq!(ask(&["tag:eau"], minute(DAY)).await, Asked { id, is_written_to: true });
    let ann = room.store.subscriber(id).await.unwrap().unwrap();
    assert_eq!(
        (ann.state, ann.topics),
        (SubscriberState::Pending { since: minute(DAY), left: None }, topics(&["tag:eau"]))
    );

    assert!(room.store.confirm(id, &proof(), minute(DAY + 1)).await.unwrap());
    assert!(room.store.confirm(id, &proof(), minute(DAY + 9)).await.unwrap());
    // Anybody can type her address: nothing of hers changes, and she is asked.
    assert_eq!(ask(&["all"], minute(3 * DAY)).await, Asked { id, is_written_to: true });
    let ann = room.store.find(&address("ANN@example.org")).await.unwrap().unwrap();
    assert_eq!(ann.state, SubscriberState::Active { since: minute(DAY + 1) });
    assert_eq!(ann.topics, topics(&["tag:eau"]));

    let kept = room.store.consents_of(id).await.unwrap();
    let actions: Vec<_> = kept.iter().map(|consent| consent.action).collect();
    assert_eq!(actions, [ConsentAction::Asked, ConsentAction::Asked, ConsentAction::Confirmed, ConsentAction::Asked]);
    assert_eq!((kept[2].at, &kept[2].proof), (minute(DAY + 1), &proof()));

    room.store.end(id, EndReason::Unsubscribed, minute(4 * DAY)).await.unwrap();
    assert!(!room.store.confirm(id, &proof(), minute(4 * DAY)).await.unwrap());
    assert_eq!(ask(&["all"], minute(5 * DAY)).await, Asked { id, is_written_to: true });
    assert!(room.store.confirm(id, &proof(), minute(5 * DAY)).await.unwrap());

    // She leaves, and somebody types her address once more: she has left still, and her proof stays.
    room.store.end(id, EndReason::Unsubscribed, minute(6 * DAY)).await.unwrap();
    assert_eq!(ask(&["all"], minute(7 * DAY)).await, Asked { id, is_written_to: true });
    assert_eq!(room.store.purge_unconfirmed(minute(20 * DAY)).await.unwrap(), 0);
    let ann = room.store.subscriber(id).await.unwrap().unwrap();
    assert!(matches!(ann.state, SubscriberState::Ended { reason: EndReason::Unsubscribed, .. }), "{:?}", ann.state);
    assert!(room.store.consents_of(id).await.unwrap().len() > 4);

    let other = room
        .store
        .subscribe_pending(&newcomer("bob@example.org", &["all"]), &proof(), minute(0), confirmation)
        .await
        .unwrap();
    assert_eq!(room.store.purge_unconfirmed(minute(0)).await.unwrap(), 0);
    assert_eq!(room.store.purge_unconfirmed(minute(1)).await.unwrap(), 1);
    assert_eq!(room.store.subscriber(other.id).await.unwrap(), None);
    assert!(!room.store.confirm(other.id, &proof(), minute(2)).await.unwrap());
}

pub(crate) async fn the_office_vouches(room: Room) {
    let full = NewSubscriber {
        name: Some("Ann".to_owned()),
        organisation: Some("Agence".to_owned()),
        language: Language::English,
        frequency: Frequency::Weekly,
        source: "colloque".to_owned(),
        ..newcomer("ann@example.org", &["tag:eau", "category:discours"])
    };
    let Added::New(id) = room.store.add_active(&full, minute(0)).await.unwrap() else { panic!("she is new") };
    assert_eq!(room.store.add_active(&full, minute(5)).await.unwrap(), Added::Changed(id));
    let ann = room.store.subscriber(id).await.unwrap().unwrap();
    assert_eq!((ann.name.as_deref(), ann.organisation.as_deref()), (Some("Ann"), Some("Agence")));
    assert_eq!((ann.language, ann.frequency, ann.source.as_str()), (Language::English, Frequency::Weekly, "colloque"));
    assert_eq!((ann.state, ann.created), (SubscriberState::Active { since: minute(0) }, minute(0)));
    assert_eq!(ann.topics, full.topics);

    assert!(room.store.end(id, EndReason::Removed, minute(6)).await.unwrap());
    assert_eq!(
        room.store.add_active(&newcomer("Ann@Example.org", &["all"]), minute(7)).await.unwrap(),
        Added::Changed(id)
    );
    let ann = room.store.subscriber(id).await.unwrap().unwrap();
    assert_eq!((ann.state, ann.topics), (SubscriberState::Active { since: minute(7) }, topics(&["all"])));
    assert_eq!(ann.name.as_deref(), Some("Ann"));

    room.subscriber("bob@example.org", &["tag:eau"]).await;
    let filter = SubscriberFilter { state: Some("active"), topic: Some("tag:eau".parse().unwrap()) };
    let listed = room.store.list(&filter).await.unwrap();
    assert_eq!(listed.iter().map(|one| one.address.as_str()).collect::<Vec<_>>(), ["bob@example.org"]);
    assert_eq!(room.store.list(&SubscriberFilter::default()).await.unwrap().len(), 2);
    let filter = SubscriberFilter { state: Some("ended"), topic: None };
    assert_eq!(room.store.list(&filter).await.unwrap(), []);
}

pub(crate) async fn who_ends_receives_nothing_more(room: Room) {
    let ids = room.subscribers(3).await;
    let edition = room.sending("bridge").await;
    let claimed = room.claim("a", 1, minute(0)).await.remove(0);
    let leaving = claimed.subscriber.unwrap();
    assert!(room.store.end(leaving, EndReason::Unsubscribed, minute(1)).await.unwrap());
    assert!(!room.store.end(leaving, EndReason::Bounced, minute(2)).await.unwrap());
    assert_eq!(room.begin(&claimed, "a", minute(1)).await, depeche::store::Hold::Lost);
    let state = room.store.delivery(claimed.id).await.unwrap().unwrap().state;
    assert_eq!(state, DeliveryState::Skipped(SkipReason::Unsubscribed));
    let ended = SubscriberState::Ended { at: minute(1), reason: EndReason::Unsubscribed };
    assert_eq!(room.store.subscriber(leaving).await.unwrap().unwrap().state, ended);

    let angry = ids.into_iter().find(|id| *id != leaving).unwrap();
    let who = room.store.subscriber(angry).await.unwrap().unwrap().address;
    assert!(room.store.end(angry, EndReason::Complained, minute(3)).await.unwrap());
    assert_eq!(room.tally(edition).await, [1, 0, 0, 0, 0, 2, 0]);
    assert_eq!(room.store.is_suppressed(&who).await.unwrap(), Some(SuppressionReason::Complained));
    let again = newcomer(who.as_str(), &["all"]);
    let refused = Added::Refused(SuppressionReason::Complained);
    assert_eq!(room.store.add_active(&again, minute(4)).await.unwrap(), refused);
    let asked = room.store.subscribe_pending(&again, &proof(), minute(4), confirmation).await.unwrap();
    assert!(!asked.is_written_to);
    for reason in [SuppressionReason::Erased, SuppressionReason::Bounced] {
        room.store.suppress(&who, reason, minute(5)).await.unwrap();
        assert_eq!(room.store.is_suppressed(&who).await.unwrap(), Some(SuppressionReason::Complained));
    }
}

pub(crate) async fn an_erased_address_is_recognised_and_not_kept(room: Room) {
    let id = room.subscriber("ann@example.org", &["all"]).await;
    let edition = room.sending("bridge").await;
    assert!(room.store.end(id, EndReason::Unsubscribed, minute(1)).await.unwrap());
    assert!(room.store.end(id, EndReason::Erased, minute(2)).await.unwrap());
    assert!(!room.store.end(id, EndReason::Erased, minute(2)).await.unwrap());
    assert_eq!(room.store.subscriber(id).await.unwrap(), None);
    assert_eq!(room.store.find(&address("ann@example.org")).await.unwrap(), None);
    assert_eq!(room.store.list(&SubscriberFilter::default()).await.unwrap(), []);
    assert_eq!(room.store.consents_of(id).await.unwrap(), []);
    assert_eq!(room.tally(edition).await, [0, 0, 0, 0, 0, 1, 0]);
    let delivery = room.store.deliveries_of_edition(edition, None, 1000).await.unwrap().remove(0);
    assert_eq!(delivery.recipient.address, address("erased@erased.invalid"));

    // The office's word does not lift an erasure, her own does.
    let again = newcomer("ann@example.org", &["all"]);
    let refused = Added::Refused(SuppressionReason::Erased);
    assert_eq!(room.store.add_active(&again, minute(3)).await.unwrap(), refused);
    let asked = room.store.subscribe_pending(&again, &proof(), minute(3), confirmation).await.unwrap();
    assert!(asked.is_written_to && asked.id != id);
    assert!(room.store.confirm(asked.id, &proof(), minute(4)).await.unwrap());
    assert_eq!(room.store.is_suppressed(&again.address).await.unwrap(), None);
}

pub(crate) async fn preferences_are_the_subscribers_own(room: Room) {
    let id = room.subscriber("ann@example.org", &["all"]).await;
    let preferences = Preferences {
        topics: topics(&["tag:eau", "tag:ponts"]),
        frequency: Frequency::Daily,
        language: Language::English,
        names: Names::Stay,
    };
    assert!(room.store.change_preferences(id, &preferences, &proof(), minute(1)).await.unwrap());
    let ann = room.store.subscriber(id).await.unwrap().unwrap();
    assert_eq!(
        (ann.topics, ann.frequency, ann.language),
        (preferences.topics.clone(), Frequency::Daily, Language::English)
    );
    assert_eq!(ann.state, SubscriberState::Active { since: minute(0) });
    let actions: BTreeSet<_> = room.store.consents_of(id).await.unwrap().iter().map(|kept| kept.action).collect();
    assert_eq!(actions, BTreeSet::from([ConsentAction::Vouched, ConsentAction::Changed]));

    room.store.end(id, EndReason::Unsubscribed, minute(2)).await.unwrap();
    assert!(!room.store.change_preferences(id, &preferences, &proof(), minute(3)).await.unwrap());
}

pub(crate) async fn a_digest_has_readers_while_somebody_chose_it_or_is_owed_it(room: Room) {
    let has = async |frequency| room.store.has_digest_readers(frequency, minute(2)).await.unwrap();
    let id = room.subscriber("ann@example.org", &["all"]).await;
    assert!(!has(Frequency::Daily).await && !has(Frequency::Weekly).await);
    let choose = async |frequency| {
        let preferences =
            Preferences { topics: topics(&["all"]), frequency, language: Language::French, names: Names::Stay };
        assert!(room.store.change_preferences(id, &preferences, &proof(), minute(1)).await.unwrap());
    };
    choose(Frequency::Daily).await;
    assert!(has(Frequency::Daily).await && !has(Frequency::Weekly).await);
    choose(Frequency::Immediate).await;
    assert!(has(Frequency::Daily).await, "the day so far is owed");
    choose(Frequency::Weekly).await;
    assert!(!has(Frequency::Daily).await && has(Frequency::Weekly).await);
    room.store.end(id, EndReason::Unsubscribed, minute(2)).await.unwrap();
    assert!(!has(Frequency::Weekly).await);
}

pub(crate) async fn whoever_cannot_be_written_to_was_not_asked(room: Room) {
    let new = newcomer("ann@example.org", &["all"]);
    let fails = |_: Wished| Err(StoreError::Closed);
    assert!(room.store.subscribe_pending(&new, &proof(), minute(0), fails).await.is_err());
    assert_eq!(room.store.find(&address("ann@example.org")).await.unwrap(), None);
    let asked = room.store.subscribe_pending(&new, &proof(), minute(1), confirmation).await.unwrap();
    assert!(asked.is_written_to);
    let claimed = room.claim("a", 10, minute(1)).await;
    assert_eq!(claimed.iter().map(|delivery| delivery.subscriber).collect::<Vec<_>>(), [Some(asked.id)]);
}
