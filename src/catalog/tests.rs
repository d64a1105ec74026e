//! The catalog as a story: what is live, what is followed, what stays hidden.

use std::sync::Arc;

use proptest::prelude::*;

use super::sample::{at, catalog, known, labels, release};
use super::{Catalog, LabelNote, Listing, Live, Published, departed};
use crate::domain::{
    Digest, Document, DocumentState, Label, LinkedUpload, Release, ReleaseLink, SafeHtml, Slug, Target, Taxonomy,
    Topic, TopicAliases, UploadPath,
};
use crate::register::{Announcement, Record, Register, TopicSlug};

fn names(releases: Listing<'_>) -> Vec<String> {
    releases.iter().map(|published| published.release.path.stem()).collect()
}

fn tagged(name: &str, date: &str, tags: &[&str]) -> Release {
    Release { tags: labels(tags), ..release(name, date) }
}

fn tag(slug: &str) -> Topic {
    Topic::Tag(slug.parse().unwrap())
}

/// The live tags as `slug=label×count`.
fn tags_of(live: &Live) -> Vec<String> {
    let tags = live.topics_in(Taxonomy::Tag).iter();
    tags.map(|entry| format!("{}={}×{}", entry.topic.slug().unwrap(), entry.label, entry.count)).collect()
}

fn settled(folded: &str, slug: &str) -> TopicSlug {
    TopicSlug { taxonomy: Taxonomy::Tag, folded: folded.to_owned(), slug: slug.parse().unwrap() }
}

#[test]
fn releases_stand_newest_first_then_by_id() {
    let day = "2026-03-01T09:00:00Z";
    let catalog = catalog(vec![release("b", day), release("c", "2026-03-02T09:00:00Z"), release("a", day)]);
    let live = catalog.live(at("2026-03-03T00:00:00Z"));
    assert_eq!(names(live.releases()), ["c", "a", "b"]);
    assert_eq!(names(live.of(&Topic::All)), ["c", "a", "b"]);
}

#[test]
fn an_embargo_ends_at_its_instant_and_not_before() {
    let secret = UploadPath::from_decoded("secret.pdf").unwrap();
    let coming = Release {
        categories: labels(&["Secret"]),
        linked_uploads: [LinkedUpload { path: secret.clone(), facts: None }].into(),
        ..release("demain", "2026-03-02T09:00:00Z")
    };
    let permalink = coming.permalink.clone();
    let catalog = catalog(vec![coming, release("hier", "2026-03-01T09:00:00Z")]);
    let topic = Topic::Category(Slug::of_label("Secret"));

    let before = at("2026-03-02T08:59:59.999999Z");
    let live = catalog.live(before);
    assert_eq!(names(live.releases()), ["hier"]);
    assert!(!live.refers_to(&secret) && !live.knows(&topic) && live.by_permalink(&permalink).is_none());
    assert_eq!((live.topics(), live.new_slugs()), (&[][..], &[][..]));
    assert!(!format!("{live:?}").to_lowercase().contains("secret"));
    assert_eq!(catalog.coming(before).count(), 1);
    assert_eq!(catalog.next_change(before), Some(at("2026-03-02T09:00:00Z")));

    let then = at("2026-03-02T09:00:00Z");
    let live = catalog.live(then);
    assert_eq!(names(live.releases()), ["demain", "hier"]);
    assert!(live.refers_to(&secret) && live.knows(&topic));
    assert_eq!(live.by_permalink(&permalink).map(|found| found.release.path.stem()).as_deref(), Some("demain"));
    assert_eq!((catalog.coming(then).count(), catalog.next_change(then)), (0, None));
}

#[test]
fn what_was_live_stays_live_when_the_clock_goes_back() {
    let past =
        Published { live_since: Some(at("2026-03-02T09:00:00Z")), ..known(release("a", "2026-03-02T09:00:00Z")) };
    let catalog = Catalog::new(vec![past], &[]);
    assert_eq!(catalog.live(at("2026-01-01T00:00:00Z")).releases().len(), 1);
    assert_eq!(catalog.next_change(at("2026-01-01T00:00:00Z")), None);
}

#[test]
fn unpublished_and_withdrawn_releases_are_never_live() {
    let date = "2026-03-01T09:00:00Z";
    let hidden = Release { published: false, ..release("a", date) };
    let withdrawn = Release { withdrawn: Some("erreur".to_owned()), ..release("b", date) };
    let seen = |release| Published { live_since: Some(at(date)), ..known(release) };
    let catalog = Catalog::new(vec![seen(hidden), seen(withdrawn)], &[]);
    let now = at("2030-01-01T00:00:00Z");
    assert_eq!(names(catalog.live(now).releases()), [""; 0]);
    assert_eq!((catalog.coming(now).count(), catalog.next_change(at("2020-01-01T00:00:00Z"))), (2, None));
}

#[test]
fn spellings_are_one_topic_and_the_commonest_is_shown() {
    let catalog = catalog(vec![
        tagged("a", "2026-01-01T09:00:00Z", &["Énergie"]),
        tagged("b", "2026-01-02T09:00:00Z", &["énergie"]),
        tagged("c", "2026-01-03T09:00:00Z", &["energie"]),
        tagged("d", "2026-01-04T09:00:00Z", &["énergie", "Eau"]),
    ]);
    assert_eq!(tags_of(&catalog.live(at("2026-01-02T10:00:00Z"))), ["energie=Énergie×2"]);
    let live = catalog.live(at("2026-02-01T00:00:00Z"));
    assert_eq!(tags_of(&live), ["eau=Eau×1", "energie=énergie×4"]);
    assert_eq!(names(live.of(&tag("energie"))), ["d", "c", "b", "a"]);
    let own: Vec<_> = live.topics_of(&live.releases().first().unwrap().id).map(|entry| entry.label.as_str()).collect();
    assert_eq!(own, ["énergie", "Eau"]);
}

#[test]
fn labels_that_share_a_slug_get_numbers_by_first_sight() {
    let releases = vec![
        tagged("b", "2026-01-02T09:00:00Z", &["C++"]),
        tagged("a", "2026-01-01T09:00:00Z", &["C"]),
        tagged("c", "2026-01-03T09:00:00Z", &["C 2", "C#"]),
    ];
    let catalog = catalog(releases);
    let now = at("2026-02-01T00:00:00Z");
    let live = catalog.live(now);
    let by_label = |words: &str| {
        let entry = live.topics().iter().find(|entry| entry.label == words).unwrap();
        entry.topic.slug().unwrap().to_string()
    };
    assert_eq!([by_label("C"), by_label("C++"), by_label("C 2"), by_label("C#")], ["c", "c-2", "c-2-2", "c-3"]);
    assert_eq!(catalog.live(now).new_slugs().len(), 4);
}

#[test]
fn a_settled_slug_never_changes_hands() {
    let slugs = [settled("c++", "c"), settled("oubli", "oubli")];
    let releases = vec![tagged("a", "2026-01-01T09:00:00Z", &["C"]), tagged("b", "2026-01-02T09:00:00Z", &["C++"])];
    let catalog = Catalog::new(releases.into_iter().map(known).collect(), &slugs);
    let live = catalog.live(at("2026-02-01T00:00:00Z"));
    assert_eq!(tags_of(&live), ["c-2=C×1", "c=C++×1"]);
    assert_eq!(live.new_slugs(), [settled("c", "c-2")]);
    assert!(live.knows(&tag("oubli")) && live.of(&tag("oubli")).is_empty());
    assert_eq!(live.topic_label(&tag("oubli")), Some("oubli"));
    assert!(!live.knows(&tag("jamais")) && !live.knows(&Topic::Category(Slug::of_label("oubli"))));
}

#[test]
fn a_coming_label_takes_no_slug_from_a_live_one() {
    let catalog = catalog(vec![
        tagged("plus-tard", "2026-06-01T09:00:00Z", &["C"]),
        tagged("deja", "2026-01-01T09:00:00Z", &["C++"]),
    ]);
    let now = at("2026-02-01T00:00:00Z");
    assert_eq!(tags_of(&catalog.live(now)), ["c=C++×1"]);
    let slugs = catalog.live(now).new_slugs().to_vec();
    assert_eq!(slugs, [settled("c++", "c")]);
    let later = Catalog::new(catalog.all().map(|known| Published::clone(known)).collect(), &slugs);
    assert_eq!(tags_of(&later.live(at("2026-07-01T00:00:00Z"))), ["c-2=C×1", "c=C++×1"]);
}

#[test]
fn of_two_releases_at_one_address_the_older_answers() {
    let older = release("a", "2026-01-01T09:00:00Z");
    let newer = Release { permalink: older.permalink.clone(), ..release("b", "2026-01-02T09:00:00Z") };
    let permalink = older.permalink.clone();
    let live = catalog(vec![newer, older]).live(at("2026-02-01T00:00:00Z"));
    assert_eq!(live.by_permalink(&permalink).map(|found| found.release.path.stem()).as_deref(), Some("a"));
}

#[test]
fn uploads_are_those_of_live_releases() {
    let path = UploadPath::from_decoded("dossier/a b.pdf").unwrap();
    let offered =
        Document { target: Target::Upload(path.clone()), title: "Dossier".to_owned(), state: DocumentState::Missing };
    let live = catalog(vec![Release { documents: vec![offered], ..release("a", "2026-01-01T09:00:00Z") }])
        .live(at("2026-02-01T00:00:00Z"));
    assert!(live.refers_to(&path));
    assert!(!live.refers_to(&UploadPath::from_decoded("dossier/b.pdf").unwrap()));
}

#[test]
fn notes_name_spellings_and_shared_slugs_with_their_files() {
    let notes = catalog(vec![
        tagged("a", "2026-01-01T09:00:00Z", &["Données ouvertes"]),
        tagged("b", "2099-01-01T09:00:00Z", &["données ouvertes", "C"]),
        tagged("c", "2026-01-02T09:00:00Z", &["C++", "seul"]),
    ])
    .label_notes();
    let lines: Vec<_> = notes.iter().map(line_of).collect();
    assert_eq!(
        lines,
        ["Tag Données ouvertes: Données ouvertes (a.md), données ouvertes (b.md)", "Tag c: C++ (c.md), C (b.md)"]
    );
}

fn line_of(note: &LabelNote) -> String {
    let (taxonomy, name, uses) = match note {
        LabelNote::Folded { taxonomy, shown, spellings } => (taxonomy, shown.clone(), spellings),
        LabelNote::SharedSlug { taxonomy, slug, labels } => (taxonomy, slug.to_string(), labels),
    };
    let uses = uses.iter().map(|found| {
        let paths: Vec<_> = found.paths.iter().map(ToString::to_string).collect();
        format!("{} ({})", found.words, paths.join(" "))
    });
    format!("{taxonomy:?} {name}: {}", uses.collect::<Vec<_>>().join(", "))
}

proptest! {
    /// No label is ever lost, no two share a slug, and settling what is new changes nothing.
    #[test]
    fn every_live_label_has_a_topic_of_its_own(
        words in proptest::collection::vec(proptest::collection::vec("[aAéEß+# ’'§-]{1,3}|\\PC{1,2}", 0..4), 1..12)
    ) {
        let mut releases = Vec::new();
        for (index, words) in words.iter().enumerate() {
            let mut tags: Vec<Label> = words.iter().filter_map(|words| Label::new(words)).collect();
            tags.dedup_by_key(|label| label.folded());
            let day = format!("2026-01-{:02}T09:00:00Z", index % 5 + 1);
            releases.push(known(Release { tags, ..release(&format!("r{index}"), &day) }));
        }
        let now = at("2026-02-01T00:00:00Z");
        let first = Catalog::new(releases.clone(), &[]);
        let live = first.live(now);
        for published in live.releases().iter() {
            let own: Vec<_> = live.topics_of(&published.id).collect();
            for label in &published.release.tags {
                let shown = own.iter().filter(|entry| Label::new(&entry.label).unwrap().folded() == label.folded());
                let topics: Vec<_> = shown.collect();
                prop_assert_eq!(topics.len(), 1);
                prop_assert!(live.of(&topics[0].topic).iter().any(|member| member.id == published.id));
            }
        }
        let mut slugs: Vec<_> = live.topics().iter().map(|entry| entry.topic.clone()).collect();
        slugs.sort();
        slugs.dedup();
        prop_assert_eq!(slugs.len(), live.topics().len());
        releases.reverse();
        let again = Catalog::new(releases, live.new_slugs()).live(now);
        prop_assert_eq!(again.topics(), live.topics());
        prop_assert!(again.new_slugs().is_empty());
    }
}

/// What the register knows of a release called `name`, dated 1 March, first public at `first_live`.
fn remembered(name: &str, first_live: Option<&str>) -> Record {
    let release = release(name, "2026-03-01T09:00:00Z");
    let published = known(release.clone());
    Record {
        id: published.id,
        path: release.path.clone(),
        permalink: release.permalink.clone(),
        missing_since: None,
        file_digest: Digest::of(b""),
        significant: release.significant_digest(),
        documents: release.documents_digest(),
        title: release.title.clone(),
        date: release.date,
        first_seen: release.date,
        publishable_since: None,
        live_since: None,
        first_live: first_live.map(at),
        updated: release.date,
        announcement: Announcement::Undecided,
        hold: None,
    }
}

#[track_caller]
fn check_gone(record: &Record, file: Option<Release>, moments: [(&str, bool); 3]) {
    let old = "/ancien/".parse().unwrap();
    let register = Register {
        aliases: [(old, record.id.clone())].into(),
        records: [(record.id.clone(), record.clone())].into(),
        ..Register::default()
    };
    let published: Vec<Published> = file.into_iter().map(known).collect();
    let departed = departed(&register, &published);
    let catalog = Catalog::new(published, &[]).with_departed(departed);
    for (moment, expected) in moments {
        let gone = catalog.gone(at(moment));
        assert_eq!(gone.len(), if expected { 2 } else { 0 }, "{moment}");
    }
    // It wakes whoever waits for it, and then no more.
    if !moments[1].1 && moments[2].1 {
        assert_eq!(catalog.next_change(at(moments[1].0)), Some(at(moments[2].0)));
        assert_eq!(catalog.next_change(at(moments[2].0)), None);
    }
}

#[test]
fn what_was_public_is_gone_a_week_after_it_was_deleted_and_nothing_else_is() {
    let public = Some("2026-03-01T09:00:00Z");
    let deleted = |record: Record| Record { missing_since: Some(at("2026-03-10T12:00:00Z")), ..record };
    let week = ["2026-03-10T12:00:00Z", "2026-03-17T11:59:59Z", "2026-03-17T12:00:00Z"];
    let never = week.map(|moment| (moment, false));
    check_gone(&deleted(remembered("a", public)), None, [(week[0], false), (week[1], false), (week[2], true)]);
    check_gone(&deleted(remembered("a", None)), None, never);
    check_gone(&remembered("a", public), None, never);
    check_gone(&remembered("a", public), Some(release("a", "2026-03-01T09:00:00Z")), never);
    let postponed = Record { date: at("2026-04-01T09:00:00Z"), ..remembered("a", public) };
    let until_then = [(week[2], false), ("2026-04-01T08:59:59Z", false), ("2026-04-01T09:00:00Z", true)];
    check_gone(&deleted(postponed), None, until_then);
}

#[test]
fn what_was_public_and_is_withdrawn_is_gone_at_once_and_nothing_else_is() {
    let public = Some("2026-03-01T09:00:00Z");
    let withdrawn = |date: &str| Release { withdrawn: Some("Erreur.".to_owned()), ..release("a", date) };
    let day = ["2026-02-28T09:00:00Z", "2026-03-01T08:59:59Z", "2026-03-01T09:00:00Z"];
    let from_its_date = [(day[0], false), (day[1], false), (day[2], true)];
    check_gone(&remembered("a", public), Some(withdrawn("2026-03-01T09:00:00Z")), from_its_date);
    check_gone(&remembered("a", None), Some(withdrawn("2026-03-01T09:00:00Z")), day.map(|moment| (moment, false)));
    let unpublished = Release { published: false, ..withdrawn("2026-03-01T09:00:00Z") };
    check_gone(&remembered("a", public), Some(unpublished), day.map(|moment| (moment, false)));
}

#[test]
fn merged_topics_are_one_and_subscriptions_to_either_match() {
    let with = |name: &str, date: &str, tags: &[&str], categories: &[&str]| Release {
        tags: labels(tags),
        categories: labels(categories),
        ..release(name, date)
    };
    let topic = |text: &str| text.parse::<Topic>().unwrap();
    let pairs = [("tag:web", "tag:internet"), ("category:reseau", "tag:internet"), ("tag:seul", "tag:nouveau")];
    let aliases = TopicAliases::new(pairs.map(|(old, new)| (topic(old), topic(new)))).unwrap();
    let releases = vec![
        with("a", "2026-01-01T09:00:00Z", &["Web", "Web", "Autre"], &[]),
        with("b", "2026-01-02T09:00:00Z", &["Internet", "Web"], &["Réseau"]),
        with("c", "2026-01-03T09:00:00Z", &["Seul"], &["Communiqués"]),
        with("secret", "2027-01-03T09:00:00Z", &["Web"], &[]),
    ];
    let catalog = catalog(releases).with_topic_aliases(Arc::new(aliases));
    let live = catalog.live(at("2026-02-01T00:00:00Z"));
    let shown: Vec<_> =
        live.topics().iter().map(|entry| format!("{} {} {}", entry.topic, entry.label, entry.count)).collect();
    assert_eq!(
        shown,
        ["category:communiques Communiqués 1", "tag:autre Autre 1", "tag:internet Internet 2", "tag:nouveau Seul 1"]
    );
    assert_eq!(live.topics_in(Taxonomy::Category).len(), 1);
    let names: Vec<_> = live.of(&topic("tag:internet")).iter().map(|one| &*one.release.title).collect();
    assert_eq!(names, ["Titre de b", "Titre de a"]);
    let own: Vec<_> =
        live.topics_of(&live.releases().iter().nth(1).unwrap().id).map(|entry| entry.topic.to_string()).collect();
    assert_eq!(own, ["tag:internet"]);
    assert_eq!(*live.canonical(&topic("tag:web")), topic("tag:internet"));
    assert_eq!(live.topic_label(&topic("tag:web")), Some("Internet"));
    let concerned: Vec<_> =
        catalog.topics_of(&live.releases().iter().nth(2).unwrap().release).iter().map(ToString::to_string).collect();
    assert_eq!(concerned, ["all", "category:reseau", "tag:autre", "tag:internet", "tag:web"]);
}

#[test]
fn a_link_to_a_release_leads_there_once_that_is_live() {
    let named = "b";
    let body = format!("<p><a href=\"{}\">B</a></p>", ReleaseLink::address_of(named));
    let linking = Release {
        body: SafeHtml::trust_sanitised(body).into(),
        release_links: [ReleaseLink { named: named.to_owned(), place: (7, 1, 9) }].into(),
        ..release("a", "2026-03-01T09:00:00Z")
    };
    let releases = || vec![linking.clone(), release("b", "2026-03-02T09:00:00Z")];
    let text = |catalog: &Catalog| {
        let of_a = catalog.all().find(|published| published.release.path.as_str() == "a.md").unwrap().clone();
        of_a.release.body().unwrap().as_str().to_owned()
    };
    let (before, after) = (at("2026-03-01T10:00:00Z"), at("2026-03-02T09:00:00Z"));
    let early = catalog(releases()).with_links(before);
    assert_eq!((text(&early), early.dead_links(before).len()), ("<p>B</p>".to_owned(), 1));
    let late = catalog(releases()).with_links(after);
    assert_eq!((text(&late), late.dead_links(after).len()), ("<p><a href=\"/presse/b/\">B</a></p>".to_owned(), 0));
}
