//! The address at which a release's page stands, below the site's.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{Datelike as _, NaiveDate};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use unicode_normalization::char::is_combining_mark;

use super::{Label, Slug, SourcePath};

/// Characters a path holds as they are.
const KEPT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b'+').remove(b',');

/// First parts of a path that belong to Depeche itself.
const RESERVED: [&str; 16] = [
    "-release-",
    "404.html",
    "410.html",
    "assets",
    "confirm",
    "favicon.ico",
    "feeds",
    "feeds.opml",
    "index.html",
    "office",
    "preferences",
    "robots.txt",
    "sitemap.xml",
    "subscribe",
    "u",
    "uploads",
];

/// How names begin that belong to whoever writes the public folder.
const OF_THE_FOLDER: &str = ".depeche";

/// A release's address below the site's: begins with `/`, percent-encoded, composed (NFC), outside reserved paths.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permalink(Arc<str>);

/// Why a text cannot be a permalink.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PermalinkError {
    /// It does not begin with `/`, or is `/` itself.
    #[error("`{0}` is not a path below the site: write `/like/this/`")]
    NotAPath(String),
    /// It holds `.`, `..`, an empty part, a control character or a back slash.
    #[error("`{0}` holds a part that is empty, `.` or `..`, or a forbidden character")]
    Part(String),
    /// Its first part is one of Depeche's own addresses.
    #[error("`{0}` lies under an address that is reserved")]
    Reserved(String),
}

impl Permalink {
    /// The path, percent-encoded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Permalink {
    type Err = PermalinkError;

    /// Takes a path as an editor writes it, encoded or not.
    fn from_str(text: &str) -> Result<Self, PermalinkError> {
        let decoded =
            percent_decode_str(text.trim()).decode_utf8().map_err(|_| PermalinkError::Part(text.to_owned()))?;
        let path = super::composed(&decoded);
        let inner = path
            .strip_prefix('/')
            .filter(|rest| !rest.is_empty())
            .ok_or_else(|| PermalinkError::NotAPath(text.to_owned()))?;
        let parts = inner.strip_suffix('/').unwrap_or(inner);
        if parts.split('/').any(|part| matches!(part, "" | "." | ".."))
            || path.contains(|c: char| c.is_control() || c == '\\')
        {
            return Err(PermalinkError::Part(text.to_owned()));
        }
        let first = parts.split('/').next().unwrap_or_default().to_lowercase();
        if RESERVED.contains(&first.as_str()) || parts.split('/').any(|part| part.starts_with(OF_THE_FOLDER)) {
            return Err(PermalinkError::Reserved(text.to_owned()));
        }
        Ok(Self(utf8_percent_encode(&path, KEPT).to_string().into()))
    }
}

impl fmt::Display for Permalink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How permalinks are made for releases that set none: Jekyll's `:title`, `:slug`, `:name`, `:path`, `:categories`,
/// `:year`, `:month`, `:day`, `:collection`, `:output_ext` and their like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermalinkPattern {
    text: String,
    words: Words,
}

/// What words become.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Words {
    /// A title as it is, categories in letters of addresses.
    Own,
    /// As Jekyll makes them; the collection that `:collection` stands for.
    Jekyll { collection: String },
}

/// Jekyll's styles, for posts.
const STYLES: [(&str, &str); 5] = [
    ("date", "/:categories/:year/:month/:day/:title:output_ext"),
    ("pretty", "/:categories/:year/:month/:day/:title/"),
    ("ordinal", "/:categories/:year/:y_day/:title:output_ext"),
    ("weekdate", "/:categories/:year/W:week/:short_day/:title:output_ext"),
    ("none", "/:categories/:title:output_ext"),
];

impl PermalinkPattern {
    /// The pattern that Jekyll makes of a `permalink`: one of its styles, or a pattern.
    ///
    /// # Errors
    /// When what comes out is not a permalink.
    pub fn of_jekyll(text: &str, collection: Option<&str>) -> Result<Self, PermalinkError> {
        let style = STYLES.iter().find(|(name, _)| *name == text);
        let text = style.map_or_else(|| text.to_owned(), |(_, pattern)| (*pattern).to_owned());
        let pattern = Self { text, words: Words::Jekyll { collection: collection.unwrap_or("posts").to_owned() } };
        pattern.try_out()?;
        Ok(pattern)
    }

    /// The pattern that Jekyll takes for a collection without one of its own, where posts have `permalink`.
    ///
    /// # Errors
    /// When the collection's name makes no address.
    pub fn of_collection(permalink: &str, collection: &str) -> Result<Self, PermalinkError> {
        let ends = |end: &str| permalink.ends_with(end);
        let ending = match permalink {
            "pretty" => "/",
            _ if STYLES.iter().any(|(name, _)| *name == permalink) || ends(":output_ext") => ":output_ext",
            _ if ends("/") => "/",
            _ => "",
        };
        Self::of_jekyll(&format!("/:collection/:path{ending}"), Some(collection))
    }

    /// Whether a release's own `permalink` is a style or pattern of Jekyll's and not an address.
    #[must_use]
    pub fn is_jekyll_pattern(text: &str) -> bool {
        STYLES.iter().any(|(name, _)| *name == text) || text.split(':').skip(1).any(|rest| key_at(rest).is_some())
    }

    /// The permalink of the release in `path`, dated `day`, whose front matter may set a `slug`.
    ///
    /// # Errors
    /// When what comes out is not a permalink.
    pub fn apply(
        &self,
        path: &SourcePath,
        day: NaiveDate,
        slug: Option<&str>,
        categories: &[Label],
    ) -> Result<Permalink, PermalinkError> {
        let mut filled = String::with_capacity(self.text.len() * 2);
        let mut rest = self.text.as_str();
        while let Some(at) = rest.find(':') {
            filled.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(key) = key_at(rest) {
                filled.push_str(&self.value(key, path, day, slug, categories));
                rest = &rest[key.len()..];
            } else {
                filled.push(':');
            }
        }
        filled.push_str(rest);
        let mut collapsed = String::with_capacity(filled.len());
        for c in filled.chars() {
            if !(c == '/' && collapsed.ends_with('/')) {
                collapsed.push(c);
            }
        }
        collapsed.parse()
    }

    fn value(&self, key: &str, path: &SourcePath, day: NaiveDate, slug: Option<&str>, categories: &[Label]) -> String {
        let own_words = || slug.map_or_else(|| path.title_part(), str::to_owned).replace(['/', '\\'], "-");
        match key {
            "year" => format!("{:04}", day.year()),
            "short_year" => day.format("%y").to_string(),
            "month" => format!("{:02}", day.month()),
            "i_month" => day.month().to_string(),
            "short_month" => day.format("%b").to_string(),
            "long_month" => day.format("%B").to_string(),
            "day" => format!("{:02}", day.day()),
            "i_day" => day.day().to_string(),
            "y_day" => format!("{:03}", day.ordinal()),
            "w_year" => day.format("%G").to_string(),
            "week" => day.format("%V").to_string(),
            "short_day" => day.format("%a").to_string(),
            "long_day" => day.format("%A").to_string(),
            "output_ext" => ".html".to_owned(),
            "path" => percent(&self.path_below_collection(path)),
            "collection" => match &self.words {
                Words::Own => String::new(),
                Words::Jekyll { collection } => percent(collection),
            },
            "name" => percent(&jekyll_slug(&path.stem(), Kept::Letters)),
            "slug" => match self.words {
                Words::Own => Slug::of_label(&own_words()).as_str().to_owned(),
                Words::Jekyll { .. } => percent(&jekyll_slug(&own_words(), Kept::Letters)),
            },
            "title" => match self.words {
                Words::Own => percent(&own_words()),
                Words::Jekyll { .. } => percent(&jekyll_slug(&own_words(), Kept::LettersAndMarks)),
            },
            "slugified_categories" => {
                let slugs = categories.iter().map(|label| percent(&jekyll_slug(label.as_str(), Kept::Letters)));
                slugs.collect::<Vec<_>>().join("/")
            }
            _ => match self.words {
                Words::Own => {
                    let slugs = categories.iter().map(|label| Slug::of_label(label.as_str()).as_str().to_owned());
                    slugs.collect::<Vec<_>>().join("/")
                }
                Words::Jekyll { .. } => {
                    let words = categories.iter().map(|label| percent(&label.as_str().to_lowercase()));
                    words.collect::<Vec<_>>().join("/")
                }
            },
        }
    }

    /// The path without its ending; for Jekyll, below the folder of its collection.
    fn path_below_collection(&self, path: &SourcePath) -> String {
        let whole = path.as_str().rsplit_once('.').map_or(path.as_str(), |(stem, _)| stem);
        let Words::Jekyll { collection } = &self.words else { return whole.to_owned() };
        let folder = format!("_{collection}/");
        match whole.find(&folder) {
            Some(at) if at == 0 || whole[..at].ends_with('/') => {
                format!("{}{}", &whole[..at], &whole[at + folder.len()..])
            }
            _ => whole.to_owned(),
        }
    }

    /// Whether a file called like any other gets an address by it.
    fn try_out(&self) -> Result<(), PermalinkError> {
        let day = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap_or_default();
        self.apply(&SourcePath::new("2026-11-23-exemple.md"), day, None, &[]).map(|_| ())
    }
}

/// What may stand behind a colon. The longest of those with the same beginning comes first.
const KEYS: [&str; 22] = [
    "categories",
    "collection",
    "day",
    "i_day",
    "i_month",
    "long_day",
    "long_month",
    "month",
    "name",
    "output_ext",
    "path",
    "short_day",
    "short_month",
    "short_year",
    "slugified_categories",
    "slug",
    "title",
    "week",
    "w_year",
    "y_day",
    "year",
    "category",
];

/// The key at the beginning of a text.
fn key_at(text: &str) -> Option<&'static str> {
    KEYS.into_iter().find(|key| {
        let after = text.strip_prefix(key);
        after.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_lowercase()))
    })
}

/// What a slug of Jekyll's keeps besides letters and digits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// Nothing; and letters become small.
    Letters,
    /// The marks that an address may hold; letters stay as they are.
    LettersAndMarks,
}

/// A text with hyphens in place of all that is not kept.
fn jekyll_slug(text: &str, kept: Kept) -> String {
    let is_kept = |c: char| {
        c.is_alphabetic()
            || c.is_numeric()
            || is_combining_mark(c)
            || (kept == Kept::LettersAndMarks && "._~!$&'()+,;=@".contains(c))
    };
    let mut slug = String::with_capacity(text.len());
    for c in text.chars() {
        if is_kept(c) {
            slug.push(c);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_matches('-');
    if kept == Kept::Letters { slug.to_lowercase() } else { slug.to_owned() }
}

fn percent(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

impl FromStr for PermalinkPattern {
    type Err = PermalinkError;

    fn from_str(text: &str) -> Result<Self, PermalinkError> {
        let pattern = Self { text: text.to_owned(), words: Words::Own };
        pattern.try_out()?;
        if [":title", ":slug", ":path", ":name"].iter().any(|key| text.contains(key)) {
            Ok(pattern)
        } else {
            Err(PermalinkError::NotAPath(text.to_owned()))
        }
    }
}

impl fmt::Display for PermalinkPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, file: &str, expected: &str) {
        let pattern: PermalinkPattern = pattern.parse().unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 3, 9).unwrap();
        let link = pattern.apply(&SourcePath::new(file), day, None, &[Label::new("Discours").unwrap()]).unwrap();
        assert_eq!(link.as_str(), expected);
        assert_eq!(link.as_str().parse(), Ok(link));
    }

    #[test]
    fn patterns_are_filled() {
        check("/espace-presse/:title/", "2026-03-09-un-pont.md", "/espace-presse/un-pont/");
        check("/:categories/:year/:month/:day/:title.html", "x/un-pont.md", "/discours/2026/03/09/un-pont.html");
        check("/p/:slug/", "l’été à 100 %.md", "/p/l-ete-a-100/");
        check("/p/:title/", "l’été à 100 %20.md", "/p/l%E2%80%99%C3%A9t%C3%A9%20%C3%A0%20100%20%2520/");
    }

    #[track_caller]
    fn check_jekyll(permalink: &str, file: &str, collection: &str, expected: &str) {
        let pattern = PermalinkPattern::of_jekyll(permalink, Some(collection)).unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 3, 9).unwrap();
        let categories = [Label::new("Communiqué de presse").unwrap(), Label::new("Ponts").unwrap()];
        let link = pattern.apply(&SourcePath::new(file), day, None, &categories).unwrap();
        let decoded = percent_decode_str(link.as_str()).decode_utf8().unwrap();
        assert_eq!(decoded, expected);
    }

    #[test]
    fn jekylls_styles_and_keys_give_the_addresses_of_its_sites() {
        let post = "_posts/2026-03-09-L'été à 100 %.md";
        check_jekyll("date", post, "posts", "/communiqué de presse/ponts/2026/03/09/L'été-à-100.html");
        check_jekyll("pretty", post, "posts", "/communiqué de presse/ponts/2026/03/09/L'été-à-100/");
        check_jekyll("ordinal", post, "posts", "/communiqué de presse/ponts/2026/068/L'été-à-100.html");
        check_jekyll("none", post, "posts", "/communiqué de presse/ponts/L'été-à-100.html");
        check_jekyll("/:i_month/:i_day/:slug:output_ext", post, "posts", "/3/9/l-été-à-100.html");
        check_jekyll(
            "/:slugified_categories/:name",
            post,
            "posts",
            "/communiqué-de-presse/ponts/2026-03-09-l-été-à-100",
        );
        check_jekyll("/:collection/:path/", "_avis/a/B c.md", "avis", "/avis/a/B c/");
        let pattern = |permalink: &str| PermalinkPattern::of_collection(permalink, "avis").unwrap().to_string();
        assert_eq!(pattern("pretty"), "/:collection/:path/");
        assert_eq!(pattern("none"), "/:collection/:path:output_ext");
        assert_eq!(pattern("/x/:title"), "/:collection/:path");
        assert!(PermalinkPattern::is_jekyll_pattern("/x/:title/") && !PermalinkPattern::is_jekyll_pattern("/a:b/"));
    }

    #[test]
    fn reserved_and_crooked_paths_are_refused() {
        for bad in [
            "",
            "/",
            "x",
            "/feeds/x/",
            "/Uploads/a",
            "/a/../b",
            "/a//b",
            "/%2e%2e/x",
            "/a\u{0}b",
            "/u/",
            "/.depeche/x/",
            "/a/.depeche-x",
            "/404.html",
        ] {
            assert!(bad.parse::<Permalink>().is_err(), "{bad}");
        }
        assert!("/espace-presse/".parse::<PermalinkPattern>().is_err());
    }
}
