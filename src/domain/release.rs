//! One press release that passed every check.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    Body, BodyGone, Digest, Document, EmailAddress, Image, Label, Permalink, ReleaseId, ReleaseLink, SafeHtml,
    SourcePath, UploadFacts, UploadPath, squeezed,
};
use crate::language::Language;

/// A press release as its file has it. Its lasting id is not here: the register knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The file it was read from.
    pub path: SourcePath,
    /// Plain text: no markup, no entity.
    pub title: Arc<str>,
    /// When it is, or was, to be published: the end of its embargo.
    pub date: DateTime<Utc>,
    /// The file's `last_modified_at`.
    pub last_modified: Option<DateTime<Utc>>,
    /// `false`: it exists nowhere.
    pub published: bool,
    /// In the file's order, no two of them one topic.
    pub categories: Vec<Label>,
    /// In the file's order, no two of them one topic.
    pub tags: Vec<Label>,
    /// The standfirst: the file's own, or the body's first paragraph.
    pub chapeau: SafeHtml,
    /// The full text without chapeau, image, documents and contact; may be empty.
    pub body: Body,
    /// The lead image first.
    pub images: Vec<Image>,
    /// In the file's order.
    pub documents: Vec<Document>,
    /// Files below uploads that the text itself links to or shows.
    pub linked_uploads: Box<[LinkedUpload]>,
    /// The releases that the text links to by their files' names; their addresses are not resolved yet.
    pub release_links: Box<[ReleaseLink]>,
    /// Whom journalists may call.
    pub contact: Option<Box<PressContact>>,
    /// Its page's address below the site's.
    pub permalink: Permalink,
    /// Its language, the site's unless the file says otherwise.
    pub language: Language,
    /// The id its file pins.
    pub pinned_id: Option<ReleaseId>,
    /// Old addresses below the site's that lead here.
    pub redirect_from: Vec<Permalink>,
    /// `false`: never mailed.
    pub newsletter: bool,
    /// What changed, when the file asks for a correction to be mailed.
    pub correction: Option<String>,
    /// Why it was withdrawn, when it was.
    pub withdrawn: Option<String>,
}

/// What tells a change of a release that readers would notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Significance {
    /// The digest of everything such ([`Release::significant_digest`]).
    pub whole: Digest,
    /// The digest of its documents' bytes alone ([`Release::documents_digest`]).
    pub documents: Digest,
}

/// A file below uploads that a release's text links to or shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedUpload {
    /// Where it is.
    pub path: UploadPath,
    /// What is known of it; `None` when it is missing.
    pub facts: Option<UploadFacts>,
}

/// A release's press contact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PressContact {
    /// A person or service.
    pub name: Option<String>,
    /// Telephone numbers as written.
    pub telephones: Vec<String>,
    /// Where to write to.
    pub email: Option<EmailAddress>,
}

impl Release {
    /// The full text without chapeau, image, documents and contact; read now, if it was left for later.
    ///
    /// # Errors
    /// When its file changed meanwhile.
    pub fn body(&self) -> Result<Cow<'_, SafeHtml>, BodyGone> {
        self.body.of(self)
    }

    /// Whether its embargo is over at `now` and it is meant to be seen.
    #[must_use]
    pub fn is_publishable_at(&self, now: DateTime<Utc>) -> bool {
        self.is_publishable() && self.date <= now
    }

    /// Whether it is meant to be seen, now or later.
    #[must_use]
    pub fn is_publishable(&self) -> bool {
        self.published && self.withdrawn.is_none()
    }

    /// The later of its date and `last_modified_at`.
    #[must_use]
    pub fn stated_change(&self) -> DateTime<Utc> {
        self.last_modified.map_or(self.date, |modified| modified.max(self.date))
    }

    /// Both digests that tell a change of it.
    #[must_use]
    pub fn significance(&self) -> Significance {
        let documents = self.documents_digest();
        Significance { whole: self.significant_digest_with(documents), documents }
    }

    /// The digest of what readers would call a change: title, chapeau, text and link targets, image, documents by
    /// their bytes, correction. Labels, white space, dates and the site's address are not part of it: a copy that is spaced
    /// otherwise is a copy all the same. The text counts as it is written, so that neither another version nor another
    /// site's address changes it; one that is written otherwise may still read the same, which the register finds out.
    #[must_use]
    pub fn significant_digest(&self) -> Digest {
        self.significant_digest_with(self.documents_digest())
    }

    /// What [`Release::significant_digest`] would be if its documents had the digest `documents`: by this a change of
    /// documents alone is told from one of words.
    #[must_use]
    pub fn significant_digest_with(&self, documents: Digest) -> Digest {
        Digest::of_fields([self.words_digest().as_bytes().as_slice(), documents.as_bytes()])
    }

    /// The digest of its documents' bytes alone, in the file's order; of one on another site, its address.
    #[must_use]
    pub fn documents_digest(&self) -> Digest {
        let facts = self.documents.iter().map(|document| match document.state {
            super::DocumentState::Present { digest, .. } => digest.as_bytes().to_vec(),
            super::DocumentState::Missing => Vec::new(),
            super::DocumentState::Elsewhere => document.target.address().into_bytes(),
        });
        Digest::of_fields(facts.collect::<Vec<_>>().iter().map(Vec::as_slice))
    }

    /// The digest of everything significant but the documents.
    fn words_digest(&self) -> Digest {
        let mut fields: Vec<Vec<u8>> = vec![
            squeezed(&self.title).into_bytes(),
            squeezed(self.chapeau.as_str()).into_bytes(),
            self.body.source().as_bytes().to_vec(),
            squeezed(self.correction.as_deref().unwrap_or_default()).into_bytes(),
        ];
        for image in &self.images {
            fields.push(image.target.address().into_bytes());
            fields.push(squeezed(&image.alternative).into_bytes());
            fields.push(image.facts.as_ref().map(|facts| facts.digest.as_bytes().to_vec()).unwrap_or_default());
        }
        for linked in &self.linked_uploads {
            fields.push(linked.facts.as_ref().map(|facts| facts.digest.as_bytes().to_vec()).unwrap_or_default());
        }
        Digest::of_fields(fields.iter().map(Vec::as_slice))
    }

    /// Every file below uploads that it refers to.
    pub fn uploads(&self) -> impl Iterator<Item = &UploadPath> {
        let images = self.images.iter().filter_map(|image| image.target.upload());
        let documents = self.documents.iter().filter_map(|document| document.target.upload());
        images.chain(documents).chain(self.linked_uploads.iter().map(|linked| &linked.path))
    }
}

/// A release for unit tests, with the given file, title and body; published, dated 2026-11-23T09:00:00Z.
#[cfg(test)]
pub(crate) fn sample_release(path: &str, title: &str, body: &str) -> Release {
    let path = SourcePath::new(path);
    let date = DateTime::from_timestamp(1_795_424_400, 0).unwrap();
    Release {
        permalink: format!("/espace-presse/{}/", path.title_part()).parse().unwrap(),
        path,
        title: title.into(),
        date,
        last_modified: None,
        published: true,
        categories: Vec::new(),
        tags: Vec::new(),
        chapeau: SafeHtml::trust_sanitised(format!("<p>{title}</p>")),
        body: SafeHtml::trust_sanitised(format!("<p>{body}</p>")).into(),
        images: Vec::new(),
        documents: Vec::new(),
        linked_uploads: Box::default(),
        release_links: Box::default(),
        contact: None,
        language: Language::French,
        pinned_id: None,
        redirect_from: Vec::new(),
        newsletter: true,
        correction: None,
        withdrawn: None,
    }
}
