//! What lists, exports and `subscribers show` tell of a subscriber.

use super::wording::{called, stamp};
use crate::domain::{Subscriber, SubscriberState};
use crate::task::{Newsroom, SubscriberAccount};

/// What is told of a subscriber, in this order.
pub(super) const COLUMNS: [&str; 10] =
    ["address", "name", "organisation", "language", "frequency", "state", "since", "reason", "topics", "source"];

/// The cells of a subscriber, in the order of [`COLUMNS`].
pub(super) fn cells(subscriber: &Subscriber) -> [String; 10] {
    let one = SubscriberAccount::from(subscriber);
    let [language, frequency, state, reason] =
        [one.language, one.frequency, one.state, one.reason.unwrap_or_default()].map(str::to_owned);
    let [name, organisation] = [one.name, one.organisation].map(Option::unwrap_or_default);
    [one.address, name, organisation, language, frequency, state, one.since, reason, one.topics.join(" "), one.source]
}

/// What there is to tell of a subscriber, in the order of [`COLUMNS`], in words for people.
pub(super) fn words_of(newsroom: &Newsroom, subscriber: &Subscriber) -> [String; 10] {
    let since = match subscriber.state {
        SubscriberState::Pending { since, .. } | SubscriberState::Active { since } => since,
        SubscriberState::Ended { at, .. } => at,
    };
    let [address, name, organisation, language, frequency, state, _, reason, topics, source] = cells(subscriber);
    let (frequency, state) = (called(newsroom, "frequency", &frequency), called(newsroom, "state", &state));
    let reason = called(newsroom, "ended", &reason);
    let since = stamp(newsroom, since);
    [address, name, organisation, language, frequency, state, since, reason, topics, source]
}
