//! The database: it answers, knows this version's schema, and belongs here.

use chrono::{DateTime, Utc};

use super::finding::{Finding, causes};
use crate::config::{Config, DatabaseUrl};
use crate::language::instant_words;
use crate::store::{Standing, Store, StoreError, describe};

/// A database that opened.
pub(super) struct Opened {
    pub(super) standing: Standing,
    pub(super) is_served: bool,
}

/// Looks at the database; one that is not there yet is not made.
pub(super) async fn look(config: &Config, now: DateTime<Utc>) -> (Vec<Finding>, Option<Opened>) {
    let name = describe(&config.database.url);
    if let DatabaseUrl::Sqlite(path) = &config.database.url
        && !path.exists()
    {
        return (vec![Finding::ok("database-new", &[("database", &name)])], None);
    }
    match open(config, now).await {
        Ok(Some(opened)) => (told(config, &name, &opened), Some(opened)),
        Ok(None) => (vec![Finding::ok("database-new", &[("database", &name)])], None),
        Err(error) => {
            let why = causes(&error);
            (vec![Finding::problem("database-broken", &[("database", &name), ("why", &why)])], None)
        }
    }
}

async fn open(config: &Config, now: DateTime<Utc>) -> Result<Option<Opened>, StoreError> {
    let Some(store) = Store::open_to_look(&config.database).await? else { return Ok(None) };
    let (standing, served) = (store.standing().await, store.is_served(now).await);
    store.close().await;
    Ok(Some(Opened { standing: standing?, is_served: served? }))
}

fn told(config: &Config, name: &str, opened: &Opened) -> Vec<Finding> {
    let Opened { standing, is_served } = opened;
    let schema = standing.schema.to_string();
    let mut found = vec![Finding::ok("database", &[("database", name), ("schema", &schema)])];
    found.push(match &standing.authority {
        Some(authority) => Finding::ok("authority", &[("authority", authority)]),
        None => Finding::ok("authority-new", &[("authority", config.site.url.host())]),
    });
    let zone = config.site.timezone;
    let alive = standing.alive.map(|at| instant_words(&at.with_timezone(&zone), config.site.language));
    found.push(match (is_served, alive) {
        (true, _) => Finding::ok("served", &[]),
        (false, Some(at)) => Finding::ok("served-last", &[("at", &at)]),
        (false, None) => Finding::ok("served-never", &[]),
    });
    found
}
