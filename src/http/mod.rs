//! HTTP: the public side, and the administration's mailbox.
//!
//! Documents are looked up, never made here; interactive pages have a file each. `GET` and `HEAD` change nothing.

mod server;
mod answer;
mod conditional;
mod prepared;
mod fields;
mod visitor;
mod page;
mod upload;
mod office;
mod subscription;
mod public;
mod admin;

pub use admin::{AdminToken, admin_router};
pub use public::{PublicRouter, public_router};
pub use server::{Answers, Limits, serve, serve_router};
