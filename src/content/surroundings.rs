//! What a text is rendered with.

use super::address::Base;
use crate::domain::Uploads;
use crate::language::Language;

/// The surroundings of a text.
pub(super) struct Surroundings<'a> {
    pub(super) base: Base<'a>,
    pub(super) uploads: &'a dyn Uploads,
    /// What Liquid's `site.url` stands for.
    pub(super) site_url: &'a str,
    pub(super) language: Language,
    /// Distinguishes the ids of the chapeau's footnotes from the body's.
    pub(super) notes_prefix: &'static str,
}
