//! What the columns of a table hold, by their headings: in any case, with or without accents, in English and French.

use crate::domain::Label;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Address,
    /// Perhaps an address, perhaps a street.
    PerhapsAddress,
    Name,
    FirstName,
    LastName,
    Organisation,
    Language,
    Status,
    /// Why a subscription ended.
    Reason,
    Frequency,
    Topics,
    /// Mailman's `nomail`.
    NoMail,
    /// Sympa's `reception`.
    Reception,
    /// When they left.
    LeftAt,
    /// Why they left.
    LeftWhy,
    /// When their address was found dead.
    CleanedAt,
    /// Whether nothing is delivered for a time.
    Suspended,
    /// Further values, as JSON.
    Attributes,
    /// Something of their consent.
    Consent,
}

/// The headings of each, folded.
const HEADINGS: [(Column, &[&str]); 18] = [
    (
        Column::Address,
        &[
            "email",
            "emailaddress",
            "emails",
            "mail",
            "mel",
            "courriel",
            "courrielelectronique",
            "adresseemail",
            "adressemail",
            "adressemel",
            "adressecourriel",
            "adresseelectronique",
            "adressedemessagerie",
            "adressedecourriel",
            "contactemail",
            "emailcontact",
            "emailprofessionnel",
            "primaryemail",
            "subscriberemail",
            "useremail",
            "memberemail",
            "email1",
            "email1value",
            "emailpro",
        ],
    ),
    (
        Column::PerhapsAddress,
        &["address", "adresse", "addresses", "contact", "membre", "member", "subscriber", "abonne"],
    ),
    (
        Column::Name,
        &[
            "name",
            "fullname",
            "nomcomplet",
            "nometprenom",
            "prenomnom",
            "prenometnom",
            "nomprenom",
            "displayname",
            "realname",
            "gecos",
            "journaliste",
        ],
    ),
    (Column::FirstName, &["firstname", "prenom", "givenname", "fname", "forename"]),
    (Column::LastName, &["lastname", "surname", "familyname", "lname", "nom", "nomdefamille", "nomdusage"]),
    (
        Column::Organisation,
        &[
            "organisation",
            "organization",
            "organisme",
            "company",
            "companyname",
            "entreprise",
            "societe",
            "media",
            "medias",
            "nomdumedia",
            "redaction",
            "structure",
            "journal",
            "support",
            "titredepresse",
            "publication",
            "outlet",
            "employer",
            "agence",
        ],
    ),
    (
        Column::Language,
        &["language", "langue", "lang", "locale", "preferredlanguage", "languepreferee", "languedecorrespondance"],
    ),
    (
        Column::Status,
        &[
            "status",
            "statut",
            "state",
            "etat",
            "subscriptionstatus",
            "subscriberstatus",
            "statutabonnement",
            "statutdelabonnement",
            "emailstatus",
            "emailmarketingstatus",
            "memberstatus",
            "deliverystatus",
            "subscribed",
            "abonnement",
            "emailsubscriptionstatus",
            "emailsubscriberstatus",
            "optin",
        ],
    ),
    (Column::Reason, &["reason", "raison", "endreason"]),
    (Column::Frequency, &["frequency", "frequence", "rythme", "digest", "periodicite"]),
    (
        Column::Topics,
        &[
            "topics",
            "topic",
            "sujets",
            "themes",
            "thematiques",
            "categories",
            "lists",
            "list",
            "listes",
            "liste",
            "tags",
            "interests",
            "groups",
            "groupes",
            "segments",
        ],
    ),
    (Column::NoMail, &["nomail"]),
    (Column::Reception, &["reception"]),
    (
        Column::LeftAt,
        &[
            "unsubtime",
            "unsubscribedat",
            "unsubscribetime",
            "unsubscribedate",
            "optouttime",
            "datededesabonnement",
            "datededesinscription",
            "desabonnele",
        ],
    ),
    (Column::LeftWhy, &["unsubreason", "unsubreasonother", "unsubscribereason"]),
    (Column::CleanedAt, &["cleantime", "cleanedat", "bouncedat"]),
    (Column::Suspended, &["suspend", "suspended"]),
    (Column::Attributes, &["attributes", "attribs"]),
];

/// Of consent, and of no further meaning here.
const CONSENT: [&str; 10] = [
    "optintime",
    "confirmtime",
    "createdat",
    "subscribedat",
    "dateinscription",
    "datedinscription",
    "since",
    "source",
    "optindate",
    "consent",
];

/// A heading without case, accents, spaces and signs.
pub(super) fn folded(heading: &str) -> String {
    let folded = Label::new(heading).map(|label| label.folded()).unwrap_or_default();
    folded.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// What stands under a heading, as far as that is known.
fn column(heading: &str) -> Option<Column> {
    let heading = folded(heading);
    let heading = heading.as_str();
    let known = HEADINGS.iter().find(|(_, headings)| headings.contains(&heading)).map(|(column, _)| *column);
    known.or_else(|| CONSENT.contains(&heading).then_some(Column::Consent))
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
}

impl Columns {
    /// Columns with these headings. Where none says that it holds addresses, it is the one in which most of `records` have
    /// one: `is_address` says so.
    pub(super) fn named(headings: &[String], records: &[Vec<String>], is_address: impl Fn(&str) -> bool) -> Self {
        let mut of: Vec<Option<Column>> = headings.iter().map(|heading| column(heading)).collect();
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
            .or_else(|| best((0..of.len()).collect()));
        let has_first_name = of.contains(&Some(Column::FirstName));
        for (place, column) in of.iter_mut().enumerate() {
            *column = match *column {
                _ if Some(place) == address => Some(Column::Address),
                Some(Column::Address | Column::PerhapsAddress) => None,
                // In French a name alone is all of it.
                Some(Column::LastName) if !has_first_name => Some(Column::Name),
                column => column,
            };
        }
        Self { of, address, headings: headings.to_vec() }
    }

    /// Those of a table without headings, whose records have so many cells: beside an address, one other cell is the name.
    pub(super) fn unnamed(count: usize) -> Self {
        Self { of: vec![(count == 2).then_some(Column::Name); count], address: None, headings: Vec::new() }
    }

    pub(super) fn contains(&self, column: Column) -> bool {
        self.of.contains(&Some(column))
    }

    /// How many are known.
    pub(super) fn known(&self) -> usize {
        self.of.iter().flatten().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(headings: &[&str], expected: &[Option<Column>]) {
        let headings: Vec<String> = headings.iter().map(ToString::to_string).collect();
        assert_eq!(Columns::named(&headings, &[], |_| false).of, expected, "{headings:?}");
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
        check(&["UNSUB_TIME", "CLEAN_TIME"], &[Some(Column::LeftAt), Some(Column::CleanedAt)]);
    }

    #[test]
    fn each_heading_has_one_meaning_and_is_folded() {
        let mut all: Vec<&str> = HEADINGS.iter().flat_map(|(_, headings)| *headings).chain(&CONSENT).copied().collect();
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(all.iter().all(|heading| folded(heading) == **heading));
    }

    #[test]
    fn the_address_is_where_addresses_are() {
        let record = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let records = [record(["1 rue du Pont", "ann@example.org"]), record(["", "bob@example.org"])];
        let is_address = |cell: &str| cell.contains('@');
        for (headings, place) in
            [(["Adresse", "Email"], 1), (["Adresse", "Contact"], 1), (["Email", "Mail"], 1), (["X", "Y"], 1)]
        {
            let columns = Columns::named(&headings.map(str::to_owned), &records, is_address);
            assert_eq!(columns.address, Some(place), "{headings:?}");
        }
    }
}
