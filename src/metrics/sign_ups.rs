//! What became of subscriptions that were asked for on the web. Each costs one addition.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::EncodeMetric as _;
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;

use crate::policy::SignUpLimit;

/// What became of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUpEnd {
    /// A confirmation was queued.
    Asked,
    /// No letter leaves: one was sent within the day, or the address is never written to.
    Silent,
    /// It was not our form, or one sent back faster than a person does, or a day old.
    Again,
    /// The field that people do not see was filled.
    Trapped,
    /// The source asked for too many.
    LimitedSource,
    /// The mailbox was asked for too often, in different spellings.
    LimitedMailbox,
    /// The mail domain was asked for too often.
    LimitedDomain,
    /// All together asked for too many.
    LimitedOverall,
}

impl SignUpEnd {
    const ALL: [Self; 8] = [
        Self::Asked,
        Self::Silent,
        Self::Again,
        Self::Trapped,
        Self::LimitedSource,
        Self::LimitedMailbox,
        Self::LimitedDomain,
        Self::LimitedOverall,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Silent => "silent",
            Self::Again => "again",
            Self::Trapped => "trapped",
            Self::LimitedSource => "limited_source",
            Self::LimitedMailbox => "limited_mailbox",
            Self::LimitedDomain => "limited_domain",
            Self::LimitedOverall => "limited_overall",
        }
    }
}

impl From<SignUpLimit> for SignUpEnd {
    fn from(limit: SignUpLimit) -> Self {
        match limit {
            SignUpLimit::Source => Self::LimitedSource,
            SignUpLimit::Mailbox => Self::LimitedMailbox,
            SignUpLimit::Domain => Self::LimitedDomain,
            SignUpLimit::Overall => Self::LimitedOverall,
        }
    }
}

/// Counts subscriptions that were asked for. Cheap to clone; all clones count together.
#[derive(Debug, Clone, Default)]
pub struct SignUpCounts(Arc<[AtomicU64; SignUpEnd::ALL.len()]>);

impl SignUpCounts {
    /// Counts one.
    pub fn count(&self, end: SignUpEnd) {
        self.0[end as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How many ended so.
    #[must_use]
    pub fn of(&self, end: SignUpEnd) -> u64 {
        self.0[end as usize].load(Ordering::Relaxed)
    }
}

impl Collector for SignUpCounts {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "Subscriptions asked for on the web, by what became of them";
        let mut sign_ups = encoder.encode_descriptor("sign_ups", help, None, MetricType::Counter)?;
        for end in SignUpEnd::ALL {
            let count = ConstCounter::new(self.of(end));
            count.encode(sign_ups.encode_family(&[("outcome", end.as_str())])?)?;
        }
        Ok(())
    }
}
