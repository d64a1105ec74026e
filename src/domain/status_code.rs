//! Enhanced status codes (RFC 3463): what a mail server says of a letter, in three numbers.

use std::fmt;
use std::str::FromStr;

/// An enhanced status code (RFC 3463): `5.1.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusCode {
    /// 2, 4 or 5.
    pub class: u8,
    /// What it is about: 1 the address, 2 the mailbox, 7 policy.
    pub subject: u16,
    /// More closely.
    pub detail: u16,
}

/// Why a text is not an enhanced status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a status code such as `5.1.1`")]
pub struct StatusCodeError;

impl FromStr for StatusCode {
    type Err = StatusCodeError;

    fn from_str(text: &str) -> Result<Self, StatusCodeError> {
        let mut parts = text.split('.');
        let mut number = || {
            let digits = parts.next().filter(|part| (1..=3).contains(&part.len()));
            let digits = digits.filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
            digits.and_then(|part| part.parse::<u16>().ok()).ok_or(StatusCodeError)
        };
        let (class, subject, detail) = (number()?, number()?, number()?);
        let class = u8::try_from(class).ok().filter(|class| matches!(class, 2 | 4 | 5)).ok_or(StatusCodeError)?;
        if parts.next().is_some() { Err(StatusCodeError) } else { Ok(Self { class, subject, detail }) }
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_codes_read_back() {
        for text in ["5.1.1", "4.4.7", "2.0.0", "5.7.509"] {
            assert_eq!(text.parse::<StatusCode>().unwrap().to_string(), text);
        }
        for bad in ["", "5", "5.1", "5.1.1.1", "3.1.1", "6.0.0", "5.1.x", "5.1.1000", "5..1", "+5.1.1", "5.1.1 "] {
            assert_eq!(bad.parse::<StatusCode>(), Err(StatusCodeError), "{bad}");
        }
    }
}
