//! What a WebSub hub was told of each feed: the entity tag it had then.

use std::collections::BTreeMap;

use super::row::Fields;
use super::{Store, StoreError};

impl Store {
    /// The tag of each feed, by its address, as `hub` was last told of it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pinged(&self, hub: &str) -> Result<BTreeMap<String, String>, StoreError> {
        let asked = sqlx::query("SELECT feed, tag FROM pings WHERE hub = $1").bind(hub).fetch_all(&self.read);
        let rows = self.in_time(async { Ok(asked.await?) }).await?;
        rows.iter()
            .map(|row| {
                let fields = Fields::keyed_by(row, "pings", "feed");
                Ok((fields.text("feed")?, fields.text("tag")?))
            })
            .collect()
    }

    /// Remembers that `hub` was told of feeds, each with its address and tag.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_pinged(&self, hub: &str, feeds: &[(String, String)]) -> Result<(), StoreError> {
        self.in_time(self.put_pinged(hub, feeds)).await
    }

    async fn put_pinged(&self, hub: &str, feeds: &[(String, String)]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for (feed, tag) in feeds {
            sqlx::query(
                "INSERT INTO pings (hub, feed, tag) VALUES ($1, $2, $3) \
                 ON CONFLICT (hub, feed) DO UPDATE SET tag = excluded.tag",
            )
            .bind(hub)
            .bind(feed)
            .bind(tag)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
