//! What must hold of the answer to any request: whichever conditions, codings, ranges and manipulations its headers name.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use camino::Utf8Path;
use chrono::{DateTime, NaiveDateTime, Utc};
use depeche::app::open_newsroom;
use depeche::clock::FixedClock;
use depeche::config::Config;
use depeche::http::{PublicRouter, public_router};
use depeche::task::{Editor, Ingest};
use depeche::watch::Cores;
use hyper::service::Service as _;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// What is asked for: feeds, their archives and list, pages, a document, what is small, what moved, went or never was.
const ADDRESSES: [&str; 13] = [
    "/feeds/all.rss",
    "/feeds/all.atom",
    "/feeds/all.json",
    "/feeds/tag/pont.atom",
    "/feeds/all/2026.rss",
    "/feeds.opml",
    "/",
    "/espace-presse/pont/",
    "/uploads/plan.pdf",
    "/robots.txt",
    "/espace-presse/quai/",
    "/espace-presse/gare/",
    "/absent/",
];

/// How HTTP dates are written (RFC 9110 §5.6.7), first as they should be.
const DATES: [&str; 3] = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// A newsroom that answers, and what its answers are without conditions.
pub struct Desk {
    runtime: Runtime,
    router: PublicRouter,
    addresses: Vec<Address>,
    _folder: TempDir,
}

/// What stands at an address.
struct Address {
    path: &'static str,
    plain: Answer,
    /// By entity tag: the coding and the bytes of the whole document.
    forms: BTreeMap<String, (String, Bytes)>,
    modified: Option<DateTime<Utc>>,
    /// The tag that it had before its last change, without quotes.
    before: Option<String>,
}

/// An answer in full.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn header(&self, name: HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("our headers are ASCII"))
    }
}

impl Desk {
    /// Opens a newsroom in a folder of its own, changes something, and asks for everything once.
    ///
    /// # Panics
    /// When that does not work.
    #[must_use]
    pub fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(folder.path()).expect("a name in UTF-8").to_owned();
        let (router, before) = runtime.block_on(newsroom(&root));
        let addresses = runtime.block_on(async {
            let mut addresses = Vec::new();
            for path in ADDRESSES {
                let before = before.get(path).cloned();
                addresses.push(Address::learn(&router, path, before).await);
            }
            addresses
        });
        let statuses: Vec<u16> = addresses.iter().map(|address| address.plain.status).collect();
        assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 301, 410, 404]);
        Self { runtime, router, addresses, _folder: folder }
    }

    /// Asks for an address, chosen by the first character, with headers: one a line, named by its first letter. In a
    /// value, `@` stands for the document's present entity tag, `~` for an earlier one, `%` for its date. Gives the status.
    ///
    /// # Panics
    /// When a rule does not hold of the answer.
    pub fn ask(&self, text: &str) -> u16 {
        let mut lines = text.split('\n');
        let chosen = lines.next().and_then(|line| line.chars().next()).map_or(0, |c| c as usize);
        let address = &self.addresses[chosen % self.addresses.len()];
        let asked = Asked(lines.filter_map(|line| address.header(line)).collect());
        let (got, headed) = self.runtime.block_on(async {
            let got = answer(&self.router, Method::GET, address.path, &asked.0).await;
            (got, answer(&self.router, Method::HEAD, address.path, &asked.0).await)
        });
        let shown = format!("{} {:?}: {} {:?}", address.path, asked.0, got.status, got.headers);
        assert_eq!((headed.status, &headed.headers), (got.status, &got.headers), "HEAD differs: {shown}");
        assert!(headed.body.is_empty(), "{shown}");
        assert!(!got.headers.contains_key(header::SET_COOKIE), "{shown}");
        address.check(&asked, &got, &shown);
        got.status
    }
}

impl Address {
    async fn learn(router: &PublicRouter, path: &'static str, before: Option<String>) -> Self {
        let plain = answer(router, Method::GET, path, &[]).await;
        let mut forms = BTreeMap::new();
        for coding in ["identity", "gzip", "br"] {
            let headers = [(header::ACCEPT_ENCODING, HeaderValue::from_static(coding))];
            let form = answer(router, Method::GET, path, &headers).await;
            let tag = form.header(header::ETAG).to_owned();
            if !tag.is_empty() {
                forms.insert(tag, (form.header(header::CONTENT_ENCODING).to_owned(), form.body));
            }
        }
        let modified = plain.header(header::LAST_MODIFIED);
        let modified = NaiveDateTime::parse_from_str(modified, DATES[0]).ok().map(|modified| modified.and_utc());
        Self { path, plain, forms, modified, before }
    }

    /// The header that `line` names.
    fn header(&self, line: &str) -> Option<(HeaderName, HeaderValue)> {
        let mut chars = line.chars();
        let name = match chars.next()? {
            'a' => HeaderName::from_static("a-im"),
            'e' => header::ACCEPT_ENCODING,
            'n' => header::IF_NONE_MATCH,
            'm' => header::IF_MATCH,
            's' => header::IF_MODIFIED_SINCE,
            'u' => header::IF_UNMODIFIED_SINCE,
            'r' => header::RANGE,
            'f' => header::IF_RANGE,
            _ => return None,
        };
        let value = chars
            .as_str()
            .replace('@', self.plain.header(header::ETAG).trim_matches('"'))
            .replace('~', self.before.as_deref().unwrap_or("~"))
            .replace('%', self.plain.header(header::LAST_MODIFIED));
        Some((name, HeaderValue::from_str(&value).ok()?))
    }

    fn check(&self, asked: &Asked, got: &Answer, shown: &str) {
        if self.plain.status != 200 {
            assert_eq!((got.status, &got.headers), (self.plain.status, &self.plain.headers), "{shown}");
            return;
        }
        let tag = got.header(header::ETAG);
        let (coding, bytes) = self.forms.get(tag).unwrap_or_else(|| panic!("an unknown tag: {shown}"));
        asked.check_coding(coding, self.forms.len() > 1, shown);
        for name in [header::CACHE_CONTROL, header::VARY, header::LAST_MODIFIED] {
            let same = got.header(name.clone()) == self.plain.header(name);
            assert!(same || got.status == 226, "{shown}");
        }
        let (must, may) =
            (asked.must_be_not_modified(tag, self.modified), asked.may_be_not_modified(tag, self.modified));
        assert!(!must || got.status == 304, "it is what the client has: {shown}");
        match got.status {
            200 => {
                assert_eq!(got.body, bytes, "{shown}");
                assert_eq!(got.header(header::CONTENT_ENCODING), coding, "{shown}");
                assert_eq!(got.header(header::CONTENT_LENGTH), bytes.len().to_string(), "{shown}");
                assert!(!self.takes_changes(asked), "{shown}");
            }
            304 => {
                assert!(may, "the client has another: {shown}");
                assert!(got.body.is_empty(), "{shown}");
                for name in [header::CONTENT_TYPE, header::CONTENT_ENCODING] {
                    assert!(!got.headers.contains_key(name), "{shown}");
                }
            }
            226 => {
                let before = self.before.as_deref().unwrap_or_else(|| panic!("nothing was known before: {shown}"));
                assert!(asked.mentions(&header::IF_NONE_MATCH, before), "{shown}");
                assert!(asked.mentions(&HeaderName::from_static("a-im"), "feed"), "{shown}");
                assert_eq!(got.header(HeaderName::from_static("im")), "feed", "{shown}");
                assert!(got.header(header::CACHE_CONTROL).contains("no-store"), "{shown}");
                assert!(!got.body.is_empty() && got.body != bytes, "{shown}");
            }
            _ => panic!("{shown}"),
        }
    }

    /// Whether the client asked without any doubt for what is new since the version before.
    fn takes_changes(&self, asked: &Asked) -> bool {
        let Some(before) = &self.before else { return false };
        let present = self.plain.header(header::ETAG).trim_matches('"');
        let feed = asked.weights(&HeaderName::from_static("a-im")).is_some_and(|all| all.get("feed") > Some(&0));
        feed && !asked.mentions(&header::IF_NONE_MATCH, present)
            && matches!(asked.listed(), Some(Listed::Tags(tags)) if tags.contains(&before.as_str()))
    }
}

/// The headers of a request.
struct Asked(Vec<(HeaderName, HeaderValue)>);

/// What `If-None-Match` lists.
enum Listed<'a> {
    Everything,
    Tags(Vec<&'a str>),
}

impl Asked {
    /// The values of a header that are ASCII; `None` when one is not.
    fn values(&self, name: &HeaderName) -> Option<Vec<&str>> {
        self.0.iter().filter(|(other, _)| other == name).map(|(_, value)| value.to_str().ok()).collect()
    }

    fn mentions(&self, name: &HeaderName, words: &str) -> bool {
        let mut values = self.0.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_bytes());
        values.any(|value| String::from_utf8_lossy(value).to_ascii_lowercase().contains(&words.to_ascii_lowercase()))
    }

    /// What `If-None-Match` lists, when it is there and as RFC 9110 §13.1.2 wants it.
    fn listed(&self) -> Option<Listed<'_>> {
        let values = self.values(&header::IF_NONE_MATCH)?;
        let blank = |c| matches!(c, ' ' | '\t');
        if let [only] = values.as_slice()
            && only.trim_matches(blank) == "*"
        {
            return Some(Listed::Everything);
        }
        let mut tags = Vec::new();
        for value in &values {
            let mut rest = value.trim_matches(blank);
            while !rest.is_empty() {
                if let Some(after) = rest.strip_prefix(',') {
                    rest = after.trim_start_matches(blank);
                    continue;
                }
                let (tag, after) = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
                if tag.contains(blank) {
                    return None;
                }
                tags.push(tag);
                rest = after.trim_start_matches(blank);
                if !rest.is_empty() && !rest.starts_with(',') {
                    return None;
                }
            }
        }
        (!values.is_empty()).then_some(Listed::Tags(tags))
    }

    /// The date of `If-Modified-Since` in one of these forms, where it counts: alone.
    fn since(&self, forms: &[&str], as_written: bool) -> Option<DateTime<Utc>> {
        if self.0.iter().any(|(name, _)| *name == header::IF_NONE_MATCH) {
            return None;
        }
        let values = self.values(&header::IF_MODIFIED_SINCE)?;
        let [first] = values[..] else { return None };
        let read = |form: &&str| {
            let date = NaiveDateTime::parse_from_str(first.trim(), form).ok()?;
            (!as_written || date.format(form).to_string() == first).then(|| date.and_utc())
        };
        forms.iter().find_map(read)
    }

    /// Whether the client has the document without any doubt.
    fn must_be_not_modified(&self, tag: &str, modified: Option<DateTime<Utc>>) -> bool {
        match self.listed() {
            Some(Listed::Everything) => true,
            Some(Listed::Tags(tags)) => tags.contains(&tag.trim_matches('"')),
            None => self.since(&DATES[..1], true).zip(modified).is_some_and(|(since, modified)| modified <= since),
        }
    }

    /// Whether the client may have the document, its headers read with good will.
    fn may_be_not_modified(&self, tag: &str, modified: Option<DateTime<Utc>>) -> bool {
        match self.listed() {
            Some(Listed::Everything) => true,
            Some(Listed::Tags(tags)) => tags.contains(&tag.trim_matches('"')),
            None => {
                self.mentions(&header::IF_NONE_MATCH, tag)
                    || self.mentions(&header::IF_NONE_MATCH, "*")
                    || self.since(&DATES, false).zip(modified).is_some_and(|(since, modified)| modified <= since)
            }
        }
    }

    /// The members of a list with their weights in thousandths, when it is as RFC 9110 §12.4.2 wants it and names nothing
    /// twice.
    fn weights(&self, name: &HeaderName) -> Option<BTreeMap<String, u32>> {
        let blank = |c| matches!(c, ' ' | '\t');
        let mut weights = BTreeMap::new();
        for member in self.values(name)?.into_iter().flat_map(|value| value.split(',')) {
            let member = member.trim_matches(blank);
            if member.is_empty() {
                continue;
            }
            let (name, weight) = match member.split_once(';') {
                None => (member, 1000),
                Some((name, weight)) => (name.trim_end_matches(blank), thousandths(weight.trim_start_matches(blank))?),
            };
            if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)) {
                return None;
            }
            let name = name.to_ascii_lowercase();
            let name = name.strip_prefix("x-").filter(|name| *name == "gzip").map_or(name.clone(), str::to_owned);
            if weights.insert(name, weight).is_some() {
                return None;
            }
        }
        Some(weights)
    }

    /// Checks that `coding` is one that the client takes, and that it likes none of ours better (RFC 9110 §12.5.3).
    fn check_coding(&self, coding: &str, is_choice: bool, shown: &str) {
        let Some(weights) = self.weights(&header::ACCEPT_ENCODING) else {
            let named = coding.is_empty() || self.mentions(&header::ACCEPT_ENCODING, coding);
            assert!(named || coding == "gzip" && self.mentions(&header::ACCEPT_ENCODING, "*"), "{shown}");
            return;
        };
        let weight = |name: &str| weights.get(name).copied();
        let others = weight("*");
        if coding.is_empty() {
            let liked = weight("identity").unwrap_or(0);
            // An answer nobody asked for is better than none: then it stays as it is.
            let ours = [weight("gzip").or(others), weight("br")].into_iter().flatten().max();
            assert!(!is_choice || ours.is_none_or(|ours| ours == 0 || ours < liked), "{shown}");
            return;
        }
        let own = weight(coding).or(others.filter(|_| coding == "gzip")).unwrap_or(0);
        assert!(own > 0, "{shown}");
        for other in ["gzip", "br", "identity"] {
            assert!(weight(other).is_none_or(|other| other <= own), "{shown}");
        }
    }
}

/// A weight in thousandths: `q=0.5`.
fn thousandths(text: &str) -> Option<u32> {
    let number = text.strip_prefix("q=").or_else(|| text.strip_prefix("Q="))?;
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if !matches!(whole, "0" | "1") || part.len() > 3 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let weight = format!("{whole}{part:0<3}").parse().ok()?;
    (weight <= 1000).then_some(weight)
}

async fn answer(router: &PublicRouter, method: Method, path: &str, headers: &[(HeaderName, HeaderValue)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
    for (name, value) in headers {
        request.headers_mut().append(name.clone(), value.clone());
    }
    let response = router.call(request).await.expect("a router always answers");
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// A newsroom in `root` whose releases have changed, and the tags that its addresses had before.
async fn newsroom(root: &Utf8Path) -> (PublicRouter, BTreeMap<&'static str, String>) {
    let save = |name: &str, more: &str, text: &str| {
        let title = name.split(['.', '-']).next().unwrap_or_default();
        let text = format!("---\ntitle: {title}\ndate: 2026-03-09 10:00:00Z\n{more}---\n{text}\n");
        std::fs::write(root.join("content").join(name), text).expect("a file");
    };
    std::fs::create_dir_all(root.join("content/uploads")).expect("a folder");
    std::fs::write(root.join("content/uploads/plan.pdf"), b"%PDF-1.4\n%%EOF\n").expect("a file");
    save(
        "pont.md",
        "tags: [Pont]\nfiles:\n- file: /uploads/plan.pdf\n",
        &"Le pont rouvre aux passants.\n\n".repeat(20),
    );
    save("quai.md", "tags: [Pont]\n", "Le quai ferme.");
    save("gare.md", "", "La gare attend.");

    let clock = Arc::new(FixedClock::at("2026-04-01T10:00:00Z".parse().expect("an instant")));
    let newsroom = open_newsroom(config(root), clock.clone()).await.expect("a newsroom");
    let ingest = Ingest::new(&newsroom.config, newsroom.uploads.clone(), newsroom.templates.clone(), Cores::All);
    let mut editor = Editor::new(newsroom.clone(), ingest, "desk".to_owned());
    editor.look().await.expect("a look");
    clock.set("2026-04-01T11:00:00Z".parse().expect("an instant"));
    save("gare.md", "withdrawn: erreur\n", "La gare attend.");
    editor.look().await.expect("a look");
    let router = public_router(newsroom);
    let mut before = BTreeMap::new();
    for path in ADDRESSES.into_iter().filter(|path| path.starts_with("/feeds/") && !path.contains("2026")) {
        let tag = answer(&router, Method::GET, path, &[]).await.header(header::ETAG).trim_matches('"').to_owned();
        before.insert(path, tag);
    }

    clock.set("2026-04-01T12:00:00Z".parse().expect("an instant"));
    let renamed = root.join("content/quai-sud.md");
    std::fs::rename(root.join("content/quai.md"), renamed).expect("a file");
    save("quai-sud.md", "tags: [Pont]\n", "Le quai ferme le lundi.");
    editor.look().await.expect("a look");
    (router, before)
}

fn config(root: &Utf8Path) -> Config {
    let text = format!(
        "[site]\nurl = \"https://presse.example.org\"\n[newsletter]\nfrom = \"presse@presse.example.org\"\n\
         [content]\nfolder = \"content\"\nuploads = \"content/uploads\"\n[database]\nurl = \"sqlite://{root}/d.sqlite\"\n\
         [[relay]]\nkind = \"directory\"\n"
    );
    Config::from_toml(&text, "config.toml", root, std::iter::empty::<(String, String)>()).expect("a configuration").0
}
