//! The words that tools have for who receives letters, who left and who is barred.
//!
//! A word that is not known is no "yes": whoever left elsewhere would be written to again.

use super::Standing;
use super::dates::{beside_a_day, is_date, is_date_of_nothing, since};
use super::headings::folded;
use super::noes;
use crate::domain::{EndReason, Frequency, SuppressionReason};

/// The words, folded, for each standing. listmonk: `enabled`, `disabled`, `blocklisted`; of a subscription `unconfirmed`,
/// `confirmed`, `unsubscribed`. Mailchimp: `subscribed`, `unsubscribed`, `non-subscribed`, `cleaned`, `archived`. Ours:
/// `pending`, `active`, `ended` and the reasons of an end.
const WORDS: [(Standing, &[&str]); 8] = [
    (
        Standing::Subscribed,
        &[
            "actif",
            "active",
            "abonne",
            "abonnee",
            "confirmed",
            "confirme",
            "enabled",
            "inscrit",
            "inscrite",
            "mail",
            "member",
            "membre",
            "ok",
            "on",
            "optin",
            "oui",
            "regular",
            "subscribed",
            "true",
            "verified",
            "yes",
            "1",
        ],
    ),
    (
        Standing::Unconfirmed,
        &[
            "aconfirmer",
            "enattente",
            "neverconfirmed",
            "nonconfirme",
            "nonconfirmed",
            "nonsubscribed",
            "notsubscribed",
            "pending",
            "transactional",
            "tobeconfirmed",
            "unconfirmed",
            "unverified",
        ],
    ),
    (
        Standing::Left(EndReason::Removed),
        &[
            "archived",
            "archive",
            "disabled",
            "desactive",
            "ended",
            "inactif",
            "inactive",
            "removed",
            "retire",
            "termine",
        ],
    ),
    (
        Standing::Left(EndReason::Unsubscribed),
        &[
            "desabonne",
            "desabonnee",
            "desinscrit",
            "desinscrite",
            "false",
            "left",
            "no",
            "nomail",
            "non",
            "off",
            "optout",
            "optedout",
            "stop",
            "suspended",
            "unsubscribe",
            "unsubscribed",
            "unsub",
            "0",
        ],
    ),
    (
        Standing::Barred(SuppressionReason::Bounced),
        &[
            "bounce",
            "bounced",
            "bouncing",
            "cleaned",
            "courrielsrevenus",
            "hardbounce",
            "hardbounced",
            "invalid",
            "nettoye",
            "undeliverable",
        ],
    ),
    (
        Standing::Barred(SuppressionReason::Blocked),
        &["banned", "blacklisted", "blocked", "blocklisted", "bloque", "bloquee", "suppressed", "supprime"],
    ),
    (
        Standing::Barred(SuppressionReason::Complained),
        &["abuse", "complained", "complaint", "plainte", "reported", "spam"],
    ),
    (Standing::Barred(SuppressionReason::Erased), &["deleted", "efface", "effacee", "erased"]),
];

/// What a word of a status means; `None` when it is not known, or a "yes" with a question mark.
pub(super) fn standing(word: &str) -> Option<Standing> {
    let is_asked = word.contains('?');
    let word = folded(word);
    let known = WORDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(standing, _)| *standing);
    known.filter(|standing| *standing > Standing::Subscribed || !is_asked)
}

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

/// Words, folded, that a column which asks for a "no" has for "it is so".
const SO: [&str; 14] = ["oui", "o", "yes", "y", "true", "vrai", "t", "v", "1", "on", "x", "checked", "coche", "cochee"];
/// Words, folded, that it has for "it is not so".
const NOT_SO: [&str; 16] = [
    "non", "n", "no", "false", "faux", "f", "0", "off", "never", "jamais", "none", "aucun", "aucune", "null", "nil",
    "na",
];
/// Words, folded, that stand where nothing is known.
const NOTHING: [&str; 3] = ["na", "nil", "null"];
/// Words, folded, of a status that such a column has for "it is not so", too.
const STILL_THERE: [&str; 10] =
    ["abonne", "abonnee", "actif", "active", "inscrit", "inscrite", "subscribed", "valid", "valide", "enabled"];

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

/// Whether a cell says "no", whatever it was asked.
pub(super) fn is_no(word: &str) -> bool {
    NOT_SO.contains(&folded(word).as_str()) || matches!(standing(word), Some(Standing::Left(_) | Standing::Barred(_)))
}

/// Whether this is a bare "no": of somebody, one cannot know to what.
pub(super) fn is_bare_no(word: &str) -> bool {
    let folded = folded(word);
    folded.len() > 1 && NOT_SO.contains(&folded.as_str()) && !is_nothing(&folded)
}

/// Whether this names nothing at all, where something is to be chosen.
pub(super) fn is_none(word: &str) -> bool {
    is_bare_no(word) || matches!(folded(word).as_str(), "none" | "aucun" | "aucune" | "rien" | "nothing")
}

/// What a word of a column says that is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// It stands for an empty cell.
    Nothing,
    /// It answers a question of yes or no.
    Answer,
    /// It is a tool's word for somebody who left or is barred.
    Out,
    /// Something else.
    Else,
}

/// What a word says, whatever was asked.
pub(super) fn heard(cell: &str) -> Heard {
    /// What is ticked and crossed.
    const TICKS: &str = "✓✔✅☑☒☐✗✘❌×";
    // Most of what a list holds beside names is numbers and dates.
    if !cell.chars().any(char::is_alphabetic) {
        let is_tick = !cell.is_empty() && cell.chars().all(|c| TICKS.contains(c) || c == '\u{fe0f}');
        return if is_tick || matches!(cell, "0" | "1") { Heard::Answer } else { Heard::Else };
    }
    let folded = folded(cell);
    let word = folded.as_str();
    if is_nothing(word) {
        Heard::Nothing
    } else if SO.contains(&word) || NOT_SO.contains(&word) {
        Heard::Answer
    } else if standing(word).is_some_and(|standing| standing > Standing::Unconfirmed) {
        Heard::Out
    } else {
        Heard::Else
    }
}

/// Whether such a word, folded, stands for an empty cell.
fn is_nothing(folded: &str) -> bool {
    NOTHING.contains(&folded) || matches!(folded, "none" | "aucun" | "aucune")
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

/// Whether a reason to leave is a complaint. Mailchimp: `ABUSE`, `SPAM`.
pub(super) fn is_complaint(why: &str) -> bool {
    let why = folded(why);
    ["abuse", "spam", "complain", "plainte"].iter().any(|word| why.contains(word))
}

/// What the file's own name says of everybody in it: `unsubscribed_email_audience_export_….csv`.
pub(super) fn of_name(name: &str) -> Standing {
    let name = folded(name);
    let begins = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
    if begins(&["nonsubscribed", "unconfirmed", "nonconfirme"]) {
        Standing::Unconfirmed
    } else if begins(&["unsubscribed", "unsubscribes", "desabonne", "desinscrit", "optout", "nomail"]) {
        Standing::Left(EndReason::Unsubscribed)
    } else if begins(&["cleaned", "bounced", "bounces"]) {
        Standing::Barred(SuppressionReason::Bounced)
    } else if begins(&["blocklist", "blacklist", "suppression"]) {
        Standing::Barred(SuppressionReason::Blocked)
    } else {
        Standing::Subscribed
    }
}

/// When letters are wanted, by our words, French ones and Sympa's `reception`.
pub(super) fn frequency(word: &str) -> Option<Frequency> {
    match folded(word).as_str() {
        "immediate" | "immediat" | "immediatement" | "aussitot" | "instant" => Some(Frequency::Immediate),
        "daily" | "parjour" | "quotidien" | "quotidienne" | "digest" | "digestplain" | "summary" => {
            Some(Frequency::Daily)
        }
        "weekly" | "parsemaine" | "hebdomadaire" => Some(Frequency::Weekly),
        _ => None,
    }
}

/// The same by Mailman's `digest`, which says whether many letters come as one.
pub(super) fn digest(word: &str) -> Option<Frequency> {
    if SO.contains(&folded(word).as_str()) { Some(Frequency::Daily) } else { frequency(word) }
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

/// The same of Mailman's `digest`: who wants no digest wants each letter.
pub(super) fn digested(word: &str) -> Option<Standing> {
    if NOT_SO.contains(&folded(word).as_str()) { Some(Standing::Subscribed) } else { rhythm(word) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_words_mean_what_they_mean_here() {
        assert_eq!(standing("active"), Some(Standing::Subscribed));
        assert_eq!(standing("pending"), Some(Standing::Unconfirmed));
        for reason in SuppressionReason::ALL {
            assert_eq!(standing(reason.as_str()), Some(Standing::Barred(*reason)));
        }
        assert_eq!(standing("unsubscribed"), Some(Standing::Left(EndReason::Unsubscribed)));
        assert_eq!(standing("removed"), Some(Standing::Left(EndReason::Removed)));
        for word in Frequency::ALL {
            assert_eq!(frequency(word.as_str()), Some(*word));
        }
    }

    #[test]
    fn each_word_has_one_meaning_and_is_folded() {
        let mut words: Vec<&str> = WORDS.iter().flat_map(|(_, words)| *words).copied().collect();
        words.sort_unstable();
        for pair in words.windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
        assert!(words.iter().all(|word| folded(word) == **word));
        assert_eq!(standing("Non-Subscribed"), Some(Standing::Unconfirmed));
        assert_eq!(standing("Désabonné"), Some(Standing::Left(EndReason::Unsubscribed)));
        assert_eq!(standing("pigiste"), None);
    }

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
