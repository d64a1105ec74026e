//! The words that tools have for who receives letters, who left and who is barred.
//!
//! A word that is not known is no "yes": whoever left elsewhere would be written to again.

use super::Standing;
use super::headings::folded;
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

/// Words, folded, that a column which asks for a "no" has for "it is so".
pub(super) const SO: [&str; 14] =
    ["oui", "o", "yes", "y", "true", "vrai", "t", "v", "1", "on", "x", "checked", "coche", "cochee"];
/// Words, folded, that it has for "it is not so".
pub(super) const NOT_SO: [&str; 16] = [
    "non", "n", "no", "false", "faux", "f", "0", "off", "never", "jamais", "none", "aucun", "aucune", "null", "nil",
    "na",
];
/// Words, folded, that stand where nothing is known.
pub(super) const NOTHING: [&str; 3] = ["na", "nil", "null"];

/// What a word of a status means; `None` when it is not known, or a "yes" with a question mark.
pub(super) fn standing(word: &str) -> Option<Standing> {
    let is_asked = word.contains('?');
    let word = folded(word);
    let known = WORDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(standing, _)| *standing);
    known.filter(|standing| *standing > Standing::Subscribed || !is_asked)
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
}
