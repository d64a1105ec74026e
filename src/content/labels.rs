//! Categories and tags of one file. That spellings in different files are one topic is the catalog's to say.

use super::front_matter::Entry;
use super::source::Findings;
use super::title::plain_line;
use super::yaml::Value;
use crate::domain::Label;
use crate::language::Diagnosis;

/// The labels of the plural and the singular key. A text alone is one label, even with spaces or commas: Jekyll would
/// cut `Communiqué de presse` in three.
pub(super) fn labels(entries: [Option<Entry>; 2], findings: &mut Findings<'_>) -> Vec<Label> {
    let mut labels: Vec<Label> = Vec::new();
    let mut folded: Vec<String> = Vec::new();
    for entry in entries.into_iter().flatten() {
        let alone = !matches!(entry.node.value, Value::List(_));
        for item in entry.node.items() {
            if item.value == Value::Null {
                continue;
            }
            let Some(label) = item.text().and_then(|text| Label::new(&plain_line(text))) else {
                findings.add(item.range, Diagnosis::LabelEmpty);
                continue;
            };
            if alone && label.as_str().contains(',') {
                let diagnosis = Diagnosis::LabelWithComma { label: label.as_str().to_owned() };
                findings.add(item.range.clone(), diagnosis);
            }
            let words = label.folded();
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
