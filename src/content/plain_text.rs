//! Sanitised HTML as text to be read: for JSON Feed's `content_text` and the text part of letters.
//!
//! Nothing is wrapped. Only what the sanitiser writes is understood: well-formed tags, five named entities.

use super::tags::{Attribute, Piece, pieces};

/// The text of `html`: paragraphs apart, list items marked, addresses after the words that lead there.
#[must_use]
pub fn plain_text(html: &str) -> String {
    let mut writer = Writer::default();
    for piece in pieces(html) {
        match piece {
            Piece::Text(text) => writer.text(&entities(text)),
            Piece::Open { name, attributes, .. } => writer.open(&name, &attributes),
            Piece::Close { name, .. } => writer.close(&name),
            Piece::Comment { .. } | Piece::Declaration { .. } => {}
        }
    }
    writer.finish()
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Whether a space is due before the next word.
    space: bool,
    /// How many line breaks are due before the next word.
    breaks: usize,
    /// What begins the next line: a list's marker.
    marker: String,
    lists: Vec<Option<usize>>,
    /// The address of the open link and where its words begin.
    link: Option<(String, usize)>,
    quotes: usize,
    /// How many quotes the last word stood in.
    quotes_before: usize,
    preformatted: bool,
    /// Whether a cell of this row was written.
    cell: bool,
}

impl Writer {
    fn text(&mut self, text: &str) {
        if self.preformatted {
            for (number, line) in text.split('\n').enumerate() {
                if number > 0 {
                    self.breaks = self.breaks.max(1);
                }
                if !line.is_empty() {
                    self.word(line);
                }
            }
            return;
        }
        let breaking = |c: char| c.is_whitespace() && !matches!(c, '\u{A0}' | '\u{202F}');
        for (number, part) in text.split(breaking).enumerate() {
            self.space |= number > 0;
            if !part.is_empty() {
                self.word(part);
            }
        }
    }

    /// Writes a word, after the line breaks or the space that are due.
    fn word(&mut self, word: &str) {
        if self.breaks > 0 || self.out.is_empty() {
            if !self.out.is_empty() {
                let gap = match (self.breaks, self.quotes.min(self.quotes_before)) {
                    (1, _) => "\n",
                    (_, 0) => "\n\n",
                    (_, _) => "\n>\n",
                };
                self.out.push_str(gap);
            }
            self.out.push_str(&"> ".repeat(self.quotes));
            let indent = self.lists.len().saturating_sub(1) * 2
                + usize::from(self.marker.is_empty() && !self.lists.is_empty()) * 2;
            self.out.push_str(&" ".repeat(indent));
            self.out.push_str(&std::mem::take(&mut self.marker));
            self.breaks = 0;
        } else if self.space && !self.out.ends_with([' ', '\n']) {
            self.out.push(' ');
        }
        self.space = false;
        self.quotes_before = self.quotes;
        self.out.push_str(word);
    }

    fn open(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        let value = |name: &str| attributes.iter().find(|attribute| attribute.name == name).map(|a| entities(a.value));
        match name {
            "hr" => {
                self.breaks = 2;
                self.word("* * *");
                self.breaks = 2;
            }
            "img" => {
                if let Some(words) = value("alt").filter(|words| !words.trim().is_empty()) {
                    self.text(&format!("[{}]", words.trim()));
                }
            }
            "a" => {
                if value("class").as_deref() == Some("reversefootnote") {
                    self.link = Some((String::new(), self.out.len()));
                } else if let Some(address) = value("href") {
                    self.link = Some((address, self.out.len()));
                }
            }
            "ul" => self.list(None),
            "ol" => self.list(Some(value("start").and_then(|start| start.parse().ok()).unwrap_or(1))),
            "li" => {
                self.breaks = self.breaks.max(1);
                self.marker = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    Some(None) | None => "- ".to_owned(),
                };
            }
            "blockquote" => {
                self.breaks = 2;
                self.quotes += 1;
            }
            "pre" => {
                self.breaks = 2;
                self.preformatted = true;
            }
            "tr" => {
                self.breaks = self.breaks.max(1);
                self.cell = false;
            }
            "td" | "th" if std::mem::replace(&mut self.cell, true) => {
                self.space = true;
                self.word("|");
                self.space = true;
            }
            "br" | "dd" | "dt" | "caption" | "summary" | "figcaption" => self.breaks = self.breaks.max(1),
            "p" if !self.marker.is_empty() => {}
            _ if is_block(name) => self.breaks = 2,
            _ => {}
        }
    }

    fn list(&mut self, first: Option<usize>) {
        self.breaks = if self.lists.is_empty() { 2 } else { 1 };
        self.lists.push(first);
    }

    fn close(&mut self, name: &str) {
        match name {
            "a" => self.close_link(),
            "ul" | "ol" => {
                self.lists.pop();
                self.marker.clear();
                self.breaks = if self.lists.is_empty() { 2 } else { 1 };
            }
            "li" | "tr" | "dt" | "dd" | "caption" | "summary" | "figcaption" => self.breaks = self.breaks.max(1),
            "blockquote" => {
                self.quotes = self.quotes.saturating_sub(1);
                self.breaks = 2;
            }
            "pre" => {
                self.preformatted = false;
                self.breaks = 2;
            }
            _ if is_block(name) => self.breaks = 2,
            _ => {}
        }
    }

    /// Adds the address, unless the words say it already.
    fn close_link(&mut self) {
        let Some((address, start)) = self.link.take() else { return };
        let words = self.out.get(start..).unwrap_or_default().trim();
        if address.is_empty() {
            self.out.truncate(self.out[..start].trim_end().len());
            return;
        }
        let bare = |text: &str| {
            let text = text.trim_end_matches('/');
            let text = ["https://", "http://", "mailto:", "tel:"]
                .iter()
                .find_map(|scheme| text.strip_prefix(scheme))
                .unwrap_or(text);
            text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase()
        };
        let is_note = words.len() <= 3 && words.bytes().all(|byte| byte.is_ascii_digit()) && address.contains("fn:");
        if is_note {
            let note = format!("[{words}]");
            self.out.truncate(start);
            self.word(&note);
        } else if words.is_empty() || bare(words) != bare(&address) {
            self.space = true;
            let shown = if words.is_empty() { address } else { format!("({address})") };
            self.word(&shown);
        }
    }

    fn finish(self) -> String {
        self.out.trim().to_owned()
    }
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "section"
            | "article"
            | "aside"
            | "header"
            | "footer"
            | "address"
            | "figure"
            | "details"
            | "table"
            | "dl"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
    )
}

/// `text` with the sanitiser's entities resolved.
fn entities(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&nbsp;", "\u{A0}")
        .replace("&amp;", "&")
}
