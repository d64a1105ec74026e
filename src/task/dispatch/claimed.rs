//! What is claimed and not begun yet: enough for a moment, so that claims are few, and no more, so that nothing waits behind
//! it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::rests::DomainRests;
use crate::domain::{Attempt, Delivery};
use crate::store::StoreError;
use crate::task::newsroom::Newsroom;

/// For how long the deliveries claimed at once should last.
const MOMENT: Duration = Duration::from_millis(250);
/// How many are claimed at first, and at the most.
const SIZE: (u32, u32) = (32, 512);
/// What was claimed longer ago is given back: its claim must not run out while it waits here.
const STALE: Duration = Duration::from_mins(5);
/// How often confirmations and notices are looked for while others are claimed.
const SINGLES_LOOK: Duration = Duration::from_millis(500);
/// How many of those are claimed at once.
const SINGLES: u32 = 16;

/// Deliveries that this process alone may hand over.
#[derive(Debug)]
pub(super) struct Claimed {
    newsroom: Arc<Newsroom>,
    owner: String,
    /// How many are claimed at the least: one for each connection.
    smallest: u32,
    lease: TimeDelta,
    rests: DomainRests,
    stock: Mutex<Stock>,
}

#[derive(Debug)]
struct Stock {
    waiting: VecDeque<Delivery>,
    /// How many are claimed at once.
    size: u32,
    claimed: Instant,
    looked: Instant,
}

impl Claimed {
    pub(super) fn new(newsroom: Arc<Newsroom>, owner: String, connections: usize, lease: TimeDelta) -> Self {
        let smallest = u32::try_from(connections).unwrap_or(SIZE.1).min(SIZE.1);
        let (claimed, looked) = (Instant::now(), Instant::now());
        let stock = Stock { waiting: VecDeque::new(), size: SIZE.0.max(smallest), claimed, looked };
        let rests = DomainRests::new(Arc::clone(&newsroom), owner.clone());
        Self { newsroom, owner, smallest, lease, rests, stock: Mutex::new(stock) }
    }

    /// The next delivery; claims more when there is none.
    pub(super) async fn next(&self) -> Result<Option<Delivery>, StoreError> {
        let mut stock = self.stock.lock().await;
        let store = &self.newsroom.store;
        if stock.claimed.elapsed() > STALE && !stock.waiting.is_empty() {
            store.give_back(&self.owner, stock.waiting.make_contiguous(), None).await?;
            stock.waiting.clear();
        }
        if stock.waiting.is_empty() {
            stock.size = next_size(stock.size, stock.claimed.elapsed()).clamp(self.smallest, SIZE.1);
            loop {
                let claimed = store.claim(&self.owner, stock.size, self.newsroom.now(), self.lease).await?;
                (stock.claimed, stock.looked) = (Instant::now(), Instant::now());
                if claimed.is_empty() {
                    break;
                }
                stock.waiting.extend(claimed);
                self.put_off_resting(&mut stock.waiting).await?;
                // Whoever is put off makes room for others.
                if !stock.waiting.is_empty() {
                    break;
                }
            }
        } else if stock.looked.elapsed() > SINGLES_LOOK {
            let singles = store.claim_singles(&self.owner, SINGLES, self.newsroom.now(), self.lease).await?;
            singles.into_iter().rev().for_each(|delivery| stock.waiting.push_front(delivery));
            stock.looked = Instant::now();
        }
        while let Some(delivery) = stock.waiting.pop_front() {
            let Some(until) = self.rests.rest_of(&delivery) else { return Ok(Some(delivery)) };
            if let Err(error) = store.give_back(&self.owner, std::slice::from_ref(&delivery), Some(until)).await {
                stock.waiting.push_front(delivery);
                return Err(error);
            }
        }
        Ok(None)
    }

    /// The next delivery of an edition, when it is here: nothing is claimed for it, and none that somebody waits for is passed
    /// by.
    pub(super) async fn at_hand(&self) -> Option<Delivery> {
        let mut stock = self.stock.lock().await;
        if stock.claimed.elapsed() > STALE || stock.looked.elapsed() > SINGLES_LOOK {
            return None;
        }
        stock.waiting.pop_front_if(|delivery| delivery.edition.is_some() && self.rests.rest_of(delivery).is_none())
    }

    /// Gives those back whose domains rest, until their rests end. What cannot be given back goes on waiting here.
    async fn put_off_resting(&self, waiting: &mut VecDeque<Delivery>) -> Result<(), StoreError> {
        self.rests.refresh().await?;
        let mut asleep: BTreeMap<DateTime<Utc>, Vec<Delivery>> = BTreeMap::new();
        for delivery in std::mem::take(waiting) {
            match self.rests.rest_of(&delivery) {
                Some(until) => asleep.entry(until).or_default().push(delivery),
                None => waiting.push_back(delivery),
            }
        }
        let mut done = Ok(());
        for (until, deliveries) in asleep {
            if done.is_ok() {
                done = self.newsroom.store.give_back(&self.owner, &deliveries, Some(until)).await.map(drop);
            }
            if done.is_err() {
                waiting.extend(deliveries);
            }
        }
        done
    }

    /// Learns from what became of a delivery.
    pub(super) async fn learn(&self, delivery: &Delivery, attempt: &Attempt) {
        self.rests.learn(delivery, attempt).await;
    }

    /// Puts one back that could not be begun: it is the next.
    pub(super) async fn put_back(&self, delivery: Delivery) {
        self.stock.lock().await.waiting.push_front(delivery);
    }

    /// Gives `delivery` back, and with it everything that waits here: its edition was stopped, or its text corrected, as the
    /// others' may have been.
    pub(super) async fn give_back_with_all(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let mut stock = self.stock.lock().await;
        let given: Vec<Delivery> = stock.waiting.iter().chain([delivery]).cloned().collect();
        self.newsroom.store.give_back(&self.owner, &given, None).await?;
        stock.waiting.clear();
        Ok(())
    }

    /// Those that are left.
    pub(super) async fn take_all(&self) -> Vec<Delivery> {
        self.stock.lock().await.waiting.drain(..).collect()
    }
}

/// How many to claim after `size` of them lasted so long.
fn next_size(size: u32, lasted: Duration) -> u32 {
    if lasted < MOMENT / 2 {
        size.saturating_mul(2)
    } else if lasted > MOMENT {
        size / 2
    } else {
        size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_claimed_as_leave_within_a_moment() {
        for (lasted, size) in [(0, 64), (124, 64), (125, 32), (250, 32), (251, 16), (60_000, 16)] {
            assert_eq!(next_size(32, Duration::from_millis(lasted)), size, "{lasted}");
        }
    }
}
