//! Signed tokens: what a link or an envelope sender may ask for, and nothing else.
//!
//! A token is a purpose, one or two numbers and 16 bytes of HMAC-SHA-256, in base64url. It is compared in constant
//! time and never logged. It names a row, not an address: a forwarded link tells nobody whose it is.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{AddressChangeId, DeliveryId, EditionId, SubscriberId, to_hex};

/// The secret that signs tokens and Message-IDs. Shows nothing of itself.
#[derive(Clone)]
pub struct TokenKey {
    bytes: [u8; 32],
    /// An HMAC that has been given the key, and nothing else.
    keyed: Arc<Hmac<Sha256>>,
}

impl TokenKey {
    /// The key with these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        // As long as a block: a shorter key is filled up like that (RFC 2104 §2).
        let mut block = [0; 64];
        block[..bytes.len()].copy_from_slice(&bytes);
        Self { bytes, keyed: Arc::new(Hmac::new(&block.into())) }
    }

    /// What the database keeps to recognise the key, without being able to sign.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        to_hex(&self.mac("key fingerprint", &[])[..16])
    }

    /// HMAC-SHA-256 of `fields` for one `purpose`; each field is preceded by its length.
    #[must_use]
    pub fn mac(&self, purpose: &str, fields: &[&[u8]]) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(&self.hmac(purpose, fields).finalize().into_bytes());
        out
    }

    /// Whether `mac`, whole or its first bytes, is the HMAC of `fields` for this `purpose`; compared in constant time.
    #[must_use]
    pub fn vouches(&self, purpose: &str, fields: &[&[u8]], mac: &[u8]) -> bool {
        self.hmac(purpose, fields).verify_truncated_left(mac).is_ok()
    }

    fn hmac(&self, purpose: &str, fields: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::clone(&self.keyed);
        for field in std::iter::once(purpose.as_bytes()).chain(fields.iter().copied()) {
            mac.update(&(field.len() as u64).to_be_bytes());
            mac.update(field);
        }
        mac
    }
}

impl PartialEq for TokenKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for TokenKey {}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKey({})", self.fingerprint())
    }
}

/// What a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// Confirm a subscription (double opt-in), until it expires.
    Confirm {
        /// Whose.
        subscriber: SubscriberId,
        /// Until when.
        expires: DateTime<Utc>,
    },
    /// See and change one's preferences; does not expire.
    Preferences {
        /// Whose.
        subscriber: SubscriberId,
    },
    /// Unsubscribe; does not expire.
    Unsubscribe {
        /// Whom.
        subscriber: SubscriberId,
    },
    /// Hold, send or cancel an edition, until it expires.
    Office {
        /// Which.
        edition: EditionId,
        /// Until when.
        expires: DateTime<Utc>,
    },
    /// Agree that a subscription leaves the present address, or refuse, until it expires.
    AddressOld {
        /// Which change.
        change: AddressChangeId,
        /// Until when.
        expires: DateTime<Utc>,
    },
    /// Agree that a subscription comes to the new address, until it expires.
    AddressNew {
        /// Which change.
        change: AddressChangeId,
        /// Until when.
        expires: DateTime<Utc>,
    },
    /// Download what is kept of a person, until it expires.
    Export {
        /// Of whom.
        subscriber: SubscriberId,
        /// Until when.
        expires: DateTime<Utc>,
    },
    /// Be forgotten, until it expires.
    Erase {
        /// Who.
        subscriber: SubscriberId,
        /// Until when.
        expires: DateTime<Utc>,
    },
    /// Tells which delivery a bounce is about; does not expire.
    Bounce {
        /// Which.
        delivery: DeliveryId,
    },
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not one of ours, or changed on its way.
    #[error("this link is not valid")]
    Forged,
    /// It was one of ours; its time is over.
    #[error("this link has expired")]
    Expired(Token),
}

/// How many bytes of the HMAC a token carries.
const MAC_BYTES: usize = 16;

impl Token {
    /// The token's text, signed with `key`: letters, digits, `-` and `_`.
    #[must_use]
    pub fn signed(&self, key: &TokenKey) -> String {
        let mut bytes = self.payload();
        let mac = key.mac("token", &[&bytes]);
        bytes.extend_from_slice(&mac[..MAC_BYTES]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token signed with any of `keys`.
    ///
    /// # Errors
    /// [`TokenError::Forged`] when no key signed it, [`TokenError::Expired`] when it was valid before `now` only.
    pub fn read(text: &str, keys: &[TokenKey], now: DateTime<Utc>) -> Result<Self, TokenError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::Forged)?;
        let split = bytes.len().checked_sub(MAC_BYTES).ok_or(TokenError::Forged)?;
        let (payload, mac) = bytes.split_at(split);
        if !keys.iter().any(|key| key.vouches("token", &[payload], mac)) {
            return Err(TokenError::Forged);
        }
        let token = Self::from_payload(payload).ok_or(TokenError::Forged)?;
        if token.expires().is_some_and(|expires| expires < now) { Err(TokenError::Expired(token)) } else { Ok(token) }
    }

    /// The subscriber it unsubscribes, when it does that.
    #[must_use]
    pub fn unsubscribes(&self) -> Option<SubscriberId> {
        if let Self::Unsubscribe { subscriber } = self { Some(*subscriber) } else { None }
    }

    /// Until when it counts; `None`: for ever.
    #[must_use]
    pub const fn expires(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Confirm { expires, .. }
            | Self::Office { expires, .. }
            | Self::AddressOld { expires, .. }
            | Self::AddressNew { expires, .. }
            | Self::Export { expires, .. }
            | Self::Erase { expires, .. } => Some(*expires),
            Self::Preferences { .. } | Self::Unsubscribe { .. } | Self::Bounce { .. } => None,
        }
    }

    /// Whether a text looks like a token, be it one of ours or forged: a relay's own name for a letter does not.
    #[must_use]
    pub fn is_like(text: &str) -> bool {
        /// Of a token with one number, and of one with two.
        const LENGTHS: [usize; 2] = [(9 + MAC_BYTES) * 4 / 3 + 1, (17 + MAC_BYTES) * 4 / 3];
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        LENGTHS.contains(&text.len()) && text.bytes().all(is_sign)
    }

    fn payload(&self) -> Vec<u8> {
        let (purpose, id, expires) = match self {
            Self::Confirm { subscriber, expires } => (1_u8, subscriber.number(), Some(expires)),
            Self::Preferences { subscriber } => (2, subscriber.number(), None),
            Self::Unsubscribe { subscriber } => (3, subscriber.number(), None),
            Self::Office { edition, expires } => (4, edition.number(), Some(expires)),
            Self::Bounce { delivery } => (5, delivery.number(), None),
            Self::AddressOld { change, expires } => (6, change.number(), Some(expires)),
            Self::AddressNew { change, expires } => (7, change.number(), Some(expires)),
            Self::Export { subscriber, expires } => (8, subscriber.number(), Some(expires)),
            Self::Erase { subscriber, expires } => (9, subscriber.number(), Some(expires)),
        };
        let mut bytes = vec![purpose];
        bytes.extend_from_slice(&id.to_be_bytes());
        bytes.extend(expires.iter().flat_map(|instant| instant.timestamp().to_be_bytes()));
        bytes
    }

    fn from_payload(bytes: &[u8]) -> Option<Self> {
        let (purpose, rest) = bytes.split_first()?;
        let (id, rest) = rest.split_first_chunk::<8>()?;
        let id = i64::from_be_bytes(*id);
        let expires = match rest.split_first_chunk::<8>() {
            Some((seconds, [])) => DateTime::from_timestamp(i64::from_be_bytes(*seconds), 0),
            _ => None,
        };
        match (purpose, rest.len()) {
            (1, 8) => Some(Self::Confirm { subscriber: SubscriberId::new(id), expires: expires? }),
            (2, 0) => Some(Self::Preferences { subscriber: SubscriberId::new(id) }),
            (3, 0) => Some(Self::Unsubscribe { subscriber: SubscriberId::new(id) }),
            (4, 8) => Some(Self::Office { edition: EditionId::new(id), expires: expires? }),
            (5, 0) => Some(Self::Bounce { delivery: DeliveryId::new(id) }),
            (6, 8) => Some(Self::AddressOld { change: AddressChangeId::new(id), expires: expires? }),
            (7, 8) => Some(Self::AddressNew { change: AddressChangeId::new(id), expires: expires? }),
            (8, 8) => Some(Self::Export { subscriber: SubscriberId::new(id), expires: expires? }),
            (9, 8) => Some(Self::Erase { subscriber: SubscriberId::new(id), expires: expires? }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn the_key_is_given_as_it_is() {
        let mut mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
        for field in [b"token".as_slice(), b"field"] {
            mac.update(&(field.len() as u64).to_be_bytes());
            mac.update(field);
        }
        assert_eq!(TokenKey::new([7; 32]).mac("token", &[b"field"])[..], mac.finalize().into_bytes()[..]);
    }

    #[test]
    fn a_token_reads_back_with_its_key_alone() {
        let (key, other) = (TokenKey::new([7; 32]), TokenKey::new([8; 32]));
        let tokens = [
            Token::Confirm { subscriber: SubscriberId::new(3), expires: at(1000) },
            Token::Preferences { subscriber: SubscriberId::new(i64::MAX) },
            Token::Unsubscribe { subscriber: SubscriberId::new(3) },
            Token::Office { edition: EditionId::new(4), expires: at(1000) },
            Token::Bounce { delivery: DeliveryId::new(5) },
            Token::AddressOld { change: AddressChangeId::new(6), expires: at(1000) },
            Token::AddressNew { change: AddressChangeId::new(6), expires: at(1000) },
            Token::Export { subscriber: SubscriberId::new(3), expires: at(1000) },
            Token::Erase { subscriber: SubscriberId::new(3), expires: at(1000) },
        ];
        let texts: std::collections::BTreeSet<_> = tokens.iter().map(|token| token.signed(&key)).collect();
        assert_eq!(texts.len(), tokens.len(), "what is meant is signed, too");
        for token in tokens {
            let text = token.signed(&key);
            assert_eq!(Token::read(&text, &[other.clone(), key.clone()], at(999)), Ok(token));
            assert_eq!(Token::read(&text, std::slice::from_ref(&other), at(999)), Err(TokenError::Forged));
            assert!(Token::is_like(&text) && Token::is_like(&text.to_lowercase()));
        }
        for foreign in ["", "QQ314159", "4g8Xyz1Zq1z3Vxk", "bq.aaaaaaaaaaafbd7zqk3k3mwtk2b9m1gq"] {
            assert!(!Token::is_like(foreign), "{foreign}");
        }
    }

    #[test]
    fn time_ends_some_tokens_and_not_others() {
        let key = [TokenKey::new([7; 32])];
        let (subscriber, change, expires) = (SubscriberId::new(3), AddressChangeId::new(3), at(1000));
        for ending in [
            Token::Confirm { subscriber, expires },
            Token::Office { edition: EditionId::new(3), expires },
            Token::AddressOld { change, expires },
            Token::AddressNew { change, expires },
            Token::Export { subscriber, expires },
            Token::Erase { subscriber, expires },
        ] {
            assert_eq!(Token::read(&ending.signed(&key[0]), &key, at(1000)), Ok(ending));
            assert_eq!(Token::read(&ending.signed(&key[0]), &key, at(1001)), Err(TokenError::Expired(ending)));
        }
        let leave = Token::Unsubscribe { subscriber: SubscriberId::new(3) };
        assert_eq!(Token::read(&leave.signed(&key[0]), &key, at(i64::from(u32::MAX))), Ok(leave));
    }

    #[test]
    fn any_change_is_noticed() {
        let key = [TokenKey::new([7; 32])];
        let text = Token::Unsubscribe { subscriber: SubscriberId::new(3) }.signed(&key[0]);
        for i in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[i] = if bytes[i] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(Token::read(&changed, &key, at(0)), Err(TokenError::Forged), "{i}");
        }
        for bad in ["", "A", "é", "////"] {
            assert_eq!(Token::read(bad, &key, at(0)), Err(TokenError::Forged));
        }
    }
}
