//! What happens to the machine: it is killed, its folder is unmounted, its clock is set, and time passes.

use chrono::TimeDelta;

use crate::history::Machine;
use crate::model::GRACE;
use crate::play::Play;

/// How long before an instant at which something falls due, or after it, a look is worth most: in seconds.
const NEAR: [i64; 5] = [-30, -1, 0, 0, 1];

impl Play {
    /// Something happens to the machine. `None` where it cannot.
    pub(crate) async fn suffer(&mut self, machine: Machine, amount: usize) -> Option<()> {
        match machine {
            Machine::Unmount if self.model.is_unmounted => return None,
            Machine::Unmount => {
                std::fs::rename(self.room.root().join("content"), self.room.root().join("unmounted")).unwrap();
                self.model.is_unmounted = true;
                self.say("unmount");
            }
            Machine::Mount => return self.mount(),
            Machine::Restart => {
                self.say("restart");
                self.model.time.restart();
                self.room.restart().await;
            }
            Machine::Pass => {
                let seconds = [20, 60, 299, 600, 601, 900, 3_600, 4 * 3_600, 20 * 3_600, 50 * 3_600, 9 * 86_400];
                let time = match seconds.get(amount % (seconds.len() + NEAR.len())) {
                    Some(seconds) => TimeDelta::seconds(*seconds),
                    None => self.to_next_instant()? + TimeDelta::seconds(NEAR[amount % NEAR.len()]),
                };
                self.pass(time.max(TimeDelta::zero()));
            }
            Machine::StepClock => {
                let minutes = [45, 61, 150, 26 * 60, 365 * 24 * 60, -20, -61, -26 * 60, -365 * 24 * 60, -90];
                self.set_clock(TimeDelta::minutes(minutes[amount % minutes.len()]));
            }
            Machine::PutClockRight if self.model.time.is_doubted => self.set_clock(-self.model.time.ahead()),
            Machine::PutClockRight => return None,
        }
        Some(())
    }

    /// How long it is to the next instant at which an embargo or a wait is over.
    fn to_next_instant(&self) -> Option<TimeDelta> {
        let now = self.model.now();
        let instants = self.model.lineages.iter().filter_map(|lineage| {
            let (date, waited) = (lineage.good()?.date, lineage.publishable_since.map(|since| since + GRACE));
            [Some(date), waited].into_iter().flatten().filter(|instant| *instant > now).min()
        });
        instants.min().map(|instant| instant - now)
    }

    pub(crate) fn mount(&mut self) -> Option<()> {
        if !self.model.is_unmounted {
            return None;
        }
        std::fs::rename(self.room.root().join("unmounted"), self.room.root().join("content")).unwrap();
        self.model.is_unmounted = false;
        self.say("mount");
        Some(())
    }

    pub(crate) fn pass(&mut self, time: TimeDelta) {
        self.room.clock().advance(time);
        self.model.time.pass(time);
        self.say(format!("{} s pass", time.num_seconds()));
    }

    pub(crate) fn set_clock(&mut self, step: TimeDelta) {
        self.room.clock().step(step);
        self.model.time.step(step);
        self.say(format!("the clock is set by {} min", step.num_minutes()));
    }
}
