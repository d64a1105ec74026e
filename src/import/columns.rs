//! What the columns of one table hold: by their headings, and by their cells where those leave it open.

use super::doubt::Watch;
use super::headings::{Column, column, folded};
use super::statuses;

/// What a column is that tells whether people subscribe, or who they are: its cells say.
fn whether_subscribed<'c>(cells: impl Iterator<Item = &'c str>) -> Option<Column> {
    let cells: Vec<&str> = cells.filter(|cell| !cell.trim().is_empty()).collect();
    if cells.is_empty() {
        return Some(Column::Status);
    }
    cells.iter().any(|cell| statuses::standing(cell).is_some()).then_some(Column::Subscribed)
}

/// The columns of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    /// What each holds; `None`: nothing that is read.
    pub(super) of: Vec<Option<Column>>,
    /// Where the address stands; `None`: in the first cell that is one.
    pub(super) address: Option<usize>,
    /// The headings.
    pub(super) headings: Vec<String>,
    /// Those that are not known, and what their cells say in the first records.
    pub(super) watch: Watch,
}

impl Columns {
    /// Columns with these headings. Where none says that it holds addresses, it is the one in which most of `records` have
    /// one: `is_address` says so. Those called as in `ignored` are not read, whatever they say.
    pub(super) fn named(
        headings: &[String],
        records: &[Vec<String>],
        ignored: &[String],
        is_address: impl Fn(&str) -> bool,
    ) -> Self {
        let ignored: Vec<String> = ignored.iter().map(|heading| folded(heading)).collect();
        let is_ignored = |heading: &str| ignored.contains(&folded(heading));
        let mut of: Vec<Option<Column>> =
            headings.iter().map(|heading| column(heading).filter(|_| !is_ignored(heading))).collect();
        let addresses_in = |place: usize| {
            records.iter().filter(|record| record.get(place).is_some_and(|cell| is_address(cell))).count()
        };
        let named = |wanted: Column| of.iter().enumerate().filter(move |(_, column)| **column == Some(wanted));
        let best = |places: Vec<usize>| {
            // Of several with as many, the first.
            places.into_iter().rev().max_by_key(|place| addresses_in(*place)).filter(|place| addresses_in(*place) > 0)
        };
        let sure: Vec<usize> = named(Column::Address).map(|(place, _)| place).collect();
        let address = best(sure.clone())
            .or_else(|| best(named(Column::PerhapsAddress).map(|(place, _)| place).collect()))
            .or_else(|| sure.first().copied())
            .or_else(|| best(named(Column::PerhapsSubscribed).map(|(place, _)| place).collect()))
            .or_else(|| best((0..of.len()).filter(|place| !is_ignored(&headings[*place])).collect()));
        let has_first_name = of.contains(&Some(Column::FirstName));
        for (place, column) in of.iter_mut().enumerate() {
            *column = match *column {
                _ if Some(place) == address => Some(Column::Address),
                Some(Column::Address | Column::PerhapsAddress) => None,
                Some(Column::PerhapsSubscribed) => {
                    whether_subscribed(records.iter().filter_map(|record| record.get(place)).map(String::as_str))
                }
                // In French a name alone is all of it.
                Some(Column::LastName) if !has_first_name => Some(Column::Name),
                column => column,
            };
        }
        let unread = headings.iter().map(String::as_str).enumerate();
        let unknown = unread.filter(|(place, heading)| of[*place].is_none() && !is_ignored(heading));
        let mut watch = Watch::over(unknown);
        for record in records {
            watch.hears(record);
        }
        Self { of, address, headings: headings.to_vec(), watch }
    }

    /// Those of a table without headings, whose records have so many cells: beside an address, one other cell is the name.
    pub(super) fn unnamed(count: usize) -> Self {
        let of = vec![(count == 2).then_some(Column::Name); count];
        Self { of, address: None, headings: Vec::new(), watch: Watch::default() }
    }

    pub(super) fn contains(&self, column: Column) -> bool {
        self.of.contains(&Some(column))
    }

    /// Whether a column with this heading, folded, is read.
    pub(super) fn reads(&self, heading: &str) -> bool {
        self.headings.iter().zip(&self.of).any(|(own, column)| column.is_some() && folded(own) == heading)
    }

    /// How many are known.
    pub(super) fn known(&self) -> usize {
        self.of.iter().flatten().count()
    }
}

#[cfg(test)]
mod tests {
    use super::super::headings::tests::known;
    use super::*;

    #[track_caller]
    fn check(headings: &[&str], expected: &[Option<Column>]) {
        let headings: Vec<String> = headings.iter().map(ToString::to_string).collect();
        assert_eq!(Columns::named(&headings, &[], &[], |_| false).of, expected, "{headings:?}");
    }

    #[test]
    fn headings_are_known_in_any_case_and_in_both_languages() {
        for heading in
            ["E-mail", "EMAIL_ADDRESS", "Email Address", "adresse e-mail", "Courriel", "Mél.", "e-mail", "email "]
        {
            check(&[heading], &[Some(Column::Address)]);
        }
        check(
            &["Prénom", "Nom", "Rédaction", "Langue", "Statut", "Ville"],
            &[
                Some(Column::FirstName),
                Some(Column::LastName),
                Some(Column::Organisation),
                Some(Column::Language),
                Some(Column::Status),
                None,
            ],
        );
        check(&["Nom", "MÉDIA"], &[Some(Column::Name), Some(Column::Organisation)]);
        check(&["UNSUB_TIME", "CLEAN_TIME"], &[Some(Column::Left), Some(Column::Bounced)]);
    }

    #[test]
    fn the_address_is_where_addresses_are() {
        let record = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let records = [record(["1 rue du Pont", "ann@example.org"]), record(["", "bob@example.org"])];
        let is_address = |cell: &str| cell.contains('@');
        for (headings, place) in
            [(["Adresse", "Email"], 1), (["Adresse", "Contact"], 1), (["Email", "Mail"], 1), (["X", "Y"], 1)]
        {
            let columns = Columns::named(&headings.map(str::to_owned), &records, &[], is_address);
            assert_eq!(columns.address, Some(place), "{headings:?}");
        }
    }

    #[test]
    fn what_may_tell_who_left_is_never_passed_over() {
        let named = |headings: &[&str], ignored: &[&str]| {
            let owned = |some: &[&str]| some.iter().map(ToString::to_string).collect::<Vec<_>>();
            Columns::named(&owned(headings), &[], &owned(ignored), |_| false)
        };
        let doubtful = |headings: &[&str], ignored: &[&str]| named(headings, ignored).watch.doubtful();
        for (_, heading) in known().filter(|(column, _)| *column != Column::LeftWhy) {
            assert_eq!(doubtful(&[heading], &[]), Vec::<String>::new(), "{heading}");
        }
        for heading in [
            "Désabonnement en cours",
            "Opt-Out (mail)",
            "SOFT_BOUNCES",
            "Exclu des envois",
            "A refusé",
            "No e-mail",
            "Inactif",
        ] {
            assert_eq!(doubtful(&["Email", heading], &[]).len(), 1, "{heading}");
        }
        assert_eq!(doubtful(&["Exclu des envois"], &["exclu DES envois"]), Vec::<String>::new());
        assert_eq!(named(&["Désabonné"], &["desabonne"]).of, [None]);
        assert_eq!(doubtful(&["UNSUB_CAMPAIGN_ID", "Ville"], &[]), Vec::<String>::new());
        for (cell, count) in [("non", 1), ("désabonné", 1), ("oui", 1), ("2024-01-02", 0)] {
            let headings = ["Email", "Newsletter presse"].map(str::to_owned);
            let records = [vec!["ann@example.org".to_owned(), cell.to_owned()]];
            assert_eq!(Columns::named(&headings, &records, &[], |_| false).watch.doubtful().len(), count, "{cell}");
        }
    }

    #[test]
    fn a_column_of_people_is_told_from_one_of_answers() {
        let of = |cells: &[&str]| {
            let records: Vec<Vec<String>> =
                cells.iter().map(|cell| vec!["ann@example.org".to_owned(), (*cell).to_owned()]).collect();
            let headings = ["Email", "Abonné"].map(str::to_owned);
            Columns::named(&headings, &records, &[], |cell| cell.contains('@')).of[1]
        };
        assert_eq!(of(&["", "non"]), Some(Column::Subscribed));
        assert_eq!(of(&["oui", "peut-être"]), Some(Column::Subscribed));
        assert_eq!(of(&["Ann Lee", ""]), None);
        assert_eq!(of(&["", ""]), Some(Column::Status));
    }
}
