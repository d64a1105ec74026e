//! A history: what an editor, an office, a machine and time do, one step after another; how one is drawn, and how one that
//! breaks a rule is made short.

use std::fmt;

use proptest::prelude::Rng as _;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// One kind of step. Each acts on what there is when its turn comes; where it finds nothing to act on, nothing happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// An editor writes.
    Words(Words),
    /// An editor moves files about.
    Files(Files),
    /// The office decides.
    Office(Office),
    /// Something happens to the machine.
    Machine(Machine),
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => write!(f, "{words:?}"),
            Self::Files(files) => write!(f, "{files:?}"),
            Self::Office(office) => write!(f, "{office:?}"),
            Self::Machine(machine) => write!(f, "{machine:?}"),
        }
    }
}

/// What an editor writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Words {
    New,
    SmallEdit,
    BigEdit,
    Relabel,
    Touch,
    Redate,
    Unpublish,
    Publish,
    Correct,
    Withdraw,
    Restate,
    Revert,
    Break,
    Mend,
    Copy,
    Diverge,
}

/// How an editor moves files about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Files {
    Rename,
    RenameAndEdit,
    Move,
    Swap,
    SwapAndEdit,
    Rotate,
    TakeName,
    Overwrite,
    Delete,
    Restore,
    RestoreElsewhere,
    RestoreEdited,
    CheckOut,
    CheckIn,
}

/// What the office decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Office {
    Cancel,
    Hold,
    Approve,
    ConfirmAlarm,
    ConfirmClock,
}

/// What happens to the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Machine {
    Unmount,
    Mount,
    Restart,
    Pass,
    StepClock,
    PutClockRight,
}

/// How often each kind is drawn, in parts of their sum.
const WEIGHTS: [(What, u32); 41] = [
    (What::Words(Words::New), 9),
    (What::Words(Words::SmallEdit), 5),
    (What::Words(Words::BigEdit), 4),
    (What::Words(Words::Relabel), 2),
    (What::Words(Words::Touch), 2),
    (What::Words(Words::Redate), 7),
    (What::Words(Words::Unpublish), 3),
    (What::Words(Words::Publish), 5),
    (What::Words(Words::Correct), 3),
    (What::Words(Words::Withdraw), 1),
    (What::Words(Words::Restate), 2),
    (What::Words(Words::Revert), 2),
    (What::Words(Words::Break), 3),
    (What::Words(Words::Mend), 5),
    (What::Words(Words::Copy), 3),
    (What::Words(Words::Diverge), 2),
    (What::Files(Files::Rename), 4),
    (What::Files(Files::RenameAndEdit), 3),
    (What::Files(Files::Move), 3),
    (What::Files(Files::Swap), 3),
    (What::Files(Files::SwapAndEdit), 2),
    (What::Files(Files::Rotate), 2),
    (What::Files(Files::TakeName), 2),
    (What::Files(Files::Overwrite), 1),
    (What::Files(Files::Delete), 4),
    (What::Files(Files::Restore), 3),
    (What::Files(Files::RestoreElsewhere), 2),
    (What::Files(Files::RestoreEdited), 2),
    (What::Files(Files::CheckOut), 2),
    (What::Files(Files::CheckIn), 4),
    (What::Office(Office::Cancel), 2),
    (What::Office(Office::Hold), 2),
    (What::Office(Office::Approve), 4),
    (What::Office(Office::ConfirmAlarm), 1),
    (What::Office(Office::ConfirmClock), 1),
    (What::Machine(Machine::Unmount), 1),
    (What::Machine(Machine::Mount), 12),
    (What::Machine(Machine::Restart), 5),
    (What::Machine(Machine::Pass), 24),
    (What::Machine(Machine::StepClock), 3),
    (What::Machine(Machine::PutClockRight), 3),
];

/// One step. The numbers choose among whatever there is to act on.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub(crate) what: What,
    pub(crate) who: usize,
    pub(crate) other: usize,
    pub(crate) amount: usize,
    /// Whether the newsroom looks right afterwards, as it does after every step that is not an editor's.
    pub(crate) look: bool,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, who, other, amount, look } = self;
        write!(f, "{what}({who}, {other}, {amount}{})", if *look { "" } else { ", unseen" })
    }
}

/// A newsroom's history from its first start on.
#[derive(Debug, Clone)]
pub(crate) struct History {
    /// How many releases are there on the first day, some live, some not.
    pub(crate) first: usize,
    pub(crate) steps: Vec<Step>,
}

/// Histories of so many steps each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Histories {
    pub(crate) steps: usize,
}

impl Strategy for Histories {
    type Tree = HistoryTree;
    type Value = History;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let rng = runner.rng();
        let mut below = |bound: u32| rng.next_u32() % bound;
        // Now and then enough releases for a folder that loses most of them to be doubted.
        let first = if below(4) == 0 { 11 + below(3) } else { below(5) };
        let sum = WEIGHTS.iter().map(|(_, weight)| weight).sum();
        let mut steps = Vec::with_capacity(self.steps);
        for _ in 0..self.steps {
            let mut ticket = below(sum);
            let drawn = WEIGHTS.iter().find(|(_, weight)| {
                let found = ticket < *weight;
                ticket = ticket.saturating_sub(*weight);
                found
            });
            let (what, _) = drawn.expect("the ticket is below the sum");
            let mut number = || below(97) as usize;
            let (who, other, amount) = (number(), number(), number());
            steps.push(Step { what: *what, who, other, amount, look: below(4) != 0 });
        }
        let chunk = steps.len().div_ceil(2);
        Ok(HistoryTree { history: History { first: first as usize, steps }, chunk, at: 0, cut: Cut::Nothing })
    }
}

/// A history made short by leaving out steps: half of them at once, then ever fewer, then first releases.
#[derive(Debug)]
pub(crate) struct HistoryTree {
    history: History,
    /// How many steps are left out at once.
    chunk: usize,
    /// Where the next chunk begins.
    at: usize,
    /// What was left out last.
    cut: Cut,
}

#[derive(Debug)]
enum Cut {
    Nothing,
    Steps(Vec<Step>),
    First,
}

impl HistoryTree {
    fn cut_more(&mut self) -> bool {
        while self.chunk > 0 {
            let steps = &mut self.history.steps;
            if self.at < steps.len() {
                let end = (self.at + self.chunk).min(steps.len());
                self.cut = Cut::Steps(steps.drain(self.at..end).collect());
                return true;
            }
            self.at = 0;
            self.chunk = if self.chunk == 1 { 0 } else { self.chunk.div_ceil(2) };
        }
        if self.history.first > 0 && !matches!(self.cut, Cut::First) {
            self.history.first -= 1;
            self.cut = Cut::First;
            return true;
        }
        false
    }
}

impl ValueTree for HistoryTree {
    type Value = History;

    fn current(&self) -> History {
        self.history.clone()
    }

    fn simplify(&mut self) -> bool {
        self.cut = Cut::Nothing;
        self.cut_more()
    }

    fn complicate(&mut self) -> bool {
        match std::mem::replace(&mut self.cut, Cut::Nothing) {
            Cut::Nothing => false,
            Cut::Steps(steps) => {
                let (at, count) = (self.at, steps.len());
                self.history.steps.splice(at..at, steps);
                self.at += count;
                self.cut_more()
            }
            Cut::First => {
                self.history.first += 1;
                false
            }
        }
    }
}
