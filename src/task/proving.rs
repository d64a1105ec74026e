//! Which delivery something that came back is about: only a proof names one, and nothing in the report may say that it is
//! another database's.
//!
//! Deliveries are counted, and a lost database counts anew while the key stays: then a token that holds names a delivery to
//! somebody else. What the report itself shows of the letter, its Message-ID and its recipients, tells the two apart.

use chrono::{DateTime, Utc};

use super::newsroom::Newsroom;
use crate::domain::{Delivery, EmailAddress, Token};
use crate::mail::{DeliveryReport, FeedbackReport, Proofs, delivery_named_in, message_id, names_address};
use crate::store::StoreError;

/// The end of addresses that a provider made up to hide the true ones (RFC 2606 §2).
const HIDDEN: &str = ".invalid";

impl Newsroom {
    /// The delivery that a mail server reports on. Whoever reads an answer to a letter knows its Message-ID, so that counts
    /// only where letters have no envelope sender of their own, and never beside a token that is forged.
    pub(super) async fn reported(
        &self,
        report: &DeliveryReport,
        now: DateTime<Utc>,
    ) -> Result<Option<Delivery>, StoreError> {
        let proofs = &report.proofs;
        let delivery = match self.by_token(proofs, now).await? {
            Some(delivery) => Some(delivery),
            None if self.config.newsletter.bounce_domain.is_some() => None,
            None if proofs.tokens.iter().any(|text| Token::is_like(text)) => None,
            None => self.by_message_id(proofs).await?,
        };
        let Some(delivery) = delivery else { return Ok(None) };
        let ours = &delivery.recipient.address;
        let is_another = match &proofs.message_id {
            None => false,
            Some(_) if report.recipients.iter().any(|one| one.is_about(ours)) => false,
            Some(id) => !self.had_message_id(&delivery, id).await?,
        };
        Ok((!is_another).then_some(delivery))
    }

    /// The delivery that a reader complains of. Providers send complaints to one address for all letters, without the
    /// envelope's id: often nothing but the Message-ID is left to tell which.
    pub(super) async fn complained_of(
        &self,
        report: &FeedbackReport,
        now: DateTime<Utc>,
    ) -> Result<Option<Delivery>, StoreError> {
        let delivery = match self.by_token(&report.proofs, now).await? {
            Some(delivery) => Some(delivery),
            None => self.by_message_id(&report.proofs).await?,
        };
        let Some(delivery) = delivery else { return Ok(None) };
        let ours = &delivery.recipient.address;
        if report.recipients.iter().any(|named| names_address(named, ours)) {
            return Ok(Some(delivery));
        }
        let is_another = match &report.proofs.message_id {
            Some(id) if self.had_message_id(&delivery, id).await? => false,
            // One that we gave a letter of the same number.
            Some(id) if delivery_named_in(id) == Some(delivery.id) => true,
            // None, or one that a relay gave it: then recipients alone speak, as far as they can be read.
            Some(_) | None => are_elsewhere(&report.recipients, ours),
        };
        Ok((!is_another).then_some(delivery))
    }

    /// The delivery that the first token which holds names.
    async fn by_token(&self, proofs: &Proofs, now: DateTime<Utc>) -> Result<Option<Delivery>, StoreError> {
        let keys = self.all_keys();
        for token in &proofs.tokens {
            if let Ok(Token::Bounce { delivery }) = Token::read(token, &keys, now)
                && let Some(delivery) = self.store.delivery(delivery).await?
            {
                return Ok(Some(delivery));
            }
        }
        Ok(None)
    }

    /// The delivery whose letter has this Message-ID, which nobody can guess.
    async fn by_message_id(&self, proofs: &Proofs) -> Result<Option<Delivery>, StoreError> {
        let Some(id) = &proofs.message_id else { return Ok(None) };
        let Some(named) = delivery_named_in(id) else { return Ok(None) };
        let Some(delivery) = self.store.delivery(named).await? else { return Ok(None) };
        Ok(self.had_message_id(&delivery, id).await?.then_some(delivery))
    }

    /// Whether a delivery's letter left with this Message-ID, or would leave with it: of one that was killed meanwhile,
    /// nothing was written down.
    async fn had_message_id(&self, delivery: &Delivery, id: &str) -> Result<bool, StoreError> {
        let &Delivery { id: number, letter, .. } = delivery;
        if self.store.attempts_of(number).await?.iter().any(|made| made.message_id == id) {
            return Ok(true);
        }
        let Some(letter) = self.store.letter(letter).await? else { return Ok(false) };
        Ok(message_id(&letter, &delivery.recipient.address, number, &self.sender()) == id)
    }
}

/// Whether these recipients are surely others than `ours`: somebody is named at another domain, and nobody at this one.
/// Providers hide names (RFC 6590), and leave domains or put one that is none.
fn are_elsewhere(recipients: &[String], ours: &EmailAddress) -> bool {
    let addresses = recipients.iter().filter_map(|text| text.parse::<EmailAddress>().ok());
    let mut shown = addresses.filter(|address| !address.domain().ends_with(HIDDEN)).peekable();
    shown.peek().is_some() && shown.all(|address| !address.domain().eq_ignore_ascii_case(ours.domain()))
}

#[cfg(test)]
mod tests {
    use super::are_elsewhere;

    #[test]
    fn a_name_that_is_hidden_may_be_anybodys() {
        let ours = "ann@journal.example".parse().unwrap();
        for (recipients, expected) in [
            (vec![], false),
            (vec!["xxxx@Journal.example"], false),
            (vec!["redacted@redacted.invalid"], false),
            (vec!["bob@other.example", "9f86d081@journal.example"], false),
            (vec!["bob@other.example"], true),
            (vec!["redacted@redacted.invalid", "bob@other.example"], true),
        ] {
            let recipients: Vec<String> = recipients.into_iter().map(str::to_owned).collect();
            assert_eq!(are_elsewhere(&recipients, &ours), expected, "{recipients:?}");
        }
    }
}
