//! What a relay offers in its answer to EHLO (RFC 5321 §4.1.1.1): a keyword a line, some with parameters.

use bitflags::bitflags;

bitflags! {
    /// Extensions that we use.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub(super) struct Extensions: u8 {
        /// Several commands may be sent at once (RFC 2920).
        const PIPELINING = 1;
        /// Letters beyond ASCII (RFC 6152).
        const EIGHT_BIT = 1 << 1;
        /// Addresses beyond ASCII (RFC 6531).
        const UTF8 = 1 << 2;
        /// Reports on what became of a letter can be asked for (RFC 3461).
        const DSN = 1 << 3;
        /// TLS can be begun (RFC 3207).
        const STARTTLS = 1 << 4;
        /// We can say who we are by `AUTH PLAIN` (RFC 4616).
        const AUTH_PLAIN = 1 << 5;
        /// The same by `AUTH LOGIN`, which has no standard.
        const AUTH_LOGIN = 1 << 6;
    }
}

/// Whether a letter's size may be told beforehand, and the largest that is taken (RFC 1870).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Size {
    #[default]
    NotOffered,
    /// It may; no limit is told.
    Unlimited,
    /// It may; letters up to so many bytes are taken.
    UpTo(u64),
}

/// What a relay offers, of what we use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) extensions: Extensions,
    pub(super) size: Size,
}

impl Offer {
    /// Reads the last reply of `heard`: the lines of the answer to EHLO, after whatever was said before.
    pub(super) fn read(heard: &[u8]) -> Self {
        let heard = String::from_utf8_lossy(heard);
        let mut offer = Self::default();
        for line in last_reply(&heard) {
            offer.add(line);
        }
        offer
    }

    fn add(&mut self, line: &str) {
        let mut words = line.split_ascii_whitespace();
        let Some(keyword) = words.next() else { return };
        match keyword.to_ascii_uppercase().as_str() {
            "PIPELINING" => self.extensions |= Extensions::PIPELINING,
            "8BITMIME" => self.extensions |= Extensions::EIGHT_BIT,
            "SMTPUTF8" => self.extensions |= Extensions::UTF8,
            "DSN" => self.extensions |= Extensions::DSN,
            "STARTTLS" => self.extensions |= Extensions::STARTTLS,
            "SIZE" => {
                let limit = words.next().and_then(|word| word.parse().ok()).filter(|limit| *limit > 0);
                self.size = limit.map_or(Size::Unlimited, Size::UpTo);
            }
            "AUTH" => {
                for mechanism in words {
                    match mechanism.to_ascii_uppercase().as_str() {
                        "PLAIN" => self.extensions |= Extensions::AUTH_PLAIN,
                        "LOGIN" => self.extensions |= Extensions::AUTH_LOGIN,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether it is among what is offered.
    pub(super) const fn has(&self, extension: Extensions) -> bool {
        self.extensions.contains(extension)
    }

    /// Whether addresses, and so letters, beyond ASCII are taken.
    pub(super) const fn takes_utf8(&self) -> bool {
        self.has(Extensions::UTF8.union(Extensions::EIGHT_BIT))
    }
}

/// The texts of the last reply's lines, but for its first, which is the relay's name.
fn last_reply(heard: &str) -> impl Iterator<Item = &str> {
    let lines: Vec<&str> = heard.lines().collect();
    let before_last = lines.len().saturating_sub(1);
    // A line with a space after its code ends a reply.
    let ended = lines[..before_last].iter().rposition(|line| line.as_bytes().get(3) != Some(&b'-'));
    let own = ended.map_or(0, |at| at + 1);
    lines.into_iter().skip(own + 1).filter_map(|line| line.get(4..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_is_read_whatever_was_said_before() {
        let heard = "220-relay.example\r\n220 ESMTP SIZE 5\r\n250-relay.example\r\n250-PIPELINING\r\n\
            250-SIZE 10240000\r\n250-starttls\r\n250-AUTH PLAIN login\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-X-ODD\r\n\
            250 DSN\r\n";
        let expected = Offer { extensions: Extensions::all(), size: Size::UpTo(10_240_000) };
        assert_eq!(Offer::read(heard.as_bytes()), expected);
    }

    #[test]
    fn nothing_is_offered_by_a_name_or_a_greeting_alone() {
        let greeting_of_several_lines = "220-a\r\n220-DSN\r\n220 b\r\n250 c\r\n";
        for heard in [
            "",
            "250",
            "250 DSN\r\n",
            "220 DSN\r\n250 DSN\r\n",
            greeting_of_several_lines,
            "250-a\r\n250-\r\n250 é\r\n",
        ] {
            assert_eq!(Offer::read(heard.as_bytes()), Offer::default(), "{heard:?}");
        }
    }

    #[test]
    fn a_size_without_a_limit_is_an_offer_all_the_same() {
        let cases = [
            ("HELP", Size::NotOffered),
            ("SIZE", Size::Unlimited),
            ("SIZE 0", Size::Unlimited),
            ("SIZE x", Size::Unlimited),
            ("size 9", Size::UpTo(9)),
        ];
        for (line, size) in cases {
            assert_eq!(Offer::read(format!("250-a\r\n250 {line}\r\n").as_bytes()).size, size, "{line}");
        }
    }
}
