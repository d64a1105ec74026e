//! What the office decides, and how a history ends.

use chrono::TimeDelta;
use depeche::domain::{Edition, EditionKind, EditionState};
use depeche::task::{OfficeDecision, confirm_alarm, confirm_clock, decide};

use crate::history::Office;
use crate::lineage::root;
use crate::model::GRACE;
use crate::play::Play;

impl Play {
    /// The office decides. `None` where there is nothing to decide.
    pub(crate) async fn rule(&mut self, office: Office, who: usize) -> Option<()> {
        match office {
            Office::Cancel => self.decide(OfficeDecision::Cancel, who).await,
            Office::Hold => self.decide(OfficeDecision::Hold, who).await,
            Office::Approve => self.decide(OfficeDecision::Approve, who).await,
            Office::ConfirmAlarm => {
                self.model.alarm.as_mut()?.is_confirmed = true;
                confirm_alarm(self.room.newsroom()).await.unwrap();
                self.say("confirm the alarm");
                Some(())
            }
            Office::ConfirmClock if self.model.time.is_doubted => self.confirm_clock().await,
            Office::ConfirmClock => None,
        }
    }

    /// Announcements that have not opened, and whose they are.
    async fn planned(&self) -> Vec<(usize, Edition)> {
        let mut planned = Vec::new();
        for edition in self.room.editions().await {
            if edition.kind != EditionKind::Announcement || !edition.state.is_before_opening() {
                continue;
            }
            let id = edition.release.as_ref().map(ToString::to_string);
            let who = self.model.lineages.iter().position(|lineage| lineage.id.is_some() && lineage.id == id);
            planned.extend(who.map(|who| (who, edition)));
        }
        planned
    }

    async fn decide(&mut self, decision: OfficeDecision, number: usize) -> Option<()> {
        let mut planned = self.planned().await;
        if planned.is_empty() {
            return None;
        }
        let (who, edition) = planned.swap_remove(number % planned.len());
        self.carry_out(decision, who, &edition).await
    }

    async fn carry_out(&mut self, decision: OfficeDecision, who: usize, edition: &Edition) -> Option<()> {
        self.say(format!("the office: {decision:?} {} ({:?})", root(who), edition.state));
        let now = self.room.newsroom().now();
        let (_, in_time) = decide(&self.room.newsroom().store, edition.id, decision, "history", now).await.unwrap()?;
        if in_time {
            let lineage = self.lineage(who);
            lineage.is_cancelled |= decision == OfficeDecision::Cancel;
            lineage.was_approved |= decision == OfficeDecision::Approve;
            lineage.is_held = decision == OfficeDecision::Hold;
        }
        Some(())
    }

    async fn confirm_clock(&mut self) -> Option<()> {
        confirm_clock(self.room.newsroom()).await.unwrap();
        self.model.time.accept();
        self.say("the clock is confirmed");
        Some(())
    }

    /// Everything is mended, time goes on, the office lets go of what it is asked about: nothing may be lost.
    pub(crate) async fn end(&mut self) -> Result<(), String> {
        self.say("the end begins");
        self.mount();
        if self.model.time.is_doubted {
            self.confirm_clock().await;
        }
        for who in 0..self.model.lineages.len() {
            if self.model.lineages[who].content().is_some_and(|content| content.good().is_none()) {
                self.mend(who);
            }
        }
        self.look().await?;
        let dates = self.model.lineages.iter().filter_map(|lineage| {
            let (_, last) = lineage.last.as_ref()?;
            Some(last.date.max(lineage.publishable_since? + GRACE))
        });
        let last = dates.max().unwrap_or(self.model.now());
        for wait in [TimeDelta::minutes(16), (last - self.model.now()).max(TimeDelta::zero()), TimeDelta::hours(1)] {
            self.pass(wait);
            self.look().await?;
        }
        for (who, edition) in self.planned().await {
            let Some(text) = self.model.lineages[who].shown().filter(|text| text.date <= self.model.now()) else {
                continue;
            };
            let EditionState::Held(reason) = &edition.state else {
                return Err(format!("{} is due and neither left nor held: {:?}", root(who), edition.state));
            };
            // Who began as a copy is half like another, and may be taken for it when that is gone.
            let is_half_like = reason.as_str() == "doubtful-identity" && text.owners().len() > 1;
            if !is_half_like && !["too-old", "many-at-once", "office"].contains(&reason.as_str()) {
                return Err(format!("{} is held for {}", root(who), reason.as_str()));
            }
            self.carry_out(OfficeDecision::Approve, who, &edition).await;
        }
        self.look().await?;
        for days in [1, 3] {
            self.pass(TimeDelta::days(days));
            self.look().await?;
        }
        self.check_nothing_is_lost()
    }
}
