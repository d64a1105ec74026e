//! `check`: every release read, and what is wrong or doubtful said with its place.

use std::collections::HashMap;

use camino::Utf8Path;

use super::arguments::{CheckArguments, Format};
use super::terminal::Terminal;
use super::{Exit, findings, jekyll_site, opening};
use crate::app::read_templates;
use crate::content::Diagnostic;
use crate::domain::SourcePath;
use crate::language::{Counted, Language, Severity, counted};
use crate::watch::{Cores, Folder};

pub(super) async fn run(file: &Utf8Path, arguments: &CheckArguments, terminal: Terminal) -> anyhow::Result<Exit> {
    let config = opening::config(file, terminal)?;
    let language = config.site.language;
    let current = opening::look_at_all(&config).await?;
    let look = Folder::new(&config.content).look(current.looked, &Cores::All.pool(), &|_| ());
    let unreadable = look.unreadable;
    for file in &unreadable {
        terminal.tell(format!("depeche: {}: {}", file.path, file.reason));
    }
    let diagnostics = &current.diagnostics;
    match arguments.format {
        Format::Json => terminal.line(findings::as_json(diagnostics, language)?),
        Format::Text => {
            let folder = Folder::new(&config.content);
            let mut sources: HashMap<SourcePath, String> = HashMap::new();
            for diagnostic in diagnostics.iter() {
                if !sources.contains_key(&diagnostic.path)
                    && let Ok(found) = folder.read(&diagnostic.path)
                {
                    let text = String::from_utf8_lossy(&found.bytes).trim_start_matches('\u{feff}').to_owned();
                    sources.insert(diagnostic.path.clone(), text);
                }
                terminal.coloured_line(&findings::as_text(diagnostic, &sources, language, terminal));
                terminal.line("");
            }
        }
    }
    let broken_templates = read_templates(&config.templates_folder)?.render_samples();
    for error in &broken_templates {
        terminal.tell(format!("depeche: {error}"));
    }
    if arguments.format == Format::Text {
        for line in jekyll_site::lines(&config, &look.left_out) {
            terminal.line(line);
        }
        terminal.line(summary(diagnostics, current.catalog.all().len(), language));
        let unpinned = current.catalog.all().filter(|published| published.release.pinned_id.is_none()).count();
        if unpinned > 0 {
            terminal.line(advice_to_pin(unpinned, language));
        }
    }
    let worst =
        diagnostics.iter().map(|diagnostic| diagnostic.diagnosis.severity()).max_by_key(|severity| weight(*severity));
    Ok(match worst {
        _ if !broken_templates.is_empty() || !unreadable.is_empty() => Exit::Errors,
        Some(Severity::Error) => Exit::Errors,
        Some(Severity::Warning) if arguments.strict => Exit::Failed,
        Some(Severity::Warning | Severity::Note) | None => Exit::Done,
    })
}

const fn weight(severity: Severity) -> u8 {
    match severity {
        Severity::Error => 2,
        Severity::Warning => 1,
        Severity::Note => 0,
    }
}

/// Said once and counted nowhere: nothing is wrong with a file that pins no id.
fn advice_to_pin(unpinned: usize, language: Language) -> String {
    let releases = counted(unpinned, Counted::Releases, language);
    match language {
        Language::French => format!(
            "sans `id` dans le fichier : {releases} ; `depeche register pin` l’écrit, et il survit à la base de données"
        ),
        Language::English => {
            format!(
                "without `id` in the file: {releases}; `depeche register pin` writes it, and it outlives the database"
            )
        }
    }
}

fn summary(diagnostics: &[Diagnostic], releases: usize, language: Language) -> String {
    let count = |wanted| diagnostics.iter().filter(|diagnostic| diagnostic.diagnosis.severity() == wanted).count();
    let releases = counted(releases, Counted::Releases, language);
    let errors = counted(count(Severity::Error), Counted::Errors, language);
    let warnings = counted(count(Severity::Warning), Counted::Warnings, language);
    let notes = counted(count(Severity::Note), Counted::Notes, language);
    match language {
        Language::French => format!("{releases} : {errors}, {warnings}, {notes}"),
        Language::English => format!("{releases}: {errors}, {warnings}, {notes}"),
    }
}
