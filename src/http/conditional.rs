//! Conditional requests (RFC 9110 §13) and content codings (§12.5.3), as far as a read-only server needs them.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_ENCODING, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use chrono::{DateTime, NaiveDateTime, Utc};

/// The form of dates in HTTP headers (RFC 9110 §5.6.7).
const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// `instant` as an HTTP date.
pub(super) fn http_date(instant: DateTime<Utc>) -> String {
    instant.format(HTTP_DATE).to_string()
}

/// Whether the client already has the document with this strong entity tag (with its quotes), last changed at
/// `modified`. `If-None-Match` wins over `If-Modified-Since` (§13.2.2); a date that cannot be read is ignored.
pub(super) fn is_not_modified(headers: &HeaderMap, tag: &str, modified: Option<DateTime<Utc>>) -> bool {
    let mut tags = headers.get_all(IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        return tags.filter_map(|value| value.to_str().ok()).any(|value| lists_tag(value, tag));
    }
    headers
        .get(IF_MODIFIED_SINCE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| NaiveDateTime::parse_from_str(text.trim(), HTTP_DATE).ok())
        .zip(modified)
        .is_some_and(|(since, modified)| modified <= since.and_utc())
}

/// Whether a list of entity tags names `tag`, compared weakly (§8.8.3.2), or is `*`.
fn lists_tag(list: &str, tag: &str) -> bool {
    if list.trim() == "*" {
        return true;
    }
    let mut rest = list;
    // Tags may hold commas: they are taken by their quotes.
    while let Some(open) = rest.find('"') {
        let Some(length) = rest[open + 1..].find('"') else { return false };
        let end = open + length + 2;
        if &rest[open..end] == tag {
            return true;
        }
        rest = &rest[end..];
    }
    false
}

/// Whether the client takes gzip: named, or by `*`, with a weight above zero.
pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let mut by_star = false;
    for value in headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()) {
        for coding in value.split(',') {
            let mut parts = coding.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            let wanted = weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0));
            match name.as_str() {
                "gzip" | "x-gzip" => return wanted,
                "*" => by_star = wanted,
                _ => {}
            }
        }
    }
    by_star
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[track_caller]
    fn check(pairs: &[(HeaderName, &str)], expected: bool) {
        let modified = "2026-11-23T09:00:00Z".parse().ok();
        assert_eq!(is_not_modified(&headers(pairs), "\"abc\"", modified), expected, "{pairs:?}");
    }

    #[test]
    fn tags_are_compared_weakly_in_lists_and_by_star() {
        check(&[], false);
        check(&[(IF_NONE_MATCH, "\"abc\"")], true);
        check(&[(IF_NONE_MATCH, "\"x,y\", W/\"abc\"")], true);
        check(&[(IF_NONE_MATCH, "*")], true);
        check(&[(IF_NONE_MATCH, "\"abcd\"")], false);
        check(&[(IF_NONE_MATCH, "abc")], false);
        check(&[(IF_NONE_MATCH, "\"abc")], false);
    }

    #[test]
    fn a_date_counts_only_without_a_tag() {
        check(&[(IF_MODIFIED_SINCE, "Mon, 23 Nov 2026 09:00:00 GMT")], true);
        check(&[(IF_MODIFIED_SINCE, "Mon, 23 Nov 2026 08:59:59 GMT")], false);
        check(&[(IF_MODIFIED_SINCE, "hier")], false);
        check(&[(IF_MODIFIED_SINCE, "Mon, 23 Nov 2026 09:00:00 GMT"), (IF_NONE_MATCH, "\"x\"")], false);
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        for (value, expected) in [
            ("gzip", true),
            ("br, gzip;q=0.5", true),
            ("gzip;q=0", false),
            ("*", true),
            ("*;q=1, gzip;q=0", false),
            ("identity", false),
            ("", false),
        ] {
            assert_eq!(accepts_gzip(&headers(&[(ACCEPT_ENCODING, value)])), expected, "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn dates_are_written_as_http_has_them() {
        assert_eq!(http_date("2026-03-01T07:05:09Z".parse().unwrap()), "Sun, 01 Mar 2026 07:05:09 GMT");
    }
}
