//! The page that Prometheus asks for.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::database::DatabaseMetrics;
use super::figures::{Figures, Gauges};
use super::letters::LetterMetrics;
use super::requests::RequestCounts;
use super::sign_ups::SignUpCounts;

/// The media type of the page.
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    /// Letters.
    pub letters: LetterMetrics,
    /// Requests.
    pub requests: RequestCounts,
    /// Subscriptions asked for on the web.
    pub sign_ups: SignUpCounts,
    gauges: Gauges,
    began: Gauge,
    reload_succeeded: Gauge,
    reloaded_at: Gauge,
    registry: Registry,
    /// Two who ask at once do not mix their figures.
    page: Mutex<()>,
}

impl Metrics {
    /// Nothing is counted yet but what `database` counts; the process began at `start`.
    #[must_use]
    pub fn new(database: &DatabaseMetrics, start: DateTime<Utc>) -> Self {
        let mut registry = Registry::with_prefix("depeche");
        let (letters, requests, gauges) = (LetterMetrics::default(), RequestCounts::default(), Gauges::default());
        let sign_ups = SignUpCounts::default();
        registry.register("build", "The version that runs", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        let [began, reload_succeeded, reloaded_at] = [start.timestamp(), 1, start.timestamp()].map(|figure| {
            let gauge: Gauge = Gauge::default();
            gauge.set(figure);
            gauge
        });
        registry.register("start_time_seconds", "When the process began, in seconds since 1970", began.clone());
        let help = "1 when the configuration was taken over the last time it was read";
        registry.register("config_last_reload_successful", help, reload_succeeded.clone());
        let help = "When the configuration was last read, in seconds since 1970";
        registry.register("config_last_reload_timestamp_seconds", help, reloaded_at.clone());
        gauges.register(&mut registry);
        letters.register(&mut registry);
        database.register(&mut registry);
        registry.register_collector(Box::new(requests.clone()));
        registry.register_collector(Box::new(sign_ups.clone()));
        Self {
            letters,
            requests,
            sign_ups,
            gauges,
            began,
            reload_succeeded,
            reloaded_at,
            registry,
            page: Mutex::default(),
        }
    }

    /// The process is the one of `earlier`: it began when that says. What was counted begins anew.
    pub fn go_on_from(&self, earlier: &Self) {
        self.began.set(earlier.began.get());
    }

    /// The configuration was read at `now`, and taken over or not.
    pub fn reloaded(&self, success: bool, now: DateTime<Utc>) {
        self.reload_succeeded.set(i64::from(success));
        self.reloaded_at.set(now.timestamp());
    }

    /// The page, with these `figures`.
    #[must_use]
    pub fn page(&self, figures: &Figures) -> String {
        let _turn = self.page.lock().unwrap_or_else(PoisonError::into_inner);
        self.gauges.show(figures);
        let mut page = String::new();
        // Writing into a text cannot fail.
        let _ = prometheus_text::encode(&mut page, &self.registry);
        page
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::time::Duration;

    use super::*;
    use crate::config::PublishPlace;
    use crate::domain::{Attempt, Reply};
    use crate::metrics::{DatabaseWork, LetterEnd, RequestKind};

    /// By name: the type, and the labels that tell its lines apart.
    type Described = BTreeMap<String, (String, BTreeSet<String>)>;

    /// A page on which everything stands that ever can.
    fn full_page() -> String {
        let database = DatabaseMetrics::default();
        let metrics = Metrics::new(&database, DateTime::UNIX_EPOCH);
        database.failed("full");
        database.took(DatabaseWork::Claim, Duration::from_millis(2));
        let attempt = Attempt::Accepted(Reply::new(250, "2.0.0 queued"));
        let took = Duration::from_millis(20);
        let end = LetterEnd { relay: "memory", domain: "gmail.com", attempt: &attempt, outcome: "sent", took };
        metrics.letters.ended(&end);
        let _open = metrics.letters.connection_to("memory");
        metrics.requests.count(RequestKind::Feed, 304);
        let one = |word: &str| BTreeMap::from([(word.to_owned(), 1)]);
        let figures = Figures {
            disk_free: Some(1 << 30),
            deliveries: one("sent"),
            editions: one("done"),
            resting: BTreeMap::from([("memory".to_owned(), true)]),
            published: BTreeMap::from([(PublishPlace::Folder, true)]),
            ..Figures::default()
        };
        metrics.page(&figures)
    }

    fn described_on(page: &str) -> Described {
        let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
        let mut described: Described =
            types.map(|(name, kind)| (name.to_owned(), (kind.to_owned(), BTreeSet::new()))).collect();
        for line in page.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, rest)) = line.split_once('{') else { continue };
            let (labels, _) = rest.split_once('}').unwrap();
            let name = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
            let keys = labels.split("\",").map(|label| label.split_once('=').unwrap().0.to_owned());
            described.get_mut(name).unwrap().1.extend(keys.filter(|key| key != "le"));
        }
        described
    }

    fn described_in(table: &str) -> Described {
        let rows = table.lines().filter(|line| line.starts_with("| `depeche_"));
        rows.map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let words = |cell: &str| cell.split(", ").map(|word| word.trim_matches('`').to_owned()).collect::<Vec<_>>();
            let labels = words(cells[3]).into_iter().filter(|label| !label.is_empty());
            (words(cells[1])[0].clone(), (cells[2].to_owned(), labels.collect()))
        })
        .collect()
    }

    #[test]
    fn what_is_counted_and_what_is_described_are_the_same() {
        let page = full_page();
        let (on_page, in_table) = (described_on(&page), described_in(include_str!("../../docs/OPERATIONS.md")));
        assert_eq!(on_page, in_table);
        assert!(on_page.len() > 20, "{page}");
    }

    #[test]
    fn no_line_is_broken() {
        for line in full_page().lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with("depeche_") && value.parse::<f64>().is_ok(), "{line}");
        }
    }
}
