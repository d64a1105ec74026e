//! What an editor writes: new releases, edits, dates, corrections, copies, and files that break.

use chrono::{DateTime, TimeDelta, Utc};

use crate::draft::pdf;
use crate::history::{Step, Words};
use crate::lineage::{Content, Lineage, MOST, SENTENCES, Text, Wording, root};
use crate::play::Play;

impl Play {
    /// An editor writes. `None` where there is nothing to write on.
    pub(crate) async fn write(&mut self, words: Words, step: Step) -> Option<()> {
        let Step { who, other, amount, .. } = step;
        match words {
            Words::New => self.save_new(amount, other.is_multiple_of(6)),
            Words::SmallEdit => self.edit(who, "small edit of", |text, version| tweak(text, other, version)).await,
            Words::BigEdit => self.edit(who, "big edit of", |text, version| rewrite(text, amount, version)).await,
            Words::Relabel => self.edit(who, "relabel", |text, version| text.labels = version).await,
            Words::Touch => self.edit(who, "touch", |_, _| ()).await,
            Words::Redate => {
                let date = self.date(amount);
                self.edit(who, "redate", |text, _| text.date = date).await
            }
            Words::Unpublish => self.edit(who, "unpublish", |text, _| text.published = false).await,
            Words::Publish => self.publish(who).await,
            Words::Correct => self.edit(who, "correct", |text, version| text.correction = Some(version)).await,
            Words::Withdraw => self.edit(who, "withdraw", |text, version| text.withdrawn = Some(version)).await,
            Words::Restate => {
                let restate = |text: &mut Text, _| {
                    text.withdrawn = None;
                    text.correction = text.correction.filter(|_| other.is_multiple_of(2));
                };
                self.edit(who, "restate", restate).await
            }
            Words::Revert => self.revert(who, other).await,
            Words::Break => {
                let good = self.pick_good(who)?;
                self.settle(good).await;
                self.break_file(good, amount);
                Some(())
            }
            Words::Mend => {
                let is_broken = |lineage: &Lineage| lineage.content().is_some_and(|content| content.good().is_none());
                let broken = self.pick(who, |_, lineage| is_broken(lineage))?;
                self.mend(broken)
            }
            Words::Copy => self.copy(who, amount).await,
            Words::Diverge => self.diverge(who).await,
        }
    }

    async fn publish(&mut self, number: usize) -> Option<()> {
        let is_draft = |lineage: &Lineage| lineage.good().is_some_and(|text| !text.published);
        let who = self.pick(number, |_, lineage| is_draft(lineage))?;
        self.settle(who).await;
        let (text, path) = (Text { published: true, ..self.text(who) }, self.path(who));
        self.say(format!("publish {} at {path}: {}", root(who), text.date));
        self.put(who, &path, Content::Good(text));
        Some(())
    }

    /// Saves what became of the text of `who` where it stands.
    async fn edit(&mut self, number: usize, what: &str, change: impl Fn(&mut Text, usize)) -> Option<()> {
        let who = self.pick_good(number)?;
        self.settle(who).await;
        let (mut text, version) = (self.text(who), self.next());
        change(&mut text, version);
        let path = self.path(who);
        if !self.is_recognisable(who, &path, &text) {
            return None;
        }
        self.say(format!("{what} {} at {path}: {}", root(who), text.date));
        self.put(who, &path, Content::Good(text));
        Some(())
    }

    /// A date that no other release has.
    fn date(&mut self, amount: usize) -> DateTime<Utc> {
        let distance = match amount % 12 {
            0..=2 => TimeDelta::minutes(-30),
            3 => TimeDelta::hours(-20),
            4 => TimeDelta::days(-4),
            5 => TimeDelta::minutes(4),
            6 => TimeDelta::minutes(25),
            7 | 8 => TimeDelta::hours(3),
            9 => TimeDelta::hours(26),
            10 => TimeDelta::days(6),
            _ => TimeDelta::days(40),
        };
        let second = TimeDelta::seconds(i64::try_from(self.next()).unwrap());
        let date = self.model.now() + distance - second;
        DateTime::from_timestamp(date.timestamp(), 0).unwrap()
    }

    pub(crate) fn new_text(&mut self, who: usize, amount: usize) -> Text {
        let mut text = Text::new(who, self.date(amount));
        if amount.is_multiple_of(3) {
            self.room.upload(&format!("{}.pdf", root(who)), &pdf(&root(who)));
            text.document = Some(who);
        }
        text
    }

    pub(crate) fn save_new(&mut self, amount: usize, is_draft: bool) -> Option<()> {
        let who = self.model.lineages.len();
        if who >= MOST {
            return None;
        }
        let (mut text, path) = (self.new_text(who, amount), self.fresh_name(amount));
        text.published = !is_draft;
        self.model.lineages.push(Lineage::default());
        self.say(format!("new {} at {path}, dated {}, published: {}", root(who), text.date, text.published));
        self.put(who, &path, Content::Good(text));
        Some(())
    }

    pub(crate) fn break_file(&mut self, who: usize, how: usize) {
        let (text, path) = (self.text(who), self.path(who));
        self.say(format!("break {} at {path} ({})", root(who), how % 4));
        self.put(who, &path, Content::Broken(text, how));
    }

    pub(crate) fn mend(&mut self, who: usize) -> Option<()> {
        let (text, path) = (self.text(who), self.path(who));
        if !self.is_recognisable(who, &path, &text) {
            return None;
        }
        self.say(format!("mend {} at {path}", root(who)));
        self.put(who, &path, Content::Good(text));
        Some(())
    }

    async fn revert(&mut self, number: usize, other: usize) -> Option<()> {
        let who = self.pick(number, |who, lineage| {
            !lineage.older.is_empty() && lineage.good().is_some() && !self.is_paired(who)
        })?;
        self.settle(who).await;
        let older = &self.model.lineages[who].older;
        let (text, path) = (older[other % older.len()].clone(), self.path(who));
        // What a copy said before it became a release of its own is another's.
        if text.title.owner != who || !self.is_recognisable(who, &path, &text) {
            return None;
        }
        self.say(format!("revert {} at {path}: {}, published: {}", root(who), text.date, text.published));
        self.put(who, &path, Content::Good(text));
        Some(())
    }

    /// A copy is saved beside its original.
    async fn copy(&mut self, number: usize, amount: usize) -> Option<()> {
        let who = self.model.lineages.len();
        if who >= MOST {
            return None;
        }
        self.settle_all().await?;
        let original = self.pick(number, |who, lineage| {
            lineage.good().is_some_and(Text::is_publishable) && !lineage.was_copied && !self.is_paired(who)
        })?;
        self.lineage(original).was_copied = true;
        let (text, path) = (self.text(original), self.fresh_name(amount));
        self.say(format!("copy {} to {path}", root(original)));
        self.model.lineages.push(Lineage { copy_of: Some(original), ..Lineage::default() });
        self.put(who, &path, Content::Good(text));
        self.settle_all().await;
        Some(())
    }

    /// A copy says something else from now on: it is a release of its own.
    async fn diverge(&mut self, number: usize) -> Option<()> {
        self.settle_all().await?;
        let who = self.pick(number, |_, lineage| lineage.copy_of.is_some() && lineage.file.is_some())?;
        let (mut text, path) = (self.text(who), self.path(who));
        let version = self.next();
        let own = Wording { owner: who, version, tweak: 0 };
        text.title = own;
        for sentence in &mut text.sentences[..3] {
            *sentence = own;
        }
        if !self.is_recognisable(who, &path, &text) {
            return None;
        }
        self.say(format!("the copy at {path} becomes {}", root(who)));
        self.put(who, &path, Content::Good(text));
        let lineage = self.lineage(who);
        (lineage.copy_of, lineage.publishable_since) = (None, None);
        self.settle_all().await;
        Some(())
    }
}

/// Changes one word.
pub(crate) fn tweak(text: &mut Text, index: usize, version: usize) {
    text.sentences[index % SENTENCES].tweak = version;
}

/// A new title, new sentences, or both.
fn rewrite(text: &mut Text, amount: usize, version: usize) {
    if !amount.is_multiple_of(3) {
        (text.title.version, text.title.tweak) = (version, 0);
    }
    if amount % 3 != 1 {
        for sentence in text.sentences.iter_mut().skip(amount % 4).take(3) {
            (sentence.version, sentence.tweak) = (version, 0);
        }
    }
}
