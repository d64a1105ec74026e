//! A release's full text for readers who are not on its page: correction, image, body, documents, contact. Addresses are
//! absolute.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use super::address::Addresses;
use super::clean_text::escape;
use crate::domain::{BodyGone, Document, DocumentState, FileKind, Image, PDF, PressContact, Release};
use crate::language::{EntryWords, Language, entry_words, file_size};

/// From short numbers such as `115` to the longest there is (ITU-T E.164 §6).
const DIGITS_OF_A_NUMBER: RangeInclusive<usize> = 3..=15;

/// Longer endings of a file name are no type.
const LONGEST_ENDING: usize = 5;

/// The full text of `release` as well-formed, sanitised HTML with absolute addresses.
///
/// The chapeau is the summary and not repeated here, unless there is no body.
///
/// # Errors
/// When the body was left for later and its file changed meanwhile.
pub fn full_text(release: &Release, addresses: Addresses<'_>) -> Result<String, BodyGone> {
    let words = entry_words(release.language);
    let mut shown = release.images.iter().filter(|image| image.is_there()).map(|image| figure(image, addresses));
    let body = release.body()?;
    let text = if body.is_empty() { &release.chapeau } else { body.as_ref() };
    let correction = release.correction.as_ref();
    let correction = correction.map(|text| format!("<p><strong>{}</strong> {}</p>", words.correction, escape(text)));
    let mut blocks: Vec<String> = correction.into_iter().chain(shown.next()).collect();
    blocks.push(trimmed(addresses.in_html(text)));
    blocks.extend(shown);
    if !release.documents.is_empty() {
        blocks.push(documents(release, words, addresses));
    }
    blocks.extend(release.contact.as_ref().and_then(|contact| contact_lines(contact, words)));
    blocks.retain(|block| !block.is_empty());
    Ok(if let [_] = &*blocks { blocks.remove(0) } else { blocks.join("\n") })
}

/// `text` without white space around it, in its own place where there is none.
fn trimmed(text: String) -> String {
    let words = text.trim();
    if words.len() == text.len() { text } else { words.to_owned() }
}

/// What stands in brackets after a document: its type and, when known, its size (`PDF, 312 Ko`), or that it is missing.
#[must_use]
pub fn document_note(document: &Document, language: Language) -> String {
    let size = match document.state {
        DocumentState::Present { bytes, .. } => Some(file_size(bytes, language)),
        DocumentState::Elsewhere => None,
        DocumentState::Missing => return entry_words(language).missing.to_owned(),
    };
    [kind(document), size].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// `PDF` and the like: by the media type, else by the ending of the address.
fn kind(document: &Document) -> Option<String> {
    if document.target.media_type() == PDF {
        return Some("PDF".to_owned());
    }
    let address = document.target.address();
    let path = address.split_once("://").map_or(Some(address.as_str()), |(_, rest)| Some(rest.split_once('/')?.1))?;
    let name = path.split(['?', '#']).next()?.rsplit('/').next()?;
    let (_, ending) = name.rsplit_once('.')?;
    let is_ending = (1..=LONGEST_ENDING).contains(&ending.len()) && ending.chars().all(|c| c.is_ascii_alphanumeric());
    is_ending.then(|| ending.to_ascii_uppercase())
}

fn figure(image: &Image, addresses: Addresses<'_>) -> String {
    let (url, alternative) = (escape(&addresses.of_target(&image.target)), escape(&image.alternative));
    let size = match image.facts.as_ref().map(|facts| facts.kind) {
        Some(FileKind::Image { width, height }) => format!(" width=\"{width}\" height=\"{height}\""),
        Some(FileKind::Pdf | FileKind::Other) | None => String::new(),
    };
    let caption = image.caption.as_deref().map(str::trim).filter(|caption| !caption.is_empty());
    let caption = caption.map(|text| format!("<figcaption>{}</figcaption>", escape(text))).unwrap_or_default();
    format!("<figure><img src=\"{url}\" alt=\"{alternative}\"{size}>{caption}</figure>")
}

fn documents(release: &Release, words: EntryWords, addresses: Addresses<'_>) -> String {
    let mut html = format!("<h2>{}</h2>\n<ul>\n", words.documents);
    for document in &release.documents {
        let title = escape(&document.title);
        let name = match document.state {
            DocumentState::Present { .. } | DocumentState::Elsewhere => {
                format!("<a href=\"{}\">{title}</a>", escape(&addresses.of_target(&document.target)))
            }
            DocumentState::Missing => title,
        };
        let note = document_note(document, release.language);
        let note = if note.is_empty() { note } else { format!(" ({})", escape(&note)) };
        let _ = writeln!(html, "<li>{name}{note}</li>");
    }
    html.push_str("</ul>");
    html
}

fn contact_lines(contact: &PressContact, words: EntryWords) -> Option<String> {
    let mut lines = Vec::new();
    if let Some(name) = &contact.name {
        lines.push(escape(name));
    }
    for telephone in &contact.telephones {
        let text = escape(telephone);
        let number = dialled(telephone).map(|number| format!("<a href=\"tel:{number}\">{text}</a>"));
        lines.push(format!("{}{}", words.telephone, number.unwrap_or(text)));
    }
    if let Some(email) = &contact.email {
        let address = percent_encoding::utf8_percent_encode(email.as_str(), NOT_IN_MAILTO);
        lines.push(format!("{}<a href=\"mailto:{address}\">{}</a>", words.email, escape(email.as_str())));
    }
    let heading = words.press_contact;
    (!lines.is_empty()).then(|| format!("<h2>{heading}</h2>\n<p>{}</p>", lines.join("<br>\n")))
}

/// What one dials for `telephone`; `None` when it says more than one number.
fn dialled(telephone: &str) -> Option<String> {
    let written = telephone.trim();
    let (plus, rest) = match written.strip_prefix('+') {
        // The zero in `+33 (0)1` is for callers at home.
        Some(rest) => ("+", rest.replacen("(0)", "", 1)),
        None => ("", written.to_owned()),
    };
    let is_one_number = rest.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || ".-()".contains(c));
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    (is_one_number && DIGITS_OF_A_NUMBER.contains(&digits.len())).then(|| format!("{plus}{digits}"))
}

/// Characters of an address that do not stand in a `mailto:` link (RFC 6068 §2).
const NOT_IN_MAILTO: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Digest, SiteUrl, Target, sample_release};

    #[track_caller]
    fn check_number(written: &str, expected: Option<&str>) {
        assert_eq!(dialled(written).as_deref(), expected, "{written}");
    }

    #[test]
    fn a_number_is_linked_when_it_is_one() {
        check_number("01 02 03 04 05", Some("0102030405"));
        check_number("01.02.03.04.05", Some("0102030405"));
        check_number("+33 (0)1 02 03 04 05", Some("+33102030405"));
        check_number("115", Some("115"));
        check_number("01 02 03 04 05 / 06 07 08 09 10", None);
        check_number("01 02 03 04 05 - 06 07 08 09 10", None);
        check_number("01 02 03 04 05 poste 12", None);
        check_number("sur demande", None);
    }

    #[test]
    fn a_correction_is_read_first() {
        let mut release = sample_release("a.md", "Un bac", "Il part à huit heures.");
        release.correction = Some("À 8 h & non à 9 h.".to_owned());
        let site: SiteUrl = "https://presse.example.org".parse().unwrap();
        let html = full_text(&release, Addresses { site: &site, releases: &site }).unwrap();
        assert!(
            html.starts_with("<p><strong>Correction\u{a0}:</strong> À 8 h &amp; non à 9 h.</p>\n<p>Il part"),
            "{html}"
        );
    }

    #[track_caller]
    fn check_note(address: &str, state: DocumentState, expected: &str) {
        let document = Document { target: Target::External(address.to_owned()), title: "x".to_owned(), state };
        assert_eq!(document_note(&document, Language::English).replace('\u{a0}', " "), expected);
    }

    #[test]
    fn a_document_says_what_it_is() {
        let present = DocumentState::Present { bytes: 2_000, digest: Digest::of(b"") };
        check_note("https://x.example/a.pdf?id=1", present, "PDF, 2 KB");
        check_note("https://x.example/a.ods?v=2", DocumentState::Elsewhere, "ODS");
        check_note("https://x.example/a.b/c", DocumentState::Elsewhere, "");
        check_note("https://presse.org", DocumentState::Elsewhere, "");
        check_note("https://x.example/", DocumentState::Missing, "document not available");
    }

    #[test]
    fn an_address_stays_one_address_in_a_link() {
        let contact =
            PressContact { email: Some("a&b?cc=x@presse.example".parse().unwrap()), ..PressContact::default() };
        let html = contact_lines(&contact, entry_words(Language::English)).unwrap();
        assert!(html.contains("href=\"mailto:a%26b%3Fcc=x@presse.example\">a&amp;b?cc=x@presse.example</a>"), "{html}");
        assert_eq!(contact_lines(&PressContact::default(), entry_words(Language::English)), None);
    }
}
