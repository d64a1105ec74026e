//! Looks at a folder in a row, and what the register makes of them.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Announcement, Clash, FolderLook, Minting, NeverReason, Reconciled, Record, Register, Seen};
use crate::domain::{Digest, HoldReason, Release, ReleaseId, SourcePath, sample_release};

const BODY: &str =
    "Le pont de la Vire ouvre lundi à la circulation après deux ans de travaux menés avec les riverains.";
const OTHER: &str = "Chaque printemps les bacs reprennent leur service entre les deux rives pour la saison des foins.";

/// A folder that is changed and looked at, and what is remembered of it.
struct Newsroom {
    files: BTreeMap<String, Release>,
    broken: Vec<SourcePath>,
    register: Register,
    now: DateTime<Utc>,
    last: Option<Reconciled>,
}

impl Newsroom {
    fn new() -> Self {
        let now = "2026-11-23T10:00:00Z".parse().unwrap();
        Self { files: BTreeMap::new(), broken: Vec::new(), register: Register::default(), now, last: None }
    }

    fn save(&mut self, path: &str, title: &str, body: &str) -> &mut Release {
        self.files.insert(path.to_owned(), sample_release(path, title, body));
        self.files.get_mut(path).unwrap()
    }

    fn rename(&mut self, from: &str, to: &str) {
        let release = self.files.remove(from).unwrap();
        let (title, body) = (release.title.clone(), release.body.as_str().to_owned());
        let body = body.trim_start_matches("<p>").trim_end_matches("</p>");
        self.save(to, &title, body);
    }

    fn look(&mut self) -> &Reconciled {
        let paths: Vec<SourcePath> = self.files.keys().map(SourcePath::new).collect();
        let sources: Vec<String> =
            self.files.values().map(|r| format!("{}\n{}\n{}", r.title, r.date, r.body.as_str())).collect();
        let good = self
            .files
            .values()
            .zip(&paths)
            .zip(&sources)
            .map(|((release, path), source)| Seen { path, digest: Digest::of(source.as_bytes()), source, release })
            .collect();
        let look = FolderLook { good, broken: self.broken.iter().collect(), folder_missing: false };
        let minting = Minting { authority: "presse.example.org", zone: chrono_tz::Europe::Paris };
        let reconciled = self.register.reconcile(&look, self.now, &minting);
        self.register = reconciled.register.clone();
        self.last.insert(reconciled)
    }

    fn wait(&mut self, time: TimeDelta) {
        self.now += time;
    }

    fn id_of(&self, path: &str) -> ReleaseId {
        let files = &self.last.as_ref().unwrap().files;
        files.iter().find(|(_, file)| file.as_str() == path).map(|(id, _)| id.clone()).unwrap()
    }

    fn record(&self, path: &str) -> &Record {
        &self.register.records[&self.id_of(path)]
    }
}

fn minutes(count: i64) -> TimeDelta {
    TimeDelta::minutes(count)
}

#[test]
fn the_first_look_announces_nothing_that_is_live() {
    let mut room = Newsroom::new();
    room.save("2026-11-23-pont.md", "Un pont", BODY);
    room.save("2026-11-24-bac.md", "Un bac", OTHER).date += TimeDelta::days(1);
    room.look();
    assert_eq!(room.record("2026-11-23-pont.md").announcement, Announcement::Never(NeverReason::LiveAtFirstStart));
    assert_eq!(room.record("2026-11-24-bac.md").announcement, Announcement::Undecided);
    assert_eq!(room.id_of("2026-11-23-pont.md").as_str(), "tag:presse.example.org,2026:2026-11-23-pont");
}

#[test]
fn a_folder_that_is_not_there_is_no_first_start() {
    let register = Register::default();
    let minting = Minting { authority: "presse.example.org", zone: chrono_tz::Europe::Paris };
    let look = FolderLook { folder_missing: true, ..FolderLook::default() };
    let now = "2026-11-23T10:00:00Z".parse().unwrap();
    assert_eq!(register.reconcile(&look, now, &minting).register, register);
}

#[test]
fn what_comes_later_is_undecided_and_live_at_its_instant() {
    let mut room = Newsroom::new();
    room.look();
    room.save("2026-11-24-bac.md", "Un bac", OTHER).date = room.now + minutes(30);
    room.look();
    assert_eq!(room.record("2026-11-24-bac.md").live_since, None);
    room.wait(minutes(30));
    room.look();
    let record = room.record("2026-11-24-bac.md");
    assert_eq!((record.live_since, record.announcement), (Some(room.now), Announcement::Undecided));
}

#[test]
fn a_clock_going_back_does_not_unmake_what_is_live_and_a_new_date_does() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.look();
    room.wait(-TimeDelta::days(3));
    room.look();
    assert!(room.record("a.md").live_since.is_some());
    let later = room.now + TimeDelta::days(9);
    room.files.get_mut("a.md").unwrap().date = later;
    room.look();
    assert_eq!(room.record("a.md").live_since, None);
}

#[test]
fn a_renamed_file_keeps_its_id_and_its_old_address_leads_on() {
    let mut room = Newsroom::new();
    room.save("2026-11-23-pont.md", "Un pont", BODY);
    room.look();
    let id = room.id_of("2026-11-23-pont.md");
    let old = room.record("2026-11-23-pont.md").permalink.clone();
    room.rename("2026-11-23-pont.md", "2026-11-23-ouverture-du-pont.md");
    room.look();
    assert_eq!(room.id_of("2026-11-23-ouverture-du-pont.md"), id);
    assert_eq!(room.register.aliases[&old], id);
    let why: Vec<_> = room.last.as_ref().unwrap().changes.decisions.iter().map(|decision| decision.what).collect();
    assert_eq!(why, ["renamed"]);
}

#[test]
fn a_file_renamed_and_edited_at_once_is_recognised_by_its_text() {
    let mut room = Newsroom::new();
    room.save("pont.md", "Un pont", BODY);
    room.save("bac.md", "Un bac", OTHER);
    room.look();
    let id = room.id_of("pont.md");
    room.files.remove("pont.md");
    room.save("ouverture.md", "Un pont s’ouvre", &BODY.replace("lundi", "mardi"));
    room.look();
    assert_eq!(room.id_of("ouverture.md"), id);
}

#[test]
fn two_swapped_names_stay_two_releases() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.save("b.md", "Un bac", OTHER);
    room.look();
    let (a, b) = (room.id_of("a.md"), room.id_of("b.md"));
    room.save("a.md", "Un bac", OTHER);
    room.save("b.md", "Un pont", BODY);
    room.look();
    assert_eq!((room.id_of("a.md"), room.id_of("b.md")), (b, a));
}

#[test]
fn last_weeks_file_overwritten_is_a_new_release() {
    let mut room = Newsroom::new();
    room.save("hebdo.md", "Un pont", BODY);
    room.look();
    let id = room.id_of("hebdo.md");
    room.save("hebdo.md", "Un bac", OTHER).date += minutes(10);
    room.look();
    assert_ne!(room.id_of("hebdo.md"), id);
    assert_eq!(room.register.records[&id].missing_since, Some(room.now));
    assert_eq!(room.id_of("hebdo.md").as_str(), "tag:presse.example.org,2026:hebdo-2");
}

#[test]
fn a_file_overwritten_and_then_edited_is_still_the_newer_release() {
    let (mut room, path) = (Newsroom::new(), "communiques/hebdo.md");
    room.save(path, "Un pont", BODY);
    room.look();
    room.save(path, "Un bac", OTHER).date += minutes(10);
    room.look();
    let id = room.id_of(path);
    assert_eq!(id.as_str(), "tag:presse.example.org,2026:communiques/hebdo");
    room.save(path, "Un bac", &format!("{OTHER} Dès lundi.")).date += minutes(10);
    room.look();
    assert_eq!(room.id_of(path), id);
    assert_eq!(room.register.records.len(), 2);
}

#[test]
fn a_copy_that_was_live_at_the_first_start_is_no_news_when_it_is_mended() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.save("b.md", "Un pont", BODY);
    room.look();
    room.save("b.md", "Un pont !", BODY);
    room.look();
    for path in ["a.md", "b.md"] {
        assert_eq!(room.record(path).announcement, Announcement::Never(NeverReason::LiveAtFirstStart), "{path}");
    }
}

#[test]
fn an_id_pinned_later_makes_no_other_release_of_a_known_file() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.look();
    let id = room.id_of("a.md");
    for _ in 0..2 {
        room.save("a.md", "Un pont", BODY).pinned_id = Some("tag:x.example,2026:p".parse().unwrap());
        room.look();
        assert_eq!(room.id_of("a.md"), id);
    }
}

#[test]
fn a_draft_takes_no_address_from_a_release() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un brouillon", OTHER).published = false;
    room.look();
    room.wait(minutes(1));
    let link = room.files["a.md"].permalink.clone();
    room.save("b.md", "Un pont", BODY).permalink = link.clone();
    let clashes = room.look().clashes.clone();
    let (draft, keeper) = (SourcePath::new("a.md"), SourcePath::new("b.md"));
    assert_eq!(clashes, [Clash::Permalink { path: draft, keeper, permalink: link }]);
    room.record("b.md");
}

#[test]
fn a_copy_is_new_and_silent_until_it_differs() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.look();
    let original = room.id_of("a.md");
    room.save("b.md", "Un pont", BODY);
    room.look();
    assert_eq!(room.id_of("a.md"), original);
    assert_eq!(room.record("b.md").announcement, Announcement::Never(NeverReason::Copy));
    room.save("b.md", "Un second pont", BODY);
    room.look();
    assert_eq!(room.record("b.md").announcement, Announcement::Undecided);
}

#[test]
fn a_doubtful_match_is_new_and_held() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.save("z.md", "Un bac", OTHER);
    room.look();
    room.files.remove("a.md");
    let half = "Le pont de la Vire ouvre lundi à la circulation. La fanfare jouera, le maire parlera, on dansera jusqu’au soir sur la place.";
    room.save("b.md", "La fête", half).date += minutes(1);
    room.look();
    assert_eq!(room.record("b.md").hold, Some(HoldReason::DoubtfulIdentity));
}

#[test]
fn a_broken_file_keeps_the_last_good_release() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.save("b.md", "Un bac", OTHER);
    room.look();
    let id = room.id_of("a.md");
    room.files.remove("a.md");
    room.broken.push(SourcePath::new("a.md"));
    let look = room.look();
    assert!(look.kept.contains(&id));
    assert_eq!(room.register.records[&id].missing_since, None);
}

#[test]
fn updated_moves_with_the_text_and_not_with_labels_or_dates_alone() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.look();
    let first = room.record("a.md").updated;
    assert_eq!(first, room.files["a.md"].date);
    room.wait(minutes(5));
    room.files.get_mut("a.md").unwrap().tags = vec![crate::domain::Label::new("Ponts").unwrap()];
    room.look();
    assert_eq!(room.record("a.md").updated, first);
    room.save("a.md", "Un pont", &format!("{BODY} Enfin."));
    room.look();
    assert_eq!(room.record("a.md").updated, room.now);
}

#[test]
fn no_two_releases_share_an_updated_instant() {
    let mut room = Newsroom::new();
    for number in 0..20 {
        room.save(&format!("r{number}.md"), &format!("Communiqué {number}"), &format!("Texte {number}"));
    }
    room.look();
    let instants: std::collections::BTreeSet<_> = room.register.records.values().map(|record| record.updated).collect();
    assert_eq!(instants.len(), 20);
    assert!(instants.iter().all(|instant| *instant <= room.now));
}

#[test]
fn losing_most_releases_at_once_is_not_believed_for_fifteen_minutes() {
    let mut room = Newsroom::new();
    for number in 0..12 {
        room.save(&format!("r{number}.md"), &format!("Communiqué {number}"), &format!("Texte {number}"));
    }
    room.look();
    let whole = std::mem::take(&mut room.files);
    room.save("r0.md", "Communiqué 0", "Texte 0");
    let look = room.look();
    assert_eq!(look.kept.len(), 12);
    let alarm = look.changes.alarm.unwrap();
    assert_eq!((alarm.missing, alarm.of), (11, 12));
    room.wait(minutes(14));
    assert_eq!(room.look().kept.len(), 12);
    room.wait(minutes(1));
    let look = room.look();
    assert_eq!((look.files.len(), look.changes.alarm), (1, None));
    room.files = whole;
    room.look();
    assert!(room.register.records.values().all(|record| record.missing_since.is_none()));
    assert_eq!(room.register.records.len(), 12);
}

#[test]
fn an_emptied_folder_is_not_believed_and_its_return_is_no_event() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.look();
    let whole = std::mem::take(&mut room.files);
    assert!(room.look().changes.alarm.is_some());
    room.files = whole;
    let look = room.look();
    assert_eq!((look.changes.alarm, look.changes.decisions.len(), look.files.len()), (None, 0, 1));
}

#[test]
fn a_confirmed_alarm_is_believed_at_once() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.look();
    room.files.clear();
    room.look();
    room.register.alarm.as_mut().unwrap().confirmed = true;
    assert_eq!(room.look().kept.len(), 0);
}

#[test]
fn the_older_of_two_files_keeps_a_pinned_id_and_an_address() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY).pinned_id = Some("tag:x.example,2026:p".parse().unwrap());
    room.look();
    room.wait(minutes(1));
    room.save("0.md", "Un bac", OTHER).pinned_id = Some("tag:x.example,2026:p".parse().unwrap());
    let link = room.files["a.md"].permalink.clone();
    room.save("c.md", "Une île", "Texte").permalink = link.clone();
    let look = room.look();
    let (a, zero, c) = (SourcePath::new("a.md"), SourcePath::new("0.md"), SourcePath::new("c.md"));
    assert_eq!(
        look.clashes,
        [
            Clash::Id { path: zero, keeper: a.clone(), id: "tag:x.example,2026:p".parse().unwrap() },
            Clash::Permalink { path: c, keeper: a, permalink: link },
        ]
    );
    assert_eq!(look.files.len(), 1);
}

#[test]
fn a_look_without_a_change_changes_nothing() {
    let mut room = Newsroom::new();
    room.save("a.md", "Un pont", BODY);
    room.look();
    room.wait(minutes(60));
    assert_eq!(room.look().changes, super::RegisterChanges::default());
}

#[test]
fn the_year_in_an_id_is_that_of_the_sites_zone() {
    let mut room = Newsroom::new();
    room.save("siecle.md", "Le siècle", BODY).date = "2098-12-31T23:00:00Z".parse().unwrap();
    room.look();
    assert_eq!(room.id_of("siecle.md").as_str(), "tag:presse.example.org,2099:siecle");
}
