//! As much of an object store that speaks S3 as a bucket needs: `PUT`, `GET` and `DELETE` of objects, each request's
//! signature (AWS Signature Version 4) checked. It may be told to refuse everything from a request on.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// The one key it knows.
pub(crate) const KEY: (&str, &str) = ("presse", "un secret / bien gardé");
/// Its one bucket.
pub(crate) const BUCKET: &str = "presse";

/// What is asked after each change.
type Look = Box<dyn FnMut(&Objects) + Send>;

/// What it holds, by key.
pub(crate) type Objects = BTreeMap<String, Object>;

/// An object with what its readers are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) bytes: Vec<u8>,
    pub(crate) headers: BTreeMap<String, String>,
}

#[derive(Default)]
struct State {
    objects: Objects,
    requests: Vec<String>,
    /// How many more requests are answered.
    answers: Option<usize>,
    look: Option<Look>,
    wrong: Vec<String>,
}

/// A store on a port of its own, as long as the test runs.
#[derive(Clone)]
pub(crate) struct ObjectServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct Request {
    method: String,
    target: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl ObjectServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let started = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let server = started.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                std::thread::spawn(move || server.converse(&stream));
            }
        });
        started
    }

    /// Its address.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Refuses all but so many requests from now on; `None`: none.
    pub(crate) fn answer(&self, requests: Option<usize>) {
        self.state.lock().unwrap().answers = requests;
    }

    /// Asks `look` after each change from now on.
    pub(crate) fn look(&self, look: impl FnMut(&Objects) + Send + 'static) {
        self.state.lock().unwrap().look = Some(Box::new(look));
    }

    /// What it holds.
    pub(crate) fn objects(&self) -> Objects {
        self.state.lock().unwrap().objects.clone()
    }

    /// What it was asked since the last call; fails when anything of it was not as it should be.
    #[track_caller]
    pub(crate) fn requests(&self) -> Vec<String> {
        let mut state = self.state.lock().unwrap();
        assert!(state.wrong.is_empty(), "{:?}", state.wrong);
        std::mem::take(&mut state.requests)
    }

    fn converse(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        while let Some(request) = read(&mut reader) {
            let (status, body) = self.handle(&request);
            let body = if request.method == "HEAD" { Vec::new() } else { body };
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nETag: \"x\"\r\n", body.len());
            let dates = "Last-Modified: Mon, 23 Nov 2026 09:00:00 GMT\r\n\r\n";
            let mut writer = stream;
            if writer.write_all(&[head.as_bytes(), dates.as_bytes(), &body].concat()).is_err() {
                return;
            }
        }
    }

    fn handle(&self, request: &Request) -> (&'static str, Vec<u8>) {
        let mut state = self.state.lock().unwrap();
        state.requests.push(format!("{} {}", request.method, request.target));
        if let Some(left) = &mut state.answers {
            match left.checked_sub(1) {
                Some(fewer) => *left = fewer,
                None => return ("503 Slow Down", b"<Error><Code>SlowDown</Code></Error>".to_vec()),
            }
        }
        if let Err(wrong) = check_signature(request) {
            state.wrong.push(wrong);
            return ("403 Forbidden", b"<Error><Code>SignatureDoesNotMatch</Code></Error>".to_vec());
        }
        let path = percent_encoding::percent_decode_str(&request.target).decode_utf8().unwrap().into_owned();
        let Some(key) = path.strip_prefix(&format!("/{BUCKET}/")).map(str::to_owned) else {
            return ("404 Not Found", b"<Error><Code>NoSuchBucket</Code></Error>".to_vec());
        };
        let answer = match request.method.as_str() {
            "GET" => match state.objects.get(&key) {
                Some(object) => return ("200 OK", object.bytes.clone()),
                None => return ("404 Not Found", b"<Error><Code>NoSuchKey</Code></Error>".to_vec()),
            },
            "PUT" => {
                let object = Object { bytes: request.body.clone(), headers: request.headers.clone() };
                state.objects.insert(key, object);
                ("200 OK", Vec::new())
            }
            "DELETE" => {
                state.objects.remove(&key);
                ("204 No Content", Vec::new())
            }
            _ => return ("405 Method Not Allowed", Vec::new()),
        };
        let State { objects, look, .. } = &mut *state;
        if let Some(look) = look {
            look(objects);
        }
        answer
    }
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    assert!(!headers.contains_key("transfer-encoding"), "every length is known");
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, target, headers, body })
}

/// Whether the request was signed as a whole with the key's secret.
fn check_signature(request: &Request) -> Result<(), String> {
    let header = |name: &str| request.headers.get(name).cloned().unwrap_or_default();
    let authorization = header("authorization");
    let part = |name: &str| -> String {
        let parts = authorization.split([' ', ',']).filter_map(|part| part.split_once('='));
        parts.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).collect()
    };
    let (credential, signed, signature) = (part("Credential"), part("SignedHeaders"), part("Signature"));
    let scope = credential.strip_prefix(&format!("{}/", KEY.0)).ok_or_else(|| format!("who is {credential}?"))?;
    let stated = header("x-amz-content-sha256");
    if stated != hex(&Sha256::digest(&request.body)) {
        return Err(format!("{} {}: another body was signed", request.method, request.target));
    }
    let mut canonical = format!("{}\n{}\n\n", request.method, request.target);
    for name in signed.split(';') {
        writeln!(canonical, "{name}:{}", header(name)).unwrap();
    }
    write!(canonical, "\n{signed}\n{stated}").unwrap();
    let to_sign =
        format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{}", header("x-amz-date"), hex(&Sha256::digest(canonical.as_bytes())));
    let key = scope.split('/').fold(format!("AWS4{}", KEY.1).into_bytes(), |key, part| keyed(&key, part));
    if hex(&keyed(&key, &to_sign)) == signature {
        Ok(())
    } else {
        Err(format!("{} {}: the signature does not match", request.method, request.target))
    }
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    depeche::domain::to_hex(bytes)
}
