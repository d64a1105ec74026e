//! A Maildir in which a mail server leaves what comes back: `new` is looked at, what was dealt with goes to `cur`.
//!
//! A message is moved once it has had its effect, so none is lost; one that a kill left behind is taken in again, which
//! changes nothing the second time.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};

use camino::{Utf8Path, Utf8PathBuf};

/// How many messages one look finds at most.
const MOST_AT_ONCE: usize = 500;

/// A folder of messages.
#[derive(Debug, Clone)]
pub struct Maildir {
    folder: Utf8PathBuf,
}

/// A message in `new`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    name: String,
}

/// What people are shown of a message that was dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It was for us: seen.
    Seen,
    /// It was not for us: not seen by anybody yet.
    Unseen,
    /// It could not be read: somebody should look at it.
    Flagged,
}

impl Waiting {
    /// The name of its file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Maildir {
    /// The Maildir in `folder`.
    #[must_use]
    pub fn new(folder: &Utf8Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Utf8Path {
        &self.folder
    }

    /// The messages that wait, oldest name first.
    ///
    /// # Errors
    /// When `new` cannot be read.
    pub fn waiting(&self) -> io::Result<Vec<Waiting>> {
        let mut found = Vec::new();
        for entry in self.folder.join("new").read_dir_utf8()? {
            let entry = entry?;
            // Only plain files: a link could lead anywhere.
            if entry.file_type()?.is_file() && !entry.file_name().starts_with('.') {
                found.push(Waiting { name: entry.file_name().to_owned() });
            }
            if found.len() >= MOST_AT_ONCE {
                break;
            }
        }
        found.sort();
        Ok(found)
    }

    /// The bytes of a message; `None` when it has more than `limit` of them.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, message: &Waiting, limit: usize) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        File::open(self.folder.join("new").join(&message.name))?.take(most).read_to_end(&mut bytes)?;
        Ok((bytes.len() <= limit).then_some(bytes))
    }

    /// Moves a message to `cur`. One that another has moved meanwhile is no failure.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn put_away(&self, message: &Waiting, mark: Mark) -> io::Result<()> {
        let flags = match mark {
            Mark::Seen => "S",
            Mark::Unseen => "",
            Mark::Flagged => "F",
        };
        let name = message.name.split(":2,").next().unwrap_or(&message.name);
        let cur = self.folder.join("cur");
        fs::create_dir_all(&cur)?;
        match fs::rename(self.folder.join("new").join(&message.name), cur.join(format!("{name}:2,{flags}"))) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            moved => moved,
        }
    }
}
