//! Waits until something happened in the folders and they have come to rest.

use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use chrono::TimeDelta;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use super::file_system::is_silent;
use crate::config::{ContentSettings, PollMode};

/// How often to look where events do not come.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Under constant writing a look is taken after this many times the quiet time …
const PATIENCE: u32 = 10;
/// … and not before this.
const LEAST_PATIENCE: Duration = Duration::from_secs(5);

/// Watches the content folder and the uploads folder.
pub struct Watcher {
    content: Utf8PathBuf,
    uploads: Utf8PathBuf,
    quiet: Duration,
    /// How long to wait for stillness at most.
    patience: Duration,
    rescan: Duration,
    poll: PollMode,
    happened: Arc<Notify>,
    attached: Option<Attached>,
}

/// Events are coming; dropping it ends them.
struct Attached {
    _events: RecommendedWatcher,
    /// The folders as they were: one that was replaced must be watched anew.
    content: Option<(u64, u64)>,
    uploads: Option<(u64, u64)>,
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher")
            .field("content", &self.content)
            .field("uploads", &self.uploads)
            .finish_non_exhaustive()
    }
}

impl Watcher {
    /// A watcher for the folders of `settings`; the first [`Watcher::changed`] returns at once, for what was written
    /// before. A folder that is not there yet, or events that cannot be had, are no
    /// error: it looks by itself and tries again.
    #[must_use]
    pub fn new(settings: &ContentSettings) -> Self {
        let duration = |delta: TimeDelta| delta.to_std().unwrap_or_default();
        let quiet = duration(settings.quiet);
        let mut watcher = Self {
            content: settings.folder.clone(),
            uploads: settings.uploads.clone(),
            quiet,
            patience: quiet.saturating_mul(PATIENCE).max(LEAST_PATIENCE),
            rescan: duration(settings.rescan),
            poll: settings.poll,
            happened: Arc::new(Notify::new()),
            attached: None,
        };
        watcher.attach();
        watcher
    }

    /// Whether events come, so that a change is noticed at once.
    #[must_use]
    pub fn has_events(&self) -> bool {
        self.attached.is_some()
    }

    /// Returns when something happened and the folders have then been still for the quiet time (under constant writing
    /// after ten times that, at least five seconds), or when it is time to look anyway. What happens between two calls
    /// is not lost.
    ///
    /// Cancel safe in this sense: a call that is dropped while waiting for stillness loses the event that woke it, and
    /// the next look by time makes up for it.
    pub async fn changed(&mut self) {
        self.attach();
        tokio::select! {
            () = self.happened.notified() => self.stillness().await,
            () = sleep(self.pause()) => {}
        }
        self.attach();
    }

    /// How long to wait for an event before looking anyway.
    fn pause(&self) -> Duration {
        match self.poll {
            PollMode::Never => self.rescan,
            PollMode::Auto if self.has_events() => self.rescan,
            PollMode::Auto | PollMode::Always => self.rescan.min(LOOK_EVERY),
        }
    }

    async fn stillness(&self) {
        let latest = Instant::now() + self.patience;
        loop {
            tokio::select! {
                () = self.happened.notified() => {}
                () = sleep(self.quiet) => return,
                () = sleep_until(latest) => return,
            }
        }
    }

    /// Sees to it that events come from the folders as they are now.
    fn attach(&mut self) {
        if self.poll == PollMode::Always {
            return;
        }
        let (content, uploads) = (identity(&self.content), identity(&self.uploads));
        if self.attached.as_ref().is_some_and(|attached| attached.content == content && attached.uploads == uploads) {
            return;
        }
        self.attached = None;
        let silent = || is_silent(&self.content) || is_silent(&self.uploads);
        if content.is_none() || (self.poll == PollMode::Auto && silent()) {
            return;
        }
        match self.events() {
            Ok(events) => {
                self.attached = Some(Attached { _events: events, content, uploads });
                // Whatever was written before the events came is looked at as well.
                self.happened.notify_one();
            }
            Err(error) => tracing::debug!(%error, "no events from the content folder; looking by time"),
        }
    }

    fn events(&self) -> notify::Result<RecommendedWatcher> {
        let happened = Arc::clone(&self.happened);
        let mut events = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.as_ref().map_or(true, is_change) {
                happened.notify_one();
            }
        })?;
        events.watch(self.content.as_std_path(), RecursiveMode::Recursive)?;
        if self.uploads.is_dir() && !self.uploads.starts_with(&self.content) {
            events.watch(self.uploads.as_std_path(), RecursiveMode::Recursive)?;
        }
        Ok(events)
    }
}

/// Reading raises events of its own, which mean nothing; an overflow of the queue means anything.
fn is_change(event: &Event) -> bool {
    match event.kind {
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) => true,
        EventKind::Any | EventKind::Access(_) | EventKind::Other => event.need_rescan(),
    }
}

/// Device and inode of a folder that is there.
fn identity(folder: &Utf8Path) -> Option<(u64, u64)> {
    let metadata = std::fs::metadata(folder).ok().filter(std::fs::Metadata::is_dir)?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tokio::time::timeout;

    use super::*;
    use crate::config::DocumentsAt;

    /// Far more than any machine needs; reached only when something is broken.
    const GENEROUS: Duration = Duration::from_mins(1);

    struct Desk {
        _temporary: tempfile::TempDir,
        settings: ContentSettings,
    }

    impl Desk {
        /// Folders that are not there yet; looking by time alone would take an hour.
        fn new(poll: PollMode) -> Self {
            let temporary = tempfile::tempdir().unwrap();
            let root = Utf8PathBuf::from_path_buf(temporary.path().to_owned()).unwrap();
            let settings = ContentSettings {
                folder: root.join("content"),
                uploads: root.join("uploads"),
                documents: DocumentsAt::File,
                quiet: TimeDelta::milliseconds(20),
                rescan: TimeDelta::hours(1),
                poll,
            };
            Self { _temporary: temporary, settings }
        }

        fn with_folders(self) -> Self {
            fs::create_dir(&self.settings.folder).unwrap();
            fs::create_dir(&self.settings.uploads).unwrap();
            self
        }
    }

    async fn wakes(watcher: &mut Watcher) -> bool {
        timeout(GENEROUS, watcher.changed()).await.is_ok()
    }

    #[tokio::test]
    async fn what_is_written_wakes() {
        let desk = Desk::new(PollMode::Never).with_folders();
        let mut watcher = Watcher::new(&desk.settings);
        assert!(watcher.has_events());
        assert!(wakes(&mut watcher).await, "what was written before counts");
        for (folder, name) in [(&desk.settings.folder, "a.md"), (&desk.settings.uploads, "a.pdf")] {
            fs::write(folder.join(name), "text").unwrap();
            assert!(wakes(&mut watcher).await, "written {name}");
            fs::remove_file(folder.join(name)).unwrap();
            assert!(wakes(&mut watcher).await, "removed {name}");
        }
    }

    #[tokio::test]
    async fn reading_does_not_wake() {
        let desk = Desk::new(PollMode::Never).with_folders();
        fs::write(desk.settings.folder.join("a.md"), "text").unwrap();
        let mut watcher = Watcher::new(&desk.settings);
        assert!(wakes(&mut watcher).await);
        fs::read(desk.settings.folder.join("a.md")).unwrap();
        let slept = timeout(Duration::from_millis(300), watcher.changed()).await.is_err();
        assert!(slept);
    }

    #[tokio::test]
    async fn a_folder_made_later_is_watched() {
        let desk = Desk::new(PollMode::Auto);
        let mut watcher = Watcher::new(&desk.settings);
        assert!(!watcher.has_events());
        assert_eq!(watcher.pause(), LOOK_EVERY);
        let desk = desk.with_folders();
        assert!(wakes(&mut watcher).await);
        assert!(watcher.has_events());
        // Replaced as a whole, as a deployment does.
        fs::rename(&desk.settings.folder, desk.settings.folder.with_file_name("old")).unwrap();
        fs::create_dir(&desk.settings.folder).unwrap();
        assert!(wakes(&mut watcher).await);
        assert_eq!(watcher.attached.as_ref().unwrap().content, identity(&desk.settings.folder));
        while timeout(Duration::from_millis(100), watcher.changed()).await.is_ok() {}
        fs::write(desk.settings.folder.join("a.md"), "text").unwrap();
        assert!(wakes(&mut watcher).await);
    }

    #[tokio::test]
    async fn constant_writing_is_not_waited_for_for_ever() {
        let desk = Desk::new(PollMode::Always).with_folders();
        let mut watcher = Watcher::new(&desk.settings);
        assert_eq!(watcher.patience, LEAST_PATIENCE);
        watcher.quiet = GENEROUS * 2;
        watcher.patience = Duration::from_millis(50);
        watcher.happened.notify_one();
        assert!(wakes(&mut watcher).await);
    }

    #[tokio::test]
    async fn looking_by_time_needs_no_events() {
        let desk = Desk::new(PollMode::Always).with_folders();
        let mut watcher = Watcher::new(&desk.settings);
        assert!(!watcher.has_events());
        assert_eq!(watcher.pause(), LOOK_EVERY);
        watcher.rescan = Duration::from_millis(5);
        assert_eq!(watcher.pause(), watcher.rescan);
        assert!(wakes(&mut watcher).await);
    }
}
