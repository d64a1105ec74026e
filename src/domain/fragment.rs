//! What a digest says of one release: written once per language, put into the letter of each subscriber it concerns.

use super::ReleaseId;
use crate::language::Language;

/// A piece of a letter in both of its parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Piece {
    /// For the plain-text part.
    pub text: String,
    /// For the HTML part.
    pub html: String,
}

/// One release in a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    /// Which release.
    pub release: ReleaseId,
    /// The language it is written in.
    pub language: Language,
    /// Its place in the digest: those of one category stand together, the newest first.
    pub ordinal: u32,
    /// What stands above the first fragment of its category.
    pub heading: Piece,
    /// Title, chapeau and documents.
    pub full: Piece,
    /// The title alone: what is shown once a letter would grow too long.
    pub short: Piece,
}
