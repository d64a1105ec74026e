//! What a letter links to elsewhere is asked for before it leaves: documents, and the release's page.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use crate::draft::{Draft, pdf, release};
use crate::newsroom::TestNewsroom;

const TITLE: &str = "Le quai des Cordiers rouvre";

fn quay() -> Draft {
    release(TITLE, "2026-11-23 10:30:00")
}

/// A site whose pages a story changes: what each path answers, and how often it was asked for.
#[derive(Clone)]
struct Site {
    port: u16,
    pages: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Site {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let site = Self { port: listener.local_addr().unwrap().port(), pages: Arc::default(), asked: Arc::default() };
        let served = site.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                served.answer(stream);
            }
        });
        site
    }

    fn answer(&self, mut stream: std::net::TcpStream) {
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
            request.push(byte[0]);
        }
        let request = String::from_utf8_lossy(&request).into_owned();
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        *self.asked.lock().unwrap().entry(path.clone()).or_default() += 1;
        let (status, body) = match self.pages.lock().unwrap().get(&path) {
            Some(body) => ("200 OK", body.clone()),
            None => ("404 Not Found", b"nothing".to_vec()),
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        drop(stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)));
    }

    fn put(&self, path: &str, body: &[u8]) {
        self.pages.lock().unwrap().insert(path.to_owned(), body.to_vec());
    }

    fn asked(&self, path: &str) -> usize {
        self.asked.lock().unwrap().get(path).copied().unwrap_or_default()
    }

    fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

pub(crate) async fn a_distant_document_must_answer_before_the_letter_leaves(mut room: TestNewsroom) {
    let site = Site::start();
    room.configure("content.documents", "any");
    room.configure("fetch.private", "true");
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    let lien = site.address("/dossier.pdf");
    room.save("2026-11-23-quai.md", &quay().with(&format!("files:\n- lien: \"{lien}\"\n  nom: \"Le dossier\"")));
    room.look().await;
    room.settle_links().await;
    assert_eq!(site.asked("/dossier.pdf"), 1, "asked when first seen");
    assert_eq!(room.state(TITLE).await, "held: document-missing");
    assert!(room.office().iter().any(|subject| subject.contains(TITLE)));
    site.put("/dossier.pdf", b"<html>no PDF</html>");
    room.pass("1m").await;
    room.settle_links().await;
    assert_eq!(room.state(TITLE).await, "held: document-missing");
    site.put("/dossier.pdf", &pdf("dossier"));
    room.pass("1m").await;
    room.settle_links().await;
    assert_eq!(room.state(TITLE).await, "waiting");
    let before = site.asked("/dossier.pdf");
    room.pass("8m").await;
    assert_eq!(room.unread(), [""; 0], "it is asked for again before the letter leaves");
    room.settle_links().await;
    assert!(site.asked("/dossier.pdf") > before);
    let letter = room.letter("ann@example.org");
    assert!(letter.shown.text.contains(&lien));
    room.office();
}

pub(crate) async fn a_private_address_is_not_asked(mut room: TestNewsroom) {
    let site = Site::start();
    site.put("/dossier.pdf", &pdf("dossier"));
    room.configure("content.documents", "http");
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    let lien = site.address("/dossier.pdf");
    room.save("2026-11-23-quai.md", &quay().with(&format!("files:\n- lien: \"{lien}\"\n  nom: \"Le dossier\"")));
    room.look().await;
    room.settle_links().await;
    room.pass("1h").await;
    assert_eq!((site.asked("/dossier.pdf"), room.unread().len()), (0, 0));
    assert_eq!(room.state(TITLE).await, "held: document-missing");
    room.office();
}

pub(crate) async fn the_page_on_the_other_site_must_answer_first(mut room: TestNewsroom) {
    let site = Site::start();
    room.configure("site.releases_url", &site.address(""));
    room.configure("fetch.private", "true");
    room.start("2026-11-23T09:30:00Z").await;
    room.subscriber("ann@example.org", "all").await;
    room.save("2026-11-23-quai.md", &quay());
    room.look().await;
    room.pass("9m").await;
    room.settle_links().await;
    assert_eq!(site.asked("/espace-presse/quai/"), 0, "before its time there is no page");
    room.pass("1m").await;
    room.settle_links().await;
    assert_eq!(room.state(TITLE).await, "held: page-missing");
    room.office();
    for _ in 0..9 {
        room.pass("1m").await;
        room.settle_links().await;
    }
    assert_eq!((room.office(), site.asked("/espace-presse/quai/")), (Vec::<String>::new(), 10), "asked each minute");
    for _ in 0..3 {
        room.pass("1m").await;
        room.settle_links().await;
    }
    let told = room.office();
    assert!(told.len() == 1 && told[0].contains(TITLE), "told after ten minutes, once: {told:?}");
    site.put("/espace-presse/quai/", b"<h1>Le quai</h1>");
    room.pass("1m").await;
    room.settle_links().await;
    let letter = room.letter("ann@example.org");
    assert!(letter.shown.text.contains(&site.address("/espace-presse/quai/")));
    room.office();
}
