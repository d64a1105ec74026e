//! `_config.yml`, the configuration of a Jekyll site, as far as it says how releases are read: where the site stands,
//! its zone, its permalinks and collections, the values that files need not say again, and what it leaves out.
//!
//! Whether there is such a file, and where, is not known here: its text is given. What Depeche's own configuration says
//! wins; see `config`.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::front_matter::{self, RawFrontMatter};
use super::source::Text;
use super::yaml::{Node, Value};
use crate::config::{ContentSettings, JekyllFile};
use crate::domain::{PermalinkPattern, SiteUrl, SourcePath};
use crate::language::Diagnosis;

/// Folders of a Jekyll site that hold no releases.
const NEVER_RELEASES: [&str; 6] = ["_data", "_includes", "_layouts", "_sass", "_site", "node_modules"];

/// Further ones, which may mean something else outside a Jekyll site.
const NEVER_RELEASES_OF_A_SITE: [&str; 2] = ["_plugins", "vendor"];

/// What a Jekyll site's configuration says.
#[derive(Debug, Clone, Default)]
pub struct JekyllConfig {
    /// `url` and `baseurl`.
    pub url: Option<SiteUrl>,
    /// `timezone`
    pub timezone: Option<Tz>,
    /// `permalink`, for posts.
    pub permalink: Option<PermalinkPattern>,
    /// Keys that are not read, in the file's order.
    pub unread: Vec<String>,
    /// Lines whose value could not be understood, with the key.
    pub faults: Vec<(usize, String)>,
    collections: Vec<Collection>,
    defaults: Vec<Defaults>,
    exclude: Vec<String>,
    /// Where the content folder lies below the site: empty when it is the site itself.
    folder: String,
    /// Patterns of another configuration stand in place of these.
    permalinks_are_ignored: bool,
}

/// Why a `_config.yml` cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {}", diagnosis.what(crate::language::Language::English))]
pub struct JekyllConfigError {
    /// The line.
    pub line: usize,
    /// What is wrong.
    pub diagnosis: Diagnosis,
}

#[derive(Debug, Clone)]
struct Collection {
    name: String,
    /// Whether the site shows its files.
    output: bool,
    permalink: Option<PermalinkPattern>,
}

/// Values for the files of a scope.
#[derive(Debug, Clone)]
struct Defaults {
    path: String,
    kind: Option<String>,
    values: Vec<(String, Node)>,
}

impl JekyllConfig {
    /// Reads the text of a `_config.yml`; the content folder lies at `folder` below the site, or is the site itself.
    ///
    /// # Errors
    /// When it is not YAML, or no keys and values.
    pub fn parse(text: &str, folder: &str) -> Result<Self, JekyllConfigError> {
        let text = Text::decode(text.as_bytes()).unwrap_or_else(|text| text);
        let whole = 0..text.content.len();
        let node = front_matter::read_document(&text, &whole)
            .map_err(|(at, diagnosis)| JekyllConfigError { line: text.line_of(at.start), diagnosis })?;
        let keys = match node.value {
            Value::Keys(keys) => keys,
            Value::Null => Vec::new(),
            Value::Bool(_) | Value::Text(_) | Value::List(_) => {
                return Err(JekyllConfigError { line: 1, diagnosis: Diagnosis::FrontMatterNotKeys });
            }
        };
        let mut config = Self { folder: folder.trim_matches('/').to_owned(), ..Self::default() };
        let values: BTreeMap<&str, &Node> = keys.iter().map(|(key, node)| (key.name.as_str(), node)).collect();
        let site = values.get("url").and_then(|node| node.text()).map(|url| {
            let base = values.get("baseurl").and_then(|node| node.text()).unwrap_or_default();
            format!("{}/{}", url.trim_end_matches('/'), base.trim_matches('/'))
        });
        for (key, node) in &keys {
            let understood = match key.name.as_str() {
                "url" => {
                    config.url = site.as_deref().and_then(|site| site.parse().ok());
                    config.url.is_some() || node.text().is_none_or(str::is_empty)
                }
                "baseurl" => true,
                "timezone" => {
                    config.timezone = node.text().and_then(|zone| zone.parse().ok());
                    config.timezone.is_some() || node.value == Value::Null
                }
                "permalink" => {
                    config.permalink = node.text().and_then(|text| PermalinkPattern::of_jekyll(text, None).ok());
                    config.permalink.is_some()
                }
                "collections" => config.read_collections(node),
                "defaults" => config.read_defaults(node),
                "exclude" => {
                    let items = node.clone().items();
                    config.exclude =
                        items.iter().filter_map(Node::text).map(|path| path.trim_matches('/').to_owned()).collect();
                    true
                }
                other => {
                    config.unread.push(other.to_owned());
                    true
                }
            };
            if !understood {
                config.faults.push((text.line_of(node.range.start), key.name.clone()));
            }
        }
        let site_permalink = values.get("permalink").and_then(|node| node.text()).unwrap_or("date");
        for collection in &mut config.collections {
            let missing = collection.permalink.is_none();
            if missing {
                let default = PermalinkPattern::of_collection(site_permalink, &collection.name);
                collection.permalink = default.ok();
            }
        }
        config.permalink = config.permalink.or_else(|| PermalinkPattern::of_jekyll("date", None).ok());
        Ok(config)
    }

    /// What the Jekyll site says to which the releases of `settings` belong. A file that cannot be read says nothing:
    /// that was told when the configuration was read.
    #[must_use]
    pub fn of(settings: &ContentSettings) -> Option<Self> {
        let JekyllFile { path: _, text, folder } = settings.jekyll.as_ref()?;
        Self::parse(text, folder).ok()
    }

    fn read_collections(&mut self, node: &Node) -> bool {
        let collection = |name: &str, node: Option<&Node>| {
            let value = |key: &str| match node.map(|node| &node.value) {
                Some(Value::Keys(keys)) => keys.iter().find(|(own, _)| own.name == key).map(|(_, node)| node),
                _ => None,
            };
            Collection {
                name: name.to_owned(),
                output: value("output").is_some_and(|output| output.value == Value::Bool(true)),
                permalink: value("permalink")
                    .and_then(Node::text)
                    .and_then(|text| PermalinkPattern::of_jekyll(text, Some(name)).ok()),
            }
        };
        match &node.value {
            Value::Keys(keys) => {
                self.collections = keys.iter().map(|(key, node)| collection(&key.name, Some(node))).collect();
            }
            Value::List(names) => {
                self.collections = names.iter().filter_map(Node::text).map(|name| collection(name, None)).collect();
            }
            Value::Null => {}
            Value::Bool(_) | Value::Text(_) => return false,
        }
        true
    }

    fn read_defaults(&mut self, node: &Node) -> bool {
        let mut whole = true;
        for item in node.clone().items() {
            let Value::Keys(keys) = item.value else {
                whole = false;
                continue;
            };
            let value = |name: &str| keys.iter().find(|(key, _)| key.name == name).map(|(_, node)| node);
            let scope = |name: &str| match value("scope").map(|scope| &scope.value) {
                Some(Value::Keys(keys)) => {
                    keys.iter().find(|(key, _)| key.name == name).and_then(|(_, node)| node.text()).map(str::to_owned)
                }
                _ => None,
            };
            let Some(Value::Keys(values)) = value("values").map(|values| &values.value) else {
                whole = false;
                continue;
            };
            self.defaults.push(Defaults {
                path: scope("path").unwrap_or_default().trim_matches('/').to_owned(),
                kind: scope("type").filter(|kind| !kind.is_empty()),
                values: values.iter().map(|(key, node)| (key.name.clone(), node.clone())).collect(),
            });
        }
        whole
    }

    /// The same, with the permalinks left to another configuration.
    #[must_use]
    pub fn without_permalinks(self) -> Self {
        Self { permalinks_are_ignored: true, ..self }
    }

    /// Whether the content folder is the whole site.
    #[must_use]
    pub fn is_whole_site(&self) -> bool {
        self.folder.is_empty()
    }

    /// Whether the file at `path` may be a release: of a whole site, only posts and files of collections that it shows.
    #[must_use]
    pub fn may_be_release(&self, path: &SourcePath) -> bool {
        if !self.is_whole_site() {
            return true;
        }
        match self.collection_of(path) {
            Some("posts") => true,
            Some(name) => self.collections.iter().any(|collection| collection.name == name && collection.output),
            None => false,
        }
    }

    /// Whether the site leaves out the file or folder at `path`, which is relative to the content folder.
    #[must_use]
    pub fn leaves_out(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        if NEVER_RELEASES_OF_A_SITE.contains(&name) {
            return true;
        }
        let path = self.site_path(path);
        self.exclude.iter().any(|excluded| {
            let below =
                path.strip_prefix(excluded.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            !excluded.is_empty() && (below || excluded.contains('*') && fits(excluded, &path))
        })
    }

    /// The collection a file belongs to.
    fn collection_of<'p>(&'p self, path: &'p SourcePath) -> Option<&'p str> {
        let folder = if self.folder.is_empty() { path.folder() } else { self.folder.as_str() };
        if folder.split('/').chain(path.folder().split('/')).any(|part| part == "_posts") {
            return Some("posts");
        }
        folder.split('/').find_map(|part| part.strip_prefix('_'))
    }

    /// A path below the content folder as one below the site.
    fn site_path(&self, path: &str) -> String {
        if self.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", self.folder) }
    }

    /// How permalinks are made for the file at `path`; `None` when that is said elsewhere.
    #[must_use]
    pub fn pattern_for(&self, path: &SourcePath) -> Option<&PermalinkPattern> {
        if self.permalinks_are_ignored {
            return None;
        }
        match self.collection_of(path) {
            Some("posts") | None => self.permalink.as_ref(),
            Some(name) => {
                let collection = self.collections.iter().find(|collection| collection.name == name);
                collection.and_then(|collection| collection.permalink.as_ref()).or(self.permalink.as_ref())
            }
        }
    }

    /// The name that `:collection` stands for.
    pub(super) fn collection_name(&self, path: &SourcePath) -> Option<String> {
        self.collection_of(path).map(str::to_owned)
    }

    /// The categories that Jekyll takes from the folders above `_posts`.
    pub(super) fn folder_categories<'p>(&self, path: &'p SourcePath) -> impl Iterator<Item = &'p str> {
        let above = path.as_str().split_once("_posts/").map_or("", |(above, _)| above);
        let above = if self.is_whole_site() && (above.is_empty() || above.ends_with('/')) { above } else { "" };
        above.split('/').filter(|part| !part.is_empty())
    }

    /// Puts the site's values where a file says nothing.
    pub(super) fn fill(&self, raw: &mut RawFrontMatter, path: &SourcePath) {
        let kind = self.collection_of(path);
        let site_path = self.site_path(path.as_str());
        let mut fitting: Vec<&Defaults> = self
            .defaults
            .iter()
            .filter(|defaults| {
                let own = defaults.kind.as_deref();
                let right_kind = own.is_none_or(|own| Some(own) == kind);
                right_kind && is_in_scope(&defaults.path, &site_path)
            })
            .collect();
        // The longest path first; of equal ones, that with a type; of equals, the last.
        fitting.reverse();
        fitting.sort_by_key(|defaults| std::cmp::Reverse((defaults.path.len(), defaults.kind.is_some())));
        for (key, node) in fitting.into_iter().flat_map(|defaults| &defaults.values) {
            if !(key == "permalink" && self.permalinks_are_ignored) {
                raw.fill(key, node);
            }
        }
    }
}

/// Whether a folder of this name holds no releases, whatever it is in.
#[must_use]
pub fn never_holds_releases(name: &str) -> bool {
    NEVER_RELEASES.contains(&name)
}

fn is_in_scope(scope: &str, path: &str) -> bool {
    if scope.contains('*') {
        return fits(scope, path) || fits(&format!("{scope}/*"), path);
    }
    scope.is_empty() || path.strip_prefix(scope).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether `path` is what a pattern with `*` means; the star stands for anything, slashes included.
fn fits(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*').filter(|part| !part.is_empty()).peekable();
    let mut rest = path;
    if !pattern.starts_with('*')
        && let Some(first) = parts.next()
    {
        let Some(after) = rest.strip_prefix(first) else { return false };
        rest = after;
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() && !pattern.ends_with('*') {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty() || pattern.ends_with('*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = "\
title: Un site
url: https://www.example.org
baseurl: /presse/
timezone: Europe/Brussels
permalink: /:categories/:year/:title/
plugins: [jekyll-feed]
exclude: [Gemfile, docs/, \"*.txt\"]
collections:
  communiques:
    output: true
    permalink: /communiques/:title/
  agents: {}
defaults:
- scope: {path: \"\"}
  values: {layout: default, lang: en}
- scope: {path: _communiques, type: communiques}
  values:
    lang: fr
    contact-presse: {name: Ann, tel: '01'}
- scope: {path: \"_posts/2018*\"}
  values: {newsletter: false}
";

    fn site(folder: &str) -> JekyllConfig {
        JekyllConfig::parse(SITE, folder).unwrap()
    }

    #[test]
    fn the_keys_that_matter_are_read_and_the_others_named() {
        let site = site("");
        assert_eq!(site.url.as_ref().map(SiteUrl::as_str), Some("https://www.example.org/presse"));
        assert_eq!(site.timezone, Some(chrono_tz::Europe::Brussels));
        assert_eq!((site.unread.join(" "), site.faults.len()), ("title plugins".to_owned(), 0));
        let broken = JekyllConfig::parse("url: x\ntimezone: Mars\npermalink: /\ncollections: 3\ndefaults: [a]\n", "");
        assert_eq!(broken.unwrap().faults.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        assert_eq!(JekyllConfig::parse("a: [", "").unwrap_err().line, 1);
        assert!(JekyllConfig::parse("- a", "").is_err());
        assert!(JekyllConfig::parse("", "").unwrap().url.is_none());
    }

    #[test]
    fn of_a_whole_site_only_posts_and_shown_collections_are_releases() {
        let site = site("");
        for (path, expected) in [
            ("_posts/a.md", true),
            ("actes/_posts/2018/a.md", true),
            ("_communiques/x/a.md", true),
            ("_agents/a.md", false),
            ("index.md", false),
            ("mentions/a.md", false),
        ] {
            assert_eq!(site.may_be_release(&SourcePath::new(path)), expected, "{path}");
        }
        for (path, expected) in
            [("docs", true), ("docs/a.md", true), ("documents", false), ("a/x.txt", true), ("vendor", true)]
        {
            assert_eq!(site.leaves_out(path), expected, "{path}");
        }
        let one = self::site("_communiques");
        assert!(one.may_be_release(&SourcePath::new("a.md")) && !one.is_whole_site());
    }

    #[test]
    fn each_collection_has_its_permalinks() {
        let site = site("");
        let pattern = |path: &str| site.pattern_for(&SourcePath::new(path)).unwrap().to_string();
        assert_eq!(pattern("_posts/a.md"), "/:categories/:year/:title/");
        assert_eq!(pattern("_communiques/a.md"), "/communiques/:title/");
        assert_eq!(pattern("_agents/a.md"), "/:collection/:path/");
        assert!(site.without_permalinks().pattern_for(&SourcePath::new("_posts/a.md")).is_none());
    }

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, path, expected) in [
            ("*.txt", "a/b.txt", true),
            ("*.txt", "b.text", false),
            ("a*", "abc", true),
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("*b*", "abc", true),
            ("a*b*c", "a1b2c", true),
        ] {
            assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
        }
    }
}
