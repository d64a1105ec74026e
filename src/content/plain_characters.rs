//! Characters that mean nothing but themselves wherever a release is read: in YAML, in kramdown, in HTML.

/// Whether a character means nothing but itself, and is written as it is.
pub(super) fn is_plain(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric()
            || matches!(c, ' ' | ',' | ';' | '.' | '?' | '!' | '(' | ')' | '/' | '%' | '-' | ':');
    }
    matches!(c, '’' | '«' | '»' | '–' | '—' | '…' | '€' | '°') || c.is_alphabetic()
}
