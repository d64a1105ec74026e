//! What the samples of pages and letters are made of.

use chrono::NaiveDate;

use super::parts::{Contact, DocumentLink, EditionActions, FeedAddresses, Picture, PrivacyNotice, Stamp, Telephone};
use crate::language::{Language, date_words};

/// The text of `language`.
pub(super) fn pick(language: Language, french: &str, english: &str) -> String {
    match language {
        Language::French => french,
        Language::English => english,
    }
    .to_owned()
}

pub(super) fn title(language: Language) -> String {
    pick(
        language,
        "Un pont « tout bois » relie enfin les deux rives de l’Arve & du Giffre",
        "An all-timber bridge \"at last\" joins both banks of the Arve & the Giffre",
    )
}

/// A day of November 2026.
pub(super) fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, day).unwrap_or_default()
}

pub(super) fn stamp(language: Language, number: u32) -> Stamp {
    let date = day(number);
    Stamp { machine: format!("{date}T10:30:00+01:00"), words: date_words(date, language) }
}

/// What is said of the data of subscribers, whole.
pub(super) fn privacy(language: Language) -> PrivacyNotice {
    PrivacyNotice {
        controller: Some(pick(language, "Ministère des Fleuves & des Rivières", "Ministry of Rivers & Streams")),
        contact: Some("donnees@example.org".to_owned()),
        policy_url: Some("https://example.org/donnees?a=1&b=2".to_owned()),
    }
}

pub(super) fn feed(language: Language) -> FeedAddresses {
    FeedAddresses {
        title: pick(language, "Tous les communiqués", "All releases"),
        page: "/presse/feeds/all/".to_owned(),
        rss: "/presse/feeds/all.rss".to_owned(),
        atom: "/presse/feeds/all.atom".to_owned(),
        json: "/presse/feeds/all.json".to_owned(),
    }
}

pub(super) fn chapeau(language: Language) -> String {
    pick(
        language,
        "<p>Long de 84 mètres, il ouvre aux piétons et aux cyclistes le 4&nbsp;mai. \
         <a href=\"https://example.org/plan?a=1&amp;b=2\">Le plan d’accès</a> est en ligne.</p>",
        "<p>Eighty-four metres long, it opens to walkers and cyclists on 4&nbsp;May. \
         <a href=\"https://example.org/plan?a=1&amp;b=2\">How to get there</a> is online.</p>",
    )
}

pub(super) fn body(language: Language) -> String {
    pick(
        language,
        "<h2>Un chantier de deux ans</h2><p>Le bois vient de la vallée.</p><ul><li>84 m de long</li><li>4 m de large\
         </li></ul><blockquote><p>« Nous l’attendions. »</p></blockquote><table><thead><tr><th>Année</th><th>Coût</th>\
         </tr></thead><tbody><tr><td>2025</td><td>1,2 M€</td></tr></tbody></table>",
        "<h2>Two years of work</h2><p>The wood comes from the valley.</p><ul><li>84 m long</li><li>4 m wide</li></ul>\
         <blockquote><p>“We were waiting for it.”</p></blockquote><table><thead><tr><th>Year</th><th>Cost</th></tr>\
         </thead><tbody><tr><td>2025</td><td>€1.2 M</td></tr></tbody></table>",
    )
}

pub(super) fn documents(language: Language) -> Vec<DocumentLink> {
    let document = |title: String, address: Option<&str>, kind: &str, size: Option<&str>| DocumentLink {
        title,
        address: address.map(str::to_owned),
        kind: kind.to_owned(),
        size: size.map(str::to_owned),
    };
    let size = pick(language, "312 Ko", "312 kB");
    vec![
        document(
            pick(language, "Télécharger le communiqué", "Download the release"),
            Some("https://example.org/presse/uploads/pont.pdf"),
            "PDF",
            Some(&size),
        ),
        document(pick(language, "Dossier & annexes", "File & annexes"), None, "PDF", None),
        document(pick(language, "Chiffres", "Figures"), Some("https://example.org/c.ods"), "ODS", None),
    ]
}

pub(super) fn picture(language: Language) -> Picture {
    Picture {
        src: "https://example.org/presse/uploads/pont.png".to_owned(),
        alt: pick(language, "Le pont vu de la rive \"sud\"", "The bridge seen from the \"south\" bank"),
        width: Some(1200),
        height: Some(675),
        caption: Some(pick(language, "© Atelier <Rivages>", "© <Rivages> workshop")),
    }
}

pub(super) fn picture_without_size(language: Language) -> Picture {
    Picture { alt: String::new(), width: None, height: None, caption: None, ..picture(language) }
}

pub(super) fn contact(language: Language) -> Contact {
    Contact {
        name: Some(pick(language, "Service presse", "Press service")),
        telephones: vec![Telephone::new("01 23 45 67 89"), Telephone::new("poste 12 ou 13")],
        email: Some("presse@example.org".to_owned()),
    }
}

/// Nothing can be done; a sample then says what can.
pub(super) fn actions() -> EditionActions {
    EditionActions::none("/presse/office/a.b".to_owned())
}
