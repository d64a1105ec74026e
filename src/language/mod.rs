//! What people read: French and English.
//!
//! The core speaks in codes with arguments; their words are added here, at the edge.

mod feed_words;
mod file_size;
mod countdown;
mod counts;
mod dates;
mod decided;
mod diagnosis;
mod diagnosis_en;
mod diagnosis_fr;
mod diagnosis_words;
mod tongue;
mod words;

pub use countdown::countdown_words;
pub use counts::{Counted, counted, grouped};
pub use dates::{date_words, days_words, hour_words, instant_words, weekday_words};
pub use decided::{because_words, decided_words, due_words};
pub use diagnosis::{Diagnosis, Expected, Severity};
pub use feed_words::{EntryWords, FeedSubject, entry_words, feed_subtitle, feed_title};
pub use file_size::file_size;
pub use tongue::{Language, LanguageError};
pub use words::{edition_kind, edition_state, hold_reason, keys, missed_edition, say, say_count, word};
