//! Looks at files by their names: what a look at everything would tell if nothing else had changed.
//!
//! Whatever a name does not settle by itself (a folder that is new, gone or became something else, a root that was
//! switched, two spellings of one name) is settled by a look at everything.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;

use chrono::{DateTime, Utc};
use rayon::ThreadPool;
use unicode_normalization::UnicodeNormalization as _;

use super::folder::{Folder, Ground, Seen, Visit, Walked};
use super::hint::Hint;
use super::look::Look;
use super::walk::{Place, Sort};
use crate::content::SourceFile;
use crate::domain::SourcePath;

/// What became of the paths that were named.
#[derive(Debug, Default)]
struct Named {
    /// Files with a release's name, which may be readable.
    files: Vec<SourcePath>,
    /// Those of them that are symbolic links.
    links: BTreeSet<SourcePath>,
    conflicts: Vec<SourcePath>,
    left_out: Vec<String>,
    gone: Vec<SourcePath>,
}

/// Only a look at everything will tell.
#[derive(Debug)]
struct Unclear;

impl Folder {
    /// Looks at what `hint` names and at what the last look left in doubt, and tells what [`Folder::look`] would tell
    /// if nothing else had changed.
    pub fn look_at<T: Send>(
        &mut self,
        now: DateTime<Utc>,
        hint: &Hint,
        threads: &ThreadPool,
        take: &(impl Fn(SourceFile) -> T + Sync),
    ) -> Look<T> {
        let Hint::Files(names) = hint else { return self.look(now, threads, take) };
        let Some(walked) = self.walked.take() else { return self.look(now, threads, take) };
        let sorted = self.ground().map_err(|_| Unclear).and_then(|ground| self.sort_out(&walked, &ground, names));
        let Ok(sorted) = sorted else { return self.look(now, threads, take) };
        let visits = self.visit_all(&walked.root, &sorted.files, now, threads, take);
        self.take_in(*walked, sorted, visits.into_iter().flatten().collect())
    }

    fn sort_out(&self, walked: &Walked, ground: &Ground, names: &BTreeSet<SourcePath>) -> Result<Named, Unclear> {
        let is_same =
            ground.root == walked.root && ground.identity == walked.identity && ground.uploads == walked.uploads;
        let all: BTreeSet<&SourcePath> = names.iter().chain(&self.doubtful).collect();
        if !is_same || names_one_thing_twice(names) {
            return Err(Unclear);
        }
        let place = ground.place(&self.selection);
        let mut sorted = Named::default();
        for path in all {
            self.sort_path(walked, &place, path, &mut sorted)?;
        }
        Ok(sorted)
    }

    fn sort_path(
        &self,
        walked: &Walked,
        place: &Place<'_>,
        path: &SourcePath,
        named: &mut Named,
    ) -> Result<(), Unclear> {
        let text = path.as_str();
        if !walked.folders.contains(path.folder()) {
            return if is_hidden(place, path) { Ok(()) } else { Err(Unclear) };
        }
        let is_folder = |folder: &str| fs::symlink_metadata(place.root.join(folder)).is_ok_and(|known| known.is_dir());
        let was_folder = walked.folders.contains(text) || walked.closed_folders.iter().any(|folder| folder == text);
        if was_folder || !folders_above(path).all(is_folder) {
            return Err(Unclear);
        }
        let metadata = match fs::symlink_metadata(place.root.join(text)) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !walked.left_out.contains(text) => {
                named.gone.push(path.clone());
                return Ok(());
            }
            Err(_) => return Err(Unclear),
        };
        let sort = place.sort(text, metadata.is_dir());
        let was_file = self.seen.contains_key(path) || walked.conflicts.contains(path);
        if metadata.is_dir() {
            return if sort == Sort::Nothing && !was_file { Ok(()) } else { Err(Unclear) };
        }
        match sort {
            Sort::Nothing => {}
            Sort::Folder => return Err(Unclear),
            Sort::LeftOut => named.left_out.push(text.to_owned()),
            Sort::Conflict => named.conflicts.push(path.clone()),
            Sort::Release => {
                // The file's other names were not named: they may be files of this folder.
                if metadata.nlink() > 1 && !self.seen.get(path).is_some_and(Seen::has_other_names) {
                    return Err(Unclear);
                }
                if metadata.is_symlink() {
                    named.links.insert(path.clone());
                }
                named.files.push(path.clone());
            }
        }
        Ok(())
    }

    fn take_in<T>(&mut self, mut walked: Walked, named: Named, visits: Vec<(SourcePath, Visit<T>)>) -> Look<T> {
        let Named { files, links, conflicts, left_out, gone } = named;
        walked.conflicts.extend(conflicts);
        walked.left_out.extend(left_out);
        walked.conflicts.retain(|path| gone.binary_search(path).is_err());
        let mut look = Look { unreadable: std::mem::take(&mut walked.unreadable), ..Look::default() };
        let is_visited = |path: &SourcePath| visits.binary_search_by(|(visited, _)| visited.cmp(path)).is_ok();
        look.unreadable.retain(|known| !is_visited(&known.path) && gone.binary_search(&known.path).is_err());
        for path in gone {
            self.doubtful.remove(&path);
            self.remember(path, Visit::Gone, &mut look);
        }
        for (path, visit) in visits {
            self.remember(path, visit, &mut look);
        }
        for path in files {
            let is_doubtful = links.contains(&path)
                || look.unsettled.contains(&path)
                || self.seen.get(&path).is_some_and(Seen::is_doubtful);
            if is_doubtful {
                self.doubtful.insert(path);
            } else {
                self.doubtful.remove(&path);
            }
        }
        self.finish(look, walked)
    }
}

/// Whether two of `names` may be one file where the file system takes several spellings for one name.
fn names_one_thing_twice(names: &BTreeSet<SourcePath>) -> bool {
    let folded = |path: &SourcePath| path.as_str().nfc().collect::<String>().to_lowercase();
    names.iter().map(folded).collect::<BTreeSet<_>>().len() < names.len()
}

/// Whether a look at everything never gets to `path`, for what the folders above it are called.
fn is_hidden(place: &Place<'_>, path: &SourcePath) -> bool {
    folders_above(path).any(|folder| matches!(place.sort(folder, true), Sort::Nothing | Sort::LeftOut))
}

/// The folders above `path` below the root, outermost last.
fn folders_above(path: &SourcePath) -> impl Iterator<Item = &str> {
    let above = |path: &str| path.rfind('/');
    let text = path.as_str();
    std::iter::successors(above(text), move |end| above(&text[..*end])).map(move |end| &text[..end])
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use camino::{Utf8Path, Utf8PathBuf};
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::config::{ContentSettings, JekyllFile, sample_content};
    use crate::watch::Cores;

    const FOLDERS: [&str; 7] = ["", "a", "a/b", "uploads", "_drafts", ".git", "shut"];
    const NAMES: [&str; 9] = [
        "x.md",
        "y.markdown",
        "X.md",
        "folder.md",
        "z.txt",
        ".x.md.swp",
        "x.md~",
        "x (conflicted copy 2026).md",
        "left.md",
    ];

    #[derive(Debug, Clone)]
    enum Edit {
        Write(String, u8),
        Remove(String),
        Rename(String, String),
        Link(String, String),
        HardLink(String, String),
        Folder(String),
    }

    fn path() -> impl Strategy<Value = String> {
        let name = prop_oneof![8 => select(NAMES.to_vec()), 1 => Just("")];
        (select(FOLDERS.to_vec()), name).prop_map(|(folder, name)| match (folder, name) {
            (folder, "") => folder.to_owned(),
            ("", name) => name.to_owned(),
            (folder, name) => format!("{folder}/{name}"),
        })
    }

    fn edit() -> impl Strategy<Value = Edit> {
        prop_oneof![
            6 => (path(), 0..3_u8).prop_map(|(path, text)| Edit::Write(path, text)),
            3 => path().prop_map(Edit::Remove),
            3 => (path(), path()).prop_map(|(from, to)| Edit::Rename(from, to)),
            1 => (path(), path()).prop_map(|(from, to)| Edit::Link(from, to)),
            1 => (path(), path()).prop_map(|(from, to)| Edit::HardLink(from, to)),
            1 => path().prop_map(Edit::Folder),
        ]
    }

    impl Edit {
        /// Does it as far as it can be done; the paths it touched.
        fn apply(&self, root: &Utf8Path) -> Vec<String> {
            let at = |path: &str| root.join(path);
            let (done, paths) = match self {
                Self::Write(path, text) => (fs::write(at(path), [*text; 3]), vec![path]),
                Self::Remove(path) => {
                    let is_folder = at(path).is_dir() && !at(path).is_symlink();
                    let done = if path.is_empty() {
                        Err(io::ErrorKind::Unsupported.into())
                    } else if is_folder {
                        fs::remove_dir_all(at(path))
                    } else {
                        fs::remove_file(at(path))
                    };
                    (done, vec![path])
                }
                Self::Rename(from, to) => (fs::rename(at(from), at(to)), vec![from, to]),
                Self::Link(from, to) => (symlink(at(from), at(to)), vec![to]),
                Self::HardLink(from, to) => (fs::hard_link(at(from), at(to)), vec![to]),
                Self::Folder(path) => (fs::create_dir(at(path)), vec![path]),
            };
            if done.is_err() {
                return Vec::new();
            }
            let mut touched: Vec<String> = paths.into_iter().filter(|path| !path.is_empty()).cloned().collect();
            if let Self::Write(path, _) = self {
                // Written through a link: what it leads to raises the event.
                let real = at(path).canonicalize_utf8().unwrap();
                touched.push(real.strip_prefix(root).unwrap().to_string());
            }
            touched
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        #[test]
        fn a_look_by_name_tells_what_a_look_at_everything_would(
            first in prop::collection::vec(edit(), 0..20),
            rounds in prop::collection::vec(prop::collection::vec(edit(), 0..4), 1..6),
            is_fresh: bool,
        ) {
            let temporary = tempfile::tempdir().unwrap();
            let root = Utf8PathBuf::from_path_buf(temporary.path().canonicalize().unwrap()).unwrap();
            let jekyll = JekyllFile {
                path: root.join("_config.yml"),
                text: "exclude: [shut, left.md]".to_owned(),
                folder: "_posts".to_owned(),
            };
            let uploads = root.join("uploads");
            let settings = ContentSettings { jekyll: Some(jekyll), ..sample_content(root.clone(), uploads) };
            for folder in &FOLDERS[1..] {
                fs::create_dir_all(root.join(folder)).unwrap();
            }
            for edit in &first {
                edit.apply(&root);
            }
            let now = if is_fresh { DateTime::UNIX_EPOCH } else { DateTime::<Utc>::MAX_UTC - TimeDelta::days(1) };
            let threads = Cores::AllButOne.pool();
            let (mut whole, mut by_name) = (Folder::new(&settings), Folder::new(&settings));
            whole.look(now, &threads, &|_| ());
            by_name.look(now, &threads, &|_| ());
            for edits in rounds {
                let names = edits.iter().flat_map(|edit| edit.apply(&root)).map(SourcePath::new).collect();
                let expected = format!("{:#?}", whole.look(now, &threads, &|_| ()));
                prop_assert_eq!(format!("{:#?}", by_name.look_at(now, &Hint::Files(names), &threads, &|_| ())), expected);
            }
        }
    }
}
