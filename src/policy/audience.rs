//! Who receives an edition, as a value that a database can be asked for and a subscriber be held against.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::domain::{EditionId, Frequency, ReleaseId, Subscriber, SubscriberId, SubscriberState, Topic};

/// Whom an edition is for, among those who may be written to when its deliveries are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// An announcement's: those who follow one of its topics.
    Followers(Followers),
    /// A correction's or withdrawal's: those whom the release has reached, or may have, in a letter or a digest.
    Readers {
        /// Which release.
        release: ReleaseId,
        /// Not those whose text had this correction in it already.
        lacking: Option<String>,
    },
    /// A digest's: those who chose it, each with contents of their own.
    Digest(DigestRun),
    /// A repeat's: those to whom an edition was opened, or the ones named among them.
    Again {
        /// The edition that is repeated.
        edition: EditionId,
        /// Only these; everybody when empty.
        only: Vec<SubscriberId>,
    },
}

/// One making of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DigestRun {
    /// Daily or weekly.
    pub frequency: Frequency,
    /// What was announced up to this turn is dealt with once a reader was served.
    pub covers: u64,
}

/// Who follows something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followers {
    /// The edition's topics, [`Topic::All`] among them: who follows one of them receives it.
    pub topics: BTreeSet<Topic>,
    /// Only those who want letters this often.
    pub frequency: Frequency,
    /// Only those who were active by then.
    pub subscribed_before: DateTime<Utc>,
}

impl Followers {
    /// Who follows everything, or one of `topics`, wants letters at this `frequency` and is active since
    /// `subscribed_before` at the latest.
    #[must_use]
    pub fn new(
        topics: impl IntoIterator<Item = Topic>,
        frequency: Frequency,
        subscribed_before: DateTime<Utc>,
    ) -> Self {
        let topics = topics.into_iter().chain([Topic::All]).collect();
        Self { topics, frequency, subscribed_before }
    }

    /// Whether `subscriber` is one of them. Suppressed addresses are not its concern: a subscriber does not know
    /// whether the address is one.
    #[must_use]
    pub fn includes(&self, subscriber: &Subscriber) -> bool {
        let active = match subscriber.state {
            SubscriberState::Active { since } => since <= self.subscribed_before,
            SubscriberState::Pending { .. } | SubscriberState::Ended { .. } => false,
        };
        let pauses = subscriber.pause.is_some_and(|pause| pause.covers(self.subscribed_before));
        active && !pauses && subscriber.frequency == self.frequency && !subscriber.topics.is_disjoint(&self.topics)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EndReason, Pause, sample_subscriber};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[track_caller]
    fn check(state: SubscriberState, frequency: Frequency, follows: &[&str], expected: bool) {
        let subscriber = sample_subscriber(state, frequency, follows);
        let audience = Followers::new(["tag:eau".parse().unwrap()], Frequency::Immediate, at(10));
        assert_eq!(audience.includes(&subscriber), expected);
    }

    #[test]
    fn who_follows_a_topic_or_everything_is_included() {
        let active = SubscriberState::Active { since: at(10) };
        check(active, Frequency::Immediate, &["tag:eau"], true);
        check(active, Frequency::Immediate, &["all"], true);
        check(active, Frequency::Immediate, &["category:eau", "tag:ponts"], false);
        check(active, Frequency::Daily, &["all"], false);
    }

    #[test]
    fn who_pauses_then_is_not() {
        let audience = Followers::new([], Frequency::Immediate, at(10));
        let subscriber = sample_subscriber(SubscriberState::Active { since: at(1) }, Frequency::Immediate, &["all"]);
        for (since, until, expected) in [(9, 10, true), (9, 11, false), (10, 11, false), (11, 20, true)] {
            let pause = Some(Pause { since: at(since), until: at(until) });
            let paused = Subscriber { pause, ..subscriber.clone() };
            assert_eq!(audience.includes(&paused), expected, "{since}..{until}");
        }
    }

    #[test]
    fn who_is_not_active_by_then_is_not() {
        check(SubscriberState::Active { since: at(11) }, Frequency::Immediate, &["all"], false);
        check(SubscriberState::Pending { since: at(1), left: None }, Frequency::Immediate, &["all"], false);
        let left = SubscriberState::Ended { at: at(1), reason: EndReason::Unsubscribed };
        check(left, Frequency::Immediate, &["all"], false);
    }
}
