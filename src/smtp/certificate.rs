//! Until when a certificate counts: the one field that is read of it (RFC 5280 §4.1.2.5). Whether it is believed is the
//! TLS library's to say.

use chrono::{DateTime, NaiveDateTime, Utc};

/// DER's numbers for what stands before the field.
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The end of the validity of a certificate in DER; `None` when it cannot be read.
pub(super) fn valid_until(der: &[u8]) -> Option<DateTime<Utc>> {
    let (_, certificate, _) = element(der)?;
    let (_, signed, _) = element(certificate)?;
    let (first, _, after_first) = element(signed)?;
    // A version, where it is said, then serial number, algorithm, issuer.
    let mut rest = if first == VERSION { element(after_first)?.2 } else { after_first };
    for _ in ["algorithm", "issuer"] {
        rest = element(rest)?.2;
    }
    let (tag, validity, _) = element(rest)?;
    let (_, _, not_after) = element(validity).filter(|_| tag == SEQUENCE)?;
    let (tag, text, _) = element(not_after)?;
    let text = std::str::from_utf8(text).ok()?;
    let text = match tag {
        // Two digits of a year: from 50 on of the last century.
        UTC_TIME => format!("{}{text}", if text.get(..2)? >= "50" { "19" } else { "20" }),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    Some(NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%SZ").ok()?.and_utc())
}

/// The first element of `der`: its tag, what it holds, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    const LONG: u8 = 0x80;
    let (&[tag, length], rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = if length < LONG {
        (usize::from(length), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(length - LONG))?;
        let length = digits
            .iter()
            .try_fold(0_usize, |length, digit| length.checked_mul(256)?.checked_add(usize::from(*digit)))?;
        (length, rest)
    };
    let (held, rest) = rest.split_at_checked(length)?;
    Some((tag, held, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_read_in_either_form() {
        for (year, expected) in [(2031, "2031-01-02T00:00:00Z"), (2075, "2075-01-02T00:00:00Z")] {
            let mut parameters = rcgen::CertificateParams::new(vec!["relay.example".to_owned()]).unwrap();
            parameters.not_after = rcgen::date_time_ymd(year, 1, 2);
            let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
            let der = parameters.self_signed(&key).unwrap().der().to_vec();
            assert_eq!(valid_until(&der), Some(expected.parse().unwrap()));
            for cut in 0..der.len() {
                let _ = valid_until(&der[..cut]);
            }
            assert_eq!(valid_until(&der[..40]), None);
        }
    }
}
