//! A release as the file has it.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::words::{DigestRow, InstantRow, all, maybe};
use crate::domain::{
    Bodies, Body, Digest, Document, DocumentState, EmailAddress, FileKind, Image, Label, LinkedUpload, Permalink,
    PressContact, Release, ReleaseLink, SafeHtml, SourcePath, Target, UploadFacts, UploadPath,
};

/// Words that many releases share, once for all rows of a part: labels, media types, contacts.
#[derive(Debug, Default)]
pub(super) struct Glossary<'a> {
    places: HashMap<&'a str, u32>,
    words: Vec<&'a str>,
}

/// What is needed to make releases of the rows of a part.
pub(super) struct Making<'a> {
    /// Where texts are read that wait.
    bodies: &'a Arc<dyn Bodies>,
    words: Vec<&'a str>,
    /// What words were made into before.
    labels: Vec<Option<Label>>,
    addresses: Vec<Option<EmailAddress>>,
}

impl<'a> Glossary<'a> {
    /// The place of `word`.
    fn place(&mut self, word: &'a str) -> u32 {
        let next = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        *self.places.entry(word).or_insert_with(|| {
            self.words.push(word);
            next
        })
    }

    /// Its words, by place.
    pub(super) fn into_words(self) -> Vec<&'a str> {
        self.words
    }
}

impl<'a> Making<'a> {
    pub(super) fn new(bodies: &'a Arc<dyn Bodies>, words: Vec<&'a str>) -> Self {
        let (labels, addresses) = (vec![None; words.len()], vec![None; words.len()]);
        Self { bodies, words, labels, addresses }
    }

    fn word(&self, place: u32) -> Option<String> {
        self.words.get(place as usize).map(|word| (*word).to_owned())
    }

    fn label(&mut self, place: u32) -> Option<Label> {
        let (word, label) = (self.words.get(place as usize)?, self.labels.get_mut(place as usize)?);
        if label.is_none() {
            *label = Label::new(word);
        }
        label.clone()
    }

    fn address(&mut self, place: u32) -> Option<EmailAddress> {
        let (word, address) = (self.words.get(place as usize)?, self.addresses.get_mut(place as usize)?);
        if address.is_none() {
            *address = word.parse().ok();
        }
        address.clone()
    }
}

/// A release but for its path.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ReleaseRow<'a> {
    title: &'a str,
    date: InstantRow,
    last_modified: Option<InstantRow>,
    published: bool,
    categories: Vec<u32>,
    tags: Vec<u32>,
    chapeau: &'a str,
    /// The digest of the text's source.
    source: DigestRow,
    /// The text; `None` when it waits in its file.
    body: Option<&'a str>,
    #[serde(borrow)]
    images: Vec<ImageRow<'a>>,
    documents: Vec<DocumentRow<'a>>,
    linked_uploads: Vec<(&'a str, Option<FactsRow>)>,
    release_links: Vec<LinkRow<'a>>,
    contact: Option<ContactRow>,
    permalink: &'a str,
    language: &'a str,
    pinned_id: Option<&'a str>,
    redirect_from: Vec<&'a str>,
    newsletter: bool,
    correction: Option<&'a str>,
    withdrawn: Option<&'a str>,
}

#[derive(Debug, Serialize, Deserialize)]
enum TargetRow<'a> {
    Upload(&'a str),
    External(&'a str),
}

#[derive(Debug, Serialize, Deserialize)]
struct ImageRow<'a> {
    #[serde(borrow)]
    target: TargetRow<'a>,
    alternative: &'a str,
    caption: Option<&'a str>,
    facts: Option<FactsRow>,
}

#[derive(Debug, Serialize, Deserialize)]
struct DocumentRow<'a> {
    #[serde(borrow)]
    target: TargetRow<'a>,
    title: &'a str,
    state: StateRow,
}

#[derive(Debug, Serialize, Deserialize)]
enum StateRow {
    Present { bytes: u64, digest: DigestRow },
    Missing,
    Elsewhere,
}

#[derive(Debug, Serialize, Deserialize)]
struct LinkRow<'a> {
    named: &'a str,
    place: (usize, usize, usize),
}

#[derive(Debug, Serialize, Deserialize)]
struct ContactRow {
    name: Option<u32>,
    telephones: Vec<u32>,
    email: Option<u32>,
}

/// What is known of a file below uploads.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FactsRow {
    bytes: u64,
    digest: DigestRow,
    kind: KindRow,
}

#[derive(Debug, Serialize, Deserialize)]
enum KindRow {
    Pdf,
    Image { width: u32, height: u32 },
    Other,
}

impl<'a> ReleaseRow<'a> {
    pub(super) fn of(release: &'a Release, glossary: &mut Glossary<'a>) -> Self {
        let Release {
            path: _,
            title,
            date,
            last_modified,
            published,
            categories,
            tags,
            chapeau,
            body,
            images,
            documents,
            linked_uploads,
            release_links,
            contact,
            permalink,
            language,
            pinned_id,
            redirect_from,
            newsletter,
            correction,
            withdrawn,
        } = release;
        Self {
            title,
            date: InstantRow::of(*date),
            last_modified: last_modified.map(InstantRow::of),
            published: *published,
            categories: categories.iter().map(|label| glossary.place(label.as_str())).collect(),
            tags: tags.iter().map(|label| glossary.place(label.as_str())).collect(),
            chapeau: chapeau.as_str(),
            source: DigestRow(body.source()),
            body: body.at_hand().map(SafeHtml::as_str),
            images: images.iter().map(ImageRow::of).collect(),
            documents: documents.iter().map(DocumentRow::of).collect(),
            linked_uploads: linked_uploads.iter().map(linked_upload_row).collect(),
            release_links: release_links.iter().map(LinkRow::of).collect(),
            contact: contact.as_ref().map(|contact| ContactRow::of(contact, glossary)),
            permalink: permalink.as_str(),
            language: language.code(),
            pinned_id: pinned_id.as_ref().map(crate::domain::ReleaseId::as_str),
            redirect_from: redirect_from.iter().map(Permalink::as_str).collect(),
            newsletter: *newsletter,
            correction: correction.as_deref(),
            withdrawn: withdrawn.as_deref(),
        }
    }

    /// The release in the file at `path`, which has the digest `file`; `None` when a value is none of its kind.
    pub(super) fn release(self, path: SourcePath, file: Digest, making: &mut Making<'_>) -> Option<Release> {
        let body = match self.body {
            Some(html) => Body::read(SafeHtml::trust_sanitised(html.to_owned()), self.source.0),
            None => Body::waiting(file, self.source.0, Arc::clone(making.bodies)),
        };
        Some(Release {
            path,
            title: self.title.into(),
            date: self.date.instant()?,
            last_modified: maybe(self.last_modified, InstantRow::instant)?,
            published: self.published,
            categories: all(self.categories, |label| making.label(label))?,
            tags: all(self.tags, |label| making.label(label))?,
            chapeau: SafeHtml::trust_sanitised(self.chapeau.to_owned()),
            body,
            images: all(self.images, ImageRow::image)?,
            documents: all(self.documents, DocumentRow::document)?,
            linked_uploads: all(self.linked_uploads, |(path, facts)| {
                let path = UploadPath::from_decoded(path)?;
                Some(LinkedUpload { path, facts: facts.map(FactsRow::facts) })
            })?
            .into(),
            release_links: self.release_links.into_iter().map(LinkRow::link).collect(),
            contact: maybe(self.contact, |contact| contact.contact(making).map(Box::new))?,
            permalink: self.permalink.parse().ok()?,
            language: self.language.parse().ok()?,
            pinned_id: maybe(self.pinned_id, |id| id.parse().ok())?,
            redirect_from: all(self.redirect_from, |address| address.parse().ok())?,
            newsletter: self.newsletter,
            correction: self.correction.map(str::to_owned),
            withdrawn: self.withdrawn.map(str::to_owned),
        })
    }
}

fn linked_upload_row(linked: &LinkedUpload) -> (&str, Option<FactsRow>) {
    (linked.path.as_str(), linked.facts.as_ref().map(FactsRow::of))
}

impl<'a> TargetRow<'a> {
    fn of(target: &'a Target) -> Self {
        match target {
            Target::Upload(path) => Self::Upload(path.as_str()),
            Target::External(address) => Self::External(address),
        }
    }

    fn target(self) -> Option<Target> {
        Some(match self {
            Self::Upload(path) => Target::Upload(UploadPath::from_decoded(path)?),
            Self::External(address) => Target::External(address.to_owned()),
        })
    }
}

impl<'a> ImageRow<'a> {
    fn of(image: &'a Image) -> Self {
        let Image { target, alternative, caption, facts } = image;
        Self {
            target: TargetRow::of(target),
            alternative,
            caption: caption.as_deref(),
            facts: facts.as_ref().map(FactsRow::of),
        }
    }

    fn image(self) -> Option<Image> {
        Some(Image {
            target: self.target.target()?,
            alternative: self.alternative.to_owned(),
            caption: self.caption.map(str::to_owned),
            facts: self.facts.map(FactsRow::facts),
        })
    }
}

impl<'a> DocumentRow<'a> {
    fn of(document: &'a Document) -> Self {
        let Document { target, title, state } = document;
        let state = match state {
            DocumentState::Present { bytes, digest } => StateRow::Present { bytes: *bytes, digest: DigestRow(*digest) },
            DocumentState::Missing => StateRow::Missing,
            DocumentState::Elsewhere => StateRow::Elsewhere,
        };
        Self { target: TargetRow::of(target), title, state }
    }

    fn document(self) -> Option<Document> {
        let state = match self.state {
            StateRow::Present { bytes, digest } => DocumentState::Present { bytes, digest: digest.0 },
            StateRow::Missing => DocumentState::Missing,
            StateRow::Elsewhere => DocumentState::Elsewhere,
        };
        Some(Document { target: self.target.target()?, title: self.title.to_owned(), state })
    }
}

impl<'a> LinkRow<'a> {
    fn of(link: &'a ReleaseLink) -> Self {
        let ReleaseLink { named, place } = link;
        Self { named, place: *place }
    }

    fn link(self) -> ReleaseLink {
        ReleaseLink { named: self.named.to_owned(), place: self.place }
    }
}

impl ContactRow {
    fn of<'a>(contact: &'a PressContact, glossary: &mut Glossary<'a>) -> Self {
        let PressContact { name, telephones, email } = contact;
        Self {
            name: name.as_ref().map(|name| glossary.place(name)),
            telephones: telephones.iter().map(|number| glossary.place(number)).collect(),
            email: email.as_ref().map(|address| glossary.place(address.as_str())),
        }
    }

    fn contact(self, making: &mut Making<'_>) -> Option<PressContact> {
        Some(PressContact {
            name: maybe(self.name, |name| making.word(name))?,
            telephones: all(self.telephones, |number| making.word(number))?,
            email: maybe(self.email, |address| making.address(address))?,
        })
    }
}

impl FactsRow {
    pub(super) fn of(facts: &UploadFacts) -> Self {
        let UploadFacts { bytes, digest, kind } = facts;
        let kind = match *kind {
            FileKind::Pdf => KindRow::Pdf,
            FileKind::Image { width, height } => KindRow::Image { width, height },
            FileKind::Other => KindRow::Other,
        };
        Self { bytes: *bytes, digest: DigestRow(*digest), kind }
    }

    pub(super) fn facts(self) -> UploadFacts {
        let kind = match self.kind {
            KindRow::Pdf => FileKind::Pdf,
            KindRow::Image { width, height } => FileKind::Image { width, height },
            KindRow::Other => FileKind::Other,
        };
        UploadFacts { bytes: self.bytes, digest: self.digest.0, kind }
    }
}
