//! The administration's side: health, readiness, and the mailbox with its three pages.
//!
//! It listens on loopback unless a token file is configured; then every request carries the token.

mod gate;
mod frame;
mod health;
mod letters;
mod previews;
mod waiting;
mod router;

pub use gate::AdminToken;
pub use router::admin_router;
