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

/// What a word of a status means; `None` when it is not known.
pub(super) fn standing(word: &str) -> Option<Standing> {
    let word = folded(word);
    WORDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(standing, _)| *standing)
}

/// Mailman's `nomail`: why nothing is delivered, as the list's owner sees it.
pub(super) fn nomail(word: &str) -> Option<Standing> {
    match word.trim() {
        "" | "off" => None,
        "[B]" => Some(Standing::Barred(SuppressionReason::Bounced)),
        "[A]" | "[?]" => Some(Standing::Left(EndReason::Removed)),
        _ => Some(Standing::Left(EndReason::Unsubscribed)),
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
    } else if begins(&["unsubscribed", "unsubscribes", "desabonne", "desinscrit", "optout"]) {
        Standing::Left(EndReason::Unsubscribed)
    } else if begins(&["cleaned", "bounced", "bounces"]) {
        Standing::Barred(SuppressionReason::Bounced)
    } else if begins(&["blocklist", "blacklist", "suppression"]) {
        Standing::Barred(SuppressionReason::Blocked)
    } else {
        Standing::Subscribed
    }
}

/// When letters are wanted, by our words, French ones, Mailman's `digest` and Sympa's `reception`.
pub(super) fn frequency(word: &str) -> Option<Frequency> {
    match folded(word).as_str() {
        "immediate" | "immediat" | "aussitot" => Some(Frequency::Immediate),
        "daily" | "parjour" | "quotidien" | "quotidienne" | "on" | "digest" | "digestplain" | "summary" => {
            Some(Frequency::Daily)
        }
        "weekly" | "parsemaine" | "hebdomadaire" => Some(Frequency::Weekly),
        _ => None,
    }
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
