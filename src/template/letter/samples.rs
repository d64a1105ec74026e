//! What the sample letters share, and the list of letters to render them with.

use super::super::engine::{Letter, TemplateError, Templates};
use super::super::page::samples as page_samples;
use super::{
    AnnouncementLetter, ConfirmationLetter, CorrectionLetter, DigestEntry, DigestLetter, LetterFrame, NoticeLetter,
    RequestLetter, WithdrawalLetter,
};
use crate::language::Language;

/// Renders every letter with each of its samples and adds what is wrong to `errors`.
pub(in crate::template) fn render_samples(templates: &Templates, language: Language, errors: &mut Vec<TemplateError>) {
    fn each<L: Letter>(templates: &Templates, language: Language, errors: &mut Vec<TemplateError>) {
        errors.extend(L::samples(language).iter().filter_map(|letter| templates.letter(letter).err()));
    }
    let letters = [
        each::<AnnouncementLetter>,
        each::<CorrectionLetter>,
        each::<WithdrawalLetter>,
        each::<DigestLetter>,
        each::<ConfirmationLetter>,
        each::<RequestLetter>,
        each::<NoticeLetter>,
    ];
    for letter in letters {
        letter(templates, language, errors);
    }
    errors.extend(DigestEntry::samples(language).iter().filter_map(|entry| templates.entry(entry).err()));
}

/// The frame of a sample.
pub(super) fn frame(language: Language) -> LetterFrame {
    LetterFrame {
        language,
        site_title: page_samples::pick(language, "Espace presse", "Press room"),
        site_url: "https://example.org/presse/".to_owned(),
        feeds_url: "https://example.org/presse/feeds/".to_owned(),
        privacy: page_samples::privacy(language),
    }
}
