//! Subscribers page by page, however many there are.

use sqlx::Row as _;

use super::subscribers::{SubscriberFilter, subscriber_from};
use super::{Store, StoreError};
use crate::domain::{Subscriber, Topic};

/// How many subscribers make a page.
const PAGE: i64 = 500;

/// Some subscribers, in the order of their addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriberPage {
    /// Who.
    pub subscribers: Vec<Subscriber>,
    /// After which address the next page begins; `None`: there is none.
    pub next: Option<String>,
}

impl Store {
    /// The subscribers whose addresses come next after `after`, or the first. A row that cannot be read is logged and left
    /// out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn page(&self, filter: &SubscriberFilter, after: Option<&str>) -> Result<SubscriberPage, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM subscribers WHERE folded > $1 AND address <> '' AND ($2 IS NULL OR state = $2) \
             AND ($3 IS NULL OR EXISTS (SELECT 1 FROM subscriptions t WHERE t.subscriber = subscribers.id \
             AND t.topic = $3)) ORDER BY folded LIMIT $4",
        )
        .bind(after.unwrap_or_default())
        .bind(filter.state)
        .bind(filter.topic.as_ref().map(Topic::to_string))
        .bind(PAGE)
        .fetch_all(&self.read)
        .await?;
        let is_full = i64::try_from(rows.len()) == Ok(PAGE);
        let next = rows.last().filter(|_| is_full).map(|row| row.try_get("folded")).transpose()?;
        let mut topics = self.topics_of(&rows).await?;
        let mut subscribers = Vec::with_capacity(rows.len());
        for row in &rows {
            match subscriber_from(row, &mut topics) {
                Ok(subscriber) => subscribers.push(subscriber),
                Err(error) => tracing::error!(%error, "a subscriber is left out of the list"),
            }
        }
        Ok(SubscriberPage { subscribers, next })
    }

    /// All of them at once: for few.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list(&self, filter: &SubscriberFilter) -> Result<Vec<Subscriber>, StoreError> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let SubscriberPage { subscribers, next } = self.page(filter, after.as_deref()).await?;
            all.extend(subscribers);
            if next.is_none() {
                return Ok(all);
            }
            after = next;
        }
    }
}
