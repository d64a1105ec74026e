//! The forms in which a document's bytes travel (RFC 9110 §8.4.1).

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// Below this size, compressing saves less than the header that says so.
pub(super) const WORTH_COMPRESSING: usize = 256;

/// How hard brotli tries, of 11: about as long as gzip takes, and a fifth smaller.
const BROTLI_QUALITY: u32 = 5;
/// How far back brotli looks, as a power of two: 4 MiB.
const BROTLI_WINDOW: u32 = 22;
/// How much brotli takes in at once.
const BROTLI_BUFFER: usize = 4096;

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As they are.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
}

impl Coding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Identity, Self::Gzip, Self::Brotli];

    /// What an entity tag of the plain bytes has behind it in this form.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Gzip => "-gz",
            Self::Brotli => "-br",
        }
    }

    /// Its name in headers; `None` for bytes as they are.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

    /// `bytes` in this form, always the same; `None` when that would not be smaller.
    pub(super) fn encode(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let small = match self {
            Self::Identity => None,
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::default());
                encoder.write_all(bytes).and_then(|()| encoder.finish()).ok()
            }
            Self::Brotli => {
                let small = Vec::with_capacity(bytes.len() / 3);
                let mut encoder = brotli::CompressorWriter::new(small, BROTLI_BUFFER, BROTLI_QUALITY, BROTLI_WINDOW);
                encoder.write_all(bytes).ok().map(|()| encoder.into_inner())
            }
        };
        small.filter(|small| small.len() < bytes.len())
    }
}
