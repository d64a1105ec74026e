//! Links and images, with their address in parentheses or defined elsewhere.

use super::definitions::link_name;
use super::element::{Element, Kind};
use super::spans::{Gathered, Spans, Stop};

/// What a link leads to.
struct Target {
    address: String,
    title: Option<String>,
    list: Option<Box<crate::content::attributes::AttributeList>>,
}

impl Spans<'_, '_> {
    /// `[words](address "title")`, `[words][name]`, `[name]`, and the same behind `!`.
    pub(super) fn link(&mut self, out: &mut Gathered) -> bool {
        let rest = self.rest();
        let is_image = rest.starts_with('!');
        let mark = usize::from(is_image) + 1;
        if rest.len() <= mark || rest[mark..].starts_with('^') {
            return false;
        }
        let start = self.at;
        if !is_image && self.links > 0 || !self.may_look_ahead() {
            self.take_text(out, mark);
            return true;
        }
        let Some((children, words_end)) = self.words_of_link(mark) else {
            self.at = start;
            self.take_text(out, mark);
            return true;
        };
        let words = self.chunk.text[start + mark..words_end].to_owned();
        let words = unescaped(&words);
        self.at = words_end + 1;
        let Some(target) = self.target(&words) else {
            self.at = start;
            self.take_text(out, mark);
            return true;
        };
        let Target { address, title, list } = target;
        let place = self.place(start..self.at);
        let mut element = if is_image {
            Element::new(Kind::Image { address, title, alternative: words }, place)
        } else {
            Element::with(Kind::Link { address, title }, place, children)
        };
        if let Some(list) = list {
            element.give(*list);
        }
        out.push(element);
        true
    }

    /// What is between the brackets, and where the second one stands.
    fn words_of_link(&mut self, mark: usize) -> Option<(Vec<Element>, usize)> {
        self.finder.find(&self.chunk.text, "]", self.at + mark)?;
        self.at += mark;
        let brackets = std::mem::replace(&mut self.brackets, 1);
        let directly = std::mem::replace(&mut self.directly_in_emphasis, false);
        self.links += 1;
        let (children, found) = self.run(&Stop::Bracket);
        self.links -= 1;
        self.directly_in_emphasis = directly;
        self.brackets = brackets;
        found.then_some((children, self.at))
    }

    /// Where the link leads to whose words just ended.
    fn target(&mut self, words: &str) -> Option<Target> {
        let rest = self.rest();
        let spaces = rest.len() - rest.trim_start().len();
        let open = self.at + spaces;
        let close = if rest[spaces..].starts_with('[') { self.finder.find(&self.chunk.text, "]", open) } else { None };
        let bracket = close.map(|close| &self.chunk.text[open + 1..close]);
        if bracket.is_some() || !rest.starts_with('(') {
            if let Some(name) = bracket {
                self.at += spaces + name.len() + 2;
            }
            let name = link_name(bracket.filter(|name| !name.is_empty()).unwrap_or(words));
            let definition = self.parser.links.get(&name)?;
            return Some(Target {
                address: definition.address.clone(),
                title: definition.title.clone(),
                list: definition.list.clone(),
            });
        }
        let target = |address: &str, title: Option<&str>| Target {
            address: address.to_owned(),
            title: title.map(str::to_owned),
            list: None,
        };
        if let Some(inside) = rest.strip_prefix("(<")
            && let Some(end) = inside.find(['>', '\n']).filter(|end| inside[*end..].starts_with('>'))
        {
            self.spend(end);
            let address = &inside[..end];
            self.at += end + 3;
            if self.rest().starts_with(')') {
                self.at += 1;
                return Some(target(address, None));
            }
            let title = self.title()?;
            return Some(target(address, Some(&title)));
        }
        let (length, closed) = self.address_length();
        // Where no parenthesis ends the address, kramdown leaves its last character out: the space before a title.
        let address = rest[1..if closed { length - 1 } else { length }].trim().to_owned();
        self.at += length;
        if closed {
            return Some(target(&address, None));
        }
        let title = self.title()?;
        Some(target(&address, Some(&title)))
    }

    /// How long the address is that begins with a parenthesis, and whether its own one ends it.
    fn address_length(&mut self) -> (usize, bool) {
        let rest = self.rest();
        let mut open = 0_usize;
        for (at, byte) in rest.bytes().enumerate() {
            match byte {
                b'(' => open += 1,
                b')' => {
                    open = open.saturating_sub(1);
                    if open == 0 {
                        self.spend(at);
                        return (at + 1, true);
                    }
                }
                _ if byte.is_ascii_whitespace() && rest[at + 1..].starts_with(['"', '\'']) => {
                    self.spend(at);
                    return (at, false);
                }
                _ => {}
            }
        }
        self.spend(rest.len());
        (rest.len(), false)
    }

    /// ` "title")`
    fn title(&mut self) -> Option<String> {
        let rest = self.rest();
        let trimmed = rest.trim_start();
        let quote = trimmed.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let start = self.at + rest.len() - trimmed.len() + 1;
        let mut from = start + 1;
        loop {
            let close = self.finder.find(&self.chunk.text, if quote == '"' { "\"" } else { "'" }, from)?;
            let after = self.chunk.text[close + 1..].trim_start();
            if after.starts_with(')') {
                let title = self.chunk.text[start..close].to_owned();
                self.at = self.chunk.text.len() - after.len() + 1;
                return Some(title);
            }
            self.spend(1);
            if !self.may_look_ahead() {
                return None;
            }
            from = close + 1;
        }
    }
}

/// `text` without the back slashes that protect a character.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' && chars.peek().is_some_and(|next| "\\.*_+`<>()[]{}#!:|\"'$=-".contains(*next)) {
            out.extend(chars.next());
        } else {
            out.push(c);
        }
    }
    out
}
