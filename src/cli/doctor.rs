//! `doctor`: what the daemon needs, looked at line by line.

use camino::Utf8Path;
use serde::Serialize;

use super::Exit;
use super::arguments::Format;
use super::terminal::Terminal;
use crate::app::{Finding, Level, examine, read_config, unreadable};
use crate::language::{Counted, Language, counted};

/// A finding for programs.
#[derive(Serialize)]
struct JsonFinding<'a> {
    level: &'static str,
    code: &'static str,
    message: String,
    advice: String,
    records: &'a [String],
}

pub(super) async fn run(file: &Utf8Path, format: Format, terminal: Terminal) -> anyhow::Result<Exit> {
    let (found, language) = match read_config(file) {
        Ok((config, warnings)) => (examine(file, &config, &warnings).await, config.site.language),
        Err(error) => (vec![unreadable(&format!("{error:#}"))], Language::default()),
    };
    match format {
        Format::Json => {
            let findings: Vec<JsonFinding<'_>> = found
                .iter()
                .map(|finding| JsonFinding {
                    level: finding.level.as_str(),
                    code: finding.code,
                    message: finding.what(language),
                    advice: finding.advice(language),
                    records: &finding.records,
                })
                .collect();
            terminal.line(serde_json::to_string_pretty(&findings)?);
        }
        Format::Text => {
            for finding in &found {
                show(finding, language, terminal);
            }
            let count = |level| found.iter().filter(|finding| finding.level == level).count();
            let problems = counted(count(Level::Problem), Counted::Problems, language);
            let warnings = counted(count(Level::Warning), Counted::Warnings, language);
            terminal.line("");
            terminal.line(format!("{problems}, {warnings}"));
        }
    }
    let worst = found.iter().map(|finding| finding.level).max();
    Ok(if worst == Some(Level::Problem) { Exit::Errors } else { Exit::Done })
}

fn show(finding: &Finding, language: Language, terminal: Terminal) {
    let level = match (finding.level, language) {
        (Level::Ok, _) => "ok       ",
        (Level::Warning, Language::French) => "attention",
        (Level::Warning, Language::English) => "warning  ",
        (Level::Problem, Language::French) => "problème ",
        (Level::Problem, Language::English) => "problem  ",
    };
    terminal.line(format!("{level}  {}", finding.what(language)));
    let advice = finding.advice(language);
    if !advice.is_empty() {
        terminal.line(format!("           → {advice}"));
    }
    for record in &finding.records {
        terminal.line(format!("           {record}"));
    }
}
