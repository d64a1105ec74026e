//! `build`: everything public, to a folder.

use std::sync::Arc;

use anyhow::Context as _;
use camino::Utf8Path;
use indicatif::{ProgressBar, ProgressStyle};

use super::Exit;
use super::arguments::{BuildArguments, BuildPart};
use super::opening::{self, Looked};
use super::terminal::Terminal;
use crate::app::refuse_own_folders;
use crate::domain::Taxonomy;
use crate::feed::FeedFormat;
use crate::language::{Counted, Language, counted};
use crate::publish::{publish, stands};
use crate::resource::DocumentKind;
use crate::task::{FileNames, FilesWanted, count_site_files, site_files, stage_of};

pub(super) async fn run(file: &Utf8Path, arguments: &BuildArguments, terminal: Terminal) -> anyhow::Result<Exit> {
    let config = opening::config(file, terminal)?;
    refuse_own_folders(&config, &arguments.out)?;
    let only = arguments.only.clone();
    let formats = formats_of(&only);
    let Looked { current, uploads, threads, .. } = opening::look_for(&config, &formats).await?;
    let current = Arc::new(current);
    // The process ends with the command: whatever it holds is the system's to take back at once, not ours piece by piece.
    std::mem::forget(Arc::clone(&current));
    let wanted = move |kind| is_wanted(kind, &only, &formats);
    let (out, precompress) = (arguments.out.clone(), config.publish.precompress);
    let progress = progress(terminal, || count_site_files(&current, &wanted));
    let counting = progress.clone();
    let counts = {
        let live = current.resources.live();
        (live.releases().len(), live.topics_in(Taxonomy::Category).len(), live.topics_in(Taxonomy::Tag).len())
    };
    let written = tokio::task::spawn_blocking(move || {
        let is_there = |file: &str| stands(&out, file);
        let wanted =
            FilesWanted { kinds: &wanted, names: FileNames::Ending, precompressed: precompress, is_there: &is_there };
        let files = site_files(&current, &uploads, wanted, &threads).inspect(|_| counting.inc(1));
        publish(&out, files.map(|file| file.map_err(anyhow::Error::from)), stage_of)
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

/// The formats of which something is written; all of them when none is named.
fn formats_of(only: &[BuildPart]) -> Vec<FeedFormat> {
    let named = |format: &FeedFormat| only.contains(&part_of(*format));
    let formats: Vec<_> = FeedFormat::ALL.into_iter().filter(named).collect();
    if formats.is_empty() { FeedFormat::ALL.to_vec() } else { formats }
}

const fn part_of(format: FeedFormat) -> BuildPart {
    match format {
        FeedFormat::Rss => BuildPart::Rss,
        FeedFormat::Atom => BuildPart::Atom,
        FeedFormat::Json => BuildPart::Json,
    }
}

fn is_wanted(kind: DocumentKind, only: &[BuildPart], formats: &[FeedFormat]) -> bool {
    only.is_empty()
        || match kind {
            DocumentKind::Feed(format) => only.contains(&part_of(format)),
            DocumentKind::Archive(format) => only.contains(&BuildPart::Archives) && formats.contains(&format),
            DocumentKind::Page => only.contains(&BuildPart::Pages),
            DocumentKind::Upload => only.contains(&BuildPart::Uploads),
        }
}

/// A bar on standard error at a terminal, nothing elsewhere.
fn progress(terminal: Terminal, length: impl FnOnce() -> usize) -> ProgressBar {
    if !terminal.shows_progress() {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length() as u64).with_style(style)
}
