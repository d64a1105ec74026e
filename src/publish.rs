//! Bytes to a folder, for a static server or a CDN: changed files only, each replaced whole.
//!
//! A list of what was written (`.depeche-manifest`) stands in the folder; only what it names is ever removed, and only as
//! long as the bytes are still ours. Symbolic links below the folder are not followed. It decides nothing about what is
//! published, and it does not force anything to the disk: after a power cut the next run compares the bytes and mends.

mod manifest;
mod place;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use self::manifest::Manifest;
use self::place::{checked, clear_empty_folders, make_way, prepare_folder, replace};
use crate::domain::Digest;

/// The list of what was written.
const MANIFEST: &str = ".depeche-manifest";
/// The file that keeps two runs apart.
const LOCK: &str = ".depeche-lock";
/// A file on its way; renamed once it is whole.
const UNFINISHED: &str = ".depeche-unfinished";

/// What became of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PublishReport {
    /// Files that are new or have other bytes.
    pub written: usize,
    /// Files that were there already, byte for byte.
    pub unchanged: usize,
    /// Files of an earlier run that are no longer published.
    pub removed: usize,
    /// Files of an earlier run that are no longer published and that someone else changed since: left where they are.
    pub left: usize,
}

/// Why publishing stopped. What was written until then is whole, and the next run goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A path leads out of the folder or to a file that publishing itself needs.
    #[error("`{0}` is not a path below the folder")]
    Path(String),
    /// Part of a path is a symbolic link, or a file or folder that is not ours.
    #[error("`{0}` is in the way")]
    InTheWay(Utf8PathBuf),
    /// The system refused.
    #[error("`{path}` cannot be written")]
    Io {
        /// The file or folder.
        path: Utf8PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl PublishError {
    fn io(path: &Utf8Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

/// The bytes of a file to be written.
pub trait FileBytes: AsRef<[u8]> {
    /// Their digest; whoever knows it already says so here.
    fn digest(&self) -> Digest {
        Digest::of(self.as_ref())
    }
}

impl FileBytes for Vec<u8> {}
impl FileBytes for &str {}

/// Writes `files` (paths below `folder` with `/` between their parts, and bytes) and removes what earlier runs wrote and
/// this one did not. The folder is made when it is not there; a second run at the same time waits for the first. A file
/// that stands where one of ours belongs is replaced.
///
/// # Errors
/// When a file could not be had, a path is crooked, something foreign is in the way, or the system refuses. Nothing is
/// removed then.
pub fn publish<P, B, E>(
    folder: &Utf8Path,
    files: impl IntoIterator<Item = Result<(P, B), E>>,
) -> Result<PublishReport, E>
where
    P: AsRef<str>,
    B: FileBytes,
    E: From<PublishError>,
{
    fs::create_dir_all(folder).map_err(PublishError::io(folder))?;
    let _lock = lock(&folder.join(LOCK))?;
    let mut manifest = Manifest::open(&folder.join(MANIFEST))?;
    let mut report = PublishReport::default();
    let mut published = BTreeSet::new();
    for file in files {
        let (path, bytes) = file?;
        let path = checked(path.as_ref())?;
        let digest = bytes.digest();
        report.removed += prepare_folder(folder, path, &mut manifest)?;
        let target = folder.join(path);
        if holds(&target, bytes.as_ref()) {
            report.unchanged += 1;
            manifest.add(path, digest)?;
        } else {
            report.removed += make_way(folder, path, &published, &mut manifest)?;
            manifest.add(path, digest)?;
            replace(&target, bytes.as_ref())?;
            report.written += 1;
        }
        published.insert(path.to_owned());
    }
    remove_others(folder, &published, &mut manifest, &mut report)?;
    manifest.close(&published)?;
    Ok(report)
}

/// Keeps a second run out until the file is dropped.
fn lock(path: &Utf8Path) -> Result<File, PublishError> {
    let file = File::options().create(true).truncate(false).write(true).open(path).map_err(PublishError::io(path))?;
    file.lock().map_err(PublishError::io(path))?;
    Ok(file)
}

/// Whether a regular file at `target` has exactly these bytes.
fn holds(target: &Utf8Path, bytes: &[u8]) -> bool {
    let same_size = fs::symlink_metadata(target)
        .is_ok_and(|metadata| metadata.is_file() && u64::try_from(bytes.len()).is_ok_and(|len| len == metadata.len()));
    same_size && fs::read(target).is_ok_and(|there| there == bytes)
}

fn remove_others(
    folder: &Utf8Path,
    published: &BTreeSet<String>,
    manifest: &mut Manifest,
    report: &mut PublishReport,
) -> Result<(), PublishError> {
    for path in manifest.paths_but(published) {
        if manifest.forget_if_ours(folder, &path)? {
            report.removed += 1;
            clear_empty_folders(folder, &path);
        } else if fs::symlink_metadata(folder.join(&path)).is_ok() {
            report.left += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;

    fn publish_all(folder: &Utf8Path, files: &[(&str, &str)]) -> Result<PublishReport, PublishError> {
        publish(folder, files.iter().copied().map(Ok))
    }

    struct Site {
        _temporary: tempfile::TempDir,
        folder: Utf8PathBuf,
    }

    impl Site {
        fn new() -> Self {
            let temporary = tempfile::tempdir().unwrap();
            let folder = Utf8PathBuf::from_path_buf(temporary.path().join("public")).unwrap();
            Self { _temporary: temporary, folder }
        }

        /// Publishes `files`; the report as written, unchanged, removed, left.
        fn publish(&self, files: &[(&str, &str)]) -> (usize, usize, usize, usize) {
            let report = publish_all(&self.folder, files).unwrap();
            (report.written, report.unchanged, report.removed, report.left)
        }

        fn read(&self, path: &str) -> Option<String> {
            fs::read_to_string(self.folder.join(path)).ok()
        }

        fn put(&self, path: &str, text: &str) {
            let path = self.folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    #[test]
    fn only_what_changed_is_written() {
        let site = Site::new();
        let first = [("index.html", "front"), ("feeds/all.rss", "one"), ("feeds/tag/pont.rss", "x")];
        assert_eq!(site.publish(&first), (3, 0, 0, 0));
        let inode = fs::metadata(site.folder.join("index.html")).unwrap().ino();
        assert_eq!(site.publish(&first), (0, 3, 0, 0));
        assert_eq!(site.publish(&[("index.html", "front"), ("feeds/all.rss", "two")]), (1, 1, 1, 0));
        assert_eq!(fs::metadata(site.folder.join("index.html")).unwrap().ino(), inode);
        assert_eq!(site.read("feeds/all.rss").as_deref(), Some("two"));
        assert!(!site.folder.join("feeds/tag").exists());
        let names: Vec<_> = site.folder.read_dir_utf8().unwrap().map(|e| e.unwrap().file_name().to_owned()).collect();
        assert!(!names.iter().any(|name| name == UNFINISHED), "{names:?}");
    }

    #[test]
    fn a_file_that_cannot_be_had_stops_the_run_and_removes_nothing() {
        let site = Site::new();
        site.publish(&[("a.html", "a"), ("b.html", "b")]);
        let broken = Err(PublishError::Path("made up".to_owned()));
        assert!(publish(&site.folder, [Ok(("a.html", "aa")), broken]).is_err());
        assert_eq!((site.read("a.html").as_deref(), site.read("b.html").as_deref()), (Some("aa"), Some("b")));
    }

    #[test]
    fn what_others_wrote_stays() {
        let site = Site::new();
        site.put("robots.txt", "mine");
        site.put("feeds/logo.svg", "mine");
        site.publish(&[("feeds/all.rss", "one"), ("page/index.html", "one")]);
        site.put("page/index.html", "edited by hand");
        assert_eq!(site.publish(&[("index.html", "front")]), (1, 0, 1, 1));
        assert_eq!(site.read("robots.txt").as_deref(), Some("mine"));
        assert_eq!(site.read("feeds/logo.svg").as_deref(), Some("mine"));
        assert_eq!(site.read("page/index.html").as_deref(), Some("edited by hand"));
        assert_eq!(site.read("feeds/all.rss"), None);
    }

    #[test]
    fn what_was_lost_or_spoiled_is_mended() {
        let site = Site::new();
        let files = [("a.html", "aaaa"), ("b.html", "bbbb")];
        site.publish(&files);
        site.put("a.html", "spoi");
        fs::remove_file(site.folder.join("b.html")).unwrap();
        assert_eq!(site.publish(&files), (2, 0, 0, 0));
        assert_eq!(site.read("a.html").as_deref(), Some("aaaa"));
    }

    #[test]
    fn a_killed_run_leaves_nothing_ownerless() {
        let site = Site::new();
        site.publish(&[("a.html", "old")]);
        // As after a kill in the middle: one file listed and written, one listed only, one half-written.
        let line = |path: &str, text: &str| format!("{}  {path}\n", Digest::of(text.as_bytes()));
        let list = site.read(MANIFEST).unwrap() + &line("new.html", "new") + &line("a.html", "newer") + "0123";
        site.put(MANIFEST, &list);
        site.put("new.html", "new");
        site.put(UNFINISHED, "hal");
        assert_eq!(site.publish(&[("b.html", "b")]), (1, 0, 2, 0));
        assert_eq!(site.read("new.html"), None);
        assert_eq!(site.read("a.html"), None);
        assert!(!site.folder.join(UNFINISHED).exists());
    }

    #[test]
    fn a_file_becomes_a_folder_and_back() {
        let site = Site::new();
        site.publish(&[("pont", "page"), ("z.html", "z")]);
        assert_eq!(site.publish(&[("pont/index.html", "page"), ("z.html", "z")]), (1, 1, 1, 0));
        assert_eq!(site.publish(&[("pont", "page"), ("z.html", "z")]), (1, 1, 1, 0));
        assert_eq!(site.read("pont").as_deref(), Some("page"));
    }

    #[test]
    fn what_is_foreign_and_in_the_way_stays() {
        let site = Site::new();
        site.put("a", "a file");
        site.put("b/mine.txt", "in a folder");
        for path in ["a/index.html", "b"] {
            let error = publish_all(&site.folder, &[(path, "x")]).unwrap_err();
            assert!(matches!(error, PublishError::InTheWay(_)), "{error}");
        }
        assert_eq!(site.read("a").as_deref(), Some("a file"));
        assert_eq!(site.read("b/mine.txt").as_deref(), Some("in a folder"));
    }

    #[test]
    fn links_are_not_followed() {
        let site = Site::new();
        site.publish(&[("feeds/all.rss", "one")]);
        let outside = site.folder.with_file_name("outside");
        fs::rename(site.folder.join("feeds"), &outside).unwrap();
        symlink(&outside, site.folder.join("feeds")).unwrap();
        assert!(matches!(publish_all(&site.folder, &[("feeds/x.rss", "x")]), Err(PublishError::InTheWay(_))));
        site.publish(&[("index.html", "front")]);
        assert!(outside.join("all.rss").exists() && !outside.join("x.rss").exists());

        symlink(outside.join("all.rss"), site.folder.join("linked.rss")).unwrap();
        assert_eq!(site.publish(&[("linked.rss", "new"), ("index.html", "front")]), (1, 1, 0, 0));
        assert_eq!(fs::read_to_string(outside.join("all.rss")).unwrap(), "one");
    }

    #[test]
    fn crooked_paths_are_refused() {
        let site = Site::new();
        let own = [MANIFEST, LOCK, UNFINISHED, "a/.depeche-unfinished"];
        for path in ["", "/etc/x", "../x", "a/../../x", "a//b", "a/", "./a", "a\\b", "a\0", "a\nb"].iter().chain(&own) {
            let refused = publish_all(&site.folder, &[(*path, "x")]);
            assert!(matches!(refused, Err(PublishError::Path(_))), "{path:?}");
        }
    }

    #[test]
    fn a_list_that_was_tampered_with_removes_nothing_outside() {
        let site = Site::new();
        site.publish(&[("a.html", "a")]);
        let outside = site.folder.with_file_name("x.txt");
        fs::write(&outside, "x").unwrap();
        site.put(MANIFEST, &format!("{}  ../x.txt\nnonsense\n", Digest::of(b"x")));
        site.publish(&[]);
        assert!(outside.exists());
    }
}
