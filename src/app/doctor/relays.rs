//! Relays: each is spoken to as far as one goes before a letter.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::finding::Finding;
use crate::clock::Clock;
use crate::config::{Config, RelayKind, RelaySettings};
use crate::domain::Attempt;
use crate::language::{file_size, instant_words};
use crate::smtp::{Relay, RelayLook, Timeouts};

/// How long a relay may take for each answer: nobody waits for the doctor as long as letters do.
const PATIENCE: Duration = Duration::from_secs(15);
/// A certificate that ends sooner should be looked at.
const ENDS_SOON: TimeDelta = TimeDelta::days(14);

pub(super) async fn look(config: &Config, clock: &Arc<dyn Clock>) -> Vec<Finding> {
    let mut found = Vec::new();
    for settings in &config.relays {
        found.extend(one(config, settings, clock).await);
    }
    if config.relays.iter().all(|relay| matches!(relay.kind, RelayKind::Directory { .. })) {
        found.push(Finding::warning("relay-none", &[]));
    }
    found
}

async fn one(config: &Config, settings: &RelaySettings, clock: &Arc<dyn Clock>) -> Vec<Finding> {
    // A folder was looked at with the others; looking at it here would make it.
    if matches!(settings.kind, RelayKind::Directory { .. }) {
        return Vec::new();
    }
    let relay = match Relay::open(settings, &config.newsletter.from.address, Arc::clone(clock)) {
        Ok(relay) => relay,
        Err(error) => return vec![Finding::problem("relay-broken", &[("why", &error.to_string())])],
    };
    let timeouts =
        Timeouts { connect: PATIENCE, greeting: PATIENCE, command: PATIENCE, quit: PATIENCE, ..Timeouts::default() };
    let name = relay.name();
    match relay.with_timeouts(timeouts).look().await {
        Ok(look) => offers(config, &name, &look, clock.now()),
        Err(attempt) => {
            let (phase, why) = match attempt {
                Attempt::Refused { phase, reply } => (phase.as_str(), reply.to_string()),
                Attempt::Lost { phase, error } => (phase.as_str(), error),
                Attempt::Accepted(reply) => ("", reply.to_string()),
            };
            vec![Finding::problem("relay-unreached", &[("relay", &name), ("phase", phase), ("why", &why)])]
        }
    }
}

fn offers(config: &Config, name: &str, look: &RelayLook, now: DateTime<Utc>) -> Vec<Finding> {
    let language = config.site.language;
    let mut offers: Vec<String> = look.extensions.iter().map(|extension| (*extension).to_owned()).collect();
    offers.extend(look.largest.map(|largest| format!("≤ {}", file_size(largest, language))));
    offers.extend(look.logged_in.then(|| "AUTH".to_owned()));
    let offers = offers.join(", ");
    let relay = ("relay", name);
    let mut found = vec![match look.tls {
        Some(tls) => Finding::ok("relay", &[relay, ("tls", tls), ("offers", &offers)]),
        None => Finding::ok("relay-clear", &[relay, ("offers", &offers)]),
    }];
    if let Some(until) = look.certificate_until {
        let words = instant_words(&until.with_timezone(&config.site.timezone), language);
        let arguments = [relay, ("until", words.as_str())];
        found.push(if until - now < ENDS_SOON {
            Finding::warning("certificate-ends", &arguments)
        } else {
            Finding::ok("certificate", &arguments)
        });
    }
    found
}
