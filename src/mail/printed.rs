//! A stretch of a letter's part as it is sent, and as it is signed.

use std::borrow::Cow;
use std::ops::Range;

use super::dkim::relaxed_lines;
use super::quoted_printable;
use crate::domain::{Piece, Segment};

/// A stretch of text in quoted-printable: whole lines, each with its CRLF, that can stand before and after others. A
/// stretch that does not end with a line end of its own ends with a soft one.
#[derive(Debug, Clone, Default)]
pub(super) struct Printed {
    sent: Segment,
    /// The same as signatures see it (RFC 6376 §3.4.4), where that differs.
    signed: Option<String>,
}

impl Printed {
    /// `text` in quoted-printable.
    pub(super) fn of(text: &str) -> Self {
        let mut lines = String::with_capacity(text.len() + text.len() / 4);
        quoted_printable::push_stretch(text, &mut lines);
        Self::lines(lines)
    }

    /// The same of each of `texts`. They share their memory.
    pub(super) fn of_each(texts: &[Cow<'_, str>]) -> Vec<Self> {
        /// What a letter's own words take, nearly always.
        const ROOM: usize = 1024;
        let mut lines = String::with_capacity(ROOM);
        let mut encoded: Vec<(Range<usize>, Option<String>)> = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            // Most stand in either part.
            if let Some(same) = texts[..index].iter().position(|other| other == text) {
                encoded.push(encoded[same].clone());
                continue;
            }
            let start = lines.len();
            quoted_printable::push_stretch(text, &mut lines);
            encoded.push((start..lines.len(), relaxed(&lines[start..])));
        }
        let lines = Segment::from(lines);
        encoded.into_iter().map(|(range, signed)| Self { sent: lines.slice(range), signed }).collect()
    }

    /// Lines that are written as they are.
    pub(super) fn lines(sent: String) -> Self {
        Self { signed: relaxed(&sent), sent: sent.into() }
    }

    pub(super) const fn sent(&self) -> &Segment {
        &self.sent
    }

    pub(super) fn signed(&self) -> &[u8] {
        self.signed.as_ref().map_or(self.sent.bytes(), String::as_bytes)
    }
}

/// Lines as signatures see them, where that differs: nearly always there is nothing to relax.
fn relaxed(lines: &str) -> Option<String> {
    let has_runs = lines.as_bytes().windows(2).any(|pair| matches!(pair, [b' ', b' ' | b'\r'] | [b'\t', _]));
    has_runs.then(|| relaxed_lines(lines))
}

/// The releases of a digest that one reader gets, ready to be put into their letter.
#[derive(Debug, Clone, Default)]
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
