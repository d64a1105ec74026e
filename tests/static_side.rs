//! The static side: what nginx answers from the public folder, with the configuration that is shipped, is what Depeche
//! answers, address by address; and whatever a reader finds in the folder names nothing that is not there, wherever a run
//! was stopped.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stdout, reason = "figures for whoever runs it with --nocapture")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;

use camino::{Utf8Path, Utf8PathBuf};
use depeche::publish::{PublishError, publish_watched, stands};
use depeche::resource::Former;
use depeche::task::{FileNames, FilesWanted, SiteFilesError, site_files, stage_of};
use depeche::watch::Cores;
use tempfile::TempDir;

#[path = "support/draft.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod draft;
#[path = "support/http_client.rs"]
mod http_client;
#[path = "support/newsroom.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod newsroom;
#[path = "support/nginx.rs"]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
mod nginx;

use draft::{pdf, png, release};
use http_client::{Answer, Request};
use newsroom::{SITE, TestNewsroom};
use nginx::Nginx;

/// What both say in headers, and in the same words.
const SAID: [&str; 10] = [
    "content-type",
    "cache-control",
    "content-encoding",
    "x-content-type-options",
    "access-control-allow-origin",
    "content-security-policy",
    "content-disposition",
    "cross-origin-resource-policy",
    "referrer-policy",
    "permissions-policy",
];

/// A folder that everybody may read.
fn open_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// A site with something of everything, as it is on 23 November 2026.
async fn site(folder: &TempDir) -> TestNewsroom {
    let mut room = TestNewsroom::new(None);
    room.configure("publish.folder", &format!("{}/public", folder.path().display()));
    room.configure("publish.precompress", "true");
    room.configure("feeds.entries", "3");
    room.upload("dossier/Un été à 100 %.pdf", &pdf("été"));
    room.upload("pont.png", &png("pont"));
    room.upload("chiffres.csv", "année;ponts\n2026;1\n".repeat(60).as_bytes());
    for number in 0..25 {
        let date = format!("{}-0{}-01 10:00:00", 2022 + number / 6, 1 + number % 6);
        let quay = release(&format!("Le quai n° {number}"), &date).labels("Quais", "Ponts|Open data");
        room.save(&format!("{}-quai-{number}.md", &date[..10]), &quay);
    }
    let bridge = release("L’été du pont", "2026-11-02 10:00:00")
        .labels("Discours|Communiqués", "Ponts|Web")
        .with("redirect_from: [\"/ancien pont;{$uri}\\\"~/\", /Pont.html, /pont.html, /~vieux]")
        .document("/uploads/dossier/Un été à 100 %.pdf", "Le dossier")
        .document("/uploads/chiffres.csv", "Les chiffres")
        .with("une-ou-diaporama:\n- image: /uploads/pont.png\n  alternative-textuelle: Un pont");
    room.save("2026-11-02-l’été du pont.md", &bridge);
    room.save("2026-11-03-plat.md", &release("Une page plate", "2026-11-03 10:00:00").with("permalink: /2026/plat"));
    room.save("2026-11-04-html.md", &release("À l’ancienne", "2026-11-04 10:00:00").with("permalink: /2026/a.html"));
    room.save("2026-11-05-bac.md", &release("Un bac", "2026-11-05 10:00:00"));
    room.save("2026-11-06-gue.md", &release("Un gué", "2026-11-06 10:00:00"));
    room.save("2026-11-07-radeau.md", &release("Un radeau", "2026-11-07 10:00:00"));
    room.start("2026-11-08T09:00:00Z").await;
    room.rename("2026-11-05-bac.md", "2026-11-05-le-grand-bac.md");
    room.save("2026-11-06-gue.md", &release("Un gué", "2026-11-06 10:00:00").with("withdrawn: \"Il est sec.\""));
    room.remove("2026-11-07-radeau.md");
    room.look().await;
    room.configure("topics.aliases", "{ 'tag:web' = 'tag:ponts' }");
    room.configure("feeds.aliases", "{ '/feed.xml' = 'all.atom', '/blog/ponts.json' = 'tag/ponts.json' }");
    let secret = release("Le secret", "2026-12-01 10:00:00").with("redirect_from: /ancien-secret/");
    room.save("2026-12-01-secret.md", &secret);
    room.restart().await;
    room.start_of("2026-11-23T09:00:00Z").await;
    room
}

/// Every address that is answered with something, and some that are not.
fn addresses(room: &TestNewsroom) -> Vec<String> {
    let current = room.newsroom().current();
    let resources = &current.resources;
    let former = resources.former();
    assert!(former.values().any(|became| *became == Former::Gone));
    let mut addresses = resources.paths(&|_| true);
    addresses.extend(resources.uploads().iter().map(depeche::domain::UploadPath::address));
    addresses.extend(former.into_keys());
    addresses.extend(resources.feed_aliases().map(|(old, _)| old.to_string()));
    let nowhere = [
        "/nulle-part/",
        "/nulle-part",
        "/espace-presse/secret/",
        "/ancien-secret/",
        "/uploads/rien.pdf",
        "/uploads/",
        "/feeds/tag/rien.rss",
        "/feeds/all.rss.gz",
        "/404.html",
        "/410.html",
        "/.depeche/redirects.map",
        "/.depeche-manifest",
        "/.depeche-lock",
        "/assets/",
        "/feeds/tag/",
    ];
    addresses.extend(nowhere.map(str::to_owned));
    addresses
}

fn plain(answer: &Answer) -> Vec<u8> {
    let mut plain = Vec::new();
    match answer.header("content-encoding") {
        "gzip" => drop(flate2::read::GzDecoder::new(&*answer.body).read_to_end(&mut plain).unwrap()),
        "br" => drop(brotli::Decompressor::new(&*answer.body, 4096).read_to_end(&mut plain).unwrap()),
        _ => plain.clone_from(&answer.body),
    }
    plain
}

/// Compares what both answer at every address, and says how many answers were compared.
async fn compare(room: &TestNewsroom, nginx: &Nginx) -> usize {
    let mut compared = 0;
    let codings: &[&str] = if nginx.has_brotli { &["identity", "gzip", "br, gzip"] } else { &["identity", "gzip"] };
    for path in addresses(room) {
        for coding in codings {
            let asked = room.request("GET", &path).header("Accept-Encoding", coding).send().await;
            let request = Request::new(nginx.port, "presse.example.org", "GET", &path);
            let given = request.header("Accept-Encoding", coding).send().await;
            let what = format!("{path} in {coding}");
            assert_eq!(given.status, asked.status, "{what}");
            compared += 1;
            if asked.status == 301 {
                assert_eq!(given.header("location"), asked.header("location"), "{what}");
                continue;
            }
            for name in SAID {
                // What is made for one request is not compressed by Depeche, a page in a folder is.
                if asked.status == 200 || name != "content-encoding" {
                    assert_eq!(given.header(name), asked.header(name), "{name} of {what}");
                }
            }
            assert!(plain(&given) == plain(&asked), "other bytes: {what}");
            if asked.status == 200 {
                assert!(given.body == asked.body, "other bytes as they travel: {what}");
            }
            let varies = !given.header("content-encoding").is_empty();
            assert!(!varies || given.header("vary").contains("Accept-Encoding"), "{what}");
        }
    }
    compared
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_answers_as_depeche_does() {
    if !Nginx::is_usable() {
        return;
    }
    let folder = open_folder();
    let mut room = site(&folder).await;
    let public = format!("{}/public", folder.path().display());
    let nginx = Nginx::start(&public, room.ports().0);
    let compared = compare(&room, &nginx).await;
    println!("{compared} answers are the same, brotli: {}", nginx.has_brotli);
    assert!(compared > 500, "only {compared} answers");
    let form = Request::new(nginx.port, "presse.example.org", "GET", "/subscribe?topic=all").send().await;
    let twice = form.headers.iter().filter(|(name, _)| name == "content-security-policy").count();
    assert_eq!((form.status, twice), (200, 1));
    assert!(!nginx.log().contains("[warn]") && !nginx.log().contains("[error]"), "{}", nginx.log());

    // A file that is there is given, whatever a list says that nginx has not read anew yet.
    room.rename("2026-11-05-le-grand-bac.md", "2026-11-05-bac.md");
    room.save("2026-11-06-gue.md", &release("Un gué", "2026-11-06 10:00:00"));
    room.save("2026-11-22-tunnel.md", &release("Un tunnel", "2026-11-22 10:00:00").labels("Discours", "Tunnels"));
    room.look().await;
    let status = async |path: &str| Request::new(nginx.port, "presse.example.org", "GET", path).send().await.status;
    for (path, before) in [("/espace-presse/bac/", 200), ("/espace-presse/gue/", 200), ("/espace-presse/tunnel/", 200)]
    {
        assert_eq!(status(path).await, before, "{path}");
    }
    assert_eq!(status("/espace-presse/le-grand-bac/").await, 404);
    nginx.reload();
    assert_eq!(status("/espace-presse/le-grand-bac/").await, 301);
    compare(&room, &nginx).await;
}

/// Every address below the site that `text` mentions, as a page's link or in full.
fn mentioned(text: &str) -> BTreeSet<String> {
    let plain = text.replace("\\/", "/").replace("&amp;", "&");
    let full = plain.match_indices(SITE).map(|(at, _)| &plain[at + SITE.len()..]);
    let links = plain.match_indices("=\"/").map(|(at, _)| &plain[at + 2..]);
    let ends =
        |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '(' | ')' | '#' | '?' | '\\' | ',' | ';');
    let paths = full.chain(links).map(|rest| rest.split(ends).next().unwrap());
    paths.filter(|path| path.starts_with('/') && *path != "/subscribe").map(str::to_owned).collect()
}

/// The file in which a static server looks for `path`.
fn file_of(path: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8().unwrap();
    let file = decoded.trim_start_matches('/');
    if file.is_empty() || file.ends_with('/') { format!("{file}index.html") } else { file.to_owned() }
}

/// Follows all addresses from the front page and those of `known` that are there: something stands at each. How many it
/// followed.
fn check_folder(folder: &Utf8Path, known: &[Utf8PathBuf]) -> usize {
    let known = known.iter().map(|path| path.as_str()).chain(["index.html"]);
    let mut ahead: Vec<String> = known.filter(|path| stands(folder, path)).map(str::to_owned).collect();
    let mut seen: BTreeSet<String> = ahead.iter().cloned().collect();
    while let Some(file) = ahead.pop() {
        let bytes = fs::read(folder.join(&file)).unwrap();
        let is_text = !file.starts_with("uploads/") && !file.starts_with(".depeche");
        let Some(text) = String::from_utf8(bytes).ok().filter(|_| is_text) else { continue };
        for path in mentioned(&text) {
            let named = file_of(&path);
            assert!(folder.join(&named).is_file(), "{file} names {path}, which is not there");
            if seen.insert(named.clone()) {
                ahead.push(named);
            }
        }
    }
    seen.len()
}

/// Why publishing stopped.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error(transparent)]
    Files(#[from] SiteFilesError),
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error("stopped")]
    Wanted,
}

/// A run that is looked at while it goes on, as readers do who know some files.
struct Watched<'k> {
    known: &'k [Utf8PathBuf],
    /// At every so many steps.
    every: usize,
    /// Before which step it is stopped.
    until: usize,
}

/// Publishes what is public to `folder`; how many steps there were.
fn publish_to(room: &TestNewsroom, folder: &Utf8Path, run: &Watched<'_>) -> Result<usize, Stop> {
    let newsroom = room.newsroom();
    let is_there = |file: &str| stands(folder, file);
    let wanted = FilesWanted { kinds: &|_| true, names: FileNames::Ending, precompressed: true, is_there: &is_there };
    let files = site_files(&newsroom.current(), &newsroom.uploads, wanted, &Cores::AllButOne.pool());
    let mut steps = 0;
    publish_watched(folder, files.map(|file| file.map_err(Stop::from)), stage_of, &mut |_| {
        if steps % run.every == 0 {
            check_folder(folder, run.known);
        }
        steps += 1;
        if steps > run.until { Err(Stop::Wanted) } else { Ok(()) }
    })?;
    assert!(check_folder(folder, &[]) > 60);
    Ok(steps)
}

/// All files with their bytes.
fn contents(folder: &Utf8Path) -> Vec<(Utf8PathBuf, Vec<u8>)> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(below) = folders.pop() {
        for entry in below.read_dir_utf8().unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                folders.push(entry.into_path());
            } else {
                let bytes = fs::read(entry.path()).unwrap();
                found.push((entry.path().strip_prefix(folder).unwrap().to_owned(), bytes));
            }
        }
    }
    found.sort();
    found
}

fn names(contents: &[(Utf8PathBuf, Vec<u8>)]) -> Vec<Utf8PathBuf> {
    contents.iter().map(|(path, _)| path.clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_reader_finds_names_nothing_that_is_not_there_wherever_a_run_stops() {
    let mut room = TestNewsroom::new(None);
    room.configure("feeds.entries", "3");
    for number in 0..20 {
        let date = format!("202{}-0{}-01 10:00:00", 4 + number / 8, 1 + number % 8);
        let quay = release(&format!("Le quai n° {number}"), &date).labels("Quais", "Ponts");
        room.save(&format!("{}-quai-{number}.md", &date[..10]), &quay);
    }
    room.start("2026-11-08T09:00:00Z").await;
    let folder = tempfile::tempdir().unwrap();
    let public = Utf8Path::from_path(folder.path()).unwrap().join("public");
    let first = publish_to(&room, &public, &Watched { known: &[], every: 1, until: usize::MAX }).unwrap();

    // Two more: with a document, a topic and a second page that were not there before.
    room.upload("tunnel.pdf", &pdf("tunnel"));
    for name in ["tunnel", "viaduc"] {
        let new = release(&format!("Le {name}"), "2026-11-09 10:00:00").labels("Quais|Grands travaux", "Ponts|Tunnels");
        room.save(&format!("2026-11-09-{name}.md"), &new.document("/uploads/tunnel.pdf", "Le plan"));
    }
    room.start_of("2026-11-10T09:00:00Z").await;
    let before = contents(&public);
    let second = publish_to(&room, &public, &Watched { known: &names(&before), every: 1, until: usize::MAX }).unwrap();
    let after = contents(&public);
    // And back: what came goes.
    for name in ["tunnel", "viaduc"] {
        room.remove(&format!("2026-11-09-{name}.md"));
    }
    room.start_of("2026-11-11T09:00:00Z").await;
    let third = publish_to(&room, &public, &Watched { known: &names(&after), every: 1, until: usize::MAX }).unwrap();
    assert!(!public.join("espace-presse/tunnel/index.html").exists() && !public.join("uploads/tunnel.pdf").exists());
    println!("nothing named that is not there in {first} + {second} + {third} steps");

    // Stopped anywhere on the way there and back, it is completed to the same.
    for name in ["tunnel", "viaduc"] {
        let new = release(&format!("Le {name}"), "2026-11-09 10:00:00").labels("Quais|Grands travaux", "Ponts|Tunnels");
        room.save(&format!("2026-11-09-{name}.md"), &new.document("/uploads/tunnel.pdf", "Le plan"));
    }
    room.start_of("2026-11-12T09:00:00Z").await;
    assert!(before.len() < after.len());
    let known = names(&before);
    for last in (0..second).step_by(25) {
        let half = Utf8Path::from_path(folder.path()).unwrap().join(format!("half-{last}"));
        for (path, bytes) in &before {
            fs::create_dir_all(half.join(path).parent().unwrap()).unwrap();
            fs::write(half.join(path), bytes).unwrap();
        }
        let stopped = publish_to(&room, &half, &Watched { known: &known, every: 100, until: last });
        assert!(matches!(stopped, Err(Stop::Wanted)), "there is no step {last}");
        publish_to(&room, &half, &Watched { known: &known, every: 20, until: usize::MAX }).unwrap();
        assert_eq!(names(&contents(&half)), names(&after), "stopped before step {last}");
    }
}
