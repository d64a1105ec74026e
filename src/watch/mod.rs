//! Folders become files: what lies in the content folder and below uploads, and when something happened there.
//!
//! This is the one place that reads content from the file system and the only one that names `notify`. It decides
//! nothing about releases: a look tells which files are there, which changed and which could not be read. Events are
//! hints; sizes, times and in the end digests are the truth. Written for Unix file systems.

mod cores;
mod file_system;
mod files;
mod folder;
mod hint;
mod listing;
mod look;
mod named;
mod reading;
mod selection;
mod stamp;
mod uploads;
mod walk;
mod rounds;
mod watcher;

pub use cores::Cores;
pub use files::FolderFiles;
pub use folder::{Folder, Listed};
pub use hint::Hint;
pub use listing::{UploadsListing, UploadsMark};
pub use look::{ChangedFile, Look, Unreadable, UnreadableReason};
pub use stamp::Stamp;
pub use uploads::{OpenUpload, UploadsFolder};
pub use watcher::Watcher;
