//! How far a transfer has come, for whoever waits for it.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::terminal::Terminal;
use crate::language::Language;
use crate::store::{Progress, Step};

/// How often the bar moves when nothing arrives.
const TICK: Duration = Duration::from_millis(200);

/// A line on standard error at a terminal, nothing elsewhere.
pub(super) struct Bar {
    bar: ProgressBar,
    language: Language,
}

impl Bar {
    pub(super) fn new(terminal: Terminal, language: Language) -> Self {
        if !terminal.shows_progress() {
            return Self { bar: ProgressBar::hidden(), language };
        }
        let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
        let bar = ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.enable_steady_tick(TICK);
        Self { bar, language }
    }

    pub(super) fn show(&self, progress: Progress<'_>) {
        let Progress { step, table, rows, all_rows } = progress;
        let doing = match (step, self.language) {
            (Step::Carry, Language::French) => "copie",
            (Step::Carry, Language::English) => "copying",
            (Step::Verify, Language::French) => "vérification",
            (Step::Verify, Language::English) => "comparing",
        };
        self.bar.set_message(format!("{doing} {table} {rows} ({all_rows})"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
