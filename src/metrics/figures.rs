//! What is not counted but looked up when somebody asks for the page.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::config::PublishPlace;

type Number = Gauge<f64, AtomicU64>;

/// What there is to look up. Times are seconds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    /// Whether the daemon can do its work: what `/ready` says.
    pub ready: bool,
    /// Whether the database answers and can be written.
    pub database_up: bool,
    /// Whether this instance reads the folder for all and opens editions.
    pub leads: bool,
    /// How many bytes are free on the disk of the database; `None` where that cannot be known.
    pub disk_free: Option<u64>,
    /// Deliveries by state, as far as they were counted.
    pub deliveries: BTreeMap<String, u64>,
    /// Editions by state.
    pub editions: BTreeMap<String, u64>,
    /// How long the oldest delivery that may leave has been due; 0 when none is.
    pub oldest_due: f64,
    /// By relay, whether it is left alone for now.
    pub resting: BTreeMap<String, bool>,
    /// How many releases are live.
    pub live: usize,
    /// How many errors there are in release files.
    pub errors: usize,
    /// How long the last look at the folder took.
    pub look_took: f64,
    /// How long ago the last look succeeded.
    pub look_age: f64,
    /// By where this instance writes what is public, whether that succeeded when it was last tried.
    pub published: BTreeMap<PublishPlace, bool>,
    /// When the last backup that succeeded was begun, since 1970; `None` where none is known of.
    pub backed_up: Option<i64>,
    /// By how much the machine's clock is ahead of what is believed.
    pub clock_ahead: f64,
}

/// The gauges that show [`Figures`].
#[derive(Debug, Default)]
pub(super) struct Gauges {
    ready: Gauge,
    database_up: Gauge,
    leads: Gauge,
    disk_free: Family<[(&'static str, &'static str); 1], Number>,
    deliveries: Family<[(&'static str, String); 1], Gauge>,
    editions: Family<[(&'static str, String); 1], Gauge>,
    oldest_due: Number,
    resting: Family<[(&'static str, String); 1], Gauge>,
    live: Gauge,
    errors: Gauge,
    look_took: Number,
    look_age: Number,
    published: Family<[(&'static str, &'static str); 1], Gauge>,
    backed_up: Gauge,
    clock_ahead: Number,
}

impl Gauges {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("ready", "1 when the daemon can do its work", self.ready.clone());
        registry.register("database_up", "1 when the database answers and can be written", self.database_up.clone());
        registry.register("leads", "1 when this instance opens editions", self.leads.clone());
        registry.register("disk_free_bytes", "Free bytes on the disk of the database", self.disk_free.clone());
        registry.register("deliveries", "Deliveries by state", self.deliveries.clone());
        registry.register("editions", "Editions by state", self.editions.clone());
        let help = "How long the oldest delivery that may leave has been due; 0 when none is";
        registry.register("oldest_due_delivery_seconds", help, self.oldest_due.clone());
        registry.register("relay_resting", "1 while the relay is left alone after failing", self.resting.clone());
        registry.register("releases_live", "Releases that are public", self.live.clone());
        registry.register("release_errors", "Errors in release files", self.errors.clone());
        registry.register("look_seconds", "How long the last look at the folder took", self.look_took.clone());
        let help = "How long ago a look at the folder last succeeded";
        registry.register("look_age_seconds", help, self.look_age.clone());
        let help = "1 when what is public was written there when that was last tried";
        registry.register("published", help, self.published.clone());
        let help = "When the last backup that succeeded was begun, since 1970; 0 when none did";
        registry.register("last_backup_timestamp_seconds", help, self.backed_up.clone());
        let help = "By how much the machine's clock is ahead of what is believed; 0 when it is believed";
        registry.register("clock_doubt_seconds", help, self.clock_ahead.clone());
    }

    pub(super) fn show(&self, figures: &Figures) {
        let Figures {
            ready,
            database_up,
            leads,
            disk_free,
            deliveries,
            editions,
            oldest_due,
            resting,
            live,
            errors,
            look_took,
            look_age,
            published,
            backed_up,
            clock_ahead,
        } = figures;
        self.ready.set(i64::from(*ready));
        self.database_up.set(i64::from(*database_up));
        self.leads.set(i64::from(*leads));
        if let Some(free) = disk_free {
            self.disk_free.get_or_create(&[("of", "database")]).set(number(*free));
        }
        for (state, count) in deliveries {
            self.deliveries.get_or_create(&[("state", state.clone())]).set(whole(*count));
        }
        for (state, count) in editions {
            self.editions.get_or_create(&[("state", state.clone())]).set(whole(*count));
        }
        self.oldest_due.set(*oldest_due);
        for (relay, rests) in resting {
            self.resting.get_or_create(&[("relay", relay.clone())]).set(i64::from(*rests));
        }
        self.live.set(whole(*live));
        self.errors.set(whole(*errors));
        self.look_took.set(*look_took);
        self.look_age.set(*look_age);
        self.published.clear();
        for (place, is_written) in published {
            self.published.get_or_create(&[("place", place.as_str())]).set(i64::from(*is_written));
        }
        if let Some(at) = backed_up {
            self.backed_up.set(*at);
        }
        self.clock_ahead.set(*clock_ahead);
    }
}

fn whole<T: TryInto<i64>>(count: T) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

/// Bytes as Prometheus has them, which loses the last ones of a petabyte.
#[expect(clippy::cast_precision_loss, reason = "a free disk is not known to the byte")]
fn number(bytes: u64) -> f64 {
    bytes as f64
}
