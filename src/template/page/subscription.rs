//! The pages of a subscriber: from the form to the last good-bye.

use serde::Serialize;

use super::super::engine::Page;
use super::{Layout, SubscriptionForm, samples};
use crate::language::{Language, say};

/// The subscription form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubscribePage {
    /// The frame.
    pub layout: Layout,
    /// The form's values and what is wrong with them.
    pub form: SubscriptionForm,
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
    /// The form's values; `email`, `name` and `organisation` are not shown.
    pub form: SubscriptionForm,
    /// Whether the values were just saved.
    pub saved: bool,
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
}

/// A page of this kind has a token in its address.
fn private(language: Language, title: &str) -> Layout {
    Layout { title: say(language, title, &[]), canonical: None, noindex: true, ..samples::layout(language, "") }
}

impl Page for SubscribePage {
    const TEMPLATE: &'static str = "page/subscribe.html";

    fn language(&self) -> Language {
        self.layout.language
    }

    fn samples(language: Language) -> Vec<Self> {
        let layout = samples::layout(language, "/subscribe");
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
        [form, wrong, empty].map(|form| Self { layout: layout.clone(), form }).into()
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
        [(form.clone(), false), (form, true), (wrong, false)]
            .map(|(form, saved)| Self {
                layout: private(language, "preferences.title"),
                address: "c…@example.org".to_owned(),
                form,
                saved,
                unsubscribe: "/presse/u/a.b".to_owned(),
            })
            .into()
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
        vec![Self {
            layout: private(language, "unsubscribed.title"),
            address: "c…@example.org".to_owned(),
            subscribe: "/presse/subscribe".to_owned(),
        }]
    }
}
