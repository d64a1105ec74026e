//! Digests and instants as the file has them.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::Digest;

/// A digest: its 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DigestRow(pub(super) Digest);

impl Serialize for DigestRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0.as_bytes())
    }
}

impl<'de> Deserialize<'de> for DigestRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(DigestVisitor)
    }
}

struct DigestVisitor;

impl Visitor<'_> for DigestVisitor {
    type Value = DigestRow;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the 16 bytes of a digest")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<DigestRow, E> {
        let digest = bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))?;
        Ok(DigestRow(Digest::from_bytes(digest)))
    }
}

/// An instant: seconds since 1970 and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InstantRow(i64, u32);

impl InstantRow {
    pub(super) fn of(instant: DateTime<Utc>) -> Self {
        Self(instant.timestamp(), instant.timestamp_subsec_nanos())
    }

    pub(super) fn instant(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.0, self.1)
    }
}

/// What stands for nothing stays nothing; something that cannot be read makes the whole unreadable.
#[expect(clippy::option_option, reason = "the outer one says whether it could be read, the inner one what it is")]
pub(super) fn maybe<T, U>(value: Option<T>, read: impl FnOnce(T) -> Option<U>) -> Option<Option<U>> {
    value.map_or(Some(None), |value| read(value).map(Some))
}

/// Each of `values` as `read` has it, unless one cannot be read.
pub(super) fn all<T, U>(values: Vec<T>, read: impl FnMut(T) -> Option<U>) -> Option<Vec<U>> {
    values.into_iter().map(read).collect()
}
