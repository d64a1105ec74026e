//! The press contact. Numbers are kept as written.

use super::front_matter::Entry;
use super::source::Findings;
use super::title::plain_line;
use super::yaml::{Node, Value};
use crate::domain::{EmailAddress, PressContact};
use crate::language::{Diagnosis, Expected};

/// The press contact; `None` when nothing of it can be used.
pub(super) fn contact(entry: Option<Entry>, findings: &mut Findings<'_>) -> Option<PressContact> {
    let Entry { key, node } = entry?;
    let mut contact = PressContact::default();
    for item in node.items() {
        match item.value {
            Value::Null => {}
            Value::Text(name) => put_name(&mut contact, &name, item.range, findings),
            Value::Keys(keys) => {
                for (name, node) in keys {
                    take(&mut contact, &name.name, node, findings);
                }
            }
            Value::Bool(_) | Value::List(_) => {
                findings.add(item.range, Diagnosis::ValueIgnored { key: key.clone(), expected: Expected::Keys });
            }
        }
    }
    (contact != PressContact::default()).then_some(contact)
}

fn take(contact: &mut PressContact, key: &str, node: Node, findings: &mut Findings<'_>) {
    if !matches!(key, "name" | "tel" | "email" | "mail") {
        return;
    }
    for item in node.items() {
        let range = item.range.clone();
        let Some(text) = item.text() else {
            if item.value != Value::Null {
                findings.add(range, Diagnosis::ValueIgnored { key: key.to_owned(), expected: Expected::Texts });
            }
            continue;
        };
        let words = plain_line(text);
        if words.is_empty() {
            continue;
        }
        match key {
            "tel" => contact.telephones.push(words),
            "name" => put_name(contact, text, range, findings),
            _ => match text.trim().parse::<EmailAddress>() {
                Ok(email) if contact.email.is_none() || contact.email.as_ref() == Some(&email) => {
                    contact.email = Some(email);
                }
                Ok(_) => findings.add(range, Diagnosis::ContactExtra),
                Err(_) => findings.add(range, Diagnosis::EmailInvalid { written: words }),
            },
        }
    }
}

fn put_name(contact: &mut PressContact, text: &str, range: std::ops::Range<usize>, findings: &mut Findings<'_>) {
    let name = plain_line(text);
    match &contact.name {
        _ if name.is_empty() => {}
        None => contact.name = Some(name),
        Some(_) => findings.add(range, Diagnosis::ContactExtra),
    }
}
