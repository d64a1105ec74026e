//! What became of letters: by relay, by the recipient's domain where that is a large one, by phase and reply.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::domains::Domains;
use crate::domain::{Attempt, Reply, StatusCode};

/// The replies that relays give (RFC 5321 §4.2.3, 4954, 3207, 7504); any other is counted as its class, `5xx`.
const REPLIES: [u16; 25] = [
    250, 251, 252, 421, 432, 450, 451, 452, 454, 455, 500, 501, 502, 503, 504, 521, 523, 530, 534, 535, 538, 550, 552,
    553, 554,
];
/// The last subject of an enhanced code (RFC 3463 §3).
const LAST_SUBJECT: u16 = 7;
/// What can become of a try.
const OUTCOMES: [&str; 5] = ["sent", "later", "failed", "unknown", "relay"];
/// From five milliseconds to three minutes.
const BUCKETS: (f64, f64, u16) = (0.005, 2.0, 16);

/// One try that is over.
#[derive(Debug, Clone, Copy)]
pub struct LetterEnd<'a> {
    /// The relay's name.
    pub relay: &'a str,
    /// The recipient's domain.
    pub domain: &'a str,
    /// How it ended.
    pub attempt: &'a Attempt,
    /// What policy says of it, in a word.
    pub outcome: &'static str,
    /// How long it took.
    pub took: Duration,
}

type Label = (&'static str, Cow<'static, str>);

/// Counts letters.
#[derive(Debug, Clone)]
pub struct LetterMetrics {
    domains: Arc<Domains>,
    by_relay: Family<[Label; 2], Counter>,
    by_domain: Family<[Label; 2], Counter>,
    by_reply: Family<[Label; 3], Counter>,
    seconds: Family<[Label; 1], Histogram, fn() -> Histogram>,
    connections: Family<[Label; 1], Gauge>,
}

impl Default for LetterMetrics {
    fn default() -> Self {
        Self {
            domains: Arc::default(),
            by_relay: Family::default(),
            by_domain: Family::default(),
            by_reply: Family::default(),
            seconds: Family::new_with_constructor(histogram),
            connections: Family::default(),
        }
    }
}

fn histogram() -> Histogram {
    let (start, factor, length) = BUCKETS;
    Histogram::new(exponential_buckets(start, factor, length))
}

impl LetterMetrics {
    /// Begins counting the tries with a relay, and its connections: what begins with its first increase has none that
    /// Prometheus could see.
    pub fn begin(&self, relay: &str) {
        for outcome in OUTCOMES {
            let labels = [("relay", relay.to_owned().into()), ("outcome", outcome.into())];
            drop(self.by_relay.get_or_create(&labels));
        }
        drop(self.connections.get_or_create(&[("relay", relay.to_owned().into())]));
    }

    /// Counts a try.
    pub fn ended(&self, end: &LetterEnd<'_>) {
        let outcome = || ("outcome", Cow::Borrowed(end.outcome));
        let relay = || ("relay", Cow::Owned(end.relay.to_owned()));
        self.by_relay.get_or_create(&[relay(), outcome()]).inc();
        self.by_domain.get_or_create(&[("domain", self.domains.label(end.domain).into()), outcome()]).inc();
        let (phase, reply) = match end.attempt {
            Attempt::Accepted(reply) => ("accepted", Some(reply)),
            Attempt::Refused { phase, reply } => (phase.as_str(), Some(reply)),
            Attempt::Lost { phase, .. } => (phase.as_str(), None),
        };
        let (code, enhanced) = (reply.map_or_else(none, code), reply.and_then(enhanced).unwrap_or_else(none));
        let labels = [("phase", phase.into()), ("code", code), ("enhanced", enhanced)];
        self.by_reply.get_or_create(&labels).inc();
        self.seconds.get_or_create(&[relay()]).observe(end.took.as_secs_f64());
    }

    /// Counts a connection to `relay` that is open until what this returns is dropped.
    #[must_use]
    pub fn connection_to(&self, relay: &str) -> OpenConnection {
        let gauge = self.connections.get_or_create_owned(&[("relay", relay.to_owned().into())]);
        gauge.inc();
        OpenConnection(gauge)
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("letters", "Tries to hand a letter over, by relay and outcome", self.by_relay.clone());
        let help = "Tries by the recipient's domain, where it is a large one, and outcome";
        registry.register("letters_by_domain", help, self.by_domain.clone());
        let help = "Tries by how far they came, the reply's code, and class and subject of its enhanced code";
        registry.register("letters_by_reply", help, self.by_reply.clone());
        registry.register("letter_seconds", "How long a try takes", self.seconds.clone());
        registry.register("relay_connections", "Open connections to the relay", self.connections.clone());
    }
}

/// A connection to a relay that is counted as open.
#[derive(Debug)]
pub struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn none() -> Cow<'static, str> {
    "none".into()
}

fn code(reply: &Reply) -> Cow<'static, str> {
    if REPLIES.contains(&reply.code) { reply.code.to_string() } else { format!("{}xx", reply.code / 100 % 10) }.into()
}

fn enhanced(reply: &Reply) -> Option<Cow<'static, str>> {
    reply.enhanced.map(|StatusCode { class, subject, .. }| match subject {
        0..=LAST_SUBJECT => format!("{class}.{subject}").into(),
        _ => format!("{class}.x").into(),
    })
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::prometheus_text;

    use super::*;
    use crate::domain::Phase;

    #[test]
    fn whatever_relays_say_the_labels_end() {
        let letters = LetterMetrics::default();
        for number in 200..600_u16 {
            let reply = Reply::new(number, &format!("{}.{}.{number} no", number / 100, number % 20));
            let attempt = Attempt::Refused { phase: Phase::Recipient, reply };
            let took = Duration::from_millis(3);
            letters.ended(&LetterEnd {
                relay: "memory",
                domain: "a.example",
                attempt: &attempt,
                outcome: "later",
                took,
            });
        }
        let mut registry = Registry::default();
        letters.register(&mut registry);
        let mut page = String::new();
        prometheus_text::encode(&mut page, &registry).unwrap();
        let lines = |start: &str| page.lines().filter(|line| line.starts_with(start)).count();
        let replies = lines("letters_by_reply_total{");
        assert!(replies < 150, "{replies}");
        assert!(page.contains("{phase=\"recipient\",code=\"550\",enhanced=\"5.x\"} 1"), "{page}");
        assert_eq!((lines("letters_total{"), lines("letters_by_domain_total{")), (1, 2), "`other`, then a large one");
    }

    #[test]
    fn every_outcome_with_a_relay_is_there_before_the_first_letter() {
        let letters = LetterMetrics::default();
        letters.begin("memory");
        let mut registry = Registry::default();
        letters.register(&mut registry);
        let mut page = String::new();
        prometheus_text::encode(&mut page, &registry).unwrap();
        for outcome in OUTCOMES {
            let line = format!("letters_total{{relay=\"memory\",outcome=\"{outcome}\"}} 0");
            assert!(page.contains(&line), "{page}");
        }
        assert!(page.contains("relay_connections{relay=\"memory\"} 0"), "{page}");
    }

    #[test]
    fn a_connection_counts_while_it_is_open() {
        let letters = LetterMetrics::default();
        let label = [("relay", "memory".into())];
        let (one, other) = (letters.connection_to("memory"), letters.connection_to("memory"));
        assert_eq!(letters.connections.get_or_create_owned(&label).get(), 2);
        drop(one);
        assert_eq!(letters.connections.get_or_create_owned(&label).get(), 1);
        drop(other);
    }
}
