//! The file that `depeche new` writes: a release to be filled in.
//!
//! Writing it to the folder is the caller's.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::source::legal;
use crate::domain::Slug;
use crate::language::Language;

/// The name and text of a new release's file, dated `date` in `zone`.
#[must_use]
pub fn new_release_file(
    title: &str,
    date: DateTime<Utc>,
    zone: Tz,
    language: Language,
    published: bool,
) -> (String, String) {
    let local = date.with_timezone(&zone);
    let title = legal(title).split_whitespace().collect::<Vec<_>>().join(" ");
    let slug = Slug::from_words(&title).map_or_else(|| language.code().to_owned(), |slug| slug.to_string());
    let name = format!("{}-{slug}.md", local.format("%Y-%m-%d"));
    let (chapeau, body) = match language {
        Language::French => (
            "L’essentiel en deux ou trois phrases : qui, quoi, quand, où, pourquoi.",
            "Le texte du communiqué, en Markdown.",
        ),
        Language::English => (
            "The essence in two or three sentences: who, what, when, where, why.",
            "The text of the release, in Markdown.",
        ),
    };
    let published = if published { "" } else { "published: false\n" };
    let text = format!(
        "---\ntitle: {}\ndate: {}\n{published}categories: []\ntags: []\nchapeau-text: |-\n  {chapeau}\nfiles: []\n---\n\n{body}\n",
        quoted(&markdown_literal(&title)),
        local.format("%Y-%m-%d %H:%M:%S %:z"),
    );
    (name, text)
}

/// `text` between the double quotes of YAML.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `text` with each character escaped that Markdown would read as markup.
fn markdown_literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        let active = match c {
            '\\' | '`' | '<' | '[' | '{' => true,
            '*' | '~' => !(before.is_whitespace() && next.is_whitespace()),
            '_' => !(before.is_alphanumeric() && next.is_alphanumeric()),
            '&' if next.is_alphanumeric() || next == '#' => {
                out.push_str("&amp;");
                before = c;
                continue;
            }
            _ => false,
        };
        if active {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out
}
