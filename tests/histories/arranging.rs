//! How an editor moves files about: renames, swaps, deletions, restorations, checkouts.

use crate::history::{Files, Step};
use crate::lineage::{Content, Lineage, MOST, root};
use crate::play::{FOLDERS, Play};
use crate::writing::tweak;

impl Play {
    /// An editor moves files about. `None` where there is none to move.
    pub(crate) async fn arrange(&mut self, files: Files, step: Step) -> Option<()> {
        let Step { who, other, amount, .. } = step;
        match files {
            Files::Rename | Files::RenameAndEdit | Files::Move => self.rename(files, step).await,
            Files::Swap | Files::SwapAndEdit | Files::Rotate => self.exchange(files, step).await,
            Files::TakeName => self.take_name(who, other).await,
            Files::Overwrite => self.overwrite(who, amount).await,
            Files::Delete => self.delete(who).await,
            Files::Restore | Files::RestoreElsewhere | Files::RestoreEdited => self.restore(files, step).await,
            Files::CheckOut => self.check_out(amount).await,
            Files::CheckIn => self.check_in(),
        }
    }

    async fn rename(&mut self, files: Files, step: Step) -> Option<()> {
        let who = self.pick_good(step.who)?;
        self.settle(who).await;
        let (mut text, path) = (self.text(who), self.path(who));
        let new = if files == Files::Move {
            let name = path.rsplit('/').next().unwrap_or(&path);
            format!("{}{name}", FOLDERS[step.amount % FOLDERS.len()])
        } else {
            self.fresh_name(step.amount)
        };
        if files == Files::RenameAndEdit {
            tweak(&mut text, step.other, self.next());
        }
        if new == path || !self.is_recognisable(who, &new, &text) {
            return None;
        }
        self.say(format!("{:?} {}: {path} -> {new}", files, root(who)));
        self.room.rename(&path, &new);
        if files == Files::RenameAndEdit {
            self.put(who, &new, Content::Good(text));
        }
        let lineage = self.lineage(who);
        lineage.is_unseen = true;
        lineage.file.as_mut()?.path = new;
        Some(())
    }

    /// Two or three releases exchange their files' names.
    async fn exchange(&mut self, files: Files, step: Step) -> Option<()> {
        self.settle_all().await?;
        let is_good = |who: usize| self.model.lineages[who].good().is_some() && !self.is_paired(who);
        let one = self.pick_good(step.who)?;
        let two = self.pick(step.other, |who, _| who != one && is_good(who))?;
        let mut circle = vec![one, two];
        if files == Files::Rotate {
            circle.push(self.pick(step.amount, |who, _| who != one && who != two && is_good(who))?);
        }
        let paths: Vec<String> = circle.iter().map(|who| self.path(*who)).collect();
        self.say(format!("{files:?} {paths:?}"));
        for path in &paths {
            self.room.rename(path, &format!("{path}.away"));
        }
        for (place, who) in circle.iter().enumerate() {
            let new = &paths[(place + 1) % paths.len()];
            self.room.rename(&format!("{}.away", paths[place]), new);
            let (mut text, version) = (self.text(*who), self.next());
            if files == Files::SwapAndEdit {
                tweak(&mut text, step.amount, version);
                self.put(*who, new, Content::Good(text));
            }
            let lineage = self.lineage(*who);
            lineage.is_unseen = true;
            lineage.file.as_mut()?.path.clone_from(new);
        }
        Some(())
    }

    /// A release goes, and another takes the name of its file at once.
    async fn take_name(&mut self, number: usize, other: usize) -> Option<()> {
        self.settle_all().await?;
        let one = self.pick_good(number)?;
        let two = self.pick(other, |who, lineage| who != one && lineage.good().is_some() && !self.is_paired(who))?;
        let (path, from) = (self.path(one), self.path(two));
        self.say(format!("{} takes the place of {} at {path}", root(two), root(one)));
        self.room.remove(&path);
        self.take_away(one);
        self.room.rename(&from, &path);
        let lineage = self.lineage(two);
        lineage.is_unseen = true;
        lineage.file.as_mut()?.path = path;
        Some(())
    }

    /// A new release is saved over an old one's file: another title, date and text.
    async fn overwrite(&mut self, number: usize, amount: usize) -> Option<()> {
        let who = self.model.lineages.len();
        if who >= MOST {
            return None;
        }
        self.settle_all().await?;
        let old = self.pick_good(number)?;
        let (text, path) = (self.new_text(who, amount), self.path(old));
        self.say(format!("new {} over {} at {path}, dated {}", root(who), root(old), text.date));
        self.take_away(old);
        self.model.lineages.push(Lineage::default());
        self.put(who, &path, Content::Good(text));
        Some(())
    }

    async fn delete(&mut self, number: usize) -> Option<()> {
        let who = self.pick(number, |_, lineage| lineage.file.is_some())?;
        let is_paired = self.is_paired(who);
        if is_paired {
            self.settle_all().await?;
        } else {
            self.settle(who).await;
        }
        let path = self.path(who);
        self.say(format!("delete {} at {path}", root(who)));
        self.room.remove(&path);
        self.take_away(who);
        let is_copy = self.lineage(who).copy_of.is_some();
        if is_copy {
            self.lineage(who).is_spent = true;
        }
        if is_paired {
            self.settle_all().await;
        }
        Some(())
    }

    async fn restore(&mut self, files: Files, step: Step) -> Option<()> {
        let who =
            self.pick(step.who, |_, lineage| lineage.file.is_none() && lineage.away.is_some() && !lineage.is_spent)?;
        self.settle(who).await;
        let Content::Good(mut text) = self.model.lineages[who].away.clone()?.content else { return None };
        let mut path = self.path(who);
        if files == Files::RestoreElsewhere || self.model.is_named(&path) {
            path = self.fresh_name(step.amount);
        }
        if files == Files::RestoreEdited {
            tweak(&mut text, step.other, self.next());
        }
        if !self.is_recognisable(who, &path, &text) {
            return None;
        }
        self.say(format!("restore {} at {path}: {}", root(who), text.date));
        self.put(who, &path, Content::Good(text));
        Some(())
    }

    /// Several files are gone at once, as when another branch is checked out.
    async fn check_out(&mut self, amount: usize) -> Option<()> {
        self.settle_all().await?;
        let lineages = self.model.lineages.iter().enumerate();
        let there = lineages.filter(|(who, lineage)| lineage.file.is_some() && !self.is_paired(*who));
        let mut there: Vec<usize> = there.map(|(who, _)| who).collect();
        let count = there.len() * (1 + amount % 6) / 6;
        let turn = amount % there.len().max(1);
        there.rotate_left(turn);
        for who in there.into_iter().take(count) {
            let path = self.path(who);
            self.say(format!("check out {} at {path}", root(who)));
            self.room.rename(&path, &format!("../away/{path}"));
            self.take_away(who);
        }
        (count > 0).then_some(())
    }

    /// Everything that was checked out and whose place is free comes back as it was.
    fn check_in(&mut self) -> Option<()> {
        let mut happened = None;
        for who in 0..self.model.lineages.len() {
            let lineage = &self.model.lineages[who];
            let Some(away) = lineage.away.clone().filter(|_| lineage.file.is_none() && !lineage.is_spent) else {
                continue;
            };
            let kept = self.room.root().join("content/../away").join(&away.path);
            let same = std::fs::read(&kept).is_ok_and(|bytes| bytes == away.content.file().as_bytes());
            if !same || self.model.is_named(&away.path) {
                continue;
            }
            self.room.rename(&format!("../away/{}", away.path), &away.path);
            self.say(format!("check in {} at {}", root(who), away.path));
            happened = Some(());
            let lineage = self.lineage(who);
            (lineage.file, lineage.is_unseen) = (Some(away), true);
        }
        happened
    }

    /// Takes a file away; `room` has done so on disk.
    fn take_away(&mut self, who: usize) {
        let lineage = self.lineage(who);
        (lineage.away, lineage.is_unseen) = (lineage.file.take(), true);
    }
}
