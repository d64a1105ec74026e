//! A stretch of a letter's part as it is sent, and as it is signed.

use super::dkim::relaxed_lines;
use super::quoted_printable;
use crate::domain::Piece;

/// A stretch of text in quoted-printable: whole lines, each with its CRLF, that can stand before and after others. A
/// stretch that does not end with a line end of its own ends with a soft one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Printed {
    sent: String,
    /// The same as signatures see it (RFC 6376 §3.4.4), where that differs.
    signed: Option<String>,
}

impl Printed {
    /// `text` in quoted-printable.
    pub(super) fn of(text: &str) -> Self {
        Self::lines(quoted_printable::encode_stretch(text))
    }

    /// Lines that are written as they are.
    pub(super) fn lines(sent: String) -> Self {
        // Nearly always there is nothing to relax.
        let has_runs = sent.as_bytes().windows(2).any(|pair| matches!(pair, [b' ', b' ' | b'\r'] | [b'\t', _]));
        Self { signed: has_runs.then(|| relaxed_lines(&sent)), sent }
    }

    pub(super) fn sent(&self) -> &str {
        &self.sent
    }

    pub(super) fn signed(&self) -> &str {
        self.signed.as_deref().unwrap_or(&self.sent)
    }
}

/// The releases of a digest that one reader gets, ready to be put into their letter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    pub(super) text: Printed,
    pub(super) html: Printed,
}

impl Contents {
    /// `piece`, encoded.
    #[must_use]
    pub fn of(piece: &Piece) -> Self {
        Self { text: Printed::of(&piece.text), html: Printed::of(&piece.html) }
    }
}
