//! What there is to say of the files of a look: to the office, and to whoever checks them.

use std::cell::LazyCell;

use chrono::{DateTime, Utc};

use super::super::newsroom::Doubts;
use super::super::office::BrokenFile;
use super::super::reading::ReadFile;
use super::{Ingest, known_paths};
use crate::catalog::{Catalog, LabelNote};
use crate::content::Diagnostic;
use crate::domain::{Label, ReleaseLink, SourcePath};
use crate::language::Diagnosis;
use crate::register::{Clash, Register, TopicSlug};

impl Ingest {
    /// The files with errors, and those that cannot be read: the office is told.
    pub(super) fn broken(&self, register: &Register) -> Vec<BrokenFile> {
        let still_shown = |path: &SourcePath| {
            register
                .records
                .values()
                .any(|record| record.path == *path && record.missing_since.is_none() && record.live_since.is_some())
        };
        let known = LazyCell::new(|| known_paths(register));
        let emptied = |path: &SourcePath, file: &ReadFile| file.release.is_none() && known.contains(path);
        let broken = self.files.iter().filter(|(path, file)| file.is_broken() || emptied(path, file));
        let broken = broken.map(|(path, file)| {
            let whole = !file.is_broken();
            let errors = file.diagnostics.iter().filter(move |diagnostic| whole || diagnostic.is_error());
            let words = |diagnostic: &Diagnostic| {
                let (language, place) = (self.config.site.language, (diagnostic.line, diagnostic.column));
                format!(
                    "{}:{}: {} {}",
                    place.0,
                    place.1,
                    diagnostic.diagnosis.what(language),
                    diagnostic.diagnosis.advice(language)
                )
            };
            BrokenFile {
                path: path.to_string(),
                digest: file.digest.short(16),
                still_shown: still_shown(path),
                problems: errors.map(words).collect(),
            }
        });
        let unreadable = self.unreadable.iter().map(|file| BrokenFile {
            path: file.path.to_string(),
            digest: "unreadable".to_owned(),
            still_shown: still_shown(&file.path),
            problems: vec![file.reason.to_string()],
        });
        broken.chain(unreadable).collect()
    }

    /// How many errors and warnings there are in all files.
    pub(super) fn doubts(&self) -> Doubts {
        let mut doubts = Doubts::default();
        for file in self.files.values() {
            doubts.errors += file.doubts.errors;
            doubts.warnings += file.doubts.warnings;
        }
        doubts
    }

    /// All there is to say of the files, each by itself and all of them together.
    pub(super) fn diagnostics(
        &self,
        catalog: &Catalog,
        register: &Register,
        clashes: Vec<Clash>,
        now: DateTime<Utc>,
    ) -> Vec<Diagnostic> {
        let mut diagnostics: Vec<Diagnostic> =
            self.files.values().flat_map(|file| file.diagnostics.iter().cloned()).collect();
        let conflict = |path: &SourcePath| self.at_words(path.clone(), "", Diagnosis::ConflictCopy);
        diagnostics.extend(self.conflicts.iter().map(conflict));
        diagnostics.extend(clashes.into_iter().map(|clash| self.about_clash(clash)));
        diagnostics.extend(catalog.dead_links(now).into_iter().map(|(path, ReleaseLink { named, place })| {
            let (line, column, length) = place;
            Diagnostic { path, line, column, length, diagnosis: Diagnosis::ReleaseLinkDead { named } }
        }));
        diagnostics.extend(catalog.label_notes().into_iter().flat_map(|note| self.about_labels(register, note)));
        diagnostics.sort_by(|a, b| (&a.path, a.line, a.column).cmp(&(&b.path, b.line, b.column)));
        diagnostics
    }

    /// Two files that cannot both be published, said at the one that is left out.
    fn about_clash(&self, clash: Clash) -> Diagnostic {
        match clash {
            Clash::Id { path, keeper, id } => {
                let (id, other) = (id.to_string(), keeper.to_string());
                self.at_words(path, &id.clone(), Diagnosis::DuplicateId { id, other })
            }
            Clash::Permalink { path, keeper, permalink } => {
                let (permalink, other) = (permalink.to_string(), keeper.to_string());
                self.at_words(path, &permalink.clone(), Diagnosis::DuplicatePermalink { permalink, other })
            }
        }
    }

    /// Spellings of labels an editor should look at, said in each file that has one of the others.
    fn about_labels(&self, register: &Register, note: LabelNote) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        match note {
            LabelNote::Folded { shown, spellings, .. } => {
                for spelling in spellings.into_iter().filter(|spelling| spelling.words != shown) {
                    for path in spelling.paths {
                        let diagnosis = Diagnosis::LabelFolded { shown: shown.clone(), other: spelling.words.clone() };
                        diagnostics.push(self.at_words(path, &spelling.words, diagnosis));
                    }
                }
            }
            LabelNote::SharedSlug { taxonomy, slug, labels } => {
                let settled = |words: &str| {
                    let folded = Label::new(words).map(|label| label.folded());
                    let known =
                        |topic: &&TopicSlug| topic.taxonomy == taxonomy && Some(&topic.folded) == folded.as_ref();
                    register.topic_slugs.iter().find(known).map(|topic| topic.slug.clone())
                };
                let plain = labels
                    .iter()
                    .find(|label| settled(&label.words).as_ref() == Some(&slug))
                    .map(|label| label.words.clone());
                for label in labels {
                    let Some(numbered) = settled(&label.words).filter(|numbered| *numbered != slug) else { continue };
                    for path in label.paths {
                        let diagnosis = Diagnosis::SlugShared {
                            label: label.words.clone(),
                            other: plain.clone().unwrap_or_default(),
                            slug: numbered.to_string(),
                        };
                        diagnostics.push(self.at_words(path, &label.words, diagnosis));
                    }
                }
            }
        }
        diagnostics
    }

    /// Something to say about a file, at the first place but its title where it has these words.
    fn at_words(&self, path: SourcePath, words: &str, diagnosis: Diagnosis) -> Diagnostic {
        let bytes = self.files.get(&path).and_then(|file| self.reader.bytes(&path, file.digest)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let is_title = |line: &str| line.trim_start().starts_with("title:");
        let found = text.lines().enumerate().filter(|(_, text)| !is_title(text)).find_map(|(line, text)| {
            text.find(words).map(|at| (line + 1, text[..at].chars().count() + 1, words.chars().count().max(1)))
        });
        let (line, column, length) = found.unwrap_or((1, 1, 1));
        Diagnostic { path, line, column, length, diagnosis }
    }
}
