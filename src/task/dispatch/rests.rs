//! The domains of recipients that are left alone for a while, as all instances know them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tracing::{error, info};

use crate::domain::{Attempt, Delivery};
use crate::policy::{DOMAIN_REST, is_domain_busy};
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

    /// Of deliveries that were just claimed, those that may be begun; the others are put off until their domains' rests end.
    pub(super) async fn awake(&self, claimed: Vec<Delivery>) -> Result<Vec<Delivery>, StoreError> {
        if claimed.is_empty() {
            return Ok(claimed);
        }
        let store = &self.newsroom.store;
        let rests = store.rests().await?.into_iter().filter(|rest| rest.of == RestOf::Domain);
        *self.known() = rests.map(|rest| (rest.name, rest.until)).collect();
        let (mut awake, mut asleep) = (Vec::with_capacity(claimed.len()), BTreeMap::<_, Vec<_>>::new());
        for delivery in claimed {
            match self.rest_of(&delivery) {
                Some(until) => asleep.entry(until).or_default().push(delivery.id),
                None => awake.push(delivery),
            }
        }
        for (until, deliveries) in asleep {
            store.put_off(&self.owner, &deliveries, until).await?;
        }
        Ok(awake)
    }

    /// Until when the recipient's domain is left alone, where it is now.
    pub(super) fn rest_of(&self, delivery: &Delivery) -> Option<DateTime<Utc>> {
        let known = self.known();
        let until = known.get(delivery.recipient.address.domain())?;
        (*until > self.newsroom.now()).then_some(*until)
    }

    /// Learns from what became of a letter to `domain`.
    pub(super) async fn learn(&self, domain: &str, attempt: &Attempt) {
        let (store, now) = (&self.newsroom.store, self.newsroom.now());
        let done = if is_domain_busy(attempt) {
            match store.rest(RestOf::Domain, domain, DOMAIN_REST, &self.owner, now).await {
                Ok(until) => {
                    if self.known().insert(domain.to_owned(), until).is_none_or(|before| before < until) {
                        info!(domain, %until, "{domain} asks for patience: nothing is sent there until {until}");
                    }
                    Ok(())
                }
                Err(error) => Err(error),
            }
        } else if matches!(attempt, Attempt::Accepted(_)) && self.known().remove(domain).is_some() {
            store.end_rest(RestOf::Domain, domain).await
        } else {
            Ok(())
        };
        if let Err(error) = done {
            error!(domain, %error, "that {domain} asks for patience, or does no more, is not written down: {error}");
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, DateTime<Utc>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
