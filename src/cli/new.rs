//! `new`: a release's file with its front matter, ready to be written on.

use std::fs;
use std::io::Write as _;

use anyhow::{Context as _, bail};
use camino::Utf8Path;

use super::arguments::NewArguments;
use super::terminal::Terminal;
use super::{Exit, opening};
use crate::clock::{Clock as _, SystemClock};
use crate::content::new_release_file;
use crate::language::Language;

pub(super) fn run(file: &Utf8Path, arguments: &NewArguments, terminal: Terminal) -> anyhow::Result<Exit> {
    let config = opening::config(file, terminal)?;
    let language = config.site.language;
    if arguments.title.trim().is_empty() {
        bail!("a release needs a title: depeche new \"Un pont neuf\"");
    }
    let (name, text) =
        new_release_file(&arguments.title, SystemClock.now(), config.site.timezone, language, arguments.now);
    let folder = &config.content.folder;
    fs::create_dir_all(folder).with_context(|| format!("failed to make the folder `{folder}`"))?;
    let path = free_path(folder, &name);
    // Whole or not at all: the daemon may look at any moment.
    let draft = folder.join(format!(".{name}.draft"));
    let mut written = fs::File::create(&draft).with_context(|| format!("failed to write `{draft}`"))?;
    written
        .write_all(text.as_bytes())
        .and_then(|()| written.sync_all())
        .with_context(|| format!("failed to write `{draft}`"))?;
    fs::rename(&draft, &path).with_context(|| format!("failed to write `{path}`"))?;
    terminal.line(path.as_str());
    if terminal.is_interactive() {
        terminal.line(match (language, arguments.now) {
            (Language::French, true) => "publié : corrigez le texte, l’envoi part après le délai `newsletter.grace`",
            (Language::French, false) => "écrivez le texte, puis retirez `published: false` pour publier",
            (Language::English, true) => "published: mend the text, letters leave after `newsletter.grace`",
            (Language::English, false) => "write the text, then take out `published: false` to publish",
        });
    }
    Ok(Exit::Done)
}

/// A path that no file has yet: `name`, or with a number.
fn free_path(folder: &Utf8Path, name: &str) -> camino::Utf8PathBuf {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, "md"));
    let numbered = (2..).map(|number| format!("{stem}-{number}.{ending}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .map(|name| folder.join(name))
        .find(|path| !path.exists())
        .expect("one of endlessly many numbers is free")
}
