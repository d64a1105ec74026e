//! What the sample contexts are made of, and the list of pages to render them with.

use chrono::NaiveDate;

use super::super::engine::{Page, TemplateError, Templates};
use super::super::parts::{
    Contact, DocumentLink, EditionActions, FeedAddresses, Link, Picture, PrivacyNotice, Stamp, Telephone,
};
use super::{
    AskPage, CheckInboxPage, ConfirmPage, ConfirmedPage, DonePage, FeedPage, FeedsPage, FrontPage, Layout,
    MailboxLetterPage, MailboxLettersPage, MailboxPreviewsPage, MailboxWaitingPage, OfficeDonePage, OfficePage,
    PreferencesPage, ProblemPage, ReleaseCard, ReleasePage, SubscribePage, UnsubscribePage, UnsubscribedPage,
};
use crate::language::{Language, date_words};

/// Renders every page with each of its samples and adds what is wrong to `errors`.
pub(in crate::template) fn render_samples(templates: &Templates, language: Language, errors: &mut Vec<TemplateError>) {
    fn each<P: Page>(templates: &Templates, language: Language, errors: &mut Vec<TemplateError>) {
        errors.extend(P::samples(language).iter().filter_map(|page| templates.page(page).err()));
    }
    let pages = [
        each::<FrontPage>,
        each::<FeedsPage>,
        each::<FeedPage>,
        each::<ReleasePage>,
        each::<SubscribePage>,
        each::<CheckInboxPage>,
        each::<ConfirmPage>,
        each::<ConfirmedPage>,
        each::<AskPage>,
        each::<DonePage>,
        each::<PreferencesPage>,
        each::<UnsubscribePage>,
        each::<UnsubscribedPage>,
        each::<OfficePage>,
        each::<OfficeDonePage>,
        each::<ProblemPage>,
        each::<MailboxWaitingPage>,
        each::<MailboxLettersPage>,
        each::<MailboxLetterPage>,
        each::<MailboxPreviewsPage>,
    ];
    for page in pages {
        page(templates, language, errors);
    }
}

/// The text of `language`.
pub(in crate::template) fn pick(language: Language, french: &str, english: &str) -> String {
    match language {
        Language::French => french,
        Language::English => english,
    }
    .to_owned()
}

pub(in crate::template) fn title(language: Language) -> String {
    pick(
        language,
        "Un pont « tout bois » relie enfin les deux rives de l’Arve & du Giffre",
        "An all-timber bridge \"at last\" joins both banks of the Arve & the Giffre",
    )
}

/// A day of November 2026.
pub(in crate::template) fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, day).unwrap_or_default()
}

pub(in crate::template) fn stamp(language: Language, number: u32) -> Stamp {
    let date = day(number);
    Stamp { machine: format!("{date}T10:30:00+01:00"), words: date_words(date, language) }
}

/// The frame of a page below the site's address.
pub(super) fn layout(language: Language, path: &str) -> Layout {
    Layout {
        language,
        site_title: pick(language, "Espace presse", "Press room"),
        site_description: pick(
            language,
            "Les communiqués du ministère des Fleuves & des Rivières",
            "News from the Ministry of Rivers & Streams",
        ),
        root: "/presse".to_owned(),
        title: pick(language, "Une page", "A page"),
        description: Some(pick(language, "Ce que dit cette page.", "What this page says.")),
        canonical: Some(format!("https://example.org/presse{path}")),
        newer: None,
        older: None,
        picture: Some("https://example.org/presse/uploads/pont.jpg".to_owned()),
        feeds: vec![feed(language)],
        noindex: false,
        privacy: privacy(language),
    }
}

/// What is said of the data of subscribers, whole.
pub(in crate::template) fn privacy(language: Language) -> PrivacyNotice {
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

pub(in crate::template) fn chapeau(language: Language) -> String {
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

pub(in crate::template) fn documents(language: Language) -> Vec<DocumentLink> {
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

pub(in crate::template) fn picture(language: Language) -> Picture {
    Picture {
        src: "https://example.org/presse/uploads/pont.png".to_owned(),
        alt: pick(language, "Le pont vu de la rive \"sud\"", "The bridge seen from the \"south\" bank"),
        width: Some(1200),
        height: Some(675),
        caption: Some(pick(language, "© Atelier <Rivages>", "© <Rivages> workshop")),
    }
}

pub(in crate::template) fn picture_without_size(language: Language) -> Picture {
    Picture { alt: String::new(), width: None, height: None, caption: None, ..picture(language) }
}

pub(in crate::template) fn contact(language: Language) -> Contact {
    Contact {
        name: Some(pick(language, "Service presse", "Press service")),
        telephones: vec![Telephone::new("01 23 45 67 89"), Telephone::new("poste 12 ou 13")],
        email: Some("presse@example.org".to_owned()),
    }
}

pub(super) fn card(language: Language) -> ReleaseCard {
    ReleaseCard {
        title: title(language),
        address: "/presse/communiques/pont/".to_owned(),
        date: stamp(language, 23),
        chapeau_html: chapeau(language),
        categories: vec![Link::new("Communiqués", "/presse/feeds/category/communiques/")],
        tags: vec![
            Link::new("ponts & routes", "/presse/feeds/tag/ponts-routes/"),
            Link::new("été", "/presse/feeds/tag/ete/"),
        ],
        image: Some(picture(language)),
        documents: documents(language),
    }
}

/// A full card, one without anything that may be absent, and one between.
pub(super) fn cards(language: Language) -> Vec<ReleaseCard> {
    let full = card(language);
    let bare = ReleaseCard {
        title: pick(language, "Le Giffre retrouve ses truites", "Trout are back in the Giffre"),
        date: stamp(language, 20),
        categories: Vec::new(),
        tags: Vec::new(),
        image: None,
        documents: Vec::new(),
        ..full.clone()
    };
    let between = ReleaseCard {
        title: pick(language, "Cent bateliers formés en un an", "A hundred boatmen trained in a year"),
        date: stamp(language, 12),
        image: Some(picture_without_size(language)),
        ..full.clone()
    };
    vec![full, bare, between]
}

/// Nothing can be done; a sample then says what can.
pub(super) fn actions() -> EditionActions {
    EditionActions::none("/presse/office/a.b".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every page of every sample, in both languages, with its template's name.
    fn pages() -> Vec<(&'static str, String)> {
        fn each<P: Page>(templates: &Templates, out: &mut Vec<(&'static str, String)>) {
            for page in Language::ALL.into_iter().flat_map(P::samples) {
                out.push((P::TEMPLATE, templates.page(&page).unwrap()));
            }
        }
        let templates = Templates::new([]).unwrap();
        let mut out = Vec::new();
        each::<FrontPage>(&templates, &mut out);
        each::<FeedsPage>(&templates, &mut out);
        each::<FeedPage>(&templates, &mut out);
        each::<ReleasePage>(&templates, &mut out);
        each::<SubscribePage>(&templates, &mut out);
        each::<CheckInboxPage>(&templates, &mut out);
        each::<ConfirmPage>(&templates, &mut out);
        each::<ConfirmedPage>(&templates, &mut out);
        each::<AskPage>(&templates, &mut out);
        each::<DonePage>(&templates, &mut out);
        each::<PreferencesPage>(&templates, &mut out);
        each::<UnsubscribePage>(&templates, &mut out);
        each::<UnsubscribedPage>(&templates, &mut out);
        each::<OfficePage>(&templates, &mut out);
        each::<OfficeDonePage>(&templates, &mut out);
        each::<ProblemPage>(&templates, &mut out);
        each::<MailboxWaitingPage>(&templates, &mut out);
        each::<MailboxLettersPage>(&templates, &mut out);
        each::<MailboxLetterPage>(&templates, &mut out);
        each::<MailboxPreviewsPage>(&templates, &mut out);
        out
    }

    /// The values of an attribute.
    fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
        let open = format!(" {attribute}=\"");
        html.split(open.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn pages_have_landmarks_one_heading_and_no_script_in_their_text() {
        for (name, html) in pages() {
            // Data for search engines, which no browser runs.
            let html = html.replace("<script type=\"application/ld+json\">", "");
            // Our own, in a file of its own.
            let own = |root: &str| format!("<script src=\"{root}/assets/press.js\" defer></script>");
            let html = html.replace(&own("/presse"), "").replace(&own(""), "");
            for (piece, times) in [("<h1", 1), ("<main id=\"content\"", 1), ("<header class=\"masthead\"", 1)] {
                assert_eq!(html.matches(piece).count(), times, "{name}: {piece}");
            }
            for piece in
                ["<title>", "class=\"skip\" href=\"#content\"", "<nav aria-label=\"", "<footer class=\"colophon\""]
            {
                assert!(html.contains(piece), "{name}: {piece}");
            }
            for forbidden in ["<script", " style=", " onclick", "href=\"\"", "src=\"\"", "None", "<p></p>"] {
                assert!(!html.contains(forbidden), "{name}: {forbidden}");
            }
        }
    }

    #[test]
    fn ids_are_unique_and_what_points_at_them_finds_them() {
        for (name, html) in pages() {
            let ids = values(&html, "id");
            let unique: std::collections::BTreeSet<_> = ids.iter().collect();
            assert_eq!(unique.len(), ids.len(), "{name}: {ids:?}");
            for attribute in ["for", "aria-labelledby", "aria-describedby"] {
                for value in values(&html, attribute).iter().flat_map(|ids| ids.split(' ')) {
                    assert!(ids.contains(&value), "{name}: {attribute}={value}");
                }
            }
            for anchor in values(&html, "href").iter().filter_map(|href| href.strip_prefix('#')) {
                assert!(ids.contains(&anchor), "{name}: #{anchor}");
            }
        }
    }

    #[test]
    fn only_forms_act_and_pages_with_a_token_stay_out_of_search() {
        for (name, html) in pages() {
            assert_eq!(html.matches("<form").count(), html.matches(" method=\"post\" action=\"/").count(), "{name}");
            let token = ["ask", "done", "confirm", "preferences", "unsubscribe", "office", "admin/"];
            if token.iter().any(|part| name.contains(part)) {
                assert!(html.contains("content=\"noindex\"") && !html.contains("rel=\"canonical\""), "{name}");
            }
        }
    }

    #[test]
    fn links_of_the_frame_lie_below_the_site() {
        for (name, html) in pages().iter().filter(|(name, _)| name.starts_with("page/")) {
            for href in values(html, "href") {
                let whole = ["https://", "mailto:", "tel:", "#", "/presse/", "/subscribe"];
                assert!(whole.iter().any(|start| href.starts_with(start)), "{name}: {href}");
            }
        }
    }

    #[test]
    fn the_press_contact_can_be_called_and_written_to() {
        let templates = Templates::new([]).unwrap();
        let html = templates.page(&ReleasePage::samples(Language::French)[0]).unwrap();
        for piece in ["href=\"tel:0123456789\"", "href=\"mailto:presse@example.org\"", "(PDF, 312 Ko)"] {
            assert!(html.contains(piece), "{piece}");
        }
        assert!(html.contains("Dossier &amp; annexes") && html.contains("pas encore disponible"), "{html}");
    }

    #[test]
    fn a_shown_letter_cannot_leave_its_frame() {
        let templates = Templates::new([]).unwrap();
        let html = templates.page(&MailboxLetterPage::samples(Language::French)[0]).unwrap();
        let frame = " sandbox=\"allow-popups allow-popups-to-escape-sandbox\" src=\"/mailbox/letters/2.eml/html\"";
        assert!(html.contains(frame) && !html.contains("srcdoc"), "{html}");
        assert!(html.contains("&lt;p&gt;du texte &amp; des signes"), "the text part is text");
    }

    #[test]
    fn a_refused_form_keeps_its_values_and_says_why() {
        let templates = Templates::new([]).unwrap();
        let html = templates.page(&SubscribePage::samples(Language::English)[1]).unwrap();
        for piece in [
            "value=\"camille@\"",
            "aria-invalid=\"true\" aria-describedby=\"email-error\"",
            "role=\"alert\"",
            "value=\"category:communiques\" checked",
            "value=\"immediate\" checked",
            "value=\"en\" checked",
            "name=\"website\"",
        ] {
            assert!(html.contains(piece), "{piece}");
        }
        assert!(!html.contains("value=\"category:discours\" checked"));
    }
}
