//! How often the database failed and why, and how long the outbox's work in it takes.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// From a millisecond to half a minute.
const BUCKETS: (f64, f64, u16) = (0.001, 2.0, 15);

/// The kinds of failures there are.
const KINDS: [&str; 4] = ["full", "locked", "silent", "failing"];

/// What the outbox asks of the database, over and over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DatabaseWork {
    /// Claiming due deliveries.
    Claim,
    /// Recording what became of letters, and the beginning of the next, in one commit.
    Exchange,
}

impl DatabaseWork {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Exchange => "exchange",
        }
    }
}

type Label = [(&'static str, &'static str); 1];

/// Counts what the database does.
#[derive(Debug, Clone)]
pub struct DatabaseMetrics {
    errors: Family<Label, Counter>,
    seconds: Family<Label, Histogram, fn() -> Histogram>,
}

impl Default for DatabaseMetrics {
    fn default() -> Self {
        let errors: Family<Label, Counter> = Family::default();
        for kind in KINDS {
            // What begins with its first increase has none that Prometheus could see.
            drop(errors.get_or_create(&[("kind", kind)]));
        }
        Self { errors, seconds: Family::new_with_constructor(histogram) }
    }
}

fn histogram() -> Histogram {
    let (start, factor, length) = BUCKETS;
    Histogram::new(exponential_buckets(start, factor, length))
}

impl DatabaseMetrics {
    /// Counts a failure by what ails the database.
    pub fn failed(&self, ailment: &'static str) {
        self.errors.get_or_create(&[("kind", ailment)]).inc();
    }

    /// Counts how long `work` took.
    pub fn took(&self, work: DatabaseWork, time: Duration) {
        self.seconds.get_or_create(&[("work", work.as_str())]).observe(time.as_secs_f64());
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let errors = "Failures of the database by kind";
        registry.register("database_errors", errors, self.errors.clone());
        let seconds = "How long the outbox's work in the database takes";
        registry.register("outbox_seconds", seconds, self.seconds.clone());
    }
}
