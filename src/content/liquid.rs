//! Liquid, as far as a release needs it: the site's address, links to other files, comments and raw text. Everything
//! else is taken out, and told once for each kind.
//!
//! Jekyll resolves Liquid before it looks at the Markdown, in code as elsewhere; so is it done here. A link to another
//! release is left as [`RELEASE_LINK`] and the file it names: only the catalog knows whether that one may be seen.

use std::collections::HashSet;
use std::ops::Range;

use super::kramdown::{Chunk, Finder, Remark};
use crate::domain::ReleaseLink;
use crate::language::Diagnosis;

/// How many bytes a tag may have; two braces and two others farther apart have nothing to do with each other.
const LONGEST: usize = 1_000;

/// A text without Liquid.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    pub(super) text: Chunk,
    pub(super) remarks: Vec<Remark>,
    /// The releases it links to, and where.
    pub(super) links: Vec<(Range<usize>, String)>,
}

/// Whether there may be Liquid in a text.
pub(super) fn is_in(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// Resolves the Liquid in `source`; `site_url` is what `site.url` stands for.
pub(super) fn resolve(source: &str, site_url: &str) -> Resolved {
    if !is_in(source) {
        return Resolved { text: Chunk::whole(source), ..Resolved::default() };
    }
    let mut reader = Reader {
        source,
        site_url,
        finder: Finder::default(),
        out: Resolved::default(),
        told: HashSet::new(),
        trim_next: false,
    };
    let mut at = 0;
    while at < source.len() {
        at = reader.next(at);
    }
    reader.out
}

struct Reader<'a> {
    source: &'a str,
    site_url: &'a str,
    finder: Finder,
    out: Resolved,
    /// The kinds that were reported.
    told: HashSet<String>,
    /// A `-` at the end of a tag takes the white space behind it away.
    trim_next: bool,
}

/// A tag or an output: what is inside, and where it stands.
struct Tag<'a> {
    inside: &'a str,
    is_output: bool,
    range: Range<usize>,
    trims_before: bool,
    trims_after: bool,
}

impl<'a> Reader<'a> {
    /// Takes what stands at `at`; returns where to go on.
    fn next(&mut self, at: usize) -> usize {
        let mut find = |mark| self.finder.find(self.source, mark, at);
        let Some(open) = find("{{").into_iter().chain(find("{%")).min() else {
            self.copy(at..self.source.len());
            return self.source.len();
        };
        self.copy(at..open);
        let Some(tag) = self.tag(open) else {
            self.copy(open..open + 2);
            return open + 2;
        };
        if tag.trims_before {
            self.out.text.trim_end();
        }
        if tag.is_output {
            self.output(&tag);
            self.trim_next = tag.trims_after;
            return tag.range.end;
        }
        self.run(&tag)
    }

    fn copy(&mut self, range: Range<usize>) {
        let text = &self.source[range.clone()];
        let skipped = if self.trim_next { text.len() - text.trim_start().len() } else { 0 };
        if skipped < text.len() {
            self.trim_next = false;
        }
        self.out.text.push(&text[skipped..], range.start + skipped);
    }

    fn insert(&mut self, text: &str, place: usize) {
        self.trim_next = false;
        self.out.text.push(text, place);
    }

    /// The tag that begins at `open`.
    fn tag(&mut self, open: usize) -> Option<Tag<'a>> {
        let is_output = self.source[open..].starts_with("{{");
        let close = self.finder.find(self.source, if is_output { "}}" } else { "%}" }, open + 2)?;
        let inside = self.source.get(open + 2..close).filter(|inside| inside.len() <= LONGEST)?;
        let trims_before = inside.starts_with('-');
        let trims_after = inside.len() > 1 && inside.ends_with('-');
        let inside = inside.strip_prefix('-').unwrap_or(inside);
        let inside = if trims_after { inside.strip_suffix('-').unwrap_or(inside) } else { inside };
        Some(Tag { inside: inside.trim(), is_output, range: open..close + 2, trims_before, trims_after })
    }

    fn output(&mut self, tag: &Tag<'_>) {
        if let Some(value) = self.value(tag.inside) {
            self.insert(&value, tag.range.start);
        } else {
            let kind = tag.inside.split(|c: char| !(c.is_alphanumeric() || "_.-".contains(c))).next();
            self.drop(tag, &format!("{{{{{}", kind.unwrap_or_default()));
        }
    }

    /// Does what a tag asks for; returns where to go on.
    fn run(&mut self, tag: &Tag<'a>) -> usize {
        let (name, words) = tag.inside.split_once(char::is_whitespace).unwrap_or((tag.inside, ""));
        let words = words.trim();
        let end = tag.range.end;
        match name {
            "comment" | "raw" | "capture" => {
                let Some((inside, after)) = self.block_end(name, end) else {
                    self.drop(tag, name);
                    return end;
                };
                if name == "raw" {
                    self.copy(end..inside.start);
                    if self.source[inside.start..inside.end].starts_with("{%-") {
                        self.out.text.trim_end();
                    }
                } else if name == "capture" {
                    self.drop(tag, name);
                }
                self.trim_next = self.source[inside.start..inside.end].ends_with("-%}");
                return after;
            }
            "link" if !words.is_empty() => self.link(words, tag),
            "post_url" if !words.is_empty() => self.release_link(words, tag),
            _ => self.drop(tag, name),
        }
        self.trim_next = tag.trims_after;
        end
    }

    /// Where the end tag of the block `name` stands, and where the text goes on behind it.
    fn block_end(&mut self, name: &str, from: usize) -> Option<(Range<usize>, usize)> {
        let word = format!("end{name}");
        let mut at = from;
        for _ in 0..MOST_ENDS {
            let found = self.finder.find(self.source, &word, at)?;
            let before = self.source[from..found].trim_end();
            let before = before.strip_suffix('-').unwrap_or(before);
            let after = self.source[found + word.len()..].trim_start();
            let after = after.strip_prefix('-').unwrap_or(after);
            if before.ends_with("{%") && after.starts_with("%}") {
                let end = self.source.len() - after.len() + 2;
                let start = from + before.len() - 2;
                return Some((start..end, end));
            }
            at = found + word.len();
        }
        None
    }

    /// `{% link path %}`: another release, or a file of the site.
    fn link(&mut self, words: &str, tag: &Tag<'_>) {
        let path = unquoted(words);
        let ending = path.rsplit_once('.').map_or(String::new(), |(_, ending)| ending.to_ascii_lowercase());
        if matches!(ending.as_str(), "md" | "markdown" | "html") {
            self.release_link(path, tag);
        } else {
            let path = path.trim_start_matches('/');
            self.insert(&format!("/{path}"), tag.range.start);
        }
    }

    fn release_link(&mut self, words: &str, tag: &Tag<'_>) {
        let path = unquoted(words).trim_start_matches('/');
        self.insert(&ReleaseLink::address_of(path), tag.range.start);
        self.out.links.push((tag.range.clone(), path.to_owned()));
    }

    /// What an output shows; `None` when it asks for anything else than the site's address and texts.
    fn value(&self, inside: &str) -> Option<String> {
        let mut parts = split_outside_quotes(inside, '|');
        let mut value = self.primary(parts.next()?.trim())?;
        for filter in parts {
            let (name, argument) = filter.split_once(':').map_or((filter, None), |(name, rest)| (name, Some(rest)));
            let argument = argument.map(|argument| self.primary(argument.trim()));
            match (name.trim(), argument) {
                ("relative_url", None) => value = rooted(&value),
                ("absolute_url", None) if value.contains("://") => {}
                ("absolute_url", None) => value = format!("{}{}", self.site_url, rooted(&value)),
                ("prepend", Some(Some(before))) => value = format!("{before}{value}"),
                ("append", Some(Some(after))) => value.push_str(&after),
                ("strip", None) => value = value.trim().to_owned(),
                _ => return None,
            }
        }
        Some(value)
    }

    fn primary(&self, text: &str) -> Option<String> {
        match text {
            "site.url" => Some(self.site_url.to_owned()),
            // Addresses in a release begin at the site's root, wherever that lies.
            "site.baseurl" => Some(String::new()),
            _ => quoted(text).map(str::to_owned),
        }
    }

    /// Leaves a tag out, and tells of the first of its kind.
    fn drop(&mut self, tag: &Tag<'_>, kind: &str) {
        if self.told.insert(kind.to_owned()) {
            let written = self.source[tag.range.clone()].split_whitespace().collect::<Vec<_>>().join(" ");
            self.out.remarks.push((tag.range.clone(), Diagnosis::LiquidDropped { written }));
        }
    }
}

/// How many words that look like the end of a block may stand before the end itself.
const MOST_ENDS: usize = 1_000;

/// `path` from the root.
fn rooted(path: &str) -> String {
    if path.contains("://") || path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

/// The inside of a text between quotes.
fn quoted(text: &str) -> Option<&str> {
    ['"', '\''].into_iter().find_map(|quote| {
        let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inside.contains(quote)).then_some(inside)
    })
}

fn unquoted(text: &str) -> &str {
    quoted(text).unwrap_or(text)
}

/// The parts of `text` between separators that do not stand in quotes.
fn split_outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quote = None;
    text.split(move |c: char| {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            Some(_) | None => {}
        }
        quote.is_none() && c == separator
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: &str, told: usize) {
        let resolved = resolve(source, "https://presse.example.org/info");
        assert_eq!(resolved.text.text, expected, "{source}");
        assert_eq!(resolved.remarks.len(), told, "{:?}", resolved.remarks);
    }

    #[test]
    fn the_sites_address_is_known() {
        check("{{ site.url }}{{site.baseurl}}/a", "https://presse.example.org/info/a", 0);
        check(
            "[a]({{ '/b.pdf' | relative_url }}) {{ \"c\" | absolute_url }}",
            "[a](/b.pdf) https://presse.example.org/info/c",
            0,
        );
        check("{{ 'a|b' | prepend: site.baseurl | prepend: site.url }}", "https://presse.example.org/infoa|b", 0);
        check("{{ 'https://x.fr' | relative_url }}", "https://x.fr", 0);
    }

    #[test]
    fn files_are_linked_and_releases_named() {
        check("{% link uploads/a.pdf %}", "/uploads/a.pdf", 0);
        let resolved = resolve("[a]({% post_url 2018-10-01-b %}) [c]({% link _posts/d.md %}#e)", "");
        let names: Vec<_> = resolved.links.iter().map(|(_, path)| path.as_str()).collect();
        assert_eq!(names, ["2018-10-01-b", "_posts/d.md"]);
        let expected =
            format!("[a]({}) [c]({}#e)", ReleaseLink::address_of(names[0]), ReleaseLink::address_of(names[1]));
        assert_eq!(resolved.text.text, expected);
    }

    #[test]
    fn comments_go_and_raw_text_stays() {
        check("a {% comment %} {{ b }} {% include c %}{%- endcomment -%}  d", "a d", 0);
        check("{% raw %}{{ b }}{% x %}{% endraw %}", "{{ b }}{% x %}", 0);
        check("{% comment %} a", " a", 1);
        check("`{{ site.url }}` {% capture x %}y{% endcapture %}z", "`https://presse.example.org/info` z", 1);
    }

    #[test]
    fn anything_else_is_told_once_for_each_kind() {
        check(
            "{% include a %}{% include b.html c=\"d\" %}{{ page.title }}{{ page.title | upcase }}{{ page.x }}e",
            "e",
            3,
        );
        check("{% if a %}b{% else %}c{% endif %}", "bc", 3);
        check("a {{- ' b' -}} \n c", "a bc", 0);
        check("{{ a {% b", "{{ a {% b", 0);
        check(&format!("{{{{ {} }}}}", "a".repeat(1_001)), &format!("{{{{ {} }}}}", "a".repeat(1_001)), 0);
    }
}
