//! E-mail addresses.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use super::{composed, one_line};

/// An address that can be written to: the domain in lower case and as A-labels (RFC 5890), the local part as given, composed
/// (NFC).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(lettre::Address);

/// Why a text is not an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not an e-mail address such as `ann@example.org`")]
pub struct AddressError;

/// Longest address a mail server must take (RFC 5321 §4.5.3.1.3, without the angle brackets).
const LONGEST: usize = 254;

impl EmailAddress {
    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    /// The part before the `@`.
    #[must_use]
    pub fn local(&self) -> &str {
        self.0.user()
    }

    /// The part after the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.domain()
    }

    /// What two spellings of one mailbox share: the address in lower case.
    #[must_use]
    pub fn folded(&self) -> String {
        self.as_str().to_lowercase()
    }

    /// The address as logs show it: `a…@example.org`.
    #[must_use]
    pub fn masked(&self) -> String {
        let first = self.local().chars().next().unwrap_or('…');
        format!("{first}…@{}", self.domain())
    }

    /// The same as pages show it: held together, so that no line ends within it.
    #[must_use]
    pub fn masked_in_text(&self) -> String {
        self.masked().replace("…@", "…\u{2060}@")
    }

    /// `text`, which other servers wrote about this recipient, with every address in it masked, and this one's name where
    /// it stands alone.
    #[must_use]
    pub fn masked_in(&self, text: &str) -> String {
        let text = mask_addresses(text);
        // So short a name is anybody's.
        if self.local().chars().count() < 3 {
            return text;
        }
        let first: String = self.local().chars().take(1).collect();
        replaced(&text, &mentions(&text, self.local()), &format!("{first}…"))
    }

    /// `text` with this address masked, wherever it stands by itself; `None` where it does not.
    #[must_use]
    pub fn masked_out_of(&self, text: &str) -> Option<String> {
        let found = mentions(text, self.as_str());
        (!found.is_empty()).then(|| replaced(text, &found, &self.masked()))
    }
}

impl FromStr for EmailAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = composed(text.trim());
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError)?;
        // The host of a link may be written so, and is read back.
        if domain.contains('%') {
            return Err(AddressError);
        }
        let domain = match url::Host::parse(domain).map_err(|_| AddressError)? {
            url::Host::Domain(domain) if domain.contains(|c: char| c.is_ascii_alphabetic()) => domain,
            url::Host::Domain(_) | url::Host::Ipv4(_) | url::Host::Ipv6(_) => return Err(AddressError),
        };
        let crooked = |c: char| c.is_control() || c.is_whitespace() || "<>\"(),:;[]\\".contains(c);
        if local.contains(crooked) || local.len() + domain.len() + 1 > LONGEST {
            return Err(AddressError);
        }
        lettre::Address::new(local, domain).map(Self).map_err(|_| AddressError)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a character may be part of an address before its `@` (RFC 5321 §4.1.2, RFC 6531 §3.3).
fn is_local(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
}

/// `text` with whatever looks like an address masked, as logs show them: other servers quote recipients in what they say.
#[must_use]
pub fn mask_addresses(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let before = &rest[..at];
        let start_of = |text: &str| match text.strip_suffix('"') {
            Some(quoted) => quoted.rfind('"').unwrap_or(quoted.len()),
            None => text.trim_end_matches(is_local).len(),
        };
        // A line may have been broken in between.
        let bare = before.trim_end();
        let start = start_of(bare);
        masked.push_str(&before[..start]);
        if let Some(first) = bare[start..].chars().find(|c| *c != '"') {
            masked.extend([first, '…']);
        }
        masked.push('@');
        rest = &rest[at + 1..];
    }
    masked.push_str(rest);
    masked
}

/// Where `word`, an address or a part of one, stands in `text`, whatever its case, and not as a part of another.
fn mentions(text: &str, word: &str) -> Vec<Range<usize>> {
    let word = word.to_lowercase();
    let ends_by_itself = |after: &str| {
        // A full stop may end the sentence.
        !after.strip_prefix('.').unwrap_or(after).starts_with(|c: char| c.is_alphanumeric() || c == '-')
    };
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.char_indices() {
        let is_free = found.last().is_none_or(|last| last.end <= at) && !text[..at].ends_with(is_local);
        if let Some(length) = begins_with(&text[at..], &word).filter(|_| is_free)
            && ends_by_itself(&text[at + length..])
        {
            found.push(at..at + length);
        }
    }
    found
}

/// How much of `text` is `word`, which is in lower case, when it begins with that.
fn begins_with(text: &str, word: &str) -> Option<usize> {
    let mut wanted = word.chars();
    for (at, c) in text.char_indices() {
        if wanted.as_str().is_empty() {
            return Some(at);
        }
        if c.to_lowercase().any(|lower| wanted.next() != Some(lower)) {
            return None;
        }
    }
    wanted.as_str().is_empty().then_some(text.len())
}

fn replaced(text: &str, ranges: &[Range<usize>], by: &str) -> String {
    let mut text = text.to_owned();
    for range in ranges.iter().rev() {
        text.replace_range(range.clone(), by);
    }
    text
}

/// Masked: addresses are never logged whole.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", self.masked())
    }
}

/// An address with the name shown beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The name, one line of words.
    pub name: Option<String>,
    /// The address.
    pub address: EmailAddress,
}

impl Mailbox {
    /// A mailbox; a name without words is none.
    #[must_use]
    pub fn new(name: Option<&str>, address: EmailAddress) -> Self {
        let name = name.map(one_line).filter(|name| !name.is_empty());
        Self { name, address }
    }
}

impl FromStr for Mailbox {
    type Err = AddressError;

    /// Takes `ann@example.org`, `Ann <ann@example.org>` or `"Ann, press" <ann@example.org>`.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let Some((name, rest)) = text.rsplit_once('<') else {
            return Ok(Self::new(None, text.parse()?));
        };
        let address = rest.strip_suffix('>').ok_or(AddressError)?.parse()?;
        let name = name.trim().trim_matches('"');
        Ok(Self::new(Some(name), address))
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => self.address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_a_labels() {
        let address: EmailAddress = " Ann@Écoles.Example ".parse().unwrap();
        assert_eq!(address.as_str(), "Ann@xn--coles-9ra.example");
        assert_eq!(address.folded(), "ann@xn--coles-9ra.example");
        assert_eq!(format!("{address:?}"), "EmailAddress(A…@xn--coles-9ra.example)");
    }

    #[test]
    fn however_an_accent_is_written_it_is_the_same_address() {
        let composed: EmailAddress = "zoé.müller@écoles.example".parse().unwrap();
        let decomposed: EmailAddress = "zoe\u{301}.mu\u{308}ller@e\u{301}coles.example".parse().unwrap();
        assert_eq!(decomposed, composed);
        assert_eq!(decomposed.as_str(), "zoé.müller@xn--coles-9ra.example");
        let mailbox: Mailbox = "Zoé <zoe\u{301}@example.org>".parse().unwrap();
        assert_eq!(mailbox.address.as_str(), "zoé@example.org");
    }

    #[test]
    fn what_cannot_be_written_to_is_refused() {
        for bad in [
            "",
            "ann",
            "@example.org",
            "ann@",
            "a b@example.org",
            "ann@example.org\r\nBcc: x@y.z",
            "a<b@example.org",
            "ann@[127.0.0.1]",
            "ann@127.0.0.1",
            "ann@ex%61mple.org",
            "ann@example.org%2e",
        ] {
            assert_eq!(bad.parse::<EmailAddress>(), Err(AddressError), "{bad}");
        }
    }

    #[test]
    fn an_address_is_found_where_it_stands_by_itself() {
        for text in ["To ann@example.org.", "« Ann@Example.org »", "ann@example.org, please", "<ann@example.org>"] {
            assert_eq!(mentions(text, "ann@example.org").len(), 1, "{text}");
        }
        for text in ["joann@example.org", "j.ann@example.org", "ann@example.org.uk", "ann@example.organic", ""] {
            assert_eq!(mentions(text, "ann@example.org").len(), 0, "{text}");
        }
        let ann: EmailAddress = "ann@example.org".parse().unwrap();
        let seen = ann.masked_out_of("İ ANN@example.org, joann@example.org: ann@example.org.");
        assert_eq!(seen.as_deref(), Some("İ a…@example.org, joann@example.org: a…@example.org."));
        assert_eq!(ann.masked_out_of("joann@example.org"), None);
    }

    #[test]
    fn what_others_say_of_a_recipient_names_nobody() {
        let ondine: EmailAddress = "Ondine@example.org".parse().unwrap();
        for (said, seen) in [
            ("550 5.7.1 no", "550 5.7.1 no"),
            ("550 <ondine@Example.org>: spam", "550 <o…@Example.org>: spam"),
            ("rfc822;Ondine@example.org", "rfc822;O…@example.org"),
            ("RFC822; ondine@example.org.", "RFC822; o…@example.org."),
            ("\"Ondine\"@example.org", "O…@example.org"),
            ("(\"ondine v\"@example.org)", "(o…@example.org)"),
            ("ondine@\r\n example.org, ondine\r\n @example.org", "o…@\r\n example.org, o…@example.org"),
            ("SRS0=a=b=example.org=ondine@relay.example", "S…@relay.example"),
            ("bounces+ondine=example.org@relay.example", "b…@relay.example"),
            ("forwarded to éva@example.net", "forwarded to é…@example.net"),
            ("User ONDINE unknown; ondine.", "User O… unknown; O…."),
            ("@ @", "@@"),
        ] {
            let found = ondine.masked_in(said);
            assert!(!found.to_lowercase().contains("ondine"), "{found}");
            assert_eq!(found, seen, "{said}");
        }
        let an: EmailAddress = "an@example.org".parse().unwrap();
        assert_eq!(an.masked_in("an error for an@example.org"), "an error for a…@example.org");
    }

    #[test]
    fn names_lose_control_characters() {
        let mailbox: Mailbox = "\"Service\r\n presse\" <presse@example.org>".parse().unwrap();
        assert_eq!(mailbox.to_string(), "Service presse <presse@example.org>");
        assert_eq!("presse@example.org".parse::<Mailbox>().unwrap().name, None);
    }
}
