//! An earlier feed of the same releases, by whatever program wrote it: what its readers know.

use crate::feed::atom::known_entries as known_in_atom;
use crate::feed::rss::known_entries as known_in_rss;
use crate::register::KnownEntry;

/// The entries of a feed in Atom or RSS; `None` when it is neither.
#[must_use]
pub fn known_entries(bytes: &[u8]) -> Option<Vec<KnownEntry>> {
    known_in_atom(bytes).or_else(|| known_in_rss(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATOM: &str = r#"<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">
<id>https://x.org/feed.xml</id><title>X</title><updated>2026-03-10T00:00:00+00:00</updated>
<entry><title type="html">L’été &amp;amp; moi</title><link href="https://x.org/a.html" rel="alternate"/>
<published>2026-03-09T09:00:00+01:00</published><updated>2026-03-10T00:00:00Z</updated><id>https://x.org/a</id></entry></feed>"#;

    const RSS: &str = r#"<rss version="2.0"><channel><title>X</title><link>https://x.org/</link><description>x</description>
<item><title>L’été &amp;amp; moi</title><link>https://x.org/a.html</link><pubDate>Mon, 09 Mar 2026 09:00:00 +0100</pubDate>
<guid isPermaLink="true">https://x.org/a</guid></item><item><title>b</title><link>https://x.org/b</link></item></channel></rss>"#;

    #[test]
    fn feeds_are_read_whoever_wrote_them() {
        let expected = KnownEntry {
            id: "https://x.org/a".to_owned(),
            link: "https://x.org/a.html".to_owned(),
            title: "L’été & moi".to_owned(),
            published: "2026-03-09T08:00:00Z".parse().ok(),
        };
        assert_eq!(known_entries(ATOM.as_bytes()), Some(vec![expected.clone()]));
        let rss = known_entries(RSS.as_bytes()).unwrap();
        assert_eq!((&rss[0], rss[1].id.as_str(), rss[1].published), (&expected, "https://x.org/b", None));
        assert_eq!(known_entries(b"<html></html>"), None);
    }
}
