//! The words of people for a "no", in cells that no tool wrote.
//!
//! Better a question than a letter to somebody who wanted none: what may be a "no" is taken for one, so that "wants no more
//! than one letter a week" is one as well.

use super::Standing;
use super::statuses::{self, Heard};
use crate::domain::{EndReason, Label};

/// Beginnings of words, folded, that tell wherever they stand that somebody left.
const LEAVING: [&str; 6] = [" desabo", " desinscri", " unsub", " ne plus ecrire", " plus recevoir", " opted out"];
/// The same where nothing but notes can stand.
const WANTING_NONE: [&str; 22] = [
    " opt out",
    " optout",
    " optedout",
    " blacklist",
    " blocklist",
    " liste noire",
    " ne plus ",
    " ne veut p",
    " ne souhaite p",
    " veut plus",
    " souhaite plus",
    " plus de mail",
    " plus de courriel",
    " non merci",
    " no thank",
    " refus",
    " retir",
    " do not ",
    " don t ",
    " npai ",
    " resilie ",
    " resiliee ",
];
/// Beginnings of words, folded, that take back a "yes" where one was asked for.
const TAKING_BACK: [&str; 6] = [" oppos", " withdr", " revo", " denied", " declined", " nothing"];
/// Words, folded, that say no where they are the answer, or part of it.
const SAYING_NO: &str = "non no never jamais none aucun aucune false faux off not";

/// Parts of these, as they stand in a cell in whatever case: what holds none of them need not be folded.
const TRACES: [&str; 16] = [
    "abo", "inscri", "unsub", "plus", "recevoir", "opt", "list", "veut", "souhaite", "merci", "thank", "refus",
    "retir", "do", "npai", "sili",
];

/// Whether this tells that somebody left, even where a name should stand.
pub(super) fn tells_who_left(cell: &str) -> bool {
    has_trace(cell) && holds(&spaced(cell), &LEAVING)
}

/// Whether a cell tells in any words that somebody left or wants no letters, and can be no answer to another question.
pub(super) fn tells(cell: &str) -> bool {
    let begins_with_stop = cell.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("stop"));
    if !begins_with_stop && !has_trace(cell) {
        return false;
    }
    let words = spaced(cell);
    words.starts_with(" stop ") || holds(&words, &LEAVING) || holds(&words, &WANTING_NONE)
}

/// Whether a cell says by itself that somebody left, is barred or wants no letters.
pub(super) fn is_clear(cell: &str) -> bool {
    statuses::heard(cell) == Heard::Out || tells(cell)
}

/// The "no" in a cell that answers whether somebody receives letters; `None` when it holds none.
pub(super) fn answer(cell: &str) -> Option<Standing> {
    let gone = Standing::Left(EndReason::Unsubscribed);
    let words = spaced(cell);
    let of_words = words.split_whitespace().filter_map(|word| {
        let is_no = SAYING_NO.split(' ').any(|known| known == word);
        statuses::standing(word).filter(|standing| *standing > Standing::Unconfirmed).or(is_no.then_some(gone))
    });
    let of_phrases = holds(&words, &LEAVING) || holds(&words, &WANTING_NONE) || holds(&words, &TAKING_BACK);
    // `0` says no by itself alone, and not in a day.
    of_words.filter(|_| has_letters(cell)).chain(of_phrases.then_some(gone)).max()
}

fn has_trace(cell: &str) -> bool {
    let bytes = cell.as_bytes();
    let stands_at = |at: usize, trace: &str| {
        bytes.get(at..at + trace.len()).is_some_and(|found| found.eq_ignore_ascii_case(trace.as_bytes()))
    };
    (0..bytes.len()).any(|at| TRACES.iter().any(|trace| stands_at(at, trace)))
}

fn has_letters(cell: &str) -> bool {
    cell.chars().any(char::is_alphabetic)
}

fn holds(words: &str, some: &[&str]) -> bool {
    some.iter().any(|known| words.contains(known))
}

/// The words of a cell, folded, with a space before and after each.
fn spaced(cell: &str) -> String {
    let folded = Label::new(cell).map(|label| label.folded()).unwrap_or_default();
    let mut out = String::from(" ");
    for word in folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        out.push_str(word);
        out.push(' ');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_no_in_plain_words_is_heard() {
        for cell in [
            "Désabonnée à sa demande",
            "STOP",
            "stop depuis mai",
            "ne plus lui écrire",
            "a dit « non merci » hier",
            "Ne veut pas de mails",
            "a refusé au salon",
            "opt-out",
            "blacklisted",
            "NPAI",
            "inactif",
        ] {
            assert!(is_clear(cell), "{cell}");
        }
        for cell in [
            "",
            "12/03/2024",
            "oui",
            "non",
            "Non renseigné",
            "Non-Stop",
            "une personne plus jeune",
            "rappelé hier",
            "https://phare.example/abonnements",
        ] {
            assert!(!is_clear(cell), "{cell}");
        }
    }

    #[test]
    fn whatever_is_looked_for_leaves_a_trace() {
        for phrase in LEAVING.iter().chain(&WANTING_NONE) {
            assert!(has_trace(phrase), "{phrase}");
        }
        assert!(tells("RÉSILIÉ") && tells("STOP") && tells("ne veut\u{a0} pas") && tells("De\u{301}sabonne\u{301}e"));
    }

    #[test]
    fn an_answer_with_a_no_in_it_is_one() {
        let gone = Some(Standing::Left(EndReason::Unsubscribed));
        for cell in ["non (vu le 7 juin)", "jamais", "accord révoqué", "opposée", "not any more"] {
            assert_eq!(answer(cell), gone, "{cell}");
        }
        for cell in ["oui", "à voir", "2020-01-01", "nonante", "pas répondu"] {
            assert_eq!(answer(cell), None, "{cell}");
        }
    }
}
