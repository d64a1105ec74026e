//! What must hold of any text in a release file, of any request and of anything that comes back, for the fuzz targets here and for
//! `tests/any_text.rs`, which throws its own texts at the same functions.

pub mod asking;

use std::collections::BTreeMap;
use std::sync::Arc;

use depeche::config::DocumentsAt;
use depeche::content::{
    JekyllConfig, Reading, ReadingSettings, SourceFile, plain_text, read, read_body, read_for_later,
};
use depeche::domain::{Bodies, Body, BodyGone, Digest, Release, SafeHtml, SourcePath, UploadFacts, UploadPath};
use depeche::language::{Language, Severity};

/// Reads a file with these bytes, and checks what must hold of what comes out.
///
/// # Panics
/// When it does not.
pub fn file(bytes: &[u8]) -> Reading {
    let settings = ReadingSettings {
        language: Language::French,
        timezone: chrono_tz::Europe::Paris,
        permalink: "/presse/:title/".parse().expect("a pattern"),
        site: "https://presse.example.org".parse().expect("an address"),
        documents: DocumentsAt::File,
        jekyll: None,
    };
    let uploads: BTreeMap<UploadPath, UploadFacts> = BTreeMap::new();
    let source = SourceFile::new(SourcePath::new("2026-03-09-un-pont.md"), bytes.to_vec());
    let reading = read(&source, &uploads, &settings);
    same_later(&reading, &source, &settings);
    let errors = reading.diagnostics.iter().any(|found| found.diagnosis.severity() == Severity::Error);
    assert!(!(errors && reading.release.is_some()), "{:?}", reading.diagnostics);
    for found in &reading.diagnostics {
        assert!(found.line >= 1 && found.column >= 1 && found.length >= 1, "{found:?}");
    }
    if let Some(release) = &reading.release {
        assert!(!release.title.is_empty());
        for html in [release.chapeau.as_str(), release.body().expect("at hand").as_str()] {
            clean(html);
            let _ = plain_text(html);
        }
    }
    reading
}

/// A file as it was, for the text that is read later.
#[derive(Debug)]
struct Held(Vec<u8>, ReadingSettings);

impl Bodies for Held {
    fn body(&self, release: &Release, file: Digest) -> Result<SafeHtml, BodyGone> {
        assert_eq!(Digest::of(&self.0), file);
        let uploads: BTreeMap<UploadPath, UploadFacts> = BTreeMap::new();
        Ok(read_body(&self.0, release, &uploads, &self.1))
    }
}

/// A text that is read later is the same then, and all else is the same at once.
fn same_later(reading: &Reading, source: &SourceFile, settings: &ReadingSettings) {
    let bodies: Arc<dyn Bodies> = Arc::new(Held(source.bytes.clone(), settings.clone()));
    let uploads: BTreeMap<UploadPath, UploadFacts> = BTreeMap::new();
    let later = read_for_later(source, &uploads, settings, &bodies);
    assert_eq!(later.digest, reading.digest);
    let errors =
        |reading: &Reading| reading.diagnostics.iter().any(|found| found.diagnosis.severity() == Severity::Error);
    assert_eq!(errors(&later), errors(reading));
    let (Some(late), Some(release)) = (&later.release, &reading.release) else {
        assert_eq!(later.release.is_some(), reading.release.is_some(), "{:?}", reading.diagnostics);
        return;
    };
    let text = late.body().expect("the file is as it was").into_owned();
    assert_eq!(late.significant_digest(), release.significant_digest());
    let read = Release { body: Body::read(text, late.body.source()), ..late.clone() };
    assert_eq!(read, *release);
}

/// Nothing of kramdown's braces, Liquid or a script is left, and the HTML is safe.
fn clean(html: &str) {
    for left in ["{:", "{{", "{%", "<script", "<style", "<iframe"] {
        assert!(!html.contains(left), "{left} is left in {html:?}");
    }
    for (at, address) in html.match_indices("=\"javascript:x") {
        let is_text = html[..at].rfind('>') > html[..at].rfind('<');
        assert!(is_text, "{address} is left in {html:?}");
    }
    assert_eq!(depeche::content::sanitised_again(html), html);
}

/// The front matter is any text.
pub fn front_matter(text: &str) {
    file(format!("---\n{text}\n---\nTexte.\n").as_bytes());
    let _ = JekyllConfig::parse(text, "");
}

/// An attribute list is any text: of a link, of a block, under a name.
pub fn attribute_list(text: &str) {
    let lists = format!("[a](/b){{:{text}}} c\n\nd\n{{:{text}}}\n\n{{:n:{text}}}\n\n* {{:{text}}} e\n{{: n}}\n");
    file(format!("---\ntitle: x\n---\n{lists}").as_bytes());
}

/// A date is any text.
pub fn date(text: &str) {
    let quoted = text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " ");
    file(format!("---\ntitle: x\ndate: \"{quoted}\"\nlast_modified_at: \"{quoted}\"\n---\nTexte.\n").as_bytes());
}

/// What comes back is any bytes, by itself and as the part of a report that machines read.
pub fn returned(bytes: &[u8]) {
    const BEGINNING: &[u8] = b"To: x@example.org\nContent-Type: multipart/report; boundary=b\n\n\
        --b\nContent-Type: message/delivery-status\n\n";
    let _ = depeche::mail::read_returned(bytes, None);
    let report = [BEGINNING, bytes, b"\n--b--\n"].concat();
    if let Ok(depeche::mail::Returned::Report(report)) = depeche::mail::read_returned(&report, Some("bounces+a@b")) {
        assert_eq!(report.proofs.tokens.first().map(String::as_str), Some("a"));
        assert!(report.recipients.iter().all(|one| one.diagnostic.chars().count() <= 500));
    }
}

/// The body is any text, and so is the chapeau.
pub fn body(text: &str) {
    file(format!("---\ntitle: x\n---\n{text}").as_bytes());
    file(format!("---\ntitle: x\nchapeau: Un pont neuf.\n---\n{text}").as_bytes());
    let indented = text.replace('\n', "\n  ");
    file(format!("---\ntitle: x\nchapeau: |-\n  {indented}\n---\n").as_bytes());
}
