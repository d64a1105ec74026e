//! What may ail the database, and what its driver says then.

/// What ails the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ailment {
    /// There is no room left on its disk.
    Full,
    /// Another program holds it locked.
    Locked,
    /// It does not answer, or nobody listens.
    Silent,
    /// It fails in another way: a disk that cannot be read, a database that may not be written.
    Failing,
}

impl Ailment {
    /// Its word in metrics and notices.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Locked => "locked",
            Self::Silent => "silent",
            Self::Failing => "failing",
        }
    }

    /// What is said of it where there is one line.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Full => "the database cannot be written: no room is left on its disk",
            Self::Locked => "the database cannot be written: another program holds it locked",
            Self::Silent => "the database does not answer",
            Self::Failing => "the database fails",
        }
    }
}

/// What ails the database when its driver says so.
pub(super) fn of_driver(error: &sqlx::Error) -> Option<Ailment> {
    if let sqlx::Error::Database(error) = error {
        return of_code(&error.code()?);
    }
    let is_silent = matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::WorkerCrashed
    );
    is_silent.then_some(Ailment::Silent)
}

/// PostgreSQL's codes have five characters (SQLSTATE); those of SQLite are numbers whose last byte is the main one.
fn of_code(code: &str) -> Option<Ailment> {
    if code.len() == 5 {
        return match code {
            "53100" => Some(Ailment::Full),
            "55P03" => Some(Ailment::Locked),
            "25006" | "58030" | "XX001" | "XX002" => Some(Ailment::Failing),
            "25P03" | "57014" => Some(Ailment::Silent),
            _ if ["08", "53", "57"].contains(&&code[..2]) => Some(Ailment::Silent),
            _ => None,
        };
    }
    match code.parse::<u32>().ok()? & 0xff {
        5 | 6 => Some(Ailment::Locked),
        13 => Some(Ailment::Full),
        // May not be written, disk error, damaged, cannot be opened, no database.
        8 | 10 | 11 | 14 | 26 => Some(Ailment::Failing),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_databases_say_what_ails_them() {
        for (code, ailment) in [
            ("13", Some(Ailment::Full)),
            ("53100", Some(Ailment::Full)),
            ("5", Some(Ailment::Locked)),
            ("517", Some(Ailment::Locked)),
            ("55P03", Some(Ailment::Locked)),
            ("57P01", Some(Ailment::Silent)),
            ("57P03", Some(Ailment::Silent)),
            ("08006", Some(Ailment::Silent)),
            ("53300", Some(Ailment::Silent)),
            ("778", Some(Ailment::Failing)),
            ("25006", Some(Ailment::Failing)),
            ("1555", None),
            ("23505", None),
            ("40P01", None),
            ("", None),
        ] {
            assert_eq!(of_code(code), ailment, "{code}");
        }
    }
}
