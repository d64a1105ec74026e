//! Text as quoted-printable (RFC 2045 §6.7): ASCII lines of at most 76 characters that end in CRLF.
//!
//! Beyond what the standard asks, a dot and `From ` at the beginning of a line are encoded, as old mail software changes
//! them on the way. Decoding is the mail library's.

use std::borrow::Cow;

/// Longest encoded line, its soft break included (RFC 2045 §6.7 rule 5).
const LINE: usize = 76;

/// Adds `text`, encoded, as lines that can stand before and after others: each ends in CRLF, the last one by a soft break
/// where the text does not end its line. The text's own line ends are LF, CRLF or CR.
pub(super) fn push_stretch(text: &str, out: &mut String) {
    let is_unix = !text.contains('\r');
    let unix = if is_unix { Cow::Borrowed(text) } else { text.replace("\r\n", "\n").replace('\r', "\n").into() };
    for line in unix.split_inclusive('\n') {
        if let Some(line) = line.strip_suffix('\n') {
            encode_line(line.as_bytes(), Ends::Here, out);
        } else {
            encode_line(line.as_bytes(), Ends::Later, out);
            out.push('=');
        }
        out.push_str("\r\n");
    }
}

/// Whether a line of text ends where what is known of it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Here,
    Later,
}

/// Encodes one line of text as one or more lines, the last one open.
fn encode_line(line: &[u8], ends: Ends, out: &mut String) {
    let mut column = 0;
    for (i, &byte) in line.iter().enumerate() {
        let is_last = i + 1 == line.len() && ends == Ends::Here;
        let rest = &line[i..];
        let plain = match byte {
            b' ' | b'\t' => !is_last,
            b'.' => column > 0,
            b'F' => column > 0 || !rest.starts_with(b"From "),
            b'=' => false,
            _ => byte.is_ascii_graphic(),
        };
        let mut width = if plain { 1 } else { 3 };
        if column + width > LINE - usize::from(!is_last) {
            out.push_str("=\r\n");
            column = 0;
        }
        // What begins a line is looked at again once the line is known to begin here.
        let plain = plain && (column > 0 || (byte != b'.' && !rest.starts_with(b"From ")));
        if plain {
            out.push(char::from(byte));
        } else {
            width = 3;
            push_encoded(byte, out);
        }
        column += width;
    }
}

/// Writes `=` and the two upper-case digits of `byte`.
fn push_encoded(byte: u8, out: &mut String) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    out.push('=');
    out.push(DIGITS[usize::from(byte >> 4)]);
    out.push(DIGITS[usize::from(byte & 15)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode_stretch(text: &str) -> String {
        let mut out = String::new();
        push_stretch(text, &mut out);
        out
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(encode_stretch(&format!("{text}\n")), expected);
    }

    #[test]
    fn what_is_not_plain_is_encoded() {
        check("", "\r\n");
        assert_eq!(encode_stretch(""), "");
        check("Pont à péage = 1 €", "Pont =C3=A0 p=C3=A9age =3D 1 =E2=82=AC\r\n");
        check("a \nb\t\r\nc\rd", "a=20\r\nb=09\r\nc\r\nd\r\n");
        check("\u{0}\u{7f}\u{1b}", "=00=7F=1B\r\n");
    }

    #[test]
    fn nothing_at_a_line_s_beginning_tempts_old_software() {
        check(".\n..x\na.b", "=2E\r\n=2E.x\r\na.b\r\n");
        check("From here\nFromage", "=46rom here\r\nFromage\r\n");
        check(&format!("{}From here", "x".repeat(75)), &format!("{}=\r\n=46rom here\r\n", "x".repeat(75)));
        check(&format!("{}.b", "x".repeat(75)), &format!("{}=\r\n=2Eb\r\n", "x".repeat(75)));
    }

    #[test]
    fn a_stretch_that_does_not_end_its_line_ends_softly() {
        assert_eq!(encode_stretch("a\nb "), "a\r\nb =\r\n");
        assert_eq!(encode_stretch(&"x".repeat(75)), format!("{}=\r\n", "x".repeat(75)));
        assert_eq!(encode_stretch(&"x".repeat(76)), format!("{}=\r\nx=\r\n", "x".repeat(75)));
        assert_eq!(encode_stretch("From"), "From=\r\n");
    }

    #[test]
    fn lines_break_softly_at_76() {
        check(&"x".repeat(76), &format!("{}\r\n", "x".repeat(76)));
        check(&"x".repeat(77), &format!("{}=\r\nxx\r\n", "x".repeat(75)));
        check(&format!("{}é", "x".repeat(72)), &format!("{}=C3=\r\n=A9\r\n", "x".repeat(72)));
    }
}
