//! Which addresses stood in earlier lines: nineteen bytes for each, so that a million lines fit into 20 MB.

use std::hash::BuildHasher as _;

use foldhash::HashSet;
use foldhash::quality::RandomState;

use super::Standing;
use crate::domain::EmailAddress;

/// The addresses of a list so far, by what was said of them. Sixty-four bits stand for each: among a million addresses two
/// are taken for one in one of thirty million lists.
#[derive(Debug, Default)]
pub struct Seen {
    hasher: RandomState,
    /// For each weight.
    addresses: [HashSet<u64>; 3],
}

impl Seen {
    /// Notes an address, and tells whether an earlier line said as much of it, or more: one that leaves outweighs one that
    /// subscribes, and one that is barred both. What was never confirmed is not noted.
    pub fn notes(&mut self, address: &EmailAddress, standing: Standing) -> bool {
        let hash = self.hasher.hash_one(address.folded());
        let weight = match standing {
            Standing::Unconfirmed => return self.addresses.iter().any(|some| some.contains(&hash)),
            Standing::Subscribed => 0,
            Standing::Left(_) => 1,
            Standing::Barred(_) => 2,
        };
        let was_seen = self.addresses[weight..].iter().any(|some| some.contains(&hash));
        if !was_seen {
            self.addresses[weight].insert(hash);
        }
        was_seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EndReason, SuppressionReason};

    #[test]
    fn only_a_line_that_says_less_is_a_duplicate() {
        let gone = Standing::Left(EndReason::Unsubscribed);
        let barred = Standing::Barred(SuppressionReason::Blocked);
        let mut seen = Seen::default();
        let mut notes = |text: &str, standing| seen.notes(&text.parse().unwrap(), standing);
        assert!(!notes("ann@example.org", Standing::Unconfirmed));
        assert!(!notes("ann@example.org", Standing::Subscribed));
        assert!(notes("ANN@Example.org", Standing::Subscribed));
        assert!(notes("ann@example.org", Standing::Unconfirmed));
        assert!(!notes("ann@example.org", gone));
        assert!(notes("ann@example.org", Standing::Subscribed));
        assert!(!notes("ann@example.org", barred));
        assert!(notes("ann@example.org", gone));
        assert!(!notes("bob@example.org", barred));
    }
}
