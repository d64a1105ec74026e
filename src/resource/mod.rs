//! (Catalog, redirects, now) → address → media type, bytes, validators.
//!
//! Everything public is found here by its address below the site's, whether it is then served or written to a folder.
//! A document is made when it is first asked for and kept until the catalog changes. Nothing here knows HTTP.

mod coding;
mod document;
mod address;
mod words;
mod cards;
mod json_ld;
mod site_map;
mod pages;
mod shelf;
mod resources;
mod served;

pub use cards::layout;
pub use coding::Coding;
pub use document::PublicDocument;
pub use resources::{DocumentKind, Former, Found, ResourceError, Resources};
pub use served::{ServedFeed, ServedFeeds};
pub use shelf::{Ready, Shelf};
pub use words::Wording;
