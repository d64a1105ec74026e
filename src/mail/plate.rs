//! A letter as it is before its recipients' own words: encoded, folded and laid out once, then printed for each.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use super::encoded::{mailbox_field, text_field};
use super::list_headers::ListFields;
use super::printed::Printed;
use super::quoted_printable::push_stretch;
use super::{Recipient, Sender, SigningError, message_id};
use crate::domain::{DeliveryId, LetterKind, Mailbox, Message, RenderedLetter, SpliceMarks};

/// A letter laid out for all who receive it. The same plate and recipient give the same bytes.
#[derive(Debug)]
pub struct Plate {
    letter: RenderedLetter,
    sender: Sender,
    /// The field `From`.
    from: String,
    /// The fields between recipient and Message-ID.
    subject_and_date: String,
    /// The fields of a letter to the list.
    list: Option<ListFields>,
    /// The fields after those of the list, up to the empty line.
    last_fields: String,
    body: Vec<Stretch>,
    /// How many stretches everybody has before the first of one's own, and the SHA-256 of them so far.
    shared: (usize, Sha256),
}

/// A stretch of the body.
#[derive(Debug)]
enum Stretch {
    /// The same for everybody.
    Fixed(Printed),
    /// The recipient's own.
    Own(Place, Part),
}

/// What stands at a mark.
#[derive(Debug, Clone, Copy)]
enum Place {
    Unsubscribe,
    Preferences,
    Topics,
    Contents,
}

/// One of the two alternatives.
#[derive(Debug, Clone, Copy)]
enum Part {
    Text,
    Html,
}

impl Plate {
    /// Lays a letter out.
    #[must_use]
    pub fn new(letter: RenderedLetter, sender: Sender) -> Self {
        let list = match letter.kind {
            LetterKind::Edition => Some(ListFields::new(&sender, letter.archive.as_deref())),
            LetterKind::Confirmation | LetterKind::Request | LetterKind::Notice => None,
        };
        let reply_to = answers_to(&letter, &sender).map(|mailbox| mailbox_field("Reply-To", mailbox));
        let boundary = &letter.boundary;
        let mut layout = Layout::default();
        layout.begin_part("text/plain", boundary);
        layout.cut(&letter.text, boundary, Part::Text);
        layout.begin_part("text/html", boundary);
        layout.cut(&letter.html, boundary, Part::Html);
        let body = layout.end(boundary);
        let first = || body.iter().map_while(Stretch::fixed);
        let shared =
            (first().count(), first().fold(Sha256::new(), |hash, printed| hash.chain_update(printed.signed())));
        Self {
            from: mailbox_field("From", &sender.from),
            subject_and_date: [
                reply_to.unwrap_or_default(),
                text_field("Subject", &letter.subject),
                format!("Date: {}\r\n", date(letter.date)),
            ]
            .concat(),
            list,
            last_fields: format!(
                "Auto-Submitted: auto-generated\r\nContent-Language: {}\r\nMIME-Version: 1.0\r\n\
                 Content-Type: multipart/alternative;\r\n boundary=\"{boundary}\"\r\n",
                letter.language.code()
            ),
            body,
            shared,
            letter,
            sender,
        }
    }

    /// The letter that it was made from.
    #[must_use]
    pub const fn letter(&self) -> &RenderedLetter {
        &self.letter
    }

    /// The Message-ID of the copy for `recipient` by `delivery`, with its angle brackets.
    #[must_use]
    pub fn message_id(&self, recipient: &Mailbox, delivery: DeliveryId) -> String {
        message_id(&self.letter, &recipient.address, delivery, &self.sender)
    }

    /// The copy for `recipient`: CRLF, ASCII, lines within 78 columns. The one exception to ASCII is a recipient whose
    /// address itself is not: their letter carries it in UTF-8 (RFC 6532), and the session refuses it where the relay does
    /// not offer SMTPUTF8.
    ///
    /// # Errors
    /// When it is to be signed and cannot be.
    pub fn print(&self, recipient: &Recipient<'_>) -> Result<Message, SigningError> {
        let mut header = self.header(recipient);
        let own: Vec<_> = self.body.iter().filter_map(|stretch| stretch.own(recipient)).collect();
        let own = Printed::of_each(&own);
        let printed = || {
            let mut own = own.iter();
            self.body.iter().filter_map(move |stretch| stretch.printed(recipient, &mut own))
        };
        if let Some(signer) = &self.sender.signer {
            let (hashed, mut hash) = self.shared.clone();
            printed().skip(hashed).for_each(|printed| hash.update(printed.signed()));
            header.insert_str(0, &signer.signatures(&header, &STANDARD.encode(hash.finalize()))?);
        }
        header.push_str("\r\n");
        Ok([header.into()].into_iter().chain(printed().map(|printed| printed.sent().clone())).collect())
    }

    fn header(&self, recipient: &Recipient<'_>) -> String {
        /// What a header takes with one or two signatures, nearly always.
        const ROOM: usize = 4096;
        let mut header = String::with_capacity(ROOM);
        header.push_str(&self.from);
        header.push_str(&mailbox_field("To", recipient.mailbox));
        header.push_str(&self.subject_and_date);
        header.extend(["Message-ID: ", recipient.message_id, "\r\n"]);
        if let Some(id) = recipient.in_reply_to {
            header.extend(["In-Reply-To: ", id, "\r\nReferences: ", id, "\r\n"]);
        }
        if let Some(list) = &self.list {
            list.push(&self.sender, recipient.links.as_ref(), &mut header);
        }
        header.push_str(&self.last_fields);
        header
    }
}

impl Stretch {
    const fn fixed(&self) -> Option<&Printed> {
        match self {
            Self::Fixed(printed) => Some(printed),
            Self::Own(..) => None,
        }
    }

    /// The recipient's own words here, where they are no digest's releases.
    fn own<'r>(&self, recipient: &Recipient<'r>) -> Option<Cow<'r, str>> {
        let Self::Own(place, part) = self else { return None };
        let links = recipient.links.as_ref();
        let words = match place {
            Place::Unsubscribe => links.map_or("", |links| links.unsubscribe_url),
            Place::Preferences => links.map_or("", |links| links.preferences_url),
            Place::Topics => recipient.topics_words,
            Place::Contents => return None,
        };
        Some(match part {
            Part::Text => Cow::Borrowed(words),
            Part::Html => escaped(words),
        })
    }

    /// What stands here, the recipient's `own` words taken one by one.
    fn printed<'p>(
        &'p self,
        recipient: &Recipient<'p>,
        own: &mut impl Iterator<Item = &'p Printed>,
    ) -> Option<&'p Printed> {
        match self {
            Self::Fixed(printed) => Some(printed),
            Self::Own(Place::Contents, Part::Text) => recipient.contents.map(|contents| &contents.text),
            Self::Own(Place::Contents, Part::Html) => recipient.contents.map(|contents| &contents.html),
            Self::Own(Place::Unsubscribe | Place::Preferences | Place::Topics, _) => own.next(),
        }
    }
}

/// A body that is being laid out.
#[derive(Default)]
struct Layout {
    body: Vec<Stretch>,
    /// The same for everybody, since the last words that are not.
    lines: String,
}

impl Layout {
    /// Begins a part (RFC 2046 §5.1.1).
    fn begin_part(&mut self, media_type: &str, boundary: &str) {
        self.lines.extend([
            "--",
            boundary,
            "\r\nContent-Type: ",
            media_type,
            "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
        ]);
    }

    /// Cuts a part at its marks.
    fn cut(&mut self, part: &str, boundary: &str, kind: Part) {
        let SpliceMarks { unsubscribe, preferences, topics, contents } = SpliceMarks::of(boundary);
        let marks = [
            (unsubscribe, Place::Unsubscribe),
            (preferences, Place::Preferences),
            (topics, Place::Topics),
            (contents, Place::Contents),
        ];
        let mut text = part.replace("\r\n", "\n").replace('\r', "\n");
        // What stands at a mark does not end its line.
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let found = marks
                .iter()
                .filter_map(|(mark, place)| Some((rest.find(mark.as_str())?, mark.len(), *place)))
                .min_by_key(|(at, ..)| *at);
            let Some((at, length, place)) = found else { break };
            push_stretch(&rest[..at], &mut self.lines);
            self.end_lines();
            self.body.push(Stretch::Own(place, kind));
            rest = &rest[at + length..];
        }
        push_stretch(rest, &mut self.lines);
    }

    /// Ends the last part.
    fn end(mut self, boundary: &str) -> Vec<Stretch> {
        self.lines.extend(["--", boundary, "--\r\n"]);
        self.end_lines();
        self.body
    }

    fn end_lines(&mut self) {
        if !self.lines.is_empty() {
            self.body.push(Stretch::Fixed(Printed::lines(std::mem::take(&mut self.lines))));
        }
    }
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

/// `text` for HTML, in text and between double quotes.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    Cow::Owned(text.replace('"', "&quot;").replace('\'', "&#39;"))
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::{EditionId, Piece, TokenKey};
    use crate::language::Language;
    use crate::mail::dkim::tests::{broken_signer, holding, signer};
    use crate::mail::{Contents, PersonalLinks, Signer, read_letter};

    const ID: &str = "<0123456789abcdef.7@example.org>";
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
            message_id: ID,
            mailbox,
            topics_words: "« Ponts & routes », <Bretagne>",
            links,
            contents: None,
            in_reply_to: None,
        };
        letter_text(&Plate::new(letter.clone(), sender()).print(&recipient).unwrap())
    }

    fn letter_text(message: &Message) -> String {
        String::from_utf8(message.to_vec()).unwrap()
    }

    /// What folds, runs together, ends a line or stands at a mark, in any order.
    fn part() -> impl Strategy<Value = String> {
        let SpliceMarks { unsubscribe, preferences, topics, contents } = SpliceMarks::of(BOUNDARY);
        let words = [" ", "  ", "\t", "\n", "\n\n", "\r\n", "\r", ".", "=", "é", "mot"].map(str::to_owned);
        let folded = [74, 75, 76].map(|length| "x".repeat(length));
        let pieces = words.into_iter().chain(folded).chain([unsubscribe, preferences, topics, contents]);
        let pieces = prop::sample::select(pieces.collect::<Vec<_>>());
        prop::collection::vec(pieces, 0..16).prop_map(|pieces| pieces.concat())
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
    fn a_letter_that_cannot_be_signed_does_not_leave() {
        let (mailbox, letter) = (ann(), announcement());
        let recipient = Recipient {
            message_id: ID,
            mailbox: &mailbox,
            topics_words: "",
            links: None,
            contents: None,
            in_reply_to: None,
        };
        let sender = Sender { signer: Some(broken_signer()), ..sender() };
        let printed = Plate::new(letter, sender).print(&recipient);
        assert_eq!(
            printed.unwrap_err().to_string(),
            "it cannot be signed by `dkim` with the key of selector `x`",
            "not even with the other signature alone"
        );
    }

    #[test]
    fn a_signed_letter_is_the_same_with_signatures_before_it() {
        let mailbox = ann();
        let recipient = Recipient {
            message_id: ID,
            mailbox: &mailbox,
            topics_words: "« Ponts & routes », <Bretagne>",
            links: Some(LINKS),
            contents: None,
            in_reply_to: None,
        };
        let signer = Sender { signer: Some(signer()), ..sender() };
        let letter = letter_text(&Plate::new(announcement(), signer).print(&recipient).unwrap());
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
        for kind in [LetterKind::Confirmation, LetterKind::Request, LetterKind::Notice] {
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
            let recipient = Recipient { message_id: ID, mailbox: &mailbox, topics_words: &topics, links: Some(LINKS), contents: None, in_reply_to: None };
            let message = letter_text(&Plate::new(letter.clone(), sender).print(&recipient).unwrap());
            prop_assert!(message.is_ascii());
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

        #[test]
        fn both_signatures_of_any_letter_hold(
            text in part(),
            html in part(),
            topics in "[ \t\n=é.x]{0,90}",
            contents in part(),
        ) {
            static SIGNER: LazyLock<Signer> = LazyLock::new(signer);
            let letter = RenderedLetter { text, html, ..announcement() };
            let sender = Sender { signer: Some(SIGNER.clone()), ..sender() };
            let mailbox = ann();
            let contents = Contents::of(&Piece { text: contents.clone(), html: contents });
            let recipient = Recipient {
                message_id: ID,
                mailbox: &mailbox,
                topics_words: &topics,
                links: Some(LINKS),
                contents: Some(&contents),
                in_reply_to: Some(ID),
            };
            let message = letter_text(&Plate::new(letter, sender).print(&recipient).unwrap());
            prop_assert_eq!(holding(&message, &SIGNER), 2, "{}", message);
        }
    }
}
