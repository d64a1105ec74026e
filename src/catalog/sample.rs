//! Invented releases for the tests of the catalog and of what stands on it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Catalog, Published};
use crate::domain::{Label, Release, ReleaseId, SafeHtml, SourcePath};
use crate::language::Language;

/// `2026-03-01T09:00:00Z` and the like.
pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A plain release called `name`, dated `date`.
pub(crate) fn release(name: &str, date: &str) -> Release {
    Release {
        path: SourcePath::new(format!("{name}.md")),
        title: format!("Titre de {name}").into(),
        date: at(date),
        last_modified: None,
        published: true,
        categories: Vec::new(),
        tags: Vec::new(),
        chapeau: SafeHtml::trust_sanitised(format!("<p>Chapeau de {name}.</p>")),
        body: SafeHtml::trust_sanitised(format!("<p>Texte de {name}.</p>")).into(),
        images: Vec::new(),
        documents: Vec::new(),
        linked_uploads: Box::default(),
        release_links: Box::default(),
        contact: None,
        permalink: format!("/presse/{name}/").parse().unwrap(),
        language: Language::French,
        pinned_id: None,
        redirect_from: Vec::new(),
        newsletter: true,
        correction: None,
        withdrawn: None,
    }
}

/// `words` as labels.
pub(crate) fn labels(words: &[&str]) -> Vec<Label> {
    words.iter().map(|words| Label::new(words).unwrap()).collect()
}

/// `release` as the register knows it, never seen live, under the id its name mints.
pub(crate) fn known(release: Release) -> Published {
    Published {
        id: ReleaseId::mint("presse.example", 2026, &release.path.stem()),
        updated: release.date,
        live_since: None,
        release: Arc::new(release),
    }
}

/// A catalog of `releases`, no slug settled.
pub(crate) fn catalog(releases: Vec<Release>) -> Catalog {
    Catalog::new(releases.into_iter().map(known).collect(), &[])
}
