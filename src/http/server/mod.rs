//! Connections: taken in, bounded, served by hyper, let go. What is answered on them is not known here.
//!
//! Every wait for a client has an end and every queue a bound, so that readers who are slow, silent or too many cost the
//! others nothing. There is no bound for one source: behind a proxy all readers come from one address.

mod answers;
mod limits;
mod places;
mod patient;
mod connection;
mod listener;
#[cfg(test)]
mod tests;

pub use answers::Answers;
pub(super) use connection::Peer;
pub use limits::Limits;
pub use listener::{serve, serve_router};
