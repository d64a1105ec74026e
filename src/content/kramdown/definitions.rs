//! What is defined on lines of its own and shown elsewhere: footnotes, links, abbreviations.

use super::blocks::Blocks;
use super::chunk::Chunk;
use super::element::Boundary;
use super::lines::{first_line, is_lazy};
use super::parser::{LinkDefinition, Note};

impl Blocks<'_, '_> {
    /// `[^name]: …`, and the indented lines below.
    pub(super) fn note(&mut self, line: &str) -> bool {
        let indent = indent(line);
        let Some((name, after)) = line[indent..].strip_prefix("[^").and_then(|rest| rest.split_once("]:")) else {
            return false;
        };
        if !is_note_name(name) {
            return false;
        }
        let start = self.at;
        let mut from = self.at + line.len() - after.len();
        from += after.len() - after.trim_start_matches([' ', '\t']).len();
        let mut content = self.chunk.part(from..self.at + line.len());
        self.at += line.len();
        while self.at < self.chunk.text.len() {
            let mut at = self.at;
            while let Some(blank) = Some(first_line(&self.chunk.text[at..])).filter(|line| is_blank(line)) {
                at += blank.len();
            }
            if !is_indented(first_line(&self.chunk.text[at..])) {
                break;
            }
            content.push_part(self.chunk, self.at..at);
            self.at = at;
            while is_indented(self.line()) || (self.at < self.chunk.text.len() && is_lazy(self.rest())) {
                self.push_unindented(&mut content);
            }
        }
        let range = self.places(start..self.at);
        let elements = self.parser.blocks(&content, self.depth + 1);
        self.parser.notes.insert(name.to_owned(), Note { elements, range: range.clone() });
        self.push_boundary(Boundary::Definition, range);
        true
    }

    fn push_unindented(&mut self, content: &mut Chunk) {
        let line = self.line();
        let skipped = if line.starts_with('\t') { 1 } else { usize::from(line.starts_with("    ")) * 4 };
        content.push_part(self.chunk, self.at + skipped..self.at + line.len());
        self.at += line.len();
    }

    /// `[name]: address "title"`; the title may stand on the next line.
    pub(super) fn link_definition(&mut self, line: &str) -> bool {
        let indent = indent(line);
        let Some((name, after)) = line[indent..].strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
            return false;
        };
        let Some(after) = after.strip_prefix(':').filter(|_| !name.is_empty()) else { return false };
        let start = self.at;
        let (address, mut title) = address_and_title(after.trim());
        if address.is_empty() {
            return false;
        }
        let mut length = line.len();
        if title.is_none() {
            let below = first_line(&self.rest()[line.len()..]);
            if let Some(found) = whole_title(below.trim()) {
                title = Some(found);
                length += below.len();
            }
        }
        self.at += length;
        let range = self.places(start..self.at);
        let name = link_name(name);
        let definition = LinkDefinition {
            address: address.to_owned(),
            title: title.map(str::to_owned),
            ..LinkDefinition::default()
        };
        self.parser.links.insert(name.clone(), definition);
        self.push_boundary(Boundary::Link(name), range);
        true
    }

    /// `*[words]: meaning`
    pub(super) fn abbreviation(&mut self, line: &str) -> bool {
        let indent = indent(line);
        let Some((words, meaning)) = line[indent..].strip_prefix("*[").and_then(|rest| rest.split_once("]:")) else {
            return false;
        };
        if words.is_empty() {
            return false;
        }
        self.parser.abbreviations.define(words, meaning.trim());
        let range = self.places(self.at..self.at + line.len());
        self.push_boundary(Boundary::Definition, range);
        self.at += line.len();
        true
    }
}

/// A link's name as it is compared.
pub(super) fn link_name(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Whether a note can have this name.
pub(super) fn is_note_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || "_-".contains(c))
}

fn indent(line: &str) -> usize {
    line.bytes().take(3).take_while(|byte| *byte == b' ').count()
}

fn is_blank(line: &str) -> bool {
    !line.is_empty() && line.trim().is_empty()
}

fn is_indented(line: &str) -> bool {
    (line.starts_with('\t') || line.starts_with("    ")) && !line.trim().is_empty()
}

/// How long address and title of a link may be together.
const LONGEST_DEFINITION: usize = 10_000;

/// The address a definition begins with, and the title behind it.
fn address_and_title(text: &str) -> (&str, Option<&str>) {
    if text.len() > LONGEST_DEFINITION {
        return ("", None);
    }
    if let Some((address, after)) = text.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        return match (after.trim(), whole_title(after.trim())) {
            ("", _) => (address, None),
            (_, Some(title)) => (address, Some(title)),
            (_, None) => ("", None),
        };
    }
    let mut begins_title = false;
    for (at, _) in text.match_indices([' ', '\t']) {
        let after = text[at..].trim_start();
        if after.starts_with(['"', '\'']) {
            begins_title = true;
            if let Some(title) = whole_title(after) {
                return (text[..at].trim_end(), Some(title));
            }
        }
    }
    if begins_title { ("", None) } else { (text, None) }
}

/// What stands between quotes, when there is nothing else.
fn whole_title(text: &str) -> Option<&str> {
    ['"', '\''].into_iter().find_map(|quote| {
        let title = text.strip_prefix(quote)?.strip_suffix(quote)?;
        (!title.is_empty()).then_some(title)
    })
}
