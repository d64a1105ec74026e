//! A release's full text: at hand, or read from its file when somebody asks for it.
//!
//! Of a large folder few texts are ever asked for: those of the newest entries, and of pages that people open.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::{Digest, Release, SafeHtml, SourcePath};

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

    pub(super) fn of<'r>(&'r self, release: &Release) -> Result<Cow<'r, SafeHtml>, BodyGone> {
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
