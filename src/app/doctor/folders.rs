//! Folders: what is read can be read, what is written can be written, and there is room.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt as _;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{Access, access};

use super::super::opening::read_templates;
use super::super::own_folders::refuse_own_folders;
use super::finding::Finding;
use crate::config::{Config, DatabaseUrl, RelayKind};
use crate::language::file_size;

/// Less room than this is a problem.
const TOO_LITTLE: u64 = 100 * 1024 * 1024;
/// Less room than this should be looked at.
const LITTLE: u64 = 1024 * 1024 * 1024;

pub(super) fn look(config: &Config) -> Vec<Finding> {
    let mut found = Vec::new();
    found.push(match readable(&config.content.folder) {
        Ok(()) => ok("content.folder", &config.content.folder),
        Err(error) => unreadable("content.folder", &config.content.folder, &error),
    });
    found.push(match readable(&config.content.uploads) {
        Ok(()) => ok("content.uploads", &config.content.uploads),
        // A newsroom may have none.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Finding::warning("folder-missing", &[("key", "content.uploads"), ("path", config.content.uploads.as_str())])
        }
        Err(error) => unreadable("content.uploads", &config.content.uploads, &error),
    });
    found.extend(templates(config));
    found.extend(config.bounces.maildir.as_deref().map(maildir));
    let own = config.secrets.key_file.parent().unwrap_or(Utf8Path::new(".")).to_owned();
    let mut written = vec![("secrets.key_file", own)];
    if let DatabaseUrl::Sqlite(path) = &config.database.url {
        written.push(("database.url", path.parent().unwrap_or(Utf8Path::new(".")).to_owned()));
    }
    written.extend(config.publish.folder.clone().map(|folder| ("publish.folder", folder)));
    written.extend(config.relays.iter().filter_map(|relay| match &relay.kind {
        RelayKind::Directory { folder } => Some(("relay.folder", folder.clone())),
        RelayKind::Smtp(_) => None,
    }));
    for (key, folder) in &written {
        found.push(match writable(folder) {
            Ok(()) => Finding::ok("folder-writable", &[("key", key), ("path", folder.as_str())]),
            Err(error) => Finding::problem(
                "folder-unwritable",
                &[("key", key), ("path", folder.as_str()), ("why", &error.to_string())],
            ),
        });
    }
    if let Some(folder) = &config.publish.folder
        && let Err(error) = refuse_own_folders(config, folder)
    {
        found.push(Finding::problem("folder-own", &[("why", &error.to_string())]));
    }
    let mut disks = BTreeSet::new();
    let places = written.iter().map(|(_, folder)| nearest(folder));
    // A disk is looked at once, however many folders are on it.
    let places = places.filter(|place| place.metadata().is_ok_and(|place| disks.insert(place.dev())));
    found.extend(places.filter_map(|place| room(config, &place)));
    found
}

fn ok(key: &str, folder: &Utf8Path) -> Finding {
    Finding::ok("folder", &[("key", key), ("path", folder.as_str())])
}

fn unreadable(key: &str, folder: &Utf8Path, error: &io::Error) -> Finding {
    Finding::problem("folder-unreadable", &[("key", key), ("path", folder.as_str()), ("why", &error.to_string())])
}

fn readable(folder: &Utf8Path) -> io::Result<()> {
    fs::read_dir(folder).map(drop)
}

fn templates(config: &Config) -> Option<Finding> {
    let folder = &config.templates_folder;
    let broken = |why: &str| Finding::problem("templates-broken", &[("path", folder.as_str()), ("why", why)]);
    if !folder.exists() {
        return None;
    }
    Some(match read_templates(folder) {
        Err(error) => broken(&format!("{error:#}")),
        Ok(templates) => match templates.render_samples().first() {
            Some(error) => broken(&error.to_string()),
            None => ok("templates.folder", folder),
        },
    })
}

/// Whether messages can be read from a Maildir and put away in it: files are renamed from `new` to `cur`.
fn maildir(folder: &Utf8Path) -> Finding {
    let may = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
    for part in ["new", "cur"] {
        let part = folder.join(part);
        let usable = readable(&part).and_then(|()| Ok(access(part.as_std_path(), may)?));
        if let Err(error) = usable {
            let arguments = [("path", part.as_str()), ("why", &error.to_string())];
            return Finding::problem("maildir-broken", &arguments);
        }
    }
    Finding::ok("maildir", &[("path", folder.as_str())])
}

/// Whether a file can be made in `folder`, or, where that is to be made yet, in the folder that it will stand in.
fn writable(folder: &Utf8Path) -> io::Result<()> {
    let there = nearest(folder);
    let path = there.join(format!(".depeche-doctor-{}", std::process::id()));
    OpenOptions::new().write(true).create_new(true).open(&path)?;
    fs::remove_file(&path)
}

/// The folder, or the nearest above it that is there.
fn nearest(folder: &Utf8Path) -> Utf8PathBuf {
    folder.ancestors().find(|above| above.exists()).unwrap_or(Utf8Path::new("/")).to_owned()
}

fn room(config: &Config, place: &Utf8Path) -> Option<Finding> {
    let told = rustix::fs::statvfs(place.as_std_path()).ok()?;
    let free = told.f_bavail.saturating_mul(told.f_frsize);
    let words = file_size(free, config.site.language);
    let arguments = [("path", place.as_str()), ("free", words.as_str())];
    Some(match free {
        ..TOO_LITTLE => Finding::problem("room-little", &arguments),
        TOO_LITTLE..LITTLE => Finding::warning("room-little", &arguments),
        LITTLE.. => Finding::ok("room", &arguments),
    })
}
