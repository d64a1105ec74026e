//! How long a relay may take.

use std::time::Duration;

/// How long to wait at each step. The defaults are those of RFC 5321 §4.5.3.2: shorter ones make copies, as a relay that
/// is slow to answer the dot has taken the letter all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the connection itself.
    pub connect: Duration,
    /// For the greeting.
    pub greeting: Duration,
    /// For the answer to a command.
    pub command: Duration,
    /// For leave to begin with the letter.
    pub data: Duration,
    /// For each block of the letter to be taken.
    pub block: Duration,
    /// For the answer to the final dot.
    pub dot: Duration,
    /// For the answer to whether it is still there, when nothing was said for a while: without one we connect anew.
    pub noop: Duration,
    /// For the answer to our goodbye, on which nothing depends.
    pub quit: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            greeting: Duration::from_mins(5),
            command: Duration::from_mins(5),
            data: Duration::from_mins(2),
            block: Duration::from_mins(3),
            dot: Duration::from_mins(10),
            noop: Duration::from_secs(20),
            quit: Duration::from_secs(2),
        }
    }
}
