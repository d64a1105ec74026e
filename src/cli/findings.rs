//! Diagnostics as people and programs read them.

use std::collections::HashMap;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

use super::terminal::{Terminal, harmless, steers};
use crate::content::Diagnostic;
use crate::domain::SourcePath;
use crate::language::{Language, Severity};

/// One diagnostic for programs.
#[derive(Serialize)]
struct JsonFinding<'a> {
    path: &'a str,
    line: usize,
    column: usize,
    severity: &'static str,
    code: &'static str,
    message: String,
    advice: String,
}

/// All of them as a JSON array.
pub(super) fn as_json(diagnostics: &[Diagnostic], language: Language) -> anyhow::Result<String> {
    let findings: Vec<_> = diagnostics
        .iter()
        .map(|diagnostic| JsonFinding {
            path: diagnostic.path.as_str(),
            line: diagnostic.line,
            column: diagnostic.column,
            severity: diagnostic.diagnosis.severity().as_str(),
            code: diagnostic.diagnosis.code(),
            message: diagnostic.diagnosis.what(language),
            advice: diagnostic.diagnosis.advice(language),
        })
        .collect();
    Ok(serde_json::to_string_pretty(&findings)?)
}

/// One diagnostic with its line of the file, the place marked, and what to do. `sources` holds the files' texts.
pub(super) fn as_text(
    diagnostic: &Diagnostic,
    sources: &HashMap<SourcePath, String>,
    language: Language,
    terminal: Terminal,
) -> String {
    let renderer = if terminal.is_coloured() { Renderer::styled() } else { Renderer::plain() };
    let level = match diagnostic.diagnosis.severity() {
        Severity::Error => Level::ERROR.with_name(if language == Language::French { "erreur" } else { "error" }),
        Severity::Warning => {
            Level::WARNING.with_name(if language == Language::French { "attention" } else { "warning" })
        }
        Severity::Note => Level::NOTE.with_name(if language == Language::French { "à savoir" } else { "note" }),
    };
    let help = Level::HELP.with_name(if language == Language::French { "à faire" } else { "to do" });
    let (what, advice) = (diagnostic.diagnosis.what(language), diagnostic.diagnosis.advice(language));
    let (what, advice, path) = (harmless(&what), harmless(&advice), harmless(diagnostic.path.as_str()));
    let line = sources
        .get(&diagnostic.path)
        .and_then(|text| text.lines().nth(diagnostic.line.saturating_sub(1)))
        .unwrap_or_default();
    // One for one, so that the places stay.
    let line = line.replace(steers, "\u{fffd}");
    let line = line.as_str();
    let column = |number: usize| line.char_indices().nth(number).map_or(line.len(), |(at, _)| at);
    let (from, to) = (column(diagnostic.column - 1), column(diagnostic.column - 1 + diagnostic.length));
    let mark = AnnotationKind::Primary.span(from..to.max(from));
    let snippet = Snippet::source(line).line_start(diagnostic.line).path(path.as_ref()).annotation(mark);
    let group = level.primary_title(what.as_ref()).id(diagnostic.diagnosis.code()).element(snippet);
    let group = if advice.is_empty() { group } else { group.element(help.message(advice.as_ref())) };
    renderer.render(&[group])
}
