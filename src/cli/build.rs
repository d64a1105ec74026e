//! `build`: everything public, to a folder.

use anyhow::Context as _;
use camino::Utf8Path;
use indicatif::{ProgressBar, ProgressStyle};

use super::arguments::BuildArguments;
use super::terminal::Terminal;
use super::{Exit, opening};
use crate::app::refuse_own_folders;
use crate::domain::Taxonomy;
use crate::feed::FeedFormat;
use crate::language::{Counted, Language, counted};
use crate::publish::publish;
use crate::task::site_files;

pub(super) async fn run(file: &Utf8Path, arguments: &BuildArguments, terminal: Terminal) -> anyhow::Result<Exit> {
    let config = opening::config(file, terminal)?;
    refuse_own_folders(&config, &arguments.out)?;
    let (current, uploads) = opening::look(&config).await?;
    let out = arguments.out.clone();
    let progress = progress(terminal, current.resources.paths().len() + current.resources.uploads().len());
    let counting = progress.clone();
    let counts = {
        let live = current.resources.live();
        (live.releases().len(), live.topics_in(Taxonomy::Category).len(), live.topics_in(Taxonomy::Tag).len())
    };
    let written = tokio::task::spawn_blocking(move || {
        let files = site_files(&current.resources, &uploads).inspect(|_| counting.inc(1));
        publish(&out, files.map(|file| file.map_err(anyhow::Error::from)))
    });
    let report = written.await?.with_context(|| format!("failed to build `{}`", arguments.out))?;
    progress.finish_and_clear();
    let language = config.site.language;
    let (releases, categories, tags) = counts;
    let holds = [
        counted(releases, Counted::Releases, language),
        counted(categories, Counted::Categories, language),
        counted(tags, Counted::Tags, language),
        counted(FeedFormat::ALL.len() * (1 + categories + tags), Counted::Feeds, language),
    ];
    let files =
        [report.written, report.unchanged, report.removed].map(|files| counted(files, Counted::Files, language));
    let [written, unchanged, removed] = files;
    let (out, holds) = (&arguments.out, holds.join(", "));
    terminal.line(match language {
        Language::French => format!("{out} : {holds}\nécrit : {written} ; inchangé : {unchanged} ; retiré : {removed}"),
        Language::English => format!("{out}: {holds}\nwritten: {written}; unchanged: {unchanged}; removed: {removed}"),
    });
    Ok(Exit::Done)
}

/// A bar on standard error at a terminal, nothing elsewhere.
fn progress(terminal: Terminal, length: usize) -> ProgressBar {
    if !terminal.shows_progress() {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length as u64).with_style(style)
}
