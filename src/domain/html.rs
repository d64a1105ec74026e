//! HTML that passed the sanitiser.

use memchr::memmem;

use super::SiteUrl;

/// A sanitised, well-formed HTML fragment whose own-site links are relative to the site's root (`/uploads/a.pdf`).
///
/// Attribute values stand between double quotes, and `<` appears only where a tag begins: this is how the sanitiser
/// writes, and what [`SafeHtml::absolute`] relies on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SafeHtml(Box<str>);

/// Attributes that hold one address.
const ADDRESS_ATTRIBUTES: [&str; 4] = ["href=\"", "src=\"", "cite=\"", "poster=\""];

impl SafeHtml {
    /// Takes `html` as it is: only what the sanitiser just wrote may be passed.
    #[must_use]
    pub fn trust_sanitised(html: String) -> Self {
        Self(html.into())
    }

    /// The fragment.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fragment with each root-relative address made absolute: what `address_of` makes of the path.
    #[must_use]
    pub fn map_addresses(&self, address_of: impl Fn(&str) -> String) -> String {
        if memmem::find(self.0.as_bytes(), b"=\"/").is_none() {
            return self.0.to_string();
        }
        let mut out = String::with_capacity(self.0.len() + self.0.len() / 8);
        let mut rest = &*self.0;
        while let Some(open) = rest.find('<') {
            let end = rest[open..].find('>').map_or(rest.len(), |close| open + close + 1);
            out.push_str(&rest[..open]);
            map_tag(&rest[open..end], &address_of, &mut out);
            rest = &rest[end..];
        }
        out.push_str(rest);
        out
    }

    /// The fragment with each link to another release led where `address_of` says; one it does not know is only its
    /// words.
    #[must_use]
    pub fn link_releases(&self, address_of: &dyn Fn(&str) -> Option<String>) -> Self {
        Self(super::release_link::resolve(&self.0, address_of).into())
    }

    /// The fragment with each root-relative address below `site`.
    #[must_use]
    pub fn absolute(&self, site: &SiteUrl) -> String {
        self.map_addresses(|path| site.join(path))
    }
}

/// How HTML and XML write a character that need not stand for itself there; a no-break space has a name in HTML alone.
#[must_use]
pub const fn character_reference(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\u{A0}' => Some("&nbsp;"),
        _ => None,
    }
}

/// Writes one tag, its root-relative addresses mapped.
fn map_tag(tag: &str, address_of: &impl Fn(&str) -> String, out: &mut String) {
    let mut rest = tag;
    while let Some(space) = rest.find(' ') {
        let (before, after) = rest.split_at(space + 1);
        out.push_str(before);
        rest = after;
        if let Some(name) = ADDRESS_ATTRIBUTES.iter().find(|name| rest.starts_with(**name)) {
            out.push_str(name);
            rest = &rest[name.len()..];
            let value = &rest[..rest.find('"').unwrap_or(rest.len())];
            if value.starts_with('/') && !value.starts_with("//") {
                out.push_str(&address_of(value));
                rest = &rest[value.len()..];
            }
        }
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_root_relative_addresses_in_tags_change() {
        let html = SafeHtml::trust_sanitised(
            "<p>Le texte href=\"/x\" reste. <a class=\"b\" href=\"/a b\">a</a> <a href=\"https://x.org/\">x</a> \
             <img src=\"/uploads/i.png\" alt=\"un src=/y\"></p>"
                .to_owned(),
        );
        let site = "https://example.org/presse".parse().unwrap();
        assert_eq!(
            html.absolute(&site),
            "<p>Le texte href=\"/x\" reste. <a class=\"b\" href=\"https://example.org/presse/a b\">a</a> \
             <a href=\"https://x.org/\">x</a> <img src=\"https://example.org/presse/uploads/i.png\" alt=\"un src=/y\"></p>"
        );
    }
}
