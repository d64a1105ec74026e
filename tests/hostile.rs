//! Two hundred requests that mean no good, as they come over the wire, against a daemon at work: whatever is asked, nothing
//! breaks, nothing leaks, nothing outside the uploads folder is reached, and nothing that was sent comes back as a header.
//!
//! `tests/hostile/requests.rs` is the list. What must hold of every answer is in [`faults`]; a request may say besides
//! which status it gets.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "hostile/requests.rs"]
mod requests;
#[path = "hostile/room.rs"]
mod room;

use std::time::Duration;

use requests::{Hostile, Side, all};
use room::{CANARIES, Room, SITE};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What an attacker would have us repeat.
const NEVER_SAID: [&str; 10] = [
    "evil.example",
    "<script>",
    "<img src=//",
    "11111103",
    "root:x:",
    "panicked",
    "sqlx",
    "/src/",
    "secret.key",
    "Failed to buffer the request body",
];
/// Longer than anything here may take; nothing is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends bytes as they are and reads until the connection is closed.
async fn exchange(port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // Whoever is refused early is hung up on: what is left unsent matters to nobody.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let reading = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(reading.is_ok(), "not closed: {}", String::from_utf8_lossy(&bytes[..bytes.len().min(300)]));
    answer
}

/// The answers on a connection: status, head and body of each.
fn answers(mut bytes: &[u8]) -> Vec<(u16, String, Vec<u8>)> {
    let mut answers = Vec::new();
    while let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let rest = &bytes[end + 4..];
        let body = &rest[..length.unwrap_or(0).min(rest.len())];
        answers.push((status, head, body.to_vec()));
        bytes = &rest[body.len()..];
    }
    answers
}

/// What is said of every page.
const OF_PAGES: [&str; 4] = [
    "content-security-policy: default-src 'none'",
    "referrer-policy: ",
    "cross-origin-opener-policy: same-origin\r\n",
    "cross-origin-resource-policy: same-origin\r\n",
];

/// What is wrong with an answer, whatever was asked.
fn faults(room: &Room, status: u16, head: &str, body: &[u8]) -> Vec<String> {
    let mut faults = Vec::new();
    let text = format!("{head}\n{}", String::from_utf8_lossy(body));
    if !(100..500).contains(&status) {
        faults.push(format!("status {status}"));
    }
    let folder = room.folder.path().to_str().unwrap();
    for leak in CANARIES.iter().chain(&NEVER_SAID).copied().chain([folder]) {
        if text.contains(leak) {
            faults.push(format!("says `{leak}`"));
        }
    }
    for line in head.lines().skip(1) {
        let Some((name, value)) = line.split_once(": ") else {
            faults.push(format!("a line that is no header: {line}"));
            continue;
        };
        match name {
            "x-injected" | "set-cookie" => faults.push(format!("the header {line}")),
            "location" if !value.starts_with(SITE) && (!value.starts_with('/') || value.starts_with("//")) => {
                faults.push(format!("leads to {value}"));
            }
            _ => {}
        }
    }
    let has = |header: &str| head.to_ascii_lowercase().contains(&format!("\r\n{header}"));
    // What hyper refuses by itself has no body and is about nothing.
    let is_hypers = body.is_empty() && matches!(status, 100 | 400 | 414 | 431);
    if !has("x-content-type-options: nosniff") && !is_hypers {
        faults.push("may be sniffed".to_owned());
    }
    let is_framed = !head.contains("frame-ancestors 'none'");
    if has("content-type: text/html") && (is_framed || !OF_PAGES.into_iter().all(has)) {
        faults.push("a page without a policy".to_owned());
    }
    faults
}

/// What is wrong with the answers to `hostile`.
async fn tried(room: &Room, hostile: &Hostile) -> Vec<String> {
    let port = match hostile.side {
        Side::Public => room.public,
        Side::Admin => room.admin,
    };
    if hostile.is_unfinished {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let _ = stream.write_all(&hostile.bytes).await;
        return Vec::new();
    }
    let answers = answers(&exchange(port, &hostile.bytes).await);
    let mut wrong = Vec::new();
    if answers.len() != hostile.answers {
        wrong.push(format!("{} answers", answers.len()));
    }
    for (status, head, body) in &answers {
        wrong.extend(faults(room, *status, head, body));
    }
    if let (Some((status, ..)), false) = (answers.first(), hostile.statuses.is_empty())
        && !hostile.statuses.contains(status)
    {
        wrong.push(format!("status {status} and not {:?}", hostile.statuses));
    }
    let asked = String::from_utf8_lossy(&hostile.bytes[..hostile.bytes.len().min(200)]).into_owned();
    wrong.into_iter().map(|fault| format!("{} ({asked:?}): {fault}", hostile.what)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_hostile_requests_break_leak_and_reach_nothing() {
    let room = Room::open().await;
    let well = room.seen().await;
    let list = all(&room);
    assert!(list.len() >= 200, "{} requests", list.len());
    let mut wrong = Vec::new();
    for hostile in &list {
        wrong.extend(tried(&room, hostile).await);
    }
    assert!(wrong.is_empty(), "{} of {} requests:\n{}", wrong.len(), list.len(), wrong.join("\n"));
    assert_eq!(room.seen().await, well, "the daemon is as well as before");
    // Nobody was subscribed, nobody left, and of the letters none says what was sent.
    assert_eq!(room.active().await, ["ann@example.org", "bob@example.org"]);
    let letters = room.letters().await;
    assert!(letters.iter().any(|letter| letter.contains("honnete@journal.example")), "{letters:#?}");
    for letter in &letters {
        for injected in ["\r\nBcc:", "X-Injected", "evil.example", "<script", "11111103"] {
            let (head, _) = letter.split_once("\r\n\r\n").unwrap();
            assert!(!head.contains(injected), "{injected}: {head}");
        }
    }
    room.close().await;
}
