//! When a correction or a withdrawal is mailed to those who had the release, and what stops it.
//!
//! It leaves `grace` after it was first seen in the file, so that a slip of the pen can be mended; the office sees it at
//! once and may send it now. While a letter with the old text may still be on its way, it waits; and a correction leaves no
//! sooner than its release.

use chrono::{DateTime, TimeDelta, Utc};

use super::announce::{APPROVAL, GRACE, held_for_a_person, is_lifted};
use super::revision::Revision;
use crate::config::NewsletterSettings;
use crate::domain::{Edition, EditionKind, HoldReason, Release};

/// How long after a restoring what a file asks for may have been asked for before.
const JUST_RESTORED: TimeDelta = TimeDelta::hours(1);

/// What is known when a correction's or withdrawal's edition is looked at.
#[derive(Debug, Clone, Copy)]
pub struct FollowUpSituation<'a> {
    /// What its edition is about.
    pub revision: &'a Revision,
    /// Its edition, when there is one already.
    pub edition: Option<&'a Edition>,
    /// What the release's file says; `None` when the file is gone or broken.
    pub release: Option<&'a Release>,
    /// Most of the folder is gone at once, and nothing of that is believed for now.
    pub folder_in_doubt: bool,
    /// When a backup was restored: what a file asks for soon after may have been sent before.
    pub restored: Option<DateTime<Utc>>,
    /// The rules.
    pub settings: &'a NewsletterSettings,
    /// The instant.
    pub now: DateTime<Utc>,
}

/// What should become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FollowUpPlan {
    /// It stays as it is.
    Nothing,
    /// It opens by itself at this instant.
    Wait(DateTime<Utc>),
    /// It waits for a person, or for its file to be mended.
    Hold(HoldReason),
    /// The file does not ask for it any more: it is never sent.
    Drop,
}

/// Decides about one correction or withdrawal.
#[must_use]
pub fn plan_follow_up(situation: FollowUpSituation<'_>) -> FollowUpPlan {
    let FollowUpSituation { revision, edition, release, folder_in_doubt, restored, settings, now } = situation;
    if edition.is_some_and(|edition| !edition.state.is_before_opening()) {
        return FollowUpPlan::Nothing;
    }
    let held = held_for_a_person(edition);
    let Some(release) = release else {
        let reason = held.unwrap_or(HoldReason::FileBroken);
        let gone = edition.is_some() && !folder_in_doubt;
        return if gone { FollowUpPlan::Hold(reason) } else { FollowUpPlan::Nothing };
    };
    if Revision::of(release).as_ref() != Some(revision) {
        return if edition.is_some() { FollowUpPlan::Drop } else { FollowUpPlan::Nothing };
    }
    if let Some(reason) = held {
        return FollowUpPlan::Hold(reason);
    }
    // Whether it was seen before the restoring cannot be told.
    if edition.is_none() && restored.is_some_and(|at| now < at + JUST_RESTORED) {
        return FollowUpPlan::Hold(HoldReason::Restored);
    }
    if settings.approval && !is_lifted(edition, APPROVAL) {
        return FollowUpPlan::Hold(HoldReason::Approval);
    }
    let seen = edition.map_or(now, |edition| edition.created);
    let due = if is_lifted(edition, GRACE) { seen } else { seen + settings.grace };
    // A correction holds the text: of a release that was put off it waits for the new date. A withdrawal holds none.
    FollowUpPlan::Wait(if revision.kind == EditionKind::Correction { due.max(release.date) } else { due })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EditionState, sample_release};
    use crate::policy::announce::tests::{at, edition, settings};

    /// The only call of [`plan_follow_up`]: a correction seen at 09:00, looked at a minute later.
    #[track_caller]
    fn check(
        change: impl FnOnce(&mut Release, &mut NewsletterSettings),
        edition: Option<&Edition>,
        expected: &FollowUpPlan,
    ) {
        let (mut release, mut settings) = (sample_release("a.md", "Un pont", "Texte"), settings());
        release.correction = Some("Le pont ouvre mardi.".to_owned());
        let revision = Revision::of(&release).unwrap();
        change(&mut release, &mut settings);
        let situation = FollowUpSituation {
            revision: &revision,
            edition,
            release: Some(&release),
            folder_in_doubt: false,
            restored: None,
            settings: &settings,
            now: at("09:01:00"),
        };
        assert_eq!(plan_follow_up(situation), *expected);
    }

    #[test]
    fn it_leaves_grace_after_it_was_seen_or_when_the_office_says_so() {
        check(|_, _| (), None, &FollowUpPlan::Wait(at("09:11:00")));
        let waiting = edition(EditionState::Waiting { due: at("09:10:00") }, &[]);
        check(|_, _| (), Some(&waiting), &FollowUpPlan::Wait(at("09:10:00")));
        let now = edition(EditionState::Waiting { due: at("09:01:00") }, &["grace"]);
        check(|_, _| (), Some(&now), &FollowUpPlan::Wait(at("09:00:00")));
    }

    #[test]
    fn a_correction_waits_for_an_embargo_that_nobody_lifts_and_a_withdrawal_does_not() {
        let put_off = |release: &mut Release| release.date = at("12:00:00");
        let now = edition(EditionState::Waiting { due: at("09:01:00") }, &["grace"]);
        check(|release, _| put_off(release), Some(&now), &FollowUpPlan::Wait(at("12:00:00")));
        let mut release = sample_release("a.md", "Un pont", "Texte");
        put_off(&mut release);
        release.withdrawn = Some("Faux".to_owned());
        let revision = Revision::of(&release).unwrap();
        let situation = FollowUpSituation {
            revision: &revision,
            edition: None,
            release: Some(&release),
            folder_in_doubt: false,
            restored: None,
            settings: &settings(),
            now: at("09:01:00"),
        };
        assert_eq!(plan_follow_up(situation), FollowUpPlan::Wait(at("09:11:00")));
    }

    #[test]
    fn it_is_held_as_an_announcement_is() {
        check(|_, settings| settings.approval = true, None, &FollowUpPlan::Hold(HoldReason::Approval));
        let approved = edition(EditionState::Waiting { due: at("09:01:00") }, &["approval", "grace"]);
        check(|_, settings| settings.approval = true, Some(&approved), &FollowUpPlan::Wait(at("09:00:00")));
        let held = edition(EditionState::Held(HoldReason::Office), &[]);
        check(|_, _| (), Some(&held), &FollowUpPlan::Hold(HoldReason::Office));
    }

    #[test]
    fn what_the_file_does_not_ask_for_any_more_is_dropped() {
        let waiting = edition(EditionState::Waiting { due: at("09:10:00") }, &[]);
        check(|release, _| release.correction = None, Some(&waiting), &FollowUpPlan::Drop);
        check(|release, _| release.correction = Some("Autre".to_owned()), Some(&waiting), &FollowUpPlan::Drop);
        check(|release, _| release.withdrawn = Some("Faux".to_owned()), Some(&waiting), &FollowUpPlan::Drop);
        check(|release, _| release.correction = None, None, &FollowUpPlan::Nothing);
        let done = edition(EditionState::Done, &[]);
        check(|release, _| release.correction = None, Some(&done), &FollowUpPlan::Nothing);
    }
}
