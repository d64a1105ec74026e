//! What all instances keep to: whom they leave alone for a while, and how fast they go.

use super::row::{Fields, micros};
use super::{Store, StoreError};
use chrono::{DateTime, TimeDelta, Utc};

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
/// How far ahead turns are taken, besides those of one instance: many instances wait for each other.
const FURTHEST_TURN: TimeDelta = TimeDelta::minutes(1);

impl Store {
    /// Leaves somebody alone for the first of `pauses`, twice as long each further time, up to the second; one who rests
    /// already rests no longer for it. Where both are the same, the next rest is no longer for this one. Gives the end. A rest
    /// that ends later than any could was written by a clock that was ahead, and counts as over.
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
            let fields = Fields::keyed_by(&row, "rests", "name");
            let (until, failures) = (fields.instant("until")?, fields.count::<u32>("failures")?);
            if until > now && until <= now + pauses.1 {
                return Ok(until);
            }
            let until = now + (pauses.0 * 2_i32.pow(failures.min(16))).min(pauses.1);
            sqlx::query(
                "UPDATE rests SET until = $3, failures = failures + $5, owner = $4 WHERE kind = $1 AND name = $2",
            )
            .bind(of.as_str())
            .bind(name)
            .bind(micros(until))
            .bind(owner)
            .bind(i64::from(pauses.0 < pauses.1))
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
                let fields = Fields::keyed_by(row, "rests", "name");
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

    /// Takes the next `count` turns at a relay, one every `interval`, and gives the instant of the first: nobody else has
    /// the same ones. Turns that lie further ahead than instances can wait for were taken by a clock that was ahead.
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
                 SET next = CASE WHEN paces.next BETWEEN $2 AND $4 THEN paces.next ELSE $2 END + $3 \
                 RETURNING relay, next - $3 AS first",
            )
            .bind(relay)
            .bind(micros(now))
            .bind(span)
            .bind(micros(now + FURTHEST_TURN).saturating_add(span))
            .fetch_one(&self.write)
            .await?;
            Fields::keyed_by(&row, "paces", "relay").instant("first")
        };
        self.in_time(taking).await
    }
}
