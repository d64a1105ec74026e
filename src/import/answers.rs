//! What a cell answers to what its column asks.

use super::Standing;
use super::dates::{beside_a_day, is_date, is_date_of_nothing, since};
use super::headings::folded;
use super::noes;
use super::statuses::{NOT_SO, NOTHING, SO, frequency, standing};
use crate::domain::{EndReason, SuppressionReason};

/// Words, folded, of a status that a column which asks for a "no" has for "it is not so", too.
const STILL_THERE: [&str; 10] =
    ["abonne", "abonnee", "actif", "active", "inscrit", "inscrite", "subscribed", "valid", "valide", "enabled"];

/// What a status says, with or without the day since when it is so.
pub(super) fn status(cell: &str) -> Option<Standing> {
    standing(cell).or_else(|| dated(cell)).or_else(|| noes::answer(cell))
}

/// What a cell says that should say "yes": a word, a day, or both.
pub(super) fn answer(cell: &str) -> Option<Standing> {
    if cell.is_empty() || NOTHING.contains(&folded(cell).as_str()) {
        return Some(Standing::Unconfirmed);
    }
    let is_yes = !cell.contains('?') && SO.contains(&folded(cell).as_str());
    let is_no = NOT_SO.contains(&folded(cell).as_str());
    standing(cell)
        .or(is_yes.then_some(Standing::Subscribed))
        .or(is_no.then_some(Standing::Left(EndReason::Unsubscribed)))
        .or_else(|| beside_a_day(cell).filter(String::is_empty).map(|_| since(cell)))
        .or_else(|| dated(cell))
        .or_else(|| noes::answer(cell))
}

/// What the words beside a day say. A `mail` of some day may be that in which somebody left.
fn dated(cell: &str) -> Option<Standing> {
    beside_a_day(cell).filter(|words| words != "mail").and_then(|words| standing(&words))
}

/// What a column says that asks for a "no" by yes or no, or by a date: `meaning`, when it is so. `None`: that is not known.
pub(super) fn no(word: &str, meaning: Standing) -> Option<Standing> {
    let word = word.trim();
    let folded = folded(word);
    if NOT_SO.contains(&folded.as_str()) || STILL_THERE.contains(&folded.as_str()) {
        return (!word.contains('?')).then_some(Standing::Subscribed);
    }
    if SO.contains(&folded.as_str()) {
        return Some(meaning);
    }
    if folded.is_empty() {
        return word.chars().all(|c| matches!(c, '-' | '–' | '—' | '/' | '.')).then_some(Standing::Subscribed);
    }
    if is_date(word) {
        return Some(if is_date_of_nothing(word) { Standing::Subscribed } else { meaning });
    }
    standing(word).filter(|standing| *standing > Standing::Unconfirmed).map(|standing| standing.max(meaning))
}

/// Mailman's `nomail`: whether nothing is delivered, and why. The table of members has a box and a letter (`on [U]`), a dump
/// of it one of both.
pub(super) fn nomail(word: &str) -> Option<Standing> {
    let word = word.trim();
    if word.contains("[B]") {
        Some(Standing::Barred(SuppressionReason::Bounced))
    } else if word.contains("[A]") || word.contains("[?]") {
        Some(Standing::Left(EndReason::Removed))
    } else if word.contains("[U]") {
        Some(Standing::Left(EndReason::Unsubscribed))
    } else {
        no(word, Standing::Left(EndReason::Unsubscribed))
    }
}

/// How somebody stands who wants letters at some rhythm; `None`: the rhythm is not known.
pub(super) fn rhythm(word: &str) -> Option<Standing> {
    /// Sympa's words for letters that come by themselves.
    const EACH: [&str; 7] = ["both", "html", "notice", "notme", "plain", "txt", "urlize"];
    let folded = folded(word);
    let is_known = frequency(word).is_some() || [EACH.as_slice(), &NOTHING].iter().any(|some| some.contains(&&*folded));
    if is_known && !word.contains('?') {
        return Some(Standing::Subscribed);
    }
    let is_no = NOT_SO.contains(&folded.as_str());
    standing(word).or(is_no.then_some(Standing::Left(EndReason::Unsubscribed))).or_else(|| noes::answer(word))
}

/// The same by Mailman's `digest`: who wants no digest wants each letter.
pub(super) fn digested(word: &str) -> Option<Standing> {
    if NOT_SO.contains(&folded(word).as_str()) { Some(Standing::Subscribed) } else { rhythm(word) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_no_is_a_word_or_a_date_and_else_is_not_known() {
        let gone = Standing::Left(EndReason::Unsubscribed);
        for word in
            ["oui", "TRUE", "x", "1", "2024-01-01", "le 3 mai 2024", "31/12/24", "1700000000", "45292", "désabonnée"]
        {
            assert_eq!(no(word, gone), Some(gone), "{word}");
        }
        for word in ["non", "False", "0", "-", "—", "0000-00-00 00:00:00", "abonné", "NULL", "actif"] {
            assert_eq!(no(word, gone), Some(Standing::Subscribed), "{word}");
        }
        for word in ["peut-être", "3", "ok", "✓", "?", "en attente", "mail", "pas sûr"] {
            assert_eq!(no(word, gone), None, "{word}");
        }
        let blocked = Standing::Barred(SuppressionReason::Blocked);
        assert_eq!(no("true", blocked), Some(blocked));
        assert_eq!(no("spam", gone), Some(Standing::Barred(SuppressionReason::Complained)));
    }

    #[test]
    fn mailman_says_why_nothing_is_delivered() {
        let bounced = Some(Standing::Barred(SuppressionReason::Bounced));
        let [unsubscribed, removed] =
            [EndReason::Unsubscribed, EndReason::Removed].map(|why| Some(Standing::Left(why)));
        for (word, expected) in [
            ("off", Some(Standing::Subscribed)),
            ("[B]", bounced),
            ("on [B]", bounced),
            ("on [U]", unsubscribed),
            ("on", unsubscribed),
            ("on [A]", removed),
            ("[?]", removed),
            ("on [Z]", None),
        ] {
            assert_eq!(nomail(word), expected, "{word}");
        }
    }
}
