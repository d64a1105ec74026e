//! Which recipient domains are counted under their own name: the large ones. All others are `other`.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use crate::domain::is_large_mail_service;

/// The name of all others together.
const OTHER: &str = "other";
/// So many letters make a domain a large one.
const MANY: u32 = 100;
/// How many domains have a name of their own besides the known ones.
const MOST_NAMED: usize = 50;
/// How many domains are watched for becoming large; those beyond have to wait for the next start.
const MOST_WATCHED: usize = 4_096;

/// The large domains among those written to since the start.
#[derive(Debug, Default)]
pub(super) struct Domains(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    letters: HashMap<String, u32>,
    named: HashSet<String>,
}

impl Domains {
    /// The name under which a letter to `domain` is counted.
    pub(super) fn label(&self, domain: &str) -> String {
        if is_large_mail_service(domain) {
            return domain.to_owned();
        }
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.named.contains(domain) {
            return domain.to_owned();
        }
        if seen.named.len() >= MOST_NAMED {
            return OTHER.to_owned();
        }
        let has_room = seen.letters.len() < MOST_WATCHED;
        if let Some(letters) = seen.letters.get_mut(domain) {
            *letters += 1;
        } else if has_room {
            seen.letters.insert(domain.to_owned(), 1);
        }
        if seen.letters.get(domain).is_some_and(|letters| *letters >= MANY) {
            seen.letters.remove(domain);
            seen.named.insert(domain.to_owned());
            return domain.to_owned();
        }
        OTHER.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_large_domains_have_names_and_never_too_many() {
        let domains = Domains::default();
        assert_eq!(domains.label("gmail.com"), "gmail.com");
        for number in 0..200 {
            let domain = format!("journal-{number}.example");
            for letter in 1..MANY {
                assert_eq!(domains.label(&domain), OTHER, "letter {letter} to {domain}");
            }
        }
        let named = (0..200).map(|number| domains.label(&format!("journal-{number}.example")));
        let named: HashSet<String> = named.collect();
        assert_eq!(named.len(), MOST_NAMED + 1, "the large ones and `other`");
        for number in 0..2 * MOST_WATCHED {
            domains.label(&format!("{number}.example"));
        }
        assert!(domains.0.lock().unwrap().letters.len() <= MOST_WATCHED);
    }
}
