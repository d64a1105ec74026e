//! The domains of recipients that are left alone for a while, as all instances know them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tracing::info;

use crate::domain::{Attempt, Delivery};
use crate::policy::{DOMAIN_REST, domain_rest, is_domain_busy};
use crate::store::{RestOf, StoreError};
use crate::task::newsroom::Newsroom;

/// Whom nothing is sent to now.
#[derive(Debug)]
pub(super) struct DomainRests {
    newsroom: Arc<Newsroom>,
    owner: String,
    /// When each domain's rest ends, or ended.
    known: Mutex<BTreeMap<String, DateTime<Utc>>>,
}

impl DomainRests {
    pub(super) fn new(newsroom: Arc<Newsroom>, owner: String) -> Self {
        Self { newsroom, owner, known: Mutex::default() }
    }

    /// Learns of the rests that all instances know.
    pub(super) async fn refresh(&self) -> Result<(), StoreError> {
        let rests = self.newsroom.store.rests().await?.into_iter().filter(|rest| rest.of == RestOf::Domain);
        *self.known() = rests.map(|rest| (rest.name, rest.until)).collect();
        Ok(())
    }

    /// Until when the recipient's domain is left alone, where it is now.
    pub(super) fn rest_of(&self, delivery: &Delivery) -> Option<DateTime<Utc>> {
        let known = self.known();
        if known.is_empty() {
            return None;
        }
        let until = *known.get(delivery.recipient.address.domain())?;
        let now = self.newsroom.now();
        // One that ends later than any could was written by a clock that was ahead.
        (until > now && until <= now + DOMAIN_REST.1).then_some(until)
    }

    /// Learns from what became of a delivery.
    pub(super) async fn learn(&self, delivery: &Delivery, attempt: &Attempt) {
        let (store, now, domain) = (&self.newsroom.store, self.newsroom.now(), delivery.recipient.address.domain());
        let done = if is_domain_busy(attempt) {
            match store.rest(RestOf::Domain, domain, domain_rest(delivery.attempt), &self.owner, now).await {
                Ok(until) => {
                    if self.known().insert(domain.to_owned(), until).is_none_or(|before| before < until) {
                        let until = until.to_rfc3339();
                        info!(domain, until, "{domain} asks for patience: nothing is sent there until {until}");
                    }
                    Ok(())
                }
                Err(error) => Err(error),
            }
        } else if matches!(attempt, Attempt::Accepted(_)) && self.known().remove(domain).is_some() {
            info!(domain, "{domain} takes letters again");
            store.end_rest(RestOf::Domain, domain).await
        } else {
            Ok(())
        };
        if let Err(error) = done {
            self.newsroom.log_failure(&error, "which domain asks for patience, or does no more, is not written down");
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, DateTime<Utc>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
