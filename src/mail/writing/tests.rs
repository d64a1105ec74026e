//! Letters about invented releases, written with the built-in templates.

use chrono::{NaiveDate, TimeDelta};

use super::{Copied, Writer};
use crate::catalog::Published;
use crate::catalog::sample::{at, known, release};
use crate::config::PrivacySettings;
use crate::domain::{
    Digest, Document, DocumentState, EditionState, Fragment, Frequency, PressContact, Release, SpliceMarks, Target,
    UploadPath,
};
use crate::feed::FeedSite;
use crate::language::Language;
use crate::mail::contents_of;
use crate::template::{LetterParts, Templates};

const BOUNDARY: &str = "0123456789abcdef0123456789abcdef";
/// Beyond this, mail programs cut a letter.
const CUT_AT: usize = 95_000;

fn site() -> FeedSite {
    FeedSite {
        title: "Préfecture de l’Estuaire".to_owned(),
        description: String::new(),
        url: "https://presse.example/d".parse().unwrap(),
        releases_url: None,
        authority: "presse.example".to_owned(),
        language: Language::French,
        timezone: chrono_tz::Europe::Paris,
        entries: 20,
        ttl: TimeDelta::minutes(5),
        started: at("2026-01-01T00:00:00Z"),
        rights: None,
        icon: None,
        hub: None,
        privacy: PrivacySettings::default(),
    }
}

/// What `write` makes of the writer of [`site`].
fn written<T>(write: impl FnOnce(&Writer<'_>) -> T) -> T {
    let (site, templates) = (site(), Templates::new([]).unwrap());
    write(&Writer { site: &site, templates: &templates })
}

/// An English release with a document and a press contact.
fn bridge() -> Release {
    let upload = UploadPath::from_decoded("pont.pdf").unwrap();
    let state = DocumentState::Present { bytes: 312_000, digest: Digest::of(b"pont") };
    Release {
        language: Language::English,
        documents: vec![Document { target: Target::Upload(upload), title: "The release".to_owned(), state }],
        contact: Some(PressContact { name: Some("Zoé Martin".to_owned()), ..PressContact::default() }.into()),
        ..release("pont", "2026-11-23T09:00:00Z")
    }
}

fn corrected() -> Published {
    known(Release { correction: Some("It opens on the 4th, not the 14th.".to_owned()), ..bridge() })
}

fn withdrawn(reason: &str) -> Published {
    known(Release { withdrawn: Some(reason.to_owned()), ..bridge() })
}

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
}

/// That each of `parts` stands in `text`, one after the other.
#[track_caller]
fn in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("`{part}` is missing, or too early:\n{text}"));
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn a_correction_says_first_what_changed_and_then_the_whole_release() {
    let LetterParts { subject, text, html } =
        written(|writer| writer.correction(&corrected(), Language::French, BOUNDARY)).unwrap();
    assert_eq!(subject, "Correctif\u{a0}: Titre de pont");
    let parts = ["Correction", "It opens on the 4th, not the 14th.", "Titre de pont", "Chapeau de pont.", "pont/"];
    in_order(&text, &parts);
    let body = html.split("<body").nth(1).unwrap();
    in_order(body, &["Correction", "lang=\"en\">It opens on the 4th", "lang=\"en\">\n<h1", "pont.pdf", "Zoé Martin"]);
    let marks = SpliceMarks::of(BOUNDARY);
    for mark in [marks.unsubscribe, marks.preferences, marks.topics] {
        assert_eq!((text.matches(&mark).count(), html.matches(&mark).count()), (1, 1), "{mark}");
    }
}

#[test]
fn a_withdrawal_leads_to_nothing_that_is_gone() {
    for (reason, why) in [("The figures were wrong.", true), ("", false)] {
        let LetterParts { subject, text, html } =
            written(|writer| writer.withdrawal(&withdrawn(reason), Language::English, BOUNDARY)).unwrap();
        assert_eq!(subject, "Withdrawn: Titre de pont");
        for part in [&text, &html] {
            assert!(part.contains("Please do not use this release any more") && part.contains("Zoé Martin"), "{part}");
            assert_eq!(part.contains("Why\n") || part.contains("Why</p>"), why, "{part}");
            assert!(!part.contains("/presse/pont/") && !part.contains("pont.pdf"), "{part}");
        }
    }
}

#[test]
fn a_digest_has_one_place_for_its_releases() {
    for (frequency, french, english) in [
        (Frequency::Daily, "Les communiqués du mardi 24 novembre 2026", "Releases of Tuesday 24 November 2026"),
        (
            Frequency::Weekly,
            "Les communiqués de la semaine – mardi 24 novembre 2026",
            "The week’s releases – Tuesday 24 November 2026",
        ),
    ] {
        for (language, subject) in [(Language::French, french), (Language::English, english)] {
            let letter = written(|writer| writer.digest(frequency, day(), language, BOUNDARY)).unwrap();
            assert_eq!(letter.subject, subject);
            let mark = SpliceMarks::of(BOUNDARY).contents;
            assert!(letter.text.contains(&format!("\n\n{mark}\n\n")), "{}", letter.text);
            assert!(letter.html.contains(&format!("</tr>\n{mark}\n<tr>")), "{}", letter.html);
        }
    }
}

#[test]
fn a_fragment_is_whole_or_a_title() {
    let fragment = written(|writer| writer.fragment(&known(bridge()), Some("Agenda"), 3, Language::French)).unwrap();
    let Fragment { release, language, ordinal, heading, full, short } = fragment;
    assert_eq!((release, language, ordinal), (known(bridge()).id, Language::French, 3));
    assert_eq!(heading.text, "== Agenda ==\n");
    in_order(&full.text, &["Titre de pont\n", "lundi 23 novembre 2026", "Chapeau", "The release (PDF, 312\u{a0}Ko)"]);
    in_order(&full.html, &["<tr>", "lang=\"en\"", "<h3", "/d/presse/pont/", "Chapeau", "pont.pdf", "</tr>"]);
    assert_eq!(short.text, "- Titre de pont\n  https://presse.example/d/presse/pont/\n");
    for piece in [&heading, &full, &short] {
        assert!(piece.html.trim().starts_with("<tr>") && piece.html.trim().ends_with("</tr>"), "{}", piece.html);
    }
}

#[test]
fn a_long_digest_is_shown_whole_by_mail_programs() {
    written(|writer| {
        let fragments: Vec<Fragment> = (0..90)
            .map(|number| {
                let category = ["Agenda", "Discours & hommages", "Communiqués"][number as usize / 30];
                let title = format!("Numéro {number}\u{a0}: un titre long comme les administrations en ont le secret");
                let published =
                    known(Release { title: title.into(), ..release(&format!("n{number}"), "2026-11-23T09:00:00Z") });
                writer.fragment(&published, Some(category), number, Language::French).unwrap()
            })
            .collect();
        let contents = contents_of(&fragments);
        let letter = writer.digest(Frequency::Weekly, day(), Language::French, BOUNDARY).unwrap();
        let html = letter.html.replace(&SpliceMarks::of(BOUNDARY).contents, &contents.html);
        assert!(html.len() < CUT_AT, "{}", html.len());
        assert_eq!(["<h1", "<h2", "<h3"].map(|tag| html.matches(tag).count()), [1, 3, 90]);
        assert!((0..90).all(|number| html.contains(&format!("Numéro {number}\u{a0}:"))));
    });
}

#[test]
fn the_office_gets_a_marked_copy_of_every_kind() {
    let contents = written(|writer| {
        let fragment = writer.fragment(&known(bridge()), None, 0, Language::French).unwrap();
        contents_of(&[fragment])
    });
    let (announced, corrected, withdrawn) = (known(bridge()), corrected(), withdrawn("Faux."));
    let digest = Copied::Digest { frequency: Frequency::Daily, day: day(), contents: &contents };
    let copies = [
        (Copied::Announcement(&announced), "[Copie] Titre de pont"),
        (Copied::Correction(&corrected), "[Copie] Correctif\u{a0}: Titre de pont"),
        (Copied::Withdrawal(&withdrawn), "[Copie] Retrait\u{a0}: Titre de pont"),
        (digest, "[Copie] Les communiqués du mardi 24 novembre 2026"),
    ];
    for (copied, subject) in copies {
        let now = at("2026-11-23T10:00:00Z");
        let state = EditionState::Waiting { due: now };
        let url = "https://presse.example/d/office/a.b";
        let letter = written(|writer| writer.office_copy(&copied, &state, url, now)).unwrap();
        assert_eq!(letter.subject, subject);
        for part in [&letter.text, &letter.html] {
            in_order(part, &["Copie du service presse", "11\u{a0}h", url, "Titre de pont"]);
            assert!(!part.contains("mark-") && !part.contains("/u/") && !part.contains("EMBARGO"), "{part}");
        }
    }
    let before = at("2026-11-23T08:00:00Z");
    let state = EditionState::Waiting { due: before };
    let early =
        written(|writer| writer.office_copy(&Copied::Announcement(&announced), &state, "https://x.org", before));
    assert!(early.unwrap().subject.starts_with("[EMBARGO]"));
}
