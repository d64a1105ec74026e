//! Fencing, lost replies, and what is left behind.

use chrono::TimeDelta;
use depeche::config::OnLostReply;
use depeche::domain::{DeliveryState, EditionState, LetterKind, RenderedLetter};
use depeche::language::Language;
use depeche::store::{Hold, Outcome, Swept};

use super::room::{CAUSE, Room, begin, finished, letter, minute};

const RESEND_AFTER: TimeDelta = TimeDelta::minutes(15);

pub(crate) async fn a_stale_owner_changes_nothing(room: Room) {
    room.subscribers(1).await;
    let id = room.sending("bridge").await;
    let first = room.claim("a", 1, minute(0)).await.remove(0);
    assert_eq!(room.begin(&first, "b", minute(1)).await, Hold::Lost);

    // The lease runs out before the letter was begun: nothing may be begun any more, be it swept or not.
    assert_eq!(room.begin(&first, "a", minute(15)).await, Hold::Lost);
    let swept = room.store.sweep(minute(15), OnLostReply::Resend, RESEND_AFTER).await.unwrap();
    assert_eq!(swept, Swept { requeued: 1, ..Swept::default() });
    let second = room.claim("b", 1, minute(16)).await.remove(0);
    assert_eq!((second.id, second.attempt), (first.id, 1), "what was not begun was no try");
    assert_eq!(room.begin(&second, "b", minute(16)).await, Hold::Kept);

    for outcome in [Outcome::Sent, Outcome::Failed, Outcome::Unknown, Outcome::Later { due: minute(90) }] {
        assert_eq!(room.finish(&first, "a", outcome, minute(17)).await, Hold::Lost);
    }
    assert_eq!(room.store.give_back("a", std::slice::from_ref(&first), None).await.unwrap(), 0);
    // The same owner with an older claim is as stale.
    let mut older = second.clone();
    older.claim = first.claim;
    assert_eq!(room.finish(&older, "b", Outcome::Failed, minute(17)).await, Hold::Lost);
    assert_eq!(room.tally(id).await, [0, 0, 1, 0, 0, 0, 0]);

    let swept = room.store.sweep(minute(30), OnLostReply::Resend, RESEND_AFTER).await.unwrap();
    assert_eq!(swept, Swept::default());
    assert_eq!(room.finish(&second, "b", Outcome::Sent, minute(30)).await, Hold::Kept);
    assert_eq!(room.finish(&second, "b", Outcome::Failed, minute(30)).await, Hold::Lost);
    assert_eq!(room.tally(id).await, [0, 0, 0, 1, 0, 0, 0]);
    // What a relay said is kept, counted or not, once a claim.
    assert_eq!(room.store.attempts_of(first.id).await.unwrap().len(), 2);
}

/// Whoever waits for a relay while an edition is stopped and goes on again holds nothing any more, although the same instance
/// may have claimed the delivery anew, for the same try.
pub(crate) async fn a_claim_from_before_a_pause_begins_nothing(room: Room) {
    room.subscribers(2).await;
    let id = room.sending("bridge").await;
    let before = room.claim("a", 1, minute(0)).await.remove(0);
    assert!(room.store.pause_edition(id, CAUSE, minute(1)).await.unwrap());
    assert!(room.store.resume_edition(id, CAUSE, minute(2)).await.unwrap());
    let again = room.claim("a", 1, minute(3)).await.remove(0);
    assert_eq!((again.id, again.attempt), (before.id, before.attempt));
    assert_eq!(room.begin(&again, "a", minute(3)).await, Hold::Kept);
    assert_eq!(room.begin(&before, "a", minute(3)).await, Hold::Lost);
    assert_eq!(room.store.give_back("a", std::slice::from_ref(&before), None).await.unwrap(), 0);
    assert_eq!(room.finish(&again, "a", Outcome::Sent, minute(4)).await, Hold::Kept);

    // Nor does what was claimed beside a pause, which did not see the claim.
    let other = room.claim("a", 1, minute(5)).await.remove(0);
    assert!(room.store.change_edition(id, &["sending"], &EditionState::Paused(None), CAUSE, minute(5)).await.unwrap());
    assert_eq!(room.begin(&other, "a", minute(5)).await, Hold::Lost);
    assert_eq!(room.store.give_back("a", std::slice::from_ref(&other), None).await.unwrap(), 1);
    assert!(room.store.resume_edition(id, CAUSE, minute(5)).await.unwrap());
    assert_eq!(room.claim("a", 1, minute(5)).await.remove(0).attempt, 1);
}

/// Two connections of one instance, each with a claim on the same delivery, one of which is over: they may ask at the same
/// time, and then share a commit.
pub(crate) async fn of_two_claims_that_ask_together_one_begins(room: Room) {
    const DELIVERIES: u32 = 8;
    room.subscribers(DELIVERIES as usize).await;
    room.sending("bridge").await;
    let before = room.claim("a", DELIVERIES, minute(0)).await;
    room.store.sweep(minute(15), OnLostReply::Resend, RESEND_AFTER).await.unwrap();
    let again = room.claim("a", DELIVERIES, minute(16)).await;
    for second in &again {
        let first = before.iter().find(|first| first.id == second.id).unwrap();
        let asked = [first, second].map(|delivery| begin(delivery, "a", minute(31), minute(16)));
        let [over, held] = asked.map(|begin| room.store.exchange(None, Some(begin)));
        let (over, held) = tokio::join!(over, held);
        assert_eq!((over.unwrap().begun, held.unwrap().begun), (Some(Hold::Lost), Some(Hold::Kept)));
        let ended = [first, second].map(|delivery| finished(delivery, "a", Outcome::Sent, minute(17)));
        let [over, held] = ended.map(|finished| room.store.exchange(Some(finished), None));
        let (over, held) = tokio::join!(over, held);
        assert_eq!((over.unwrap().finished, held.unwrap().finished), (Some(Hold::Lost), Some(Hold::Kept)));
    }
}

/// A beginning whose commit was not answered is asked for again; it is not taken for begun once its edition is stopped.
pub(crate) async fn what_began_before_a_pause_does_not_begin_again(room: Room) {
    room.subscribers(1).await;
    let id = room.sending("bridge").await;
    let delivery = room.claim("a", 1, minute(0)).await.remove(0);
    assert_eq!(room.begin(&delivery, "a", minute(1)).await, Hold::Kept);
    assert_eq!(room.store.finish_editions(OnLostReply::Resend, minute(1)).await.unwrap(), []);
    assert!(room.store.pause_edition(id, CAUSE, minute(2)).await.unwrap());
    assert_eq!(room.begin(&delivery, "a", minute(3)).await, Hold::Lost);
    assert_eq!(room.finish(&delivery, "a", Outcome::Sent, minute(4)).await, Hold::Kept);
}

pub(crate) async fn what_was_composed_before_a_correction_does_not_begin(room: Room) {
    room.subscribers(1).await;
    let id = room.sending("bridge").await;
    let composed = room.claim("a", 1, minute(0)).await.remove(0);
    let corrected = Language::ALL.map(|language| RenderedLetter {
        carries: "revision".to_owned(),
        boundary: "f".repeat(32),
        ..letter(LetterKind::Edition, language)
    });
    room.store.supersede_letters(id, &corrected, minute(1)).await.unwrap();
    // Another connection of the same dispatcher claims it with the corrected letter; the try is the first again.
    let again = room.claim("a", 1, minute(2)).await.remove(0);
    assert_eq!((again.id, again.attempt), (composed.id, composed.attempt));
    assert_ne!(again.letter, composed.letter);
    assert_eq!(room.begin(&composed, "a", minute(2)).await, Hold::Lost);
    let mut other_contents = again.clone();
    other_contents.contents = vec![1];
    assert_eq!(room.begin(&other_contents, "a", minute(2)).await, Hold::Lost);
    assert_eq!(room.begin(&again, "a", minute(2)).await, Hold::Kept);
    assert_eq!(room.tally(id).await, [0, 0, 1, 0, 0, 0, 0]);
}

pub(crate) async fn a_late_answer_still_counts(room: Room) {
    room.subscribers(1).await;
    let id = room.sending("bridge").await;
    let delivery = room.claim("a", 1, minute(0)).await.remove(0);
    room.begin(&delivery, "a", minute(0)).await;
    let swept = room.store.sweep(minute(15), OnLostReply::Resend, RESEND_AFTER).await.unwrap();
    assert_eq!(swept, Swept { lost: 1, ..Swept::default() });
    assert_eq!(room.tally(id).await, [0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(room.finish(&delivery, "a", Outcome::Sent, minute(16)).await, Hold::Kept);
    assert_eq!(room.tally(id).await, [0, 0, 0, 1, 0, 0, 0]);
    let swept = room.store.sweep(minute(90), OnLostReply::Resend, RESEND_AFTER).await.unwrap();
    assert_eq!(swept, Swept::default());
}

pub(crate) async fn a_lost_reply_is_sent_again_once(room: Room) {
    room.subscribers(1).await;
    let id = room.sending("bridge").await;
    let first = room.claim("a", 1, minute(0)).await.remove(0);
    room.begin(&first, "a", minute(0)).await;
    room.finish(&first, "a", Outcome::Unknown, minute(1)).await;
    let sweep = |at| {
        let store = room.store.clone();
        async move { store.sweep(at, OnLostReply::Resend, RESEND_AFTER).await.unwrap() }
    };
    assert_eq!(sweep(minute(15)).await, Swept::default());
    assert_eq!(room.store.finish_editions(OnLostReply::Resend, minute(15)).await.unwrap(), []);
    assert_eq!(sweep(minute(16)).await, Swept { resent: 1, ..Swept::default() });

    let second = room.claim("a", 1, minute(16)).await.remove(0);
    assert_eq!((second.id, second.attempt), (first.id, 2));
    room.begin(&second, "a", minute(16)).await;
    room.finish(&second, "a", Outcome::Unknown, minute(17)).await;
    assert_eq!(sweep(minute(600)).await, Swept::default());
    let state = room.store.delivery(first.id).await.unwrap().unwrap().state;
    assert_eq!(state, DeliveryState::Unknown { since: minute(17) });
    assert_eq!(room.tally(id).await, [0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(room.store.finish_editions(OnLostReply::Resend, minute(601)).await.unwrap(), [id]);
}

pub(crate) async fn a_lost_reply_may_be_held(room: Room) {
    room.subscribers(1).await;
    let id = room.sending("bridge").await;
    let delivery = room.claim("a", 1, minute(0)).await.remove(0);
    room.begin(&delivery, "a", minute(0)).await;
    room.finish(&delivery, "a", Outcome::Unknown, minute(1)).await;
    let swept = room.store.sweep(minute(600), OnLostReply::Hold, RESEND_AFTER).await.unwrap();
    assert_eq!(swept, Swept::default());
    assert_eq!(room.tally(id).await, [0, 0, 0, 0, 0, 0, 1]);
}

pub(crate) async fn the_relays_fault_does_not_count(room: Room) {
    room.subscribers(1).await;
    room.sending("bridge").await;
    let first = room.claim("a", 1, minute(0)).await.remove(0);
    assert_eq!(room.finish(&first, "a", Outcome::LaterUncounted { due: minute(5) }, minute(1)).await, Hold::Kept);
    assert_eq!(room.claim("a", 1, minute(4)).await, []);
    let second = room.claim("a", 1, minute(5)).await.remove(0);
    assert_eq!(second.attempt, 1);
    assert_eq!(room.finish(&second, "a", Outcome::Later { due: minute(9) }, minute(6)).await, Hold::Kept);
    let third = room.claim("a", 1, minute(9)).await.remove(0);
    assert_eq!(third.attempt, 2);
    assert_eq!(room.store.give_back("a", std::slice::from_ref(&third), None).await.unwrap(), 1);
    assert_eq!(room.claim("a", 1, minute(9)).await.remove(0).attempt, 2);
    assert_eq!(room.store.attempts_of(first.id).await.unwrap().len(), 2);
}

pub(crate) async fn claims_of_the_dead_are_void(room: Room) {
    room.subscribers(4).await;
    let id = room.sending("bridge").await;
    let dead = room.claim("dead", 2, minute(0)).await;
    room.begin(&dead[0], "dead", minute(0)).await;
    let alive = room.claim("alive", 1, minute(0)).await;
    room.begin(&alive[0], "alive", minute(0)).await;

    let swept = room.store.void_leases(Some("dead"), minute(1)).await.unwrap();
    assert_eq!(swept, Swept { requeued: 1, lost: 1, resent: 0 });
    assert_eq!(room.tally(id).await, [2, 0, 1, 0, 0, 0, 1]);
    assert_eq!(room.begin(&dead[1], "dead", minute(1)).await, Hold::Lost);
    assert_eq!(room.finish(&alive[0], "alive", Outcome::Sent, minute(1)).await, Hold::Kept);

    let short = TimeDelta::zero();
    let swept = room.store.sweep(minute(1), OnLostReply::Resend, short).await.unwrap();
    assert_eq!(swept, Swept { resent: 1, ..Swept::default() });
    assert_eq!(room.tally(id).await, [3, 0, 0, 1, 0, 0, 0]);
    // What one that was only believed dead has to say counts until the letter is claimed again.
    assert_eq!(room.finish(&dead[0], "dead", Outcome::Sent, minute(1)).await, Hold::Kept);
    assert_eq!(room.finish(&dead[1], "dead", Outcome::Failed, minute(1)).await, Hold::Kept);
    assert_eq!(room.tally(id).await, [1, 0, 0, 2, 1, 0, 0]);
}
