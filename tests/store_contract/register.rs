//! The register round trip.

use depeche::domain::{HoldReason, Slug, Taxonomy};
use depeche::register::{
    Announcement, Decision, FolderAlarm, NeverReason, Record, Register, RegisterChanges, TopicSlug,
};

use super::room::{Room, minute, record, release};

pub(crate) async fn every_field_comes_back(room: Room) {
    assert_eq!(room.store.load_register().await.unwrap(), Register::default());

    let bridge = Record {
        missing_since: Some(minute(3)),
        source: "---\ntitle: nul\n---\nun \0 et ’é’ ".to_owned(),
        live_since: Some(minute(1)),
        first_live: Some(minute(-1)),
        publishable_since: Some(minute(-2)),
        announcement: Announcement::Never(NeverReason::LiveAtFirstStart),
        hold: Some(HoldReason::DocumentMissing { documents: vec!["Dossier".to_owned(), "Annexe".to_owned()] }),
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
        records: vec![bridge.clone(), plain.clone()],
        aliases: vec![(old, release("bridge"))],
        topic_slugs: vec![slug.clone()],
        decisions: vec![Decision {
            release: release("bridge"),
            at: minute(1),
            what: "never",
            why: "it was live when Depeche first started".to_owned(),
        }],
        alarm: Some(alarm),
    };
    room.store.save_register(&changes, minute(1)).await.unwrap();

    let expected = Register {
        authority: Some("presse.example.org".to_owned()),
        started: Some(minute(0)),
        records: [bridge, plain].map(|record| (record.id.clone(), record)).into(),
        aliases: changes.aliases.into_iter().collect(),
        topic_slugs: vec![slug],
        alarm: Some(alarm),
    };
    assert_eq!(room.store.load_register().await.unwrap(), expected);
    let decisions = room.store.decisions_of(&release("bridge")).await.unwrap();
    assert_eq!(decisions.len(), 1);
    assert_eq!((decisions[0].what.as_str(), decisions[0].at), ("never", minute(1)));
    assert_eq!(room.store.all_decisions().await.unwrap(), [(release("bridge"), decisions)].into());
}

pub(crate) async fn what_was_decided_is_not_undone(room: Room) {
    let first = RegisterChanges {
        authority: Some("presse.example.org".to_owned()),
        started: Some(minute(0)),
        records: vec![Record { announcement: Announcement::Opened, first_live: Some(minute(1)), ..record("bridge") }],
        topic_slugs: vec![TopicSlug {
            taxonomy: Taxonomy::Tag,
            folded: "eau".to_owned(),
            slug: "eau".parse().unwrap(),
        }],
        aliases: vec![("/ancien/".parse().unwrap(), release("bridge"))],
        alarm: Some(FolderAlarm { since: minute(4), missing: 9, of: 12, confirmed: false }),
        ..RegisterChanges::default()
    };
    room.store.save_register(&first, minute(0)).await.unwrap();
    let second = RegisterChanges {
        authority: Some("autre.example.org".to_owned()),
        started: Some(minute(9)),
        records: vec![Record { title: "Le pont".to_owned(), ..record("bridge") }],
        topic_slugs: vec![TopicSlug {
            taxonomy: Taxonomy::Tag,
            folded: "eau".to_owned(),
            slug: "eau-2".parse().unwrap(),
        }],
        aliases: vec![("/ancien/".parse().unwrap(), release("road"))],
        ..RegisterChanges::default()
    };
    room.store.save_register(&second, minute(9)).await.unwrap();

    let register = room.store.load_register().await.unwrap();
    assert_eq!(register.authority.as_deref(), Some("presse.example.org"));
    assert_eq!(register.started, Some(minute(0)));
    assert_eq!(register.alarm, None);
    assert_eq!(register.topic_slugs[0].slug.as_str(), "eau");
    assert_eq!(register.aliases.values().next(), Some(&release("road")));
    let bridge = &register.records[&release("bridge")];
    assert_eq!((bridge.title.as_str(), bridge.announcement), ("Le pont", Announcement::Opened));
    assert_eq!(bridge.first_live, Some(minute(1)));
}

pub(crate) async fn an_id_is_taken_over_wherever_it_is_named(room: Room) {
    let edition = room.waiting("bridge").await;
    let old = ("/ancien/".parse().unwrap(), release("bridge"));
    let changes = RegisterChanges { aliases: vec![old.clone()], ..RegisterChanges::default() };
    room.store.save_register(&changes, minute(0)).await.unwrap();
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
