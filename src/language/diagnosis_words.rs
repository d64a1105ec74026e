//! The words of a diagnosis, in the language of whoever reads them.

use super::{Diagnosis, Language, diagnosis_en, diagnosis_fr};

impl Diagnosis {
    /// What is so, as one plain sentence.
    #[must_use]
    pub fn what(&self, language: Language) -> String {
        match language {
            Language::French => diagnosis_fr::what(self),
            Language::English => diagnosis_en::what(self),
        }
    }

    /// How to mend it, as one plain sentence.
    #[must_use]
    pub fn advice(&self, language: Language) -> String {
        match language {
            Language::French => diagnosis_fr::advice(self),
            Language::English => diagnosis_en::advice(self),
        }
    }
}

#[cfg(test)]
#[path = "diagnosis_tests.rs"]
mod tests;
