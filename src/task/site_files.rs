//! Everything public as files for a static server: the same bytes as are served.
//!
//! They come in the order that [`crate::publish`] asks for. Beside them are the pages of what is not there, and lists of
//! what was, for the server itself.

use std::collections::{BTreeMap, HashSet};
use std::io::{ErrorKind, Read as _};
use std::sync::{Arc, mpsc};

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use rayon::ThreadPool;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use super::newsroom::Current;
use crate::domain::{Digest, UploadPath};
use crate::publish::{FileBytes, Form, Stage, nginx_map};
use crate::resource::{Coding, DocumentKind, Former, PublicDocument, ResourceError, Resources};
use crate::watch::UploadsFolder;

/// Why the public files could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum SiteFilesError {
    /// A page cannot be rendered.
    #[error(transparent)]
    Resource(#[from] ResourceError),
    /// A document cannot be read.
    #[error("`{path}` below uploads cannot be read")]
    Upload {
        /// The file.
        path: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

/// A file's path in the folder, and its bytes.
pub type SiteFile = (String, SiteBytes);

/// The bytes of a public file.
#[derive(Debug)]
pub enum SiteBytes {
    /// Those of a document, with its compressed forms where they are wanted.
    Document(Arc<PublicDocument>, &'static [Form]),
    /// Those of an upload.
    Upload(Vec<u8>),
    /// A list for the server.
    List(String),
}

impl AsRef<[u8]> for SiteBytes {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Document(document, _) => document.bytes(),
            Self::Upload(bytes) => bytes,
            Self::List(text) => text.as_bytes(),
        }
    }
}

impl FileBytes for SiteBytes {
    fn digest(&self) -> Digest {
        match self {
            Self::Document(document, _) => document.digest(),
            Self::Upload(bytes) => Digest::of(bytes),
            Self::List(text) => Digest::of(text.as_bytes()),
        }
    }

    fn forms(&self) -> &'static [Form] {
        match self {
            Self::Document(document, forms) if document.is_compressible() => forms,
            Self::Document(..) | Self::Upload(_) | Self::List(_) => &[],
        }
    }

    fn in_form(&self, form: Form) -> Option<Bytes> {
        let Self::Document(document, _) = self else { return None };
        let coding = match form {
            Form::Gzip => Coding::Gzip,
            Form::Brotli => Coding::Brotli,
        };
        let (had, bytes) = document.encoded(coding);
        (had == coding).then_some(bytes)
    }
}

/// How many files are made ahead of the one that is taken.
const AHEAD: usize = 64;

/// Which files are wanted, and how.
#[derive(Clone, Copy)]
pub struct FilesWanted<'w> {
    /// The kinds of documents.
    pub kinds: &'w dyn Fn(DocumentKind) -> bool,
    /// How they are called.
    pub names: FileNames,
    /// Whether documents come with their compressed forms.
    pub precompressed: bool,
    /// Whether a file is there already, as it is or otherwise.
    pub is_there: &'w dyn Fn(&str) -> bool,
}

/// How the file at an address is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileNames {
    /// As a server looks for it that tells what a file is by its ending: `/pont` is `pont.html`.
    Ending,
    /// As the address says, for a store that is told what each is.
    Bare,
}

/// Something to be made a file.
enum Wanted {
    /// The document at an address.
    Document(String),
    /// The feed at an address, where its readers knew it: most static servers do not lead on.
    Alias { feed: String },
    /// A file below uploads.
    Upload(UploadPath),
    /// The page that a server gives in place of what is not there.
    Problem(u16),
    /// A list of addresses for the server.
    List(String),
}

/// Where readers knew feeds before, and where the feeds are: looked at before anything else, as files stand at both.
const FEEDS_MAP: &str = ".depeche/feeds.map";
/// Where something was before, and where it is now.
const REDIRECTS_MAP: &str = ".depeche/redirects.map";
/// Where something was, and is no more.
const GONE_MAP: &str = ".depeche/gone.map";

/// The statuses that have a page for servers that cannot ask for one.
const PROBLEMS: [u16; 2] = [404, 410];

/// Every public document and upload of these kinds with its path in the folder: `/` is `index.html`. They
/// are made on `threads`, a few ahead of the one that is taken, and none is kept.
pub fn site_files(
    current: &Arc<Current>,
    uploads: &Arc<UploadsFolder>,
    wanted: FilesWanted<'_>,
    threads: &ThreadPool,
) -> impl Iterator<Item = Result<SiteFile, SiteFilesError>> + use<> {
    let files = all_wanted(&current.resources, wanted.kinds, wanted.names);
    let names: HashSet<&str> = files.iter().map(|(file, _)| file.as_str()).collect();
    // What stands where a form would is no form.
    let may_have_forms =
        |file: &str| Form::ALL.iter().all(|form| !names.contains(format!("{file}{}", form.ending()).as_str()));
    let forms: Vec<&'static [Form]> = files
        .iter()
        .map(|(file, _)| if wanted.precompressed && may_have_forms(file) { &Form::ALL[..] } else { &[] })
        .collect();
    let mut groups: BTreeMap<(bool, Stage), Vec<_>> = BTreeMap::new();
    for ((file, what), forms) in files.into_iter().zip(forms) {
        let stage = if matches!(what, Wanted::Alias { .. }) { Stage::Feed } else { stage_of(&file) };
        groups.entry(((wanted.is_there)(&file), stage)).or_default().push((file, what, forms));
    }
    let (made, taken) = mpsc::sync_channel(AHEAD);
    let (current, uploads) = (Arc::clone(current), Arc::clone(uploads));
    threads.spawn(move || {
        for group in groups.into_values() {
            // Whoever takes no more files wants none made.
            let sent = group.into_par_iter().try_for_each(|(file, what, forms)| {
                match make(&current.resources, &uploads, what, forms) {
                    Some(bytes) => made.send(bytes.map(|bytes| (file, bytes))).map_err(drop),
                    None => Ok(()),
                }
            });
            if sent.is_err() {
                return;
            }
        }
    });
    taken.into_iter()
}

/// How many files there are of these kinds, about.
#[must_use]
pub fn count_site_files(current: &Current, wanted: &dyn Fn(DocumentKind) -> bool) -> usize {
    all_wanted(&current.resources, wanted, FileNames::Ending).len()
}

/// Every file of these kinds, each once.
fn all_wanted(resources: &Resources, wanted: &dyn Fn(DocumentKind) -> bool, names: FileNames) -> Vec<(String, Wanted)> {
    let file_of = |path: &str| match names {
        FileNames::Ending => file_of(path),
        FileNames::Bare => bare_file_of(path),
    };
    let mut files: Vec<(String, Wanted)> =
        resources.paths(wanted).into_iter().map(|path| (file_of(&path), Wanted::Document(path))).collect();
    if wanted(DocumentKind::Page) {
        let aliases = resources.feed_aliases();
        files.extend(aliases.map(|(old, feed)| (file_of(old.as_str()), Wanted::Alias { feed: feed.to_owned() })));
        files.extend(PROBLEMS.map(|status| (format!("{status}.html"), Wanted::Problem(status))));
        files.extend(lists(resources));
    }
    if wanted(DocumentKind::Upload) {
        files.extend(resources.uploads().into_iter().map(|path| (format!("uploads/{path}"), Wanted::Upload(path))));
    }
    files
}

/// The lists of addresses for nginx, with the path that the site has on its host.
fn lists(resources: &Resources) -> [(String, Wanted); 3] {
    let site = resources.site().url.path();
    let below = |path: &str| format!("{site}{path}");
    let feeds: Vec<_> = resources.feed_aliases().map(|(old, feed)| (below(old.as_str()), below(feed))).collect();
    let (mut redirects, mut gone) = (Vec::new(), Vec::new());
    for (path, became) in resources.former() {
        match became {
            Former::Moved(address) => redirects.push((below(&path), address)),
            Former::Gone => gone.push((below(&path), "1".to_owned())),
        }
    }
    if !site.is_empty() {
        // The bare host only says where to go.
        redirects.extend(["/".to_owned(), site.to_owned()].map(|bare| (bare, format!("{site}/"))));
    }
    let list = |file: &str, entries: Vec<(String, String)>| {
        let text = nginx_map(entries.iter().map(|(address, value)| (address.as_str(), value.as_str())));
        (file.to_owned(), Wanted::List(text))
    };
    [list(FEEDS_MAP, feeds), list(REDIRECTS_MAP, redirects), list(GONE_MAP, gone)]
}

/// When the file at a path is written.
#[must_use]
pub fn stage_of(file: &str) -> Stage {
    let parts: Vec<&str> = file.split('/').collect();
    let is_html = parts.last().is_some_and(|name| name.split('.').next_back() == Some("html"));
    match parts.as_slice() {
        [".depeche", ..] => Stage::Server,
        ["uploads" | "assets", ..] => Stage::Upload,
        ["index.html"] => Stage::Front,
        ["feeds.opml" | "robots.txt"] | ["feeds", "index.html"] => Stage::Index,
        [name] if name.starts_with("sitemap") => Stage::Index,
        ["feeds", ..] if is_html => Stage::List,
        // Below a topic stands what its feed has no room for.
        ["feeds", "all", _] | ["feeds", _, _, _] => Stage::Archive,
        ["feeds", ..] => Stage::Feed,
        _ => Stage::Page,
    }
}

/// One file; `None` when there is none.
fn make(
    resources: &Resources,
    uploads: &UploadsFolder,
    wanted: Wanted,
    forms: &'static [Form],
) -> Option<Result<SiteBytes, SiteFilesError>> {
    match wanted {
        Wanted::Document(path) | Wanted::Alias { feed: path } => {
            let document = resources.render(&path).map_err(SiteFilesError::from).transpose()?;
            Some(document.map(|document| SiteBytes::Document(document, forms)))
        }
        Wanted::Problem(status) => {
            let page = resources.problem(status).map_err(SiteFilesError::from);
            Some(page.map(|page| SiteBytes::Document(Arc::new(page), forms)))
        }
        Wanted::List(text) => Some(Ok(SiteBytes::List(text))),
        Wanted::Upload(upload) => match uploads.open(&upload) {
            Ok(mut open) => {
                let mut bytes = Vec::new();
                let read = open.file.read_to_end(&mut bytes);
                let failed = |source| SiteFilesError::Upload { path: upload.to_string(), source };
                Some(read.map(|_| SiteBytes::Upload(bytes)).map_err(failed))
            }
            // A document that is missing, or cannot be read, is named in the pages without a link.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => None,
            Err(source) => Some(Err(SiteFilesError::Upload { path: upload.to_string(), source })),
        },
    }
}

/// The file in which a static server looks for `path`.
fn file_of(path: &str) -> String {
    let file = bare_file_of(path);
    let has_ending = file.rsplit('/').next().unwrap_or_default().contains('.');
    if has_ending { file } else { format!("{file}.html") }
}

/// The object that a store gives for `path`.
fn bare_file_of(path: &str) -> String {
    let decoded = percent_decode_str(path.trim_start_matches('/')).decode_utf8_lossy().into_owned();
    if decoded.is_empty() || decoded.ends_with('/') { format!("{decoded}index.html") } else { decoded }
}

#[cfg(test)]
mod tests {
    use super::{Stage, bare_file_of, file_of, stage_of};

    #[test]
    fn addresses_become_files() {
        assert_eq!(file_of("/"), "index.html");
        assert_eq!(file_of("/feeds/all.rss"), "feeds/all.rss");
        assert_eq!(file_of("/espace-presse/l%E2%80%99%C3%A9t%C3%A9/"), "espace-presse/l’été/index.html");
        assert_eq!((file_of("/un-pont").as_str(), bare_file_of("/un-pont").as_str()), ("un-pont.html", "un-pont"));
    }

    #[test]
    fn what_names_others_comes_after_them() {
        for (file, stage) in [
            ("uploads/feeds/all.rss", Stage::Upload),
            ("assets/press.css", Stage::Upload),
            ("espace-presse/pont/index.html", Stage::Page),
            ("feeds/all/2025.rss", Stage::Archive),
            ("feeds/tag/2025/2026-2.json", Stage::Archive),
            ("feeds/tag/2025.rss", Stage::Feed),
            ("feeds/all.json", Stage::Feed),
            ("feeds/tag/ponts/index.html", Stage::List),
            ("feeds/all/page/2/index.html", Stage::List),
            ("feeds/index.html", Stage::Index),
            ("sitemap-2.xml", Stage::Index),
            ("index.html", Stage::Front),
            (".depeche/redirects.map", Stage::Server),
        ] {
            assert_eq!(stage_of(file), stage, "{file}");
        }
    }
}
