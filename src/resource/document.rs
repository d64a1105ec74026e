//! One document as it is served or published: its bytes and their validators.

use std::sync::OnceLock;

use bytes::Bytes;
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

use super::coding::{Coding, WORTH_COMPRESSING};
use crate::domain::Digest;

/// A document at one address. Equal bytes have equal validators, on every machine and after every restart.
#[derive(Debug)]
pub struct PublicDocument {
    media_type: &'static str,
    bytes: Bytes,
    digest: Digest,
    tag: String,
    modified: Option<DateTime<Utc>>,
    told: OnceLock<DateTime<Utc>>,
    max_age: TimeDelta,
    gzip: OnceLock<Option<Bytes>>,
    brotli: OnceLock<Option<Bytes>>,
}

impl PublicDocument {
    /// A document of `media_type` whose content changed at `modified` (when that is known) and may be kept for `max_age`.
    #[must_use]
    pub fn new(media_type: &'static str, bytes: Vec<u8>, modified: Option<DateTime<Utc>>, max_age: TimeDelta) -> Self {
        let digest = Digest::of(&bytes);
        Self {
            media_type,
            bytes: bytes.into(),
            tag: digest.short(32),
            digest,
            modified,
            told: OnceLock::new(),
            max_age,
            gzip: OnceLock::new(),
            brotli: OnceLock::new(),
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

    /// The bytes in `coding`, shared by all who ask: compressed when that is first asked for, and always the same. Not
    /// compressed when that would not be smaller; the coding they have is given with them.
    #[must_use]
    pub fn encoded(&self, coding: Coding) -> (Coding, Bytes) {
        let kept = match coding {
            Coding::Identity => None,
            Coding::Gzip => Some(&self.gzip),
            Coding::Brotli => Some(&self.brotli),
        };
        let small = kept.and_then(|kept| kept.get_or_init(|| coding.encode(&self.bytes).map(Bytes::from)).clone());
        small.map_or_else(|| (Coding::Identity, self.bytes.clone()), |small| (coding, small))
    }

    /// The codings in which somebody had it.
    pub fn codings(&self) -> impl Iterator<Item = Coding> + use<> {
        let made = [(Coding::Gzip, self.gzip.get()), (Coding::Brotli, self.brotli.get())];
        made.map(|(coding, bytes)| bytes.map(|_| coding)).into_iter().flatten()
    }

    /// Whether compressing is worth trying, without compressing anything.
    #[must_use]
    pub fn is_compressible(&self) -> bool {
        self.bytes.len() >= WORTH_COMPRESSING
    }

    /// The digest of the plain bytes.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The strong entity tag (RFC 9110 §8.8.3) of the plain bytes, without quotes.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// When it really changed, in whole seconds; `None` for a document whose frame may change without its content. What
    /// readers are told is settled once: `settle` is asked, with the last change of its content.
    #[must_use]
    pub fn modified(&self, settle: impl FnOnce(DateTime<Utc>) -> DateTime<Utc>) -> Option<DateTime<Utc>> {
        let modified = self.modified?;
        Some(*self.told.get_or_init(|| settle(modified).trunc_subsecs(0)))
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
    fn every_coding_holds_the_same_bytes() {
        let text = "Un pont neuf. ".repeat(200);
        let document = PublicDocument::new("text/html", text.clone().into_bytes(), None, TimeDelta::zero());
        let (coding, small) = document.encoded(Coding::Gzip);
        let mut plain = String::new();
        flate2::read::GzDecoder::new(&*small).read_to_string(&mut plain).unwrap();
        assert_eq!((coding, plain.as_str()), (Coding::Gzip, text.as_str()));
        let (coding, small) = document.encoded(Coding::Brotli);
        let mut plain = String::new();
        brotli::Decompressor::new(&*small, 4096).read_to_string(&mut plain).unwrap();
        assert_eq!((coding, plain.as_str()), (Coding::Brotli, text.as_str()));
        assert!(small.as_ptr() == document.encoded(Coding::Brotli).1.as_ptr(), "compressed once");
    }

    #[test]
    fn small_documents_are_left_as_they_are() {
        let document = PublicDocument::new("text/html", b"court".to_vec(), None, TimeDelta::zero());
        assert_eq!(document.encoded(Coding::Gzip).0, Coding::Identity);
        assert!(!document.is_compressible());
    }
}
