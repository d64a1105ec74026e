//! What one run kept, another takes up: whatever differs by then is read again, and nothing else is.

use std::fs::{self, File};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, Utc};

use super::super::super::last_good::LastGood;
use super::super::{Found, Ingest};
use crate::cache::{Cache, Fingerprint, Settled};
use crate::clock::FixedClock;
use crate::config::Config;
use crate::domain::SourcePath;
use crate::register::{KeptRegister, Register};
use crate::store::Revision;
use crate::template::Templates;
use crate::watch::{Cores, Hint, UploadsFolder};

struct Desk {
    _temporary: tempfile::TempDir,
    root: Utf8PathBuf,
    config: Config,
    templates: Arc<Templates>,
    /// Long after every file was written, so that the file system's times are believed.
    now: DateTime<Utc>,
}

impl Desk {
    fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(temporary.path().to_owned()).unwrap();
        fs::create_dir_all(root.join("content/uploads")).unwrap();
        let text = "[site]\nurl = \"https://example.org\"\n[newsletter]\nfrom = \"presse@example.org\"\n";
        let (config, _) = Config::from_toml(text, "config.toml", &root, std::iter::empty()).unwrap();
        let templates = Arc::new(Templates::new(Vec::new()).unwrap());
        let now = "2100-01-01T09:00:00Z".parse().unwrap();
        let desk = Self { _temporary: temporary, root, config, templates, now };
        for name in ["a", "b", "c", "d"] {
            desk.put(&format!("{name}.md"), &release(name, "/uploads/a.pdf"));
        }
        desk.put(
            "waiting.md",
            "---\ntitle: Attendu\ndate: 2026-11-23\nchapeau-text: Bref\n---\nUn texte qui attend.\n",
        );
        desk.put("uploads/a.pdf", "%PDF one");
        desk.put("readme.md", "no release");
        desk
    }

    fn path(&self, name: &str) -> Utf8PathBuf {
        self.root.join("content").join(name)
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn ingest(&self) -> Ingest {
        let uploads = UploadsFolder::new(&self.config.content, Arc::new(FixedClock::at(self.now)));
        Ingest::new(&self.config, Arc::new(uploads), self.templates.clone(), Cores::AllButOne)
    }

    fn cache(&self, ingest: &Ingest) -> Cache {
        Cache::new(&self.root, Fingerprint::new("depeche", &ingest.deciding().each_ref().map(String::as_str)))
    }

    fn find(&self, ingest: &mut Ingest) -> Found {
        ingest.find(&Hint::Everything, self.now)
    }

    /// A run that looks once and keeps what it found.
    fn run(&self) -> (Register, Option<Settled>) {
        let mut ingest = self.ingest();
        let looked = ingest.look(&Register::default(), &LastGood::default(), self.now, &Hint::Everything);
        let register = looked.current.register.clone();
        ingest.keep(&looked.current, looked.shown, looked.settled);
        let (kept, bodies) = ingest.gather().beside(register.clone(), Revision::from_numbers([1, 0, 7]));
        self.cache(&ingest).write(&kept, &bodies).unwrap();
        (register, kept.state.and_then(|state| state.settled))
    }

    /// A run that takes up what was kept.
    fn next_run(&self) -> Ingest {
        let mut ingest = self.ingest();
        let open = self.cache(&ingest).open().unwrap();
        assert!(ingest.take_up(&open));
        ingest
    }

    /// What the next run reads again after `change`; all it knows is what a run that reads everything does.
    #[track_caller]
    fn check(change: impl FnOnce(&Self), read: &[&str]) {
        let desk = Self::new();
        desk.run();
        change(&desk);
        let (mut taken_up, mut fresh) = (desk.next_run(), desk.ingest());
        let found = desk.find(&mut taken_up);
        desk.find(&mut fresh);
        let changed: Vec<_> = found.changed.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(changed, read);
        assert_eq!(known(&taken_up), known(&fresh));
    }
}

fn release(name: &str, document: &str) -> String {
    format!(
        "---\ntitle: Le titre {name}\ndate: 2026-11-23\nfiles:\n- file: {document}\n  nom: Le dossier\n---\n\
         Un <b>texte</b> {name}.\n"
    )
}

/// All that is known of the files.
fn known(ingest: &Ingest) -> String {
    for (path, file) in &ingest.files {
        // What is found out when it is asked for.
        let _ = file.seen(path);
    }
    format!("{:#?}", ingest.files)
}

fn times_of(path: &Utf8Path) -> std::time::SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

#[test]
fn what_is_as_it_was_is_not_read_again() {
    Desk::check(|_| {}, &["readme.md"]);
}

#[test]
fn what_differs_is_read_again() {
    let same_size = |desk: &Desk| {
        let (path, text) = (desk.path("a.md"), release("a", "/uploads/a.pdf").replace("titre", "TITRE"));
        let modified = times_of(&path);
        fs::write(&path, text).unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    };
    Desk::check(same_size, &["a.md", "readme.md"]);
    let replaced = |desk: &Desk| {
        desk.put("new", &release("A", "/uploads/a.pdf"));
        let modified = times_of(&desk.path("a.md"));
        File::options().write(true).open(desk.path("new")).unwrap().set_modified(modified).unwrap();
        fs::rename(desk.path("new"), desk.path("a.md")).unwrap();
    };
    Desk::check(replaced, &["a.md", "readme.md"]);
    Desk::check(|desk| desk.put("e.md", &release("e", "/uploads/a.pdf")), &["e.md", "readme.md"]);
    Desk::check(|desk| fs::rename(desk.path("a.md"), desk.path("z.md")).unwrap(), &["readme.md", "z.md"]);
    let swapped = |desk: &Desk| {
        fs::rename(desk.path("a.md"), desk.path("x")).unwrap();
        fs::rename(desk.path("b.md"), desk.path("a.md")).unwrap();
        fs::rename(desk.path("x"), desk.path("b.md")).unwrap();
    };
    Desk::check(swapped, &["a.md", "b.md", "readme.md"]);
    Desk::check(|desk| desk.put("a.md", "---\ntitle: [\n---\n"), &["a.md", "readme.md"]);
}

#[test]
fn what_is_gone_is_known_no_more() {
    Desk::check(|desk| fs::remove_file(desk.path("a.md")).unwrap(), &["readme.md"]);
    Desk::check(|desk| fs::remove_dir_all(desk.path("")).unwrap(), &[]);
}

#[test]
fn an_upload_that_differs_is_noticed() {
    Desk::check(|desk| desk.put("uploads/a.pdf", "%PDF two"), &["readme.md"]);
    Desk::check(|desk| fs::remove_file(desk.path("uploads/a.pdf")).unwrap(), &["readme.md"]);
}

#[test]
fn uploads_are_handed_on_as_long_as_somebody_asks_for_them() {
    let desk = Desk::new();
    desk.run();
    let mut ingest = desk.next_run();
    desk.find(&mut ingest);
    assert_eq!(ingest.gather().uploads.len(), 1);
    for name in ["a", "b", "c", "d"] {
        fs::remove_file(desk.path(&format!("{name}.md"))).unwrap();
    }
    desk.find(&mut ingest);
    assert_eq!(ingest.gather().uploads.len(), 0);
}

#[test]
fn what_another_folder_or_other_settings_made_is_not_taken_up() {
    let mut desk = Desk::new();
    desk.run();
    desk.config.site.language = crate::language::Language::English;
    assert!(desk.cache(&desk.ingest()).open().is_none());
    desk.config.site.language = crate::language::Language::French;
    assert!(desk.cache(&desk.ingest()).open().is_some());
    desk.config.content.folder = desk.root.join("elsewhere");
    assert!(desk.cache(&desk.ingest()).open().is_none());
}

#[test]
fn a_file_written_just_now_is_read_again() {
    let mut desk = Desk::new();
    desk.now = DateTime::UNIX_EPOCH;
    desk.run();
    let mut ingest = desk.next_run();
    assert_eq!(desk.find(&mut ingest).changed.len(), 6, "no times were believed");
}

#[test]
fn where_a_reading_is_missing_the_register_is_gone_through() {
    let mut desk = Desk::new();
    let later = desk.now;
    desk.now = DateTime::UNIX_EPOCH;
    assert_eq!(desk.run().1, None, "of a file that is gone at the next start nobody would know");
    desk.now = later;
    assert!(desk.run().1.is_some());
}

#[test]
fn where_nothing_differs_the_register_is_not_gone_through() {
    let desk = Desk::new();
    let (register, settled) = desk.run();
    assert!(settled.is_some());
    let look = |resumed: Option<Settled>, change: &dyn Fn(&Desk)| {
        change(&desk);
        let mut ingest = desk.next_run();
        let found = desk.find(&mut ingest);
        let is_as_kept = ingest.resume(&found, resumed);
        let mut kept = KeptRegister::new(register.clone());
        let as_kept = ingest.take_in_as_kept(&found, &kept, &LastGood::default(), desk.now);
        assert_eq!(as_kept.is_some(), is_as_kept);
        let whole = ingest.take_in(&found, &mut kept, &LastGood::default(), desk.now);
        if let Some(as_kept) = &as_kept {
            assert_eq!((&as_kept.changes, &as_kept.current.register), (&whole.changes, &whole.current.register));
            assert_eq!((&as_kept.shown, as_kept.settled), (&whole.shown, whole.settled));
            let all = |catalog: &crate::catalog::Catalog| catalog.all().cloned().collect::<Vec<_>>();
            assert_eq!(all(&as_kept.current.catalog), all(&whole.current.catalog));
        }
        as_kept.is_some()
    };
    assert!(look(settled, &|_| {}));
    assert!(!look(None, &|_| {}), "another register");
    assert!(look(settled, &|desk| desk.put("notes.md", "no release either")));
    assert!(!look(settled, &|desk| desk.put("uploads/a.pdf", "%PDF two")));
    desk.run();
    assert!(!look(settled, &|desk| desk.put("e.md", "---\ntitle: [\n---\n")));
    fs::remove_file(desk.path("e.md")).unwrap();
    assert!(!look(settled, &|desk| fs::remove_file(desk.path("b.md")).unwrap()));
}

#[test]
fn what_is_left_open_is_gone_through_again() {
    let desk = Desk::new();
    desk.put("e.md", "---\ntitle: Un autre\ndate: 2026-11-23\npermalink: /p/\n---\nUn texte.\n");
    desk.put("f.md", "---\ntitle: Encore un\ndate: 2026-11-24\npermalink: /p/\n---\nAutre chose.\n");
    assert_eq!(desk.run().1, None, "two want one address");
}

#[test]
fn a_path_is_that_of_its_release() {
    let desk = Desk::new();
    desk.run();
    let ingest = desk.next_run();
    let paths = |(path, file): (&SourcePath, &super::super::ReadFile)| {
        assert_eq!(Some(path), file.release.as_ref().map(|release| &release.path));
    };
    ingest.files.iter().for_each(paths);
    assert_eq!(ingest.files.len(), 5);
}
