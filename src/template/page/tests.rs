//! What holds of every page, whatever it shows.

use super::super::engine::{Page as _, Templates};
use super::super::trial;
use super::{MailboxLetterPage, ReleasePage, SubscribePage};
use crate::language::Language;

/// Every page of every sample, in both languages, with its template's name.
fn pages() -> Vec<(&'static str, String)> {
    let templates = Templates::new([]).unwrap();
    let tried = Language::ALL.into_iter().flat_map(|language| trial::pages(&templates, language));
    tried.map(|(name, page)| (name, page.unwrap())).collect()
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
        for piece in ["<title>", "class=\"skip\" href=\"#content\"", "<nav aria-label=\"", "<footer class=\"colophon\""]
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
