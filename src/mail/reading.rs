//! An `.eml` file as a mail program would show it.
//!
//! Reading is lenient (RFC 5322 §4 and worse): whatever can be shown is. Nothing is sanitised: the HTML is somebody's, to be
//! shown in a sandbox only.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use mail_parser::parsers::MessageStream;
use mail_parser::{Address, Message, MessageParser, MessagePart, PartType};

/// A letter made readable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownLetter {
    /// Every header in order, unfolded and decoded.
    pub headers: Vec<(String, String)>,
    /// Who wrote it: `Name <address>`.
    pub from: String,
    /// To whom.
    pub to: String,
    /// What about.
    pub subject: String,
    /// The date it bears, when that is one.
    pub date: Option<DateTime<Utc>>,
    /// The plain-text part, lines ended by LF; empty when there is none.
    pub text: String,
    /// The HTML part as it is; empty when there is none.
    pub html: String,
}

/// Why a file cannot be shown as a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadingError {
    /// Nothing in it looks like a header.
    #[error("find any header: this is not a letter")]
    NoHeaders,
}

/// Reads the bytes of a letter.
///
/// # Errors
/// [`ReadingError::NoHeaders`] when this is no letter at all.
pub fn read_letter(bytes: &[u8]) -> Result<ShownLetter, ReadingError> {
    let message = MessageParser::default().parse(bytes).ok_or(ReadingError::NoHeaders)?;
    if !message.headers().iter().any(|header| is_field_name(header.name())) {
        return Err(ReadingError::NoHeaders);
    }
    Ok(ShownLetter {
        headers: message.headers_raw().map(|(name, raw)| (name.to_owned(), decoded(raw))).collect(),
        from: message.from().map(addresses).unwrap_or_default(),
        to: message.to().map(addresses).unwrap_or_default(),
        subject: message.subject().unwrap_or_default().to_owned(),
        date: message.date().and_then(instant),
        text: text_of(&message).replace("\r\n", "\n"),
        html: html_of(&message),
    })
}

/// Whether a header may be called that (RFC 5322 §3.6.8).
fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}

/// The first plain-text part.
fn text_of(message: &Message<'_>) -> String {
    let texts = message.text_bodies().filter(|part| matches!(part.body, PartType::Text(_)));
    texts.filter_map(MessagePart::text_contents).take(1).collect()
}

/// The first HTML part.
fn html_of(message: &Message<'_>) -> String {
    let htmls = message.html_bodies().filter(|part| part.is_text_html());
    htmls.filter_map(MessagePart::text_contents).take(1).collect()
}

/// A header's value on one line, its encoded words decoded.
fn decoded(raw: &str) -> String {
    let ended = format!("{}\n", raw.trim());
    let value = MessageStream::new(ended.as_bytes()).parse_unstructured();
    value.as_text().unwrap_or_default().split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// `Name <address>, address`
fn addresses(list: &Address<'_>) -> String {
    let shown = list.iter().map(|one| match (one.name(), one.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    });
    shown.filter(|one| !one.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The instant of a date header, if it names one.
fn instant(date: &mail_parser::DateTime) -> Option<DateTime<Utc>> {
    let day = NaiveDate::from_ymd_opt(i32::from(date.year), date.month.into(), date.day.into())?;
    let local = day.and_hms_opt(date.hour.into(), date.minute.into(), date.second.into())?;
    let ahead = TimeDelta::minutes(i64::from(date.tz_hour) * 60 + i64::from(date.tz_minute));
    let utc = if date.tz_before_gmt { local.checked_add_signed(ahead) } else { local.checked_sub_signed(ahead) };
    utc.map(|utc| utc.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_from_elsewhere_is_shown() {
        let letter = read_letter(
            b"From: =?iso-8859-1?q?Andr=E9?= <andre@example.org>\r\n\
              To: \"Bureau, presse\" <bureau@example.org>, x@example.org\r\n\
              Subject: =?utf-8?q?Une_r=C3=A9ponse?=\r\n =?utf-8?q?_longue?=\r\n\
              Date: Mon, 23 Nov 2026 10:00:00 +0100\r\n\
              X-Note: folded\r\n  here\r\n\r\nBonjour\r\n",
        )
        .unwrap();
        assert_eq!(letter.from, "André <andre@example.org>");
        assert_eq!(letter.to, "Bureau, presse <bureau@example.org>, x@example.org");
        assert_eq!(letter.subject, "Une réponse longue");
        assert_eq!(letter.date.unwrap().to_rfc3339(), "2026-11-23T09:00:00+00:00");
        assert_eq!(letter.text, "Bonjour\n");
        assert_eq!(letter.html, "");
        let note = letter.headers.iter().find(|(name, _)| name == "X-Note").unwrap();
        assert_eq!(note.1, "folded here");
        assert_eq!(letter.headers.len(), 5);
    }

    #[test]
    fn what_is_no_letter_is_said_so_and_nonsense_is_survived() {
        for bytes in [&b""[..], b"\r\n\r\n", b"\xff\xfe\x00"] {
            assert_eq!(read_letter(bytes), Err(ReadingError::NoHeaders), "{bytes:?}");
        }
        let odd = read_letter(b"Subject: \xe9\xff\r\nDate: Mon, 99 Foo 2026 99:99:99 +9999\r\n\r\n\xff").unwrap();
        assert_eq!(odd.date, None);
    }
}
