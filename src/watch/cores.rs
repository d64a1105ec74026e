//! How many cores files are read on, and how urgently.

use std::num::NonZero;
use std::thread::available_parallelism;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// A share of the machine's cores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cores {
    /// All of them: a command has nothing else to do.
    All,
    /// All but one, and at least one: whoever reads the feeds meanwhile finds a core free. Where there is one alone, its
    /// threads give way to those that answer.
    AllButOne,
}

/// How far a thread steps back that nobody waits for: it has a tenth of the time of one that answers when both want a core,
/// and is interrupted as soon as that one wakes.
const STEPS_BACK: i32 = 10;

/// From now on, this thread lets others go first. Where that cannot be had, it does not.
pub(super) fn give_way() {
    // On Linux alone this is said of a thread, not of the process.
    if cfg!(target_os = "linux")
        && let Err(error) = rustix::process::setpriority_process(None, STEPS_BACK)
    {
        tracing::debug!(%error, "a thread that reads could not be made to give way");
    }
}

impl Cores {
    /// A thread for each core.
    ///
    /// # Panics
    /// When the system gives no threads.
    #[must_use]
    pub fn pool(self) -> ThreadPool {
        let all = available_parallelism().map_or(1, NonZero::get);
        let builder = ThreadPoolBuilder::new().num_threads(self.of(all)).thread_name(|n| format!("reading-{n}"));
        let builder = match self {
            Self::All => builder,
            Self::AllButOne => builder.start_handler(|_| give_way()),
        };
        builder.build().expect("the system gives threads: the program runs on some already")
    }

    fn of(self, all: usize) -> usize {
        match self {
            Self::All => all,
            Self::AllButOne => all.saturating_sub(1).max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_core_is_left_where_there_are_several() {
        let shares = |all| (Cores::All.of(all), Cores::AllButOne.of(all));
        assert_eq!([1, 2, 8].map(shares), [(1, 1), (2, 1), (8, 7)]);
        assert_eq!(
            Cores::AllButOne.pool().current_num_threads(),
            Cores::AllButOne.of(Cores::All.pool().current_num_threads())
        );
    }
}
