//! What this daemon is called in a database that several share: a name of its own, kept beside the key, so that a daemon
//! started anew knows what it had claimed before.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};

use anyhow::{Context as _, bail};
use camino::Utf8Path;

use crate::task::random_boundary;

/// How many daemons may share one folder of secrets.
const MOST: u32 = 64;

/// A name, held until dropped: no other daemon of this machine has it.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) name: String,
    /// Unlocked by the system when it is closed, however the process ends.
    _file: File,
}

impl Instance {
    /// Takes the first free name kept in `folder`, or makes one.
    pub(super) fn take(folder: &Utf8Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("failed to make the folder `{folder}`"))?;
        for number in 1..=MOST {
            let path = folder.join(format!("instance-{number}"));
            let failed = || format!("failed to keep the name of this daemon in `{path}`");
            let mut options = OpenOptions::new();
            let opened = options.read(true).write(true).create(true).truncate(false).open(&path);
            let mut file = opened.with_context(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(error)) => return Err(error).with_context(failed),
            }
            let mut name = String::new();
            file.read_to_string(&mut name).with_context(failed)?;
            if name.trim().is_empty() {
                name = random_boundary();
                file.rewind().with_context(failed)?;
                file.write_all(name.as_bytes()).with_context(failed)?;
            }
            return Ok(Self { name: name.trim().to_owned(), _file: file });
        }
        bail!("{MOST} daemons already work with `{folder}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_and_never_shared() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let first = Instance::take(folder).unwrap();
        let second = Instance::take(folder).unwrap();
        assert_ne!(first.name, second.name);
        let name = first.name.clone();
        drop(first);
        assert_eq!(Instance::take(folder).unwrap().name, name);
    }
}
