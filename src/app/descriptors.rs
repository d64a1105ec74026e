//! How many connections the system's limit on open files leaves room for.

use tracing::warn;

/// What is left for everything but public connections: the database, watched folders, mail, the admin side.
const OWN: u64 = 200;
/// What one connection may take: its socket, and the document that is sent over it.
const EACH: u64 = 2;
/// Fewer are not worth starting for; where the system grants not even these, some find no descriptor for a time.
const FEWEST: usize = 16;

/// Raises the limit as far as the system lets us, and gives how many of the `wanted` connections fit in it.
pub(super) fn connections_within(wanted: usize) -> usize {
    let allowed = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(u64::MAX);
    let fitting = fitting(wanted, allowed);
    if fitting < wanted {
        warn!(
            wanted,
            fitting,
            allowed,
            "the system allows {allowed} open files, enough for {fitting} connections instead of `http.connections` = \
             {wanted}: raise `LimitNOFILE` (or `ulimit -Hn`), or lower the key"
        );
    }
    fitting
}

fn fitting(wanted: usize, allowed: u64) -> usize {
    let room = usize::try_from(allowed.saturating_sub(OWN) / EACH).unwrap_or(usize::MAX);
    wanted.min(room.max(FEWEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_those_that_fit() {
        let limits = [(64, 16), (1_024, 412), (4_096, 1_948), (65_536, 4_096), (u64::MAX, 4_096)];
        for (allowed, expected) in limits {
            assert_eq!(fitting(4_096, allowed), expected, "{allowed}");
        }
        assert_eq!(fitting(8, 64), 8);
    }
}
