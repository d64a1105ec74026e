//! A release as search engines read it: a `NewsArticle` of schema.org in JSON-LD 1.1, inside a page.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::catalog::{Live, Published};
use crate::domain::Topic;
use crate::feed::FeedSite;

#[derive(Serialize)]
struct NewsArticle<'a> {
    #[serde(rename = "@context")]
    context: &'static str,
    #[serde(rename = "@type")]
    kind: &'static str,
    #[serde(rename = "mainEntityOfPage")]
    page: &'a str,
    url: &'a str,
    headline: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(rename = "datePublished")]
    published: String,
    #[serde(rename = "dateModified")]
    modified: String,
    #[serde(rename = "inLanguage")]
    language: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image: Vec<String>,
    author: Organization<'a>,
    publisher: Organization<'a>,
    #[serde(rename = "articleSection", skip_serializing_if = "Vec::is_empty")]
    sections: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keywords: Vec<&'a str>,
}

#[derive(Serialize, Clone)]
struct Organization<'a> {
    #[serde(rename = "@type")]
    kind: &'static str,
    name: &'a str,
    url: String,
}

/// `published` as a news article that `description` sums up. It can stand in a `script` element as it is.
///
/// # Panics
/// Never: strings are always JSON.
pub(super) fn json_ld(site: &FeedSite, live: &Live, published: &Published, description: &str) -> String {
    let release = &published.release;
    let instant =
        |instant: DateTime<Utc>| instant.with_timezone(&site.timezone).to_rfc3339_opts(SecondsFormat::Secs, false);
    let labels = |wanted: fn(&Topic) -> bool| {
        live.topics_of(&published.id).filter(|entry| wanted(&entry.topic)).map(|entry| entry.label.as_str()).collect()
    };
    let url = site.addresses().absolute(release.permalink.as_str());
    let shown = release.images.iter().filter(|image| image.is_there());
    let office = Organization { kind: "Organization", name: &site.title, url: site.url.join("/") };
    let article = NewsArticle {
        context: "https://schema.org",
        kind: "NewsArticle",
        page: &url,
        url: &url,
        headline: &release.title,
        description,
        published: instant(release.date),
        modified: instant(published.updated.max(release.date)),
        language: release.language.code(),
        image: shown.map(|image| site.addresses().of_target(&image.target)).collect(),
        author: office.clone(),
        publisher: office,
        sections: labels(|topic| matches!(topic, Topic::Category(_))),
        keywords: labels(|topic| matches!(topic, Topic::Tag(_))),
    };
    inert(&serde_json::to_string(&article).expect("strings are always JSON"))
}

/// `json` without a character that could end a `script` element or begin a comment in it: each of them stands inside a
/// string, where JSON takes its number as well.
fn inert(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(safe, "\\u{:04x}", u32::from(c));
            }
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever a text holds, the script element does not end in it, and the text is read back.
        #[test]
        fn any_text_stays_inside_the_script(text in any::<String>(), end in "(</script>|<!--|-->|&amp;|\u{2028})?") {
            let text = text + &end;
            let safe = inert(&serde_json::to_string(&text).unwrap());
            let ended = safe.contains(['<', '>', '&', '\u{2028}', '\u{2029}']);
            prop_assert!(!ended);
            prop_assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
        }
    }
}
