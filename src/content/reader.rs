//! The whole of a file: from bytes to a release, or to the diagnostics that say why there is none.

use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::address::Base;
use super::contact::contact;
use super::date::{self, Instant};
use super::front_matter::{self, Entry, Parts, RawFrontMatter};
use super::items::Shelf;
use super::jekyll_config::JekyllConfig;
use super::labels::labels;
use super::later::{can_wait, plain_paragraph};
use super::liquid;
use super::markup::{self, Rendered, Wanted};
use super::plain_text;
use super::source::{Diagnostic, Findings, SourceFile, Text};
use super::surroundings::Surroundings;
use super::title::plain_line;
use super::values::{strict_text, switch, text, texts};
use super::yaml::{Node, Value};
use crate::config::DocumentsAt;
use crate::domain::{
    Bodies, Body, Digest, Label, LinkedUpload, Permalink, PermalinkError, PermalinkPattern, Release, ReleaseId,
    ReleaseLink, SafeHtml, SiteUrl, SourcePath, Uploads,
};
use crate::language::{Diagnosis, Language, Severity};

/// The largest file that is read, in bytes.
pub const LARGEST_FILE: usize = 4 * 1024 * 1024;

/// What a file is read with: the site's own settings.
#[derive(Debug, Clone)]
pub struct ReadingSettings {
    /// The language of releases that name none.
    pub language: Language,
    /// The zone of dates that name none.
    pub timezone: Tz,
    /// How permalinks are made.
    pub permalink: PermalinkPattern,
    /// The site's public address.
    pub site: SiteUrl,
    /// Where documents must be found.
    pub documents: DocumentsAt,
    /// What the Jekyll site says to which the releases belong.
    pub jekyll: Option<Arc<JekyllConfig>>,
}

impl ReadingSettings {
    /// What Liquid's `site.url` stands for.
    fn site_url(&self) -> &str {
        let jekyll = self.jekyll.as_ref().and_then(|jekyll| jekyll.url.as_ref());
        jekyll.unwrap_or(&self.site).as_str()
    }
}

/// What reading a file gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The file.
    pub path: SourcePath,
    /// The digest of its bytes.
    pub digest: Digest,
    /// The release, when nothing hinders it; `None` with no error is a file that is not a release.
    pub release: Option<Release>,
    /// What there is to say, in the file's order.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a file. A release is given exactly when no diagnostic is an error and the file has a front matter.
#[must_use]
pub fn read(file: &SourceFile, uploads: &dyn Uploads, settings: &ReadingSettings) -> Reading {
    read_file(file, uploads, settings, None)
}

/// Reads a file, but leaves a body for later on which nothing else depends: `bodies` reads it when it is asked for. What
/// there is to say of such a body is not said; whether there is a release, and what it is else, is as with [`read`].
#[must_use]
pub fn read_for_later(
    file: &SourceFile,
    uploads: &dyn Uploads,
    settings: &ReadingSettings,
    bodies: &Arc<dyn Bodies>,
) -> Reading {
    read_file(file, uploads, settings, Some(bodies))
}

/// The body of the file with these bytes, of which `release` was made and whose body was left for later.
#[must_use]
pub fn read_body(bytes: &[u8], release: &Release, uploads: &dyn Uploads, settings: &ReadingSettings) -> SafeHtml {
    let text = Text::decode(bytes).unwrap_or_else(|text| text);
    let Parts::Found { body, .. } = front_matter::split(&text.content) else { return SafeHtml::default() };
    let surroundings = Surroundings {
        base: Base::new(&settings.site, &release.permalink),
        uploads,
        site_url: settings.site_url(),
        language: release.language,
        notes_prefix: "",
    };
    markup::render(&text.content[body], &surroundings, Wanted::Whole).html
}

fn read_file(
    file: &SourceFile,
    uploads: &dyn Uploads,
    settings: &ReadingSettings,
    bodies: Option<&Arc<dyn Bodies>>,
) -> Reading {
    let digest = file.digest;
    let (text, whole) = if file.bytes.len() > LARGEST_FILE {
        (Text::decode(b"").unwrap_or_else(|text| text), false)
    } else {
        match Text::decode(&file.bytes) {
            Ok(text) => (text, true),
            Err(text) => (text, false),
        }
    };
    let mut findings = Findings::new(&file.path, &text);
    let release = if whole {
        let bodies = bodies.map(|bodies| (bodies, digest));
        Reader { path: &file.path, uploads, settings, bodies }.release(&mut findings)
    } else {
        let bytes = file.bytes.len();
        let end = text.content.len();
        let diagnosis =
            if bytes > LARGEST_FILE { Diagnosis::TooLarge { bytes, limit: LARGEST_FILE } } else { Diagnosis::NotUtf8 };
        findings.add(end..end, diagnosis);
        None
    };
    let diagnostics = findings.into_sorted();
    let is_good = diagnostics.iter().all(|found| found.diagnosis.severity() != Severity::Error);
    let release = release.filter(|_| is_good);
    Reading { path: file.path.clone(), digest, release, diagnostics }
}

struct Reader<'a> {
    path: &'a SourcePath,
    uploads: &'a dyn Uploads,
    settings: &'a ReadingSettings,
    /// Where the body is read later, if it may be, and the digest of the file.
    bodies: Option<(&'a Arc<dyn Bodies>, Digest)>,
}

/// The release's date, and the place that names it.
type Dated = (DateTime<Utc>, Range<usize>);

impl Reader<'_> {
    /// The release; `None` after an error that hides all others.
    fn release(&self, findings: &mut Findings<'_>) -> Option<Release> {
        if let Some((at, count)) = findings.text.erased {
            findings.add(at..at + 1, Diagnosis::IllegalCharacters { count });
        }
        match front_matter::split(&findings.text.content) {
            Parts::NoFrontMatter => {
                findings.add(0..0, Diagnosis::NoFrontMatter);
                None
            }
            Parts::Unclosed => {
                findings.add(0..3, Diagnosis::FrontMatterUnclosed);
                None
            }
            Parts::Found { yaml, body } => {
                let mut raw = front_matter::read(yaml, findings)?;
                if let Some(jekyll) = &self.settings.jekyll {
                    jekyll.fill(&mut raw, self.path);
                }
                let links = self.resolve_liquid(&mut raw, findings);
                self.assemble(raw, links, body, findings)
            }
        }
    }

    /// The categories of a file behind those that a Jekyll site takes from its folders.
    fn with_folders(&self, own: Vec<Label>) -> Vec<Label> {
        let Some(jekyll) = &self.settings.jekyll else { return own };
        let mut categories: Vec<Label> = Vec::new();
        for label in jekyll.folder_categories(self.path).filter_map(Label::new).chain(own) {
            if categories.iter().all(|other| other.folded() != label.folded()) {
                categories.push(label);
            }
        }
        categories
    }

    /// Resolves Liquid in values that are shown or lead somewhere, and returns the releases they link to.
    fn resolve_liquid(&self, raw: &mut RawFrontMatter, findings: &mut Findings<'_>) -> Vec<ReleaseLink> {
        let mut links = Vec::new();
        for entry in raw.shown_mut().into_iter().flatten() {
            self.resolve_in(&mut entry.node, &mut links, findings);
        }
        links
    }

    fn resolve_in(&self, node: &mut Node, links: &mut Vec<ReleaseLink>, findings: &mut Findings<'_>) {
        match &mut node.value {
            Value::Null | Value::Bool(_) => {}
            Value::List(items) => items.iter_mut().for_each(|item| self.resolve_in(item, links, findings)),
            Value::Keys(keys) => keys.iter_mut().for_each(|(_, value)| self.resolve_in(value, links, findings)),
            Value::Text(text) if !liquid::is_in(text) => {}
            Value::Text(text) => {
                let resolved = liquid::resolve(text, self.settings.site_url());
                for (range, diagnosis) in resolved.remarks {
                    findings.add(place_in_value(findings.text, &node.range, text, &range), diagnosis);
                }
                for (range, named) in resolved.links {
                    let place = findings.text.place(&place_in_value(findings.text, &node.range, text, &range));
                    links.push(ReleaseLink { named, place });
                }
                *text = resolved.text.text;
            }
        }
    }

    /// Takes the front matter apart, in whose values `links` were found. Every part is looked at, so that all errors are
    /// told at once.
    fn assemble(
        &self,
        raw: RawFrontMatter,
        links: Vec<ReleaseLink>,
        body: Range<usize>,
        findings: &mut Findings<'_>,
    ) -> Option<Release> {
        let RawFrontMatter {
            title,
            date,
            last_modified_at,
            published,
            categories,
            category,
            tags,
            tag,
            chapeau_text,
            chapeau,
            excerpt,
            description,
            une_ou_diaporama,
            image,
            files,
            communique_file,
            contact_presse,
            permalink,
            slug,
            lang,
            id,
            redirect_from,
            newsletter,
            correction,
            withdrawn,
        } = raw;
        let title = read_title(title, findings);
        let dated = self.date(date, findings);
        let last_modified = self.last_modified(last_modified_at, findings);
        let published = switch(published, true, findings);
        let newsletter = switch(newsletter, true, findings);
        let categories = self.with_folders(labels([categories, category], findings));
        let tags = labels([tags, tag], findings);
        let language = self.language(lang, findings);
        let pinned_id = read_id(id, findings);
        let permalink = self.permalink(permalink, slug, dated.as_ref(), &categories, findings);
        let redirect_from = self.redirects(redirect_from, findings);
        let correction = read_correction(correction, findings);
        let withdrawn = read_withdrawal(withdrawn, findings);
        let contact = contact(contact_presse, findings);
        // Addresses are relative to the page; where it has none yet, whatever stands there still gets its diagnostics.
        let page = permalink.clone().or_else(|| "/page/".parse().ok())?;
        let base = Base::new(&self.settings.site, &page);
        let documents_at = self.settings.documents;
        let stock = Shelf { base: &base, uploads: self.uploads, documents_at };
        let documents = stock.documents([files, communique_file], findings);
        let images = stock.images([une_ou_diaporama, image], findings);
        let chapeau = pick_chapeau([chapeau_text, chapeau, excerpt, description], findings);
        let texts = self.texts(chapeau, &body, &page, language, findings)?;
        Some(Release {
            path: self.path.clone(),
            title: title?.into(),
            date: dated?.0,
            last_modified,
            published: published.ok()?,
            categories,
            tags,
            chapeau: texts.chapeau,
            body: texts.body,
            images,
            documents,
            linked_uploads: texts.linked_uploads.into(),
            release_links: links.into_iter().chain(texts.release_links).collect(),
            contact: contact.map(Box::new),
            permalink: permalink?,
            language,
            pinned_id: pinned_id.ok()?,
            redirect_from,
            newsletter: newsletter.ok()?,
            correction,
            withdrawn,
        })
    }

    fn date(&self, entry: Option<Entry>, findings: &mut Findings<'_>) -> Option<Dated> {
        let Some(node) = strict_text(entry, findings).ok()? else {
            let Some(day) = self.path.date_part() else {
                findings.add(0..3, Diagnosis::DateMissing);
                return None;
            };
            return self.instant(&day, 0..3, findings);
        };
        let written = node.text().unwrap_or_default().to_owned();
        self.instant(&written, node.range, findings)
    }

    fn instant(&self, written: &str, range: Range<usize>, findings: &mut Findings<'_>) -> Option<Dated> {
        let zone = self.settings.timezone;
        let Some(instant) = date::parse(written, zone) else {
            findings.add(range, Diagnosis::DateInvalid { written: written.to_owned() });
            return None;
        };
        let (written, zone_name) = (written.to_owned(), zone.name().to_owned());
        match instant {
            Instant::Certain(_) => {}
            Instant::Skipped(at) => {
                let taken = at.with_timezone(&zone).format("%H:%M:%S").to_string();
                findings.add(range.clone(), Diagnosis::DateSkipped { written, zone: zone_name, taken });
            }
            Instant::Ambiguous(_) => {
                findings.add(range.clone(), Diagnosis::DateAmbiguous { written, zone: zone_name });
            }
        }
        Some((instant.utc(), range))
    }

    fn last_modified(&self, entry: Option<Entry>, findings: &mut Findings<'_>) -> Option<DateTime<Utc>> {
        let node = text(entry, findings)?;
        let written = node.text().unwrap_or_default();
        let instant = date::parse(written, self.settings.timezone);
        if instant.is_none() {
            findings.add(node.range.clone(), Diagnosis::ModifiedInvalid { written: written.to_owned() });
        }
        instant.map(Instant::utc)
    }

    fn language(&self, entry: Option<Entry>, findings: &mut Findings<'_>) -> Language {
        let Some(node) = text(entry, findings) else { return self.settings.language };
        let written = node.text().unwrap_or_default().trim();
        written.parse().unwrap_or_else(|_| {
            findings.add(node.range.clone(), Diagnosis::LanguageUnknown { written: written.to_owned() });
            self.settings.language
        })
    }

    /// The release's address: its own, or the one its name, date and categories make.
    fn permalink(
        &self,
        own: Option<Entry>,
        slug: Option<Entry>,
        dated: Option<&Dated>,
        categories: &[Label],
        findings: &mut Findings<'_>,
    ) -> Option<Permalink> {
        let own = strict_text(own, findings);
        let slug = text(slug, findings);
        let own = own.ok()?;
        let written = own.as_ref().and_then(Node::text).map(str::to_owned);
        let collection = self.settings.jekyll.as_ref().and_then(|jekyll| jekyll.collection_name(self.path));
        let own_pattern = written
            .as_deref()
            .filter(|written| PermalinkPattern::is_jekyll_pattern(written))
            .and_then(|written| PermalinkPattern::of_jekyll(written, collection.as_deref()).ok());
        if let (Some(node), Some(written), None) = (&own, written, &own_pattern) {
            return match written.parse() {
                Ok(permalink) => Some(permalink),
                Err(error) => {
                    let diagnosis = match error {
                        PermalinkError::Reserved(_) => Diagnosis::PermalinkReserved { written },
                        PermalinkError::NotAPath(_) | PermalinkError::Part(_) => {
                            Diagnosis::PermalinkInvalid { written }
                        }
                    };
                    findings.add(node.range.clone(), diagnosis);
                    None
                }
            };
        }
        let day = dated?.0.with_timezone(&self.settings.timezone).date_naive();
        let words = slug.as_ref().and_then(Node::text).map(|words| words.trim().to_owned());
        let of_site = self.settings.jekyll.as_ref().and_then(|jekyll| jekyll.pattern_for(self.path));
        let pattern = own_pattern.as_ref().or(of_site).unwrap_or(&self.settings.permalink);
        pattern.apply(self.path, day, words.as_deref(), categories).map_or_else(
            |error| {
                let range = own.or(slug).map_or(0..3, |node| node.range);
                let from = words.clone().unwrap_or_else(|| self.path.title_part());
                let diagnosis = match error {
                    PermalinkError::Reserved(written) => Diagnosis::PermalinkReserved { written },
                    PermalinkError::NotAPath(_) | PermalinkError::Part(_) => Diagnosis::PermalinkImpossible { from },
                };
                findings.add(range, diagnosis);
                None
            },
            Some,
        )
    }

    fn redirects(&self, entry: Option<Entry>, findings: &mut Findings<'_>) -> Vec<Permalink> {
        let mut kept = Vec::new();
        for node in texts(entry, findings) {
            let written = node.text().unwrap_or_default().trim();
            let own = url::Url::parse(written).ok().map(|url| self.own_path(&url));
            let path = own.unwrap_or_else(|| Some(written.to_owned()));
            match path.and_then(|path| path.parse::<Permalink>().ok()) {
                Some(permalink) if !kept.contains(&permalink) => kept.push(permalink),
                Some(_) => {}
                None => findings.add(node.range.clone(), Diagnosis::RedirectInvalid { written: written.to_owned() }),
            }
        }
        kept
    }

    /// The path of an absolute address of this site.
    fn own_path(&self, url: &url::Url) -> Option<String> {
        let page = "/page/".parse().ok()?;
        Base::new(&self.settings.site, &page).own_path(url)
    }

    fn texts(
        &self,
        chapeau: Option<Node>,
        body: &Range<usize>,
        page: &Permalink,
        language: Language,
        findings: &mut Findings<'_>,
    ) -> Option<Texts> {
        let surroundings = |notes_prefix| Surroundings {
            base: Base::new(&self.settings.site, page),
            uploads: self.uploads,
            site_url: self.settings.site_url(),
            language,
            notes_prefix,
        };
        let source = &findings.text.content[body.clone()];
        if let (Some((bodies, file)), Some(node)) = (self.bodies, &chapeau)
            && let Some(html) = node.text().and_then(plain_paragraph)
            && can_wait(source)
        {
            let body = Body::waiting(file, Digest::of_words(source), Arc::clone(bodies));
            return Some(Texts { chapeau: html, body, linked_uploads: Vec::new(), release_links: Vec::new() });
        }
        let wanted = if chapeau.is_some() { Wanted::Whole } else { Wanted::WholeAndFirstParagraph };
        let Rendered { html: body_html, first_paragraph, mut linked_uploads, release_links, remarks } =
            markup::render(source, &surroundings(""), wanted);
        let is_broken = remarks.iter().any(|(_, diagnosis)| diagnosis.severity() == Severity::Error);
        for (range, diagnosis) in remarks {
            findings.add(body.start + range.start..body.start + range.end, diagnosis);
        }
        let mut release_links: Vec<ReleaseLink> = release_links
            .into_iter()
            .map(|(range, named)| {
                let place = findings.text.place(&(body.start + range.start..body.start + range.end));
                ReleaseLink { named, place }
            })
            .collect();
        let own = chapeau.and_then(|node| {
            let text = node.text().unwrap_or_default();
            let rendered = markup::render(text, &surroundings("chapeau-"), Wanted::Whole);
            for (range, named) in rendered.release_links {
                let place = findings.text.place(&place_in_value(findings.text, &node.range, text, &range));
                release_links.push(ReleaseLink { named, place });
            }
            for (range, diagnosis) in rendered.remarks {
                let place = place_in_value(findings.text, &node.range, text, &range);
                findings.add(place, diagnosis);
            }
            let says_something = !plain_text(rendered.html.as_str()).is_empty();
            says_something.then_some((rendered.html, rendered.linked_uploads))
        });
        let chapeau = if let Some((html, uploads)) = own {
            for linked in uploads {
                if !linked_uploads.contains(&linked) {
                    linked_uploads.push(linked);
                }
            }
            html
        } else {
            let first_paragraph = match wanted {
                Wanted::WholeAndFirstParagraph => first_paragraph,
                // A chapeau that says nothing was not to be expected.
                Wanted::Whole => {
                    markup::render(source, &surroundings(""), Wanted::WholeAndFirstParagraph).first_paragraph
                }
            };
            if first_paragraph.is_empty() { first_block(&body_html) } else { first_paragraph }
        };
        if chapeau.is_empty() {
            if !is_broken {
                findings.add(0..3, Diagnosis::NoText);
            }
            return None;
        }
        Some(Texts { chapeau, body: Body::read(body_html, Digest::of_words(source)), linked_uploads, release_links })
    }
}

/// What a release says.
struct Texts {
    chapeau: SafeHtml,
    body: Body,
    linked_uploads: Vec<LinkedUpload>,
    release_links: Vec<ReleaseLink>,
}

/// The first words of a body that has no paragraph, as one.
fn first_block(body: &SafeHtml) -> SafeHtml {
    let plain = plain_text(body.as_str());
    let first = plain.split("\n\n").next().unwrap_or_default().trim();
    if first.is_empty() {
        return SafeHtml::default();
    }
    super::sanitise::sanitise(&format!("<p>{}</p>", super::render::escape(first)))
}

/// Where in the file a range of a value's text stands: found by its words, else the whole value.
fn place_in_value(text: &Text, value: &Range<usize>, source: &str, range: &Range<usize>) -> Range<usize> {
    let written = &text.content[value.clone()];
    let words = source.get(range.clone()).unwrap_or_default();
    let words = words.split('\n').next().unwrap_or_default().trim();
    match written.find(words).filter(|_| !words.is_empty()) {
        Some(at) => value.start + at..value.start + at + words.len(),
        None => value.clone(),
    }
}

fn read_title(entry: Option<Entry>, findings: &mut Findings<'_>) -> Option<String> {
    let node = strict_text(entry, findings).ok()?;
    let range = node.as_ref().map_or(0..3, |node| node.range.clone());
    let title = node.as_ref().and_then(Node::text).map(plain_line).filter(|title| !title.is_empty());
    if title.is_none() {
        findings.add(range, Diagnosis::TitleMissing);
    }
    title
}

fn read_id(entry: Option<Entry>, findings: &mut Findings<'_>) -> Result<Option<ReleaseId>, ()> {
    let Some(node) = strict_text(entry, findings)? else { return Ok(None) };
    let written = node.text().unwrap_or_default().trim();
    written.parse().map(Some).map_err(|_| {
        findings.add(node.range.clone(), Diagnosis::IdInvalid { written: written.to_owned() });
    })
}

fn read_correction(entry: Option<Entry>, findings: &mut Findings<'_>) -> Option<String> {
    if let Some(Entry { node: Node { value: Value::Bool(value), range }, .. }) = &entry {
        if *value {
            findings.add(range.clone(), Diagnosis::CorrectionWithoutWords);
        }
        return None;
    }
    let node = text(entry, findings)?;
    node.text().map(plain_line).filter(|words| !words.is_empty())
}

/// Why it was withdrawn. `true` withdraws it too: what was to disappear must not stay for want of a reason.
fn read_withdrawal(entry: Option<Entry>, findings: &mut Findings<'_>) -> Option<String> {
    let Entry { key: _, node } = entry?;
    let words = match &node.value {
        Value::Null | Value::Bool(false) => return None,
        Value::Bool(true) | Value::List(_) | Value::Keys(_) => String::new(),
        Value::Text(text) if text.trim().is_empty() => return None,
        Value::Text(text) => plain_line(text),
    };
    if words.is_empty() {
        findings.add(node.range, Diagnosis::WithdrawnWithoutReason);
    }
    Some(words)
}

/// The first of the chapeau's keys that says something; the others are noted.
fn pick_chapeau(entries: [Option<Entry>; 4], findings: &mut Findings<'_>) -> Option<Node> {
    let mut picked: Option<(String, Node)> = None;
    for entry in entries.into_iter().flatten() {
        let key = entry.key.clone();
        let range = entry.node.range.clone();
        let Some(node) = text(Some(entry), findings) else { continue };
        match &picked {
            None => picked = Some((key, node)),
            Some((by, first)) => {
                if first.text() != node.text() {
                    findings.add(range, Diagnosis::KeyShadowed { key, by: by.clone() });
                }
            }
        }
    }
    picked.map(|(_, node)| node)
}
