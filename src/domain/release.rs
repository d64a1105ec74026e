//! One press release that passed every check, and its full text: at hand, or read from its file when somebody asks for it.
//!
//! Of a large folder few texts are ever asked for: those of the newest entries, and of pages that people open.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    Digest, Document, EmailAddress, Image, Label, Permalink, ReleaseId, ReleaseLink, SafeHtml, SourcePath, UploadFacts,
    UploadPath,
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

/// Where a text is read that was left for later.
pub trait Bodies: Send + Sync + fmt::Debug {
    /// The full text of `release` as the file with the digest `file` has it.
    ///
    /// # Errors
    /// When that file's text is to be had no more.
    fn body(&self, release: &Release, file: Digest) -> Result<SafeHtml, BodyGone>;

    /// Takes in the `source` that the file with the digest `file` had, for whoever asks for its text next. It may be
    /// forgotten again.
    fn recall(&self, _file: Digest, _source: &Arc<str>) {}
}

/// A file's text is to be had no more: the file changed, and a look at the folder is due.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` changed while its text was asked for")]
pub struct BodyGone(pub SourcePath);

/// A full text, without chapeau, image, documents and contact.
#[derive(Clone)]
pub struct Body {
    /// The digest of the words of its source.
    source: Digest,
    text: Text,
}

#[derive(Clone)]
enum Text {
    Read(SafeHtml),
    Waiting { file: Digest, bodies: Arc<dyn Bodies> },
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

    /// Every file below uploads that it refers to.
    pub fn uploads(&self) -> impl Iterator<Item = &UploadPath> {
        let images = self.images.iter().filter_map(|image| image.target.upload());
        let documents = self.documents.iter().filter_map(|document| document.target.upload());
        images.chain(documents).chain(self.linked_uploads.iter().map(|linked| &linked.path))
    }
}

impl Body {
    /// A text at hand; the words of its source have the digest `source`.
    #[must_use]
    pub fn read(html: SafeHtml, source: Digest) -> Self {
        Self { source, text: Text::Read(html) }
    }

    /// A text that `bodies` reads from the file with the digest `file` when it is asked for.
    #[must_use]
    pub fn waiting(file: Digest, source: Digest, bodies: Arc<dyn Bodies>) -> Self {
        Self { source, text: Text::Waiting { file, bodies } }
    }

    /// The digest of its source's words: what tells that it says the same without reading it, however it is spaced.
    #[must_use]
    pub fn source(&self) -> Digest {
        self.source
    }

    /// The text, when it is at hand.
    #[must_use]
    pub fn at_hand(&self) -> Option<&SafeHtml> {
        match &self.text {
            Text::Read(html) => Some(html),
            Text::Waiting { .. } => None,
        }
    }

    /// The same text with each link to another release led where `address_of` says; one it does not know is only its
    /// words. A text that was left for later links to none.
    #[must_use]
    pub fn link_releases(&self, address_of: &dyn Fn(&str) -> Option<String>) -> Self {
        match &self.text {
            Text::Read(html) => Self::read(html.link_releases(address_of), self.source),
            Text::Waiting { .. } => self.clone(),
        }
    }

    /// Hands in the `source` that the text's file had before it changed; `false` when it is not that one, or the text is at
    /// hand.
    #[must_use]
    pub fn recall(&self, source: &Arc<str>) -> bool {
        match &self.text {
            Text::Waiting { file, bodies } if Digest::of(source.as_bytes()) == *file => {
                bodies.recall(*file, source);
                true
            }
            Text::Waiting { .. } | Text::Read(_) => false,
        }
    }

    fn of<'r>(&'r self, release: &Release) -> Result<Cow<'r, SafeHtml>, BodyGone> {
        match &self.text {
            Text::Read(html) => Ok(Cow::Borrowed(html)),
            Text::Waiting { file, bodies } => bodies.body(release, *file).map(Cow::Owned),
        }
    }
}

/// A text at hand that is its own source: of that, the words count.
impl From<SafeHtml> for Body {
    fn from(html: SafeHtml) -> Self {
        let source = Digest::of_words(html.as_str());
        Self::read(html, source)
    }
}

/// Two texts that wait are the same when their files are.
impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        let same = match (&self.text, &other.text) {
            (Text::Read(own), Text::Read(html)) => own == html,
            (Text::Waiting { file: own, .. }, Text::Waiting { file, .. }) => own == file,
            (Text::Read(_), Text::Waiting { .. }) | (Text::Waiting { .. }, Text::Read(_)) => false,
        };
        same && self.source == other.source
    }
}

impl Eq for Body {}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Text::Read(html) => f.debug_tuple("Body").field(html).finish(),
            Text::Waiting { file, .. } => f.debug_tuple("Body").field(file).finish(),
        }
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
