//! Conditional requests (RFC 9110 §13) and content codings (§12.5.3), as far as a read-only server needs them.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_ENCODING, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use chrono::{DateTime, NaiveDateTime, Utc};

use crate::resource::Coding;

/// The form of dates in HTTP headers (RFC 9110 §5.6.7).
const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// The two older forms, which old clients still send.
const OLD_DATES: [&str; 2] = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// Which manipulations of a response a client takes (RFC 3229 §10.5.3).
pub(super) const A_IM: HeaderName = HeaderName::from_static("a-im");

/// `instant` as an HTTP date.
pub(super) fn http_date(instant: DateTime<Utc>) -> String {
    instant.format(HTTP_DATE).to_string()
}

/// Whether the client already has the document with this strong entity tag (with its quotes), last changed at
/// `modified`. `If-None-Match` wins over `If-Modified-Since` (§13.2.2); a date that cannot be read is ignored, and so are
/// several (§13.1.3).
pub(super) fn is_not_modified(headers: &HeaderMap, tag: &str, modified: Option<DateTime<Utc>>) -> bool {
    let mut tags = headers.get_all(IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        return tags.filter_map(|value| value.to_str().ok()).any(|value| lists_tag(value, tag));
    }
    let mut dates = headers.get_all(IF_MODIFIED_SINCE).iter();
    dates
        .next()
        .filter(|_| dates.next().is_none())
        .and_then(|value| value.to_str().ok())
        .and_then(read_date)
        .zip(modified)
        .is_some_and(|(since, modified)| modified <= since.and_utc())
}

fn read_date(text: &str) -> Option<NaiveDateTime> {
    let forms = std::iter::once(HTTP_DATE).chain(OLD_DATES);
    forms.into_iter().find_map(|form| NaiveDateTime::parse_from_str(text.trim(), form).ok())
}

/// The entity tags that the client has, without quotes.
pub(super) fn known_tags(headers: &HeaderMap) -> Vec<&str> {
    let values = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|list| list.split('"').skip(1).step_by(2)).collect()
}

/// Whether the client takes a feed with only what is new to it: `A-IM: feed`.
pub(super) fn takes_changes(headers: &HeaderMap) -> bool {
    weighted(headers, &A_IM).any(|(name, weight)| name.eq_ignore_ascii_case("feed") && weight > 0.0)
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

/// The coding in which the client likes an answer best (§12.5.3): of two it likes equally, the smaller. A `*` stands for
/// gzip, which everyone can read.
pub(super) fn best_coding(headers: &HeaderMap) -> Coding {
    let (mut identity, mut gzip, mut brotli, mut others) = (None, None, None, None);
    for (name, weight) in weighted(headers, &ACCEPT_ENCODING) {
        let is = |coding: &str| name.eq_ignore_ascii_case(coding);
        if is("gzip") || is("x-gzip") {
            gzip = Some(weight);
        } else if is("br") {
            brotli = Some(weight);
        } else if is("identity") {
            identity = Some(weight);
        } else if is("*") {
            others = Some(weight);
        }
    }
    let (gzip, brotli) = (gzip.or(others).unwrap_or(0.0), brotli.unwrap_or(0.0));
    let best = gzip.max(brotli);
    if best <= 0.0 || identity.is_some_and(|identity| identity > best) {
        Coding::Identity
    } else if brotli >= gzip {
        Coding::Brotli
    } else {
        Coding::Gzip
    }
}

/// The members of a list with weights. A weight that cannot be read is none.
fn weighted<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = (&'h str, f32)> + use<'h> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|member| {
        let mut parts = member.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        (name, weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0)))
    })
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
        let mut twice = headers(&[(IF_MODIFIED_SINCE, "Mon, 23 Nov 2026 09:00:00 GMT")]);
        twice.append(IF_MODIFIED_SINCE, HeaderValue::from_static("Mon, 23 Nov 2026 09:00:00 GMT"));
        assert!(!is_not_modified(&twice, "\"abc\"", "2026-11-23T09:00:00Z".parse().ok()), "several dates are none");
        check(&[(IF_MODIFIED_SINCE, "Mon, 23 Nov 2026 09:00:00 GMT"), (IF_NONE_MATCH, "\"x\"")], false);
    }

    #[test]
    fn dates_of_old_clients_are_read() {
        check(&[(IF_MODIFIED_SINCE, "Monday, 23-Nov-26 09:00:00 GMT")], true);
        check(&[(IF_MODIFIED_SINCE, "Mon Nov 23 09:00:00 2026")], true);
        check(&[(IF_MODIFIED_SINCE, "Mon Nov  2 09:00:00 2026")], false);
    }

    #[test]
    fn each_gets_the_coding_it_likes_best() {
        for (value, expected) in [
            ("gzip", Coding::Gzip),
            ("gzip, deflate, br", Coding::Brotli),
            ("br, gzip;q=0.5", Coding::Brotli),
            ("br;q=0.4, gzip;q=0.5", Coding::Gzip),
            ("br;q=0, gzip", Coding::Gzip),
            ("gzip;q=0", Coding::Identity),
            ("*", Coding::Gzip),
            ("*;q=1, gzip;q=0", Coding::Identity),
            ("identity", Coding::Identity),
            ("identity, gzip;q=0.5", Coding::Identity),
            ("GZIP;q=x", Coding::Identity),
            ("", Coding::Identity),
        ] {
            assert_eq!(best_coding(&headers(&[(ACCEPT_ENCODING, value)])), expected, "{value}");
        }
        assert_eq!(best_coding(&HeaderMap::new()), Coding::Identity);
    }

    #[test]
    fn changes_are_asked_for_by_name() {
        for (value, expected) in
            [("feed", true), ("vcdiff, Feed;q=0.5", true), ("feed;q=0", false), ("feeds", false), ("gzip", false)]
        {
            assert_eq!(takes_changes(&headers(&[(A_IM, value)])), expected, "{value}");
        }
        assert!(!takes_changes(&HeaderMap::new()));
    }

    #[test]
    fn known_tags_are_taken_by_their_quotes() {
        assert_eq!(known_tags(&headers(&[(IF_NONE_MATCH, "W/\"a,b\", \"c-gz\"")])), ["a,b", "c-gz"]);
    }

    #[test]
    fn dates_are_written_as_http_has_them() {
        assert_eq!(http_date("2026-03-01T07:05:09Z".parse().unwrap()), "Sun, 01 Mar 2026 07:05:09 GMT");
    }
}
