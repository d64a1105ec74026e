//! Parts that several pages and letters show.

use serde::{Serialize, Serializer};

use crate::config::PrivacySettings;
use crate::language::Language;

/// Words that lead somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// What is shown.
    pub words: String,
    /// Where it leads: complete, the site's path included.
    pub address: String,
}

impl Link {
    /// `words` that lead to `address`.
    #[must_use]
    pub fn new(words: impl Into<String>, address: impl Into<String>) -> Self {
        Self { words: words.into(), address: address.into() }
    }
}

/// An instant for people and for machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stamp {
    /// As HTML's `datetime` has it: RFC 3339.
    pub machine: String,
    /// As people write it.
    pub words: String,
}

/// The addresses of one feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedAddresses {
    /// What the feed is about, for the links' titles.
    pub title: String,
    /// Its page for people.
    pub page: String,
    /// RSS 2.0.
    pub rss: String,
    /// Atom 1.0.
    pub atom: String,
    /// JSON Feed 1.1.
    pub json: String,
}

/// Who answers for the data of subscribers, as far as that is configured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PrivacyNotice {
    /// Who does.
    pub controller: Option<String>,
    /// The address to write to.
    pub contact: Option<String>,
    /// The page of the privacy policy.
    pub policy_url: Option<String>,
}

impl From<&PrivacySettings> for PrivacyNotice {
    fn from(settings: &PrivacySettings) -> Self {
        let PrivacySettings { controller, contact, policy_url } = settings;
        Self {
            controller: controller.clone(),
            contact: contact.as_ref().map(ToString::to_string),
            policy_url: policy_url.clone(),
        }
    }
}

/// An image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Where it is.
    pub src: String,
    /// The alternative text, empty for a decorative image.
    pub alt: String,
    /// Width in pixels, when known.
    pub width: Option<u32>,
    /// Height in pixels, when known.
    pub height: Option<u32>,
    /// The caption below it.
    pub caption: Option<String>,
}

/// A file offered with a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentLink {
    /// The words that offer it.
    pub title: String,
    /// Where it is; `None`: missing, so it is named without a link.
    pub address: Option<String>,
    /// Its type in a word: `PDF`.
    pub kind: String,
    /// Its size in words: `312 Ko`; `None` when it is not known.
    pub size: Option<String>,
}

/// A release's press contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contact {
    /// A person or service.
    pub name: Option<String>,
    /// Numbers to call.
    pub telephones: Vec<Telephone>,
    /// Where to write to.
    pub email: Option<String>,
}

/// A number to call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Telephone {
    /// The number as written.
    pub words: String,
    /// The same as a `tel:` address (RFC 3966, without visual separators); `None` when it holds no number.
    pub address: Option<String>,
}

/// Fewest digits that make a telephone number.
const FEWEST_DIGITS: usize = 3;

impl Telephone {
    /// The number written as `words`.
    ///
    /// ```
    /// use depeche::template::Telephone;
    ///
    /// assert_eq!(Telephone::new("+33 (0)1 23 45 67 89").address.as_deref(), Some("tel:+33123456789"));
    /// assert_eq!(Telephone::new("standard").address, None);
    /// ```
    #[must_use]
    pub fn new(words: impl Into<String>) -> Self {
        let words = words.into();
        let plain = if words.trim_start().starts_with('+') { words.replace("(0)", "") } else { words.clone() };
        let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
        let sign = if plain.trim_start().starts_with('+') { "+" } else { "" };
        let separators_only = plain.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || "+-–./()".contains(c));
        let address = (digits.len() >= FEWEST_DIGITS && separators_only).then(|| format!("tel:{sign}{digits}"));
        Self { words, address }
    }
}

/// What the office may do with an edition now. Each is a button of its own that posts its word to `address`: `do=send`,
/// `do=hold`, `do=pause`, `do=resume`, `do=cancel`, and for a crowd `do=send-all` and `do=cancel-all`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each says whether there is one button")]
pub struct EditionActions {
    /// Where the buttons post to.
    pub address: String,
    /// Whether it can be held.
    pub hold: bool,
    /// Whether it can be sent now.
    pub send: bool,
    /// Whether it can be paused: its letters are leaving.
    pub pause: bool,
    /// Whether it can be resumed.
    pub resume: bool,
    /// Whether it can be cancelled.
    pub cancel: bool,
    /// How many editions are held with it because their releases appeared at once: one button sends all of them, one
    /// cancels all.
    pub crowd: Option<u32>,
}

impl EditionActions {
    /// Nothing can be done.
    #[must_use]
    pub fn none(address: String) -> Self {
        Self { address, hold: false, send: false, pause: false, resume: false, cancel: false, crowd: None }
    }
}

/// Writes a language as its BCP 47 tag.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
pub(super) fn tag<S: Serializer>(language: &Language, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(language.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_can_be_called() {
        for (words, expected) in [
            ("01 23 45 67 89", Some("tel:0123456789")),
            ("+44 20 7946 0000", Some("tel:+442079460000")),
            ("01.23.45.67.89", Some("tel:0123456789")),
            ("poste 12 ou 13", None),
            ("", None),
            ("12", None),
        ] {
            assert_eq!(Telephone::new(words).address.as_deref(), expected, "{words}");
        }
    }
}
