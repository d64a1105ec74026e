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

/// The media type of the page.
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    /// Letters.
    pub letters: LetterMetrics,
    /// Requests.
    pub requests: RequestCounts,
    gauges: Gauges,
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
        registry.register("build", "The version that runs", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        let began: Gauge = Gauge::default();
        began.set(start.timestamp());
        registry.register("start_time_seconds", "When the process began, in seconds since 1970", began);
        gauges.register(&mut registry);
        letters.register(&mut registry);
        database.register(&mut registry);
        registry.register_collector(Box::new(requests.clone()));
        Self { letters, requests, gauges, registry, page: Mutex::default() }
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
