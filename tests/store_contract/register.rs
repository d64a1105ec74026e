//! The register round trip.

use depeche::domain::{Digest, EditionState, HoldReason, Slug, Taxonomy};
use depeche::register::{
    Announcement, Decision, FolderAlarm, KeptRegister, NeverReason, NoTexts, Record, Register, RegisterChanges,
    TopicSlug,
};

use super::room::{CAUSE, Room, Sources, appearing, minute, record, release, source};

pub(crate) async fn every_field_comes_back(room: Room) {
    assert_eq!(room.store.load_register().await.unwrap(), Register::default());

    let bridge = Record {
        missing_since: Some(minute(3)),
        live_since: Some(minute(1)),
        first_live: Some(minute(-1)),
        publishable_since: Some(minute(-2)),
        announcement: Announcement::Never(NeverReason::LiveAtFirstStart),
        hold: Some(HoldReason::DocumentMissing { documents: vec!["Dossier".to_owned(), "Annexe".to_owned()] }.into()),
        ..record("bridge")
    };
    let plain = Record { publishable_since: None, ..record("plain") };
    let slug = TopicSlug {
        taxonomy: Taxonomy::Tag,
        folded: "open data".to_owned(),
        slug: "open-data".parse::<Slug>().unwrap(),
    };
    let alarm = FolderAlarm { since: minute(4), missing: 9, of: 12, confirmed: true };
    let old = "/ancien/".parse().unwrap();
    let changes = RegisterChanges {
        authority: Some("presse.example.org".to_owned()),
        started: Some(minute(0)),
        records: vec![bridge.clone().into(), plain.clone().into()],
        new_texts: [release("bridge"), release("plain")].into(),
        aliases: vec![(old, release("bridge"))],
        topic_slugs: vec![slug.clone()],
        decisions: vec![Decision {
            release: release("bridge"),
            at: minute(1),
            what: "never",
            why: "it was live when Depeche first started".into(),
        }],
        alarm: Some(alarm),
    };
    room.store.save_register(&changes, minute(1), &Sources).await.unwrap();

    let expected = Register {
        authority: Some("presse.example.org".to_owned()),
        started: Some(minute(0)),
        records: [bridge, plain].map(|record| (record.id.clone(), record)).into(),
        aliases: changes.aliases.into_iter().collect(),
        topic_slugs: vec![slug].into(),
        alarm: Some(alarm),
    };
    assert_eq!(room.store.load_register().await.unwrap(), expected);
    let text = room.store.last_good_text(&release("bridge")).await.unwrap();
    assert_eq!(text.as_deref(), Some(source("bridge").as_str()));
    assert_eq!(room.store.last_good_text(&release("road")).await.unwrap(), None);
    let decisions = room.store.decisions_of(&release("bridge")).await.unwrap();
    assert_eq!(decisions.len(), 1);
    assert_eq!((decisions[0].what.as_str(), decisions[0].at), ("never", minute(1)));
    assert_eq!(room.store.all_decisions().await.unwrap(), [(release("bridge"), decisions)].into());
}

pub(crate) async fn what_was_decided_is_not_undone(room: Room) {
    let first = RegisterChanges {
        authority: Some("presse.example.org".to_owned()),
        started: Some(minute(0)),
        records: vec![
            Record { announcement: Announcement::Opened, first_live: Some(minute(1)), ..record("bridge") }.into(),
        ],
        topic_slugs: vec![TopicSlug {
            taxonomy: Taxonomy::Tag,
            folded: "eau".to_owned(),
            slug: "eau".parse().unwrap(),
        }],
        aliases: vec![("/ancien/".parse().unwrap(), release("bridge"))],
        alarm: Some(FolderAlarm { since: minute(4), missing: 9, of: 12, confirmed: false }),
        ..RegisterChanges::default()
    };
    room.store.save_register(&first, minute(0), &Sources).await.unwrap();
    let second = RegisterChanges {
        authority: Some("autre.example.org".to_owned()),
        started: Some(minute(9)),
        records: vec![Record { title: "Le pont".into(), ..record("bridge") }.into()],
        topic_slugs: vec![TopicSlug {
            taxonomy: Taxonomy::Tag,
            folded: "eau".to_owned(),
            slug: "eau-2".parse().unwrap(),
        }],
        aliases: vec![("/ancien/".parse().unwrap(), release("road"))],
        ..RegisterChanges::default()
    };
    room.store.save_register(&second, minute(9), &NoTexts).await.unwrap();

    let register = room.store.load_register().await.unwrap();
    assert_eq!(register.authority.as_deref(), Some("presse.example.org"));
    assert_eq!(register.started, Some(minute(0)));
    assert_eq!(register.alarm, None);
    assert_eq!(register.topic_slugs[0].slug.as_str(), "eau");
    assert_eq!(register.aliases.values().next(), Some(&release("road")));
    let bridge = &register.records[&release("bridge")];
    assert_eq!((&*bridge.title, bridge.announcement), ("Le pont", Announcement::Opened));
    assert_eq!(bridge.first_live, Some(minute(1)));
}

pub(crate) async fn an_id_is_taken_over_wherever_it_is_named(room: Room) {
    let edition = room.waiting("bridge").await;
    let old = ("/ancien/".parse().unwrap(), release("bridge"));
    let changes = RegisterChanges { aliases: vec![old.clone()], ..RegisterChanges::default() };
    room.store.save_register(&changes, minute(0), &NoTexts).await.unwrap();
    let known: depeche::domain::ReleaseId = "https://www.example.org/pont".parse().unwrap();
    room.store.adopt_ids(&[(release("bridge"), known.clone())], minute(1), "terminal").await.unwrap();

    let register = room.store.load_register().await.unwrap();
    assert!(register.records.contains_key(&known) && !register.records.contains_key(&release("bridge")));
    assert_eq!(register.aliases.get(&old.0), Some(&known));
    let key = format!("announce:{known}");
    assert!(room.store.has_edition(&key).await.unwrap());
    assert_eq!(room.store.edition(edition).await.unwrap().unwrap().release.as_ref(), Some(&known));
    let decisions = room.store.decisions_of(&known).await.unwrap();
    assert_eq!(decisions.last().map(|made| (made.what.as_str(), made.who.as_str())), Some(("adopted", "terminal")));
    assert!(room.store.decisions_of(&release("bridge")).await.unwrap().is_empty());
}

/// What the database has of a file is of one moment: a text that is not to be had any more changes nothing.
pub(crate) async fn a_text_and_its_digest_stay_together(room: Room) {
    let bridge = record("bridge");
    room.knows("bridge").await;
    let other = Digest::of(b"written and changed again");
    let edited = Record { title: "Le pont".into(), file_digest: other, ..bridge.clone() };
    let new = Record { file_digest: other, ..record("road") };
    room.store.save_register(&appearing(vec![edited, new]), minute(1), &Sources).await.unwrap();

    let register = room.store.load_register().await.unwrap();
    let known = &register.records[&bridge.id];
    assert_eq!((&*known.title, known.file_digest), ("Le pont", bridge.file_digest));
    let text = room.store.last_good_text(&bridge.id).await.unwrap();
    assert_eq!(text.as_deref(), Some(source("bridge").as_str()));
    assert_eq!(register.records[&release("road")].file_digest, Digest::of(b""));
}

/// Compares a register that is kept with the one that a new process would load.
#[track_caller]
fn check_refreshed(kept: &KeptRegister, loaded: &Register, changed: bool, expected: bool) {
    assert_eq!(kept.register(), loaded);
    assert_eq!(changed, expected);
}

/// What anybody writes is found by whoever keeps the register, and only when something is written is anything read.
pub(crate) async fn whoever_writes_it_is_heard_of(room: Room) {
    let store = &room.store;
    let (mut kept, mut known) = (KeptRegister::default(), None);
    for step in 0..9 {
        let is_change = step != 4;
        match step {
            0 => {
                let changes = RegisterChanges {
                    authority: Some("presse.example.org".to_owned()),
                    started: Some(minute(0)),
                    topic_slugs: vec![TopicSlug {
                        taxonomy: Taxonomy::Tag,
                        folded: "eau".to_owned(),
                        slug: "eau".parse().unwrap(),
                    }],
                    ..appearing(vec![record("bridge"), record("road")])
                };
                store.save_register(&changes, minute(0), &Sources).await.unwrap();
            }
            1 => drop(room.opening("ferry").await),
            2 => {
                let edition = room.waiting("tower").await;
                let to = EditionState::Cancelled;
                assert!(store.change_edition(edition, &["waiting"], &to, CAUSE, minute(1)).await.unwrap());
            }
            3 => {
                let aliases = vec![("/ancien/".parse().unwrap(), release("bridge"))];
                let alarm = Some(FolderAlarm { since: minute(4), missing: 9, of: 12, confirmed: false });
                let changes = RegisterChanges { aliases, alarm, ..RegisterChanges::default() };
                store.save_register(&changes, minute(2), &NoTexts).await.unwrap();
            }
            4 => drop(room.subscriber("ann@example.org", &["all"]).await),
            5 => {
                let adopted = (release("bridge"), "https://www.example.org/pont".parse().unwrap());
                store.adopt_ids(&[adopted], minute(3), "terminal").await.unwrap();
            }
            6 => {
                let topic_slugs = vec![TopicSlug {
                    taxonomy: Taxonomy::Category,
                    folded: "zoo".to_owned(),
                    slug: "zoo".parse().unwrap(),
                }];
                let aliases = vec![("/ancien/".parse().unwrap(), release("road"))];
                let changes = RegisterChanges { topic_slugs, aliases, ..RegisterChanges::default() };
                store.save_register(&changes, minute(4), &NoTexts).await.unwrap();
            }
            7 => drop(room.sending("road").await),
            _ => {
                let renamed = Record { title: "Le bac".into(), ..record("ferry") };
                let changes = RegisterChanges { records: vec![renamed.into()], ..RegisterChanges::default() };
                store.save_register(&changes, minute(5), &NoTexts).await.unwrap();
            }
        }
        let changed = store.refresh_register(&mut kept, &mut known).await.unwrap();
        check_refreshed(&kept, &store.load_register().await.unwrap(), changed, is_change);
        assert!(!store.refresh_register(&mut kept, &mut known).await.unwrap());
    }
}

/// Many write at once, from several processes as it were; whoever keeps the register meanwhile ends with all of it.
pub(crate) async fn no_revision_is_skipped(room: Room) {
    let store = &room.store;
    let writers = (0..8).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for number in 0..12 {
                let changes = appearing(vec![record(&format!("release-{writer}-{number}")), record("shared")]);
                store.save_register(&changes, minute(number), &Sources).await.unwrap();
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let (mut kept, mut known) = (KeptRegister::default(), None);
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        store.refresh_register(&mut kept, &mut known).await.unwrap();
    }
    for writer in writers {
        writer.await.unwrap();
    }
    store.refresh_register(&mut kept, &mut known).await.unwrap();
    assert_eq!(kept.register().records.len(), 8 * 12 + 1);
    assert_eq!(kept.register(), &store.load_register().await.unwrap());
}
