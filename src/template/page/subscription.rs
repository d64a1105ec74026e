//! The pages of a subscriber: from the form to the last good-bye.

use serde::Serialize;

use super::super::engine::Page;
use super::super::parts::Link;
use super::super::samples;
use super::{Layout, SubscriptionForm};
use crate::language::{Language, say};

/// The subscription form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubscribePage {
    /// The frame.
    pub layout: Layout,
    /// The form's values and what is wrong with them.
    pub form: SubscriptionForm,
    /// The same page in each language.
    pub languages: Vec<LanguageLink>,
}

/// A page in one of our languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LanguageLink {
    /// `fr` or `en`.
    pub code: String,
    /// What the language calls itself.
    pub words: String,
    /// Where the page stands.
    pub href: String,
    /// Whether it is the one that is shown.
    pub here: bool,
}

impl LanguageLink {
    /// The page at `address` in each language, `here` being shown; `rest` is what else its query says.
    #[must_use]
    pub fn each(address: &str, here: Language, rest: &str) -> Vec<Self> {
        let link = |language: Language| Self {
            code: language.code().to_owned(),
            words: say(language, "language-name", &[]),
            href: format!("{address}?lang={language}{}{rest}", if rest.is_empty() { "" } else { "&" }),
            here: language == here,
        };
        Language::ALL.map(link).into()
    }
}

/// A question with one or two buttons, behind the link of a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AskPage {
    /// The frame.
    pub layout: Layout,
    /// What it is about.
    pub lead: String,
    /// What follows from each answer.
    pub lines: Vec<String>,
    /// Where the buttons post to.
    pub action: String,
    /// The answers; the first is the likely one.
    pub buttons: Vec<Choice>,
    /// What to do when one did not ask for this.
    pub hint: String,
}

/// A button: its field is `do`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// What it sends.
    pub value: String,
    /// Its words.
    pub words: String,
}

/// Something was done, or is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DonePage {
    /// The frame.
    pub layout: Layout,
    /// What was done.
    pub lead: String,
    /// What comes next.
    pub lines: Vec<String>,
    /// Where to go on.
    pub more: Option<Link>,
}

/// A confirmation is on its way, or nothing is: the page does not tell which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckInboxPage {
    /// The frame.
    pub layout: Layout,
    /// The address as it was typed.
    pub address: String,
}

/// One button that confirms a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfirmPage {
    /// The frame.
    pub layout: Layout,
    /// The address, masked.
    pub address: String,
    /// The words of the topics.
    pub topics: Vec<String>,
    /// The name that letters will carry: somebody else may have typed it.
    pub name: Option<String>,
    /// The organisation that was given.
    pub organisation: Option<String>,
    /// Where the button posts to.
    pub action: String,
}

/// The subscription is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfirmedPage {
    /// The frame.
    pub layout: Layout,
    /// The address, masked.
    pub address: String,
    /// The words of the topics.
    pub topics: Vec<String>,
    /// The subscriber's preferences.
    pub preferences: String,
}

/// What a subscriber follows, how often, in which language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreferencesPage {
    /// The frame.
    pub layout: Layout,
    /// The address, masked.
    pub address: String,
    /// The form's values; `email` is not shown, `name` and `organisation` are empty: letters get forwarded.
    pub form: SubscriptionForm,
    /// The first letter of the name that is kept.
    pub name_kept: Option<String>,
    /// The first letter of the organisation that is kept.
    pub organisation_kept: Option<String>,
    /// What was just done, in words.
    pub note: Option<String>,
    /// The day on which letters come again, in words, for who pauses.
    pub paused: Option<String>,
    /// The first day that a pause may end on.
    pub pause_first: String,
    /// The last one.
    pub pause_last: String,
    /// What is wrong with the pause, in words.
    pub pause_error: Option<String>,
    /// What is wrong with the new address, in words.
    pub address_error: Option<String>,
    /// The new address as it was typed, when it is wrong.
    pub new_address: String,
    /// The page that unsubscribes.
    pub unsubscribe: String,
}

/// One button that unsubscribes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnsubscribePage {
    /// The frame.
    pub layout: Layout,
    /// The address, masked.
    pub address: String,
    /// Where the button posts to.
    pub action: String,
    /// The day on which letters come again, in words, for who pauses.
    pub paused: Option<String>,
    /// The subscriber's preferences, for those who only want fewer letters.
    pub preferences: String,
}

/// The subscription has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnsubscribedPage {
    /// The frame.
    pub layout: Layout,
    /// The address, masked.
    pub address: String,
    /// The form that subscribes again.
    pub subscribe: String,
    /// Where a button leads back at once, for those who just left by themselves.
    pub back: Option<String>,
    /// Where buttons ask for a copy of what is kept, or to be forgotten.
    pub data: Option<String>,
}

/// A page of this kind has a token in its address.
fn private(language: Language, title: &str) -> Layout {
    Layout { title: say(language, title, &[]), canonical: None, noindex: true, ..Layout::sample(language, "") }
}

impl Page for SubscribePage {
    const TEMPLATE: &'static str = "page/subscribe.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let layout = Layout::sample(language, "/subscribe");
        let layout = Layout { title: say(language, "subscribe.title", &[]), ..layout };
        let form = SubscriptionForm::sample(language, "/presse/subscribe");
        let wrong = SubscriptionForm {
            email: "camille@".to_owned(),
            email_error: Some(say(language, "form.error-email", &[])),
            topics_error: Some(say(language, "form.error-topics", &[])),
            error: Some(say(language, "form.error-again", &[])),
            ..form.clone()
        };
        let empty = SubscriptionForm::empty_sample(language, "/subscribe");
        [form, wrong, empty]
            .map(|form| Self {
                layout: layout.clone(),
                languages: LanguageLink::each(&form.action, language, "topic=tag%3Aponts"),
                form,
            })
            .into()
    }
}

impl Page for CheckInboxPage {
    const TEMPLATE: &'static str = "page/check_inbox.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        vec![Self { layout: private(language, "check-inbox.title"), address: "camille@example.org".to_owned() }]
    }
}

impl Page for ConfirmPage {
    const TEMPLATE: &'static str = "page/confirm.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        vec![Self {
            layout: private(language, "confirm.title"),
            address: "c…@example.org".to_owned(),
            topics: vec!["Communiqués".to_owned(), "ponts & routes".to_owned()],
            name: Some("Camille <Roy>".to_owned()),
            organisation: Some("La Gazette".to_owned()),
            action: "/presse/confirm/a.b".to_owned(),
        }]
    }
}

impl Page for ConfirmedPage {
    const TEMPLATE: &'static str = "page/confirmed.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        vec![Self {
            layout: private(language, "confirmed.title"),
            address: "c…@example.org".to_owned(),
            topics: vec!["Communiqués".to_owned()],
            preferences: "/presse/preferences/a.b".to_owned(),
        }]
    }
}

impl Page for PreferencesPage {
    const TEMPLATE: &'static str = "page/preferences.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let form = SubscriptionForm::sample(language, "/presse/preferences/a.b");
        let topics_error = Some(say(language, "form.error-topics", &[]));
        let wrong = SubscriptionForm { topics_error, frequency: "weekly".to_owned(), ..form.clone() };
        let form = SubscriptionForm { email: String::new(), name: String::new(), ..form };
        let plain = Self {
            layout: private(language, "preferences.title"),
            address: "c…@example.org".to_owned(),
            form,
            name_kept: Some("C…".to_owned()),
            organisation_kept: None,
            note: None,
            paused: None,
            pause_first: "2026-11-24".to_owned(),
            pause_last: "2027-11-23".to_owned(),
            pause_error: None,
            address_error: None,
            new_address: String::new(),
            unsubscribe: "/presse/u/a.b".to_owned(),
        };
        let saved = Self { note: Some(say(language, "preferences.saved", &[])), ..plain.clone() };
        let paused = Self { paused: Some(samples::stamp(language, 30).words), ..plain.clone() };
        let refused = Self {
            form: wrong,
            pause_error: Some(say(language, "pause.error", &[])),
            address_error: Some(say(language, "form.error-email", &[])),
            new_address: "camille@".to_owned(),
            ..plain.clone()
        };
        vec![plain, saved, paused, refused]
    }
}

impl Page for UnsubscribePage {
    const TEMPLATE: &'static str = "page/unsubscribe.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        vec![Self {
            layout: private(language, "unsubscribe.title"),
            address: "c…@example.org".to_owned(),
            action: "/presse/u/a.b".to_owned(),
            paused: Some(samples::stamp(language, 30).words),
            preferences: "/presse/preferences/a.b".to_owned(),
        }]
    }
}

impl Page for UnsubscribedPage {
    const TEMPLATE: &'static str = "page/unsubscribed.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let late = Self {
            layout: private(language, "unsubscribed.title"),
            address: "c…@example.org".to_owned(),
            subscribe: "/presse/subscribe".to_owned(),
            back: None,
            data: None,
        };
        let back = Some("/presse/u/a.b".to_owned());
        vec![Self { back, data: Some("/presse/preferences/a.b".to_owned()), ..late.clone() }, late]
    }
}

impl Page for AskPage {
    const TEMPLATE: &'static str = "page/ask.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let words = |key: &str| say(language, key, &[("address", "c…@example.org")]);
        let choice = |value: &str, key: &str| Choice { value: value.to_owned(), words: words(key) };
        vec![Self {
            layout: private(language, "address.title"),
            lead: words("address.old-lead"),
            lines: vec![words("address.old-agree-what"), words("address.old-refuse-what")],
            action: "/presse/preferences/address/a.b".to_owned(),
            buttons: vec![choice("agree", "address.old-agree"), choice("refuse", "address.old-refuse")],
            hint: words("address.old-hint"),
        }]
    }
}

impl Page for DonePage {
    const TEMPLATE: &'static str = "page/done.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let words = |key: &str| say(language, key, &[("address", "c…@example.org")]);
        let more = Some(Link::new(&*words("done.preferences"), "/presse/preferences/a.b".to_owned()));
        let (lead, lines) = (words("address.asked-lead"), vec![words("address.asked-next")]);
        let asked = Self { layout: private(language, "check-inbox.title"), lead, lines, more };
        let erased = Self {
            layout: private(language, "erased.title"),
            lead: words("erased.lead"),
            lines: Vec::new(),
            more: None,
        };
        vec![asked, erased]
    }
}
