//! What the file system says of a file without reading it, by which an unchanged one is known.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;

use chrono::{DateTime, TimeDelta, Utc};

/// A file written within this time of being looked at may be written again without its times showing it: the coarsest
/// file systems count in steps of two seconds.
const COARSEST_TICK: TimeDelta = TimeDelta::seconds(2);

/// Device, inode, names, size and times of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamp {
    device: u64,
    inode: u64,
    names: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// What `metadata` says.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            names: metadata.nlink(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Everything in it, to be kept.
    #[must_use]
    pub const fn to_numbers(self) -> [i64; 8] {
        let Self { device, inode, names, size, modified, changed } = self;
        let [device, inode, names, size] =
            [device.cast_signed(), inode.cast_signed(), names.cast_signed(), size.cast_signed()];
        [device, inode, names, size, modified.0, modified.1, changed.0, changed.1]
    }

    /// The stamp that `numbers` were made of.
    #[must_use]
    pub const fn from_numbers(numbers: [i64; 8]) -> Self {
        let [device, inode, names, size, modified, modified_nanos, changed, changed_nanos] = numbers;
        Self {
            device: device.cast_unsigned(),
            inode: inode.cast_unsigned(),
            names: names.cast_unsigned(),
            size: size.cast_unsigned(),
            modified: (modified, modified_nanos),
            changed: (changed, changed_nanos),
        }
    }

    /// Whether the file has further names (hard links), under which it may change unnoticed.
    pub(super) const fn has_other_names(&self) -> bool {
        self.names > 1
    }

    /// Whether an equal stamp later on proves that nothing changed, when this one was taken at `now`.
    pub(super) fn is_settled(&self, now: DateTime<Utc>) -> bool {
        let tick = COARSEST_TICK.num_seconds();
        let before = |(seconds, _): (i64, i64)| seconds < now.timestamp().saturating_sub(tick);
        before(self.modified) && before(self.changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_file_is_not_settled() {
        let folder = tempfile::tempdir().unwrap();
        let metadata = folder.path().metadata().unwrap();
        let stamp = Stamp::of(&metadata);
        let written = DateTime::from_timestamp(metadata.mtime(), 0).unwrap();
        assert!(!stamp.is_settled(written));
        assert!(!stamp.is_settled(written + TimeDelta::seconds(2)));
        assert!(stamp.is_settled(written + TimeDelta::seconds(3)));
        assert!(!stamp.is_settled(written - TimeDelta::days(1)));
    }
}
