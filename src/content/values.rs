//! Single values of the front matter, taken for what they should be.

use super::front_matter::Entry;
use super::source::Findings;
use super::yaml::{Node, Value};
use crate::language::{Diagnosis, Expected};

/// A text; anything else is left out with a warning. An empty text is none.
pub(super) fn text(entry: Option<Entry>, findings: &mut Findings<'_>) -> Option<Node> {
    let Entry { key, node } = entry?;
    let Some(text) = node.text() else {
        findings.add(node.range, Diagnosis::ValueIgnored { key, expected: Expected::Text });
        return None;
    };
    (!text.trim().is_empty()).then_some(node)
}

/// A text without which nothing can be published; `Err` when it is something else, which was then said.
pub(super) fn strict_text(entry: Option<Entry>, findings: &mut Findings<'_>) -> Result<Option<Node>, ()> {
    let Some(Entry { key, node }) = entry else { return Ok(None) };
    let Some(text) = node.text() else {
        findings.add(node.range, Diagnosis::ValueRefused { key, expected: Expected::Text });
        return Err(());
    };
    Ok((!text.trim().is_empty()).then_some(node))
}

/// A text or a list of texts; items that are neither are left out with a warning, nulls silently.
pub(super) fn texts(entry: Option<Entry>, findings: &mut Findings<'_>) -> Vec<Node> {
    let Some(Entry { key, node }) = entry else { return Vec::new() };
    let mut kept = Vec::new();
    for item in node.items() {
        match item.value {
            Value::Null => {}
            Value::Text(_) | Value::Bool(_) => kept.push(item),
            Value::List(_) | Value::Keys(_) => {
                findings.add(item.range, Diagnosis::ValueIgnored { key: key.clone(), expected: Expected::Texts });
            }
        }
    }
    kept
}

/// A switch; `Err` when it is neither true nor false, which was then said: nothing is published or mailed by accident.
pub(super) fn switch(entry: Option<Entry>, default: bool, findings: &mut Findings<'_>) -> Result<bool, ()> {
    let Some(Entry { key, node }) = entry else { return Ok(default) };
    match node.value {
        Value::Bool(value) => Ok(value),
        Value::Null => Ok(default),
        Value::Text(_) | Value::List(_) | Value::Keys(_) => {
            let written = node.text().unwrap_or("…").to_owned();
            findings.add(node.range, Diagnosis::NotABoolean { key, written });
            Err(())
        }
    }
}
