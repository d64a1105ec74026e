//! Everything public in a bucket: over HTTP, signed, whole, in order, and without anybody waiting for it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use depeche::config::PublishPlace;
use depeche::task::BucketWriter;

#[path = "support/draft.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod draft;
#[path = "support/http_client.rs"]
mod http_client;
#[path = "support/newsroom.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod newsroom;
#[path = "support/object_server.rs"]
mod object_server;

use draft::{pdf, release};
use newsroom::{SITE, TestNewsroom};
use object_server::{BUCKET, KEY, ObjectServer, Objects};

/// A newsroom that writes the bucket of `server`, below `site`.
fn room(server: &ObjectServer) -> TestNewsroom {
    let mut room = TestNewsroom::new(None);
    std::fs::write(room.root().join("bucket.secret"), format!("{}\n", KEY.1)).unwrap();
    for (key, value) in [
        ("bucket", format!("s3://{BUCKET}/site")),
        ("bucket_endpoint", server.endpoint()),
        ("bucket_key_id", KEY.0.to_owned()),
        ("bucket_secret_file", "bucket.secret".to_owned()),
    ] {
        room.configure(&format!("publish.{key}"), &value);
    }
    room.configure("feeds.entries", "2");
    room.configure("feeds.aliases", "{ '/feed.xml' = 'all.atom' }");
    room.upload("Plan à 100 %.pdf", &pdf("plan"));
    room.upload("chiffres.csv", b"a;b\n");
    let bridge = release("L’été du pont", "2025-11-02 10:00:00").labels("Discours", "Ponts");
    room.save("2025-11-02-l’été.md", &bridge.document("/uploads/Plan à 100 %.pdf", "Le plan"));
    let quay = release("Un quai", "2026-11-03 10:00:00").document("/uploads/chiffres.csv", "Les chiffres");
    room.save("2026-11-03-quai.md", &quay.with("permalink: /2026/quai\nredirect_from: /vieux-quai/"));
    room
}

fn writer(room: &TestNewsroom) -> BucketWriter {
    BucketWriter::open(room.newsroom().clone(), "story".to_owned()).unwrap().expect("a bucket is configured")
}

/// What Depeche answers is what the bucket holds, at every address; how many there are.
async fn compare(room: &TestNewsroom, server: &ObjectServer) -> usize {
    let current = room.newsroom().current();
    let mut addresses = current.resources.paths(&|_| true);
    addresses.extend(current.resources.uploads().iter().map(depeche::domain::UploadPath::address));
    let objects = server.objects();
    for path in &addresses {
        let (asked, object) = (room.get(path).await, &objects[&key_of(path)]);
        assert!(asked.status == 200 && asked.body == object.bytes, "{path}");
        for name in ["content-type", "cache-control", "content-disposition", "content-encoding"] {
            assert_eq!(object.headers.get(name).map_or("", String::as_str), asked.header(name), "{name} of {path}");
        }
    }
    let missing = &objects["site/404.html"];
    assert_eq!(missing.bytes, room.get("/nulle-part/").await.body);
    assert_eq!(missing.headers["cache-control"], "no-store");
    assert_eq!(objects["site/feed.xml"].headers["content-type"], "application/atom+xml; charset=utf-8");
    // Beside these: what a server gives for what is not there (two), an old address of a feed, and our list.
    assert_eq!(objects.len(), addresses.len() + 4, "{:?}", objects.keys());
    addresses.len()
}

fn key_of(path: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8().unwrap();
    let file = if decoded.ends_with('/') { format!("{decoded}index.html") } else { decoded.into_owned() };
    format!("site{file}")
}

/// Every address below the site that `text` mentions, as a page's link or in full.
fn mentioned(text: &str) -> BTreeSet<String> {
    let plain = text.replace("\\/", "/").replace("&amp;", "&");
    let full = plain.match_indices(SITE).map(|(at, _)| &plain[at + SITE.len()..]);
    let links = plain.match_indices("=\"/").map(|(at, _)| &plain[at + 2..]);
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '(' | ')' | '#' | '?' | '\\' | ',');
    let paths = full.chain(links).map(|rest| rest.split(ends).next().unwrap());
    paths.filter(|path| path.starts_with('/') && *path != "/subscribe").map(str::to_owned).collect()
}

/// What follows all addresses from the front page and from those of `known` that are there, and notes what is not.
fn follow(known: Vec<String>, missing: Arc<Mutex<Vec<String>>>) -> impl FnMut(&Objects) + Send + 'static {
    move |objects| {
        let known = known.iter().map(String::as_str).chain(["site/index.html"]);
        let mut ahead: Vec<String> = known.filter(|key| objects.contains_key(*key)).map(str::to_owned).collect();
        let mut seen: BTreeSet<String> = ahead.iter().cloned().collect();
        while let Some(key) = ahead.pop() {
            let Ok(text) = String::from_utf8(objects[&key].bytes.clone()) else { continue };
            let is_text = !key.starts_with("site/uploads/") && !key.ends_with("manifest");
            for named in mentioned(&text).iter().filter(|_| is_text).map(|path| key_of(path)) {
                if !objects.contains_key(&named) {
                    missing.lock().unwrap().push(format!("{key} names {named}"));
                } else if seen.insert(named.clone()) {
                    ahead.push(named);
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_holds_what_depeche_answers_and_only_what_changed_is_put() {
    let server = ObjectServer::start();
    let mut room = room(&server);
    room.start("2026-11-08T09:00:00Z").await;
    let mut writer = writer(&room);
    assert_eq!(writer.round().await.unwrap(), None);
    let objects = compare(&room, &server).await;
    let asked = server.requests();
    // The list is read, written before the rest, and at the end.
    assert_eq!((asked.len(), asked[0].starts_with("GET")), (objects + 4 + 2, true), "{asked:?}");
    assert_eq!(writer.round().await.unwrap(), None);
    assert_eq!(server.requests(), [""; 0]);
    let secret = release("Le secret", "2026-12-01 10:00:00").labels("Secrets", "Secrets");
    room.save("2026-12-01-secret.md", &secret.with("redirect_from: /ancien-secret/"));
    room.look().await;
    assert_eq!(writer.round().await.unwrap(), None);
    assert_eq!(server.requests().iter().filter(|asked| !asked.starts_with("GET")).count(), 0, "nothing is otherwise");
    room.start_of("2026-12-01T09:00:00Z").await;
    assert_eq!(writer.round().await.unwrap(), None);
    compare(&room, &server).await;
    let asked = server.requests();
    assert!(!asked.iter().any(|asked| asked.contains("chiffres.csv") || asked.contains("press.css")), "{asked:?}");
    room.inbox("ann@example.org");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_it_stops_what_readers_find_names_nothing_that_is_not_there() {
    let server = ObjectServer::start();
    let mut room = room(&server);
    room.start("2026-11-08T09:00:00Z").await;
    let missing = Arc::new(Mutex::new(Vec::new()));
    let known: Vec<String> = Vec::new();
    server.look(follow(known, missing.clone()));
    writer(&room).round().await.unwrap();
    let before: Vec<String> = server.objects().into_keys().collect();
    server.look(follow(before, missing.clone()));
    let new = release("Un viaduc", "2026-11-09 10:00:00").labels("Grands travaux", "Viaducs");
    room.upload("viaduc.pdf", &pdf("viaduc"));
    room.save("2026-11-09-viaduc.md", &new.document("/uploads/viaduc.pdf", "Le viaduc"));
    room.start_of("2026-11-10T09:00:00Z").await;
    // Refused again and again, each time a little later.
    let mut rounds = 0;
    let mut writer = writer(&room);
    loop {
        server.answer(Some(3 + rounds * 6));
        let pause = writer.round().await.unwrap();
        room.look().await;
        assert_eq!(room.get("/espace-presse/viaduc/").await.status, 200, "nobody waits for the bucket");
        let readiness = room.newsroom().readiness().await;
        let says = readiness.reasons.iter().any(|reason| reason.starts_with("`publish.bucket` could not be written"));
        assert_eq!(
            (says, readiness.figures.published[&PublishPlace::Bucket]),
            (pause.is_some(), pause.is_none()),
            "{readiness:?}"
        );
        if pause.is_none() {
            break;
        }
        rounds += 1;
    }
    assert!(rounds > 2, "only {rounds} times");
    server.answer(None);
    compare(&room, &server).await;
    let after: Vec<String> = server.objects().into_keys().collect();
    server.look(follow(after, missing.clone()));
    room.remove("2026-11-09-viaduc.md");
    room.start_of("2026-11-11T09:00:00Z").await;
    writer.round().await.unwrap();
    compare(&room, &server).await;
    assert!(!server.objects().contains_key("site/uploads/viaduc.pdf"));
    let missing = missing.lock().unwrap();
    assert!(missing.is_empty(), "{} times something is named that is not there: {}", missing.len(), missing[0]);
    drop(missing);
    server.requests();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_is_wrong_or_not_there_is_told() {
    let server = ObjectServer::start();
    let mut room = room(&server);
    std::fs::write(room.root().join("bucket.secret"), "another\n").unwrap();
    room.start("2026-11-08T09:00:00Z").await;
    assert!(writer(&room).round().await.unwrap().is_some(), "refused, and tried again later");
    assert!(server.objects().is_empty());
    std::fs::remove_file(room.root().join("bucket.secret")).unwrap();
    let error = BucketWriter::open(room.newsroom().clone(), "story".to_owned()).unwrap_err();
    assert!(error.to_string().contains("bucket.secret"), "{error}");
}
