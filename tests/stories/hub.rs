//! A WebSub hub that is told of what changed, and what happens while it does not answer.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::draft::release;
use crate::newsroom::{SITE, TestNewsroom};

/// A hub on a port of its own.
struct Hub {
    address: String,
    /// What it answers.
    status: Arc<AtomicU16>,
    /// The forms it took or refused.
    forms: Arc<Mutex<Vec<String>>>,
}

impl Hub {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let (status, forms) = (Arc::new(AtomicU16::new(204)), Arc::new(Mutex::new(Vec::new())));
        let (answer, seen) = (status.clone(), forms.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = Vec::new();
                let form = loop {
                    let mut piece = [0; 1024];
                    let read = stream.read(&mut piece).await.unwrap();
                    bytes.extend(&piece[..read]);
                    let text = String::from_utf8_lossy(&bytes).to_lowercase();
                    if let Some((head, body)) = text.split_once("\r\n\r\n") {
                        let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
                        if body.len() >= length.parse().unwrap() {
                            assert!(head.starts_with("post / ") && head.contains("application/x-www-form-urlencoded"));
                            break body.to_owned();
                        }
                    }
                };
                seen.lock().unwrap().push(form);
                let answer = format!("HTTP/1.1 {} X\r\nContent-Length: 0\r\n\r\n", answer.load(Ordering::SeqCst));
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { address, status, forms }
    }

    /// The paths of feeds it was told of since it was last asked.
    fn told(&self) -> BTreeSet<String> {
        let forms = std::mem::take(&mut *self.forms.lock().unwrap());
        let path = |form: &String| {
            let url = form.strip_prefix("hub.mode=publish&hub.url=").unwrap();
            let url = percent_encoding::percent_decode_str(url).decode_utf8().unwrap();
            url.strip_prefix(SITE).unwrap().to_owned()
        };
        let paths: BTreeSet<_> = forms.iter().map(path).collect();
        assert_eq!(paths.len(), forms.len(), "each feed once");
        paths
    }
}

fn of(topics: &[&str]) -> BTreeSet<String> {
    let formats = |topic: &&str| ["rss", "atom", "json"].map(|ending| format!("/feeds/{topic}.{ending}"));
    topics.iter().flat_map(formats).collect()
}

async fn begin(room: &mut TestNewsroom) -> Hub {
    let hub = Hub::start().await;
    room.configure("feeds.hub", &hub.address);
    room.configure("fetch.private", "true");
    room.save("2026-11-20-pont.md", &release("Un pont", "2026-11-20 10:00:00").labels("Discours", "Ponts"));
    room.save("2026-11-21-bac.md", &release("Un bac", "2026-11-21 10:00:00").labels("Discours", "Bacs"));
    room.start("2026-11-23T09:30:00Z").await;
    hub
}

pub(crate) async fn a_hub_is_told_of_each_feed_that_really_changed(mut room: TestNewsroom) {
    let hub = begin(&mut room).await;
    for path in ["/feeds/all.rss", "/feeds/tag/ponts.atom", "/feeds/category/discours.json"] {
        let answer = room.get(path).await;
        assert_eq!(answer.header("link"), format!("<{}>; rel=\"hub\", <{SITE}{path}>; rel=\"self\"", hub.address));
        assert!(answer.text().contains(&hub.address), "{path}");
        let same = room.request("GET", path).header("If-None-Match", answer.header("etag")).send().await;
        assert_eq!((same.status, same.header("link")), (304, answer.header("link")));
    }
    let archive = room.get("/feeds/all/2026.rss").await;
    assert!(archive.header("link").is_empty() && !archive.text().contains(&hub.address));
    let mut pinger = room.pinger();
    assert_eq!(pinger.round().await.unwrap(), None);
    assert_eq!(hub.told(), BTreeSet::new(), "what it was never told of has no subscriber");
    room.save("2026-11-23-quai.md", &release("Un quai", "2026-11-22 10:00:00").labels("Discours", "Quais"));
    room.look().await;
    assert_eq!(pinger.round().await.unwrap(), None);
    assert_eq!(hub.told(), of(&["all", "category/discours", "tag/quais"]));
    room.look().await;
    assert_eq!(pinger.round().await.unwrap(), None);
    assert_eq!(hub.told(), BTreeSet::new());
    // A topic that becomes empty has changed.
    room.save("2026-11-21-bac.md", &release("Un bac", "2026-11-21 10:00:00").labels("Discours", "Ponts"));
    room.look().await;
    pinger.round().await.unwrap();
    assert_eq!(hub.told(), of(&["all", "category/discours", "tag/ponts", "tag/bacs"]));
    // An embargoed release changes nothing until it is live.
    room.save("2026-12-24-secret.md", &release("Un secret", "2026-12-24 10:00:00").labels("Discours", "Ponts"));
    room.look().await;
    pinger.round().await.unwrap();
    assert_eq!(hub.told(), BTreeSet::new());
}

pub(crate) async fn a_hub_that_is_down_delays_nothing_and_is_told_later(mut room: TestNewsroom) {
    let hub = begin(&mut room).await;
    let mut pinger = room.pinger();
    pinger.round().await.unwrap();
    hub.status.store(503, Ordering::SeqCst);
    room.save(
        "2026-11-20-pont.md",
        &release("Un pont", "2026-11-20 10:00:00").labels("Discours", "Ponts").body("Neuf."),
    );
    room.look().await;
    assert!(room.feed("/feeds/all.rss").await.contains("Neuf."));
    assert_eq!(pinger.round().await.unwrap(), Some(Duration::from_secs(30)));
    assert_eq!(hub.told().len(), 1, "a hub that does not answer is not asked for every feed");
    assert_eq!(pinger.round().await.unwrap(), Some(Duration::from_mins(1)));
    hub.told();
    room.restart().await;
    let mut pinger = room.pinger();
    hub.status.store(202, Ordering::SeqCst);
    assert_eq!(pinger.round().await.unwrap(), None);
    assert_eq!(hub.told(), of(&["all", "category/discours", "tag/ponts"]), "what it missed outlasts a restart");
    assert_eq!(pinger.round().await.unwrap(), None);
    assert_eq!(hub.told(), BTreeSet::new());
    // One feed that is refused does not keep the others back.
    hub.status.store(404, Ordering::SeqCst);
    room.save(
        "2026-11-20-pont.md",
        &release("Un pont", "2026-11-20 10:00:00").labels("Discours", "Ponts").body("Autre."),
    );
    room.look().await;
    assert!(pinger.round().await.unwrap().is_some());
    assert_eq!(hub.told(), of(&["all", "category/discours", "tag/ponts"]));
}
