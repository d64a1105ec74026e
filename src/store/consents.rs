//! The proofs of who agreed to what and when.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use sqlx::AnyConnection;

use super::row::{Fields, clean, micros};
use super::{Store, StoreError, ids};
use crate::domain::SubscriberId;

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
        /// A list that the office took in said that they want none, while they were asked.
        Declined = "declined",
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
        /// The office let the address be written to again.
        Unblocked = "unblocked",
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

/// How many proofs of one subscriber are read at once: more than half a year of as many changes a day as a link may make.
const MOST_PROOFS: i64 = 10_000;

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
    /// The proofs kept of a subscriber, in order: the latest 10,000.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read.
    pub async fn consents_of(&self, id: SubscriberId) -> Result<Vec<ConsentKept>, StoreError> {
        let rows = sqlx::query("SELECT * FROM consents WHERE subscriber = $1 ORDER BY id DESC LIMIT $2")
            .bind(id.number())
            .bind(MOST_PROOFS)
            .fetch_all(&self.read)
            .await?;
        let read = |row| {
            let fields = Fields::keyed_by(row, "consents", "id");
            Ok(ConsentKept {
                at: fields.instant("at")?,
                action: fields.parsed("action")?,
                proof: Proof { words: fields.text("words")?, source: fields.text("source")? },
            })
        };
        rows.iter().rev().map(read).collect()
    }
}
