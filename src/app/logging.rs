//! Where log lines go and how they look.

use std::io::{IsTerminal as _, stdout};
use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry, fmt, reload};

use crate::config::{LogFormat, LogLevel, LogSettings};

/// What may change while the process runs: which lines are written.
static FILTER: OnceLock<reload::Handle<Targets, Registry>> = OnceLock::new();

/// Starts logging: text on standard error at a terminal, a JSON object a line on standard output elsewhere, unless the
/// configuration says which. A second call changes the level; the format stays.
pub fn start_logging(settings: LogSettings) {
    let targets = targets(settings.level);
    if let Some(filter) = FILTER.get() {
        // It fails only once logging has ended.
        let _ = filter.reload(targets);
        return;
    }
    let json = match settings.format {
        LogFormat::Auto => !stdout().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let layer = if json {
        fmt::layer()
            .json()
            .flatten_event(true)
            .with_target(false)
            .with_current_span(false)
            .with_span_list(false)
            .boxed()
    } else {
        fmt::layer().with_target(false).compact().with_writer(std::io::stderr).boxed()
    };
    let (filter, handle) = reload::Layer::new(targets);
    if tracing_subscriber::registry().with(layer.with_filter(filter)).try_init().is_ok() {
        let _ = FILTER.set(handle);
    }
}

fn targets(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    // Other crates speak only of trouble. That of connections to the database is said by the watchman, in words of ours.
    Targets::new()
        .with_default(LevelFilter::WARN.min(level))
        .with_targets(["sqlx::pool", "sqlx_core::pool"].map(|pool| (pool, LevelFilter::ERROR)))
        .with_target("depeche", level)
}
