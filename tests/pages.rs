//! The public pages of the sample releases, asked for over HTTP as a browser does: every link leads somewhere, every
//! tag is closed, every page says its language, its title and its one heading.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use camino::Utf8Path;
use depeche::app::{Daemon, Sockets, open_newsroom};
use depeche::clock::FixedClock;
use depeche::config::Config;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Where the site says it stands: below a path, so that a link that forgets it leads nowhere.
const SITE: &str = "https://presse.example.org/salle";
const PATH: &str = "/salle";
/// Elements that have no closing tag.
const VOID: [&str; 8] = ["area", "br", "col", "hr", "img", "input", "link", "meta"];

fn config(folder: &TempDir, language: &str) -> Config {
    let room = folder.path().to_str().unwrap();
    let text = format!(
        "[site]\nurl = \"{SITE}\"\nlanguage = \"{language}\"\n[content]\nfolder = \"content\"\n\
         uploads = \"content/uploads\"\n[database]\nurl = \"sqlite://{room}/depeche.sqlite\"\n\
         [http]\nlisten = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n[newsletter]\nfrom = \"presse@presse.example.org\"\n\
         [[relay]]\nkind = \"directory\"\nfolder = \"{room}/mail\"\n[secrets]\nkey_file = \"{room}/secret.key\"\n"
    );
    let project = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    Config::from_toml(&text, "config.toml", project, std::iter::empty::<(String, String)>()).unwrap().0
}

/// What a server answered.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn is_html(&self) -> bool {
        self.head.to_ascii_lowercase().contains("\r\ncontent-type: text/html")
    }
}

async fn get(server: SocketAddr, path: &str) -> Answer {
    let mut stream = TcpStream::connect(server).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: presse.example.org\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// One tag: its name (`/p` closes) and its attributes.
struct Tag {
    name: String,
    attributes: BTreeMap<String, String>,
}

/// Every tag of a page in its order.
fn tags(html: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let name_end = rest.find(|c: char| c.is_whitespace() || c == '>').unwrap();
        let name = rest[..name_end].to_owned();
        rest = &rest[name_end..];
        let mut attributes = BTreeMap::new();
        loop {
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix('>') {
                rest = after;
                break;
            }
            let end = rest.find(|c: char| c.is_whitespace() || c == '=' || c == '>').unwrap();
            let key = rest[..end].to_owned();
            rest = &rest[end..];
            let mut value = String::new();
            if let Some(quoted) = rest.strip_prefix("=\"") {
                let close = quoted.find('"').expect("the value of an attribute is closed");
                quoted[..close].clone_into(&mut value);
                rest = &quoted[close + 1..];
            }
            let repeated = attributes.insert(key.clone(), value.replace("&amp;", "&"));
            assert!(repeated.is_none(), "`{key}` stands twice in <{name}>");
        }
        found.push(Tag { name, attributes });
    }
    found
}

/// What is wrong with a page as such.
fn faults(language: &str, tags: &[Tag]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    for tag in tags.iter().filter(|tag| !tag.name.starts_with('!')) {
        if let Some(closed) = tag.name.strip_prefix('/') {
            if open.pop() != Some(closed) {
                faults.push(format!("</{closed}> closes nothing"));
            }
        } else if !VOID.contains(&tag.name.as_str()) {
            open.push(&tag.name);
        }
    }
    faults.extend(open.iter().map(|name| format!("<{name}> is not closed")));
    for name in ["html", "title", "main", "h1"] {
        let count = tags.iter().filter(|tag| tag.name == name).count();
        if count != 1 {
            faults.push(format!("{count} <{name}>"));
        }
    }
    let html = tags.iter().find(|tag| tag.name == "html").and_then(|tag| tag.attributes.get("lang"));
    if html.map(String::as_str) != Some(language) {
        faults.push(format!("the language is {html:?}"));
    }
    faults.extend(
        tags.iter()
            .filter(|tag| tag.name == "img" && !tag.attributes.contains_key("alt"))
            .map(|_| "<img> without alt".to_owned()),
    );
    let ids: Vec<&String> = tags.iter().filter_map(|tag| tag.attributes.get("id")).collect();
    let known: BTreeSet<&String> = ids.iter().copied().collect();
    if known.len() != ids.len() {
        faults.push("an id stands twice".to_owned());
    }
    for name in ["for", "aria-labelledby", "aria-describedby"] {
        let pointing = tags.iter().filter_map(|tag| tag.attributes.get(name)).flat_map(|ids| ids.split(' '));
        faults.extend(
            pointing.filter(|id| !known.iter().any(|known| known == id)).map(|id| format!("{name} names no id: {id}")),
        );
    }
    faults
}

/// An address on a page → its path on our server and the place in it; `None` for what is not ours.
fn internal(page: &str, address: &str) -> Option<(String, Option<String>)> {
    let (address, place) = match address.split_once('#') {
        Some((address, place)) => (address, Some(place.to_owned())),
        None => (address, None),
    };
    let path = match address.strip_prefix(SITE) {
        Some(rest) => format!("{PATH}{rest}"),
        None if address.is_empty() => page.to_owned(),
        None if address.starts_with('/') => address.to_owned(),
        None => return None,
    };
    Some((path, place))
}

/// Follows every link from the front page on; says what is wrong, and how many pages and other files were seen.
async fn crawl(server: SocketAddr, language: &str) -> (Vec<String>, usize, usize) {
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut places = Vec::new();
    let (mut pages, mut others) = (0, 0);
    let mut waiting = vec![(format!("{PATH}/"), "the beginning".to_owned())];
    while let Some((path, from)) = waiting.pop() {
        if seen.contains_key(&path) {
            continue;
        }
        let answer = get(server, &path).await;
        seen.insert(path.clone(), BTreeSet::new());
        if answer.status != 200 {
            wrong.push(format!("{path} answers {} (named on {from})", answer.status));
        } else if answer.is_html() {
            pages += 1;
            let tags = tags(&answer.body);
            let spoken = path.split_once("?lang=").map_or(language, |(_, chosen)| &chosen[..2]);
            wrong.extend(faults(spoken, &tags).into_iter().map(|fault| format!("{path}: {fault}")));
            seen.insert(path.clone(), tags.iter().filter_map(|tag| tag.attributes.get("id").cloned()).collect());
            for address in tags.iter().flat_map(|tag| ["href", "src"].map(|name| tag.attributes.get(name))).flatten() {
                if let Some((to, place)) = internal(&path, address) {
                    places.extend(place.map(|place| (to.clone(), place, path.clone())));
                    waiting.push((to, path.clone()));
                } else if !address.starts_with("mailto:") && !address.starts_with("tel:") {
                    wrong.push(format!("{path} depends on another site: {address}"));
                }
            }
        } else {
            others += 1;
        }
    }
    wrong.extend(
        places
            .into_iter()
            .filter(|(to, place, _)| !seen.get(to).is_some_and(|ids| ids.contains(place)))
            .map(|(to, place, from)| format!("{to} has no place `{place}` (named on {from})")),
    );
    (wrong, pages, others)
}

async fn check(language: &str) {
    let folder = TempDir::new().unwrap();
    let clock = FixedClock::at("2030-01-01T09:00:00Z".parse().unwrap());
    let newsroom = open_newsroom(config(&folder, language), Arc::new(clock)).await.unwrap();
    let listeners = Sockets::default().listeners(&newsroom.config).unwrap();
    let daemon = Daemon::prepare(newsroom, listeners).await.unwrap();
    let server = daemon.public_address().unwrap();
    let running = daemon.start().await.unwrap();
    let releases = running.newsroom().current().resources.live().releases().len();
    let (wrong, pages, others) = crawl(server, language).await;
    // Outside the site's path there is nothing but a hint of where it begins.
    for (path, status) in [("/", 301), ("/feeds/all.rss", 404), ("/rien", 404)] {
        assert_eq!(get(server, path).await.status, status, "{path}");
    }
    let missing = get(server, &format!("{PATH}/rien")).await;
    running.stop().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The front page, the list of feeds, the form and the page of all releases are there besides.
    assert!(releases >= 12 && pages >= releases + 4 && others >= 3 * 10, "{releases} {pages} {others}");
    assert_eq!((missing.status, faults(language, &tags(&missing.body))), (404, Vec::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_link_of_the_french_pages_leads_somewhere() {
    check("fr").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_link_of_the_english_pages_leads_somewhere() {
    check("en").await;
}
