//! Readers of every topic, and what they got of one letter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::Utf8Path;
use depeche::app::{open_newsroom, read_config};
use depeche::clock::SystemClock;
use depeche::domain::{Frequency, NewSubscriber, Topic};
use depeche::language::Language;
use depeche::store::Added;

use super::press_room::PressRoom;
use super::smtp_server::Accepted;

/// Adds these readers of every topic.
pub(crate) async fn subscribe(room: &PressRoom, readers: impl IntoIterator<Item = String>) {
    subscribe_addresses(room, readers.into_iter().map(|reader| format!("{reader}@journal.example"))).await;
}

/// The same for whole addresses, through the library: a command each would take minutes.
pub(crate) async fn subscribe_addresses(room: &PressRoom, addresses: impl IntoIterator<Item = String>) {
    let file = room.path("config.toml");
    let (config, _) = read_config(Utf8Path::from_path(&file).unwrap()).unwrap();
    let newsroom = open_newsroom(config, Arc::new(SystemClock)).await.unwrap();
    for address in addresses {
        let new = NewSubscriber {
            address: address.parse().unwrap(),
            name: None,
            organisation: None,
            language: Language::French,
            frequency: Frequency::Immediate,
            topics: BTreeSet::from([Topic::All]),
            source: "test".to_owned(),
        };
        let added = newsroom.store.add_active(&new, newsroom.now()).await.unwrap();
        assert!(matches!(added, Added::New(_)), "{address}");
    }
    newsroom.store.close().await;
}

pub(crate) fn readers(count: usize) -> impl Iterator<Item = String> {
    (1..=count).map(|number| format!("lecteur-{number:04}"))
}

/// The letters that readers got, by address; the office's are left out.
pub(crate) fn by_reader(letters: Vec<Accepted>) -> BTreeMap<String, Vec<Accepted>> {
    let mut found: BTreeMap<String, Vec<Accepted>> = BTreeMap::new();
    for letter in letters.into_iter().filter(|letter| letter.to.ends_with("@journal.example")) {
        found.entry(letter.to.clone()).or_default().push(letter);
    }
    found
}

/// How many letters there are beyond one for each reader; every one of them repeats the first to the byte.
#[track_caller]
pub(crate) fn extra_copies(letters: &BTreeMap<String, Vec<Accepted>>) -> usize {
    let mut extra = 0;
    let mut ids = BTreeSet::new();
    for (to, copies) in letters {
        let first = &copies[0];
        assert!(!first.message_id.is_empty() && ids.insert(&first.message_id), "{to}: {}", first.message_id);
        for copy in &copies[1..] {
            assert_eq!(copy.message_id, first.message_id, "{to}");
            assert!(copy.data == first.data, "{to}: a repeat differs");
            extra += 1;
        }
    }
    extra
}
