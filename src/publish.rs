//! Bytes to a folder, for a static server or a CDN: changed files only, each replaced whole.
//!
//! A list of what was written (`.depeche-manifest`) stands in the folder; only what it names is ever removed, and only as
//! long as the bytes are still ours. Symbolic links below the folder are not followed. It decides nothing about what is
//! published, and it does not force anything to the disk: after a power cut the next run compares the bytes and mends.
//!
//! # What readers find meanwhile
//!
//! Files are written in the order in which they come. Whoever hands them over sees to it that what readers know already
//! names nothing that comes after it: first come those that are not there yet, of which nobody knows, then those that may
//! name them, each by its [`Stage`]. What is no longer published goes last, the other way round. So whoever follows
//! addresses finds something at each of them, wherever a run stands or was killed. One case is left out: a page whose name
//! becomes that of a folder is away until the folder has it.
//!
//! # Compressed forms
//!
//! A server that looks for `page.html.gz` beside `page.html` does not compare the two. So the old form goes before the
//! file is replaced, and the new one comes after it: at every moment what stands beside a file is that file's, or nothing,
//! and then the server gives the file itself. Forms have their file's time. A form is listed before its file is: whatever
//! was cut off, a form that is not the file's is not the last one that was listed for it, and is made anew.

#[cfg(feature = "bucket")]
mod bucket;
mod manifest;
mod nginx;
mod place;
mod way;

#[cfg(feature = "bucket")]
pub use bucket::{Bucket, BucketError, ObjectHead};
pub use nginx::nginx_map;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::time::SystemTime;

use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};

use self::manifest::Manifest;
use self::place::{checked, clear_empty_folders, replace};
use self::way::{make_way, prepare_folder};
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

    /// The compressed forms that may stand beside the file.
    fn forms(&self) -> &'static [Form] {
        &[]
    }

    /// The bytes in one of these forms; `None` when they are not smaller.
    fn in_form(&self, _form: Form) -> Option<Bytes> {
        None
    }
}

/// A compressed form of a file, which stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// RFC 1952, as nginx's `gzip_static` takes it.
    Gzip,
    /// RFC 7932, as its `brotli_static` does.
    Brotli,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 2] = [Self::Gzip, Self::Brotli];

    /// What its file's name has behind that of the plain one.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Brotli => ".br",
        }
    }

    /// The path of the plain file at whose side `path` would stand; `path` itself when it ends like no form.
    fn plain(path: &str) -> &str {
        Self::ALL.into_iter().find_map(|form| path.strip_suffix(form.ending())).unwrap_or(path)
    }

    fn beside(self, path: &str) -> String {
        format!("{path}{}", self.ending())
    }
}

/// When a file is written: those that others name, before those. What is removed goes the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// What pages show and offer.
    Upload,
    /// A page.
    Page,
    /// A part of a feed that changes no more.
    Archive,
    /// A list of pages.
    List,
    /// A feed.
    Feed,
    /// A list of lists and feeds.
    Index,
    /// The page at which readers come in.
    Front,
    /// What is for the server itself.
    Server,
}

impl FileBytes for Vec<u8> {}
impl FileBytes for &str {}

/// Writes `files` (paths below `folder` with `/` between their parts, and bytes) in the order in which they come, and
/// removes what earlier runs wrote and this one did not: the last of its [`Stage`]s first. The folder is made when it is not
/// there; a second run at the same time waits for the first. A file that stands where one of ours belongs is replaced.
///
/// # Errors
/// When a file could not be had, a path is crooked, something foreign is in the way, or the system refuses. Nothing is
/// removed then.
pub fn publish<P, B, E>(
    folder: &Utf8Path,
    files: impl IntoIterator<Item = Result<(P, B), E>>,
    stage_of: fn(&str) -> Stage,
) -> Result<PublishReport, E>
where
    P: AsRef<str>,
    B: FileBytes,
    E: From<PublishError>,
{
    publish_watched(folder, files, stage_of, &mut |_| Ok(()))
}

/// The same, where `watching` is told of each path that is about to be otherwise, and may stop it there.
///
/// # Errors
/// As for [`publish`], and when `watching` says so.
pub fn publish_watched<P, B, E>(
    folder: &Utf8Path,
    files: impl IntoIterator<Item = Result<(P, B), E>>,
    stage_of: fn(&str) -> Stage,
    watching: &mut dyn FnMut(&str) -> Result<(), E>,
) -> Result<PublishReport, E>
where
    P: AsRef<str>,
    B: FileBytes,
    E: From<PublishError>,
{
    fs::create_dir_all(folder).map_err(PublishError::io(folder))?;
    let _lock = lock(&folder.join(LOCK))?;
    let manifest = Manifest::open(&folder.join(MANIFEST))?;
    let mut run = Run { folder, manifest, published: BTreeSet::new(), report: PublishReport::default() };
    for file in files {
        let (path, bytes) = file?;
        run.put(checked(path.as_ref())?, &bytes, watching)?;
    }
    run.remove_others(stage_of, watching)?;
    let Run { manifest, published, report, .. } = run;
    manifest.close(&published)?;
    Ok(report)
}

/// One run over a folder.
struct Run<'f> {
    folder: &'f Utf8Path,
    manifest: Manifest,
    published: BTreeSet<String>,
    report: PublishReport,
}

impl Run<'_> {
    /// Sees to it that `bytes` stand at `path`, and their forms beside them.
    fn put<E: From<PublishError>>(
        &mut self,
        path: &str,
        bytes: &impl FileBytes,
        watching: &mut dyn FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        self.report.removed += prepare_folder(self.folder, path, &mut self.manifest)?;
        let target = self.folder.join(path);
        let is_there = holds(&target, bytes.as_ref());
        let made = self.make_forms(path, bytes, is_there)?;
        self.manifest.add(path, bytes.digest())?;
        if is_there {
            self.report.unchanged += 1;
        } else {
            self.report.removed += make_way(self.folder, path, &self.published, &mut self.manifest)?;
            for beside in Form::ALL.map(|form| form.beside(path)) {
                let has_next = made.iter().any(|(other, _)| *other == beside);
                if has_next || (!self.published.contains(&beside) && self.manifest.is_ours(self.folder, &beside)) {
                    watching(&beside)?;
                    remove_form(&self.folder.join(&beside))?;
                    self.report.removed += usize::from(!has_next);
                }
            }
            watching(path)?;
            replace(&target, bytes.as_ref(), None)?;
            self.report.written += 1;
        }
        self.published.insert(path.to_owned());
        for (beside, bytes) in made {
            make_way(self.folder, &beside, &self.published, &mut self.manifest)?;
            watching(&beside)?;
            replace(&self.folder.join(&beside), &bytes, modified(&target))?;
            self.report.written += 1;
            self.published.insert(beside);
        }
        Ok(())
    }

    /// The forms that are still to be written beside the file at `path`, listed already; those of a file that `is_there`
    /// stay when they are as they were listed.
    fn make_forms(
        &mut self,
        path: &str,
        bytes: &impl FileBytes,
        is_there: bool,
    ) -> Result<Vec<(String, Bytes)>, PublishError> {
        let mut made = Vec::new();
        for form in bytes.forms() {
            let beside = form.beside(path);
            if is_there && self.manifest.is_as_listed(self.folder, &beside) {
                self.report.unchanged += 1;
                self.published.insert(beside);
            } else if let Some(bytes) = bytes.in_form(*form) {
                self.manifest.add(checked(&beside)?, Digest::of(&bytes))?;
                made.push((beside, bytes));
            }
        }
        Ok(made)
    }

    /// Removes what earlier runs wrote and this one did not.
    fn remove_others<E: From<PublishError>>(
        &mut self,
        stage_of: fn(&str) -> Stage,
        watching: &mut dyn FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut others = self.manifest.paths_but(&self.published);
        others.sort_by_cached_key(|path| Reverse((stage_of(Form::plain(path)), path.clone())));
        for path in others {
            watching(&path)?;
            if self.manifest.forget_if_ours(self.folder, &path)? {
                self.report.removed += 1;
                clear_empty_folders(self.folder, &path);
            } else if stands(self.folder, &path) {
                self.report.left += 1;
            }
        }
        Ok(())
    }
}

/// Whether anything stands at `path` below `folder`.
#[must_use]
pub fn stands(folder: &Utf8Path, path: &str) -> bool {
    fs::symlink_metadata(folder.join(path)).is_ok()
}

/// Takes away a form of a file that is about to be another.
fn remove_form(target: &Utf8Path) -> Result<(), PublishError> {
    match fs::symlink_metadata(target) {
        Ok(metadata) if !metadata.is_dir() => fs::remove_file(target).map_err(PublishError::io(target)),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// When the file at `target` was written.
fn modified(target: &Utf8Path) -> Option<SystemTime> {
    fs::symlink_metadata(target).and_then(|metadata| metadata.modified()).ok()
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;

    /// `3-b.html` is of the third stage.
    fn by_name(path: &str) -> Stage {
        match path.as_bytes().first() {
            Some(b'0') => Stage::Upload,
            Some(b'3') => Stage::List,
            Some(b'4') => Stage::Feed,
            _ => Stage::Page,
        }
    }

    fn publish_all(folder: &Utf8Path, files: &[(&str, &str)]) -> Result<PublishReport, PublishError> {
        publish(folder, files.iter().copied().map(Ok), by_name)
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
        assert!(publish(&site.folder, [Ok(("a.html", "aa")), broken], by_name).is_err());
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

    /// A text whose forms say what they are made of.
    struct Packed(String);

    impl AsRef<[u8]> for Packed {
        fn as_ref(&self) -> &[u8] {
            self.0.as_bytes()
        }
    }

    impl FileBytes for Packed {
        fn forms(&self) -> &'static [Form] {
            &Form::ALL
        }

        fn in_form(&self, form: Form) -> Option<Bytes> {
            (self.0 != "short").then(|| format!("{}{}", self.0, form.ending()).into())
        }
    }

    /// What a run is stopped with.
    #[derive(Debug)]
    struct Stopped;

    impl From<PublishError> for Stopped {
        fn from(error: PublishError) -> Self {
            panic!("{error}")
        }
    }

    /// Publishes `files` until the step `last`; whether it came to its end. `look` is called before each step.
    fn publish_until(folder: &Utf8Path, files: &[(&str, &str)], last: usize, look: &dyn Fn()) -> bool {
        let mut steps = 0;
        let files = files.iter().map(|(path, text)| Ok((*path, Packed((*text).to_owned()))));
        let done = publish_watched(folder, files, by_name, &mut |_| {
            look();
            steps += 1;
            if steps > last { Err(Stopped) } else { Ok(()) }
        });
        look();
        done.is_ok()
    }

    /// Every form below the site is that of the file it stands beside.
    fn check_forms(site: &Site) {
        for entry in site.folder.read_dir_utf8().unwrap() {
            let path = entry.unwrap().into_path();
            let plain = Form::plain(path.as_str());
            if plain != path {
                let ending = path.as_str().strip_prefix(plain).unwrap();
                let expected = fs::read_to_string(plain).unwrap() + ending;
                assert_eq!(fs::read_to_string(&path).unwrap(), expected, "{path}");
                assert_eq!(modified(&path), modified(Utf8Path::new(plain)), "{path}");
            }
        }
    }

    #[test]
    fn what_stands_beside_a_file_is_always_its_own_form() {
        let before = [("a.html", "one"), ("b.html", "short"), ("c.html", "same"), ("e.html", "gone")];
        let after = [("a.html", "two"), ("b.html", "long"), ("c.html", "same"), ("d.html", "new")];
        for last in 0.. {
            let site = Site::new();
            assert!(publish_until(&site.folder, &before, usize::MAX, &|| ()));
            let done = publish_until(&site.folder, &after, last, &|| check_forms(&site));
            // Whether things go on or are as they were again.
            for files in [&after, &before, &after] {
                assert!(publish_until(&site.folder, files, usize::MAX, &|| check_forms(&site)));
                for (path, text) in files {
                    let form = (*text != "short").then(|| format!("{text}.br"));
                    assert_eq!(site.read(&format!("{path}.br")), form, "stopped after {last}");
                }
            }
            assert_eq!(site.read("e.html.gz"), None);
            if done {
                assert!(last > 8, "only {last} steps");
                break;
            }
        }
    }

    #[test]
    fn forms_that_are_spoiled_lost_or_not_wanted_any_more_are_put_right() {
        let site = Site::new();
        let files = [("a.html", "one"), ("b.html", "two")];
        publish_until(&site.folder, &files, usize::MAX, &|| ());
        site.put("a.html.gz", "spoiled");
        fs::remove_file(site.folder.join("b.html.br")).unwrap();
        publish_until(&site.folder, &files, usize::MAX, &|| ());
        check_forms(&site);
        assert_eq!(site.read("b.html.br").as_deref(), Some("two.br"));
        assert_eq!(site.publish(&[("a.html", "three"), ("b.html", "two")]), (1, 1, 4, 0));
        assert_eq!((site.read("a.html.gz"), site.read("b.html.gz")), (None, None));
    }

    #[test]
    fn what_goes_goes_the_other_way_round() {
        let site = Site::new();
        let files = [("0.pdf", "x"), ("1.html", "x"), ("1.html.gz", "x"), ("3.html", "x"), ("4.rss", "x")];
        site.publish(&files);
        let mut gone = Vec::new();
        let none: [Result<(&str, &str), PublishError>; 0] = [];
        let watching = &mut |path: &str| {
            gone.push(path.to_owned());
            Ok(())
        };
        publish_watched(&site.folder, none, by_name, watching).unwrap();
        assert_eq!(gone, ["4.rss", "3.html", "1.html.gz", "1.html", "0.pdf"]);
    }
}
