//! A relay that keeps its letters in memory: for tests and trials.

use std::sync::{Arc, Mutex, PoisonError};

use super::Envelope;
use crate::domain::{Attempt, Reply};

/// A letter that a memory relay took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLetter {
    /// From and to whom.
    pub envelope: Envelope,
    /// Its bytes.
    pub message: Vec<u8>,
}

/// The letters that a memory relay took, in order. Copies share one list.
#[derive(Debug, Clone, Default)]
pub struct Letters(Arc<Mutex<Vec<KeptLetter>>>);

impl Letters {
    /// All letters so far.
    #[must_use]
    pub fn all(&self) -> Vec<KeptLetter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Takes one letter.
    pub(super) fn take(&self, envelope: &Envelope, message: Vec<u8>) -> Attempt {
        let letter = KeptLetter { envelope: envelope.clone(), message };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(letter);
        Attempt::Accepted(Reply::new(250, "2.0.0 kept in memory"))
    }
}
