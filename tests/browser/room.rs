//! A newsroom that a browser can visit.

use camino::{Utf8Path, Utf8PathBuf};

use crate::chromium::{Chromium, Scripts};
use crate::newsroom::{Letter, TestNewsroom};

/// The host of the site. It needs no certificate: in the browser, it stands for a port of this machine.
const HOST: &str = "presse.example.org";

/// The public address of the site.
pub(crate) fn site() -> String {
    format!("http://{HOST}")
}

/// A newsroom in `language`, not started.
pub(crate) fn newsroom(language: &str) -> TestNewsroom {
    let mut room = TestNewsroom::new(None);
    room.configure("site.url", &site());
    room.configure("site.language", language);
    room
}

/// The same with the sample releases and their documents.
pub(crate) fn newsroom_of_samples(language: &str) -> TestNewsroom {
    let room = newsroom(language);
    let samples = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("content");
    copy(&samples, &room.root().join("content"));
    room
}

fn copy(from: &Utf8Path, to: &Utf8Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in from.read_dir_utf8().unwrap() {
        let entry = entry.unwrap();
        let target: Utf8PathBuf = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A browser that finds the newsroom under its public address.
pub(crate) async fn browser(room: &TestNewsroom, scripts: Scripts, language: &str) -> Chromium {
    Chromium::start(HOST, room.ports().0, scripts, language).await
}

/// The first link of a letter's plain text that begins with `start`, such as `/u/`.
#[track_caller]
pub(crate) fn link(letter: &Letter, start: &str) -> String {
    let start = format!("{}{start}", site());
    let found = letter.shown.text.split_whitespace().find_map(|word| {
        let at = word.find(&start)?;
        Some(word[at..].trim_end_matches(['>', ')', '.', ',']).to_owned())
    });
    found.unwrap_or_else(|| panic!("no link {start} in:\n{}", letter.shown.text))
}
