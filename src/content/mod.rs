//! One release file becomes a [`Release`](crate::domain::Release), or diagnostics that say what is wrong and where.
//!
//! The file is read as Jekyll reads it: YAML front matter between two `---`, then kramdown. Nothing here reads a disk
//! or asks the time: bytes come in, and what is known of the uploads folder is asked through
//! [`Uploads`](crate::domain::Uploads). Whether two files fit together (one address, one topic, one id) is not decided
//! here.

mod address;
mod attributes;
mod calls;
mod clean;
mod contact;
mod date;
mod front_matter;
mod items;
mod jekyll_config;
mod kramdown;
mod labels;
mod later;
mod liquid;
mod markup;
mod name;
mod new_file;
mod notes;
mod pin;
mod plain_characters;
mod plain_text;
mod plain_yaml;
mod raw;
mod reader;
mod render;
mod sanitise;
mod setting;
mod source;
mod tags;
mod title;
mod uploads;
mod values;
mod wording;
mod yaml;

pub use jekyll_config::{JekyllConfig, JekyllConfigError, never_holds_releases};
pub use name::{is_conflict_copy, is_release_name};
pub use new_file::new_release_file;
pub use pin::{PinError, Pinned, pin_id};
pub use plain_text::plain_text;
pub use reader::{LARGEST_FILE, Reading, ReadingSettings, read, read_body, read_for_later};
pub use sanitise::sanitised_again;
pub use source::{Diagnostic, SourceFile};
pub use wording::reads_otherwise;

#[cfg(test)]
mod tests;
