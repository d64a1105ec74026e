//! The languages Depeche speaks.

use std::fmt;
use std::str::FromStr;

/// The language of pages, letters and diagnostics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Language {
    /// `fr`
    #[default]
    French,
    /// `en`
    English,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::French, Self::English];

    /// Its BCP 47 tag: `fr` or `en`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }
}

/// Why a text names no language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not one of `fr`, `en`")]
pub struct LanguageError(String);

impl FromStr for Language {
    type Err = LanguageError;

    /// Takes a BCP 47 tag; regions are ignored: `fr-FR`, `en_GB`.
    fn from_str(text: &str) -> Result<Self, LanguageError> {
        match text.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "fr" => Ok(Self::French),
            "en" => Ok(Self::English),
            _ => Err(LanguageError(text.to_owned())),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
