//! Addresses in a release: what each leads to once its page is known (RFC 3986 §5), spelled in valid characters only.
//!
//! Addresses of the site itself come out relative to its root; nothing else relative comes out. Whether anything is
//! there is not asked here.

use url::Url;

use crate::domain::{Permalink, SiteUrl, Slug};

/// What a relative address is relative to.
pub(super) struct Base<'a> {
    site: &'a SiteUrl,
    permalink: &'a Permalink,
    /// What every `id` in the release begins with, so that several releases can stand on one page.
    pub(super) id_prefix: String,
}

/// What became of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resolved {
    /// The address, spelled validly.
    Kept(String),
    /// It did not begin as an address does, but what was meant is plain.
    Guessed(String),
    /// There is none.
    Empty,
    /// It cannot be kept.
    Refused,
}

impl<'a> Base<'a> {
    pub(super) fn new(site: &'a SiteUrl, permalink: &'a Permalink) -> Self {
        Self { site, permalink, id_prefix: format!("{}-", Slug::of_label(permalink.as_str())) }
    }

    /// The id that `id` becomes.
    pub(super) fn id(&self, id: &str) -> String {
        let id: String = id.chars().map(|c| if c.is_whitespace() { '-' } else { c }).collect();
        format!("{}{id}", self.id_prefix)
    }

    /// The absolute address of a path below the site's.
    pub(super) fn absolute_address(&self, path: &str) -> String {
        self.site.join(path)
    }

    /// What an address written in this release means.
    pub(super) fn resolve(&self, written: &str) -> Resolved {
        let text: String = written.trim().chars().filter(|c| !c.is_control()).collect();
        if text.is_empty() {
            return Resolved::Empty;
        }
        if let Some(id) = text.strip_prefix('#') {
            let target = if id.is_empty() { String::new() } else { format!("#{}", encode(&self.id(id))) };
            return Resolved::Kept(format!("{}{target}", self.permalink));
        }
        if let Some(rest) = text.strip_prefix("//") {
            return self.absolute(&format!("https://{rest}"));
        }
        match scheme(&text).as_deref() {
            Some("http" | "https") => match whole(&text) {
                None => self.absolute(&text),
                Some(whole) => self.guessed(&whole),
            },
            Some("mailto") => plain(&text, |rest| rest.contains('@')),
            Some("tel") => plain(&text, |rest| rest.contains(|c: char| c.is_ascii_digit())),
            Some(_) => Resolved::Refused,
            None if text.to_ascii_lowercase().starts_with("www.") => self.guessed(&format!("https://{text}")),
            None => self.relative(&text),
        }
    }

    /// An address with a host that is not as it was written.
    fn guessed(&self, text: &str) -> Resolved {
        match self.absolute(text) {
            Resolved::Kept(address) => Resolved::Guessed(address),
            other @ (Resolved::Guessed(_) | Resolved::Empty | Resolved::Refused) => other,
        }
    }

    /// An address with a host; the site's own becomes relative to the root.
    fn absolute(&self, text: &str) -> Resolved {
        let Ok(url) = Url::parse(text) else { return Resolved::Refused };
        if url.host_str().is_none_or(str::is_empty) {
            return Resolved::Refused;
        }
        if let Some(path) = self.own_path(&url) {
            return Resolved::Kept(path);
        }
        // The host must be ASCII, and the library spells it so; all else stays as written where that is valid.
        let tail = text.split_once("://").map_or("", |(_, tail)| tail);
        let (host, rest) = tail.split_at(tail.find(['/', '?', '#']).unwrap_or(tail.len()));
        let plain = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-.:@[]".contains(c));
        if plain {
            Resolved::Kept(format!("{}://{host}{}", url.scheme(), encode(rest)))
        } else {
            Resolved::Kept(encode(url.as_str()))
        }
    }

    /// The path below the site's address, when `url` is one of the site's.
    pub(super) fn own_path(&self, url: &Url) -> Option<String> {
        let site = Url::parse(self.site.as_str()).ok()?;
        let same = url.host() == site.host() && url.port() == site.port() && url.username().is_empty();
        let path = url.path().strip_prefix(self.site.path())?;
        if !same || !(path.is_empty() || path.starts_with('/')) || path.starts_with("//") {
            return None;
        }
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let fragment = url.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
        Some(encode(&format!("{}{query}{fragment}", if path.is_empty() { "/" } else { path })))
    }

    /// A path, from the root or from the release's page.
    fn relative(&self, text: &str) -> Resolved {
        let page = format!("https://site.invalid{}", self.permalink);
        let joined = Url::parse(&page).and_then(|page| page.join(&text.replace('\\', "/")));
        match joined {
            Ok(url) if url.host_str() == Some("site.invalid") && !url.path().starts_with("//") => {
                let whole = url.as_str().strip_prefix("https://site.invalid").unwrap_or("/");
                Resolved::Kept(encode(whole))
            }
            Ok(_) | Err(_) => Resolved::Refused,
        }
    }
}

/// The scheme in lower case, when `text` begins with one.
fn scheme(text: &str) -> Option<String> {
    let (scheme, _) = text.split_once(':')?;
    let right = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    right.then(|| scheme.to_ascii_lowercase())
}

/// What is meant by an address with `https:` that lacks a slash or begins twice; `None` when all is well.
fn whole(text: &str) -> Option<String> {
    let is_web = |scheme: &str| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let (mut scheme, mut rest) = text.split_once(':')?;
    let mut is_well = rest.starts_with("//");
    loop {
        let after = rest.trim_start_matches(['/', '\\']);
        let Some((again, more)) = after.split_once(':').filter(|(again, more)| is_web(again) && more.starts_with('/'))
        else {
            return (!is_well).then(|| format!("{scheme}://{after}"));
        };
        (scheme, rest, is_well) = (again, more, false);
    }
}

/// An address without a host: `mailto:` or `tel:`.
fn plain(text: &str, holds: impl Fn(&str) -> bool) -> Resolved {
    let (scheme, rest) = text.split_once(':').unwrap_or_default();
    let rest = if scheme.eq_ignore_ascii_case("tel") { rest.replace([' ', '\u{A0}'], "") } else { rest.to_owned() };
    if holds(&rest) {
        Resolved::Kept(format!("{}:{}", scheme.to_ascii_lowercase(), encode(&rest)))
    } else {
        Resolved::Refused
    }
}

/// `text` with every character percent-encoded that an address may not hold; what is encoded already stays.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut fragment = false;
    for (at, c) in text.char_indices() {
        let kept = match c {
            '%' => text.as_bytes().get(at + 1..at + 3).is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit)),
            '#' => !std::mem::replace(&mut fragment, true),
            c => c.is_ascii_alphanumeric() || "-._~:/?@!$&'()*+,;=".contains(c),
        };
        if kept {
            out.push(c);
        } else {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                out.push('%');
                out.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, expected: &str) {
        let site = "https://presse.example.org/info".parse().unwrap();
        let permalink = "/espace/un-pont/".parse().unwrap();
        let shown = match Base::new(&site, &permalink).resolve(written) {
            Resolved::Kept(address) => address,
            Resolved::Guessed(address) => format!("guessed {address}"),
            Resolved::Empty => "empty".to_owned(),
            Resolved::Refused => "refused".to_owned(),
        };
        assert_eq!(shown, expected, "{written}");
    }

    #[test]
    fn own_addresses_begin_at_the_root() {
        check("/uploads/a b’c.pdf", "/uploads/a%20b%E2%80%99c.pdf");
        check("https://presse.example.org/info/uploads/a.pdf?x=1#p2", "/uploads/a.pdf?x=1#p2");
        check("http://PRESSE.example.org/info", "/");
        check("https://presse.example.org/information", "https://presse.example.org/information");
        check("plan.png", "/espace/un-pont/plan.png");
        check("../autre/", "/espace/autre/");
        check("../../../..//evil.example/", "refused");
        check("?page=2", "/espace/un-pont/?page=2");
        check("#note", "/espace/un-pont/#espace-un-pont-note");
        check("#", "/espace/un-pont/");
    }

    #[test]
    fn other_addresses_stay_as_they_are() {
        check("https://example.com", "https://example.com");
        check("https://example.com/a<b>|c[1]%zz%41", "https://example.com/a%3Cb%3E%7Cc%5B1%5D%25zz%41");
        check("https://écoles.example/é", "https://xn--coles-9ra.example/%C3%A9");
        check("//example.com/x", "https://example.com/x");
        check("mailto:ann@example.org?subject=Le pont", "mailto:ann@example.org?subject=Le%20pont");
        check("TEL:01 02 03", "tel:010203");
        check("https://example.com/#a#b", "https://example.com/#a%23b");
    }

    #[test]
    fn an_address_that_begins_wrongly_leads_where_it_was_meant_to() {
        check("www.example.com/x", "guessed https://www.example.com/x");
        check("https:/example.com/x", "guessed https://example.com/x");
        check("http:example.com", "guessed http://example.com");
        check("https:/https://example.com/x", "guessed https://example.com/x");
        check("http://https://http:/example.com", "guessed http://example.com");
        check("https:/example.com/?to=http://autre.example/", "guessed https://example.com/?to=http://autre.example/");
        check("https://example.com/https://autre.example/", "https://example.com/https://autre.example/");
        check("https:/https:/presse.example.org/info/a/", "guessed /a/");
        check("https://http/x", "https://http/x");
    }

    #[test]
    fn dangerous_or_broken_addresses_are_refused() {
        for bad in [
            "javascript:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
            "https://",
            "http://a b/",
            "mailto:",
            "tel:x",
            "ftp://x/",
        ] {
            check(bad, "refused");
        }
        check("  ", "empty");
    }
}
