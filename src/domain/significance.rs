//! What tells a change of a release that readers would notice.

use super::{Digest, DocumentState, Release, squeezed};

/// The digests that tell such a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Significance {
    /// The digest of everything such ([`Release::significant_digest`]).
    pub whole: Digest,
    /// The digest of its documents' bytes alone ([`Release::documents_digest`]).
    pub documents: Digest,
}

impl Release {
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
            DocumentState::Present { digest, .. } => digest.as_bytes().to_vec(),
            DocumentState::Missing => Vec::new(),
            DocumentState::Elsewhere => document.target.address().into_bytes(),
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
}
