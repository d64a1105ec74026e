//! Words of lists for people, in the site's language and zone. What programs read is not said here.

use chrono::{DateTime, Utc};

use crate::domain::{Bounce, DeliveryState, ReportAction, SkipReason, squeezed};
use crate::language::{Language, say, word};
use crate::store::{AttemptMade, ConsentKept};
use crate::task::Newsroom;

/// An instant, to the second.
pub(super) fn stamp(newsroom: &Newsroom, instant: DateTime<Utc>) -> String {
    instant.with_timezone(&newsroom.config.site.timezone).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// What a code of this group is called; the code itself where there is no word.
pub(super) fn called(newsroom: &Newsroom, group: &str, code: &str) -> String {
    word(newsroom.language(), &format!("cli.{group}.{code}")).unwrap_or(code).to_owned()
}

/// A text and what it is about.
pub(super) fn labelled(language: Language, label: &str, value: &str) -> String {
    say(language, "cli.labelled", &[("label", label), ("value", value)])
}

/// Where a delivery stands.
pub(super) fn delivery_words(newsroom: &Newsroom, state: &DeliveryState) -> String {
    let (key, at, reason) = stands(state, newsroom.now());
    let at = at.map(|at| stamp(newsroom, at)).unwrap_or_default();
    let why = reason.map(|reason| called(newsroom, "skipped", reason.as_str())).unwrap_or_default();
    say(newsroom.language(), &format!("cli.delivery.{key}"), &[("at", &at), ("why", &why)])
}

/// The key of a delivery's state at `now`, since or until when it stands so, and why.
fn stands(state: &DeliveryState, now: DateTime<Utc>) -> (&'static str, Option<DateTime<Utc>>, Option<SkipReason>) {
    match state {
        // What is due waits for its turn, or for a relay.
        DeliveryState::Queued { due } if *due <= now => ("due", Some(*due), None),
        DeliveryState::Queued { due } => ("waits", Some(*due), None),
        DeliveryState::Leased { .. } => ("leased", None, None),
        DeliveryState::InFlight { .. } => ("in-flight", None, None),
        DeliveryState::Sent { at } => ("sent", Some(*at), None),
        DeliveryState::Failed { at } => ("failed", Some(*at), None),
        DeliveryState::Skipped(reason) => ("skipped", None, Some(*reason)),
        DeliveryState::Unknown { since } => ("unknown", Some(*since), None),
    }
}

/// A try to hand a letter over, on one line. What the relay said stays as it is.
pub(super) fn attempt_line(newsroom: &Newsroom, made: &AttemptMade) -> String {
    let AttemptMade { relay, reply, message_id, verdict, .. } = made;
    let verdict = called(newsroom, "verdict", verdict);
    let tried = format!("{} {relay} {verdict}", stamp(newsroom, made.at));
    labelled(newsroom.language(), &tried, &format!("{reply} {message_id}"))
}

/// What was agreed to, asked for or said for somebody, on one line: when, what, in which words, and where from.
pub(super) fn consent_line(newsroom: &Newsroom, kept: &ConsentKept) -> String {
    let ConsentKept { at, action, proof } = kept;
    let done = format!("{} {}", stamp(newsroom, *at), called(newsroom, "consent", action.as_str()));
    let source = match squeezed(&proof.source) {
        source if source.is_empty() => source,
        source => format!("({source})"),
    };
    let said =
        [squeezed(&proof.words), source].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
    if said.is_empty() { done } else { labelled(newsroom.language(), &done, &said) }
}

/// Something that came back, on one line. What the other server said stays as it is.
pub(super) fn bounce_line(newsroom: &Newsroom, bounce: &Bounce) -> String {
    let Bounce { at, kind, action, status, diagnostic, .. } = bounce;
    let status = status.map(|status| status.to_string());
    let said = [action.map(ReportAction::as_str), status.as_deref(), Some(diagnostic.as_str())];
    let said: Vec<&str> = said.into_iter().flatten().filter(|word| !word.is_empty()).collect();
    let (at, kind) = (stamp(newsroom, *at), called(newsroom, "came-back", kind.as_str()));
    say(newsroom.language(), "cli.came-back.line", &[("at", &at), ("kind", &kind), ("said", &said.join(" "))])
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::{BounceKind, EndReason, Frequency, SuppressionReason};
    use crate::language::Language;
    use crate::store::ConsentAction;

    #[test]
    fn every_code_of_a_list_has_its_word() {
        let mut keys: Vec<String> = Vec::new();
        keys.extend(SkipReason::ALL.iter().map(|code| format!("skipped.{code}")));
        keys.extend(BounceKind::ALL.iter().map(|code| format!("came-back.{code}")));
        keys.extend(EndReason::ALL.iter().map(|code| format!("ended.{code}")));
        keys.extend(SuppressionReason::ALL.iter().map(|code| format!("ended.{code}")));
        keys.extend(Frequency::ALL.iter().map(|code| format!("frequency.{code}")));
        keys.extend(["pending", "active", "ended"].map(|code| format!("state.{code}")));
        keys.extend(ConsentAction::ALL.iter().map(|code| format!("consent.{code}")));
        keys.extend(["sent", "later", "failed", "unknown", "relay"].map(|code| format!("verdict.{code}")));
        keys.extend(crate::cli::columns::COLUMNS.map(|code| format!("column.{code}")));
        for (key, language) in
            keys.iter().flat_map(|key| Language::ALL.into_iter().map(move |language| (key, language)))
        {
            assert!(word(language, &format!("cli.{key}")).is_some(), "{language:?} lacks cli.{key}");
        }
    }

    #[test]
    fn what_is_due_does_not_wait_until_a_time_that_is_over() {
        let now = DateTime::UNIX_EPOCH;
        let queued = |minutes| DeliveryState::Queued { due: now + TimeDelta::minutes(minutes) };
        assert_eq!([-1, 0, 1].map(|minutes| stands(&queued(minutes), now).0), ["due", "due", "waits"]);
    }
}
