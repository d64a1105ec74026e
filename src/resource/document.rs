//! One document as it is served or published: its bytes and their validators.

use std::io::Write as _;
use std::sync::OnceLock;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::domain::Digest;

/// A document at one address. Equal bytes have equal validators, on every machine and after every restart.
#[derive(Debug)]
pub struct PublicDocument {
    media_type: &'static str,
    bytes: Vec<u8>,
    tag: String,
    modified: Option<DateTime<Utc>>,
    max_age: TimeDelta,
    gzip: OnceLock<Option<Vec<u8>>>,
}

/// Below this size, compressing saves less than the header that says so.
const WORTH_COMPRESSING: usize = 256;

impl PublicDocument {
    /// A document of `media_type` that really changed at `modified` (when that is known) and may be kept for `max_age`.
    #[must_use]
    pub fn new(media_type: &'static str, bytes: Vec<u8>, modified: Option<DateTime<Utc>>, max_age: TimeDelta) -> Self {
        let tag = Digest::of(&bytes).short(32);
        Self {
            media_type,
            bytes,
            tag,
            modified: modified.map(|instant| instant.trunc_subsecs(0)),
            max_age,
            gzip: OnceLock::new(),
        }
    }

    /// The media type, with its charset.
    #[must_use]
    pub const fn media_type(&self) -> &'static str {
        self.media_type
    }

    /// The bytes, not compressed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes in gzip form (RFC 1952), made once, always the same; `None` when that would not be smaller.
    #[must_use]
    pub fn gzip(&self) -> Option<&[u8]> {
        let compress = || {
            if self.bytes.len() < WORTH_COMPRESSING {
                return None;
            }
            let mut encoder = GzEncoder::new(Vec::with_capacity(self.bytes.len() / 3), Compression::default());
            encoder
                .write_all(&self.bytes)
                .and_then(|()| encoder.finish())
                .ok()
                .filter(|small| small.len() < self.bytes.len())
        };
        self.gzip.get_or_init(compress).as_deref()
    }

    /// Whether [`PublicDocument::gzip`] is worth asking for, without compressing anything.
    #[must_use]
    pub fn is_compressible(&self) -> bool {
        self.bytes.len() >= WORTH_COMPRESSING
    }

    /// The strong entity tag (RFC 9110 §8.8.3) of the plain bytes, without quotes.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// When it really changed, in whole seconds; `None` for a document whose frame may change without its content.
    #[must_use]
    pub const fn modified(&self) -> Option<DateTime<Utc>> {
        self.modified
    }

    /// How long it may be kept without asking again.
    #[must_use]
    pub const fn max_age(&self) -> TimeDelta {
        self.max_age
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn gzip_holds_the_same_bytes() {
        let text = "Un pont neuf. ".repeat(200);
        let document = PublicDocument::new("text/html", text.clone().into_bytes(), None, TimeDelta::zero());
        let mut plain = String::new();
        flate2::read::GzDecoder::new(document.gzip().unwrap()).read_to_string(&mut plain).unwrap();
        assert_eq!(plain, text);
    }

    #[test]
    fn small_documents_are_left_as_they_are() {
        let document = PublicDocument::new("text/html", b"court".to_vec(), None, TimeDelta::zero());
        assert_eq!(document.gzip(), None);
    }
}
