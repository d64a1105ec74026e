//! Whether a column that is not read may tell who receives no letters: by its heading, and by each of its cells to the end
//! of the list.
//!
//! Better a question to the office than a letter to somebody who wanted none. Counted is what the cells say, and none of
//! them is kept.

use super::headings::Unknown;
use super::statuses::Heard;
use super::{noes, statuses};
use crate::domain::squeezed;

/// The longest answer to a question, in bytes: of what is longer, words alone are looked for.
const LONGEST_ANSWER: usize = 24;

/// A column that is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unread {
    place: usize,
    heading: String,
    /// What the heading says.
    unknown: Unknown,
    /// Whether a cell said "no".
    has_no: bool,
    /// How many cells say anything.
    filled: u64,
    /// How many of them are an answer to a question of yes or no.
    answers: u64,
    /// How many of those are a word, and not a letter, a number or a sign.
    words: u64,
}

impl Unread {
    /// Takes a cell in, and tells whether it may be a "no" by what is known of the column now.
    fn hears(&mut self, cell: &str) -> bool {
        let cell = cell.trim();
        if cell.is_empty() || self.unknown == Unknown::Else {
            return false;
        }
        let heard = if cell.len() <= LONGEST_ANSWER { statuses::heard(cell) } else { Heard::Else };
        let is_no = self.unknown == Unknown::OfAYes && says_no(cell);
        if is_no || heard == Heard::Out || noes::tells(cell) {
            self.has_no = true;
            return true;
        }
        if heard == Heard::Nothing {
            return false;
        }
        self.filled += 1;
        let is_answer = heard == Heard::Answer;
        self.answers += u64::from(is_answer);
        self.words += u64::from(is_answer && cell.chars().filter(|c| c.is_alphabetic()).count() > 1);
        is_answer && self.answers_something()
    }

    /// Whether the column is one of answers, as far as it was read: all of them are one, or half of them are words for one.
    fn answers_something(&self) -> bool {
        self.unknown != Unknown::OfOtherThings
            && self.filled > 0
            && (self.answers == self.filled || self.words * 2 >= self.filled)
    }

    fn is_doubtful(&self) -> bool {
        self.unknown == Unknown::OfANo || self.has_no || self.answers_something()
    }
}

/// Whether a cell that should say "yes" holds a "no". In an address such a word is a name.
fn says_no(cell: &str) -> bool {
    let is_place = cell.contains('@') || cell.contains("://");
    (cell.len() <= LONGEST_ANSWER && statuses::is_no(cell)) || (!is_place && noes::answer(cell).is_some())
}

/// The columns of a list that are not read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Watch(Vec<Unread>);

impl Watch {
    /// A watch over the columns at these places, with these headings.
    pub(super) fn over<'h>(columns: impl Iterator<Item = (usize, &'h str)>) -> Self {
        let unread = |(place, heading)| Unread {
            place,
            heading: squeezed(heading),
            unknown: Unknown::of(heading),
            has_no: false,
            filled: 0,
            answers: 0,
            words: 0,
        };
        Self(columns.map(unread).collect())
    }

    /// Takes a record in, and gives the place of a cell that may be a "no" by what is known now.
    pub(super) fn hears(&mut self, cells: &[String]) -> Option<usize> {
        let mut found = None;
        for column in &mut self.0 {
            if cells.get(column.place).is_some_and(|cell| column.hears(cell)) {
                found = found.or(Some(column.place));
            }
        }
        found
    }

    /// The headings of those that may tell who receives no letters, as far as they were read.
    pub(super) fn doubtful(&self) -> Vec<String> {
        // So that it is seen, and can be typed.
        let shown =
            |column: &Unread| if column.heading.is_empty() { "\"\"".to_owned() } else { column.heading.clone() };
        self.0.iter().filter(|column| column.is_doubtful()).map(shown).collect()
    }

    /// Whether there is nothing to watch.
    pub(super) const fn is_idle(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(heading: &str, cells: &[&str], expected: bool) {
        let mut watch = Watch::over([(1, heading)].into_iter());
        for cell in cells {
            watch.hears(&["ann@example.org", cell].map(str::to_owned));
        }
        assert_eq!(watch.doubtful().len(), usize::from(expected), "{heading}: {cells:?}");
    }

    #[test]
    fn a_heading_that_sounds_like_a_no_is_enough() {
        for heading in [
            "Ne veut pas de courriels",
            "Ne souhaite plus rien recevoir",
            "Date de fin d’abonnement",
            "Retirée le",
            "DELETED_AT",
            "Removed",
            "Archivée",
            "Date de départ",
            "Décédée le",
            "Deceased",
            "Cancelled on",
        ] {
            check(heading, &[], true);
        }
        for heading in
            ["Ville", "Département", "Code de département", "Deadline", "Parti", "Finances", "UNSUB_CAMPAIGN_ID"]
        {
            check(heading, &[], false);
        }
    }

    #[test]
    fn a_column_of_answers_is_never_passed_over() {
        for cells in
            [&["oui", "oui"][..], &["no"], &["", "x"], &["1", "0"], &["VRAI", "FAUX", ""], &["✓"], &["oui", "?"]]
        {
            check("Colloque", cells, true);
        }
        for cells in [&["", ""][..], &["oui", "le matin", "par téléphone"], &["1", "2"], &["N/A", "aucun"], &["7"]] {
            check("Colloque", cells, false);
        }
        check("Sexe", &["F", "F"], false);
        check("Courriel secondaire", &["no.name@example.org", "https://example.org/no"], false);
        check("MEMBER_RATING", &["1", "1"], false);
    }

    #[test]
    fn a_no_in_any_cell_is_heard() {
        for cell in ["désabonnée", "a dit « non merci » hier", "STOP", "unsubscribed", "ne plus l’appeler"] {
            check("Remarque", &["rappelée en mai", "aime l’eau", "absente", cell], true);
        }
        check("Remarque", &["rappelée en mai", "non", "Non renseigné", "aime l’eau"], false);
        for heading in
            ["Reçoit nos communiqués", "Accepte les mails", "Diffusion presse", "Contactable", "Autorisation"]
        {
            check(heading, &["à voir", "peut-être", "Ann", "par Bob", "non"], true);
            check(heading, &["à voir", "Ann", "par Bob", "Cy", "non, vue le 7 juin"], true);
            check(heading, &["à voir", "peut-être", "Ann", "par Bob", "oui"], false);
        }
    }

    #[test]
    fn what_is_heard_is_told_as_soon_as_it_is_known() {
        let mut watch = Watch::over([(0, "Suivi"), (1, "")].into_iter());
        let mut hears = |cells: [&str; 2]| watch.hears(&cells.map(str::to_owned));
        assert_eq!(hears(["rappelée en mai", ""]), None);
        assert_eq!(hears(["", "non"]), Some(1));
        assert_eq!(hears(["désabonnée", "non"]), Some(0));
        assert_eq!(hears(["", "à 9 h"]), None);
        assert_eq!(watch.doubtful(), ["Suivi", "\"\""]);
    }
}
