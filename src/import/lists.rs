//! The lists, topics and further values that a cell names.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Standing;
use super::headings::{Unknown, folded};
use super::{answers, noes, statuses};
use crate::domain::{EndReason, Taxonomy, Topic};

/// The topics that there are here, by what they are called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownTopics(BTreeMap<String, Topic>);

impl KnownTopics {
    /// These topics with their words. Of a category and a tag of one name, the category is meant.
    #[must_use]
    pub fn new<'t>(topics: impl IntoIterator<Item = (&'t Topic, &'t str)>) -> Self {
        let mut known = BTreeMap::new();
        for (topic, label) in topics {
            let slug = topic.slug().map(ToString::to_string).unwrap_or_default();
            for name in [label, slug.as_str()].map(folded) {
                let is_category = topic.taxonomy() == Some(Taxonomy::Category);
                if !name.is_empty() && (is_category || !known.contains_key(&name)) {
                    known.insert(name, topic.clone());
                }
            }
        }
        Self(known)
    }

    /// The topic of this name: `all`, `tag:eau`, or what it is called.
    fn find(&self, name: &str) -> Option<Topic> {
        name.parse().ok().or_else(|| self.0.get(&folded(name)).cloned())
    }
}

/// A list that somebody is on, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    name: String,
    standing: Standing,
}

/// What a cell names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lists(Vec<Named>);

impl Lists {
    /// Reads listmonk's JSON, or names with commas, semicolons or bars between them. Our own export has spaces there.
    pub(super) fn of(cell: &str) -> Self {
        if let Ok(value) = serde_json::from_str(cell)
            && let Value::Array(lists) = value
        {
            return Self(lists.iter().filter_map(named).collect());
        }
        let words = |separator: &[char]| -> Vec<Named> {
            let names = cell.split(separator).map(|name| name.trim().trim_matches(['"', '\'']).to_owned());
            let subscribed = |name| Named { name, standing: Standing::Subscribed };
            names.filter(|name| !name.is_empty()).map(subscribed).collect()
        };
        let spaced = words(&[' ']);
        if spaced.iter().all(|list| list.name.parse::<Topic>().is_ok()) {
            return Self(spaced);
        }
        Self(words(&[',', ';', '|']))
    }

    /// How they stand when each list is to be believed: who is on one of them subscribes, but of several only ours count where
    /// there are any. Whoever is on a list of those who left has left.
    pub(super) fn standing(&self, known: &KnownTopics) -> Option<Standing> {
        let (ours, others): (Vec<&Named>, Vec<&Named>) =
            self.0.iter().partition(|named| known.find(&named.name).is_some());
        if others.iter().any(|named| named.standing == Standing::Subscribed && noes::is_clear(&named.name)) {
            return Some(Standing::Left(EndReason::Unsubscribed));
        }
        let counting = if ours.is_empty() { others } else { ours };
        let standings: Vec<Standing> = counting.iter().map(|named| named.standing).collect();
        standings.iter().find(|one| **one == Standing::Subscribed).or_else(|| standings.iter().max()).copied()
    }

    /// The names of those that they are still on.
    pub(super) fn sorted(&self, known: &KnownTopics) -> (Vec<Topic>, Vec<String>) {
        let mut sorted = (Vec::new(), Vec::new());
        for named in self.0.iter().filter(|named| named.standing == Standing::Subscribed) {
            match known.find(&named.name) {
                Some(topic) => sorted.0.push(topic),
                None => sorted.1.push(named.name.clone()),
            }
        }
        sorted
    }
}

/// `"Presse"`, or `{"name": "Presse", "subscription_status": "unsubscribed"}`.
fn named(value: &Value) -> Option<Named> {
    if let Some(name) = value.as_str() {
        return Some(Named { name: name.to_owned(), standing: Standing::Subscribed });
    }
    let name = text(value, &["name", "title"])?.to_owned();
    let standing = match text(value, &["subscription_status", "status"]) {
        None => Standing::Subscribed,
        // A word that is not known is no "yes".
        Some(word) => statuses::standing(word).unwrap_or(Standing::Unconfirmed),
    };
    Some(Named { name, standing })
}

fn text<'v>(value: &'v Value, keys: &[&str]) -> Option<&'v str> {
    keys.iter().find_map(|key| value.get(key)?.as_str())
}

/// What further values say of the organisation and the language.
pub(super) fn attributes(cell: &str) -> (Option<String>, Option<String>) {
    const ORGANISATION: [&str; 8] =
        ["organisation", "organization", "company", "media", "média", "rédaction", "structure", "entreprise"];
    let Ok(value) = serde_json::from_str::<Value>(cell) else { return (None, None) };
    let own = |keys: &[&str]| text(&value, keys).map(str::to_owned);
    (own(&ORGANISATION), own(&["language", "langue", "lang", "locale"]))
}

/// Whether one of the further values may say that somebody wants no letters: by its name, or by itself.
pub(super) fn may_hold_a_no(cell: &str) -> bool {
    let Ok(Value::Object(values)) = serde_json::from_str(cell) else { return noes::is_clear(cell) };
    let said = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    values.iter().filter(|(_, value)| !value.is_null()).any(|(name, value)| {
        let value = said(value);
        let is_said_of = match Unknown::of(name) {
            Unknown::OfANo => {
                answers::no(&value, Standing::Left(EndReason::Unsubscribed)) != Some(Standing::Subscribed)
            }
            Unknown::OfAYes => statuses::is_no(&value),
            Unknown::Silent | Unknown::OfOtherThings | Unknown::Else => false,
        };
        is_said_of || noes::is_clear(&value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> KnownTopics {
        let topics: Vec<(Topic, &str)> =
            [("category:eau", "Eau"), ("tag:eau", "Eau"), ("tag:grands-travaux", "Grands travaux")]
                .map(|(topic, label)| (topic.parse().unwrap(), label))
                .into();
        KnownTopics::new(topics.iter().map(|(topic, label)| (topic, *label)))
    }

    #[track_caller]
    fn check(cell: &str, topics: &[&str], foreign: &[&str]) {
        let (found, left) = Lists::of(cell).sorted(&known());
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), topics, "{cell}");
        assert_eq!(left, foreign, "{cell}");
    }

    #[test]
    fn lists_are_named_in_each_tools_way() {
        check("", &[], &[]);
        check("all tag:eau", &["all", "tag:eau"], &[]);
        check("Eau; Grands Travaux", &["category:eau", "tag:grands-travaux"], &[]);
        check("\"eau\",\"VIP\"", &["category:eau"], &["VIP"]);
        check(r#"["Eau", "VIP"]"#, &["category:eau"], &["VIP"]);
        check(
            r#"[{"id": 3, "name": "Grands travaux", "subscription_status": "confirmed"}]"#,
            &["tag:grands-travaux"],
            &[],
        );
        check(r#"[{"name": "Eau", "subscription_status": "unsubscribed"}]"#, &[], &[]);
        check("{\"a\":", &[], &["{\"a\":"]);
    }

    #[test]
    fn further_values_may_hold_a_no() {
        for (cell, expected) in [
            ("{}", false),
            (r#"{"city": "Nantes", "age": 40, "since": "2020-01-02"}"#, false),
            (r#"{"optout": true}"#, true),
            (r#"{"optout": false, "bounced": null, "exclu": ""}"#, false),
            (r#"{"newsletter": false}"#, true),
            (r#"{"newsletter": true}"#, false),
            (r#"{"note": "désabonnée en mai"}"#, true),
            ("Nantes", false),
            ("unsubscribed", true),
        ] {
            assert_eq!(may_hold_a_no(cell), expected, "{cell}");
        }
    }

    #[test]
    fn who_left_every_list_has_left() {
        let standing = |cell: &str| Lists::of(cell).standing(&known());
        let (gone, kept) = (r#"{"name": "A", "subscription_status": "unsubscribed"}"#, r#"{"name": "B"}"#);
        assert_eq!(standing(&format!("[{gone}]")), Some(Standing::Left(EndReason::Unsubscribed)));
        assert_eq!(standing(&format!("[{gone}, {kept}]")), Some(Standing::Subscribed));
        assert_eq!(standing("[]"), None);
    }
}
