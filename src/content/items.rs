//! Documents and images of the front matter, and what is known of their files.

use std::ops::Range;

use super::address::{Base, Resolved};
use super::front_matter::Entry;
use super::source::Findings;
use super::title::plain_line;
use super::uploads::find_upload;
use super::yaml::{Node, Value};
use crate::config::DocumentsAt;
use crate::domain::{Document, DocumentState, FileKind, Image, Target, UploadFacts, UploadPath, Uploads};
use crate::language::{Diagnosis, Expected};

/// One item of a list, its parts gathered.
#[derive(Default)]
struct Parts {
    address: Option<Node>,
    words: Option<String>,
    caption: Option<String>,
    range: Range<usize>,
}

/// Which keys hold which part.
struct Names {
    address: &'static [&'static str],
    words: &'static str,
    caption: &'static str,
}

const DOCUMENT: Names = Names { address: &["file", "lien"], words: "nom", caption: "" };
const IMAGE: Names = Names { address: &["image"], words: "alternative-textuelle", caption: "legende" };

/// What documents and images are read with.
pub(super) struct Shelf<'a> {
    pub(super) base: &'a Base<'a>,
    pub(super) uploads: &'a dyn Uploads,
    pub(super) documents_at: DocumentsAt,
}

impl Shelf<'_> {
    /// The documents of `files` and `communique_file`.
    pub(super) fn documents(&self, entries: [Option<Entry>; 2], findings: &mut Findings<'_>) -> Vec<Document> {
        let mut documents: Vec<Document> = Vec::new();
        let items: Vec<Parts> =
            entries.into_iter().flatten().flat_map(|entry| gather(entry, &DOCUMENT, findings)).collect();
        for parts in items {
            let Some((target, facts, range)) = self.target(&parts, "files", findings) else { continue };
            if documents.iter().any(|other| other.target == target) {
                findings.add(range, Diagnosis::ItemRepeated { address: target.address() });
                continue;
            }
            let state = match &target {
                // What is not here is asked for at its address before a letter leaves.
                Target::Upload(_) if facts.is_none() && self.documents_at != DocumentsAt::File => {
                    DocumentState::Elsewhere
                }
                Target::Upload(path) => document_state(path, facts.as_ref(), &range, findings),
                Target::External(_) => DocumentState::Elsewhere,
            };
            let title = parts.words.unwrap_or_else(|| {
                let title = title_of_file(&target);
                findings.add(range, Diagnosis::DocumentUntitled { title: title.clone() });
                title
            });
            documents.push(Document { target, title, state });
        }
        // There are many releases, and room for further documents in each would be most of what they take.
        documents.shrink_to_fit();
        documents
    }

    /// The images of `une-ou-diaporama` and `image`.
    pub(super) fn images(&self, entries: [Option<Entry>; 2], findings: &mut Findings<'_>) -> Vec<Image> {
        let mut images: Vec<Image> = Vec::new();
        let items: Vec<Parts> =
            entries.into_iter().flatten().flat_map(|entry| gather(entry, &IMAGE, findings)).collect();
        for parts in items {
            let Some((target, facts, range)) = self.target(&parts, "une-ou-diaporama", findings) else { continue };
            if images.iter().any(|other| other.target == target) {
                findings.add(range, Diagnosis::ItemRepeated { address: target.address() });
                continue;
            }
            let facts = match &target {
                Target::External(_) => None,
                Target::Upload(path) => {
                    let facts = facts.filter(|facts| facts.bytes > 0);
                    if facts.is_none() {
                        findings.add(range.clone(), Diagnosis::ImageMissing { path: path.as_str().to_owned() });
                    }
                    facts
                }
            };
            if parts.words.is_none() {
                findings.add(range, Diagnosis::ImageWithoutAlternative);
            }
            images.push(Image { target, alternative: parts.words.unwrap_or_default(), caption: parts.caption, facts });
        }
        images.shrink_to_fit();
        images
    }

    /// Where an item's file is, and what is known of it.
    fn target(
        &self,
        parts: &Parts,
        key: &str,
        findings: &mut Findings<'_>,
    ) -> Option<(Target, Option<UploadFacts>, Range<usize>)> {
        let Some(node) = &parts.address else {
            findings.add(parts.range.clone(), Diagnosis::ItemWithoutAddress { key: key.to_owned() });
            return None;
        };
        let (range, written) = (node.range.clone(), node.text().unwrap_or_default().trim());
        if let Some((path, facts)) = find_upload(written, self.uploads) {
            return Some((Target::Upload(path), facts, range));
        }
        let below = !written.starts_with('/') && !written.contains("://") && !written.starts_with("www.");
        if below {
            let inside = written.trim_start_matches("./");
            let address = format!("/uploads/{}", inside.strip_prefix("uploads/").unwrap_or(inside));
            if !inside.contains(':')
                && let Some((path, facts)) = find_upload(&address, self.uploads)
            {
                return Some((Target::Upload(path), facts, range));
            }
        }
        let address = match self.base.resolve(written) {
            Resolved::Kept(address) => address,
            Resolved::Guessed(taken) => {
                let written = written.to_owned();
                findings.add(range.clone(), Diagnosis::AddressWithoutScheme { written, taken: taken.clone() });
                taken
            }
            Resolved::Empty | Resolved::Refused => {
                findings.add(range, Diagnosis::AddressRefused { written: written.to_owned() });
                return None;
            }
        };
        if let Some((path, facts)) = find_upload(&address, self.uploads) {
            return Some((Target::Upload(path), facts, range));
        }
        if address.starts_with('/') {
            findings.add(range.clone(), Diagnosis::OutsideUploads { address: address.clone() });
            return Some((Target::External(self.base.absolute_address(&address)), None, range));
        }
        if address.starts_with("http") {
            return Some((Target::External(address), None, range));
        }
        findings.add(range, Diagnosis::AddressRefused { written: written.to_owned() });
        None
    }
}

/// Gathers the items of an entry; parts that stand in an item of their own join the item before.
fn gather(entry: Entry, names: &Names, findings: &mut Findings<'_>) -> Vec<Parts> {
    let Entry { key, node } = entry;
    let mut gathered: Vec<Parts> = Vec::new();
    for item in node.items() {
        let range = item.range.clone();
        let mut parts = Parts { range, ..Parts::default() };
        match item.value {
            Value::Null => continue,
            Value::Text(_) => parts.address = Some(item),
            Value::Keys(keys) => {
                for (name, node) in keys {
                    take_part(&mut parts, &name.name, node, names, findings);
                }
            }
            Value::Bool(_) | Value::List(_) => {
                findings.add(item.range, Diagnosis::ValueIgnored { key: key.clone(), expected: Expected::Items });
                continue;
            }
        }
        let blank = parts.words.is_none() && parts.caption.is_none();
        match gathered.last_mut() {
            _ if parts.address.is_none() && blank => {
                findings.add(parts.range, Diagnosis::ItemWithoutAddress { key: key.clone() });
            }
            Some(last) if parts.address.is_none() && joins(last, &parts) => {
                last.words = last.words.take().or(parts.words);
                last.caption = last.caption.take().or(parts.caption);
            }
            Some(last) if last.address.is_none() && joins(&parts, last) => {
                last.address = parts.address;
                last.words = last.words.take().or(parts.words);
                last.caption = last.caption.take().or(parts.caption);
            }
            _ => gathered.push(parts),
        }
    }
    gathered
}

/// Whether `part` adds to `whole` without saying anything twice.
fn joins(whole: &Parts, part: &Parts) -> bool {
    let twice = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some();
    !twice(&whole.words, &part.words) && !twice(&whole.caption, &part.caption)
}

fn take_part(parts: &mut Parts, name: &str, node: Node, names: &Names, findings: &mut Findings<'_>) {
    let is_address = names.address.contains(&name);
    if !is_address && name != names.words && (name != names.caption || names.caption.is_empty()) {
        return;
    }
    let Some(text) = node.text() else {
        if node.value != Value::Null {
            findings.add(node.range, Diagnosis::ValueIgnored { key: name.to_owned(), expected: Expected::Text });
        }
        return;
    };
    // An address is not shown: it matters only whether there are words at all.
    let words = if is_address && text.starts_with('/') { text.to_owned() } else { plain_line(text) };
    if words.is_empty() {
        return;
    }
    if is_address {
        if let Some(earlier) = &parts.address {
            let same = earlier.text().map(str::trim) == Some(text.trim());
            if !same {
                let by = names.address.iter().find(|other| **other != name).copied().unwrap_or_default();
                findings.add(node.range, Diagnosis::KeyShadowed { key: name.to_owned(), by: by.to_owned() });
            }
        } else {
            parts.address = Some(node);
        }
    } else if name == names.words {
        parts.words = Some(words);
    } else {
        parts.caption = Some(words);
    }
}

/// Whether a document can be offered; why not was then said.
fn document_state(
    path: &UploadPath,
    facts: Option<&UploadFacts>,
    range: &Range<usize>,
    findings: &mut Findings<'_>,
) -> DocumentState {
    let name = path.as_str().to_owned();
    let is_called_pdf = name.to_ascii_lowercase().ends_with(".pdf");
    let problem = match facts {
        None => Diagnosis::DocumentMissing { path: name },
        Some(facts) if facts.bytes == 0 => Diagnosis::DocumentEmpty { path: name },
        Some(facts) if is_called_pdf && facts.kind != FileKind::Pdf => Diagnosis::DocumentNotPdf { path: name },
        Some(facts) => return DocumentState::Present { bytes: facts.bytes, digest: facts.digest },
    };
    findings.add(range.clone(), problem);
    DocumentState::Missing
}

/// The words that offer a document without a name: its file's name, or its address.
fn title_of_file(target: &Target) -> String {
    let name = target.file_name();
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    let words = super::source::legal(&stem.replace('_', " ")).split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() { target.address() } else { words }
}
