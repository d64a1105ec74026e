//! Handing letters over: relays and the sessions held with them.
//!
//! A [`Relay`] is an SMTP server (RFC 5321), a folder of `.eml` files, or a list in memory. What an
//! [`Attempt`](crate::domain::Attempt) means is policy's; when to try, how often, and over how many sessions at once, is the
//! dispatcher's.

mod answer;
mod certificate;
mod directory;
mod handing;
mod look;
mod memory;
mod offer;
mod relay;
mod replies;
mod session;
mod timeouts;
mod tls;
mod transaction;
mod wire;

pub use directory::{LetterName, LetterNameError, StoredLetter, list_letters, read_stored};
pub use handing::{Envelope, Handed};
pub use look::RelayLook;
pub use memory::{KeptLetter, Letters};
pub use relay::{Relay, RelayError, Session};
pub use timeouts::Timeouts;
pub use tls::TlsError;
