//! What servers may answer, each played by a thread on a port of its own, and what is made of it.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use url::Url;

use super::fetcher::{Patience, next_hop};
use super::{FetchError, Fetcher, FoundDocument};
use crate::config::FetchSettings;

/// Far more than any test needs; reached only when something is broken.
const GENEROUS: Duration = Duration::from_mins(1);
/// For tests in which patience must end.
const SHORT: Duration = Duration::from_millis(100);
/// How long a dripping server waits between two bytes: the client's patience is many such pauses.
const DRIP: Duration = Duration::from_millis(5);

/// A server on a port of its own.
struct Server {
    /// `http://127.0.0.1:PORT`
    root: String,
    /// The heads of the requests so far.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Reads the head of each request and lets `answer` do the rest, given the path.
    fn new(answer: impl Fn(&str, &mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let root = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let head = head(&mut stream);
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                seen.lock().unwrap().push(head);
                answer(&path, &mut stream);
            }
        });
        Self { root, requests }
    }

    /// Answers every request with `answer`, and hangs up.
    fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::new(move |_, stream| say(stream, &answer))
    }

    /// `/N` leads to `/N-1`, and `/0` is a PDF.
    fn counting_down() -> Self {
        Self::new(|path, stream| match path.trim_start_matches('/').parse() {
            Ok(0) => say(stream, &pdf()),
            Ok(number) => say(stream, redirect(&format!("/{}", number - 1)).as_bytes()),
            Err(_) => say(stream, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        })
    }

    fn heads(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// The head of a request, or what came before the client hung up.
fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Clients may hang up whenever they have read enough.
fn say(stream: &mut TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).unwrap_or_default();
}

/// Stays connected until the client hangs up.
fn stay(stream: &mut TcpStream) {
    stream.read_to_end(&mut Vec::new()).unwrap_or_default();
}

fn answer(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{headers}\r\n{body}")
}

fn pdf() -> Vec<u8> {
    answer("Content-Length: 8\r\n", "%PDF-1.7").into_bytes()
}

fn redirect(location: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

/// Allowed everywhere, and patient.
fn fetcher() -> Fetcher {
    Fetcher::guarded_by(|_| true, Patience { connect: GENEROUS, overall: GENEROUS })
}

fn impatient() -> Fetcher {
    Fetcher::guarded_by(|_| true, Patience { connect: GENEROUS, overall: SHORT })
}

/// What is made of the answer `says` when a PDF is asked for.
fn asked_for_pdf(says: impl Into<Vec<u8>>) -> Result<FoundDocument, FetchError> {
    fetcher().document(&Server::saying(says).root, true)
}

#[track_caller]
fn found(says: impl Into<Vec<u8>>, bytes: Option<u64>) {
    assert_eq!(asked_for_pdf(says).unwrap(), FoundDocument { bytes });
}

#[test]
fn a_document_has_the_size_its_server_gives() {
    let server = Server::saying(pdf());
    let found = fetcher().document(&format!("{}/a%20b.pdf?v=2#page=3", server.root), true).unwrap();
    assert_eq!(found.bytes, Some(8));
    let heads = server.heads();
    let head = heads[0].to_lowercase();
    assert!(head.starts_with("get /a%20b.pdf?v=2 http/1.1\r\n"), "{head}");
    for header in ["user-agent: depeche/", "accept-encoding: identity\r\n", "host: 127.0.0.1:"] {
        assert!(head.contains(header), "{header} in {head}");
    }
}

#[test]
fn a_size_that_is_not_given_is_counted_unless_it_is_large() {
    found(answer("", "%PDF-1.7 short"), Some(14));
    found(answer("Transfer-Encoding: chunked\r\n", "3\r\n%PD\r\n2\r\nF!\r\n0\r\n\r\n"), Some(5));
    found(answer("", &format!("%PDF{}", " ".repeat(64 * 1024))), None);
}

#[test]
fn no_more_is_read_than_is_needed() {
    let huge = Server::new(|_, stream| {
        say(stream, answer("Content-Length: 18446744073709551615\r\n", "%PDF").as_bytes());
        stay(stream);
    });
    assert_eq!(fetcher().document(&huge.root, true).unwrap().bytes, Some(u64::MAX));
    let endless = Server::new(|_, stream| {
        say(stream, answer("", "%PDF").as_bytes());
        while stream.write_all(&[b' '; 1024]).is_ok() {}
    });
    assert_eq!(fetcher().document(&endless.root, true).unwrap().bytes, None);
    assert!(fetcher().page(&endless.root).is_ok());
}

#[test]
fn an_empty_document_is_none() {
    for empty in
        [answer("Content-Length: 0\r\n", ""), answer("", ""), answer("Transfer-Encoding: chunked\r\n", "0\r\n\r\n")]
    {
        let made = asked_for_pdf(empty.clone());
        assert!(matches!(made, Err(FetchError::Empty)), "{empty}: {made:?}");
    }
}

#[test]
fn only_what_is_called_a_pdf_must_be_one() {
    for other in ["<!doctype html>", "%PD", " %PDF", "\u{feff}%PDF"] {
        let says = answer(&format!("Content-Length: {}\r\n", other.len()), other);
        let made = asked_for_pdf(says.clone());
        assert!(matches!(made, Err(FetchError::NotPdf)), "{other}: {made:?}");
        assert!(fetcher().document(&Server::saying(says).root, false).is_ok(), "{other}");
    }
}

#[test]
fn nothing_but_200_will_do() {
    for status in [201, 204, 206, 304, 404, 410, 500, 503] {
        let server = Server::saying(format!("HTTP/1.1 {status} Some\r\nContent-Length: 4\r\n\r\n%PDF"));
        let answers = [fetcher().document(&server.root, true).map(drop), fetcher().page(&server.root)];
        for answer in answers {
            assert!(matches!(answer, Err(FetchError::Status(code)) if code == status), "{status}: {answer:?}");
        }
    }
}

#[test]
fn five_redirects_are_followed_and_no_more() {
    let server = Server::counting_down();
    assert!(fetcher().page(&format!("{}/5", server.root)).is_ok());
    assert_eq!(server.heads().len(), 6);
    assert!(fetcher().document(&format!("{}/5", server.root), true).is_ok());
    let made = fetcher().page(&format!("{}/6", server.root));
    assert!(matches!(made, Err(FetchError::TooManyRedirects)), "{made:?}");
    let made = fetcher().page(&Server::saying(redirect("/again")).root);
    assert!(matches!(made, Err(FetchError::TooManyRedirects)), "{made:?}");
}

#[test]
fn a_redirect_may_lead_to_another_server() {
    let there = Server::saying(pdf());
    let here = Server::saying(redirect(&format!("{}/there.pdf", there.root)));
    assert_eq!(fetcher().document(&here.root, true).unwrap().bytes, Some(8));
    assert!(there.heads()[0].starts_with("GET /there.pdf "));
}

#[test]
fn a_redirect_stays_on_the_web() {
    for location in ["ftp://example.org/a.pdf", "file:///etc/passwd", "http://ann@127.0.0.1/", "http://"] {
        let made = fetcher().page(&Server::saying(redirect(location)).root);
        assert!(matches!(&made, Err(FetchError::Address(address)) if address == location), "{made:?}");
    }
    let nowhere = fetcher().page(&Server::saying("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n").root);
    assert!(matches!(nowhere, Err(FetchError::Status(302))), "{nowhere:?}");
}

#[test]
fn a_redirect_does_not_give_up_encryption() {
    let secure = Url::parse("https://example.org/a/b").unwrap();
    for (location, expected) in [
        ("c", "https://example.org/a/c"),
        ("/c#top", "https://example.org/c"),
        ("//www.example.org/", "https://www.example.org/"),
        ("https://2130706433/", "https://127.0.0.1/"),
    ] {
        assert_eq!(next_hop(&secure, location.as_bytes()).unwrap().as_str(), expected);
    }
    let made = next_hop(&secure, b"http://example.org/a/b");
    assert!(matches!(made, Err(FetchError::Insecure(_))), "{made:?}");
    let plain = Url::parse("http://example.org/").unwrap();
    assert!(next_hop(&plain, b"https://example.org/").is_ok());
}

#[test]
fn addresses_that_are_none_of_the_web_are_not_asked_at() {
    for address in [
        "",
        "a.pdf",
        "/uploads/a.pdf",
        "//example.org/a.pdf",
        "ftp://example.org/a.pdf",
        "file:///etc/passwd",
        "data:application/pdf,%25PDF",
        "mailto:ann@example.org",
        "http://",
        "http://ann:secret@example.org/",
        "http://1.2.3.4.5/",
        "http://exa mple.org/",
    ] {
        let made = fetcher().document(address, true);
        assert!(matches!(&made, Err(FetchError::Address(found)) if found == address), "{address}: {made:?}");
    }
}

#[test]
fn a_silent_or_dripping_server_is_left() {
    let silent = Server::new(|_, stream| stay(stream));
    let stalling = Server::new(|_, stream| {
        say(stream, answer("Content-Length: 8\r\n", "%P").as_bytes());
        stay(stream);
    });
    let dripping = Server::new(|_, stream| {
        say(stream, answer("", "%PDF").as_bytes());
        stream.set_read_timeout(Some(DRIP)).unwrap();
        while stream.write_all(b" ").is_ok() && stream.read(&mut [0]).is_err() {}
    });
    for server in [silent, stalling, dripping] {
        let made = impatient().document(&server.root, true);
        assert!(matches!(made, Err(FetchError::Timeout)), "{made:?}");
    }
}

#[test]
fn patience_is_for_all_redirects_together() {
    let server = Server::new(|_, stream| {
        stream.set_read_timeout(Some(SHORT / 4)).unwrap();
        stream.read(&mut [0]).unwrap_or_default();
        say(stream, redirect("/again").as_bytes());
    });
    let made = impatient().page(&server.root);
    assert!(matches!(made, Err(FetchError::Timeout)), "{made:?}");
}

#[test]
fn headers_without_end_are_too_large() {
    let server = Server::new(|_, stream| {
        say(stream, b"HTTP/1.1 200 OK\r\nX-Long: ");
        while stream.write_all(&[b'x'; 1024]).is_ok() {}
    });
    let made = fetcher().page(&server.root);
    assert!(matches!(made, Err(FetchError::TooLarge)), "{made:?}");
    let mut many = String::new();
    for number in 0..500 {
        write!(many, "X-{number}: y\r\n").unwrap();
    }
    let made = fetcher().page(&Server::saying(answer(&many, "")).root);
    assert!(matches!(made, Err(FetchError::Unreachable(_))), "{made:?}");
}

#[test]
fn what_is_not_http_is_unreachable() {
    for says in ["", "220 mail.example.org ESMTP\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n%P"] {
        let made = asked_for_pdf(says);
        assert!(matches!(made, Err(FetchError::Unreachable(_))), "{says}: {made:?}");
    }
}

#[test]
fn a_server_without_tls_is_no_secure_one() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = format!("https://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        listener.accept().map(|(mut stream, _)| say(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    });
    let made = fetcher().page(&address);
    assert!(matches!(made, Err(FetchError::Unreachable(_))), "{made:?}");
}

#[test]
fn private_addresses_are_refused_however_they_are_spelled() {
    let server = Server::saying(pdf());
    let port = server.root.rsplit(':').next().unwrap();
    let guarded = Fetcher::new(&FetchSettings { private: false });
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "１２７.0.0.1",
        "localhost",
        "LOCALHOST",
        "0.0.0.0",
        "0",
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[fd00::1]",
        "[fe80::1]",
    ] {
        let made = guarded.document(&format!("http://{host}:{port}/a.pdf"), true);
        assert!(matches!(made, Err(FetchError::Forbidden(_))), "{host}: {made:?}");
    }
    assert_eq!(server.heads(), [""; 0]);
    let allowed = Fetcher::new(&FetchSettings { private: true });
    assert!(allowed.document(&format!("http://2130706433:{port}/a.pdf"), true).is_ok());
}

#[test]
fn a_redirect_passes_the_guard_anew() {
    let inside = IpAddr::from([127, 0, 0, 2]);
    let server = Server::saying(redirect("http://127.0.0.2:1/secret"));
    let patience = Patience { connect: GENEROUS, overall: GENEROUS };
    let guarded = Fetcher::guarded_by(|address| address == IpAddr::from([127, 0, 0, 1]), patience);
    let made = guarded.page(&server.root);
    assert!(matches!(made, Err(FetchError::Forbidden(address)) if address == inside), "{made:?}");
    assert_eq!(server.heads().len(), 1);
}

#[test]
fn errors_fit_into_a_sentence() {
    let errors = [
        (FetchError::Address("x".to_owned()), "`x` is not an `http` or `https` address without a user name"),
        (
            FetchError::Forbidden(IpAddr::from([10, 0, 0, 1])),
            "`10.0.0.1` is not a public address (`fetch.private = true` allows it)",
        ),
        (FetchError::Status(404), "the answer is status 404"),
    ];
    for (error, expected) in errors {
        assert_eq!(error.to_string(), expected);
    }
}
