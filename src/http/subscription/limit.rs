//! How many letters strangers may be sent because somebody gives their address.

use std::sync::PoisonError;

use chrono::TimeDelta;
use tracing::{debug, warn};

use crate::domain::EmailAddress;
use crate::language::{Language, countdown_words, say};
use crate::policy::{Refused, SignUpLimit, Source};
use crate::task::Newsroom;

/// Whether one more may be asked for. What is refused does not depend on whether the address is known.
pub(super) fn allowed(newsroom: &Newsroom, source: Source, address: &EmailAddress) -> Result<(), Refused> {
    let mut sign_ups = newsroom.sign_ups.lock().unwrap_or_else(PoisonError::into_inner);
    let allowed = sign_ups.ask(source, address, newsroom.now());
    if let Err(Refused { limit, is_alarm, wait }) = &allowed {
        let (domain, source, wait_s) = (address.domain(), source.masked(), wait.num_seconds());
        // In a flood there are many.
        debug!(?limit, domain, source, wait_s, "a visitor is told to wait before subscribing");
        if *is_alarm {
            warn!(?limit, domain, "subscriptions are asked for faster than `[signup]` allows: some are told to wait");
        }
    }
    allowed
}

/// What somebody is told who has to wait. What is not their own doing is no reason to leave them alone with it.
pub(super) fn words(newsroom: &Newsroom, refused: &Refused, language: Language) -> String {
    // Whoever comes back when it was said is not sent away again.
    let wait = countdown_words(refused.wait + TimeDelta::seconds(59), language);
    let office = newsroom.config.newsletter.from.address.as_str();
    match refused.limit {
        SignUpLimit::Source => say(language, "form.error-busy", &[("wait", &wait)]),
        SignUpLimit::Mailbox | SignUpLimit::Domain | SignUpLimit::Overall => {
            say(language, "form.error-full", &[("wait", &wait), ("office", office)])
        }
    }
}
