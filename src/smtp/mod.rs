//! Handing letters over: relays and the sessions held with them.
//!
//! A [`Relay`] is an SMTP server on this machine (RFC 5321, plain), a folder of `.eml` files, or a list in memory. What
//! an [`Attempt`](crate::domain::Attempt) means is policy's; when to try, and how often, is the dispatcher's. Not here:
//! TLS, AUTH, pipelining, DSN, a pool.

mod directory;
mod memory;
mod relay;
mod session;
mod stream;
mod timeouts;

pub use directory::{LetterName, LetterNameError, StoredLetter, list_letters, read_stored};
pub use memory::{KeptLetter, Letters};
pub use relay::{Envelope, Relay, RelayError, Session};
pub use timeouts::Timeouts;
