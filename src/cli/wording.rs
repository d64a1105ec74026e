//! Words of lists for people, in the site's language and zone. What programs read is not said here.

use chrono::{DateTime, Utc};

use crate::domain::{Bounce, DeliveryState, ReportAction};
use crate::language::{say, word};
use crate::store::AttemptMade;
use crate::task::Newsroom;

/// An instant, to the second.
pub(super) fn stamp(newsroom: &Newsroom, instant: DateTime<Utc>) -> String {
    instant.with_timezone(&newsroom.config.site.timezone).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// What a code of this group is called; the code itself where there is no word.
pub(super) fn called(newsroom: &Newsroom, group: &str, code: &str) -> String {
    word(newsroom.language(), &format!("cli.{group}.{code}")).unwrap_or(code).to_owned()
}

/// Where a delivery stands.
pub(super) fn delivery_words(newsroom: &Newsroom, state: &DeliveryState) -> String {
    let (key, at, why) = match state {
        DeliveryState::Queued { due } if *due <= newsroom.now() => ("due", Some(*due), None),
        DeliveryState::Queued { due } => ("waits", Some(*due), None),
        DeliveryState::Leased { .. } => ("leased", None, None),
        DeliveryState::InFlight { .. } => ("in-flight", None, None),
        DeliveryState::Sent { at } => ("sent", Some(*at), None),
        DeliveryState::Failed { at } => ("failed", Some(*at), None),
        DeliveryState::Skipped(reason) => ("skipped", None, Some(called(newsroom, "skipped", reason.as_str()))),
        DeliveryState::Unknown { since } => ("unknown", Some(*since), None),
    };
    let at = at.map(|at| stamp(newsroom, at)).unwrap_or_default();
    let arguments = [("at", at.as_str()), ("why", why.as_deref().unwrap_or_default())];
    say(newsroom.language(), &format!("cli.delivery.{key}"), &arguments)
}

/// A try to hand a letter over, on one line. What the relay said stays as it is.
pub(super) fn attempt_line(newsroom: &Newsroom, made: &AttemptMade) -> String {
    let AttemptMade { relay, reply, message_id, verdict, .. } = made;
    let verdict = called(newsroom, "verdict", verdict);
    format!("{} {relay} {verdict}: {reply} {message_id}", stamp(newsroom, made.at))
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
