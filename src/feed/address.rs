//! Absolute addresses: where uploads, pages and other sites' files are for somebody who reads a feed.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::clean_text::escape;
use crate::domain::{SafeHtml, SiteUrl, Target};

/// Characters that never stand in a URI (RFC 3986 §2) yet are left alone by browsers, besides the brackets of an IPv6
/// host.
const NOT_IN_A_URI: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`');

/// The same, after the host.
const NOT_IN_A_PATH: &AsciiSet = &NOT_IN_A_URI.add(b'[').add(b']').add(b'{').add(b'|').add(b'}');

/// The two sites a root-relative address may belong to.
#[derive(Debug, Clone, Copy)]
pub struct Addresses<'a> {
    /// Depeche's own: feeds and uploads.
    pub site: &'a SiteUrl,
    /// Where releases have their pages.
    pub releases: &'a SiteUrl,
}

impl Addresses<'_> {
    /// The site `path`, which begins with `/`, belongs to: uploads to Depeche's own, all else to that of releases.
    fn base_of(&self, path: &str) -> &SiteUrl {
        if path.starts_with("/uploads/") { self.site } else { self.releases }
    }

    /// The absolute address of `path`, which begins with `/`.
    #[must_use]
    pub fn absolute(&self, path: &str) -> String {
        self.base_of(path).join(path)
    }

    /// The absolute address of a document or image, as a URI.
    #[must_use]
    pub fn of_target(&self, target: &Target) -> String {
        match target {
            Target::Upload(path) => self.site.join(&path.address()),
            Target::External(address) => uri(address),
        }
    }

    /// `html` with absolute addresses only.
    #[must_use]
    pub fn in_html(&self, html: &SafeHtml) -> String {
        html.map_addresses(|path| format!("{}{path}", escape(self.base_of(path).as_str())))
    }
}

/// `address`, an absolute one, with everything encoded that a URI may not hold.
fn uri(address: &str) -> String {
    let parsed = url::Url::parse(address).map_or_else(|_| address.to_owned(), String::from);
    let host_end = parsed.find("://").map_or(0, |scheme| {
        let host = &parsed[scheme + 3..];
        scheme + 3 + host.find(['/', '?', '#']).unwrap_or(host.len())
    });
    let (host, path) = parsed.split_at(host_end);
    format!("{}{}", utf8_percent_encode(host, NOT_IN_A_URI), utf8_percent_encode(path, NOT_IN_A_PATH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expected: &str) {
        assert_eq!(uri(address), expected);
    }

    #[test]
    fn external_addresses_become_uris() {
        check(
            "https://exemple.org/un rapport é.pdf?a=[1]&b=%20|",
            "https://exemple.org/un%20rapport%20%C3%A9.pdf?a=%5B1%5D&b=%20%7C",
        );
        check("http://[::1]:8080/a", "http://[::1]:8080/a");
        check("https://münchen.example/x", "https://xn--mnchen-3ya.example/x");
        check("not an address", "not%20an%20address");
    }

    #[test]
    fn uploads_stay_and_pages_move_to_the_releases_site() {
        let (site, releases) = ("https://p.example/d&d".parse().unwrap(), "https://www.example/fr".parse().unwrap());
        let addresses = Addresses { site: &site, releases: &releases };
        let html = SafeHtml::trust_sanitised(
            "<a href=\"/uploads/a.pdf\">a</a><a href=\"/b/?c=1&amp;d\">b</a><a href=\"https://x.example/\">x</a>"
                .to_owned(),
        );
        assert_eq!(
            addresses.in_html(&html),
            "<a href=\"https://p.example/d&amp;d/uploads/a.pdf\">a</a><a href=\"https://www.example/fr/b/?c=1&amp;d\">\
             b</a><a href=\"https://x.example/\">x</a>"
        );
    }
}
