//! The size of a file as people read it.

use super::Language;

/// A size is written in the first unit in which it is below this.
const STEP: u64 = 1000;

/// Between a number and its unit.
const NO_BREAK_SPACE: char = '\u{a0}';

/// A file's size in decimal units: `312 Ko` or `1,4 Mo` in French, `312 KB` or `1.4 MB` in English, with a
/// non-breaking space.
///
/// ```
/// use depeche::language::{Language, file_size};
/// assert_eq!(file_size(1_440_000, Language::French), "1,4\u{a0}Mo");
/// assert_eq!(file_size(312_400, Language::English), "312\u{a0}KB");
/// ```
#[must_use]
pub fn file_size(bytes: u64, language: Language) -> String {
    let (units, one, many, comma) = match language {
        Language::French => (["Ko", "Mo", "Go"], "octet", "octets", ','),
        Language::English => (["KB", "MB", "GB"], "byte", "bytes", '.'),
    };
    if bytes < STEP {
        let plural = match language {
            Language::French => bytes > 1,
            Language::English => bytes != 1,
        };
        return format!("{bytes}{NO_BREAK_SPACE}{}", if plural { many } else { one });
    }
    let kilo = rounded(bytes, STEP);
    if kilo < STEP {
        return format!("{kilo}{NO_BREAK_SPACE}{}", units[0]);
    }
    let (tenths, unit) = match rounded(bytes, STEP * STEP / 10) {
        tenths if rounded(tenths, 10) < STEP => (tenths, units[1]),
        _ => (rounded(bytes, STEP * STEP * STEP / 10), units[2]),
    };
    let (whole, tenth) = (tenths / 10, tenths % 10);
    if whole < 10 && tenth != 0 {
        format!("{whole}{comma}{tenth}{NO_BREAK_SPACE}{unit}")
    } else {
        format!("{}{NO_BREAK_SPACE}{unit}", rounded(tenths, 10))
    }
}

/// `number` in units of `unit`, the half rounded up.
fn rounded(number: u64, unit: u64) -> u64 {
    number / unit + u64::from(number % unit >= unit.div_ceil(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: u64, french: &str, english: &str) {
        assert_eq!(file_size(bytes, Language::French).replace(NO_BREAK_SPACE, " "), french);
        assert_eq!(file_size(bytes, Language::English).replace(NO_BREAK_SPACE, " "), english);
    }

    #[test]
    fn sizes_are_short() {
        check(0, "0 octet", "0 bytes");
        check(1, "1 octet", "1 byte");
        check(999, "999 octets", "999 bytes");
        check(1_000, "1 Ko", "1 KB");
        check(312_499, "312 Ko", "312 KB");
        check(999_500, "1 Mo", "1 MB");
        check(1_440_000, "1,4 Mo", "1.4 MB");
        check(2_000_000, "2 Mo", "2 MB");
        check(12_600_000, "13 Mo", "13 MB");
        check(999_400_000, "999 Mo", "999 MB");
        check(999_950_000, "1 Go", "1 GB");
        check(2_500_000_000, "2,5 Go", "2.5 GB");
        check(u64::MAX, "18446744074 Go", "18446744074 GB");
    }
}
