//! What follows from an attempt: done, later, never, or unknown.
//!
//! Reply codes are read, never the relay's words (RFC 5321 §4.2.1, 4.5.4.1). The pauses are a list in the configuration;
//! nothing here knows the clock or draws lots.

use chrono::TimeDelta;

use crate::domain::{Attempt, Phase, StatusCode};

/// What is to be done with a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The relay has it.
    Sent,
    /// Try again after this pause.
    RetryAfter(TimeDelta),
    /// The relay is at fault: leave it alone for this long. The attempt does not count against the recipient.
    RelayRest(TimeDelta),
    /// Never.
    GiveUp,
    /// The relay may have it.
    Unknown,
}

/// How long a relay is left alone after it could not be reached or closed the connection.
const RELAY_REST: TimeDelta = TimeDelta::minutes(1);

/// A pause grows by up to a fifth, so that letters that failed together do not come back together.
const JITTER_PARTS: i32 = 5;

/// What follows from `attempt`, the `attempt_number`-th (from 1) that counts, when `schedule` lists the pauses before
/// each further attempt. `jitter` is a number in 0..1 drawn by the caller.
///
/// ```
/// use chrono::TimeDelta;
/// use depeche::domain::{Attempt, Phase, Reply};
/// use depeche::policy::{Verdict, verdict};
///
/// let busy = Attempt::Refused { phase: Phase::Recipient, reply: Reply::new(450, "4.2.1 mailbox busy") };
/// let schedule = [TimeDelta::minutes(5)];
/// assert_eq!(verdict(&busy, 1, &schedule, 0.0), Verdict::RetryAfter(TimeDelta::minutes(5)));
/// assert_eq!(verdict(&busy, 2, &schedule, 0.0), Verdict::GiveUp);
/// ```
#[must_use]
pub fn verdict(attempt: &Attempt, attempt_number: u32, schedule: &[TimeDelta], jitter: f64) -> Verdict {
    if attempt.may_have_been_accepted() {
        return Verdict::Unknown;
    }
    if attempt.is_relay_fault() && !is_cut_short(attempt) {
        return Verdict::RelayRest(stretched(RELAY_REST, jitter));
    }
    match attempt {
        Attempt::Accepted(_) => Verdict::Sent,
        Attempt::Refused { reply, .. } if !reply.is_temporary() => Verdict::GiveUp,
        Attempt::Refused { .. } | Attempt::Lost { .. } => {
            let further = usize::try_from(attempt_number.saturating_sub(1)).unwrap_or(usize::MAX);
            schedule.get(further).map_or(Verdict::GiveUp, |pause| Verdict::RetryAfter(stretched(*pause, jitter)))
        }
    }
}

/// How long a domain of recipients is left alone that asks for patience; twice as long each further time, up to the second
/// figure.
pub const DOMAIN_REST: (TimeDelta, TimeDelta) = (TimeDelta::minutes(1), TimeDelta::minutes(15));

/// How long a domain of recipients is left alone after a letter's `attempt_number`-th try. A first try may be put off because
/// sender and recipient are strangers there (greylisting), as the next recipient's will be: that makes no rest longer.
#[must_use]
pub fn domain_rest(attempt_number: u32) -> (TimeDelta, TimeDelta) {
    if attempt_number > 1 { DOMAIN_REST } else { (DOMAIN_REST.0, DOMAIN_REST.0) }
}

/// Whether an attempt says that the recipient's whole domain is to be left alone: a 450, 451 or 452 to the recipient or the
/// letter (RFC 5321 §4.2.3). One that is about an address, a mailbox or the relay itself (RFC 3463 §3.2 to 3.4) is not.
#[must_use]
pub fn is_domain_busy(attempt: &Attempt) -> bool {
    match attempt {
        Attempt::Refused { phase: Phase::Recipient | Phase::Dot, reply } => {
            (450..=452).contains(&reply.code) && !matches!(reply.enhanced, Some(StatusCode { subject: 1..=3, .. }))
        }
        Attempt::Accepted(_) | Attempt::Refused { .. } | Attempt::Lost { .. } => false,
    }
}

/// Whether the relay fell silent once a letter was begun. Perhaps it cannot stand this letter: unlike a relay that takes
/// no letter at all, this must end some day.
const fn is_cut_short(attempt: &Attempt) -> bool {
    matches!(attempt, Attempt::Lost { phase: Phase::MailFrom | Phase::Recipient | Phase::Data | Phase::Body, .. })
}

/// `pause` and up to a [`JITTER_PARTS`]-th more.
fn stretched(pause: TimeDelta, jitter: f64) -> TimeDelta {
    const STEPS: f64 = 1000.0;
    const STEP_PARTS: i32 = 1000 * JITTER_PARTS;
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1000; not a number becomes 0")]
    let steps = (jitter.clamp(0.0, 1.0) * STEPS) as i32;
    pause + pause / STEP_PARTS * steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Reply;

    #[test]
    fn a_domain_rests_for_what_is_about_all_of_it() {
        for (phase, code, text, is_busy) in [
            (Phase::Recipient, 450, "4.7.1 greylisted", true),
            (Phase::Recipient, 451, "try later", true),
            (Phase::Dot, 452, "4.4.5 busy", true),
            (Phase::Recipient, 452, "4.2.2 mailbox full", false),
            (Phase::Recipient, 450, "4.1.8 who are you?", false),
            (Phase::Dot, 452, "4.3.1 disk full", false),
            (Phase::MailFrom, 451, "try later", false),
            (Phase::Recipient, 421, "try later", false),
            (Phase::Recipient, 550, "5.7.1 no", false),
        ] {
            let attempt = Attempt::Refused { phase, reply: Reply::new(code, text) };
            assert_eq!(is_domain_busy(&attempt), is_busy, "{attempt:?}");
        }
    }

    fn schedule() -> [TimeDelta; 3] {
        [TimeDelta::minutes(5), TimeDelta::minutes(15), TimeDelta::hours(48)]
    }

    fn refused(phase: Phase, code: u16) -> Attempt {
        Attempt::Refused { phase, reply: Reply::new(code, "") }
    }

    fn lost(phase: Phase) -> Attempt {
        Attempt::Lost { phase, error: "reset".to_owned() }
    }

    #[track_caller]
    fn check(attempt: &Attempt, number: u32, expected: Verdict) {
        assert_eq!(verdict(attempt, number, &schedule(), 0.0), expected, "{attempt}, attempt {number}");
    }

    #[test]
    fn a_temporary_refusal_waits_by_the_list_until_it_ends() {
        let busy = refused(Phase::Recipient, 451);
        check(&busy, 1, Verdict::RetryAfter(TimeDelta::minutes(5)));
        check(&busy, 2, Verdict::RetryAfter(TimeDelta::minutes(15)));
        check(&busy, 3, Verdict::RetryAfter(TimeDelta::hours(48)));
        check(&busy, 4, Verdict::GiveUp);
        check(&busy, u32::MAX, Verdict::GiveUp);
        check(&busy, 0, Verdict::RetryAfter(TimeDelta::minutes(5)));
    }

    #[test]
    fn the_code_decides_at_every_phase_of_the_letter() {
        for phase in [Phase::MailFrom, Phase::Recipient, Phase::Data, Phase::Dot] {
            check(&refused(phase, 550), 1, Verdict::GiveUp);
            check(&refused(phase, 452), 1, Verdict::RetryAfter(TimeDelta::minutes(5)));
            check(&refused(phase, 421), 9, Verdict::RelayRest(RELAY_REST));
        }
        check(&Attempt::Accepted(Reply::new(250, "")), 1, Verdict::Sent);
    }

    #[test]
    fn what_the_relay_did_wrong_does_not_count() {
        for phase in [Phase::Connect, Phase::Greeting, Phase::Hello] {
            check(&lost(phase), 9, Verdict::RelayRest(RELAY_REST));
        }
        check(&refused(Phase::Greeting, 554), 9, Verdict::RelayRest(RELAY_REST));
        check(&lost(Phase::Dot), 1, Verdict::Unknown);
    }

    #[test]
    fn a_letter_that_is_always_cut_short_comes_to_an_end() {
        for phase in [Phase::MailFrom, Phase::Recipient, Phase::Data, Phase::Body] {
            check(&lost(phase), 1, Verdict::RetryAfter(TimeDelta::minutes(5)));
            check(&lost(phase), 4, Verdict::GiveUp);
        }
    }

    #[test]
    fn chance_only_makes_a_pause_longer_and_never_by_more_than_a_fifth() {
        let busy = refused(Phase::Recipient, 451);
        for (jitter, seconds) in [(0.0, 300), (0.5, 330), (1.0, 360), (7.0, 360), (-1.0, 300), (f64::NAN, 300)] {
            let expected = Verdict::RetryAfter(TimeDelta::seconds(seconds));
            assert_eq!(verdict(&busy, 1, &schedule(), jitter), expected, "{jitter}");
        }
    }
}
