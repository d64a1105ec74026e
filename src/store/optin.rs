//! Double opt-in: asking at most once a day, confirming, and the proof of who agreed to what and when.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::row::{Fields, clean, micros};
use super::{Store, StoreError, ids, subscribers, suppressions};
use crate::domain::{NewSubscriber, SubscriberId, SuppressionReason};

/// How a subscriber's will was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The words that were agreed to.
    pub words: String,
    /// Where from, masked: never a whole network address.
    pub source: String,
}

crate::domain::words! {
    /// What a proof is of.
    ConsentAction {
        /// A subscription was asked for.
        Asked = "asked",
        /// It was confirmed.
        Confirmed = "confirmed",
        /// The office vouched for it.
        Vouched = "vouched",
        /// Preferences were changed.
        Changed = "changed",
        /// A pause was asked for.
        Paused = "paused",
        /// A pause was ended before its time.
        Resumed = "resumed",
        /// They left.
        Left = "left",
        /// They came back: leaving had been a mistake.
        Returned = "returned",
        /// Another address was asked for.
        AddressAsked = "address-asked",
        /// The present address agreed to the change.
        AddressLeft = "address-left",
        /// The new address agreed to the change.
        AddressTaken = "address-taken",
        /// The change of address was refused.
        AddressRefused = "address-refused",
        /// A copy of what is kept was asked for.
        ExportAsked = "export-asked",
        /// To be forgotten was asked for.
        ErasureAsked = "erasure-asked",
    }
}

/// A proof as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentKept {
    /// When.
    pub at: DateTime<Utc>,
    /// What was done.
    pub action: ConsentAction,
    /// How.
    pub proof: Proof,
}

/// What came of asking for a subscription. People are told the same in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The subscriber.
    pub id: SubscriberId,
    /// Whether a confirmation is to be sent now.
    pub send_confirmation: bool,
}

/// At most one confirmation an address in this time.
const BETWEEN_CONFIRMATIONS: TimeDelta = TimeDelta::hours(24);

/// Keeps a proof.
pub(super) async fn keep(
    connection: &mut AnyConnection,
    subscriber: SubscriberId,
    action: ConsentAction,
    proof: &Proof,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let id = ids::next(connection, "consents").await?;
    sqlx::query("INSERT INTO consents (id, subscriber, at, action, words, source) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(id)
        .bind(subscriber.number())
        .bind(micros(at))
        .bind(action.as_str())
        .bind(clean(&proof.words))
        .bind(clean(&proof.source))
        .execute(connection)
        .await?;
    Ok(())
}

impl Store {
    /// Somebody asked for a subscription. Whoever is active keeps what they have until they confirm or change it
    /// themselves: anybody can type anybody's address. At most one confirmation goes to an address in 24 hours, and
    /// none to one that is suppressed (but for an erasure, which a confirmation lifts).
    ///
    /// # Errors
    /// When the database does not answer, or was opened without its key.
    pub async fn subscribe_pending(
        &self,
        new: &NewSubscriber,
        proof: &Proof,
        now: DateTime<Utc>,
    ) -> Result<Asked, StoreError> {
        let hash = self.address_hash(&new.address)?;
        let mut transaction = self.begin().await?;
        let settled = subscribers::settle(&mut transaction, new, &hash, now).await?;
        let may_be_asked = match suppressions::reason(&mut transaction, &hash).await? {
            None | Some(SuppressionReason::Erased) => true,
            Some(SuppressionReason::Bounced | SuppressionReason::Complained | SuppressionReason::Blocked) => false,
        };
        let long_ago = settled.asked.is_none_or(|asked| asked + BETWEEN_CONFIRMATIONS <= now);
        let send_confirmation = may_be_asked && long_ago;
        if send_confirmation {
            if settled.state != "active" {
                subscribers::describe(&mut transaction, settled.id, new).await?;
            }
            sqlx::query(
                "UPDATE subscribers SET asked = $2, since = CASE WHEN state = 'active' THEN since ELSE $2 END, \
                 end_reason = NULL, state = CASE WHEN state = 'active' THEN state ELSE 'pending' END WHERE id = $1",
            )
            .bind(settled.id.number())
            .bind(micros(now))
            .execute(&mut *transaction)
            .await?;
            keep(&mut transaction, settled.id, ConsentAction::Asked, proof, now).await?;
        }
        transaction.commit().await?;
        Ok(Asked { id: settled.id, send_confirmation })
    }

    /// A subscription is confirmed: it is active from now on. Confirming twice is no harm; `false` when it ended or was
    /// removed meanwhile.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn confirm(&self, id: SubscriberId, proof: &Proof, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let statement = format!(
            "UPDATE subscribers SET state = 'active', since = $2, covered = {}, owed = NULL, owed_until = NULL, \
             paused_since = NULL, paused_until = NULL WHERE id = $1 AND state = 'pending' RETURNING id, address_hash",
            subscribers::LAST_TURN
        );
        let row = sqlx::query(AssertSqlSafe(statement))
            .bind(id.number())
            .bind(micros(now))
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(row) = row else {
            let active = sqlx::query("SELECT 1 FROM subscribers WHERE id = $1 AND state = 'active'")
                .bind(id.number())
                .fetch_optional(&mut *transaction)
                .await?;
            return Ok(active.is_some());
        };
        let hash = Fields::keyed_by_number(&row, "subscribers", "id").text("address_hash")?;
        keep(&mut transaction, id, ConsentAction::Confirmed, proof, now).await?;
        sqlx::query("DELETE FROM suppressions WHERE address_hash = $1 AND reason = 'erased'")
            .bind(hash)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// The proofs kept of a subscriber, in order.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read.
    pub async fn consents_of(&self, id: SubscriberId) -> Result<Vec<ConsentKept>, StoreError> {
        let rows = sqlx::query("SELECT * FROM consents WHERE subscriber = $1 ORDER BY id")
            .bind(id.number())
            .fetch_all(&self.read)
            .await?;
        let read = |row| {
            let fields = Fields::keyed_by_number(row, "consents", "id");
            Ok(ConsentKept {
                at: fields.instant("at")?,
                action: fields.parsed("action")?,
                proof: Proof { words: fields.text("words")?, source: fields.text("source")? },
            })
        };
        rows.iter().map(read).collect()
    }
}
