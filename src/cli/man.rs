//! `man`: the manual pages, one for each command, written to a folder.

use std::fs;

use anyhow::Context as _;
use camino::Utf8Path;
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use super::Exit;
use super::arguments::Arguments;
use super::terminal::Terminal;

/// What stands at the foot of each page.
const SOURCE: &str = concat!("depeche ", env!("CARGO_PKG_VERSION"));

pub(super) fn run(folder: &Utf8Path, terminal: Terminal) -> anyhow::Result<Exit> {
    fs::create_dir_all(folder).with_context(|| format!("failed to make the folder `{folder}`"))?;
    let pages = pages();
    for Page { name, text } in &pages {
        let file = folder.join(name);
        fs::write(&file, text).with_context(|| format!("failed to write `{file}`"))?;
    }
    terminal.line(format!("{folder}: {} pages", pages.len()));
    Ok(Exit::Done)
}

/// A manual page under its file's name.
#[derive(Debug)]
struct Page {
    name: String,
    text: Vec<u8>,
}

/// That of the program, and those of all its commands and their own.
fn pages() -> Vec<Page> {
    let mut program = Arguments::command().disable_help_subcommand(true);
    program.build();
    let mut pages = Vec::new();
    add(&program, &mut pages);
    pages
}

fn add(command: &Command, pages: &mut Vec<Page>) {
    let page = Man::new(command.clone()).source(SOURCE).manual("Depeche");
    let mut text = Vec::new();
    page.render(&mut text).expect("memory takes what is written to it");
    pages.push(Page { name: page.get_filename(), text });
    for below in command.get_subcommands() {
        add(below, pages);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_a_page_that_says_what_it_is_for() {
        let pages = pages();
        let names: Vec<&str> = pages.iter().map(|page| page.name.as_str()).collect();
        for name in ["depeche.1", "depeche-serve.1", "depeche-subscribers.1", "depeche-subscribers-import.1"] {
            assert!(names.contains(&name), "{names:?}");
        }
        for Page { name, text } in &pages {
            let text = String::from_utf8(text.clone()).unwrap();
            let title = name.strip_suffix(".1").unwrap();
            let heading = format!("\n.SH NAME\n{} \\- ", title.replace('-', "\\-"));
            assert!(text.contains(&heading), "{name}: {text}");
            assert!(text.contains(SOURCE), "{name}: {text}");
            assert!(text.contains("\\-\\-config"), "{name}: {text}");
        }
    }

    #[test]
    fn pages_are_written_to_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap().join("share/man1");
        run(&folder, Terminal::new()).unwrap();
        let written = fs::read_dir(&folder).unwrap().count();
        assert_eq!(written, pages().len());
        assert!(fs::read_to_string(folder.join("depeche-backup.1")).unwrap().contains("FILE"));
    }
}
