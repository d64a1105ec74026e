//! What commands print, and how failures are told.

use std::borrow::Cow;
use std::io::{IsTerminal as _, Write as _, stderr, stdout};

use super::Exit;
use crate::domain::turns_direction;

/// Standard output and standard error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terminal {
    output_is_terminal: bool,
    errors_are_terminal: bool,
}

#[expect(clippy::unused_self, reason = "what is printed goes through the terminal that was asked about itself")]
impl Terminal {
    pub(super) fn new() -> Self {
        Self { output_is_terminal: stdout().is_terminal(), errors_are_terminal: stderr().is_terminal() }
    }

    /// Whether a person reads the output.
    pub(super) const fn is_interactive(self) -> bool {
        self.output_is_terminal
    }

    /// Whether colours and progress may be shown on standard error.
    pub(super) const fn shows_progress(self) -> bool {
        self.errors_are_terminal
    }

    /// Whether output may be coloured: at a terminal, unless `NO_COLOR` is set.
    pub(super) fn is_coloured(self) -> bool {
        self.output_is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
    }

    /// Prints a line. Whoever reads may have gone (`| head`): then there is nobody to tell.
    pub(super) fn line(self, text: impl AsRef<str>) {
        let _ = writeln!(stdout(), "{}", harmless(text.as_ref()));
    }

    /// Prints a line whose colours are ours; what it quotes must be [`harmless`] already.
    pub(super) fn coloured_line(self, text: &str) {
        let _ = writeln!(stdout(), "{text}");
    }

    /// Prints text: to a file or another program as it is.
    pub(super) fn text(self, text: &str) {
        let text = if self.output_is_terminal { harmless(text) } else { Cow::Borrowed(text) };
        let _ = stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush());
    }

    /// Tells on standard error.
    pub(super) fn tell(self, text: impl AsRef<str>) {
        let _ = writeln!(stderr(), "{}", harmless(text.as_ref()));
    }

    /// Tells why a command failed, with every cause.
    pub(super) fn fail(self, error: &anyhow::Error) -> Exit {
        let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
        let mut text = String::from("depeche: ");
        for (number, cause) in causes.iter().enumerate() {
            // A cause that its effect already quotes is not said twice.
            if number > 0 && !causes[number - 1].contains(cause.as_str()) {
                text.push_str("\n  because: ");
                text.push_str(cause);
            } else if number == 0 {
                text.push_str(cause);
            }
        }
        self.tell(text);
        Exit::Failed
    }
}

/// `text` with whatever could steer a terminal, or turn the direction of what follows, shown as its code: names, subjects and
/// replies come from anybody. Lines and tabs stay.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if steers(c) && !(c == '\r' && rest.peek() == Some(&'\n')) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Whether a character could.
pub(super) fn steers(c: char) -> bool {
    turns_direction(c) || (c.is_control() && !matches!(c, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_as_its_code() {
        assert!(matches!(harmless("« Zoé »\t1\n"), Cow::Borrowed(_)));
        assert_eq!(harmless("a\u{1b}[2J\u{7}\u{9b}31m"), "a\\u{1b}[2J\\u{7}\\u{9b}31m");
        assert_eq!(harmless("a\r\nb\rc\u{202e}d\u{7f}"), "a\r\nb\\u{d}c\\u{202e}d\\u{7f}");
    }
}
