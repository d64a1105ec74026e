//! E-mail addresses.

use std::fmt;
use std::str::FromStr;

use super::composed;

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

    /// The address as the mail library has it.
    #[must_use]
    pub fn as_lettre(&self) -> &lettre::Address {
        &self.0
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

/// Masked: addresses are never logged whole.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", self.masked())
    }
}

/// An address with the name shown beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The name, without control characters.
    pub name: Option<String>,
    /// The address.
    pub address: EmailAddress,
}

impl Mailbox {
    /// A mailbox; a name that is empty once control characters are gone is none.
    #[must_use]
    pub fn new(name: Option<&str>, address: EmailAddress) -> Self {
        let clean = name.map(|name| name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>());
        let name =
            clean.map(|name| name.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|name| !name.is_empty());
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
    fn names_lose_control_characters() {
        let mailbox: Mailbox = "\"Service\r\n presse\" <presse@example.org>".parse().unwrap();
        assert_eq!(mailbox.to_string(), "Service presse <presse@example.org>");
        assert_eq!("presse@example.org".parse::<Mailbox>().unwrap().name, None);
    }
}
