//! The load: as much as goes, or so much a second.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How many connections the open loop has: so many answers may be late before one waits for another.
const OPEN_LOOP: usize = 32;

/// What is asked for again and again.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) status: u16,
    /// How many bytes of body come back.
    pub(crate) bytes: usize,
}

impl Asked {
    fn request(&self) -> String {
        let mut request = format!("GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\n", self.path);
        for (name, value) in &self.headers {
            request.extend([name, ": ", value.as_str(), "\r\n"]);
        }
        request + "\r\n"
    }
}

/// A connection that is kept alive.
pub(crate) struct Client {
    socket: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_nodelay(true).unwrap();
        Self { socket, buffer: vec![0; 256 * 1024] }
    }

    /// One request and its whole answer: status, head, body.
    pub(crate) fn ask(&mut self, asked: &Asked) -> (u16, String, &[u8]) {
        self.socket.write_all(asked.request().as_bytes()).unwrap();
        let mut length = 0;
        let (head, end) = loop {
            let read = self.socket.read(&mut self.buffer[length..]).unwrap();
            assert!(read > 0, "the server closed the connection");
            length += read;
            if let Some(end) = self.buffer[..length].windows(4).position(|four| four == b"\r\n\r\n") {
                break (String::from_utf8(self.buffer[..end].to_vec()).unwrap(), end + 4);
            }
        };
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let field = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
        });
        let body = if status == 304 { 0 } else { field.unwrap() };
        while length < end + body {
            let read = self.socket.read(&mut self.buffer[length..]).unwrap();
            assert!(read > 0, "the server closed the connection");
            length += read;
        }
        (status, head, &self.buffer[end..end + body])
    }
}

/// What a closed loop did: each connection asks as soon as it is answered.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) rate: f64,
    pub(crate) requests: f64,
}

impl Load {
    /// What makes it.
    pub(crate) fn name() -> &'static str {
        if has("wrk") { "wrk" } else { "threads of this program" }
    }

    pub(crate) fn run(address: SocketAddr, asked: &Asked, connections: usize, seconds: u64) -> Self {
        if has("wrk") {
            Self::of_wrk(address, asked, connections, seconds)
        } else {
            Self::own(address, asked, connections, seconds)
        }
    }

    fn of_wrk(address: SocketAddr, asked: &Asked, connections: usize, seconds: u64) -> Self {
        let mut command = Command::new("taskset");
        command.args(["-c", "1", "wrk", "-t1", &format!("-c{connections}"), &format!("-d{seconds}s")]);
        for (name, value) in &asked.headers {
            command.args(["-H", &format!("{name}: {value}")]);
        }
        let output = command.arg(format!("http://{address}{}", asked.path)).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && !said.contains("Non-2xx") && !said.contains("Socket errors"), "{said}");
        let number = |after: bool, words: &str| {
            let line = said.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{said}"));
            let part = if after { line.split(words).nth(1) } else { line.split(words).next() };
            part.unwrap().trim().parse::<f64>().unwrap()
        };
        Self { rate: number(true, "Requests/sec:"), requests: number(false, " requests in ") }
    }

    fn own(address: SocketAddr, asked: &Asked, connections: usize, seconds: u64) -> Self {
        let (asks, begun) = (AtomicU64::new(0), Instant::now());
        let end = begun + Duration::from_secs(seconds);
        std::thread::scope(|scope| {
            for _ in 0..connections {
                scope.spawn(|| {
                    let mut client = Client::new(address);
                    while Instant::now() < end {
                        client.ask(asked);
                        asks.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        let requests = f64::from(u32::try_from(asks.into_inner()).unwrap());
        Self { rate: requests / begun.elapsed().as_secs_f64(), requests }
    }
}

/// How long answers took, in milliseconds.
#[derive(Debug)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) worst: f64,
}

/// Asks `rate` times a second for `seconds`, whether or not the answers before have come: each time counts from the
/// instant at which the request was meant to leave, so that an answer that is late makes those behind it late, too.
pub(crate) fn latency(address: SocketAddr, asked: &Asked, rate: u32, seconds: u64) -> Latency {
    let (next, count) = (AtomicU64::new(0), u64::from(rate) * seconds);
    let begin = Instant::now() + Duration::from_millis(100);
    let mut taken: Vec<Duration> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..OPEN_LOOP)
            .map(|_| {
                scope.spawn(|| {
                    let (mut client, mut taken) = (Client::new(address), Vec::new());
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= count {
                            return taken;
                        }
                        let meant = begin + Duration::from_nanos(number * 1_000_000_000 / u64::from(rate));
                        std::thread::sleep(meant.saturating_duration_since(Instant::now()));
                        client.ask(asked);
                        taken.push(meant.elapsed());
                    }
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    taken.sort_unstable();
    let at = |percent: usize| taken[(taken.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
    Latency { p50: at(50), p99: at(99), worst: at(100) }
}

/// Whether a program is installed.
pub(crate) fn has(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).chain(["/usr/sbin".into()]).any(|folder| folder.join(program).is_file())
}
