//! What all instances keep to: whom they leave alone for a while, and how fast they go.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AssertSqlSafe;

use super::row::{Fields, micros, placeholders};
use super::{Store, StoreError};
use crate::domain::DeliveryId;

/// Who is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestOf {
    /// A relay, by its name.
    Relay,
    /// A domain of recipients.
    Domain,
}

impl RestOf {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Domain => "domain",
        }
    }
}

/// A rest in force, or one that ended and whose next would be longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// Whose.
    pub of: RestOf,
    /// Which one.
    pub name: String,
    /// When it ends.
    pub until: DateTime<Utc>,
    /// Which instance found it last.
    pub owner: String,
}

/// After so long nobody remembers that there was a rest.
const FORGOTTEN: TimeDelta = TimeDelta::days(1);

impl Store {
    /// Leaves somebody alone for the first of `pauses`, twice as long each further time, up to the second; one who rests
    /// already rests no longer for it. Gives the end.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rest(
        &self,
        of: RestOf,
        name: &str,
        pauses: (TimeDelta, TimeDelta),
        owner: &str,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, StoreError> {
        let resting = async {
            let mut transaction = self.begin().await?;
            sqlx::query("DELETE FROM rests WHERE until < $1")
                .bind(micros(now - FORGOTTEN))
                .execute(&mut *transaction)
                .await?;
            // Writing the row keeps other instances out until the commit.
            let row = sqlx::query(
                "INSERT INTO rests (kind, name, until, failures, owner) VALUES ($1, $2, $3, 0, $4) \
                 ON CONFLICT (kind, name) DO UPDATE SET name = excluded.name RETURNING name, until, failures",
            )
            .bind(of.as_str())
            .bind(name)
            .bind(micros(now))
            .bind(owner)
            .fetch_one(&mut *transaction)
            .await?;
            let fields = Fields::keyed_by_text(&row, "rests", "name");
            let (until, failures) = (fields.instant("until")?, fields.count::<u32>("failures")?);
            if until > now {
                return Ok(until);
            }
            let until = now + (pauses.0 * 2_i32.pow(failures.min(16))).min(pauses.1);
            sqlx::query(
                "UPDATE rests SET until = $3, failures = failures + 1, owner = $4 WHERE kind = $1 AND name = $2",
            )
            .bind(of.as_str())
            .bind(name)
            .bind(micros(until))
            .bind(owner)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(until)
        };
        self.in_time(resting).await
    }

    /// All rests that are remembered.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read.
    pub async fn rests(&self) -> Result<Vec<Rest>, StoreError> {
        let reading = async {
            let rows = sqlx::query("SELECT name, kind, until, owner FROM rests").fetch_all(&self.read).await?;
            let rest = |row| {
                let fields = Fields::keyed_by_text(row, "rests", "name");
                let of = match fields.text("kind")?.as_str() {
                    "relay" => RestOf::Relay,
                    "domain" => RestOf::Domain,
                    word => return Err(fields.wrong("kind", format_args!("`{word}` is no kind"))),
                };
                let (name, owner) = (fields.text("name")?, fields.text("owner")?);
                Ok(Rest { of, name, until: fields.instant("until")?, owner })
            };
            rows.iter().map(rest).collect()
        };
        self.in_time(reading).await
    }

    /// Forgets a rest: all is well again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_rest(&self, of: RestOf, name: &str) -> Result<(), StoreError> {
        let ending = async {
            sqlx::query("DELETE FROM rests WHERE kind = $1 AND name = $2")
                .bind(of.as_str())
                .bind(name)
                .execute(&self.write)
                .await?;
            Ok(())
        };
        self.in_time(ending).await
    }

    /// Puts off deliveries that were claimed and not begun: queued until `due`, and the try does not count.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_off(&self, owner: &str, deliveries: &[DeliveryId], due: DateTime<Utc>) -> Result<(), StoreError> {
        const FIXED: usize = 2;
        if deliveries.is_empty() {
            return Ok(());
        }
        let statement = format!(
            "UPDATE deliveries SET state = 'queued', owner = NULL, lease_until = NULL, attempt = attempt - 1, due = $2 \
             WHERE owner = $1 AND state = 'leased' AND id IN ({})",
            placeholders(FIXED + 1, deliveries.len())
        );
        let query = sqlx::query(AssertSqlSafe(statement)).bind(owner).bind(micros(due));
        let query = deliveries.iter().fold(query, |query, id| query.bind(id.number()));
        self.in_time(async { Ok(query.execute(&self.write).await?) }).await.map(drop)
    }

    /// Takes the next `count` turns at a relay, one every `interval`, and gives the instant of the first: nobody else has
    /// the same ones.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_turns(
        &self,
        relay: &str,
        count: u32,
        interval: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, StoreError> {
        let span = interval.num_microseconds().unwrap_or(i64::MAX).saturating_mul(i64::from(count));
        let taking = async {
            let row = sqlx::query(
                "INSERT INTO paces (relay, next) VALUES ($1, $2 + $3) ON CONFLICT (relay) DO UPDATE \
                 SET next = CASE WHEN paces.next > $2 THEN paces.next ELSE $2 END + $3 RETURNING relay, next - $3 AS first",
            )
            .bind(relay)
            .bind(micros(now))
            .bind(span)
            .fetch_one(&self.write)
            .await?;
            Fields::keyed_by_text(&row, "paces", "relay").instant("first")
        };
        self.in_time(taking).await
    }
}
