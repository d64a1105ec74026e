//! The doctor's round, part by part.

use std::sync::Arc;

use camino::Utf8Path;

use super::finding::Finding;
use super::{clocks, database, dns, folders, keys, listening, relays};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, ConfigWarning};

/// Looks at everything that the configuration in `file` names.
pub async fn examine(file: &Utf8Path, config: &Config, warnings: &[ConfigWarning]) -> Vec<Finding> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut found = vec![Finding::ok("configuration", &[("file", file.as_str())])];
    let language = config.site.language;
    let doubts = warnings.iter().map(|warning| warning.words(language));
    found.extend(doubts.map(|words| Finding::warning("configuration-doubt", &[("words", &words)])));
    found.extend(folders::look(config));
    let (told, opened) = database::look(config, clock.now()).await;
    found.extend(told);
    found.extend(keys::look(config, opened.as_ref().and_then(|opened| opened.standing.key_fingerprint.as_deref())));
    found.extend(clocks::look(config, opened.as_ref(), clock.now()));
    found.extend(listening::look(config, opened.as_ref().is_some_and(|opened| opened.is_served)));
    found.extend(relays::look(config, &clock).await);
    found.extend(dns::look(config));
    found
}

/// The one finding about a configuration that cannot be read.
#[must_use]
pub fn unreadable(why: &str) -> Finding {
    Finding::problem("configuration-broken", &[("why", why)])
}
