//! Feeds as readers see them: written, read back, compared.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::{CleanText, Entry, Feed, FeedFormat, FeedSite, Period, WrittenEntries, atom, entry_of, rss};
use crate::catalog::sample::{at, catalog, labels, release};
use crate::catalog::{Catalog, Live, Published};
use crate::config::PrivacySettings;
use crate::domain::{
    Digest, Document, DocumentState, FileKind, Image, Label, LinkedUpload, PressContact, Release, ReleaseId, SafeHtml,
    Slug, Target, Topic, UploadFacts, UploadPath,
};
use crate::language::Language;

/// Now, in these tests.
const NOW: &str = "2026-06-01T00:00:00Z";

pub(super) fn site() -> FeedSite {
    FeedSite {
        title: "Préfecture de l’Estuaire".to_owned(),
        description: String::new(),
        url: "https://presse.example/d".parse().unwrap(),
        releases_url: None,
        authority: "presse.example".to_owned(),
        language: Language::French,
        timezone: chrono_tz::Europe::Paris,
        entries: 20,
        ttl: TimeDelta::minutes(5),
        started: at("2026-01-01T00:00:00Z"),
        rights: None,
        icon: None,
        hub: None,
        privacy: PrivacySettings::default(),
    }
}

fn html(text: &str) -> SafeHtml {
    SafeHtml::trust_sanitised(text.to_owned())
}

fn upload(path: &str) -> Target {
    Target::Upload(UploadPath::from_decoded(path).unwrap())
}

fn document(target: Target, title: &str, state: DocumentState) -> Document {
    Document { target, title: title.to_owned(), state }
}

fn present(bytes: u64) -> DocumentState {
    DocumentState::Present { bytes, digest: Digest::of(b"%PDF") }
}

fn picture(path: &str, alternative: &str, caption: Option<&str>) -> Image {
    let kind = FileKind::Image { width: 640, height: 480 };
    Image {
        target: upload(path),
        alternative: alternative.to_owned(),
        caption: caption.map(str::to_owned),
        facts: Some(UploadFacts { bytes: 20_480, digest: Digest::of(b"png"), kind }),
    }
}

/// A release that uses everything.
fn rich() -> Release {
    Release {
        title: "Le bac « L’Estuaire » reprend : 3 < 5 & plus".into(),
        categories: labels(&["Transports & voirie"]),
        tags: labels(&["Bac", "Données ouvertes"]),
        chapeau: html("<p>Le bac <a href=\"/uploads/plan.pdf\">reprend</a> lundi.</p>"),
        body: html(
            "<p>Voir <a href=\"/presse/ancien/\">l’ancien</a> &amp; <a href=\"https://x.example/?a&amp;b\">x</a>.</p>",
        )
        .into(),
        images: vec![picture("bac \"1\".png", "Le bac <à> quai", Some("Photo : J. & co"))],
        documents: vec![
            document(upload("manquant.pdf"), "Annexe absente", DocumentState::Missing),
            document(upload("dossier/Été 1.pdf"), "Dossier de presse", present(312_400)),
            document(upload("b.pdf"), "Carte", present(1_400_000)),
            document(
                Target::External("https://ailleurs.example/un rapport.pdf".to_owned()),
                "Rapport",
                DocumentState::Elsewhere,
            ),
        ],
        contact: Some(Box::new(PressContact {
            name: Some("Service presse".to_owned()),
            telephones: vec!["+33 1 02 03 04 05".to_owned()],
            email: Some("presse@estuaire.example".parse().unwrap()),
        })),
        ..release("bac", "2026-03-29T00:30:00Z")
    }
}

fn rich_catalog() -> Catalog {
    let updated = at("2026-03-30T10:00:00.002Z");
    let plain = Release {
        language: Language::English,
        categories: labels(&["Transports & voirie"]),
        ..release("ferry", "2026-03-28T08:00:00Z")
    };
    let known = |release: Release| Published {
        id: ReleaseId::mint("presse.example", 2026, &release.path.stem()),
        updated: release.date.max(updated),
        live_since: Some(release.date),
        release: Arc::new(release),
    };
    let plain = Published { updated: at("2026-03-28T08:00:00Z"), ..known(plain) };
    Catalog::new(vec![plain, known(rich())], &[])
}

/// A feed with its entries.
struct Whole {
    feed: Feed,
    entries: Vec<Entry>,
}

impl std::ops::Deref for Whole {
    type Target = Feed;

    fn deref(&self) -> &Feed {
        &self.feed
    }
}

fn whole(feed: Feed, live: &Live, site: &FeedSite) -> Whole {
    let entries = feed.releases.iter().map(|published| entry_of(published, live, site).unwrap()).collect();
    Whole { feed, entries }
}

fn feed_of(live: &Live, topic: &Topic, site: &FeedSite) -> Whole {
    whole(super::feed_of(live, topic, site), live, site)
}

fn archive_of(live: &Live, topic: &Topic, period: Period, site: &FeedSite) -> Option<Whole> {
    super::archive_of(live, topic, period, site).map(|archive| whole(archive, live, site))
}

fn write(format: FeedFormat, whole: &Whole) -> Vec<u8> {
    let entries: Vec<_> = whole.entries.iter().map(|entry| format.write_entry(entry)).collect();
    format.write(&whole.feed, &entries)
}

fn rich_feed(topic: &Topic) -> Whole {
    feed_of(&rich_catalog().live(at(NOW)), topic, &site())
}

fn text(format: FeedFormat, feed: &Whole) -> String {
    String::from_utf8(write(format, feed)).unwrap()
}

#[test]
fn rss_as_readers_get_it() {
    insta::assert_snapshot!("rss", text(FeedFormat::Rss, &rich_feed(&Topic::All)));
}

#[test]
fn atom_as_readers_get_it() {
    insta::assert_snapshot!("atom", text(FeedFormat::Atom, &rich_feed(&Topic::All)));
}

#[test]
fn json_as_readers_get_it() {
    let topic = Topic::Category(Slug::of_label("Transports & voirie"));
    insta::assert_snapshot!("json", text(FeedFormat::Json, &rich_feed(&topic)));
}

#[test]
fn a_feed_without_entries_is_dated_by_the_start() {
    let live = Catalog::default().live(at(NOW));
    let feed = feed_of(&live, &Topic::Tag(Slug::of_label("vide")), &site());
    assert_eq!(feed.updated, site().started);
    assert_eq!(feed.title.as_str(), "Préfecture de l’Estuaire – mot-clé «\u{a0}vide\u{a0}»");
    assert_eq!(rss::read(&write(FeedFormat::Rss, &feed)).items.len(), 0);
    let atom = atom::read(&write(FeedFormat::Atom, &feed));
    assert_eq!((atom.entries.len(), atom.updated), (0, site().started.fixed_offset()));
}

#[test]
fn a_feed_holds_the_newest_and_is_as_new_as_the_newest_change_among_them() {
    let known = |name: &str, date: &str, updated: &str| Published {
        updated: at(updated),
        ..crate::catalog::sample::known(release(name, date))
    };
    let catalog = Catalog::new(
        vec![
            known("a", "2026-01-01T09:00:00Z", "2026-05-01T09:00:00Z"),
            known("b", "2026-01-02T09:00:00Z", "2026-04-01T09:00:00Z"),
            known("c", "2026-01-03T09:00:00Z", "2026-03-01T09:00:00Z"),
        ],
        &[],
    );
    let feed = feed_of(&catalog.live(at(NOW)), &Topic::All, &FeedSite { entries: 2, ..site() });
    let ids: Vec<_> = feed.entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids, ["tag:presse.example,2026:c", "tag:presse.example,2026:b"]);
    assert_eq!(feed.updated, at("2026-04-01T09:00:00Z"));
}

#[test]
fn ids_stay_when_the_address_of_the_site_changes_and_are_equal_in_every_format() {
    let live = rich_catalog().live(at(NOW));
    let moved = FeedSite { url: "https://nouveau.example".parse().unwrap(), ..site() };
    let (before, after) = (feed_of(&live, &Topic::All, &site()), feed_of(&live, &Topic::All, &moved));
    assert_eq!(before.id, after.id);
    assert_eq!(after.page, "https://nouveau.example/feeds/all/");
    let rss = rss::read(&write(FeedFormat::Rss, &after));
    let atom = atom::read(&write(FeedFormat::Atom, &after));
    let json: serde_json::Value = serde_json::from_slice(&write(FeedFormat::Json, &after)).unwrap();
    for (index, entry) in before.entries.iter().enumerate() {
        let guid = rss.items[index].guid.as_ref().unwrap();
        assert_eq!((guid.value.as_str(), guid.permalink), (entry.id.as_str(), false));
        assert_eq!(atom.entries[index].id, entry.id.as_str());
        assert_eq!(json["items"][index]["id"], entry.id.as_str());
    }
}

#[test]
fn pages_of_another_site_and_uploads_of_this_one() {
    let elsewhere = FeedSite { releases_url: Some("https://www.example/fr".parse().unwrap()), ..site() };
    let feed = feed_of(&rich_catalog().live(at(NOW)), &Topic::All, &elsewhere);
    let entry = &feed.entries[0];
    assert_eq!(entry.link, "https://www.example/fr/presse/bac/");
    assert!(entry.content_html.as_str().contains("href=\"https://www.example/fr/presse/ancien/\""));
    assert!(entry.summary_html.as_str().contains("href=\"https://presse.example/d/uploads/plan.pdf\""));
    assert_eq!(entry.attachments[0].url, "https://presse.example/d/uploads/dossier/%C3%89t%C3%A9%201.pdf");
}

#[test]
fn a_missing_document_is_named_but_neither_linked_nor_enclosed() {
    let feed = rich_feed(&Topic::All);
    assert!(feed.entries[0].content_html.as_str().contains("<li>Annexe absente (document non disponible)</li>"));
    for format in FeedFormat::ALL {
        assert!(!text(format, &feed).contains("manquant.pdf"), "{format:?}");
    }
}

#[test]
fn a_missing_image_gives_its_place_to_the_next() {
    let missing = Image { facts: None, ..picture("absente.png", "absente", None) };
    let release = Release {
        images: vec![missing, picture("deux.png", "", None), picture("trois.png", "trois", None)],
        ..release("a", "2026-03-01T09:00:00Z")
    };
    let feed = feed_of(&catalog(vec![release]).live(at(NOW)), &Topic::All, &site());
    let entry = &feed.entries[0];
    assert!(entry.picture.as_ref().unwrap().url.ends_with("/uploads/deux.png"));
    let order: Vec<_> =
        ["deux.png", "Texte de a", "trois.png"].map(|part| entry.content_html.as_str().find(part)).into();
    assert!(order.is_sorted() && order[0].is_some() && !entry.content_html.as_str().contains("absente"), "{order:?}");
}

#[test]
fn a_release_without_body_has_its_chapeau_as_text() {
    let release = Release { body: SafeHtml::default().into(), ..release("a", "2026-03-01T09:00:00Z") };
    let feed = feed_of(&catalog(vec![release]).live(at(NOW)), &Topic::All, &site());
    assert_eq!(feed.entries[0].content_html.as_str(), "<p>Chapeau de a.</p>");
}

#[test]
fn hub_icon_and_rights_are_in_every_format_that_knows_them() {
    let told = FeedSite {
        hub: Some("https://hub.example/".to_owned()),
        icon: Some("https://presse.example/icon.png".to_owned()),
        rights: Some("Licence Ouverte 2.0".to_owned()),
        ..site()
    };
    let feed = feed_of(&Catalog::default().live(at(NOW)), &Topic::All, &told);
    let rss = rss::read(&write(FeedFormat::Rss, &feed));
    assert_eq!(rss.copyright.as_deref(), Some("Licence Ouverte 2.0"));
    assert_eq!(rss.image.unwrap().url, "https://presse.example/icon.png");
    assert!(rss.atom_ext.unwrap().links.iter().any(|link| link.rel == "hub" && link.href == "https://hub.example/"));
    let atom = atom::read(&write(FeedFormat::Atom, &feed));
    assert_eq!(
        (atom.icon.as_deref(), atom.rights.unwrap().value.as_str()),
        (feed.icon.as_deref(), "Licence Ouverte 2.0")
    );
    let json: serde_json::Value = serde_json::from_slice(&write(FeedFormat::Json, &feed)).unwrap();
    assert_eq!(json["hubs"][0]["type"], "WebSub");
}

/// Text with everything that has broken feeds: controls, surrogate neighbours, markup, section ends.
fn any_text() -> impl Strategy<Value = String> {
    let nasty = "[\\x00-\\x1f\\x7f-\\xa0<>&\"'\\]\u{fffe}\u{ffff}\u{2028}\u{feff}a é]{0,8}";
    prop_oneof![nasty.boxed(), proptest::collection::vec(any::<char>(), 0..8).prop_map(String::from_iter).boxed()]
}

fn escaped(text: &str) -> SafeHtml {
    html(&format!("<p>{}</p>", super::clean_text::escape(text)))
}

fn release_of(texts: &[String]) -> Release {
    let mut texts = texts.iter().cycle().cloned();
    let mut next = || texts.next().unwrap();
    Release {
        title: next().into(),
        chapeau: escaped(&next()),
        body: html(&format!("<p title=\"]]>\">{}</p>", super::clean_text::escape(&next()))).into(),
        tags: Label::new(&next()).into_iter().collect(),
        categories: Label::new(&next()).into_iter().collect(),
        images: vec![
            picture("i.png", &next(), Some(&next())),
            Image { target: Target::External(next()), ..picture("j.png", &next(), None) },
        ],
        documents: vec![
            Document { ..document(upload("a.pdf"), &next(), present(5)) },
            document(Target::External(next()), &next(), DocumentState::Elsewhere),
            document(upload("c.pdf"), &next(), DocumentState::Missing),
        ],
        contact: Some(PressContact { name: Some(next()), telephones: vec![next()], email: None }.into()),
        ..release("a", "2026-03-01T09:00:00Z")
    }
}

/// What a parser that trims white space makes of `text`.
fn trimmed(text: &CleanText) -> String {
    text.as_str().trim().to_owned()
}

/// Whether `text` holds only characters that every XML 1.0 parser takes.
fn is_legal(text: &str) -> bool {
    let legal = |c| {
        matches!(c, '\t' | '\n' | '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}'
        | '\u{10000}'..)
    };
    text.chars().all(legal)
}

/// Whether everything between double quotes is an attribute's value, and every reference is one of XML's own.
fn is_quoted_well(xml: &str) -> bool {
    let references = ["&amp;", "&lt;", "&gt;", "&quot;"];
    let rest = references.iter().fold(xml.to_owned(), |text, reference| text.replace(reference, ""));
    let quoted = |part: &str| !part.contains(['<', '>']);
    rest.split('"').skip(1).step_by(2).all(quoted) && rest.matches('"').count() % 2 == 0 && !rest.contains('&')
}

fn check_written(feed: &Whole) -> Result<(), TestCaseError> {
    let entry = &feed.entries[0];
    for format in FeedFormat::ALL {
        prop_assert!(is_legal(&text(format, feed)), "{:?}", text(format, feed));
        prop_assert_eq!(write(format, feed), write(format, feed));
    }
    let rss = rss::read(&write(FeedFormat::Rss, feed));
    prop_assert_eq!(rss.title.trim(), trimmed(&feed.title));
    prop_assert_eq!(rss.description.trim(), trimmed(&feed.subtitle));
    prop_assert_eq!(rss.copyright.map(|text| text.trim().to_owned()), feed.rights.as_ref().map(trimmed));
    let item = &rss.items[0];
    prop_assert_eq!(item.title.as_deref().unwrap_or_default().trim(), trimmed(&entry.title));
    prop_assert_eq!(item.link.as_deref(), Some(entry.link.as_str()));
    prop_assert_eq!(item.description.as_deref().unwrap_or_default().trim(), trimmed(&entry.summary_html));
    prop_assert_eq!(item.content.as_deref().unwrap_or_default().trim(), trimmed(&entry.content_html));
    let atom = atom::read(&write(FeedFormat::Atom, feed));
    prop_assert_eq!(atom.title.value.trim(), trimmed(&feed.title));
    prop_assert_eq!(atom.authors[0].name.trim(), trimmed(&feed.author));
    prop_assert_eq!(atom.entries[0].title.value.trim(), trimmed(&entry.title));
    let content = atom.entries[0].content.as_ref().unwrap().value.as_deref().unwrap_or_default();
    prop_assert_eq!(content.trim(), trimmed(&entry.content_html));
    let labels: Vec<_> = atom.entries[0].categories.iter().map(|category| category.label.clone().unwrap()).collect();
    let expected: Vec<_> = entry.topics.iter().map(|topic| topic.label.to_string()).collect();
    prop_assert_eq!(labels, expected);
    let links: Vec<_> = atom.entries[0].links.iter().skip(1).map(|link| link.href.clone()).collect();
    let expected: Vec<_> = entry.attachments.iter().map(|attachment| attachment.url.clone()).collect();
    prop_assert_eq!(links, expected);
    let json: serde_json::Value = serde_json::from_slice(&write(FeedFormat::Json, feed)).unwrap();
    prop_assert_eq!(json["title"].as_str().unwrap(), feed.title.as_str());
    let item = &json["items"][0];
    for (key, said) in [("title", &entry.title), ("content_html", &entry.content_html)] {
        prop_assert_eq!(item[key].as_str().unwrap(), said.as_str());
    }
    prop_assert_eq!(item["attachments"].as_array().map_or(0, Vec::len), entry.attachments.len());
    Ok(())
}

proptest! {
    /// Whatever stands in any field, each feed and each archive is well-formed, legal XML 1.0, and says what it was
    /// told. `PROPTEST_CASES` sets how many texts are tried.
    #[test]
    fn any_text_gives_feeds_that_read_back(texts in proptest::collection::vec(any_text(), 20)) {
        let told = FeedSite {
            title: texts[0].clone(),
            description: texts[1].clone(),
            rights: Some(texts[2].clone()),
            ..site()
        };
        let live = catalog(vec![release_of(&texts)]).live(at(NOW));
        for topic in std::iter::once(&Topic::All).chain(live.topics().iter().map(|entry| &entry.topic)) {
            check_written(&feed_of(&live, topic, &told))?;
            check_written(&archive_of(&live, topic, "2026".parse().unwrap(), &told).unwrap())?;
        }
        let opml = String::from_utf8(super::opml::opml_of(&live, &told)).unwrap();
        prop_assert!(is_legal(&opml) && is_quoted_well(&opml), "{}", opml);
    }
}

#[test]
fn enclosures_carry_real_lengths_and_only_the_first_is_an_rss_enclosure() {
    let feed = rich_feed(&Topic::All);
    let rss = rss::read(&write(FeedFormat::Rss, &feed));
    let enclosure = rss.items[0].enclosure.as_ref().unwrap();
    assert_eq!((enclosure.length.as_str(), enclosure.mime_type.as_str()), ("312400", "application/pdf"));
    let atom = atom::read(&write(FeedFormat::Atom, &feed));
    let lengths: BTreeMap<_, _> = atom.entries[0]
        .links
        .iter()
        .map(|link| (link.title.clone().unwrap_or_default(), (link.rel.as_str(), link.length.as_deref())))
        .collect();
    assert_eq!(lengths["Carte"], ("enclosure", Some("1400000")));
    assert_eq!(lengths["Rapport"], ("related", None));
}

#[test]
fn a_pdf_that_only_the_text_links_to_is_enclosed_once() {
    let linked = |path: &str, kind| LinkedUpload {
        path: UploadPath::from_decoded(path).unwrap(),
        facts: Some(UploadFacts { bytes: 77, digest: Digest::of(b"%PDF"), kind }),
    };
    let missing = LinkedUpload { path: UploadPath::from_decoded("absent.pdf").unwrap(), facts: None };
    let release = Release {
        documents: vec![document(upload("b.pdf"), "Carte", present(5))],
        linked_uploads: vec![
            linked("b.pdf", FileKind::Pdf),
            linked("plan_du_bac.pdf", FileKind::Pdf),
            linked("c.png", FileKind::Other),
            missing,
        ]
        .into(),
        ..release("a", "2026-03-01T09:00:00Z")
    };
    let feed = feed_of(&catalog(vec![release]).live(at(NOW)), &Topic::All, &site());
    let offered: Vec<_> = feed.entries[0].attachments.iter().map(|a| (a.title.as_str(), a.bytes)).collect();
    assert_eq!(offered, [("Carte", Some(5)), ("plan du bac", Some(77))]);
}

/// Releases of three years, the newest change of each a while after its date.
fn years() -> Vec<Release> {
    let dates = ["2024-05-01T08:00:00Z", "2025-05-01T08:00:00Z", "2025-06-01T08:00:00Z", "2026-05-01T08:00:00Z"];
    dates.iter().zip(["a", "b", "c", "d"]).map(|(date, name)| release(name, date)).collect()
}

fn archive(releases: Vec<Release>, period: &str) -> Whole {
    archive_of(&catalog(releases).live(at(NOW)), &Topic::All, period.parse().unwrap(), &site()).unwrap()
}

#[test]
fn archives_form_a_chain_that_begins_at_the_current_feed() {
    let live = catalog(years()).live(at(NOW));
    let feed = feed_of(&live, &Topic::All, &site());
    let mut walked = Vec::new();
    for format in FeedFormat::ALL {
        let base = "https://presse.example/d/feeds/all";
        let ending = format.extension();
        assert_eq!(feed.history(format), [("prev-archive", format!("{base}/2026.{ending}").as_str())]);
        let mut older = feed.older.clone();
        while let Some(place) = older {
            let period = place.rss.rsplit('/').next().unwrap().strip_suffix(".rss").unwrap().to_owned();
            let archive = archive(years(), &period);
            assert_eq!((archive.id.as_str(), archive.place.of(format)), (feed.id.as_str(), place.of(format)));
            assert_eq!(archive.updated, archive.entries.iter().map(|entry| entry.updated).max().unwrap());
            walked.extend(archive.entries.iter().map(|entry| entry.id.to_string()));
            older = archive.older.clone();
        }
        let middle = archive(years(), "2025");
        let at = |name: &str| format!("{base}{name}.{ending}");
        let expected = [("current", at("")), ("next-archive", at("/2026")), ("prev-archive", at("/2024"))];
        let links: Vec<_> = middle.history(format).into_iter().map(|(rel, href)| (rel, href.to_owned())).collect();
        assert_eq!(links, expected);
    }
    assert_eq!(walked.len(), 3 * 4);
    assert_eq!(archive_of(&live, &Topic::All, "2023".parse().unwrap(), &site()).map(|archive| archive.feed), None);
}

#[test]
fn archives_say_that_they_are_some_in_every_format() {
    let middle = archive(years(), "2025");
    let rss = rss::read(&write(FeedFormat::Rss, &middle));
    assert!(rss.extensions["fh"].contains_key("archive"));
    let rels: Vec<_> = rss.atom_ext.as_ref().unwrap().links.iter().map(|link| link.rel.as_str()).collect();
    assert_eq!(rels, ["self", "current", "next-archive", "prev-archive"]);
    let atom = atom::read(&write(FeedFormat::Atom, &middle));
    assert!(atom.extensions["fh"].contains_key("archive"));
    let written = text(FeedFormat::Atom, &middle);
    assert!(written.find("<fh:archive/>") < written.find("<entry>"), "the schema of RFC 4287 has entries last");
    let rels: Vec<_> = atom.links.iter().map(|link| link.rel.as_str()).collect();
    assert_eq!(rels, ["self", "alternate", "current", "next-archive", "prev-archive"]);
    let json: serde_json::Value = serde_json::from_slice(&write(FeedFormat::Json, &middle)).unwrap();
    assert_eq!(json["feed_url"], "https://presse.example/d/feeds/all/2025.json");
    assert_eq!(json["next_url"], "https://presse.example/d/feeds/all/2024.json");
    let oldest: serde_json::Value =
        serde_json::from_slice(&write(FeedFormat::Json, &archive(years(), "2024"))).unwrap();
    assert_eq!(oldest.get("next_url"), None);
    assert!(!text(FeedFormat::Atom, &rich_feed(&Topic::All)).contains("fh:"));
}

#[test]
fn a_past_year_keeps_its_bytes_while_the_present_one_grows() {
    let grown = || {
        let mut releases = years();
        releases.push(release("e", "2026-05-02T08:00:00Z"));
        releases
    };
    let mended = || {
        let mut releases = grown();
        releases[0].title = "Autre titre".into();
        releases
    };
    let bytes = |releases: Vec<Release>, period: &str| {
        let feed = archive(releases, period);
        FeedFormat::ALL.map(|format| write(format, &feed))
    };
    for period in ["2024", "2025"] {
        assert_eq!(bytes(years(), period), bytes(grown(), period));
    }
    assert_ne!(bytes(years(), "2026"), bytes(grown(), "2026"));
    assert_ne!(bytes(grown(), "2024"), bytes(mended(), "2024"));
    assert_eq!(bytes(grown(), "2025"), bytes(mended(), "2025"));
}

/// An entry is written once and again only when its release or its labels' words change.
#[test]
fn an_entry_is_written_once_for_all_feeds() {
    let written = WrittenEntries::new(&FeedFormat::ALL);
    let (live, site) = (rich_catalog().live(at(NOW)), site());
    for topic in live.followed() {
        let feed = feed_of(&live, &topic, &site);
        for format in FeedFormat::ALL {
            assert_eq!(written.feed(&feed.feed, &live, &site, format).unwrap(), write(format, &feed));
        }
    }
    let mut spoiled: Vec<_> = live.releases().iter().map(|published| Published::clone(published)).collect();
    spoiled[0].release = Arc::new(Release { title: "Autre titre".into(), ..(*spoiled[0].release).clone() });
    let changed = Catalog::new(spoiled, &[]).live(at(NOW));
    let feed = feed_of(&changed, &Topic::All, &site);
    let bytes = written.feed(&feed.feed, &changed, &site, FeedFormat::Atom).unwrap();
    assert_eq!(bytes, write(FeedFormat::Atom, &feed));
    assert!(String::from_utf8(bytes).unwrap().contains("Autre titre"));
}

#[test]
fn opml_lists_every_feed_once() {
    let release = Release {
        categories: labels(&["Eau & <air>"]),
        tags: labels(&["l’été \"indien\"", "Bac"]),
        ..release("a", "2026-03-01T09:00:00Z")
    };
    let live = catalog(vec![release]).live(at(NOW));
    insta::assert_snapshot!("opml", String::from_utf8(super::opml::opml_of(&live, &site())).unwrap());
}
