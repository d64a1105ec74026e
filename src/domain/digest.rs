//! A digest: how two texts or files are known to be the same.

use std::fmt;
use std::str::FromStr;

use twox_hash::XxHash3_128;

use super::{from_hex, squeezed, to_hex};

/// An XXH3 digest of 128 bits, shown as 32 hexadecimal digits.
///
/// No two texts have one by chance. Whoever looks for two that do finds them: it proves nothing to a stranger, and guards
/// no secret. What it tells apart is written by the office itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 16]);

/// How many bytes several fields have together, mostly.
const USUAL: usize = 1024;

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(XxHash3_128::oneshot(bytes).to_be_bytes())
    }

    /// The digest of several fields in order. Each is preceded by its length, so that moving a character from one
    /// field to the next changes the result.
    #[must_use]
    pub fn of_fields<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut all = Vec::with_capacity(USUAL);
        for field in fields {
            all.extend_from_slice(&(field.len() as u64).to_be_bytes());
            all.extend_from_slice(field);
        }
        Self::of(&all)
    }

    /// The digest of the words of `text`: each run of white space counts as one space, and none at the ends.
    #[must_use]
    pub fn of_words(text: &str) -> Self {
        Self::of(squeezed(text).as_bytes())
    }

    /// The digest that was kept as these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The first `digits` hexadecimal digits (at most 32).
    #[must_use]
    pub fn short(&self, digits: usize) -> String {
        let mut text = self.to_string();
        text.truncate(digits);
        text
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.short(12))
    }
}

/// A digest of bytes that come one after the other.
pub struct Digesting(XxHash3_128);

impl Digesting {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self(XxHash3_128::new())
    }

    /// The next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    /// The digest of all of them.
    #[must_use]
    pub fn finish(&self) -> Digest {
        Digest(self.0.finish_128().to_be_bytes())
    }
}

impl Default for Digesting {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Digesting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digesting({})", self.finish().short(12))
    }
}

/// Why a text is not a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 32 hexadecimal digits")]
pub struct DigestError;

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        from_hex(text).map(Self).ok_or(DigestError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_shows() {
        let digest = Digest::of(b"bridge");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert_eq!("zz".parse::<Digest>(), Err(DigestError));
    }

    /// Digests are kept in databases: what the algorithm says of them must never change.
    #[test]
    fn is_xxh3_as_everybody_has_it() {
        assert_eq!(Digest::of(b"").to_string(), "99aa06d3014798d86001c324468d497f");
        assert_eq!(Digest::of(b"abc").to_string(), "06b05ab6733a618578af5f94892f3950");
        // The algorithm goes another way for each of these lengths.
        let bytes: Vec<u8> = (0..=255).cycle().take(1_000).collect();
        for (length, digest) in [
            (3, "e3b55f57945a17cf5f4299fc161c9cbb"),
            (8, "e1e4432a62217fe4cfd50c61c8bb98c1"),
            (16, "72950631827607e2842812cc870dcae2"),
            (128, "14792fc3af88dc6c05321a0b64d67b41"),
            (240, "65b5be86da5540e7c92b68e16f83bbb6"),
            (1_000, "076f7e02b7120d2ad33dd80b46f60e50"),
        ] {
            assert_eq!(Digest::of(&bytes[..length]).to_string(), digest, "{length} bytes");
        }
    }

    #[test]
    fn the_border_between_fields_counts() {
        assert_ne!(Digest::of_fields([&b"ab"[..], b"c"]), Digest::of_fields([&b"a"[..], b"bc"]));
    }

    #[test]
    fn bytes_may_come_in_pieces() {
        let bytes: Vec<u8> = (0..10_000_u32).flat_map(u32::to_le_bytes).collect();
        for piece in [1, 7, 64, 256, 1000, 40_000] {
            let mut digesting = Digesting::new();
            bytes.chunks(piece).for_each(|piece| digesting.add(piece));
            assert_eq!(digesting.finish(), Digest::of(&bytes), "in pieces of {piece}");
        }
    }
}
