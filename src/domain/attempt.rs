//! One try at handing a letter to a relay: how far it came and what the relay said.
//!
//! Phases and replies are those of SMTP (RFC 5321 §4.2, enhanced codes RFC 3463). What follows from an attempt is not
//! decided here but by policy.

use std::fmt;
use std::str::FromStr;

use super::StatusCode;

super::subscriber::words! {
    /// How far the conversation with a relay had come: what was being waited for.
    Phase {
        /// Reaching the relay at all.
        Connect = "connect",
        /// Its first words.
        Greeting = "greeting",
        /// The answer to our name.
        Hello = "hello",
        /// Agreeing on TLS.
        Tls = "tls",
        /// The answer to who we are.
        Auth = "auth",
        /// The answer to the envelope's sender.
        MailFrom = "mail-from",
        /// The answer to the envelope's recipient.
        Recipient = "recipient",
        /// Leave to begin with the letter.
        Data = "data",
        /// Writing the letter.
        Body = "body",
        /// The answer to the dot that ends the letter.
        Dot = "dot",
    }
}

/// What a relay answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// The enhanced status code, where the relay gave one that agrees with the three digits.
    pub enhanced: Option<StatusCode>,
    /// The words, on one line.
    pub text: String,
}

/// Longest text of a reply that is kept, in characters.
const LONGEST_TEXT: usize = 1000;

impl Reply {
    /// A reply with `code`; an enhanced code is read off the beginning of `text`.
    ///
    /// ```
    /// let reply = depeche::domain::Reply::new(550, "5.1.1 no such user");
    /// assert_eq!(reply.enhanced, "5.1.1".parse().ok());
    /// assert_eq!(depeche::domain::Reply::new(250, "5.1.1 what?").enhanced, None);
    /// ```
    #[must_use]
    pub fn new(code: u16, text: &str) -> Self {
        let words = text.split(|c: char| c.is_control() || c == ' ').filter(|word| !word.is_empty());
        let text: String = words.collect::<Vec<_>>().join(" ").chars().take(LONGEST_TEXT).collect();
        let first: Option<StatusCode> = text.split(' ').next().and_then(|word| word.parse().ok());
        let enhanced = first.filter(|status| u16::from(status.class) == code / 100);
        Self { code, enhanced, text }
    }

    /// The same without the relay's own words: for logs, and where they may quote a password.
    #[must_use]
    pub fn without_words(&self) -> Self {
        let text = self.enhanced.map(|status| status.to_string());
        Self { code: self.code, enhanced: self.enhanced, text: text.unwrap_or_default() }
    }

    /// Whether the same may succeed later: a 4xx.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        self.code / 100 == 4
    }

    /// Whether the relay is closing the connection (RFC 5321 §3.8).
    #[must_use]
    pub const fn closes(&self) -> bool {
        self.code == CLOSING
    }
}

/// "Service not available, closing transmission channel".
const CLOSING: u16 = 421;

/// The reply as the relay wrote it, but on one line. It may quote an address: not for logs.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.text.is_empty() { self.code.fmt(f) } else { write!(f, "{} {}", self.code, self.text) }
    }
}

/// How one try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The relay took the letter.
    Accepted(Reply),
    /// The relay said no: now (4xx) or for good (5xx). The letter is certainly not with it.
    Refused {
        /// What it said no to.
        phase: Phase,
        /// What it said.
        reply: Reply,
    },
    /// There was no answer, or none that can be understood: no connection, a timeout, a reset.
    Lost {
        /// What was being waited for.
        phase: Phase,
        /// What happened.
        error: String,
    },
}

impl Attempt {
    /// Whether the relay may have the letter although it never said so: the connection was lost after the final dot
    /// was written.
    #[must_use]
    pub const fn may_have_been_accepted(&self) -> bool {
        matches!(self, Self::Lost { phase: Phase::Dot, .. })
    }

    /// Whether the relay is to blame and no letter or recipient: it could not be reached, refused the connection,
    /// our name or our password, said 421, or fell silent before the final dot.
    #[must_use]
    pub const fn is_relay_fault(&self) -> bool {
        match self {
            Self::Accepted(_) => false,
            Self::Lost { phase, .. } => !matches!(phase, Phase::Dot),
            Self::Refused { phase, reply } => {
                reply.closes()
                    || matches!(phase, Phase::Connect | Phase::Greeting | Phase::Hello | Phase::Tls | Phase::Auth)
            }
        }
    }
}

impl Attempt {
    /// The same without the relay's own words, for logs: they may quote an address.
    #[must_use]
    pub fn without_words(&self) -> Self {
        match self {
            Self::Accepted(reply) => Self::Accepted(reply.without_words()),
            Self::Refused { phase, reply } => Self::Refused { phase: *phase, reply: reply.without_words() },
            Self::Lost { .. } => self.clone(),
        }
    }
}

/// One line for lists of attempts: `refused at recipient: 550 5.1.1 no such user`. Not for logs, as replies are not.
impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted(reply) => write!(f, "accepted by the relay: {reply}"),
            Self::Refused { phase, reply } => write!(f, "refused at {phase}: {reply}"),
            Self::Lost { phase, error } => write!(f, "lost at {phase}: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(attempt: &Attempt, may_have_been_accepted: bool, is_relay_fault: bool) {
        assert_eq!(
            (attempt.may_have_been_accepted(), attempt.is_relay_fault()),
            (may_have_been_accepted, is_relay_fault),
            "{attempt}"
        );
    }

    #[test]
    fn only_a_loss_after_the_dot_leaves_doubt() {
        for &phase in Phase::ALL {
            let lost = Attempt::Lost { phase, error: "reset".to_owned() };
            check(&lost, phase == Phase::Dot, phase != Phase::Dot);
            let closing = Attempt::Refused { phase, reply: Reply::new(421, "4.3.2 closing") };
            check(&closing, false, true);
            let refused = Attempt::Refused { phase, reply: Reply::new(550, "no") };
            check(&refused, false, phase < Phase::MailFrom);
        }
        check(&Attempt::Accepted(Reply::new(250, "2.0.0 queued")), false, false);
    }

    #[test]
    fn enhanced_codes_are_read_where_they_agree() {
        assert_eq!(Reply::new(452, "4.2.2 full").enhanced, "4.2.2".parse().ok());
        for text in ["", "5.2.2 full", "4.2", "4.2.2.2 x", "4..2 x", "4.2.2000 x", "4.2.x", "sorry 4.2.2"] {
            assert_eq!(Reply::new(452, text).enhanced, None, "{text}");
        }
    }

    #[test]
    fn a_reply_is_one_bounded_line() {
        let reply = Reply::new(550, &format!("5.7.1 no\r\n\u{7f}entry  {}", "x".repeat(5000)));
        assert!(reply.text.starts_with("5.7.1 no entry x"));
        assert_eq!(reply.text.chars().count(), LONGEST_TEXT);
        assert_eq!(Reply::new(354, "").to_string(), "354");
    }
}
