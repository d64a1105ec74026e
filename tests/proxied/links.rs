//! The addresses that stand in pages, feeds and letters.

use mail_parser::MessageParser;
use serde_json::Value;
use url::Url;

/// The links in what stands at `address`, made absolute.
pub(crate) fn links(address: &str, media_type: &str, body: &str) -> Vec<String> {
    let base = Url::parse(address).unwrap();
    let kind = media_type.split(';').next().unwrap();
    let found = match kind {
        "text/html" => attributes(body),
        "application/json" | "application/feed+json" => strings(&serde_json::from_str(body).unwrap()),
        _ if kind.ends_with("xml") || kind.ends_with("opml") => [attributes(body), absolute(body)].concat(),
        _ => Vec::new(),
    };
    // What feeds and pages say to programs must be whole.
    let join = |link: String| base.join(&link).unwrap_or_else(|error| panic!("{link} in {address}: {error}"));
    found.into_iter().map(join).filter(|url| url.scheme().starts_with("http")).map(String::from).collect()
}

/// The links in a letter, those of its headers among them; each must be absolute.
pub(crate) fn of_letter(letter: &str) -> Vec<String> {
    let parsed = MessageParser::default().parse(letter.as_bytes()).unwrap();
    let mut found = absolute(&parsed.body_text(0).unwrap());
    for link in attributes(&parsed.body_html(0).unwrap()) {
        assert!(link.contains(':'), "{link} is not absolute");
        found.push(link);
    }
    let headers = letter.split("\r\n\r\n").next().unwrap().replace("\r\n ", "");
    let unsubscribe = headers.lines().find(|line| line.starts_with("List-Unsubscribe: "));
    found.extend(unsubscribe.map(absolute).unwrap_or_default());
    found.retain(|link| link.starts_with("http"));
    found
}

/// The values of attributes that hold an address.
fn attributes(text: &str) -> Vec<String> {
    const NAMES: [&str; 8] =
        ["href=\"", "src=\"", "action=\"", "xmlUrl=\"", "htmlUrl=\"", "url=\"", "rdf:resource=\"", "content=\"http"];
    let mut found = Vec::new();
    for name in NAMES {
        for rest in text.split(name).skip(1) {
            let value = rest.split('"').next().unwrap();
            let start = if name.ends_with("http") { "http" } else { "" };
            found.push(unescaped(&format!("{start}{value}")));
        }
    }
    found
}

/// Everything that begins as an address of the web does.
fn absolute(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for scheme in ["https://", "http://"] {
        for rest in text.split(scheme).skip(1) {
            let end = rest.find(|c: char| c.is_whitespace() || "<>\"')]".contains(c)).unwrap_or(rest.len());
            found.push(unescaped(&format!("{scheme}{}", rest[..end].split("&lt;").next().unwrap())));
        }
    }
    found.retain(|link| !is_a_name(link));
    found
}

/// Whether it names a vocabulary and leads nowhere.
fn is_a_name(link: &str) -> bool {
    ["www.w3.org", "purl.org", "www.sitemaps.org", "schema.org", "jsonfeed.org", "www.rssboard.org"]
        .iter()
        .any(|host| link.contains(host))
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => [attributes(text), absolute(text)].concat(),
        Value::Array(all) => all.iter().flat_map(strings).collect(),
        Value::Object(all) => all.values().flat_map(strings).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&#x2F;", "/").replace("&#x27;", "'").replace("&amp;", "&")
}
