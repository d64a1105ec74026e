//! One letter to one recipient as the bytes that a relay gets: CRLF, ASCII, lines within 78 columns.
//!
//! The one exception to ASCII is a recipient whose address itself is not: their letter carries it in UTF-8 (RFC 6532)
//! and the session refuses it where the relay does not offer SMTPUTF8.

use chrono::{DateTime, Utc};

use super::encoded::{mailbox_field, text_field};
use super::list_headers::list_fields;
use super::{Sender, message_id, quoted_printable};
use crate::domain::{LetterKind, Mailbox, Piece, RenderedLetter, SpliceMarks};

/// What differs from recipient to recipient.
#[derive(Debug, Clone, Copy)]
pub struct Recipient<'a> {
    /// To whom.
    pub mailbox: &'a Mailbox,
    /// The names of the topics that matched, as a reader should see them; empty for office and confirmation.
    pub topics_words: &'a str,
    /// The recipient's own addresses; `None` for office and confirmation.
    pub links: Option<PersonalLinks<'a>>,
    /// The releases of a digest that concern this recipient; `None` for any other letter.
    pub contents: Option<&'a Piece>,
    /// The Message-ID, with its angle brackets, of the letter that this one follows up (RFC 5322 §3.6.4).
    pub in_reply_to: Option<&'a str>,
}

/// The only personal addresses in a letter. Shows nothing of itself: whoever has them can unsubscribe its reader.
#[derive(Clone, Copy)]
pub struct PersonalLinks<'a> {
    /// Where one unsubscribes.
    pub unsubscribe_url: &'a str,
    /// The token of the same, for the letter that unsubscribes.
    pub unsubscribe_token: &'a str,
    /// Where one's preferences are.
    pub preferences_url: &'a str,
}

impl std::fmt::Debug for PersonalLinks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonalLinks(…)")
    }
}

/// The bytes of `letter` to `recipient`: the same ones whenever it is called with the same arguments.
#[must_use]
pub fn compose(letter: &RenderedLetter, recipient: &Recipient<'_>, sender: &Sender) -> Vec<u8> {
    let list = match letter.kind {
        LetterKind::Edition => list_fields(sender, letter.archive.as_deref(), recipient.links.as_ref()),
        LetterKind::Confirmation | LetterKind::Notice => String::new(),
    };
    let message = [
        mailbox_field("From", &sender.from),
        mailbox_field("To", recipient.mailbox),
        answers_to(letter, sender).map(|mailbox| mailbox_field("Reply-To", mailbox)).unwrap_or_default(),
        text_field("Subject", &letter.subject),
        format!("Date: {}\r\n", date(letter.date)),
        format!("Message-ID: {}\r\n", message_id(letter, &recipient.mailbox.address, sender)),
        recipient.in_reply_to.map(|id| format!("In-Reply-To: {id}\r\nReferences: {id}\r\n")).unwrap_or_default(),
        list,
        format!("Auto-Submitted: auto-generated\r\nContent-Language: {}\r\n", letter.language.code()),
        body(letter, recipient),
    ];
    let message = message.concat();
    let signatures = sender.signer.as_ref().map(|signer| signer.signatures(&message)).unwrap_or_default();
    (signatures + &message).into_bytes()
}

/// Where answers go, when elsewhere than to the sender. An address beyond ASCII would need SMTPUTF8 of everybody's
/// relay, so it is left to the letter's text.
fn answers_to<'a>(letter: &'a RenderedLetter, sender: &'a Sender) -> Option<&'a Mailbox> {
    let writable = |mailbox: &&Mailbox| mailbox.address.as_str().is_ascii();
    let contact = letter.reply_to.as_ref().filter(writable).or(sender.reply_to.as_ref().filter(writable));
    contact.filter(|mailbox| mailbox.address != sender.from.address)
}

/// RFC 5322 §3.3, in UTC.
fn date(instant: DateTime<Utc>) -> String {
    instant.format("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// Plain text and HTML as the two alternatives of one message, from its MIME headers on (RFC 2046 §5.1.4).
fn body(letter: &RenderedLetter, recipient: &Recipient<'_>) -> String {
    let boundary = &letter.boundary;
    let contents = recipient.contents.cloned().unwrap_or_default();
    let text = spliced(&letter.text, &contents.text, boundary, recipient, str::to_owned);
    let html = spliced(&letter.html, &contents.html, boundary, recipient, escaped);
    [
        format!("MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary=\"{boundary}\"\r\n\r\n"),
        part("text/plain", &text, boundary),
        part("text/html", &html, boundary),
        format!("--{boundary}--\r\n"),
    ]
    .concat()
}

/// One of the alternatives.
fn part(media_type: &str, content: &str, boundary: &str) -> String {
    let content = quoted_printable::encode(content);
    format!(
        "--{boundary}\r\nContent-Type: {media_type}; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n{content}"
    )
}

/// `part` with the recipient's own words in place of the marks, each passed through `write`; `contents` are of its own
/// kind already.
fn spliced(
    part: &str,
    contents: &str,
    boundary: &str,
    recipient: &Recipient<'_>,
    write: impl Fn(&str) -> String,
) -> String {
    let marks = SpliceMarks::of(boundary);
    let link = |of: fn(&PersonalLinks<'_>) -> String| recipient.links.as_ref().map(of).unwrap_or_default();
    part.replace(&marks.unsubscribe, &write(&link(|links| links.unsubscribe_url.to_owned())))
        .replace(&marks.preferences, &write(&link(|links| links.preferences_url.to_owned())))
        .replace(&marks.topics, &write(recipient.topics_words))
        .replace(&marks.contents, contents)
}

/// `text` for HTML, in text and between double quotes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{EditionId, TokenKey};
    use crate::language::Language;
    use crate::mail::dkim::tests::signer;
    use crate::mail::read_letter;

    const BOUNDARY: &str = "0123456789abcdef0123456789abcdef";

    const LINKS: PersonalLinks<'static> = PersonalLinks {
        unsubscribe_url: "https://presse.example.org/u/AbC-_1?a&b",
        unsubscribe_token: "AbC-_1",
        preferences_url: "https://presse.example.org/preferences/AbC-_2",
    };

    /// The letter that the tests of this module share.
    pub(in crate::mail) fn announcement() -> RenderedLetter {
        let marks = SpliceMarks::of(BOUNDARY);
        RenderedLetter {
            kind: LetterKind::Edition,
            edition: Some(EditionId::new(3)),
            language: Language::French,
            subject: "Le pont de l’Île-aux-Moines rouvre à la circulation après dix-huit mois de travaux".to_owned(),
            text: format!(
                "Le pont rouvre\n\nDossier de presse (PDF, 312 Ko) : https://presse.example.org/uploads/dossier.pdf\n\n\
                 From here = on\n.\n-- \nVous suivez {}.\nNe plus recevoir : {}\nPréférences : {}\n",
                marks.topics, marks.unsubscribe, marks.preferences
            ),
            html: format!(
                "<!doctype html>\n<html lang=\"fr\"><head><title>Le pont rouvre</title></head><body><h1>Le pont \
                 rouvre</h1><p>Vous suivez {}.</p><p><a href=\"{}\">Ne plus recevoir</a> <a href=\"{}\">Préférences</a>\
                 </p></body></html>\n",
                marks.topics, marks.unsubscribe, marks.preferences
            ),
            date: "2026-11-23T09:05:00Z".parse().unwrap(),
            boundary: BOUNDARY.to_owned(),
            reply_to: Some("Zoé Martin <zoe.martin@example.org>".parse().unwrap()),
            archive: Some("https://presse.example.org/espace-presse/pont/".to_owned()),
            topic_words: std::collections::BTreeMap::new(),
            carries: String::new(),
        }
    }

    /// The sender that the tests of this module share.
    pub(in crate::mail) fn sender() -> Sender {
        Sender {
            from: "Service presse <presse@example.org>".parse().unwrap(),
            bounce_domain: None,
            reply_to: None,
            list_id: "presse.example.org".to_owned(),
            list_name: "Espace presse de l’Équipement".to_owned(),
            owner: "bureau@example.org".parse().unwrap(),
            help: "contact+presse@example.org".parse().unwrap(),
            site: "https://presse.example.org".parse().unwrap(),
            key: TokenKey::new([7; 32]),
            signer: None,
        }
    }

    fn ann() -> Mailbox {
        "Ann O’Hara <ann@journal.example>".parse().unwrap()
    }

    fn composed(letter: &RenderedLetter, mailbox: &Mailbox, links: Option<PersonalLinks<'_>>) -> String {
        let recipient = Recipient {
            mailbox,
            topics_words: "« Ponts & routes », <Bretagne>",
            links,
            contents: None,
            in_reply_to: None,
        };
        String::from_utf8(compose(letter, &recipient, &sender())).unwrap()
    }

    fn headers(message: &str) -> &str {
        message.split_once("\r\n\r\n").unwrap().0
    }

    #[test]
    fn a_whole_letter() {
        let message = composed(&announcement(), &ann(), Some(LINKS));
        assert_eq!(message.matches("\r\n").count(), message.matches('\n').count());
        insta::assert_snapshot!(message.replace("\r\n", "\n"));
    }

    #[test]
    fn a_letter_reads_back_with_the_recipient_s_own_words() {
        let letter = read_letter(composed(&announcement(), &ann(), Some(LINKS)).as_bytes()).unwrap();
        assert_eq!(letter.subject, announcement().subject);
        assert_eq!(letter.to, "Ann O’Hara <ann@journal.example>");
        assert_eq!(letter.date, Some(announcement().date));
        assert!(letter.text.contains("Vous suivez « Ponts & routes », <Bretagne>.\n"));
        assert!(letter.text.contains("Ne plus recevoir : https://presse.example.org/u/AbC-_1?a&b\n"));
        assert!(letter.html.contains("Vous suivez « Ponts &amp; routes », &lt;Bretagne&gt;."));
        assert!(letter.html.contains("<a href=\"https://presse.example.org/u/AbC-_1?a&amp;b\">"));
        assert!(letter.html.contains("<a href=\"https://presse.example.org/preferences/AbC-_2\">"));
        assert!(!letter.text.contains("mark-") && !letter.html.contains("mark-"));
    }

    #[test]
    fn the_same_letter_has_the_same_bytes() {
        let again = || composed(&announcement(), &ann(), Some(LINKS));
        assert_eq!(again(), again());
    }

    #[test]
    fn a_signed_letter_is_the_same_with_signatures_before_it() {
        let mailbox = ann();
        let recipient = Recipient {
            mailbox: &mailbox,
            topics_words: "« Ponts & routes », <Bretagne>",
            links: Some(LINKS),
            contents: None,
            in_reply_to: None,
        };
        let signer = Sender { signer: Some(signer()), ..sender() };
        let letter = String::from_utf8(compose(&announcement(), &recipient, &signer)).unwrap();
        let signatures = letter.strip_suffix(&composed(&announcement(), &mailbox, Some(LINKS))).unwrap();
        assert!(signatures.starts_with("DKIM-Signature: v=1; a=rsa-sha256;"), "{signatures}");
        assert!(signatures.contains("\r\nDKIM-Signature: v=1; a=ed25519-sha256;"), "{signatures}");
        let names = ["List-Id", "List-Unsubscribe:List-Unsubscribe:", "Message-ID", "MIME-Version", "Content-Type"];
        let listed = signatures.replace("\r\n  ", "");
        assert!(names.iter().all(|name| listed.contains(name)), "{signatures}");
        assert_eq!(read_letter(letter.as_bytes()).unwrap().subject, announcement().subject);
    }

    #[test]
    fn letters_that_are_not_to_the_list_do_not_say_so() {
        for kind in [LetterKind::Confirmation, LetterKind::Notice] {
            let message = composed(&RenderedLetter { kind, ..announcement() }, &ann(), None);
            assert!(!headers(&message).contains("\r\nList-"), "{kind}");
            assert!(headers(&message).contains("\r\nAuto-Submitted: auto-generated\r\n"), "{kind}");
            assert!(!message.contains("mark-"), "{kind}");
        }
    }

    #[test]
    fn answers_go_to_the_contact_then_to_the_newsroom_then_to_the_sender() {
        let reply_to = |contact: Option<&str>, newsroom: Option<&str>| {
            let letter = RenderedLetter { reply_to: contact.map(|text| text.parse().unwrap()), ..announcement() };
            let sender = Sender { reply_to: newsroom.map(|text| text.parse().unwrap()), ..sender() };
            answers_to(&letter, &sender).map(|mailbox| mailbox.address.as_str().to_owned())
        };
        assert_eq!(reply_to(Some("a@x.example"), Some("b@x.example")).as_deref(), Some("a@x.example"));
        assert_eq!(reply_to(None, Some("b@x.example")).as_deref(), Some("b@x.example"));
        assert_eq!(reply_to(Some("é@x.example"), Some("b@x.example")).as_deref(), Some("b@x.example"));
        assert_eq!(reply_to(Some("presse@example.org"), None), None);
        assert_eq!(reply_to(None, None), None);
    }

    #[test]
    fn only_a_recipient_beyond_ascii_makes_a_letter_so() {
        let mailbox = Mailbox::new(None, "zoé@école.example".parse().unwrap());
        let message = composed(&announcement(), &mailbox, None);
        assert!(message.contains("\r\nTo: zoé@xn--cole-9oa.example\r\n"));
        assert_eq!(message.chars().filter(|c| !c.is_ascii()).count(), 1);
    }

    proptest! {
        #[test]
        fn any_words_make_a_sound_letter_and_read_back(
            subject in any::<String>(),
            name in any::<String>(),
            text in "(?s).{0,300}",
            topics in any::<String>(),
            list_name in any::<String>(),
            archive in any::<String>(),
        ) {
            let letter = RenderedLetter { subject, text, archive: Some(archive), ..announcement() };
            let sender = Sender { list_name, ..sender() };
            let mailbox = Mailbox::new(Some(&name), "ann@journal.example".parse().unwrap());
            let recipient = Recipient { mailbox: &mailbox, topics_words: &topics, links: Some(LINKS), contents: None, in_reply_to: None };
            let message = compose(&letter, &recipient, &sender);
            prop_assert!(message.is_ascii());
            let message = String::from_utf8(message).unwrap();
            prop_assert!(!message.replace("\r\n", "").contains(['\r', '\n']));
            prop_assert!(message.ends_with("\r\n"));
            for line in message.split("\r\n") {
                let longest = if line.starts_with("List-Archive:") { 998 } else { 78 };
                prop_assert!(line.len() <= longest, "{line}");
            }
            let names: Vec<_> = headers(&message)
                .split("\r\n")
                .filter(|line| !line.starts_with(' '))
                .map(|line| line.split(':').next().unwrap())
                .collect();
            prop_assert_eq!(names, [
                "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe",
                "List-Unsubscribe-Post", "List-Help", "List-Archive", "List-Owner", "Auto-Submitted", "Content-Language",
                "MIME-Version", "Content-Type",
            ]);
            let shown = read_letter(message.as_bytes()).unwrap();
            prop_assert_eq!(shown.subject, crate::mail::encoded::one_line(&letter.subject));
            let unix = letter.text.replace("\r\n", "\n").replace('\r', "\n");
            prop_assert_eq!(shown.text.trim_end_matches('\n'), unix.trim_end_matches('\n'));
        }
    }
}
