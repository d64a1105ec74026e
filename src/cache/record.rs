//! The register as the file has it.

use serde::{Deserialize, Serialize};

use super::words::{DigestRow, InstantRow, maybe};
use crate::domain::{HoldReason, Permalink, ReleaseId, SourcePath, Taxonomy};
use crate::register::{Record, TopicSlug};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RecordRow<'a> {
    id: &'a str,
    path: &'a str,
    permalink: &'a str,
    missing_since: Option<InstantRow>,
    file_digest: DigestRow,
    significant: DigestRow,
    documents: DigestRow,
    title: &'a str,
    date: InstantRow,
    first_seen: InstantRow,
    publishable_since: Option<InstantRow>,
    live_since: Option<InstantRow>,
    first_live: Option<InstantRow>,
    updated: InstantRow,
    announcement: &'a str,
    hold: Option<(&'a str, String)>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AliasRow<'a> {
    old: &'a str,
    id: &'a str,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SlugRow<'a> {
    is_tag: bool,
    folded: &'a str,
    slug: &'a str,
}

impl<'a> RecordRow<'a> {
    pub(super) fn of(record: &'a Record) -> Self {
        let Record {
            id,
            path,
            permalink,
            missing_since,
            file_digest,
            significant,
            documents,
            title,
            date,
            first_seen,
            publishable_since,
            live_since,
            first_live,
            updated,
            announcement,
            hold,
        } = record;
        Self {
            id: id.as_str(),
            path: path.as_str(),
            permalink: permalink.as_str(),
            missing_since: missing_since.map(InstantRow::of),
            file_digest: DigestRow(*file_digest),
            significant: DigestRow(*significant),
            documents: DigestRow(*documents),
            title,
            date: InstantRow::of(*date),
            first_seen: InstantRow::of(*first_seen),
            publishable_since: publishable_since.map(InstantRow::of),
            live_since: live_since.map(InstantRow::of),
            first_live: first_live.map(InstantRow::of),
            updated: InstantRow::of(*updated),
            announcement: announcement.as_str(),
            hold: hold.as_ref().map(|hold| (hold.as_str(), hold.detail())),
        }
    }

    /// `None` when a value is none of its kind.
    pub(super) fn record(self) -> Option<Record> {
        Some(Record {
            id: self.id.parse().ok()?,
            path: SourcePath::new(self.path),
            permalink: self.permalink.parse().ok()?,
            missing_since: maybe(self.missing_since, InstantRow::instant)?,
            file_digest: self.file_digest.0,
            significant: self.significant.0,
            documents: self.documents.0,
            title: self.title.into(),
            date: self.date.instant()?,
            first_seen: self.first_seen.instant()?,
            publishable_since: maybe(self.publishable_since, InstantRow::instant)?,
            live_since: maybe(self.live_since, InstantRow::instant)?,
            first_live: maybe(self.first_live, InstantRow::instant)?,
            updated: self.updated.instant()?,
            announcement: self.announcement.parse().ok()?,
            hold: maybe(self.hold, |(word, detail)| HoldReason::from_parts(word, &detail).map(Box::new))?,
        })
    }
}

impl<'a> AliasRow<'a> {
    pub(super) fn of((old, id): (&'a Permalink, &'a ReleaseId)) -> Self {
        Self { old: old.as_str(), id: id.as_str() }
    }

    pub(super) fn alias(self) -> Option<(Permalink, ReleaseId)> {
        Some((self.old.parse().ok()?, self.id.parse().ok()?))
    }
}

impl<'a> SlugRow<'a> {
    pub(super) fn of(slug: &'a TopicSlug) -> Self {
        let TopicSlug { taxonomy, folded, slug } = slug;
        Self { is_tag: matches!(taxonomy, Taxonomy::Tag), folded, slug: slug.as_str() }
    }

    pub(super) fn slug(self) -> Option<TopicSlug> {
        let taxonomy = if self.is_tag { Taxonomy::Tag } else { Taxonomy::Category };
        Some(TopicSlug { taxonomy, folded: self.folded.to_owned(), slug: self.slug.parse().ok()? })
    }
}
