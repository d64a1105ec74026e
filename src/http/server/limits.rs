//! How many connections there may be, and how long a client may take.

use std::time::Duration;

/// The largest head of a request, its first line included; beyond it the answer is 431. hyper bounds the number of its
/// fields at 100.
pub(super) const LARGEST_HEAD: usize = 16 * 1024;

/// What is expected of clients. The defaults suit readers on slow lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many connections are served at once.
    pub connections: usize,
    /// How many more may wait for a place; beyond it they are closed unheard.
    pub waiting: usize,
    /// How long they wait before they are told to come back (503).
    pub wait: Duration,
    /// When a request's head must be there: so long after the connection began, or after the last byte of the answer
    /// before. An idle connection is therefore kept so long.
    pub head: Duration,
    /// How long a form may take after its head.
    pub body: Duration,
    /// How long a reader may take nothing of an answer.
    pub stalled: Duration,
    /// How many bytes a second a reader must take in the long run.
    pub pace: u32,
    /// How long idle connections are kept once nothing more is taken in. Who asks meanwhile is answered and told that
    /// it was the last time: closed at once, a connection may be lost with the request that is on its way over it.
    pub linger: Duration,
}

impl Limits {
    /// The defaults, with so many connections.
    #[must_use]
    pub fn of(connections: usize) -> Self {
        Self { connections, ..Self::default() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            waiting: 256,
            wait: Duration::from_secs(1),
            head: Duration::from_secs(30),
            body: Duration::from_secs(30),
            stalled: Duration::from_secs(30),
            pace: 1024,
            linger: Duration::from_millis(500),
        }
    }
}
