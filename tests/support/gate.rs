//! A door on this machine that knocks elsewhere: what stands behind an address may change while readers keep it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::press_room::text;

/// What stands behind a gate.
#[derive(Debug, Clone)]
pub(crate) enum Behind {
    /// A server.
    Server(SocketAddr),
    /// One file, whatever is asked for.
    File(&'static str, String),
    /// Another site, to which everything has moved.
    Moved(String),
}

/// The gate, open until the process ends.
pub(crate) struct Gate {
    address: SocketAddr,
    behind: Arc<Mutex<Behind>>,
    /// What was asked and answered since it was last looked at: first lines.
    seen: Arc<Mutex<Vec<String>>>,
}

impl Gate {
    pub(crate) fn open(behind: Behind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (behind, seen) = (Arc::new(Mutex::new(behind)), Arc::new(Mutex::new(Vec::new())));
        let (asked, told) = (behind.clone(), seen.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let behind = asked.lock().unwrap().clone();
                let line = pass(stream.unwrap(), &behind);
                told.lock().unwrap().push(line);
            }
        });
        Self { address, behind, seen }
    }

    /// The address of the site behind it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn lead_to(&self, behind: Behind) {
        *self.behind.lock().unwrap() = behind;
    }

    /// What was asked for and answered since the last call: `/feeds/all.rss 304`.
    pub(crate) fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

/// Answers one request on `stream`; what was asked for and answered.
fn pass(mut stream: TcpStream, behind: &Behind) -> String {
    let mut head = Vec::new();
    let mut piece = [0; 4096];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut piece).unwrap() {
            0 => return "closed".to_owned(),
            length => head.extend_from_slice(&piece[..length]),
        }
    }
    let head = text(&head);
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let answer = match behind {
        Behind::Server(address) => {
            let lines = head.split("\r\n").filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
            let lines: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
            let mut server = TcpStream::connect(address).unwrap();
            write!(server, "{}\r\nConnection: close\r\n\r\n", lines.join("\r\n")).unwrap();
            let mut answer = Vec::new();
            server.read_to_end(&mut answer).unwrap();
            answer
        }
        Behind::File(media_type, content) => {
            let length = content.len();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {length}");
            format!("{head}\r\nConnection: close\r\n\r\n{content}").into_bytes()
        }
        Behind::Moved(site) => {
            let head = format!("HTTP/1.1 301 Moved Permanently\r\nLocation: {site}{path}\r\nContent-Length: 0");
            format!("{head}\r\nConnection: close\r\n\r\n").into_bytes()
        }
    };
    stream.write_all(&answer).unwrap();
    let first = text(&answer[..answer.len().min(64)]);
    format!("{path} {}", first.split(' ').nth(1).unwrap())
}
