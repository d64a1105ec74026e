//! The list: what is asked, byte for byte, and what must hold besides what always must.

use depeche::domain::Token;

use super::room::Room;

/// Which listener is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Public,
    Admin,
}

/// One request, or what looks like several.
#[derive(Debug)]
pub(crate) struct Hostile {
    pub(crate) what: String,
    pub(crate) side: Side,
    pub(crate) bytes: Vec<u8>,
    /// The statuses that the first answer may have; none: any that is no fault of ours.
    pub(crate) statuses: &'static [u16],
    /// How many answers come.
    pub(crate) answers: usize,
    /// It never ends: the client goes away in the middle.
    pub(crate) is_unfinished: bool,
}

impl Hostile {
    fn new(what: impl Into<String>, bytes: impl Into<Vec<u8>>, statuses: &'static [u16]) -> Self {
        let (what, bytes) = (what.into(), bytes.into());
        Self { what, side: Side::Public, bytes, statuses, answers: 1, is_unfinished: false }
    }

    fn at(mut self, side: Side) -> Self {
        self.side = side;
        self
    }

    fn answered(mut self, answers: usize) -> Self {
        self.answers = answers;
        self
    }

    fn unfinished(mut self) -> Self {
        self.is_unfinished = true;
        self
    }
}

/// A request with these lines in its head.
fn asked(method: &str, target: &str, lines: &[&str], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
    if !lines.iter().any(|line| line.to_ascii_lowercase().starts_with("host:")) {
        bytes.extend(b"Host: presse.example.org\r\n");
    }
    for line in lines {
        bytes.extend(line.as_bytes());
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"Connection: close\r\n\r\n");
    bytes.extend(body);
    bytes
}

fn got(target: &str) -> Vec<u8> {
    asked("GET", target, &[], b"")
}

fn posted(target: &str, lines: &[&str], body: &[u8]) -> Vec<u8> {
    let length = format!("Content-Length: {}", body.len());
    let mut lines = lines.to_vec();
    if !lines.iter().any(|line| line.to_ascii_lowercase().starts_with("content-type:")) {
        lines.push("Content-Type: application/x-www-form-urlencoded");
    }
    lines.push(&length);
    asked("POST", target, &lines, body)
}

/// Everything.
pub(crate) fn all(room: &Room) -> Vec<Hostile> {
    let lists = [
        below_uploads(),
        targets(),
        methods(),
        heads(),
        links(room),
        forms(room),
        smuggled(room),
        unfinished(),
        on_the_admin_side(),
    ];
    lists.into_iter().flatten().collect()
}

/// Files that are not public, and ways out of the folder.
fn below_uploads() -> Vec<Hostile> {
    const PATHS: [&str; 45] = [
        "embargo.pdf",
        "orphelin.pdf",
        "lien.pdf",
        "haut/voisin.pdf",
        "haut/2026-11-21-serin-sous-embargo.md",
        "etc/passwd",
        ".htpasswd",
        "%2ehtpasswd",
        "dossier/.git/config",
        "dossier/%2egit/config",
        "dossier",
        "dossier/",
        "",
        ".",
        "..",
        "../voisin.pdf",
        "../../voisin.pdf",
        "../../secret.key",
        "../../var/secret.key",
        "../../config.toml",
        "../../depeche.sqlite",
        "%2e%2e/voisin.pdf",
        "%2e%2e%2fvoisin.pdf",
        "..%2fvoisin.pdf",
        "..%5cvoisin.pdf",
        "..\\voisin.pdf",
        ".%2e/voisin.pdf",
        "%252e%252e%252fvoisin.pdf",
        "%c0%ae%c0%ae/voisin.pdf",
        "%c0%ae%c0%ae%c0%afvoisin.pdf",
        "%ef%bc%8e%ef%bc%8e/voisin.pdf",
        "%e2%80%a5/voisin.pdf",
        "....//voisin.pdf",
        "plan.pdf/../../voisin.pdf",
        "plan.pdf/..%2f..%2fvoisin.pdf",
        "plan.pdf%00.png",
        "%00plan.pdf",
        "voisin.pdf%00",
        "embargo.pdf%00plan.pdf",
        "embargo.pdf%20",
        "embargo.pdf.",
        "EMBARGO.PDF",
        "//etc/passwd",
        "%2fetc%2fpasswd",
        "C:%5cWindows%5cwin.ini",
    ];
    let out = PATHS.map(|path| Hostile::new("out of uploads", got(&format!("/uploads/{path}")), &[301, 308, 400, 404]));
    let mut list = Vec::from(out);
    for method in ["HEAD", "POST", "PUT", "DELETE"] {
        let bytes = asked(method, "/uploads/embargo.pdf", &["Content-Length: 0"], b"");
        list.push(Hostile::new("a hidden file by another method", bytes, &[404, 405]));
    }
    for range in ["bytes=0-", "bytes=-1", "bytes=0-0,1-1,2-2", "bytes=18446744073709551615-", "lines=1-2"] {
        let line = format!("Range: {range}");
        list.push(Hostile::new("a range", asked("GET", "/uploads/plan.pdf", &[&line], b""), &[200]));
    }
    list
}

/// Addresses that are none, or are somebody else's.
fn targets() -> Vec<Hostile> {
    const TARGETS: [&str; 43] = [
        "/espace-presse/serin-sous-embargo/",
        "/espace-presse/serin-sous-embargo",
        "/espace-presse/serin-non-publie/",
        "/feeds/tag/serin-sous-embargo.atom",
        "/feeds/tag/serin-sous-embargo/",
        "/feeds/all/2999.atom",
        "/feeds/all/1.rss",
        "/feeds/all/-1.json",
        "/feeds/all/99999999999999999999.rss",
        "/feeds/all/page/99999999999999999999/",
        "/feeds/category/%2e%2e%2f%2e%2e%2fetc.rss",
        "/sitemap-99999999999999999999.xml",
        "/assets/../config.toml",
        "/assets/%2e%2e/config.toml",
        "/mailbox/",
        "/metrics",
        "/health",
        "/ready",
        "//evil.example/",
        "//evil.example/%2e%2e",
        "///evil.example",
        "/\\evil.example",
        "/%5cevil.example/",
        "/evil.example//..",
        "/%0d%0aX-Injected:%201",
        "/feeds%0d%0aX-Injected:%201",
        "/espace-presse/pont%0d%0aX-Injected:%201",
        "/espace-presse/pont%0aSet-Cookie:%20a=b/",
        "/feeds/all%0d%0aLocation:%20https:%2f%2fevil.example",
        "/%3cscript%3ealert(1)%3c/script%3e",
        "/?q=%3cscript%3e",
        "/subscribe?topic=%3cscript%3ealert(1)%3c/script%3e&language=../../etc/passwd",
        "/subscribe?email=%22%3e%3cscript%3e&next=https://evil.example",
        "/%",
        "/%zz",
        "/%ff%fe",
        "/%00",
        "/%ed%a0%80",
        "/..",
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/.env",
        "/.git/config",
    ];
    let mut list: Vec<_> = TARGETS.iter().map(|target| Hostile::new("a target", got(target), &[])).collect();
    let long = format!("/{}", "a/".repeat(4_000));
    list.push(Hostile::new("a long target", got(&long), &[404]));
    let nested = format!("/espace-presse/{}", "%2e%2e%2f".repeat(400));
    list.push(Hostile::new("many steps up", got(&nested), &[400, 404]));
    list.push(Hostile::new("a target beyond all bounds", got(&format!("/{}", "a".repeat(70_000))), &[414, 431]));
    for target in ["http://evil.example/", "http://evil.example/subscribe", "https://evil.example@presse.example.org/"]
    {
        list.push(Hostile::new("a whole address", got(target), &[]));
    }
    list.push(Hostile::new("an asterisk", asked("OPTIONS", "*", &[], b""), &[]));
    list.push(Hostile::new(
        "bytes that are no text",
        &b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"[..],
        &[],
    ));
    list
}

fn methods() -> Vec<Hostile> {
    const METHODS: [&str; 9] = [
        "TRACE",
        "OPTIONS",
        "PUT",
        "DELETE",
        "PATCH",
        "PROPFIND",
        "BREW",
        "get",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ];
    let mut list = Vec::new();
    for target in ["/", "/subscribe"] {
        list.extend(METHODS.map(|method| {
            let bytes = asked(method, target, &["X-Secret: evil.example", "Content-Length: 0"], b"");
            Hostile::new("a method", bytes, &[400, 405])
        }));
    }
    list.push(Hostile::new(
        "a tunnel",
        asked("CONNECT", "evil.example:443", &["Host: evil.example"], b""),
        &[400, 404, 405],
    ));
    list.push(Hostile::new("a method with a space", asked("GE T", "/", &[], b""), &[400]));
    list
}

/// Headers that claim something.
fn heads() -> Vec<Hostile> {
    let many: Vec<String> = (0..120).map(|number| format!("X-Number-{number}: 1")).collect();
    let long = format!("X-Long: {}", "a".repeat(20_000));
    let tags = format!("If-None-Match: {}", "\"a\", ".repeat(2_000));
    let hops = format!("X-Forwarded-For: {}", "1.2.3.4, ".repeat(1_500));
    let forwarded = format!("Forwarded: {}", "for=\"\\".repeat(1_500));
    let one: [(&str, &str); 24] = [
        ("another host", "Host: evil.example"),
        ("a host that is none", "Host: evil.example/\"><script>"),
        ("an empty host", "Host: "),
        ("a forwarded host", "X-Forwarded-Host: evil.example"),
        ("a forwarded scheme", "X-Forwarded-Proto: javascript"),
        ("a forwarded prefix", "X-Forwarded-Prefix: //evil.example"),
        ("another address", "X-Original-URL: /mailbox/"),
        ("another address", "X-Rewrite-URL: /metrics"),
        ("another method", "X-HTTP-Method-Override: DELETE"),
        ("a referrer", "Referer: https://evil.example/"),
        ("an origin", "Origin: https://evil.example"),
        ("a language", "Accept-Language: ../../../../etc/passwd"),
        ("a coding", "Accept-Encoding: gzip;q=1e999, br;q=-1, *;q=nan"),
        ("a manipulation", "A-IM: feed;q=999999999999, x\"y"),
        ("a date", "If-Modified-Since: Fri, 99 Xxx 99999 99:99:99 GMT"),
        ("a token of the admin side", "Authorization: Basic Og=="),
        ("a cookie", "Cookie: session=../../etc/passwd"),
        ("an upgrade", "Upgrade: h2c"),
        ("a nested range", "If-Range: \"x\""),
        ("an accept", "Accept: ../../etc/passwd"),
        ("many tags", &tags),
        ("many hops", &hops),
        ("open quotes", &forwarded),
        ("an expectation", "Expect: 200-ok"),
    ];
    let mut list = Vec::new();
    for (what, line) in one {
        list.push(Hostile::new(what, asked("GET", "/feeds/all.atom", &[line], b""), &[]));
    }
    for target in ["/espace-presse/pont", "/feeds", "/nothing"] {
        let lines = ["Host: evil.example", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example"];
        list.push(Hostile::new("a redirect to another host", asked("GET", target, &lines, b""), &[301, 308, 404]));
    }
    let lines: Vec<&str> = many.iter().map(String::as_str).collect();
    list.push(Hostile::new("many headers", asked("GET", "/", &lines, b""), &[431]));
    list.push(Hostile::new("a long header", asked("GET", "/", &[&long], b""), &[431]));
    for (what, head) in [
        ("a folded header", "X-Folded: a\r\n b\r\n"),
        ("a header without a colon", "Nothing\r\n"),
        ("a space before the colon", "Host : evil.example\r\n"),
        ("a header without a name", ": evil.example\r\n"),
        ("a line end of its own", "X-A: b\rX-Injected: 1\r\n"),
        ("a zero byte", "X-A: b\0c\r\n"),
    ] {
        let bytes = format!("GET / HTTP/1.1\r\nHost: a\r\n{head}Connection: close\r\n\r\n");
        list.push(Hostile::new(what, bytes, &[400]));
    }
    list
}

/// Signed links that are not what they say.
fn links(room: &Room) -> Vec<Hostile> {
    let (ann, bob) = (room.ann, room.bob);
    let preferences = room.signed(Token::Preferences { subscriber: ann });
    let leave = room.signed(Token::Unsubscribe { subscriber: ann });
    let others = room.signed(Token::Unsubscribe { subscriber: bob });
    let office = room.office();
    // One's own words with another's signature: the last 16 bytes of 25 are the signature.
    let swapped = format!("{}{}", &leave[..12], &others[12..]);
    let changed = |token: &str| {
        let last = if token.ends_with('A') { 'Q' } else { 'A' };
        format!("{}{last}", &token[..token.len() - 1])
    };
    let mut list = Vec::new();
    let mut both = |what: &str, kind: &str, token: &str, statuses: &'static [u16]| {
        let target = format!("/{kind}/{token}");
        list.push(Hostile::new(what, got(&target), statuses));
        list.push(Hostile::new(
            what,
            posted(&target, &[], b"do=cancel&topic=all&List-Unsubscribe=One-Click"),
            statuses,
        ));
    };
    for kind in ["u", "preferences", "confirm", "office"] {
        both("a token that is none", kind, "x", &[404]);
        both("a token that is no text", kind, "%ff", &[400, 404]);
    }
    for (what, kind, token) in [
        ("another purpose", "u", preferences.as_str()),
        ("another purpose", "confirm", preferences.as_str()),
        ("another purpose", "office", preferences.as_str()),
        ("another purpose", "preferences", leave.as_str()),
        ("another purpose", "confirm", leave.as_str()),
        ("another purpose", "u", office.as_str()),
        ("an edition that is not there", "office", office.as_str()),
        ("another's signature", "u", swapped.as_str()),
        ("a changed token", "u", changed(&leave).as_str()),
        ("a changed token", "preferences", changed(&preferences).as_str()),
        ("a truncated token", "u", &leave[..leave.len() - 2]),
        ("a padded token", "u", &format!("{leave}==")),
        ("a longer token", "u", &format!("{leave}AAAA")),
        ("a token twice", "preferences", &format!("{preferences}{preferences}")),
        ("another alphabet", "u", &leave.to_ascii_uppercase()),
        ("a token with a zero byte", "u", &format!("{leave}%00")),
        ("a token with a line end", "u", &format!("{leave}%0d%0aX-Injected:%201")),
        ("a token with a slash", "u", &format!("{leave}%2f..%2f..")),
        ("a long token", "u", &"A".repeat(8_000)),
    ] {
        both(what, kind, token, &[404]);
    }
    both("a confirmation whose time is over", "confirm", &room.expired(), &[410]);
    list
}

/// What is typed into the form.
fn forms(room: &Room) -> Vec<Hostile> {
    let started = room.started();
    let mut list = Vec::new();
    let addresses = [
        "ann%40example.org%0d%0aBcc:%20tous@mechant.example",
        "ann%40example.org%0aX-Injected:%201",
        "ann%40example.org%2c%20bob%40mechant.example",
        "ann%40example.org;bob%40mechant.example",
        "%22ann%22%3cann%40mechant.example%3e",
        "ann%40mechant.example%00%40example.org",
        "ann%40[127.0.0.1]",
        "ann%40127.0.0.1",
        "%40",
        "ann%40",
        "%3cscript%3e%40mechant.example",
        "'%20OR%201=1--%40x.example%20",
        "ann%e2%80%ae%40example.org%20x",
        "../../../etc/passwd",
    ];
    for address in addresses {
        let form = format!("email={address}&topic=all&website=&started={started}");
        list.push(Hostile::new("an address that is none", posted("/subscribe", &[], form.as_bytes()), &[422]));
    }
    let long = "a".repeat(10_000);
    let rest = [
        ("a name with line ends", "name=Ann%0d%0aX-Injected:%201%0d%0aBcc:%20x@evil.example&topic=all".to_owned()),
        ("a name with markup", "name=%3cscript%3ealert(1)%3c/script%3e&topic=all".to_owned()),
        (
            "a name that is a template",
            "name={{%201234567*9%20}}{%25%20include%20'/etc/passwd'%20%25}&topic=all".to_owned(),
        ),
        ("a name that ends the header", "name=%22%3e,%20%3cx@evil.example%3e&topic=all".to_owned()),
        ("an organisation with markup", "organisation=%3cimg%20src=//evil.example%3e&topic=all".to_owned()),
        ("a long name", format!("name={long}&topic=all")),
        ("a language that is a path", "language=../../etc/passwd&topic=all".to_owned()),
        ("a frequency that is none", "frequency='%20OR%20'1'='1&topic=all".to_owned()),
        ("a field twice", "email=tous%40evil.example&topic=all&topic=all".to_owned()),
        ("fields of another language", "__proto__[admin]=1&topic=all&state=active".to_owned()),
    ];
    for (number, (what, fields)) in rest.into_iter().enumerate() {
        let form = format!("email=curieux{number}%40journal.example&{fields}&website=&started={started}");
        list.push(Hostile::new(what, posted("/subscribe", &[], form.as_bytes()), &[200]));
    }
    for (what, topics) in [
        ("a topic that is markup", "topic=tag:%3cscript%3e"),
        ("a topic under embargo", "topic=tag:serin-sous-embargo"),
        ("a topic that is a statement", "topic=all'%3b%20DROP%20TABLE%20subscribers%3b--"),
        ("no topic", ""),
    ] {
        let form = format!("email=curieux%40journal.example&{topics}&website=&started={started}");
        list.push(Hostile::new(what, posted("/subscribe", &[], form.as_bytes()), &[422]));
    }
    let trapped = format!("email=robot%40journal.example&topic=all&website=http://evil.example&started={started}");
    list.push(Hostile::new("the field that people do not see", posted("/subscribe", &[], trapped.as_bytes()), &[200]));
    let forged = "email=robot%40journal.example&topic=all&started=1.AAAAAAAAAAAAAAAAAAAAAA";
    list.push(Hostile::new("a forged form", posted("/subscribe", &[], forged.as_bytes()), &[422]));
    let foreign = format!("email=robot%40journal.example&topic=all&started={started}");
    let lines = ["Origin: https://evil.example", "Sec-Fetch-Site: cross-site"];
    list.push(Hostile::new("a form of another site", posted("/subscribe", &lines, foreign.as_bytes()), &[422]));
    for (what, kind, body) in [
        (
            "a form in parts",
            "multipart/form-data; boundary=x",
            &b"--x\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@b.example\r\n--x--\r\n"[..],
        ),
        ("a form in JSON", "application/json", b"{\"email\": \"a@evil.example\"}"),
        ("a form in XML", "application/xml", b"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>"),
        ("a form that is no text", "application/x-www-form-urlencoded", b"email=\xff\xfe&topic=\x00"),
        ("an empty form", "application/x-www-form-urlencoded", b""),
        ("a form of nothing but ends", "application/x-www-form-urlencoded", b"&&&===&&&%%%"),
    ] {
        let line = format!("Content-Type: {kind}");
        list.push(Hostile::new(what, posted("/subscribe", &[&line], body), &[422]));
    }
    list.push(Hostile::new("a form too large", posted("/subscribe", &[], &vec![b'a'; 64 * 1024 + 1]), &[413]));
    let packed = ["Content-Encoding: gzip"];
    list.push(Hostile::new("a packed form", posted("/subscribe", &packed, b"\x1f\x8b\x08\x00"), &[415, 422]));
    let fields = "topic=all&".repeat(6_000);
    list.push(Hostile::new("many fields", posted("/subscribe", &[], fields.as_bytes()), &[422]));
    let honest = format!("email=honnete%40journal.example&topic=all&website=&started={started}");
    list.push(Hostile::new("an honest form among all these", posted("/subscribe", &[], honest.as_bytes()), &[200]));
    list
}

/// What one program may read as one request and another as two.
fn smuggled(room: &Room) -> Vec<Hostile> {
    let leave = room.signed(Token::Unsubscribe { subscriber: room.bob });
    let inner = format!("POST /u/{leave} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let chunk = format!("0\r\n\r\n{inner}");
    let head = "POST /subscribe HTTP/1.1\r\nHost: a\r\n";
    let both = format!("{head}Content-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}", chunk.len());
    let mut list = vec![
        Hostile::new("two lengths, one chunked", both, &[]),
        Hostile::new(
            "two lengths that differ",
            format!("{head}Content-Length: 0\r\nContent-Length: {}\r\n\r\n{inner}", inner.len()),
            &[400],
        ),
        Hostile::new("two lengths in one line", format!("{head}Content-Length: 0, 5\r\n\r\n{inner}"), &[400]),
        Hostile::new("a negative length", format!("{head}Content-Length: -1\r\n\r\n{inner}"), &[400]),
        Hostile::new("a length with a sign", format!("{head}Content-Length: +5\r\n\r\n{inner}"), &[400]),
        Hostile::new(
            "a length beyond all numbers",
            format!("{head}Content-Length: 99999999999999999999999\r\n\r\n"),
            &[400],
        ),
        Hostile::new("a length in hexadecimal", format!("{head}Content-Length: 0x5\r\n\r\n{inner}"), &[400]),
        Hostile::new(
            "a chunk size that is none",
            format!("{head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n{inner}"),
            &[400],
        ),
        Hostile::new(
            "a chunk size beyond all numbers",
            format!("{head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nfffffffffffffffff\r\n{inner}"),
            &[400],
        ),
        Hostile::new(
            "another coding",
            format!("{head}Transfer-Encoding: gzip\r\nConnection: close\r\n\r\n{inner}"),
            &[400],
        ),
        Hostile::new(
            "chunked twice",
            format!("{head}Transfer-Encoding: chunked, chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"),
            &[],
        ),
        Hostile::new(
            "chunked and identity",
            format!("{head}Transfer-Encoding: chunked, identity\r\nConnection: close\r\n\r\n0\r\n\r\n"),
            &[400],
        ),
        Hostile::new(
            "a hidden coding",
            format!("{head}Transfer-Encoding: xchunked\r\nConnection: close\r\n\r\n{inner}"),
            &[400],
        ),
        Hostile::new(
            "HTTP/1.0 and chunked",
            format!("POST /subscribe HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}"),
            &[],
        ),
        Hostile::new("an unknown version", "GET / HTTP/9.9\r\nHost: a\r\n\r\n", &[400]),
        Hostile::new("no version", "GET /\r\n\r\n", &[400]),
        Hostile::new("HTTP/2", &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &[]).answered(0),
        Hostile::new("TLS", &b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n\r\n"[..], &[400]),
        Hostile::new("nothing of a request", "evil.example\r\n\r\n", &[400]),
    ];
    let one =
        format!("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n{}", String::from_utf8_lossy(&got("/feeds/all.rss")));
    list.push(Hostile::new("two in a row", one, &[200]).answered(2));
    list
}

/// What never ends: the client leaves.
fn unfinished() -> Vec<Hostile> {
    [
        "GET / HT",
        "GET / HTTP/1.1\r\nHost: a\r\nX: ",
        "POST /subscribe HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\nemail=",
        "\r\n",
    ]
    .map(|bytes| Hostile::new("half a request", bytes, &[]).unfinished())
    .into()
}

fn on_the_admin_side() -> Vec<Hostile> {
    let own = "Host: 127.0.0.1:8081";
    let mut list = Vec::new();
    for host in [
        "evil.example",
        "127.0.0.1.evil.example",
        "presse.example.org",
        "localhost.evil.example",
        "0.0.0.0",
        "[::]",
        "169.254.169.254",
        "",
    ] {
        let line = format!("Host: {host}");
        list.push(Hostile::new("a name that leads here", asked("GET", "/mailbox/", &[&line], b""), &[421]));
    }
    list.push(Hostile::new("two hosts", asked("GET", "/mailbox/", &[own, "Host: evil.example"], b""), &[400, 421]));
    for line in
        ["Origin: https://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"]
    {
        for target in ["/mailbox/editions/1", "/mailbox/folder/confirm", "/mailbox/clock/confirm"] {
            let bytes = posted(target, &[own, line], b"do=cancel");
            list.push(Hostile::new("a form of another site", bytes, &[403]));
        }
    }
    for target in ["/mailbox/editions/1", "/mailbox/folder/confirm", "/mailbox/clock/confirm"] {
        list.push(Hostile::new("a link that acts", asked("GET", target, &[own], b""), &[405]));
    }
    for target in [
        "/mailbox/letters/..%2f..%2fdepeche.sqlite",
        "/mailbox/letters/..%2f..%2fvar%2fsecret.key/raw",
        "/mailbox/letters/%2fetc%2fpasswd/raw",
        "/mailbox/letters/%00/raw",
        "/mailbox/letters/x%0d%0aX-Injected:%201/html",
        "/mailbox/previews/announcement-%3cscript%3e-fr",
        "/mailbox/previews/digest-daily-xx/html",
        "/mailbox/previews/%2e%2e%2f-fr",
        "/mailbox/nothing",
        "/uploads/embargo.pdf",
    ] {
        list.push(Hostile::new("an address of the admin side", asked("GET", target, &[own], b""), &[404]));
    }
    for edition in ["99999999999999999999", "-1", "x", "1%00"] {
        let bytes = posted(&format!("/mailbox/editions/{edition}"), &[own], b"do=cancel");
        list.push(Hostile::new("an edition that is none", bytes, &[404]));
    }
    list.push(Hostile::new("a large form", posted("/mailbox/editions/1", &[own], &vec![b'a'; 17 * 1024]), &[413]));
    list.into_iter().map(|hostile| hostile.at(Side::Admin)).collect()
}
