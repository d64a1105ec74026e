//! Asking other servers, bounded and guarded: whether a document or a page can be had at its public address. And telling
//! a WebSub hub (<https://www.w3.org/TR/websub/>) that a feed changed. And, for a bucket, whatever it is asked.
//!
//! Plain HTTP/1.1 (RFC 9110, 9112) with TLS where the address says so. Every answer has a limit in time and in size, and
//! no address of a private network is connected to unless the configuration allows it. The calls wait: they belong on a
//! thread that may. Not here: what follows from an answer, asking again, keeping answers, cookies, proxies.

mod client;
mod error;
#[cfg(feature = "bucket")]
mod exchange;
mod fetcher;
mod guard;
#[cfg(test)]
mod tests;

pub use error::FetchError;
#[cfg(feature = "bucket")]
pub use exchange::Exchange;
pub use fetcher::{Fetcher, FoundDocument};
