//! A trial of all templates: every page and letter there is, with each of its samples.

use super::engine::{Letter, Page, TemplateError, Templates};
use super::{
    AnnouncementLetter, AskPage, CheckInboxPage, ConfirmPage, ConfirmationLetter, ConfirmedPage, CorrectionLetter,
    DigestEntry, DigestLetter, DonePage, FeedPage, FeedsPage, FrontPage, MailboxLetterPage, MailboxLettersPage,
    MailboxPreviewsPage, MailboxWaitingPage, NoticeLetter, OfficeDonePage, OfficePage, PreferencesPage, ProblemPage,
    ReleasePage, RequestLetter, SubscribePage, UnsubscribePage, UnsubscribedPage, WithdrawalLetter,
};
use crate::language::Language;

impl Templates {
    /// Renders every template with every sample in both languages: what is wrong, if anything.
    #[must_use]
    pub fn render_samples(&self) -> Vec<TemplateError> {
        let mut errors = Vec::new();
        for language in Language::ALL {
            errors.extend(pages(self, language).into_iter().filter_map(|(_, tried)| tried.err()));
            render_letters(self, language, &mut errors);
        }
        errors.dedup();
        errors
    }
}

/// What became of a page, with its template's name.
type Tried = (&'static str, Result<String, TemplateError>);

/// Renders every page with each of its samples.
pub(super) fn pages(templates: &Templates, language: Language) -> Vec<Tried> {
    fn each<P: Page>(templates: &Templates, language: Language) -> Vec<Tried> {
        P::samples(language).iter().map(|page| (P::TEMPLATE, templates.page(page))).collect()
    }
    let pages = [
        each::<FrontPage>,
        each::<FeedsPage>,
        each::<FeedPage>,
        each::<ReleasePage>,
        each::<SubscribePage>,
        each::<CheckInboxPage>,
        each::<ConfirmPage>,
        each::<ConfirmedPage>,
        each::<AskPage>,
        each::<DonePage>,
        each::<PreferencesPage>,
        each::<UnsubscribePage>,
        each::<UnsubscribedPage>,
        each::<OfficePage>,
        each::<OfficeDonePage>,
        each::<ProblemPage>,
        each::<MailboxWaitingPage>,
        each::<MailboxLettersPage>,
        each::<MailboxLetterPage>,
        each::<MailboxPreviewsPage>,
    ];
    pages.iter().flat_map(|page| page(templates, language)).collect()
}

/// Renders every letter with each of its samples and adds what is wrong to `errors`.
fn render_letters(templates: &Templates, language: Language, errors: &mut Vec<TemplateError>) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_renders_with_every_sample() {
        assert_eq!(Templates::new([]).unwrap().render_samples(), []);
    }
}
