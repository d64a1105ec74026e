//! What the file of a release that was mailed may ask for later: a correction or a withdrawal, each once per text.

use crate::domain::{Digest, EditionKind, Release, ReleaseId};

/// How many hexadecimal digits of a text's digest tell two corrections of one release apart.
const REVISION_DIGITS: usize = 16;

/// A correction or a withdrawal that a release's file asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// [`EditionKind::Correction`] or [`EditionKind::Withdrawal`].
    pub kind: EditionKind,
    /// Tells its words from those of another one.
    pub mark: String,
}

impl Revision {
    /// What the file asks for; a withdrawal comes before a correction, and what is not published asks for nothing.
    #[must_use]
    pub fn of(release: &Release) -> Option<Self> {
        if !release.published {
            return None;
        }
        let withdrawn = release.withdrawn.as_ref().map(|why| (EditionKind::Withdrawal, why));
        let corrected = release.correction.as_ref().map(|what| (EditionKind::Correction, what));
        let (kind, words) = withdrawn.or(corrected)?;
        Some(Self { kind, mark: mark(words) })
    }

    /// The key that lets its edition be made once.
    #[must_use]
    pub fn dedup_key(&self, release: &ReleaseId) -> String {
        format!("{}:{release}:{}", self.kind, self.mark)
    }
}

/// The mark of the correction that a release's text has taken in; empty when there is none.
#[must_use]
pub fn carried(release: &Release) -> String {
    release.correction.as_deref().map(mark).unwrap_or_default()
}

/// The same for words that differ in white space alone.
fn mark(words: &str) -> String {
    let words: Vec<&str> = words.split_whitespace().collect();
    Digest::of(words.join(" ").as_bytes()).short(REVISION_DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample_release;

    #[test]
    fn a_file_asks_for_one_thing_at_a_time() {
        let mut release = sample_release("a.md", "Un pont", "Texte");
        assert_eq!(Revision::of(&release), None);
        release.correction = Some("Le pont ouvre  mardi.\n".to_owned());
        let correction = Revision::of(&release).unwrap();
        assert_eq!(correction.kind, EditionKind::Correction);
        release.correction = Some("Le pont ouvre mardi.".to_owned());
        assert_eq!(Revision::of(&release).as_ref(), Some(&correction));
        assert_eq!(carried(&release), correction.mark);
        release.correction = Some("Le pont ouvre mercredi.".to_owned());
        assert_ne!(Revision::of(&release).as_ref(), Some(&correction));
        release.withdrawn = Some("Le pont n’ouvre pas.".to_owned());
        assert_eq!(Revision::of(&release).unwrap().kind, EditionKind::Withdrawal);
        release.published = false;
        assert_eq!(Revision::of(&release), None);
    }
}
