//! What is kept reads back as it was, or not at all.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use rayon::ThreadPool;

use super::*;
use crate::domain::{
    Bodies, Body, BodyGone, Digest, Document, DocumentState, FileKind, HoldReason, Image, Label, LinkedUpload,
    PressContact, Release, ReleaseLink, SafeHtml, Slug, Target, Taxonomy, UploadFacts, UploadPath, sample_release,
};
use crate::language::Language;
use crate::register::{Announcement, Record, Register, TopicSlug};
use crate::store::Revision;
use crate::watch::{Cores, Stamp};

#[derive(Debug)]
struct NoBodies;

impl Bodies for NoBodies {
    fn body(&self, release: &Release, _: Digest) -> Result<SafeHtml, BodyGone> {
        Err(BodyGone(release.path.clone()))
    }
}

struct Shelf {
    _temporary: tempfile::TempDir,
    folder: Utf8PathBuf,
    threads: ThreadPool,
    bodies: Arc<dyn Bodies>,
}

/// All that was read back.
type Everything = (Vec<KeptReading>, Vec<KeptUpload>, Option<Register>, Option<Revision>, Option<Settled>);

impl Shelf {
    fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Utf8PathBuf::from_path_buf(temporary.path().to_owned()).unwrap();
        Self { _temporary: temporary, folder, threads: Cores::AllButOne.pool(), bodies: Arc::new(NoBodies) }
    }

    fn cache(&self) -> Cache {
        Cache::new(&self.folder, Fingerprint::new("depeche 1", &["content", "uploads"]))
    }

    fn write(&self, kept: &Kept) {
        self.cache().write(kept, &self.bodies).unwrap();
    }

    /// `None` when any of it is not believed.
    fn read(&self) -> Option<Everything> {
        let open = self.cache().open()?;
        let Readings { readings, uploads } = open.readings(&self.threads, &self.bodies)?;
        let register = if open.revision().is_some() { Some(open.register()?) } else { None };
        Some((readings, uploads, register, open.revision(), open.settled()))
    }
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn stamp(number: i64) -> Stamp {
    Stamp::from_numbers([number, -1, 1, i64::MAX, 1_795_424_400, 999_999_999, -3, 0])
}

/// A release of which every part says something.
fn full_release(words: &str, bodies: &Arc<dyn Bodies>) -> Release {
    let upload = UploadPath::from_decoded("dossier/été.pdf").unwrap();
    let facts = UploadFacts { bytes: 7, digest: Digest::of(b"x"), kind: FileKind::Image { width: 3, height: 2 } };
    let image = |target, facts| Image { target, alternative: words.to_owned(), caption: Some(words.to_owned()), facts };
    let document = |state| Document { target: Target::Upload(upload.clone()), title: words.to_owned(), state };
    Release {
        last_modified: Some(instant("2026-11-24T09:00:00.123456789Z")),
        published: false,
        categories: Label::new(words).into_iter().collect(),
        tags: ["Ponts", "Été", "Ponts et chaussées"].map(|words| Label::new(words).unwrap()).into(),
        body: Body::waiting(Digest::of(b"file"), Digest::of(words.as_bytes()), Arc::clone(bodies)),
        images: vec![
            image(Target::Upload(upload.clone()), Some(facts.clone())),
            image(Target::External("https://example.org/é.png".to_owned()), None),
        ],
        documents: vec![
            document(DocumentState::Present { bytes: u64::MAX, digest: Digest::of(b"pdf") }),
            document(DocumentState::Missing),
            document(DocumentState::Elsewhere),
        ],
        linked_uploads: [LinkedUpload { path: upload.clone(), facts: Some(facts) }].into(),
        release_links: [ReleaseLink { named: words.to_owned(), place: (1, 2, 3) }].into(),
        contact: Some(Box::new(PressContact {
            name: Some(words.to_owned()),
            telephones: vec!["+33 1".to_owned(), words.to_owned()],
            email: Some("Presse@exämple.org".parse().unwrap()),
        })),
        permalink: "/été/100 %/".parse().unwrap(),
        language: Language::English,
        pinned_id: Some("tag:example.org,2026:x".parse().unwrap()),
        redirect_from: vec!["/ancien/%C3%A9/".parse().unwrap()],
        newsletter: false,
        correction: Some(words.to_owned()),
        withdrawn: Some(words.to_owned()),
        ..sample_release("a/2026-11-23-été.md", words, words)
    }
}

fn reading(release: Release) -> KeptReading {
    let asked = [(UploadPath::from_decoded("a.pdf").unwrap(), None)];
    KeptReading {
        stamp: stamp(1),
        digest: Digest::of(b"file"),
        asked: asked.into(),
        doubts: (0, 2),
        release: Arc::new(release),
    }
}

fn register() -> Register {
    let mut register = Register::default();
    for (number, announcement) in [Announcement::Undecided, Announcement::Opened].into_iter().enumerate() {
        let id: crate::domain::ReleaseId = format!("tag:example.org,2026:{number}").parse().unwrap();
        let record = Record {
            id: id.clone(),
            path: crate::domain::SourcePath::new(format!("{number}.md")),
            permalink: format!("/espace-presse/{number}/").parse().unwrap(),
            missing_since: (number == 1).then(|| instant("2026-11-23T09:00:00Z")),
            file_digest: Digest::of(b"a"),
            significant: Digest::of(b"b"),
            documents: Digest::of(b"c"),
            title: "Un pont".into(),
            date: instant("2026-11-23T09:00:00Z"),
            first_seen: instant("2026-11-23T09:00:00.000001Z"),
            publishable_since: None,
            live_since: Some(instant("2026-11-23T09:00:00.5Z")),
            first_live: Some(instant("1969-11-23T09:00:00.5Z")),
            updated: instant("2026-11-23T09:00:00Z"),
            announcement,
            hold: Some(Box::new(HoldReason::DocumentMissing { documents: vec!["Le dossier".to_owned()] })),
        };
        register.aliases.insert(format!("/ancien/{number}/").parse().unwrap(), id.clone());
        register.records.insert(id, record);
    }
    let slug: Slug = "ponts".parse().unwrap();
    register.learn_slugs(&[TopicSlug { taxonomy: Taxonomy::Tag, folded: "ponts".to_owned(), slug }]);
    register
}

fn everything(shelf: &Shelf) -> Kept {
    let upload = UploadFacts { bytes: 3, digest: Digest::of(b"pdf"), kind: FileKind::Pdf };
    let settled = Some(Settled { next_change: Some(instant("2027-01-01T00:00:00Z")) });
    Kept {
        readings: vec![
            reading(full_release("Un été — 100 %", &shelf.bodies)),
            reading(sample_release("b.md", "Un pont", "Le texte est là.")),
        ],
        uploads: vec![KeptUpload { path: UploadPath::from_decoded("a.pdf").unwrap(), stamp: stamp(2), facts: upload }],
        state: Some(KeptState { revision: Revision::from_numbers([3, 1, i64::MAX]), register: register(), settled }),
    }
}

#[test]
fn what_is_kept_reads_back_as_it_was() {
    let shelf = Shelf::new();
    assert_eq!(shelf.read(), None, "nothing was kept yet");
    let kept = everything(&shelf);
    shelf.write(&kept);
    let (readings, uploads, register, revision, settled) = shelf.read().unwrap();
    let state = kept.state.unwrap();
    assert_eq!((readings, uploads), (kept.readings, kept.uploads));
    assert_eq!((register, revision, settled), (Some(state.register), Some(state.revision), state.settled));
    shelf.write(&Kept { readings: Vec::new(), uploads: Vec::new(), state: None });
    assert_eq!(shelf.read(), Some((Vec::new(), Vec::new(), None, None, None)), "written anew as a whole");
}

#[test]
fn it_is_its_owners_alone_and_nothing_is_left_beside_it() {
    let shelf = Shelf::new();
    let beside = shelf.folder.join("start.cache.new");
    fs::write(&beside, "left by a kill, readable by all").unwrap();
    shelf.write(&everything(&shelf));
    let mode = fs::metadata(shelf.cache().path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!beside.exists());
}

#[test]
fn a_folder_that_is_not_there_is_an_error_and_no_more() {
    let shelf = Shelf::new();
    let cache = Cache::new(Utf8Path::new("/nonexistent"), Fingerprint::new("depeche 1", &[]));
    assert!(cache.write(&everything(&shelf), &shelf.bodies).is_err());
    assert!(cache.open().is_none());
}

#[test]
fn another_program_and_other_settings_are_another_writer() {
    let shelf = Shelf::new();
    shelf.write(&everything(&shelf));
    for (program, settings) in [
        ("depeche 2", vec!["content", "uploads"]),
        ("depeche 1", vec!["content2", "uploads"]),
        ("depeche 1", vec!["contentuploads"]),
        ("depeche 1", vec![]),
    ] {
        assert!(
            Cache::new(&shelf.folder, Fingerprint::new(program, &settings)).open().is_none(),
            "{program} {settings:?}"
        );
    }
    assert!(Fingerprint::of_running(&["a"]).is_some());
    assert_ne!(Fingerprint::of_running(&["a"]), Fingerprint::of_running(&["b"]));
}

#[test]
fn cut_anywhere_or_with_any_bit_flipped_it_is_not_believed() {
    let shelf = Shelf::new();
    shelf.write(&everything(&shelf));
    let path = shelf.cache().path().to_owned();
    let whole = fs::read(&path).unwrap();
    for end in 0..whole.len() {
        fs::write(&path, &whole[..end]).unwrap();
        assert_eq!(shelf.read(), None, "cut at {end} of {}", whole.len());
    }
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&path, &flipped).unwrap();
        assert_eq!(shelf.read(), None, "a bit of byte {at} of {} is another", whole.len());
    }
    fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
    assert_eq!(shelf.read(), None, "with a byte more");
    fs::write(&path, &whole).unwrap();
    assert!(shelf.read().is_some());
}

#[test]
fn what_would_not_read_back_is_left_out() {
    let shelf = Shelf::new();
    let other = Body::waiting(Digest::of(b"another file"), Digest::of(b""), Arc::clone(&shelf.bodies));
    let readings = vec![
        reading(Release { body: other, ..sample_release("a.md", "Un", "pont") }),
        reading(sample_release("b.md", "Un", "pont")),
    ];
    let good = readings[1].clone();
    shelf.write(&Kept { readings, uploads: Vec::new(), state: None });
    assert_eq!(shelf.read().unwrap().0, [good]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_words_read_back(words in any::<String>(), more in prop::collection::vec(any::<String>(), 0..3)) {
        let shelf = Shelf::new();
        let texts = std::iter::once(words).chain(more);
        let readings: Vec<_> = texts.map(|words| reading(full_release(&words, &shelf.bodies))).collect();
        shelf.write(&Kept { readings: readings.clone(), uploads: Vec::new(), state: None });
        prop_assert_eq!(shelf.read().unwrap().0, readings);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), keep in 0..2_000_usize) {
        let shelf = Shelf::new();
        let path = shelf.cache().path().to_owned();
        fs::write(&path, &bytes).unwrap();
        prop_assert_eq!(shelf.read(), None);
        shelf.write(&everything(&shelf));
        let mut whole = fs::read(&path).unwrap();
        whole.splice(keep.min(whole.len()).., bytes.clone());
        fs::write(&path, &whole).unwrap();
        prop_assert!(bytes.is_empty() && keep >= whole.len() || shelf.read().is_none());
        // Believed, but no rows: digests prove who wrote them, not that they are right.
        let read = super::kept::readings_of(&bytes, &shelf.bodies);
        prop_assert!(read.is_none_or(|rows| rows.len() <= bytes.len()));
    }
}
