//! Releases, editions and subscribers → the words of letters, through the templates.
//!
//! A letter is written once per language. Where a recipient's own links, topics and releases belong stand splice marks;
//! the bytes are made by [`super::Plate`].

mod writer;
mod edition;
mod digest;
mod office_copy;
#[cfg(test)]
mod tests;

pub use office_copy::Copied;
pub use writer::Writer;
