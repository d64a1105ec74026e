//! Relays that refuse letters for what these are or whom they come from, and not for whom they go to. Each such letter is
//! over and done with, and the office's own may be refused, too: so it is said in the log, and in [`Standing`].
//!
//! [`Standing`]: crate::task::Standing

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use tracing::warn;

use crate::clock::Clock as _;
use crate::domain::{Attempt, BounceKind};
use crate::policy::refusal_kind;
use crate::task::newsroom::Newsroom;

/// How often the same of one relay is said in the log at most.
const AGAIN_AFTER: TimeDelta = TimeDelta::hours(1);
/// How many different answers are remembered: relays choose their codes.
const REMEMBERED: usize = 100;

/// What was said of refusals.
#[derive(Debug)]
pub(super) struct Refusals {
    newsroom: Arc<Newsroom>,
    /// By relay and code.
    said: Mutex<BTreeMap<(String, String), Said>>,
}

/// When it was said last, and how many there were since.
#[derive(Debug)]
struct Said {
    at: TimeDelta,
    unsaid: u32,
}

impl Refusals {
    pub(super) fn new(newsroom: Arc<Newsroom>) -> Self {
        Self { newsroom, said: Mutex::default() }
    }

    /// Learns from what became of a letter with this relay.
    pub(super) fn learn(&self, relay: &str, attempt: &Attempt) {
        match attempt {
            Attempt::Accepted(_) => self.newsroom.standing.relay_accepts(relay),
            Attempt::Refused { phase, reply }
                if refusal_kind(*phase, reply) == Some(BounceKind::Fault) && !attempt.is_relay_fault() =>
            {
                let code = reply.without_words().to_string();
                self.newsroom.standing.relay_refuses(relay, &code);
                if let Some(count) = self.to_say(relay, &code) {
                    let letters = if count == 1 { "a letter".to_owned() } else { format!("{count} letters") };
                    warn!(
                        relay,
                        code,
                        count,
                        "relay {relay} refused {letters} for good, with {code}, and not for the recipient: is the sender \
                         or the content taken for spam, or the relay set up otherwise?"
                    );
                }
            }
            Attempt::Refused { .. } | Attempt::Lost { .. } => {}
        }
    }

    /// How many refusals there are to speak of, this one included; `None` when the same was said a short while ago.
    fn to_say(&self, relay: &str, code: &str) -> Option<u32> {
        let now = self.newsroom.clock.elapsed();
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (relay.to_owned(), code.to_owned());
        if let Some(before) = said.get_mut(&key).filter(|before| now - before.at < AGAIN_AFTER) {
            before.unsaid += 1;
            return None;
        }
        if said.len() >= REMEMBERED {
            said.clear();
        }
        let unsaid = said.insert(key, Said { at: now, unsaid: 0 }).map_or(0, |before| before.unsaid);
        Some(unsaid + 1)
    }
}
