//! One release file becomes a [`Release`](crate::domain::Release), or diagnostics that say what is wrong and where.
//!
//! The file is read as Jekyll reads it: YAML front matter between two `---`, then kramdown. Nothing here reads a disk
//! or asks the time: bytes come in, and what is known of the uploads folder is asked through
//! [`Uploads`](crate::domain::Uploads). Whether two files fit together (one address, one topic, one id) is not decided
//! here.

// The file, its name and its characters.
mod name;
mod source;
mod plain_characters;
mod address;
mod date;

// What is not kramdown in a text.
mod liquid;
mod tags;
mod attributes;
mod clean;
mod sanitise;
mod plain_text;

// The text: read, and rendered.
mod kramdown;
mod later;
mod surroundings;
mod uploads;
mod note_calls;
mod render;
mod notes;
mod raw;
mod markup;
mod title;
mod wording;

// The front matter.
mod yaml;
mod plain_yaml;
mod front_matter;
mod values;
mod labels;
mod contact;
mod items;
mod jekyll_config;

// The whole.
mod reader;
mod pin;
mod new_file;

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
