//! What events told: which files may have changed, or that anything may have.

use std::collections::BTreeSet;
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use notify::event::{CreateKind, ModifyKind, RemoveKind};
use notify::{Event, EventKind};

use super::walk::{is_left_out, is_release_name};
use crate::domain::SourcePath;

/// How many names are remembered; a look at everything costs less than one at more of them.
const MOST_NAMES: usize = 256;

/// What a look is to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// Anything may have changed.
    Everything,
    /// Nothing changed but what is called this; whether these are files, folders or nothing any more is not known.
    Files(BTreeSet<SourcePath>),
}

impl Hint {
    /// No more than what the last look left unsettled.
    #[must_use]
    pub const fn nothing() -> Self {
        Self::Files(BTreeSet::new())
    }

    /// What is called one of `names`: everything, when they are many.
    pub(super) fn named(names: BTreeSet<SourcePath>) -> Self {
        if names.len() > MOST_NAMES { Self::Everything } else { Self::Files(names) }
    }

    /// Both: a look at the result misses nothing of either.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Files(mut names), Self::Files(more)) => {
                names.extend(more);
                Self::named(names)
            }
            (Self::Everything, _) | (_, Self::Everything) => Self::Everything,
        }
    }
}

/// Where the watched folders are, as named in events: as configured, or with links followed.
#[derive(Debug, Clone)]
pub(super) struct Roots {
    content: Vec<Utf8PathBuf>,
    uploads: Vec<Utf8PathBuf>,
}

impl Roots {
    pub(super) fn new(content: &Utf8Path, uploads: &Utf8Path) -> Self {
        let spellings = |path: &Utf8Path| {
            let mut spellings = vec![path.to_owned()];
            spellings.extend(path.canonicalize_utf8().ok().filter(|followed| followed != path));
            spellings
        };
        Self { content: spellings(content), uploads: spellings(uploads) }
    }

    /// What `event` hints at; `None` when it means nothing.
    pub(super) fn hint(&self, event: &Event) -> Option<Hint> {
        if event.need_rescan() {
            return Some(Hint::Everything);
        }
        let kind = match event.kind {
            // Reading raises events of its own.
            EventKind::Any | EventKind::Access(_) | EventKind::Other => return None,
            EventKind::Create(CreateKind::Folder) | EventKind::Remove(RemoveKind::Folder) => Kind::Folder,
            EventKind::Create(CreateKind::File)
            | EventKind::Remove(RemoveKind::File)
            | EventKind::Modify(ModifyKind::Data(_)) => Kind::File,
            EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(_) => Kind::Unknown,
        };
        if event.paths.is_empty() {
            return Some(Hint::Everything);
        }
        let hints = event.paths.iter().filter_map(|path| self.hint_of(path, kind));
        hints.reduce(Hint::and)
    }

    fn hint_of(&self, path: &Path, kind: Kind) -> Option<Hint> {
        // File systems that take two spellings for one name would need more than the name to tell what became of it.
        let told = Utf8Path::from_path(path).filter(|_| cfg!(target_os = "linux"));
        let Some(below) = told.and_then(|path| self.below_content(path)) else { return Some(Hint::Everything) };
        if below.split('/').any(is_left_out) {
            return None;
        }
        match kind {
            Kind::Folder => Some(Hint::Everything),
            Kind::File if !is_release_name(&below) => None,
            Kind::File | Kind::Unknown => Some(Hint::Files(BTreeSet::from([SourcePath::new(below)]))),
        }
    }

    /// The path below the content folder; `None` when it is the folder itself, of the uploads or neither.
    fn below_content(&self, path: &Utf8Path) -> Option<String> {
        let of_uploads = |path: &Utf8Path| self.uploads.iter().any(|uploads| path.starts_with(uploads));
        let below = self.content.iter().find_map(|root| path.strip_prefix(root).ok())?;
        let spelled = |root: &Utf8PathBuf| of_uploads(&root.join(below));
        (!below.as_str().is_empty() && !of_uploads(path) && !self.content.iter().any(spelled))
            .then(|| below.as_str().to_owned())
    }
}

/// What an event says that its path is.
#[derive(Debug, Clone, Copy)]
enum Kind {
    File,
    Folder,
    Unknown,
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use notify::event::{AccessKind, DataChange, Flag, MetadataKind, RenameMode};

    use super::*;

    const DATA: EventKind = EventKind::Modify(ModifyKind::Data(DataChange::Any));
    const RENAMED: EventKind = EventKind::Modify(ModifyKind::Name(RenameMode::Both));

    fn files(names: &[&str]) -> Hint {
        Hint::Files(names.iter().map(|name| SourcePath::new(*name)).collect())
    }

    #[track_caller]
    fn check(kind: EventKind, paths: &[&str], expected: Option<&Hint>) {
        let roots = Roots::new(Utf8Path::new("/no/content"), Utf8Path::new("/no/content/uploads"));
        let event = paths.iter().fold(Event::new(kind), |event, path| event.add_path(PathBuf::from(path)));
        assert_eq!(roots.hint(&event).as_ref(), expected, "{event:?}");
    }

    #[test]
    fn a_file_is_named_and_all_else_is_looked_for() {
        let everything = Some(&Hint::Everything);
        check(DATA, &["/no/content/a/b.md"], Some(&files(&["a/b.md"])));
        check(EventKind::Create(CreateKind::File), &["/no/content/b.MD"], Some(&files(&["b.MD"])));
        check(EventKind::Remove(RemoveKind::File), &["/no/content/b.md"], Some(&files(&["b.md"])));
        check(EventKind::Access(AccessKind::Any), &["/no/content/b.md"], None);
        check(DATA, &["/no/content/b.txt"], None);
        check(DATA, &["/no/content/.git/b.md"], None);
        check(EventKind::Create(CreateKind::File), &["/no/content/4913"], None);
        check(RENAMED, &["/no/content/b.md.tmp", "/no/content/b.md"], Some(&files(&["b.md", "b.md.tmp"])));
        check(RENAMED, &["/no/content/b.md", "/no/content/b.md~"], Some(&files(&["b.md"])));
        check(EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)), &["/no/content/a"], Some(&files(&["a"])));
        for kind in [EventKind::Create(CreateKind::Folder), EventKind::Remove(RemoveKind::Folder)] {
            check(kind, &["/no/content/a"], everything);
        }
        for path in ["/no/content", "/no/content/uploads/a.md", "/no/content/uploads/.a", "/no/elsewhere/a.md"] {
            check(DATA, &[path], everything);
        }
        check(RENAMED, &["/no/content/b.md", "/no/content/uploads/b.md"], everything);
        check(EventKind::Remove(RemoveKind::Any), &[], everything);
    }

    #[test]
    fn an_overflow_means_everything() {
        let roots = Roots::new(Utf8Path::new("/no/content"), Utf8Path::new("/no/uploads"));
        let event = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert_eq!(roots.hint(&event), Some(Hint::Everything));
    }

    #[test]
    fn both_spellings_of_a_linked_folder_lead_below_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(folder.path().canonicalize().unwrap()).unwrap();
        std::fs::create_dir_all(root.join("site/uploads")).unwrap();
        std::os::unix::fs::symlink("site", root.join("link")).unwrap();
        let roots = Roots::new(&root.join("link"), &root.join("site/uploads"));
        for spelling in ["link", "site"] {
            let told = |below: &str| {
                let event = Event::new(DATA).add_path(root.join(spelling).join(below).into_std_path_buf());
                roots.hint(&event)
            };
            assert_eq!(told("a/b.md"), Some(files(&["a/b.md"])));
            assert_eq!(told("uploads/b.md"), Some(Hint::Everything));
        }
    }

    #[test]
    fn hints_are_united_and_too_many_names_are_everything() {
        let named = |name: &str| files(&[name]);
        assert_eq!(named("a.md").and(named("b.md")).and(named("a.md")), files(&["a.md", "b.md"]));
        assert_eq!(named("a.md").and(Hint::Everything), Hint::Everything);
        let many = (0..=MOST_NAMES).map(|n| named(&format!("{n}.md"))).reduce(Hint::and);
        assert_eq!(many, Some(Hint::Everything));
    }
}
