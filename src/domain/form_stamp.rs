//! When a form was shown, in the form itself and signed, so that nobody but us can say so.
//!
//! It belongs to no visitor: one whose address changes between two requests, as a phone's does, would be asked again and
//! again.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};

use super::TokenKey;

/// What its signature is for.
const PURPOSE: &str = "form shown";
/// How many bytes of the HMAC it carries.
const MAC_BYTES: usize = 16;

/// The instant a form was shown, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormStamp(i64);

impl FormStamp {
    /// The stamp of a form that is shown at `now`.
    #[must_use]
    pub const fn at(now: DateTime<Utc>) -> Self {
        Self(now.timestamp())
    }

    /// When the form was shown.
    #[must_use]
    pub fn instant(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.0, 0)
    }

    /// Its text, signed with `key`: the seconds since 1970, a dot, and the signature.
    #[must_use]
    pub fn signed(self, key: &TokenKey) -> String {
        let mac = key.mac(PURPOSE, &[&self.0.to_be_bytes()]);
        format!("{}.{}", self.0, URL_SAFE_NO_PAD.encode(&mac[..MAC_BYTES]))
    }

    /// Reads a stamp signed with any of `keys`; `None` for whatever else.
    #[must_use]
    pub fn read(text: &str, keys: &[TokenKey]) -> Option<Self> {
        let (seconds, mac) = text.split_once('.')?;
        let seconds: i64 = seconds.parse().ok()?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok().filter(|mac| mac.len() == MAC_BYTES)?;
        let is_ours = keys.iter().any(|key| key.vouches(PURPOSE, &[&seconds.to_be_bytes()], &mac));
        is_ours.then_some(Self(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_we_signed_is_believed() {
        let (key, other) = (TokenKey::new([7; 32]), TokenKey::new([8; 32]));
        let stamp = FormStamp::at("2026-11-23T09:30:00.7Z".parse().unwrap());
        let text = stamp.signed(&key);
        assert_eq!(FormStamp::read(&text, &[other.clone(), key.clone()]), Some(stamp));
        assert_eq!(stamp.instant().unwrap().to_rfc3339(), "2026-11-23T09:30:00+00:00");
        assert_eq!(FormStamp::read(&text, std::slice::from_ref(&other)), None);
        let (_, mac) = text.split_once('.').unwrap();
        let forged = ["", ".", "1", "1.", "x.y", &format!("1795426201.{mac}"), &text[..text.len() - 1], &mac.repeat(2)];
        for forged in forged {
            assert_eq!(FormStamp::read(forged, std::slice::from_ref(&key)), None, "{forged}");
        }
    }
}
