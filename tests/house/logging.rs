//! `docs/LOGGING.md` tells of every message that the code logs, at its level and with its fields, and of no other.

use std::collections::{BTreeMap, BTreeSet};

use super::reading::{Source, source};
use super::{check, project_text, shipped};

/// What is said of a message: its levels, and its fields.
type Said = (BTreeSet<String>, BTreeSet<String>);

/// What logs, and at which level; `log_failure` adds the error to what it is told.
const CALLS: [(&str, &str); 5] =
    [("error!(", "error"), ("warn!(", "warn"), ("info!(", "info"), ("debug!(", "debug"), (".log_failure(", "error")];

/// A message without the names of its values and without the marks of code around them.
fn plain(message: &str) -> String {
    let mut plain = String::new();
    let mut rest = message;
    while let Some(open) = rest.find('{') {
        let close = rest[open..].find('}').map_or(rest.len(), |at| open + at + 1);
        plain += &rest[..open];
        plain += "{}";
        rest = &rest[close..];
    }
    (plain + rest).replace('`', "")
}

/// The first text in quotes in a call, and where it begins; `deep`: also within other calls.
fn first_text(code: &str, deep: bool) -> Option<(String, usize)> {
    let (mut depth, mut at) = (0, 0);
    while let Some(c) = code[at..].chars().next() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return None,
            ')' => depth -= 1,
            '"' => {
                let (text, length) = quoted(&code[at + 1..]);
                if deep || depth == 0 {
                    return Some((text, at));
                }
                at += length + 1;
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    None
}

/// The text up to the next quote that is not escaped, and how long it is in the code.
fn quoted(code: &str) -> (String, usize) {
    let mut text = String::new();
    let mut after = code.chars();
    while let Some(c) = after.next() {
        match c {
            '"' => return (text, code.len() - after.as_str().len() - 1),
            // A line that goes on in the next.
            '\\' if after.as_str().starts_with('\n') => after = after.as_str().trim_start().chars(),
            '\\' => text.extend(after.next()),
            c => text.push(c),
        }
    }
    (text, code.len())
}

/// The names of the fields before the message.
fn fields(code: &str) -> BTreeSet<String> {
    let name =
        |field: &str| field.split('=').next().unwrap_or_default().trim().trim_start_matches(['%', '?']).to_owned();
    code.split(',').map(name).filter(|name| !name.is_empty()).collect()
}

fn logged_by(files: &[Source]) -> BTreeMap<String, Said> {
    let mut found: BTreeMap<String, Said> = BTreeMap::new();
    for file in files {
        for (call, level) in CALLS {
            for (at, _) in file.text.match_indices(call) {
                let code = &file.text[at + call.len()..];
                let is_failure = call.starts_with('.');
                let Some((text, before)) = first_text(code, is_failure) else { continue };
                let message = plain(&if is_failure { text + ": {}" } else { text });
                // Whoever calls this has the words.
                if ["{}", "{}: {}"].contains(&&*message) {
                    continue;
                }
                let fields = if is_failure { BTreeSet::from(["error".to_owned()]) } else { fields(&code[..before]) };
                let said = found.entry(message).or_default();
                said.0.insert(level.to_owned());
                said.1.extend(fields);
            }
        }
    }
    found
}

/// The words in marks of code, or without, between commas.
fn listed(cell: &str) -> BTreeSet<String> {
    cell.split(',').map(|word| word.trim().trim_matches('`').to_owned()).filter(|word| !word.is_empty()).collect()
}

fn told_in(document: &str) -> BTreeMap<String, Said> {
    let mut told = BTreeMap::new();
    for table in document.split("| Message | Level | Fields | When, and what to do |").skip(1) {
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        for row in rows {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let before = told.insert(plain(cells[1]), (listed(cells[2]), listed(cells[3])));
            assert!(before.is_none(), "docs/LOGGING.md: told twice: {row}");
        }
    }
    told
}

/// What the code logs and the document tells otherwise or not at all, and what it tells that nothing logs.
fn differences(logged: &BTreeMap<String, Said>, told: &BTreeMap<String, Said>) -> Vec<String> {
    let otherwise = |(message, said): (&String, &Said)| match told.get(message) {
        None => Some(format!("docs/LOGGING.md has no row `{message}`: {said:?}")),
        Some(other) => {
            (other != said).then(|| format!("docs/LOGGING.md: `{message}` is logged as {said:?}, not {other:?}"))
        }
    };
    let stale = told.keys().filter(|message| !logged.contains_key(*message));
    logged
        .iter()
        .filter_map(otherwise)
        .chain(stale.map(|message| format!("docs/LOGGING.md has a row `{message}` that nothing logs")))
        .collect()
}

#[test]
fn every_message_is_told_of_and_nothing_else_is() {
    let (logged, document) = (logged_by(&shipped()), project_text("docs/LOGGING.md"));
    assert!(logged.len() > 100, "only {} messages were found: the walk is broken", logged.len());
    check(&differences(&logged, &told_in(&document)));
    let explained = document.split("## Fields").nth(1).unwrap().split("## Every message").next().unwrap();
    let rows = explained.lines().filter_map(|line| line.strip_prefix("| `"));
    let explained: BTreeSet<String> = rows.flat_map(|row| listed(row.split(" | ").next().unwrap())).collect();
    let used: BTreeSet<String> = logged.values().flat_map(|said| said.1.iter().cloned()).collect();
    assert_eq!(explained, used, "the table of fields in docs/LOGGING.md and the fields in the code differ");
}

#[test]
fn a_message_is_found_with_its_level_and_its_fields() {
    let code = "info!(edition.id = %id, kind = %f(\"(\"), \"edition `{id}` \\\n  is {}\", f(x)); s.log_failure(&error, \"no\"); error!(\"{what}\");";
    let logged = logged_by(&[source("task/x.rs", code)]);
    let row = |fields: &str| {
        format!(
            "| Message | Level | Fields | When, and what to do |\n| --- |\n| `edition {{x}} is {{y}}` | info | {fields} | w |\n| `no: {{z}}` | error | `error` | |\n"
        )
    };
    check(&differences(&logged, &told_in(&row("`edition.id`, `kind`"))));
    assert_eq!(differences(&logged, &told_in(&row("`kind`"))).len(), 1);
    assert_eq!(differences(&logged, &BTreeMap::new()).len(), 2);
    assert_eq!(differences(&BTreeMap::new(), &told_in(&row(""))).len(), 2);
}
