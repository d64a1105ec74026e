//! What follows when something comes back: nothing, the end of a subscription, or word to the office.
//!
//! The report's action says whether the letter failed; its status code (RFC 3463) only why. Words are never read. Days
//! are civil days in the site's zone.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::domain::{Bounce, BounceKind, DeliveryId, Phase, Reply, ReportAction, StatusCode};

/// On how many days letters must come back before an address that may be good again is given up.
const SOFT_DAYS: usize = 5;
/// Within how many days, today included.
const SOFT_WITHIN: TimeDelta = TimeDelta::days(30);
/// How many letters must find a mailbox closed before it is given up.
const CLOSED_LETTERS: usize = 2;

/// What follows from something that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// Nothing but that it is remembered.
    Noted,
    /// It is our own fault: the office is told, nobody's subscription suffers.
    TellOffice,
    /// The subscription ends. The address may be subscribed again.
    Suspend,
    /// The subscription ends, and nothing is sent to the address any more.
    Suppress,
    /// The same, for good: its owner complained.
    SuppressComplaint,
}

/// Which sort of news it is that a server did `action`, for the reason that `status` gives.
///
/// ```
/// use depeche::domain::{BounceKind, ReportAction};
/// use depeche::policy::bounce_kind;
///
/// let expired = bounce_kind(ReportAction::Failed, "4.4.7".parse().ok());
/// assert_eq!(expired, BounceKind::Soft);
/// assert_eq!(bounce_kind(ReportAction::Delayed, "4.4.7".parse().ok()), BounceKind::Delayed);
/// ```
#[must_use]
pub fn bounce_kind(action: ReportAction, status: Option<StatusCode>) -> BounceKind {
    match action {
        ReportAction::Delivered | ReportAction::Relayed | ReportAction::Expanded => BounceKind::Arrived,
        ReportAction::Delayed => BounceKind::Delayed,
        ReportAction::Failed => status.map_or(BounceKind::Soft, failure),
    }
}

/// The same news when a report names only others: our address was an alias, and may lead to many more than the one that is
/// gone. It counts by days, like anything that may pass.
#[must_use]
pub const fn of_others(kind: BounceKind) -> BounceKind {
    match kind {
        BounceKind::Hard | BounceKind::Closed => BounceKind::Soft,
        BounceKind::Arrived | BounceKind::Delayed | BounceKind::Fault | BounceKind::Soft | BounceKind::Complaint => {
            kind
        }
    }
}

/// Which sort of news it is that a relay refused a letter in conversation, and it is given up. `None` when it tells nothing of
/// the recipient: a relay that refuses everybody for a week must not end every subscription.
///
/// ```
/// use depeche::domain::{BounceKind, Phase, Reply};
/// use depeche::policy::refusal_kind;
///
/// let unknown = Reply::new(550, "5.1.1 no such user");
/// assert_eq!(refusal_kind(Phase::Recipient, &unknown), Some(BounceKind::Hard));
/// assert_eq!(refusal_kind(Phase::MailFrom, &unknown), Some(BounceKind::Fault));
/// ```
#[must_use]
pub fn refusal_kind(phase: Phase, reply: &Reply) -> Option<BounceKind> {
    /// A mailbox that is not there, not local, or cannot be named so (RFC 5321 §4.2.3).
    const OF_A_MAILBOX: [u16; 3] = [550, 551, 553];
    match (phase, reply.enhanced) {
        (Phase::Recipient, Some(status)) if matches!(status.subject, 1 | 2) => Some(failure(status)),
        (Phase::Recipient, None) if OF_A_MAILBOX.contains(&reply.code) => Some(BounceKind::Soft),
        _ if reply.is_temporary() => None,
        _ => Some(BounceKind::Fault),
    }
}

/// Which sort of failure a status code tells of. What is not known to be final is soft.
fn failure(status: StatusCode) -> BounceKind {
    match (status.class, status.subject, status.detail) {
        (5, 1, 1 | 2 | 3 | 6 | 10) => BounceKind::Hard,
        (5, 2, 1) => BounceKind::Closed,
        // The sender's address is refused: that is us, too.
        (5, 1, 7 | 8) | (5, 6 | 7, _) => BounceKind::Fault,
        _ => BounceKind::Soft,
    }
}

/// What follows from `bounce`, when `history` is what came back of other letters to the same subscriber since they are
/// subscribed.
#[must_use]
pub fn consequence(bounce: &Bounce, history: &[Bounce], zone: Tz) -> Consequence {
    match bounce.kind {
        BounceKind::Arrived | BounceKind::Delayed => Consequence::Noted,
        BounceKind::Fault => Consequence::TellOffice,
        BounceKind::Complaint => Consequence::SuppressComplaint,
        BounceKind::Hard => Consequence::Suppress,
        BounceKind::Closed => {
            let all = history.iter().chain([bounce]).filter(|one| one.kind == BounceKind::Closed);
            let letters: BTreeSet<DeliveryId> = all.map(|one| one.delivery).collect();
            if letters.len() >= CLOSED_LETTERS { Consequence::Suppress } else { soft(bounce, history, zone) }
        }
        BounceKind::Soft => soft(bounce, history, zone),
    }
}

/// Whether letters came back on too many days. A mailbox that is closed counts among them.
fn soft(bounce: &Bounce, history: &[Bounce], zone: Tz) -> Consequence {
    let day = |instant: DateTime<Utc>| instant.with_timezone(&zone).date_naive();
    let today = day(bounce.at);
    let counts = |one: &&Bounce| matches!(one.kind, BounceKind::Soft | BounceKind::Closed);
    let days = history.iter().chain([bounce]).filter(counts).map(|one| day(one.at));
    let days: BTreeSet<_> = days.filter(|day| *day <= today && today - *day < SOFT_WITHIN).collect();
    if days.len() >= SOFT_DAYS { Consequence::Suspend } else { Consequence::Noted }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Digest;

    #[track_caller]
    fn check(action: ReportAction, status: &str, expected: BounceKind) {
        assert_eq!(bounce_kind(action, status.parse().ok()), expected, "{action} {status}");
    }

    #[test]
    fn a_status_says_why_a_letter_failed() {
        for status in ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"] {
            check(ReportAction::Failed, status, BounceKind::Hard);
        }
        check(ReportAction::Failed, "5.2.1", BounceKind::Closed);
        for status in
            ["5.2.2", "4.2.2", "4.1.1", "4.4.1", "4.4.7", "4.7.1", "4.6.1", "5.0.0", "5.1.0", "5.4.4", "", "2.0.0"]
        {
            check(ReportAction::Failed, status, BounceKind::Soft);
        }
        for status in ["5.7.1", "5.7.26", "5.7.509", "5.6.0", "5.6.7", "5.1.7", "5.1.8"] {
            check(ReportAction::Failed, status, BounceKind::Fault);
        }
    }

    #[test]
    fn the_action_and_not_the_code_says_whether_it_failed() {
        for status in ["5.1.1", "4.4.1", "2.0.0", ""] {
            check(ReportAction::Delayed, status, BounceKind::Delayed);
            for action in [ReportAction::Delivered, ReportAction::Relayed, ReportAction::Expanded] {
                check(action, status, BounceKind::Arrived);
            }
        }
    }

    #[test]
    fn what_names_only_others_never_suppresses() {
        use BounceKind::{Arrived, Closed, Delayed, Fault, Hard, Soft};
        for kind in [Hard, Closed, Soft] {
            follows(of_others(kind), &[0, 1], Consequence::Noted);
            follows(of_others(kind), &[0, 24, 48, 72, 96], Consequence::Suspend);
        }
        assert_eq!([Arrived, Delayed, Fault].map(of_others), [Arrived, Delayed, Fault]);
    }

    #[test]
    fn a_refusal_in_conversation_counts_against_a_recipient_only_where_it_is_about_one() {
        use BounceKind::{Closed, Fault, Hard, Soft};
        for (phase, code, text, expected) in [
            (Phase::Recipient, 550, "5.1.1 unknown", Some(Hard)),
            (Phase::Recipient, 550, "5.2.1 closed", Some(Closed)),
            (Phase::Recipient, 552, "5.2.2 full", Some(Soft)),
            (Phase::Recipient, 450, "4.2.1 busy all the time", Some(Soft)),
            (Phase::Recipient, 553, "5.1.8 who are you", Some(Fault)),
            (Phase::Recipient, 550, "no enhanced code", Some(Soft)),
            (Phase::Recipient, 554, "relay access denied", Some(Fault)),
            (Phase::Recipient, 554, "5.7.1 relay access denied", Some(Fault)),
            (Phase::Recipient, 553, "5.6.7 not beyond ASCII", Some(Fault)),
            (Phase::Recipient, 450, "4.7.25 cannot find your name", None),
            (Phase::Recipient, 451, "greylisted for ever", None),
            (Phase::MailFrom, 550, "5.1.1 no such sender", Some(Fault)),
            (Phase::MailFrom, 552, "5.3.4 too large", Some(Fault)),
            (Phase::Dot, 554, "5.7.1 spam", Some(Fault)),
            (Phase::Dot, 451, "4.3.0 later", None),
        ] {
            assert_eq!(refusal_kind(phase, &Reply::new(code, text)), expected, "{phase} {code} {text}");
        }
    }

    fn bounce(kind: BounceKind, delivery: i64, hour: i64) -> Bounce {
        Bounce {
            delivery: DeliveryId::new(delivery),
            at: DateTime::from_timestamp(1_795_392_000, 0).unwrap() + TimeDelta::hours(hour),
            kind,
            action: None,
            status: None,
            diagnostic: String::new(),
            digest: Digest::of(&hour.to_be_bytes()),
        }
    }

    /// What follows from the last of these, each of a letter of its own.
    #[track_caller]
    fn follows(kind: BounceKind, hours: &[i64], expected: Consequence) {
        let all: Vec<Bounce> = hours.iter().zip(0..).map(|(hour, delivery)| bounce(kind, delivery, *hour)).collect();
        let (last, history) = all.split_last().unwrap();
        assert_eq!(consequence(last, history, Tz::Europe__Paris), expected, "{kind} {hours:?}");
    }

    #[test]
    fn one_is_enough_or_never_is() {
        follows(BounceKind::Hard, &[0], Consequence::Suppress);
        follows(BounceKind::Complaint, &[0], Consequence::SuppressComplaint);
        let many: Vec<i64> = (0..60).map(|day| day * 24).collect();
        follows(BounceKind::Fault, &many, Consequence::TellOffice);
        follows(BounceKind::Delayed, &many, Consequence::Noted);
        follows(BounceKind::Arrived, &many, Consequence::Noted);
    }

    #[test]
    fn a_closed_mailbox_counts_once_a_letter() {
        follows(BounceKind::Closed, &[0], Consequence::Noted);
        follows(BounceKind::Closed, &[0, 1], Consequence::Suppress);
        let twice = [bounce(BounceKind::Closed, 7, 0), bounce(BounceKind::Closed, 7, 1)];
        assert_eq!(consequence(&twice[1], &twice[..1], Tz::UTC), Consequence::Noted);
    }

    #[test]
    fn soft_ones_count_by_civil_day() {
        follows(BounceKind::Soft, &[0, 24, 48, 72], Consequence::Noted);
        follows(BounceKind::Soft, &[0, 24, 48, 72, 96], Consequence::Suspend);
        follows(BounceKind::Soft, &[0, 1, 2, 3, 4, 5, 24, 48, 72], Consequence::Noted);
        // 1_795_392_000 is midnight UTC, one o'clock in Paris: an hour and a half earlier is the day before there.
        follows(BounceKind::Soft, &[-2, 0, 24, 48, 72], Consequence::Suspend);
        follows(BounceKind::Soft, &[-1, 0, 24, 48, 72], Consequence::Noted);
        // The first of five days is 29 days ago at most.
        follows(BounceKind::Soft, &[0, 24, 48, 72, 29 * 24], Consequence::Suspend);
        follows(BounceKind::Soft, &[0, 24, 48, 72, 30 * 24], Consequence::Noted);
    }

    proptest! {
        /// Whatever came back before and in whatever order, no subscription ends by a letter that did not fail, nor by
        /// our own fault; and it ends by soft ones exactly from the fifth day on.
        #[test]
        fn only_failures_end_a_subscription(
            kinds in prop::collection::vec((0_usize..6, 0_i64..24 * 60), 1..40),
            zone in prop::sample::select(vec![Tz::UTC, Tz::Europe__Paris, Tz::Pacific__Auckland]),
        ) {
            let all: Vec<Bounce> = kinds.iter().zip(0..)
                .map(|((kind, hour), delivery)| bounce(BounceKind::ALL[*kind], delivery, *hour)).collect();
            let (last, history) = all.split_last().unwrap();
            let found = consequence(last, history, zone);
            let ends = matches!(found, Consequence::Suspend | Consequence::Suppress);
            if matches!(last.kind, BounceKind::Arrived | BounceKind::Delayed | BounceKind::Fault) {
                prop_assert!(!ends);
            }
            if last.kind == BounceKind::Soft {
                let day = |one: &Bounce| one.at.with_timezone(&zone).date_naive();
                let mut days: Vec<_> = all.iter()
                    .filter(|one| matches!(one.kind, BounceKind::Soft | BounceKind::Closed))
                    .map(day).filter(|other| (0..30).contains(&(day(last) - *other).num_days())).collect();
                days.sort();
                days.dedup();
                prop_assert_eq!(ends, days.len() >= 5);
            }
        }
    }
}
