//! What the doctor found: one line, as a code with arguments; its words are added when it is shown.

use crate::language::{Language, say, word};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, and somebody should look at it.
    Warning,
    /// It does not work.
    Problem,
}

impl Level {
    /// Its word for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What it is about: the part of its words' keys after `doctor.`.
    pub code: &'static str,
    /// Values for the places in its words.
    pub arguments: Vec<(&'static str, String)>,
    /// Lines to copy as they are.
    pub records: Vec<String>,
}

impl Finding {
    fn new(level: Level, code: &'static str, arguments: &[(&'static str, &str)]) -> Self {
        let arguments = arguments.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { level, code, arguments, records: Vec::new() }
    }

    pub(super) fn ok(code: &'static str, arguments: &[(&'static str, &str)]) -> Self {
        Self::new(Level::Ok, code, arguments)
    }

    pub(super) fn warning(code: &'static str, arguments: &[(&'static str, &str)]) -> Self {
        Self::new(Level::Warning, code, arguments)
    }

    pub(super) fn problem(code: &'static str, arguments: &[(&'static str, &str)]) -> Self {
        Self::new(Level::Problem, code, arguments)
    }

    /// The same with lines to copy.
    pub(super) fn with(self, records: Vec<String>) -> Self {
        Self { records, ..self }
    }

    /// What was found.
    #[must_use]
    pub fn what(&self, language: Language) -> String {
        self.say(language, "what")
    }

    /// What to do; empty where there is nothing to.
    #[must_use]
    pub fn advice(&self, language: Language) -> String {
        let key = format!("doctor.{}.advice", self.code);
        if word(language, &key).is_some() { self.say(language, "advice") } else { String::new() }
    }

    fn say(&self, language: Language, part: &str) -> String {
        let arguments: Vec<(&str, &str)> = self.arguments.iter().map(|(name, value)| (*name, value.as_str())).collect();
        say(language, &format!("doctor.{}.{part}", self.code), &arguments)
    }
}

/// An error with all its causes, on one line.
pub(super) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}
