//! The rules, the documents and the metrics say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::FIRED;
use crate::press_room::text as words;
use crate::prometheus::is_installed;

/// What Prometheus itself says of a daemon.
const UP: &str = "up";

#[derive(Deserialize)]
struct RuleFile {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(default)]
    alert: String,
    #[serde(default)]
    record: String,
    expr: String,
    #[serde(default, rename = "for")]
    lasting: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl Rule {
    /// The metrics that it looks at, those behind what is recorded included.
    fn metrics(&self, rules: &[Rule]) -> BTreeSet<String> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
        // What stands in quotes are values of labels.
        let code: String = self.expr.split('"').step_by(2).collect();
        let mut found = BTreeSet::new();
        for name in code.split(|c| !is_name(c)).filter(|name| name.starts_with("depeche") || *name == UP) {
            match rules.iter().find(|rule| rule.record == name) {
                Some(recorded) => found.extend(recorded.metrics(&[])),
                None => drop(found.insert(name.to_owned())),
            }
        }
        found
    }
}

/// A file of the project.
pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn rules() -> Vec<Rule> {
    let file: RuleFile = serde_yaml::from_str(&text("monitoring/alerts.yml")).unwrap();
    file.groups.into_iter().flat_map(|group| group.rules).collect()
}

/// The rows of a table in the operations document whose first cell begins so, as cells without their marks.
fn rows(start: &str) -> Vec<Vec<String>> {
    let document = text("docs/OPERATIONS.md");
    let rows = document.lines().filter(|line| line.starts_with(&format!("| `{start}")));
    rows.map(|row| row.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()).collect()
}

/// The names under which series of a metric of the table are found.
fn series(metric: &[String]) -> Vec<String> {
    let name = &metric[1];
    match metric[2].as_str() {
        "histogram" => ["_bucket", "_sum", "_count"].map(|end| format!("{name}{end}")).to_vec(),
        _ => vec![name.clone()],
    }
}

#[test]
fn every_reason_to_worry_has_a_rule_and_every_rule_a_metric() {
    let (rules, metrics) = (rules(), rows("depeche_"));
    let known: BTreeSet<String> = metrics.iter().flat_map(|metric| series(metric)).collect();
    assert!(known.len() > 25, "the table is gone: {known:?}");
    let mut looked_at = BTreeSet::new();
    for rule in &rules {
        let names = rule.metrics(&rules);
        let strange: Vec<&String> = names.iter().filter(|name| *name != UP && !known.contains(*name)).collect();
        assert!(strange.is_empty() && !names.is_empty(), "{}{}: {strange:?}", rule.alert, rule.record);
        if !rule.alert.is_empty() {
            looked_at.extend(names);
        }
    }
    for metric in &metrics {
        let (has_rule, worries) = (series(metric).iter().any(|name| looked_at.contains(name)), !metric[5].is_empty());
        assert_eq!(has_rule, worries, "`{}` has a rule and no reason to worry, or the other way round", metric[1]);
    }
}

#[test]
fn every_rule_is_described_as_it_is_and_says_what_to_do() {
    let described: Vec<[String; 3]> =
        rows("Depeche").into_iter().map(|row| [row[1].clone(), row[2].clone(), row[3].clone()]).collect();
    let alerts: Vec<Rule> = rules().into_iter().filter(|rule| !rule.alert.is_empty()).collect();
    let are: Vec<[String; 3]> =
        alerts.iter().map(|rule| [rule.alert.clone(), rule.labels["severity"].clone(), rule.lasting.clone()]).collect();
    assert_eq!(described, are, "the table in docs/OPERATIONS.md and the rules differ");
    for rule in &alerts {
        let says = |key: &str| rule.annotations.get(key).is_some_and(|words| words.len() > 10);
        assert!(says("summary") && says("description"), "{}", rule.alert);
        let (document, place) = rule.annotations["runbook"].split_once('#').unwrap();
        let headings = text(document);
        let mut places = headings.lines().filter(|line| line.starts_with('#')).map(anchor);
        assert!(places.any(|known| known == place), "{}: {document} has no `#{place}`", rule.alert);
    }
}

/// How links name a heading.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-')).collect::<String>().replace(' ', "-")
}

#[test]
fn every_rule_is_fired_on_purpose_by_a_test() {
    let alerts: BTreeSet<String> = rules().into_iter().map(|rule| rule.alert).filter(|name| !name.is_empty()).collect();
    let fired: BTreeSet<String> = FIRED.iter().flat_map(|some| some.iter()).map(|name| (*name).to_owned()).collect();
    assert_eq!(fired, alerts);
}

#[test]
fn every_rule_fires_and_is_silent_in_its_own_case() {
    let cases = text("monitoring/alerts.test.yml");
    for rule in rules().iter().filter(|rule| !rule.alert.is_empty()) {
        let silent = cases.lines().filter(|line| line.contains(&format!("\"{}\"", rule.alert)) && line.contains("[]"));
        let firing = format!("labels: 'ALERTS{{alertname=\"{}\"", rule.alert);
        assert!(silent.count() > 0 && cases.contains(&firing), "alerts.test.yml: no case for {}", rule.alert);
    }
    if !is_installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for name in ["alerts.yml", "alerts.test.yml", "prometheus.yml"] {
        fs::write(folder.path().join(name), text(&format!("monitoring/{name}"))).unwrap();
    }
    fs::write(folder.path().join("depeche-token"), "mot").unwrap();
    for arguments in [["check", "config", "prometheus.yml"], ["test", "rules", "alerts.test.yml"]] {
        let done = Command::new("promtool").args(arguments).current_dir(folder.path()).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}{}", words(&done.stdout), words(&done.stderr));
    }
}
