//! What comes back, read: reports of mail servers (RFC 3464, 6533), complaints (RFC 5965), mail that unsubscribes.
//!
//! Whoever wrote it is a stranger: everything is bounded, every depth and every count, and what is read proves nothing
//! by itself. The proofs it carries (signed tokens, a Message-ID that nobody can guess) are handed out as they are; who
//! they name is found out where keys and database are. Returned texts are never looked into, only their headers.

mod address;
mod fields;
mod parts;
mod reading;
mod status;
#[cfg(test)]
mod tests;

pub use address::names_address;
pub use reading::{DeliveryReport, FeedbackReport, FeedbackType, LARGEST_RETURN, Proofs, Returned, read_returned};
pub use status::{RecipientReport, Said, settled};
