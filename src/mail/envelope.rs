//! The names by which what comes back finds its delivery: the envelope's sender and id, and the Message-ID.

use std::fmt::Write as _;

use super::Sender;
use crate::config::NewsletterSettings;
use crate::domain::{DeliveryId, EmailAddress, RenderedLetter, Token, TokenKey};

/// What stands before the token in an envelope sender.
pub(super) const BOUNCES: &str = "bounces+";
/// What stands before the token in the address that unsubscribes.
pub(super) const UNSUBSCRIBE: &str = "unsubscribe+";

/// How many bytes of the HMAC a Message-ID carries.
const ID_BYTES: usize = 16;

/// The Message-ID of `letter` to `recipient` by this delivery, with its angle brackets: the same at every attempt, and nobody
/// can read the address out of it or make another one (RFC 5322 §3.6.4).
#[must_use]
pub fn message_id(letter: &RenderedLetter, recipient: &EmailAddress, delivery: DeliveryId, sender: &Sender) -> String {
    // The boundary is the letter's own, even when a lost database counts letters anew.
    let mac = sender.key.mac("message-id", &[letter.boundary.as_bytes(), recipient.as_str().as_bytes()]);
    let mut id = String::with_capacity(2 * ID_BYTES + sender.from.address.domain().len() + 24);
    id.push('<');
    for byte in &mac[..ID_BYTES] {
        let _ = write!(id, "{byte:02x}");
    }
    let _ = write!(id, ".{delivery}@{}>", sender.from.address.domain());
    id
}

/// The delivery that a Message-ID names, be it one of ours or not.
#[must_use]
pub fn delivery_named_in(message_id: &str) -> Option<DeliveryId> {
    let (local, _) = message_id.split_once('@')?;
    let (_, number) = local.rsplit_once('.')?;
    number.parse().ok().map(DeliveryId::new)
}

/// The envelope sender of the delivery with this [`envelope_id`] (RFC 5321 §4.4): `bounces+{id}@` the bounce domain where one
/// is set and can be written to, else the address of `from`.
#[must_use]
pub fn envelope_sender(newsletter: &NewsletterSettings, envelope_id: &str) -> EmailAddress {
    let with_token =
        newsletter.bounce_domain.as_ref().and_then(|domain| format!("{BOUNCES}{envelope_id}@{domain}").parse().ok());
    with_token.unwrap_or_else(|| newsletter.from.address.clone())
}

/// The envelope id of a delivery (RFC 3461 §4.4): what a report names it by, whoever it is sent back to.
#[must_use]
pub fn envelope_id(delivery: DeliveryId, key: &TokenKey) -> String {
    Token::Bounce { delivery }.signed(key)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveTime, TimeDelta, Weekday};

    use super::*;
    use crate::config::{DigestSettings, OnLostReply};
    use crate::mail::plate::tests::{announcement, sender};

    fn newsletter(bounce_domain: Option<&str>) -> NewsletterSettings {
        NewsletterSettings {
            from: "Presse <presse@example.org>".parse().unwrap(),
            reply_to: None,
            list_id: "presse.example.org".to_owned(),
            bounce_domain: bounce_domain.map(str::to_owned),
            grace: TimeDelta::minutes(10),
            max_age: TimeDelta::hours(48),
            hold_above: 3,
            approval: false,
            digest: DigestSettings { at: NaiveTime::MIN, days: vec![Weekday::Mon], weekly_on: Weekday::Mon },
            on_lost_reply: OnLostReply::Resend,
            resend_after: TimeDelta::minutes(15),
            retry: vec![],
        }
    }

    #[test]
    fn the_envelope_sender_names_the_delivery_to_whoever_has_the_key() {
        let key = TokenKey::new([5; 32]);
        let delivery = DeliveryId::new(i64::MAX);
        let address = envelope_sender(&newsletter(Some("retours.example.org")), &envelope_id(delivery, &key));
        assert_eq!(address.domain(), "retours.example.org");
        assert!(address.local().len() <= 64, "RFC 5321 §4.5.3.1.1");
        let token = address.local().strip_prefix("bounces+").unwrap();
        assert_eq!(Token::read(token, &[key], DateTime::UNIX_EPOCH), Ok(Token::Bounce { delivery }));
    }

    #[test]
    fn without_a_usable_bounce_domain_it_is_the_sender() {
        let key = TokenKey::new([5; 32]);
        for domain in [None, Some(""), Some("not a domain")] {
            let address = envelope_sender(&newsletter(domain), &envelope_id(DeliveryId::new(1), &key));
            assert_eq!(address.as_str(), "presse@example.org");
        }
    }

    #[test]
    fn a_message_id_changes_with_letter_recipient_and_key_alone() {
        let (letter, sender) = (announcement(), sender());
        let ann: EmailAddress = "ann@example.org".parse().unwrap();
        let delivery = DeliveryId::new(7);
        let id = message_id(&letter, &ann, delivery, &sender);
        assert_eq!(id, message_id(&letter.clone(), &ann, delivery, &sender));
        assert_eq!(delivery_named_in(&id), Some(delivery));
        for other in ["", "<a@b>", "<a.b@c>", "<a.99999999999999999999@c>", "<.@>"] {
            assert_eq!(delivery_named_in(other), None, "{other}");
        }
        assert!(!id.contains("ann"));

        let mut others = vec![message_id(&letter, &"bob@example.org".parse().unwrap(), delivery, &sender)];
        let mut again = letter.clone();
        again.boundary = "0".repeat(32);
        others.push(message_id(&again, &ann, delivery, &sender));
        let mut rekeyed = sender.clone();
        rekeyed.key = TokenKey::new([9; 32]);
        others.push(message_id(&letter, &ann, delivery, &rekeyed));
        assert!(!others.contains(&id));
    }
}
