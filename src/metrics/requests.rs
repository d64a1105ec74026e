//! How many requests were answered, by what was asked for and the class of the answer. Each costs one addition.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::EncodeMetric as _;
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;

/// The classes of answers, in order.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// What is asked for on the public side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// A feed, or the list of them.
    Feed,
    /// A file below uploads.
    Upload,
    /// A page that acts: subscribing, confirming, preferences, leaving, the office's.
    Form,
    /// Anything else.
    Page,
}

impl RequestKind {
    const ALL: [Self; 4] = [Self::Feed, Self::Upload, Self::Form, Self::Page];

    /// What a request for `path`, below the site's own, asks for.
    #[must_use]
    pub fn of(path: &str) -> Self {
        const FORMS: [&str; 5] = ["/u/", "/subscribe", "/preferences/", "/confirm/", "/office/"];
        if path.starts_with("/feeds") {
            Self::Feed
        } else if path.starts_with("/uploads/") {
            Self::Upload
        } else if FORMS.iter().any(|form| path.starts_with(form)) {
            Self::Form
        } else {
            Self::Page
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::Upload => "upload",
            Self::Form => "form",
            Self::Page => "page",
        }
    }
}

/// Counts requests. Cheap to clone; all clones count together.
#[derive(Debug, Clone, Default)]
pub struct RequestCounts(Arc<[[AtomicU64; CLASSES.len()]; RequestKind::ALL.len()]>);

impl RequestCounts {
    /// Counts an answer with `status`.
    pub fn count(&self, kind: RequestKind, status: u16) {
        let class = usize::from(status / 100).clamp(1, CLASSES.len()) - 1;
        self.0[kind as usize][class].fetch_add(1, Ordering::Relaxed);
    }
}

impl Collector for RequestCounts {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "Requests to the public side that were answered, by kind and class of the answer";
        let mut requests = encoder.encode_descriptor("requests", help, None, MetricType::Counter)?;
        for (kind, counts) in RequestKind::ALL.iter().zip(self.0.iter()) {
            for (class, count) in CLASSES.iter().zip(counts) {
                let count = ConstCounter::new(count.load(Ordering::Relaxed));
                let labels = [("kind", kind.as_str()), ("status", *class)];
                count.encode(requests.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
