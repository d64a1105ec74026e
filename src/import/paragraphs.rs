//! Sympa's dump of a list: for each member a paragraph, a line for each value, its name first.

use super::headings::Column;

/// The names of a member's values that say something here.
const NAMES: [(&str, Column); 8] = [
    ("email", Column::Address),
    ("gecos", Column::Name),
    ("reception", Column::Reception),
    ("suspend", Column::Suspended),
    ("topics", Column::Topics),
    ("lang", Column::Language),
    ("date", Column::Consent),
    ("date_epoch", Column::Consent),
];

/// What a line of a paragraph says; `None`: nothing that is read.
pub(super) fn value(line: &str) -> Option<(Column, &str)> {
    let (name, value) = line.split_once(' ')?;
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, column)| (*column, value.trim()))
}

/// Whether a file that begins with these lines is such a dump.
pub(super) fn are_these<'l>(lines: impl Iterator<Item = &'l str>) -> bool {
    let mut lines = lines.filter(|line| !line.trim().is_empty()).peekable();
    let is_named = |line: &&str| {
        line.split_once(' ').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        })
    };
    lines.peek().is_some_and(is_named)
        && lines.any(|line| line.strip_prefix("email ").is_some_and(|address| address.contains('@')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_is_told_from_a_list_of_addresses() {
        assert!(are_these("\ndate 1\nemail ann@example.org\n".lines()));
        assert!(!are_these("ann@example.org\nemail bob@example.org\n".lines()));
        assert!(!are_these("email;nom\n".lines()));
        assert_eq!(value("gecos Ann Lee"), Some((Column::Name, "Ann Lee")));
        assert_eq!(value("visibility noconceal"), None);
    }
}
