//! Why somebody did not receive an edition: what to tell a person who says that nothing came.
//!
//! What is known is how they stand now, and since when. Should they have changed what they follow after the edition had
//! opened, that is said where nothing else explains it.

use chrono::{DateTime, Utc};

use super::{Audience, DigestRun, Followers};
use crate::domain::{Edition, EditionState, EndReason, Frequency, Subscriber, SubscriberState, SuppressionReason};

/// How a reader stands.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// As they are now.
    pub subscriber: &'a Subscriber,
    /// Why nothing is sent to their address, and since when.
    pub suppressed: Option<(SuppressionReason, DateTime<Utc>)>,
    /// When they last said what they want, or the office for them.
    pub changed: Option<DateTime<Utc>>,
}

/// Why a reader has no delivery of an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// It is held or waits for its time.
    NotOpened,
    /// It was cancelled before it opened.
    Cancelled,
    /// Its deliveries are being written: theirs may come yet.
    Opening,
    /// It is so old that only counts of its deliveries are kept.
    Forgotten,
    /// They never confirmed.
    NotConfirmed,
    /// They had left.
    Ended(EndReason, DateTime<Utc>),
    /// They subscribed afterwards.
    Later(DateTime<Utc>),
    /// They paused, until then.
    Paused(DateTime<Utc>),
    /// Nothing was sent to their address any more.
    Suppressed(SuppressionReason),
    /// They follow none of its topics.
    Topics,
    /// They want letters this often, and it was for others.
    Frequency(Frequency),
    /// The digest held nothing that they follow and had not had.
    NothingNew,
    /// It follows up a letter that had not reached them, or that had this text already.
    NotReached,
    /// It repeats an edition for those who had that one, or for some of them.
    NotAmongThem,
    /// They would receive it as they stand, and changed that afterwards.
    Changed(DateTime<Utc>),
    /// Nothing that is known explains it.
    Unexplained,
}

impl Missed {
    /// The reason's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotOpened => "not-opened",
            Self::Cancelled => "cancelled",
            Self::Opening => "opening",
            Self::Forgotten => "forgotten",
            Self::NotConfirmed => "not-confirmed",
            Self::Ended(..) => "ended",
            Self::Later(_) => "subscribed-later",
            Self::Paused(_) => "paused",
            Self::Suppressed(_) => "suppressed",
            Self::Topics => "topics",
            Self::Frequency(_) => "frequency",
            Self::NothingNew => "nothing-new",
            Self::NotReached => "not-reached",
            Self::NotAmongThem => "not-among-them",
            Self::Changed(_) => "changed-since",
            Self::Unexplained => "unexplained",
        }
    }

    /// What belongs to it: a date, a reason, a frequency.
    #[must_use]
    pub fn detail(self) -> String {
        match self {
            Self::Ended(reason, at) => format!("{reason}, {}", at.to_rfc3339()),
            Self::Later(at) | Self::Changed(at) | Self::Paused(at) => at.to_rfc3339(),
            Self::Suppressed(reason) => reason.to_string(),
            Self::Frequency(frequency) => frequency.to_string(),
            Self::NotOpened
            | Self::Cancelled
            | Self::Opening
            | Self::Forgotten
            | Self::NotConfirmed
            | Self::Topics
            | Self::NothingNew
            | Self::NotReached
            | Self::NotAmongThem
            | Self::Unexplained => String::new(),
        }
    }
}

/// Why `reader` has no delivery of `edition`, which was for `audience`.
#[must_use]
pub fn missed(edition: &Edition, audience: &Audience, reader: &Reader<'_>) -> Missed {
    let Some(opened) = edition.opened else {
        if edition.state == EditionState::Cancelled {
            return Missed::Cancelled;
        }
        if let SubscriberState::Ended { at, reason } = reader.subscriber.state {
            return Missed::Ended(reason, at);
        }
        let why = not_for(audience, reader.subscriber);
        // What else it will hold, and whom it follows, is known once it opens.
        let known = why.filter(|why| matches!(why, Missed::Topics | Missed::Frequency(_)));
        return known.unwrap_or(Missed::NotOpened);
    };
    let subscriber = reader.subscriber;
    match subscriber.state {
        SubscriberState::Pending { .. } => return Missed::NotConfirmed,
        // Of whom a list says that they left elsewhere, nothing earlier is known.
        SubscriberState::Ended { at, reason } if at <= opened.max(subscriber.created) => {
            return Missed::Ended(reason, at);
        }
        SubscriberState::Active { since } if since > opened => return Missed::Later(since),
        SubscriberState::Active { .. } | SubscriberState::Ended { .. } => {}
    }
    if subscriber.created > opened {
        return Missed::Later(subscriber.created);
    }
    if let Some((reason, at)) = reader.suppressed
        && at <= opened
    {
        return Missed::Suppressed(reason);
    }
    if let Some(pause) = subscriber.pause
        && pause.covers(opened)
    {
        return Missed::Paused(pause.until);
    }
    if let Some(why) = not_for(audience, subscriber) {
        return why;
    }
    match (reader.changed.filter(|at| *at > opened), &edition.state) {
        (_, EditionState::Opening { .. }) => Missed::Opening,
        (Some(at), _) => Missed::Changed(at),
        (None, _) => Missed::Unexplained,
    }
}

/// Why an edition for `audience` was not for this subscriber.
fn not_for(audience: &Audience, subscriber: &Subscriber) -> Option<Missed> {
    match audience {
        Audience::Followers(Followers { topics, .. }) if subscriber.topics.is_disjoint(topics) => Some(Missed::Topics),
        Audience::Followers(Followers { frequency, .. }) | Audience::Digest(DigestRun { frequency, .. })
            if *frequency != subscriber.frequency =>
        {
            Some(Missed::Frequency(subscriber.frequency))
        }
        Audience::Followers(_) => None,
        Audience::Digest(_) => Some(Missed::NothingNew),
        Audience::Readers { .. } => Some(Missed::NotReached),
        Audience::Again { .. } => Some(Missed::NotAmongThem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DeliveryTally, EditionId, EditionKind, HoldReason, Pause, Topic, sample_subscriber};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// An edition that opened at 100.
    fn edition(state: EditionState) -> Edition {
        Edition {
            id: EditionId::new(1),
            kind: EditionKind::Announcement,
            release: None,
            subject: String::new(),
            title: "Un pont".to_owned(),
            opened: (!state.is_before_opening() && state != EditionState::Cancelled).then(|| at(100)),
            state,
            lifted: Vec::new(),
            created: at(90),
            ended: None,
            tally: DeliveryTally::default(),
        }
    }

    fn ann(state: SubscriberState, frequency: Frequency, topic: &str) -> Subscriber {
        sample_subscriber(state, frequency, &[topic])
    }

    fn followers() -> Audience {
        Audience::Followers(Followers::new(["tag:eau".parse::<Topic>().unwrap()], Frequency::Immediate, at(100)))
    }

    const SINCE_LONG: SubscriberState = SubscriberState::Active { since: DateTime::UNIX_EPOCH };

    #[track_caller]
    fn check(subscriber: &Subscriber, suppressed: Option<i64>, changed: Option<i64>, expected: Missed) {
        let suppressed = suppressed.map(|instant| (SuppressionReason::Bounced, at(instant)));
        let reader = Reader { subscriber, suppressed, changed: changed.map(at) };
        assert_eq!(missed(&edition(EditionState::Done), &followers(), &reader), expected);
    }

    #[test]
    fn how_a_reader_stands_says_why() {
        let with = |state| ann(state, Frequency::Immediate, "all");
        check(&with(SubscriberState::Pending { since: at(1), left: None }), None, None, Missed::NotConfirmed);
        check(&with(SubscriberState::Active { since: at(101) }), None, Some(101), Missed::Later(at(101)));
        let ended = |instant| SubscriberState::Ended { at: at(instant), reason: EndReason::Bounced };
        check(&with(ended(99)), None, None, Missed::Ended(EndReason::Bounced, at(99)));
        check(&with(SINCE_LONG), Some(99), None, Missed::Suppressed(SuppressionReason::Bounced));
        check(&ann(SINCE_LONG, Frequency::Immediate, "tag:feu"), None, None, Missed::Topics);
        check(&ann(SINCE_LONG, Frequency::Daily, "tag:eau"), None, None, Missed::Frequency(Frequency::Daily));
        // It would not have been in the digest either.
        check(&ann(SINCE_LONG, Frequency::Daily, "tag:feu"), None, None, Missed::Topics);
    }

    #[test]
    fn a_pause_says_why_while_it_lasted() {
        let with = |since, until| {
            let pause = Some(Pause { since: at(since), until: at(until) });
            Subscriber { pause, ..ann(SINCE_LONG, Frequency::Immediate, "all") }
        };
        check(&with(100, 101), None, Some(150), Missed::Paused(at(101)));
        check(&with(90, 100), None, None, Missed::Unexplained);
        check(&with(101, 200), None, None, Missed::Unexplained);
        check(&with(90, 200), Some(99), None, Missed::Suppressed(SuppressionReason::Bounced));
    }

    #[test]
    fn what_came_afterwards_is_no_reason_but_for_a_change() {
        check(&ann(SINCE_LONG, Frequency::Immediate, "all"), Some(101), Some(99), Missed::Unexplained);
        check(&ann(SINCE_LONG, Frequency::Immediate, "all"), None, Some(101), Missed::Changed(at(101)));
        let left = SubscriberState::Ended { at: at(101), reason: EndReason::Unsubscribed };
        check(&ann(left, Frequency::Immediate, "tag:feu"), None, None, Missed::Topics);
        let left_later = SubscriberState::Ended { at: at(160), reason: EndReason::Unsubscribed };
        let since = Subscriber { created: at(150), ..ann(left_later, Frequency::Immediate, "all") };
        check(&since, None, None, Missed::Later(at(150)));
    }

    #[test]
    fn who_came_as_gone_never_subscribed() {
        let gone = SubscriberState::Ended { at: at(150), reason: EndReason::Unsubscribed };
        let gone = Subscriber { created: at(150), ..ann(gone, Frequency::Immediate, "tag:feu") };
        let expected = Missed::Ended(EndReason::Unsubscribed, at(150));
        check(&gone, None, None, expected);
        let reader = Reader { subscriber: &gone, suppressed: None, changed: None };
        let coming = edition(EditionState::Waiting { due: at(200) });
        assert_eq!(missed(&coming, &followers(), &reader), expected);
    }

    #[test]
    fn an_edition_may_not_have_come_to_them_yet() {
        let subscriber = ann(SINCE_LONG, Frequency::Immediate, "all");
        let reader = Reader { subscriber: &subscriber, suppressed: None, changed: None };
        for (state, expected) in [
            (EditionState::Held(HoldReason::Approval), Missed::NotOpened),
            (EditionState::Waiting { due: at(200) }, Missed::NotOpened),
            (EditionState::Cancelled, Missed::Cancelled),
            (EditionState::Opening { cursor: None }, Missed::Opening),
            (EditionState::Paused(None), Missed::Unexplained),
        ] {
            assert_eq!(missed(&edition(state), &followers(), &reader), expected);
        }
    }

    #[test]
    fn each_audience_has_its_reason() {
        let subscriber = ann(SINCE_LONG, Frequency::Daily, "all");
        let reader = Reader { subscriber: &subscriber, suppressed: None, changed: None };
        let digest = |frequency| Audience::Digest(DigestRun { frequency, covers: 1 });
        let release = "tag:example.org,2026:pont".parse().unwrap();
        for (audience, expected) in [
            (digest(Frequency::Daily), Missed::NothingNew),
            (digest(Frequency::Weekly), Missed::Frequency(Frequency::Daily)),
            (Audience::Readers { release, lacking: None }, Missed::NotReached),
            (Audience::Again { edition: EditionId::new(1), only: Vec::new() }, Missed::NotAmongThem),
        ] {
            assert_eq!(missed(&edition(EditionState::Done), &audience, &reader), expected);
        }
    }
}
