//! The headers that tell mail programs which list this is and how to leave it (RFC 2919, 2369, 8058).
//!
//! They hold addresses only, never encoded words, and are folded at commas alone.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::encoded::{LINE, one_line, quoted};
use super::{PersonalLinks, Sender, UNSUBSCRIBE};
use crate::domain::EmailAddress;

/// Longest line a header may ever have (RFC 5322 §2.1.1); a field that cannot be folded below it is left out.
const LONGEST_LINE: usize = 998;

/// What is percent-encoded in the two halves of a `mailto:` (RFC 6068 §2).
const IN_MAILTO: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is percent-encoded in an address that should already be a URI: what would end it or its line.
const NOT_IN_URI: &AsciiSet =
    &percent_encoding::CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`');

/// The fields of a letter to the list, each with its CRLF.
#[derive(Debug)]
pub(super) struct ListFields {
    id: String,
    /// Those after the ones that unsubscribe.
    help_archive_owner: String,
}

impl ListFields {
    pub(super) fn new(sender: &Sender, archive: Option<&str>) -> Self {
        let mut fields = String::new();
        push_field("List-Help", &[mailto(&sender.help, "help")], &mut fields);
        let archive = archive.map_or_else(|| uri(&sender.site.join("/")), uri);
        push_field("List-Archive", &[archive], &mut fields);
        push_field("List-Owner", &[mailto(&sender.owner, "")], &mut fields);
        Self { id: list_id(sender), help_archive_owner: fields }
    }

    /// Appends them to `fields`; `links` is absent where there is nobody to unsubscribe.
    pub(super) fn push(&self, sender: &Sender, links: Option<&PersonalLinks<'_>>, fields: &mut String) {
        fields.push_str(&self.id);
        if let Some(links) = links {
            let letter = unsubscribe_letter(sender, links.unsubscribe_token);
            push_field("List-Unsubscribe", &[uri(links.unsubscribe_url), letter], fields);
            // RFC 8058 §3.1 asks for an HTTPS address; a trial on plain HTTP keeps the link and goes without the one click.
            if links.unsubscribe_url.starts_with("https://") {
                fields.push_str("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
            }
        }
        fields.push_str(&self.help_archive_owner);
    }
}

/// `List-Id: "Name" <id>`: a name beyond ASCII is transliterated, as encoded words have no place here.
fn list_id(sender: &Sender) -> String {
    let id: String = sender.list_id.chars().filter(|c| c.is_ascii_alphanumeric() || "-._".contains(*c)).collect();
    let ascii = deunicode::deunicode(&one_line(&sender.list_name));
    let printable: String = one_line(&ascii).chars().filter(|c| *c == ' ' || c.is_ascii_graphic()).collect();
    let named = format!("List-Id: {} <{id}>\r\n", quoted(&printable));
    if printable.is_empty() || named.len() > LINE + 2 || printable.contains("=?") {
        format!("List-Id: <{id}>\r\n")
    } else {
        named
    }
}

/// The letter that unsubscribes: to an address that names the reader where there is a domain for what comes back, else to
/// the sender, with the token in its subject.
fn unsubscribe_letter(sender: &Sender, token: &str) -> String {
    let own = sender.bounce_domain.as_ref().and_then(|domain| format!("{UNSUBSCRIBE}{token}@{domain}").parse().ok());
    match own {
        Some(own) => mailto(&own, "unsubscribe"),
        None => mailto(&sender.from.address, &["unsubscribe ", token].concat()),
    }
}

/// `<mailto:address?subject=…>`
fn mailto(address: &EmailAddress, subject: &str) -> String {
    let encoded = |text| Cow::from(utf8_percent_encode(text, IN_MAILTO));
    let asks = if subject.is_empty() { "" } else { "?subject=" };
    ["<mailto:", &encoded(address.local()), "@", address.domain(), asks, &encoded(subject), ">"].concat()
}

/// `<address>`, whatever could end it percent-encoded.
fn uri(address: &str) -> String {
    ["<", &Cow::from(utf8_percent_encode(address, NOT_IN_URI)), ">"].concat()
}

/// Appends `name: value, value`, folded after commas where the line would be long; nothing where that does not help.
fn push_field(name: &str, values: &[String], fields: &mut String) {
    let start = fields.len();
    fields.extend([name, ":"]);
    let (mut column, mut longest) = (name.len() + 1, 0);
    for (i, value) in values.iter().enumerate() {
        if i > 0 {
            fields.push(',');
            column += 1;
            longest = longest.max(column);
            if column + 1 + value.len() > LINE {
                fields.push_str("\r\n");
                column = 0;
            }
        }
        fields.extend([" ", value]);
        column += 1 + value.len();
        longest = longest.max(column);
    }
    fields.push_str("\r\n");
    if longest > LONGEST_LINE {
        fields.truncate(start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::plate::tests::sender;

    fn list_fields(sender: &Sender, archive: Option<&str>, links: Option<&PersonalLinks<'_>>) -> String {
        let mut fields = String::new();
        ListFields::new(sender, archive).push(sender, links, &mut fields);
        fields
    }

    const LINKS: PersonalLinks<'static> = PersonalLinks {
        unsubscribe_url: "https://presse.example.org/u/AbC-_1",
        unsubscribe_token: "AbC-_1",
        preferences_url: "https://presse.example.org/preferences/AbC-_2",
    };

    #[test]
    fn all_fields_of_a_list() {
        assert_eq!(
            list_fields(&sender(), Some("https://presse.example.org/espace-presse/un-pont/"), Some(&LINKS)),
            "List-Id: \"Espace presse de l'Equipement\" <presse.example.org>\r\n\
             List-Unsubscribe: <https://presse.example.org/u/AbC-_1>,\r\n \
             <mailto:presse@example.org?subject=unsubscribe%20AbC-_1>\r\n\
             List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
             List-Help: <mailto:contact%2Bpresse@example.org?subject=help>\r\n\
             List-Archive: <https://presse.example.org/espace-presse/un-pont/>\r\n\
             List-Owner: <mailto:bureau@example.org>\r\n"
        );
    }

    #[test]
    fn a_domain_for_what_comes_back_takes_letters_that_unsubscribe() {
        let sender = Sender { bounce_domain: Some("retours.example.org".to_owned()), ..sender() };
        let fields = list_fields(&sender, None, Some(&LINKS));
        let expected = "<mailto:unsubscribe%2BAbC-_1@retours.example.org?subject=unsubscribe>\r\n";
        assert!(fields.contains(expected), "{fields}");
    }

    #[test]
    fn nobody_to_unsubscribe_no_field_for_it() {
        let fields = list_fields(&sender(), None, None);
        assert!(!fields.contains("Unsubscribe"));
        assert!(fields.contains("List-Archive: <https://presse.example.org/>\r\n"));
    }

    #[test]
    fn one_click_needs_https() {
        let links = PersonalLinks { unsubscribe_url: "http://127.0.0.1:8080/u/a", ..LINKS };
        let fields = list_fields(&sender(), None, Some(&links));
        assert!(fields.contains("List-Unsubscribe: <http://127.0.0.1:8080/u/a>"));
        assert!(!fields.contains("One-Click"));
    }

    #[test]
    fn an_address_cannot_leave_its_brackets() {
        let fields = list_fields(&sender(), Some("https://example.org/a>\r\nBcc: <é"), None);
        assert!(fields.contains("List-Archive: <https://example.org/a%3E%0D%0ABcc:%20%3C%C3%A9>\r\n"));
        let endless = format!("https://example.org/{}", "a".repeat(1000));
        assert!(!list_fields(&sender(), Some(&endless), None).contains("List-Archive"));
        for (length, is_left) in [(996, true), (997, false)] {
            let (mut fields, value) = ("before".to_owned(), "a".repeat(length - "X:".len()));
            push_field("X", &[value, "b".to_owned()], &mut fields);
            assert_eq!(fields.len() > "before".len(), is_left, "{length} and a comma");
        }
    }

    #[test]
    fn a_list_without_a_printable_name_has_its_id() {
        let mut sender = sender();
        for name in ["", "\u{0}", &"long ".repeat(20), "=?utf-8?q?x?="] {
            name.clone_into(&mut sender.list_name);
            assert!(list_fields(&sender, None, None).starts_with("List-Id: <presse.example.org>\r\n"), "{name}");
        }
    }
}
