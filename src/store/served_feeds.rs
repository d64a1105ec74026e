//! What readers were last given of each feed: what makes `Last-Modified` go on where it was after a restart.

use super::row::{Fields, micros};
use super::{Store, StoreError};
use crate::resource::ServedFeed;

impl Store {
    /// The tag that each feed had when readers were last given it, by its address, and since when.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn served_feeds(&self) -> Result<Vec<ServedFeed>, StoreError> {
        let rows = sqlx::query("SELECT feed, tag, changed_at FROM served_feeds").fetch_all(&self.read).await?;
        rows.iter()
            .map(|row| {
                let fields = Fields::keyed_by(row, "served_feeds", "feed");
                Ok((fields.text("feed")?, fields.text("tag")?, fields.instant("changed_at")?))
            })
            .collect()
    }

    /// Remembers what readers were given, each feed with its address, tag and since when it has that.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_served_feeds(&self, feeds: &[ServedFeed]) -> Result<(), StoreError> {
        self.in_time(self.put_served_feeds(feeds)).await
    }

    async fn put_served_feeds(&self, feeds: &[ServedFeed]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for (feed, tag, changed) in feeds {
            sqlx::query(
                "INSERT INTO served_feeds (feed, tag, changed_at) VALUES ($1, $2, $3) \
                 ON CONFLICT (feed) DO UPDATE SET tag = excluded.tag, changed_at = excluded.changed_at",
            )
            .bind(feed)
            .bind(tag)
            .bind(micros(*changed))
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
