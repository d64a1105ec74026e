//! What holds of the rules whatever they are asked.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, NaiveTime, TimeDelta, Utc, Weekday};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::announce::tests::{edition, record, settings};
use super::{DigestEntry, DigestReader, Links, Plan, Situation, lifted_by_approval, plan, turns};
use crate::clock::ClockDoubt;
use crate::config::DigestSettings;
use crate::domain::{EditionState, Frequency, HoldReason, ReleaseId, Topic, sample_release};
use crate::register::Announcement;

/// Minutes after 2026-11-23T00:00:00Z.
fn minute(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_392_000, 0).unwrap() + TimeDelta::minutes(minutes)
}

fn a_state() -> impl Strategy<Value = Option<EditionState>> {
    let reasons = [
        HoldReason::Office,
        HoldReason::TooOld,
        HoldReason::ManyAtOnce { count: 9 },
        HoldReason::Approval,
        HoldReason::DoubtfulIdentity,
        HoldReason::ClockStep,
        HoldReason::PageMissing,
        HoldReason::Unpublished,
        HoldReason::Restored,
        HoldReason::Silence,
    ];
    prop_oneof![
        Just(None),
        select(reasons.to_vec()).prop_map(|reason| Some(EditionState::Held(reason))),
        (0_i64..3000).prop_map(|due| Some(EditionState::Waiting { due: minute(due) })),
        select(vec![EditionState::Sending, EditionState::Done, EditionState::Cancelled]).prop_map(Some),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nothing is planned before the embargo's end, for anything decided, or for what is not meant to be mailed, whatever
    /// the office lifted.
    #[test]
    fn nothing_is_planned_that_must_not_leave(
        (seen, date, now) in (0_i64..3000, 0_i64..3000, 0_i64..3000),
        state in a_state(),
        lifts in any::<bool>(),
        (published, newsletter, withdrawn) in (any::<bool>(), any::<bool>(), any::<bool>()),
        (approval, doubtful, pending, page_missing) in (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()),
        (decided, in_doubt, crowd, ahead) in (any::<bool>(), any::<bool>(), 0_u32..6, 0_i64..4000),
        restored in proptest::option::of(0_i64..3000),
    ) {
        let mut release = sample_release("a.md", "Un pont", "Texte");
        (release.date, release.published, release.newsletter) = (minute(date), published, newsletter);
        release.withdrawn = withdrawn.then(|| "Faux".to_owned());
        let mut record = record("09:00:00");
        record.date = release.date;
        record.publishable_since = release.is_publishable().then(|| minute(seen));
        record.announcement = if decided { Announcement::Opened } else { Announcement::Undecided };
        record.hold = doubtful.then_some(HoldReason::DoubtfulIdentity.into());
        let settings = crate::config::NewsletterSettings { approval, ..settings() };
        let lifted = match (&state, lifts) {
            (Some(state), true) => lifted_by_approval(state),
            _ => Vec::new(),
        };
        let edition = state.clone().map(|state| edition(state, &lifted));
        let links = Links { page_missing, pending, ..Links::default() };
        let now = minute(now);
        let clock = (ahead > 60).then(|| ClockDoubt { machine: now + TimeDelta::minutes(ahead), believed: now });
        let planned = plan(Situation {
            record: &record,
            release: Some(&release),
            folder_in_doubt: in_doubt,
            edition: edition.as_ref(),
            crowd,
            links: &links,
            clock,
            restored: restored.map(minute),
            settings: &settings,
            now,
        });
        let has_opened = edition.as_ref().is_some_and(|edition| !edition.state.is_before_opening());
        match planned {
            Plan::Wait(due) | Plan::Ask(due) => {
                prop_assert!(due >= release.date, "before its embargo");
                prop_assert!(published && newsletter && !withdrawn && !decided && !has_opened);
                let waited = lifted.contains(&"grace") || due >= minute(seen) + settings.grace;
                prop_assert!(waited, "before its grace");
                let asked = approval || restored.is_some_and(|at| release.date <= minute(at)) || doubtful || crowd > settings.hold_above;
                prop_assert!(!asked || lifts, "before a person was asked");
                prop_assert!(edition.is_none_or(|edition| edition.state != EditionState::Held(HoldReason::Office)));
            }
            Plan::Hold(_) => prop_assert!(!decided && !has_opened),
            Plan::Nothing => {}
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the zone, the hour and the days: walking through six weeks, each day of digests has its turn once, in
    /// order, on its own civil day.
    #[test]
    fn each_day_of_digests_has_one_turn(
        zone in select(vec![
            chrono_tz::Europe::Paris,
            chrono_tz::UTC,
            chrono_tz::America::Sao_Paulo,
            chrono_tz::Australia::Lord_Howe,
            chrono_tz::Pacific::Apia,
            chrono_tz::Africa::Casablanca,
        ]),
        start_day in 0_i64..720,
        (hour, minute_of_hour) in (0_u32..24, select(vec![0_u32, 30, 59])),
        days in subsequence((0..7_u8).collect::<Vec<_>>(), 1..=7),
        step in select(vec![7_i64, 60, 240, 1_000]),
    ) {
        let days: Vec<Weekday> = days.into_iter().map(|day| Weekday::try_from(day).unwrap()).collect();
        let at = NaiveTime::from_hms_opt(hour, minute_of_hour, 0).unwrap();
        let settings = DigestSettings { at, days: days.clone(), weekly_on: days[0] };
        let begin = DateTime::from_timestamp(1_767_225_600, 0).unwrap() + TimeDelta::days(start_day);
        let mut seen = BTreeMap::new();
        let mut now = begin;
        while now < begin + TimeDelta::days(42) {
            let (last, next) = turns(&settings, Frequency::Daily, zone, begin, now);
            if let Some(turn) = last {
                prop_assert!(turn.due <= now && turn.due > begin);
                let before = seen.insert(turn.round.day, turn.due);
                prop_assert!(before.is_none_or(|due| due == turn.due), "a day has one instant");
            }
            let next = next.unwrap();
            prop_assert!(next.due > now && days.contains(&next.round.day.weekday()));
            now += TimeDelta::minutes(step);
        }
        let dues: Vec<_> = seen.values().copied().collect();
        prop_assert!(dues.windows(2).all(|two| two[0] < two[1]), "in order");
        for (day, due) in &seen {
            prop_assert!(days.contains(&day.weekday()));
            // An hour that is skipped may fall into the next day, never before its own.
            prop_assert!(due.with_timezone(&zone).date_naive() >= *day);
        }
        let first = begin.with_timezone(&zone).date_naive();
        let expected = (1..41).map(|n| first + TimeDelta::days(n)).filter(|day| days.contains(&day.weekday()));
        for day in expected {
            prop_assert!(seen.contains_key(&day), "{day} has no turn");
        }
    }

    /// Digests in a row, each beginning where the last one ended: everything followed is had exactly once.
    #[test]
    fn digests_in_a_row_lose_and_double_nothing(
        topics in proptest::collection::vec(0_usize..4, 0..30),
        cuts in proptest::collection::btree_set(0_u64..31, 0..6),
        follows in subsequence(vec![0_usize, 1, 2, 3], 0..=3),
        had in proptest::collection::btree_set(0_u64..31, 0..5),
    ) {
        let topic = |number: usize| ["tag:eau", "tag:bacs", "category:agenda", "all"][number].parse::<Topic>().unwrap();
        let id = |turn: u64| ReleaseId::mint("presse.example.org", 2026, &turn.to_string());
        let entries: Vec<DigestEntry> = (1..)
            .zip(&topics)
            .map(|(turn, number)| DigestEntry {
                number: u32::try_from(turn).unwrap(),
                release: id(turn),
                turn,
                topics: BTreeSet::from([topic(*number), Topic::All]),
            })
            .collect();
        let follows: BTreeSet<Topic> = follows.into_iter().map(topic).collect();
        let mut reader =
            DigestReader { topics: follows.clone(), covered: 0, until: None, paused: BTreeSet::new(), had: had.iter().map(|turn| id(*turn)).collect() };
        let mut received = Vec::new();
        for cut in cuts.into_iter().chain([u64::MAX]) {
            let so_far: Vec<DigestEntry> = entries.iter().filter(|entry| entry.turn <= cut).cloned().collect();
            received.extend(reader.contents(&so_far));
            reader.covered = reader.covered.max(cut);
        }
        let wanted = |entry: &&DigestEntry| !entry.topics.is_disjoint(&follows) && !had.contains(&entry.turn);
        let expected: Vec<u32> = entries.iter().filter(wanted).map(|entry| entry.number).collect();
        prop_assert_eq!(received, expected);
    }
}
