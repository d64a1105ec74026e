//! When a new release is announced, and what stops it until a person has looked.
//!
//! Due at the later of its date and `grace` after its file was first seen publishable. This module only says so; the
//! edition is opened elsewhere.

use chrono::{DateTime, Utc};

use crate::clock::ClockDoubt;
use crate::config::NewsletterSettings;
use crate::domain::{DocumentState, Edition, EditionState, HoldReason, Release};
use crate::register::{Announcement, Record};

/// The word by which *send now* lifts the wait, kept beside the lifted holds.
pub(super) const GRACE: &str = "grace";
/// The word of [`HoldReason::Approval`].
pub(super) const APPROVAL: &str = "approval";

/// What is known of what a letter links to, beyond what lies below uploads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Links {
    /// The titles of documents that cannot be had at their address.
    pub missing: Vec<String>,
    /// The release's page on the site that shows the releases does not answer.
    pub page_missing: bool,
    /// Something was not asked yet, or too long ago to open an edition on the answer.
    pub pending: bool,
}

/// What is known when one release's announcement is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// What is remembered of it.
    pub record: &'a Record,
    /// What its file says; `None` when the file is gone or broken.
    pub release: Option<&'a Release>,
    /// Most of the folder is gone at once, and nothing of that is believed for now.
    pub folder_in_doubt: bool,
    /// Its edition, when it was planned before.
    pub edition: Option<&'a Edition>,
    /// How many releases appeared within [`super::CROWD_WINDOW`] of it, itself included: see [`super::crowd`].
    pub crowd: u32,
    /// What its letter links to elsewhere.
    pub links: &'a Links,
    /// The machine's clock jumped forwards and is not followed.
    pub clock: Option<ClockDoubt>,
    /// When a backup was restored: what was live by then may have been announced before.
    pub restored: Option<DateTime<Utc>>,
    /// The rules.
    pub settings: &'a NewsletterSettings,
    /// The instant.
    pub now: DateTime<Utc>,
}

/// What should become of a release's announcement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// No edition is to be made, and one there is stays as it is.
    Nothing,
    /// It opens by itself at this instant.
    Wait(DateTime<Utc>),
    /// It is due, and opens once what it links to has been asked for.
    Ask(DateTime<Utc>),
    /// It waits for a person, or for its file to be mended.
    Hold(HoldReason),
}

/// Decides about one release.
#[must_use]
pub fn plan(situation: Situation<'_>) -> Plan {
    let Situation { record, release, folder_in_doubt, edition, crowd, links, clock, restored, settings, now } =
        situation;
    if record.announcement != Announcement::Undecided
        || edition.is_some_and(|edition| !edition.state.is_before_opening())
    {
        return Plan::Nothing;
    }
    // Whoever holds it again after letting it go means it, and a file that breaks and is mended does not let it go.
    if let Some(reason) = held_for_a_person(edition) {
        return Plan::Hold(reason);
    }
    let Some(release) = release else {
        if folder_in_doubt {
            return Plan::Nothing;
        }
        let reason = if record.missing_since.is_some() { HoldReason::Unpublished } else { HoldReason::FileBroken };
        return if edition.is_some() { Plan::Hold(reason) } else { Plan::Nothing };
    };
    let (Some(publishable_since), true, true) =
        (record.publishable_since, release.is_publishable(), release.newsletter)
    else {
        return if edition.is_some() { Plan::Hold(HoldReason::Unpublished) } else { Plan::Nothing };
    };
    let lifted = |word: &str| is_lifted(edition, word);
    let due = if lifted(GRACE) { release.date } else { release.date.max(publishable_since + settings.grace) };
    let mut reasons = holds(release, record, crowd, links, settings, due.max(now));
    if restored.is_some_and(|at| release.date <= at) {
        reasons.insert(0, HoldReason::Restored);
    }
    if due > now && clock.is_some_and(|doubt| due <= doubt.machine) {
        reasons.push(HoldReason::ClockStep);
    }
    if due <= now && links.page_missing {
        reasons.push(HoldReason::PageMissing);
    }
    match reasons.into_iter().find(|reason| !lifted(reason.as_str())) {
        Some(reason) => Plan::Hold(reason),
        None if due <= now && links.pending => Plan::Ask(due),
        None => Plan::Wait(due),
    }
}

/// The hold that only a person's word lifts: their own, and what a gap in our knowledge asks for.
#[must_use]
pub fn held_for_a_person(edition: Option<&Edition>) -> Option<HoldReason> {
    match &edition?.state {
        EditionState::Held(reason @ (HoldReason::Office | HoldReason::Restored | HoldReason::Silence)) => {
            Some(reason.clone())
        }
        EditionState::Held(_)
        | EditionState::Waiting { .. }
        | EditionState::Opening { .. }
        | EditionState::Sending
        | EditionState::Paused(_)
        | EditionState::Done
        | EditionState::Cancelled => None,
    }
}

/// Whether a person lifted the hold, or the wait, of this word.
#[must_use]
pub fn is_lifted(edition: Option<&Edition>, word: &str) -> bool {
    edition.is_some_and(|edition| edition.lifted.iter().any(|lifted| lifted == word))
}

/// Every reason to hold, the weightiest first. `opening` is when it would leave.
fn holds(
    release: &Release,
    record: &Record,
    crowd: u32,
    links: &Links,
    settings: &NewsletterSettings,
    opening: DateTime<Utc>,
) -> Vec<HoldReason> {
    let mut reasons = Vec::new();
    reasons.extend(record.hold.as_deref().cloned());
    let below_uploads = release.documents.iter().filter(|document| document.state == DocumentState::Missing);
    let mut missing: Vec<String> = below_uploads.map(|document| document.title.clone()).collect();
    missing.extend(links.missing.iter().cloned());
    if !missing.is_empty() {
        reasons.push(HoldReason::DocumentMissing { documents: missing });
    }
    if crowd > settings.hold_above {
        reasons.push(HoldReason::ManyAtOnce { count: crowd });
    }
    if opening - release.date > settings.max_age {
        reasons.push(HoldReason::TooOld);
    }
    if settings.approval {
        reasons.push(HoldReason::Approval);
    }
    reasons
}

/// The holds that are a question to the office: its word to send answers all of them at once. A clock that jumped is
/// confirmed by itself: no word to send lets a letter leave before its embargo.
const QUESTIONS: [&str; 6] = ["too-old", "many-at-once", APPROVAL, "doubtful-identity", "restored", "silence"];

/// The words to add to an edition's lifted holds when a person lets it go in its present state: the reason it is held
/// for, the wait, and every other question. A missing document is lifted only by whoever was told of it.
#[must_use]
pub fn lifted_by_approval(state: &EditionState) -> Vec<&'static str> {
    let held = match state {
        EditionState::Held(reason) => Some(reason.as_str()),
        EditionState::Waiting { .. }
        | EditionState::Opening { .. }
        | EditionState::Sending
        | EditionState::Paused(_)
        | EditionState::Done
        | EditionState::Cancelled => None,
    };
    QUESTIONS.into_iter().chain(held).chain([GRACE]).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::{Digest, Document, EditionId, EditionKind, ReleaseId, Target, sample_release};

    static NO_LINKS: Links = Links { missing: Vec::new(), page_missing: false, pending: false };

    pub(in crate::policy) fn at(text: &str) -> DateTime<Utc> {
        format!("2026-11-23T{text}Z").parse().unwrap()
    }

    pub(in crate::policy) fn settings() -> NewsletterSettings {
        NewsletterSettings {
            from: "presse@example.org".parse().unwrap(),
            reply_to: None,
            list_id: "presse.example.org".to_owned(),
            bounce_domain: None,
            grace: TimeDelta::minutes(10),
            max_age: TimeDelta::hours(48),
            hold_above: 3,
            approval: false,
            digest: crate::config::DigestSettings {
                at: chrono::NaiveTime::MIN,
                days: Vec::new(),
                weekly_on: chrono::Weekday::Mon,
            },
            on_lost_reply: crate::config::OnLostReply::Resend,
            resend_after: TimeDelta::minutes(15),
            retry: Vec::new(),
        }
    }

    /// A release dated 09:00, seen publishable at `seen`, not announced.
    pub(in crate::policy) fn record(seen: &str) -> Record {
        let release = sample_release("a.md", "Un pont", "Texte");
        Record {
            id: ReleaseId::mint("presse.example.org", 2026, "a"),
            path: release.path.clone(),
            permalink: release.permalink.clone(),
            missing_since: None,
            file_digest: Digest::of(b""),
            significant: release.significant_digest(),
            documents: release.documents_digest(),
            title: release.title.clone(),
            date: release.date,
            first_seen: at(seen),
            publishable_since: Some(at(seen)),
            live_since: None,
            first_live: None,
            updated: release.date,
            announcement: Announcement::Undecided,
            hold: None,
        }
    }

    pub(in crate::policy) fn edition(state: EditionState, lifted: &[&str]) -> Edition {
        Edition {
            id: EditionId::new(1),
            kind: EditionKind::Announcement,
            release: None,
            subject: String::new(),
            title: String::new(),
            state,
            lifted: lifted.iter().map(|word| (*word).to_owned()).collect(),
            created: at("09:00:00"),
            opened: None,
            ended: None,
            tally: crate::domain::DeliveryTally::default(),
        }
    }

    /// The only call of [`plan`]: a release seen at `seen`, looked at a minute later.
    #[track_caller]
    fn check(
        seen: &str,
        change: impl FnOnce(&mut Record, &mut Release, &mut NewsletterSettings),
        edition: Option<&Edition>,
        expected: &Plan,
    ) {
        let (mut record, mut release, mut settings) =
            (record(seen), sample_release("a.md", "Un pont", "Texte"), settings());
        change(&mut record, &mut release, &mut settings);
        let now = at(seen) + TimeDelta::minutes(1);
        let situation = Situation {
            record: &record,
            release: Some(&release),
            folder_in_doubt: false,
            edition,
            crowd: 1,
            links: &NO_LINKS,
            clock: None,
            restored: None,
            settings: &settings,
            now,
        };
        assert_eq!(plan(situation), *expected);
    }

    #[test]
    fn prepared_in_advance_it_leaves_at_its_second_and_on_the_spot_after_grace() {
        check("07:00:00", |_, _, _| (), None, &Plan::Wait(at("09:00:00")));
        check("09:05:00", |_, _, _| (), None, &Plan::Wait(at("09:15:00")));
        check("08:55:00", |_, _, _| (), None, &Plan::Wait(at("09:05:00")));
    }

    #[test]
    fn what_was_decided_is_not_decided_again() {
        check("09:05:00", |record, _, _| record.announcement = Announcement::Opened, None, &Plan::Nothing);
        check("09:05:00", |_, _, _| (), Some(&edition(EditionState::Sending, &[])), &Plan::Nothing);
        check("09:05:00", |_, _, _| (), Some(&edition(EditionState::Cancelled, &[])), &Plan::Nothing);
    }

    #[test]
    fn what_is_not_meant_for_letters_gets_none() {
        check("09:05:00", |_, release, _| release.newsletter = false, None, &Plan::Nothing);
        check("09:05:00", |_, release, _| release.published = false, None, &Plan::Nothing);
        let waiting = edition(EditionState::Waiting { due: at("09:15:00") }, &[]);
        check(
            "09:05:00",
            |_, release, _| release.published = false,
            Some(&waiting),
            &Plan::Hold(HoldReason::Unpublished),
        );
    }

    #[test]
    fn old_news_waits_for_a_person() {
        check("09:05:00", |_, release, _| release.date -= TimeDelta::days(3), None, &Plan::Hold(HoldReason::TooOld));
        let held = edition(EditionState::Held(HoldReason::TooOld), &["too-old"]);
        check("09:05:00", |_, release, _| release.date -= TimeDelta::days(3), Some(&held), &Plan::Wait(at("09:15:00")));
    }

    #[test]
    fn a_missing_document_holds_until_it_is_there() {
        let missing = Document {
            target: Target::Upload(crate::domain::UploadPath::from_decoded("a.pdf").unwrap()),
            title: "Le dossier".to_owned(),
            state: DocumentState::Missing,
        };
        let hold = Plan::Hold(HoldReason::DocumentMissing { documents: vec!["Le dossier".to_owned()] });
        check("09:05:00", |_, release, _| release.documents.push(missing), None, &hold);
    }

    #[test]
    fn the_office_may_hold_and_send_now_but_never_before_the_embargo() {
        let held = edition(EditionState::Held(HoldReason::Office), &[]);
        check("09:05:00", |_, _, _| (), Some(&held), &Plan::Hold(HoldReason::Office));
        let again = edition(EditionState::Held(HoldReason::Office), &["office", "grace"]);
        check("09:05:00", |_, _, _| (), Some(&again), &Plan::Hold(HoldReason::Office));
        let now = edition(EditionState::Waiting { due: at("09:15:00") }, &["grace"]);
        check("09:05:00", |_, _, _| (), Some(&now), &Plan::Wait(at("09:00:00")));
        check("07:00:00", |_, _, _| (), Some(&now), &Plan::Wait(at("09:00:00")));
    }

    #[test]
    fn what_the_office_holds_stays_held_while_its_file_is_broken_or_unpublished() {
        let held = edition(EditionState::Held(HoldReason::Office), &[]);
        let stays = Plan::Hold(HoldReason::Office);
        check("09:05:00", |_, release, _| release.published = false, Some(&held), &stays);
        check("09:05:00", |_, release, _| release.newsletter = false, Some(&held), &stays);
        let (record, settings) = (record("09:05:00"), settings());
        let broken = Situation {
            record: &record,
            release: None,
            folder_in_doubt: false,
            edition: Some(&held),
            crowd: 1,
            links: &NO_LINKS,
            clock: None,
            restored: None,
            settings: &settings,
            now: at("09:06:00"),
        };
        assert_eq!(plan(broken), stays);
    }

    #[test]
    fn a_folder_in_doubt_holds_nothing_that_was_planned() {
        let (record, settings) = (record("07:00:00"), settings());
        let waiting = edition(EditionState::Waiting { due: at("09:00:00") }, &[]);
        let gone = Situation {
            record: &record,
            release: None,
            folder_in_doubt: false,
            edition: Some(&waiting),
            crowd: 1,
            links: &NO_LINKS,
            clock: None,
            restored: None,
            settings: &settings,
            now: at("08:00:00"),
        };
        assert_eq!(plan(gone), Plan::Hold(HoldReason::FileBroken));
        assert_eq!(plan(Situation { folder_in_doubt: true, ..gone }), Plan::Nothing);
    }

    #[test]
    fn one_word_answers_every_question_but_not_what_was_never_asked() {
        let crowd = EditionState::Held(HoldReason::ManyAtOnce { count: 9 });
        let lifted = lifted_by_approval(&crowd);
        let held = edition(crowd, &lifted);
        let (record, mut release, settings) =
            (record("09:05:00"), sample_release("a.md", "Un pont", "Texte"), settings());
        release.date -= TimeDelta::days(3);
        let now = at("09:06:00");
        let mut without = release.clone();
        without.documents.push(Document {
            target: Target::Upload(crate::domain::UploadPath::from_decoded("a.pdf").unwrap()),
            title: "Le dossier".to_owned(),
            state: DocumentState::Missing,
        });
        let situation = |release| Situation {
            record: &record,
            release: Some(release),
            folder_in_doubt: false,
            edition: Some(&held),
            crowd: 9,
            links: &NO_LINKS,
            clock: None,
            restored: None,
            settings: &settings,
            now,
        };
        assert_eq!(plan(situation(&release)), Plan::Wait(release.date));
        assert!(matches!(plan(situation(&without)), Plan::Hold(HoldReason::DocumentMissing { .. })));
    }

    #[test]
    fn what_a_letter_links_to_is_asked_for_when_it_is_due() {
        let (record, release, settings) = (record("09:05:00"), sample_release("a.md", "Un pont", "Texte"), settings());
        let check = |links: Links, now: &str, expected: &Plan| {
            let situation = Situation {
                record: &record,
                release: Some(&release),
                folder_in_doubt: false,
                edition: None,
                crowd: 1,
                links: &links,
                clock: None,
                restored: None,
                settings: &settings,
                now: at(now),
            };
            assert_eq!(plan(situation), *expected, "{links:?} at {now}");
        };
        let (wait, due) = (Plan::Wait(at("09:15:00")), "09:15:00");
        let pending = Links { pending: true, ..Links::default() };
        check(pending.clone(), "09:14:59", &wait);
        check(pending, due, &Plan::Ask(at(due)));
        let silent = Links { page_missing: true, pending: true, ..Links::default() };
        check(silent.clone(), "09:14:59", &wait);
        check(silent, due, &Plan::Hold(HoldReason::PageMissing));
        let missing = Links { missing: vec!["Annexe".to_owned()], ..Links::default() };
        let documents = vec!["Annexe".to_owned()];
        check(missing, "09:06:00", &Plan::Hold(HoldReason::DocumentMissing { documents }));
    }

    #[test]
    fn a_clock_that_jumped_holds_what_would_have_left() {
        let (record, release, settings) = (record("07:00:00"), sample_release("a.md", "Un pont", "Texte"), settings());
        let now = at("08:00:00");
        let check = |machine: &str, edition: Option<&Edition>, expected: &Plan| {
            let clock = Some(ClockDoubt { machine: at(machine), believed: now });
            let links = &NO_LINKS;
            let release = Some(&release);
            let folder_in_doubt = false;
            let (record, settings, restored) = (&record, &settings, None);
            let situation = Situation {
                record,
                release,
                folder_in_doubt,
                edition,
                crowd: 1,
                links,
                clock,
                restored,
                settings,
                now,
            };
            assert_eq!(plan(situation), *expected, "{machine}");
        };
        check("09:00:00", None, &Plan::Hold(HoldReason::ClockStep));
        check("08:59:59", None, &Plan::Wait(at("09:00:00")));
        let lifted = lifted_by_approval(&EditionState::Held(HoldReason::ClockStep));
        let approved = edition(EditionState::Held(HoldReason::ClockStep), &lifted);
        check("09:00:00", Some(&approved), &Plan::Wait(at("09:00:00")));
    }

    #[test]
    fn after_a_restoring_what_may_have_left_before_waits_for_a_person() {
        let (record, release, settings) = (record("09:05:00"), sample_release("a.md", "Un pont", "Texte"), settings());
        let check = |restored: &str, edition: Option<&Edition>, expected: &Plan| {
            let situation = Situation {
                record: &record,
                release: Some(&release),
                folder_in_doubt: false,
                edition,
                crowd: 1,
                links: &NO_LINKS,
                clock: None,
                restored: Some(at(restored)),
                settings: &settings,
                now: at("09:06:00"),
            };
            assert_eq!(plan(situation), *expected, "restored at {restored}");
        };
        check("08:59:59", None, &Plan::Wait(at("09:15:00")));
        check("09:00:00", None, &Plan::Hold(HoldReason::Restored));
        let approved = edition(
            EditionState::Waiting { due: at("09:06:00") },
            &lifted_by_approval(&EditionState::Held(HoldReason::Restored)),
        );
        check("09:00:00", Some(&approved), &Plan::Wait(at("09:00:00")));
        // Held before it was known to be one: only a word lifts it, no rule.
        for reason in [HoldReason::Restored, HoldReason::Silence] {
            check("08:00:00", Some(&edition(EditionState::Held(reason.clone()), &[])), &Plan::Hold(reason));
        }
    }

    #[test]
    fn a_crowd_is_held_together() {
        let (record, release, settings) = (record("09:05:00"), sample_release("a.md", "Un pont", "Texte"), settings());
        let situation = Situation {
            record: &record,
            release: Some(&release),
            folder_in_doubt: false,
            edition: None,
            crowd: 4,
            links: &NO_LINKS,
            clock: None,
            restored: None,
            settings: &settings,
            now: at("09:06:00"),
        };
        assert_eq!(plan(situation), Plan::Hold(HoldReason::ManyAtOnce { count: 4 }));
    }
}
