//! The administration's pages: the mailbox.

use serde::Serialize;

use super::super::engine::Page;
use super::super::parts::{EditionActions, Link, Stamp, tag};
use super::super::samples;
use crate::language::{Language, edition_kind, edition_state, hold_reason, say};

/// The frame of an administration page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdminLayout {
    /// The page's language.
    #[serde(rename = "lang", serialize_with = "tag")]
    pub language: Language,
    /// The site's title.
    pub site_title: String,
    /// The public front page, absolute: the administration has another address.
    pub site_url: String,
    /// The page's own title.
    pub title: String,
}

/// Too many releases are gone at once, and nobody has said that they are meant to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlarmBanner {
    /// How many live releases are gone.
    pub missing: u32,
    /// Of how many.
    pub of: u32,
    /// Since when.
    pub since: Stamp,
    /// Where the button that confirms posts to.
    pub action: String,
}

/// The machine's clock jumped forwards, and nobody has said that it is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClockBanner {
    /// What the machine's clock shows.
    pub machine: Stamp,
    /// What is believed instead.
    pub believed: Stamp,
    /// Where the button that confirms posts to.
    pub action: String,
}

/// An edition in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaitingEdition {
    /// What it is called: the release's title, or the digest's.
    pub title: String,
    /// What kind of edition it is, in words.
    pub kind_words: String,
    /// Its letter, as it would leave.
    pub preview: Option<String>,
    /// Where it stands: the code of its state, for its look.
    pub state: String,
    /// The same in words.
    pub state_words: String,
    /// When it leaves by itself.
    pub due: Option<Stamp>,
    /// How long until then, in words.
    pub countdown: Option<String>,
    /// Why it is held, as a sentence.
    pub reason: Option<String>,
    /// How many receive it.
    pub recipients: u64,
    /// What may be done.
    pub actions: EditionActions,
}

/// *Waiting*: editions that have not left, and those just gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MailboxWaitingPage {
    /// The frame.
    pub layout: AdminLayout,
    /// The folder's alarm, while it is on.
    pub alarm: Option<AlarmBanner>,
    /// The clock's step, while it is not believed.
    pub clock: Option<ClockBanner>,
    /// Those that have not left.
    pub editions: Vec<WaitingEdition>,
    /// Those that left or were cancelled, the latest first.
    pub recent: Vec<WaitingEdition>,
}

/// A letter in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LetterRow {
    /// Its page.
    pub address: String,
    /// To whom.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// When it was written.
    pub date: Stamp,
}

/// *Letters*: what the directory relay wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MailboxLettersPage {
    /// The frame.
    pub layout: AdminLayout,
    /// Newest first.
    pub letters: Vec<LetterRow>,
    /// How many there are in all; the list may be shorter.
    pub total: u64,
}

/// A header of a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Header {
    /// `Subject`.
    pub name: String,
    /// Decoded.
    pub value: String,
}

/// One letter as a mail program shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MailboxLetterPage {
    /// The frame.
    pub layout: AdminLayout,
    /// Its subject.
    pub subject: String,
    /// From whom.
    pub from: String,
    /// To whom.
    pub to: String,
    /// Its date, in words.
    pub date: String,
    /// All of its headers.
    pub headers: Vec<Header>,
    /// Where the HTML part is, to be shown in a frame that runs nothing; `None` when there is none.
    pub html_address: Option<String>,
    /// The plain-text part.
    pub text: String,
    /// Where the file itself is; `None` for a preview.
    pub raw_address: Option<String>,
    /// The list it belongs to: *Letters* or *Previews*.
    pub back: Link,
}

/// A release in the list of previews.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreviewRow {
    /// Its title.
    pub title: String,
    /// Its date.
    pub date: Stamp,
    /// Its letters: `Announcement`, `Office copy`.
    pub letters: Vec<Link>,
}

/// *Previews*: every letter there could be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MailboxPreviewsPage {
    /// The frame.
    pub layout: AdminLayout,
    /// Releases still to come.
    pub coming: Vec<PreviewRow>,
    /// Releases anyone can see.
    pub live: Vec<PreviewRow>,
    /// Releases that were withdrawn.
    pub withdrawn: Vec<PreviewRow>,
    /// The letters that are about no single release.
    pub letters: Vec<Link>,
}

/// The frame of a sample.
fn layout(language: Language, title: &str) -> AdminLayout {
    AdminLayout {
        language,
        site_title: samples::pick(language, "Espace presse", "Press room"),
        site_url: "https://presse.example.org/".to_owned(),
        title: say(language, title, &[]),
    }
}

impl Page for MailboxWaitingPage {
    const TEMPLATE: &'static str = "admin/waiting.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let edition = |state: &str| WaitingEdition {
            title: samples::title(language),
            kind_words: edition_kind(language, "announcement"),
            preview: Some("/mailbox/previews/1".to_owned()),
            state: state.to_owned(),
            state_words: edition_state(language, state),
            due: None,
            countdown: None,
            reason: None,
            recipients: 312,
            actions: samples::actions(),
        };
        let held = WaitingEdition {
            reason: Some(hold_reason(language, "many-at-once", "12")),
            actions: EditionActions { send: true, cancel: true, crowd: Some(12), ..samples::actions() },
            ..edition("held")
        };
        let waiting = WaitingEdition {
            due: Some(samples::stamp(language, 23)),
            countdown: Some(samples::pick(language, "dans 9 min", "in 9 min")),
            actions: EditionActions { hold: true, send: true, cancel: true, ..samples::actions() },
            ..edition("waiting")
        };
        let sending = WaitingEdition {
            kind_words: edition_kind(language, "digest"),
            actions: EditionActions { pause: true, cancel: true, ..samples::actions() },
            ..edition("sending")
        };
        let done = WaitingEdition { preview: None, recipients: 1, ..edition("done") };
        let since = samples::stamp(language, 22);
        let alarm = AlarmBanner { missing: 8, of: 12, since, action: "/mailbox/alarm".to_owned() };
        let (machine, believed) = (samples::stamp(language, 30), samples::stamp(language, 23));
        let clock = ClockBanner { machine, believed, action: "/mailbox/clock".to_owned() };
        let layout = layout(language, "admin.waiting");
        let full = Self {
            layout: layout.clone(),
            alarm: Some(alarm),
            clock: Some(clock),
            editions: vec![held, waiting],
            recent: vec![sending, done],
        };
        vec![full, Self { layout, alarm: None, clock: None, editions: Vec::new(), recent: Vec::new() }]
    }
}

impl Page for MailboxLettersPage {
    const TEMPLATE: &'static str = "admin/letters.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let letter = |number: u32, to: &str, subject: String| LetterRow {
            address: format!("/mailbox/letters/{number}"),
            to: to.to_owned(),
            subject,
            date: samples::stamp(language, 23),
        };
        let letters = vec![
            letter(2, "Camille Roy <camille@example.org>", samples::title(language)),
            letter(1, "<office@example.org>", say(language, "mail.confirmation.subject", &[("site", "A & B")])),
        ];
        let layout = layout(language, "admin.letters");
        vec![Self { layout: layout.clone(), letters, total: 2_408 }, Self { layout, letters: Vec::new(), total: 0 }]
    }
}

impl Page for MailboxLetterPage {
    const TEMPLATE: &'static str = "admin/letter.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let header = |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned() };
        let back = |key: &str| Link::new(say(language, key, &[]), "/mailbox/letters/");
        let letter = Self {
            layout: layout(language, "admin.letter"),
            subject: samples::title(language),
            from: "Service presse <presse@example.org>".to_owned(),
            to: "Camille Roy <camille@example.org>".to_owned(),
            date: samples::stamp(language, 23).words,
            headers: vec![
                header("Message-ID", "<0123456789abcdef@presse.example.org>"),
                header("List-Id", "Espace presse <presse.example.org>"),
                header("Auto-Submitted", "auto-generated"),
            ],
            html_address: Some("/mailbox/letters/2.eml/html".to_owned()),
            text: "Bonjour,\n\n    <p>du texte & des signes</p>\n".to_owned(),
            raw_address: Some("/mailbox/letters/2.eml".to_owned()),
            back: back("admin.letters"),
        };
        let preview = Self { html_address: None, raw_address: None, back: back("admin.previews"), ..letter.clone() };
        vec![letter, preview]
    }
}

impl Page for MailboxPreviewsPage {
    const TEMPLATE: &'static str = "admin/previews.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let link = |key: &str| Link::new(say(language, key, &[]), "/mailbox/previews/1");
        let row = PreviewRow {
            title: samples::title(language),
            date: samples::stamp(language, 24),
            letters: vec![
                link("admin.letter-announcement"),
                link("admin.letter-office"),
                link("admin.letter-correction"),
                link("admin.letter-withdrawal"),
            ],
        };
        let layout = layout(language, "admin.previews");
        vec![
            Self {
                layout: layout.clone(),
                coming: vec![row.clone()],
                live: vec![row.clone(), row.clone()],
                withdrawn: vec![row],
                letters: vec![
                    link("admin.letter-digest-daily"),
                    link("admin.letter-digest-weekly"),
                    link("admin.letter-confirmation"),
                    link("admin.letter-notice"),
                ],
            },
            Self { layout, coming: Vec::new(), live: Vec::new(), withdrawn: Vec::new(), letters: Vec::new() },
        ]
    }
}
