//! Lasting names: the release's public id, and a typed number per table.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The id by which a release is known for ever: a `tag:` URI (RFC 4151) minted once, or the one its file pins. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReleaseId(Arc<str>);

/// Why a text cannot be a release's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an absolute URI such as `tag:presse.example.org,2026:un-pont`")]
pub struct ReleaseIdError(String);

/// Why a text is no row's number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a number is wanted, as lists show it")]
pub struct RowIdError;

/// Characters a `tag:` URI's specific part may hold as they are (RFC 4151 §2.1: `pchar`, `/` and `?`); others are
/// percent-encoded.
const KEPT_IN_TAG: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/')
    .remove(b'!')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

impl ReleaseId {
    /// Mints `tag:{authority},{year}:{name}`, `name` being the file's stem at first sight.
    #[must_use]
    pub fn mint(authority: &str, year: i32, name: &str) -> Self {
        let name = percent_encoding::utf8_percent_encode(name, KEPT_IN_TAG);
        Self(format!("tag:{authority},{year:04}:{name}").into())
    }

    /// The URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ReleaseId {
    type Err = ReleaseIdError;

    /// Takes an absolute URI (RFC 3986 §4.3): a scheme, a colon, and neither spaces nor control characters.
    fn from_str(text: &str) -> Result<Self, ReleaseIdError> {
        let error = || ReleaseIdError(text.to_owned());
        let (scheme, rest) = text.split_once(':').ok_or_else(error)?;
        let scheme_is_right = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        let rest_is_right =
            !rest.is_empty() && rest.chars().all(|c| c.is_ascii_graphic() && !"<>\"\\^`{|}".contains(c));
        if scheme_is_right && rest_is_right { Ok(Self(text.into())) } else { Err(error()) }
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! row_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// The id with this number.
            #[must_use]
            pub const fn new(number: i64) -> Self {
                Self(number)
            }

            /// The number, as the database has it.
            #[must_use]
            pub const fn number(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = RowIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self).map_err(|_| RowIdError)
            }
        }
    )+};
}

row_ids! {
    /// One edition of the newsletter.
    EditionId,
    /// One rendered letter: the parts that all its deliveries share.
    LetterId,
    /// One delivery, a row of the outbox.
    DeliveryId,
    /// One subscriber.
    SubscriberId,
    /// One change of a subscriber's address that was asked for.
    AddressChangeId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minted_ids_are_uris_whatever_the_file_is_called() {
        let id = ReleaseId::mint("presse.example.org", 2026, "l’été <1>: 100 %");
        assert_eq!(id.as_str(), "tag:presse.example.org,2026:l%E2%80%99%C3%A9t%C3%A9%20%3C1%3E%3A%20100%20%25");
        assert_eq!(id.as_str().parse(), Ok(id));
    }

    #[test]
    fn what_is_no_number_says_what_is_wanted() {
        assert_eq!("12".parse(), Ok(EditionId::new(12)));
        for bad in ["abc", "", "1.5", "99999999999999999999"] {
            let error = bad.parse::<EditionId>().unwrap_err();
            assert_eq!(error.to_string(), "a number is wanted, as lists show it", "{bad}");
        }
    }

    #[test]
    fn a_pinned_id_must_be_an_absolute_uri() {
        for bad in ["", "un-pont", "http:", ":x", "tag:with space", "1tag:x"] {
            assert!(bad.parse::<ReleaseId>().is_err(), "{bad}");
        }
        assert!("https://presse.example.org/un-pont/".parse::<ReleaseId>().is_ok());
    }
}
