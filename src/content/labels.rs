//! Categories and tags of one file. That spellings in different files are one topic is the catalog's to say.

use std::sync::{Arc, LazyLock};

use quick_cache::sync::Cache;

use super::front_matter::Entry;
use super::source::Findings;
use super::title::plain_line;
use super::yaml::Value;
use crate::domain::Label;
use crate::language::Diagnosis;

/// How many labels are kept in mind.
const KNOWN: usize = 4096;
/// A longer text is no label that others have.
const LONGEST: usize = 256;

/// Labels by how they are written, with their folded words: most releases have those that others have.
static LABELS: LazyLock<Cache<String, Option<KnownLabel>>> = LazyLock::new(|| Cache::new(KNOWN));

#[derive(Debug, Clone)]
struct KnownLabel {
    label: Label,
    folded: Arc<str>,
}

/// The labels of the plural and the singular key. A text alone is one label, even with spaces or commas: Jekyll would
/// cut `Communiqué de presse` in three.
pub(super) fn labels(entries: [Option<Entry>; 2], findings: &mut Findings<'_>) -> Vec<Label> {
    let mut labels: Vec<Label> = Vec::new();
    let mut folded: Vec<Arc<str>> = Vec::new();
    for entry in entries.into_iter().flatten() {
        let alone = !matches!(entry.node.value, Value::List(_));
        for item in entry.node.items() {
            if item.value == Value::Null {
                continue;
            }
            let Some(KnownLabel { label, folded: words }) = item.text().and_then(known) else {
                findings.add(item.range, Diagnosis::LabelEmpty);
                continue;
            };
            if alone && label.as_str().contains(',') {
                let diagnosis = Diagnosis::LabelWithComma { label: label.as_str().to_owned() };
                findings.add(item.range.clone(), diagnosis);
            }
            if folded.contains(&words) {
                findings.add(item.range, Diagnosis::LabelRepeated { label: label.as_str().to_owned() });
            } else {
                folded.push(words);
                labels.push(label);
            }
        }
    }
    labels.shrink_to_fit();
    labels
}

/// The label that is written like this; `None` when it says nothing.
fn known(written: &str) -> Option<KnownLabel> {
    let is_usual = written.len() <= LONGEST;
    if is_usual && let Some(known) = LABELS.get(written) {
        return known;
    }
    let label = Label::new(&plain_line(written));
    let known = label.map(|label| KnownLabel { folded: label.folded().into(), label });
    if is_usual {
        LABELS.insert(written.to_owned(), known.clone());
    }
    known
}
