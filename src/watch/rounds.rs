//! Rounds through the folders for the look that comes by time: what differs from the round before is named, so that the
//! look itself need not go through everything.
//!
//! A round goes by what the file system says alone, on a thread that gives way to others. Nothing is missed by it that a
//! look at everything would find, as long as such a look followed the first round: whatever changed after that look was
//! given a stamp that differs from the first round's. Where anything but files differs, the round says so, and
//! everything is looked at.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::thread;

use camino::Utf8Path;
use chrono::{DateTime, Utc};
use tokio::sync::oneshot;

use super::cores::give_way;
use super::folder::{Folder, Ground};
use super::hint::Hint;
use super::listing::UploadsMark;
use super::stamp::Stamp;
use super::uploads::UploadsFolder;
use super::walk::{Walk, walk};
use crate::clock::Clock;
use crate::config::ContentSettings;
use crate::domain::SourcePath;

/// Goes round when it is told to.
pub(super) struct Rounds {
    settings: ContentSettings,
    clock: Arc<dyn Clock>,
    state: State,
}

enum State {
    /// No round is under way.
    Waiting(Box<Round>),
    Going(oneshot::Receiver<(Box<Round>, Hint)>),
}

/// Where rounds go, and what the last one saw.
struct Round {
    folder: Folder,
    uploads: UploadsFolder,
    clock: Arc<dyn Clock>,
    hasher: RandomState,
    last: Option<Sight>,
}

/// What a round saw.
struct Sight {
    /// The hash of all that is no file of a release: where the folders are, which are in them, what cannot be listed.
    surroundings: u64,
    /// What uploads looked like; `None` when an equal look would prove nothing.
    uploads: Option<UploadsMark>,
    /// The hash of each file's path, and of what the file system said of it; `None` when saying the same later would prove
    /// nothing.
    files: HashMap<u64, Option<u64>>,
}

impl Rounds {
    /// Rounds through the folders of `settings`; `clock` tells whether a file's times can be trusted yet.
    pub(super) fn new(settings: &ContentSettings, clock: Arc<dyn Clock>) -> Self {
        let state = State::Waiting(Box::new(Round::new(settings, clock.clone())));
        Self { settings: settings.clone(), clock, state }
    }

    /// Begins a round, unless one is under way.
    pub(super) fn begin(&mut self) {
        if matches!(self.state, State::Going(_)) {
            return;
        }
        let (sender, receiver) = oneshot::channel();
        if let State::Waiting(mut round) = std::mem::replace(&mut self.state, State::Going(receiver)) {
            let going = move || {
                give_way();
                let hint = round.go();
                // Whoever waited may have been stopped.
                let _ = sender.send((round, hint));
            };
            if let Err(error) = thread::Builder::new().name("round".to_owned()).spawn(going) {
                tracing::debug!(%error, "no thread for a round through the folders; they are looked at whole");
            }
        }
    }

    /// Whether a round is under way.
    pub(super) const fn is_going(&self) -> bool {
        matches!(self.state, State::Going(_))
    }

    /// What the round that is under way comes to; without one, never. A call that is dropped loses nothing.
    pub(super) async fn over(&mut self) -> Hint {
        let State::Going(receiver) = &mut self.state else { return std::future::pending().await };
        // One that broke down knows nothing, and the next begins from nothing.
        let (round, hint) = receiver
            .await
            .unwrap_or_else(|_| (Box::new(Round::new(&self.settings, Arc::clone(&self.clock))), Hint::Everything));
        self.state = State::Waiting(round);
        hint
    }
}

impl Round {
    fn new(settings: &ContentSettings, clock: Arc<dyn Clock>) -> Self {
        Self {
            folder: Folder::new(settings),
            uploads: UploadsFolder::new(settings, Arc::clone(&clock)),
            clock,
            hasher: RandomState::new(),
            last: None,
        }
    }

    /// What is to be looked at, after the round before.
    fn go(&mut self) -> Hint {
        let now = self.clock.now();
        let Some((sight, files)) = self.see(now) else {
            self.last = None;
            return Hint::Everything;
        };
        let hint = self.last.as_ref().map_or(Hint::Everything, |last| self.hint(last, &sight, files));
        self.last = Some(sight);
        hint
    }

    /// What there is to see, and the files; `None` when the content folder cannot be listed.
    fn see(&self, now: DateTime<Utc>) -> Option<(Sight, Vec<SourcePath>)> {
        // Before the files: a text that changed with an upload is looked at with it.
        let uploads = self.uploads.listed().mark();
        let ground = self.folder.ground().ok()?;
        let walk = walk(&ground.place(&self.folder.selection)).ok()?;
        let seen = walk.files.iter().map(|path| {
            let stamp = stamp(&ground.root, path).filter(|stamp| stamp.is_settled(now));
            (self.hasher.hash_one(path.as_str()), stamp.map(|stamp| self.hasher.hash_one(stamp)))
        });
        let files = seen.collect();
        let surroundings = self.surroundings(&ground, &walk);
        Some((Sight { surroundings, uploads, files }, walk.files))
    }

    fn surroundings(&self, ground: &Ground, walk: &Walk) -> u64 {
        let Ground { root, identity, uploads } = ground;
        let Walk { files: _, links, folders, conflicts, unreadable, left_out, closed_folders } = walk;
        let listed = format!("{unreadable:?}{links:?}{folders:?}{conflicts:?}{left_out:?}{closed_folders:?}");
        self.hasher.hash_one((root, identity, uploads, listed))
    }

    fn hint(&self, last: &Sight, present: &Sight, files: Vec<SourcePath>) -> Hint {
        let is_same = last.surroundings == present.surroundings
            && last.uploads.is_some()
            && last.uploads == present.uploads
            && last.files.keys().all(|path| present.files.contains_key(path));
        if !is_same {
            return Hint::Everything;
        }
        let differs = |path: &SourcePath| {
            let path = self.hasher.hash_one(path.as_str());
            let stamps = [&last.files, &present.files].map(|files| files.get(&path).copied().flatten());
            stamps[0].is_none() || stamps[0] != stamps[1]
        };
        Hint::named(files.into_iter().filter(differs).collect::<BTreeSet<_>>())
    }
}

/// What the file system says of the file at `path`, links followed.
fn stamp(root: &Utf8Path, path: &SourcePath) -> Option<Stamp> {
    Some(Stamp::of(&fs::metadata(root.join(path.as_str())).ok()?))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use camino::Utf8PathBuf;
    use chrono::TimeDelta;

    use super::*;
    use crate::clock::FixedClock;
    use crate::config::sample_content;

    struct Desk {
        _temporary: tempfile::TempDir,
        root: Utf8PathBuf,
        round: Round,
    }

    impl Desk {
        /// Two files and an upload, gone round once: long after they were written, or just now.
        fn new(is_fresh: bool) -> Self {
            let temporary = tempfile::tempdir().unwrap();
            let root = Utf8PathBuf::from_path_buf(temporary.path().canonicalize().unwrap()).unwrap();
            let settings = sample_content(root.join("content"), root.join("uploads"));
            for (path, text) in [("content/a.md", "a"), ("content/x/b.md", "b"), ("uploads/c.pdf", "%PDF")] {
                fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
                fs::write(root.join(path), text).unwrap();
            }
            let now = if is_fresh { DateTime::UNIX_EPOCH } else { DateTime::<Utc>::MAX_UTC - TimeDelta::days(1) };
            let mut round = Round::new(&settings, Arc::new(FixedClock::at(now)));
            assert_eq!(round.go(), Hint::Everything, "nothing is known before the first round");
            Self { _temporary: temporary, root, round }
        }

        #[track_caller]
        fn check(&mut self, expected: &Hint) {
            assert_eq!(self.round.go(), *expected);
        }
    }

    fn named(names: &[&str]) -> Hint {
        Hint::Files(names.iter().map(|name| SourcePath::new(*name)).collect())
    }

    #[test]
    fn what_is_written_or_new_is_named_once() {
        let mut desk = Desk::new(false);
        desk.check(&Hint::nothing());
        fs::write(desk.root.join("content/x/b.md"), "more").unwrap();
        fs::write(desk.root.join("content/d.md"), "d").unwrap();
        desk.check(&named(&["d.md", "x/b.md"]));
        desk.check(&Hint::nothing());
    }

    #[test]
    fn what_goes_and_all_that_is_no_file_is_looked_for() {
        let mut desk = Desk::new(false);
        let (content, uploads) = (desk.root.join("content"), desk.root.join("uploads"));
        let acts: [&dyn Fn(); 7] = [
            &|| fs::remove_file(content.join("a.md")).unwrap(),
            &|| fs::create_dir(content.join("y")).unwrap(),
            &|| symlink("x/b.md", content.join("link.md")).unwrap(),
            &|| fs::write(uploads.join("c.pdf"), "%PDF, another").unwrap(),
            &|| fs::remove_dir_all(&uploads).unwrap(),
            &|| fs::rename(&content, content.with_file_name("old")).unwrap(),
            &|| fs::rename(content.with_file_name("old"), &content).unwrap(),
        ];
        for act in acts {
            act();
            desk.check(&Hint::Everything);
        }
        desk.check(&Hint::nothing());
    }

    #[test]
    fn what_was_written_just_now_is_looked_at_again() {
        let mut desk = Desk::new(true);
        desk.check(&Hint::Everything);
        fs::remove_dir_all(desk.root.join("uploads")).unwrap();
        desk.check(&Hint::Everything);
        desk.check(&named(&["a.md", "x/b.md"]));
    }
}
