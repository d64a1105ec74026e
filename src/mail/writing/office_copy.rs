//! The office's own copy of an edition: where it stands, and the page that holds, sends or cancels it.

use chrono::{DateTime, NaiveDate, Utc};

use super::writer::Writer;
use crate::catalog::Published;
use crate::domain::{EditionState, Frequency, Piece};
use crate::language::{edition_state, hold_reason};
use crate::resource::Wording;
use crate::template::{Audience, LetterParts, OfficeBanner, TemplateError};

/// What the office gets a copy of.
#[derive(Debug, Clone, Copy)]
pub enum Copied<'a> {
    /// The announcement of a release.
    Announcement(&'a Published),
    /// The correction of a release.
    Correction(&'a Published),
    /// The withdrawal of a release.
    Withdrawal(&'a Published),
    /// A digest.
    Digest {
        /// Daily or weekly.
        frequency: Frequency,
        /// The day it leaves, in the site's zone.
        day: NaiveDate,
        /// All of its releases.
        contents: &'a Piece,
    },
}

impl Copied<'_> {
    /// Until when what it shows is under embargo at `now`.
    fn embargo(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Announcement(published) | Self::Correction(published) => {
                Some(published.release.date).filter(|date| *date > now)
            }
            Self::Withdrawal(_) | Self::Digest { .. } => None,
        }
    }
}

impl Writer<'_> {
    /// The office's copy of `copied`, in the site's language.
    ///
    /// # Errors
    /// When a template that replaces a built-in one cannot be rendered.
    pub fn office_copy(
        &self,
        copied: &Copied<'_>,
        state: &EditionState,
        office_url: &str,
        now: DateTime<Utc>,
    ) -> Result<LetterParts, TemplateError> {
        let language = self.site.language;
        let words = Wording::of_letters(self.site, language);
        let audience = Audience::Office(OfficeBanner {
            state_words: edition_state(language, state.as_str()),
            due_words: state.due().map(|due| words.stamp(due).words),
            reason: state.stopped_by().map(|(code, detail)| hold_reason(language, code, &detail)),
            office_url: office_url.to_owned(),
            embargo_until: copied.embargo(now).map(|until| words.stamp(until).words),
        });
        match *copied {
            Copied::Announcement(published) => {
                self.templates.letter(&self.announcement_for(published, language, audience))
            }
            Copied::Correction(published) => self.templates.letter(&self.correction_for(published, language, audience)),
            Copied::Withdrawal(published) => self.templates.letter(&self.withdrawal_for(published, language, audience)),
            Copied::Digest { frequency, day, contents } => {
                self.templates.letter(&self.digest_for(frequency, day, contents, language, audience))
            }
        }
    }
}
