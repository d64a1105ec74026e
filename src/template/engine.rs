//! The engine: templates by name, rendered with a typed context.

use std::collections::BTreeMap;
use std::error::Error as _;

use serde::Serialize;
use tera::{Context, Kwargs, State, Tera};

use super::builtin::{BUILT_IN, SCRIPT, SCRIPT_NAME, STYLESHEET, STYLESHEET_NAME};
use super::inline::inline_styles;
use super::wrap;
use crate::language::{self, Language};

/// A page: the context of one template below `page/` or `admin/`.
pub trait Page: Serialize + Sized {
    /// The template's name.
    const TEMPLATE: &'static str;

    /// The language the page is written in.
    fn language(&self) -> Language;

    /// Contexts that between them show everything the template can.
    fn samples(language: Language) -> Vec<Self>;
}

/// A letter: the context of the three templates of one folder below `mail/`.
pub trait Letter: Serialize + Sized {
    /// The folder's name.
    const FOLDER: &'static str;

    /// The language the letter is written in.
    fn language(&self) -> Language;

    /// Contexts that between them show everything the templates can.
    fn samples(language: Language) -> Vec<Self>;
}

/// A rendered letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterParts {
    /// The subject, one line.
    pub subject: String,
    /// The plain-text part, wrapped.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A file that replaces nothing.
    #[error("template `{name}` is not known: the names are {known}")]
    Unknown {
        /// The file's name.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A template cannot be read or rendered.
    #[error("template `{name}`{}: {message}", .line.map(|line| format!(", line {line}")).unwrap_or_default())]
    Broken {
        /// The template.
        name: String,
        /// The line, counted from 1, when it is known.
        line: Option<usize>,
        /// What is wrong.
        message: String,
    },
}

/// Every template, ready to be rendered.
pub struct Templates {
    tera: Tera,
    stylesheet: String,
    script: String,
}

impl Templates {
    /// The built-in templates, each replaced by the text in `overrides` that has its name (`page/front.html`); the
    /// stylesheet and the script are replaced likewise, by `press.css` and `press.js`.
    ///
    /// # Errors
    /// When an override has a name that no template has, or a template cannot be read.
    pub fn new(overrides: impl IntoIterator<Item = (String, String)>) -> Result<Self, TemplateError> {
        let mut texts: BTreeMap<&str, String> =
            BUILT_IN.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        let (mut stylesheet, mut script) = (STYLESHEET.to_owned(), SCRIPT.to_owned());
        for (name, text) in overrides {
            if name == STYLESHEET_NAME {
                stylesheet = text;
                continue;
            }
            if name == SCRIPT_NAME {
                script = text;
                continue;
            }
            match texts.get_mut(name.as_str()) {
                Some(replaced) => *replaced = text,
                None => return Err(TemplateError::Unknown { name, known: names_in_words() }),
            }
        }
        let mut tera = Tera::new();
        tera.autoescape_on([".html"]);
        tera.register_function("t", translate);
        tera.register_filter("inline_styles", |html: &str, _: Kwargs, _: &State<'_>| inline_styles(html));
        tera.add_raw_templates(&texts).map_err(|error| broken(&error, "?"))?;
        Ok(Self { tera, stylesheet, script })
    }

    /// The stylesheet of all pages, to be served at [`super::STYLESHEET_ADDRESS`].
    #[must_use]
    pub fn stylesheet(&self) -> &str {
        &self.stylesheet
    }

    /// The script of the pages with a form, to be served at [`super::SCRIPT_ADDRESS`].
    #[must_use]
    pub fn script(&self) -> &str {
        &self.script
    }

    /// The HTML of `page`.
    ///
    /// # Errors
    /// When its template asks for something that its context does not have.
    pub fn page<P: Page>(&self, page: &P) -> Result<String, TemplateError> {
        self.render(P::TEMPLATE, page.language(), page)
    }

    /// The parts of `letter`.
    ///
    /// # Errors
    /// When one of its templates asks for something that its context does not have.
    pub fn letter<L: Letter>(&self, letter: &L) -> Result<LetterParts, TemplateError> {
        let part = |part: &str| self.render(&format!("mail/{}/{part}", L::FOLDER), letter.language(), letter);
        Ok(LetterParts {
            subject: part("subject.txt")?.split_ascii_whitespace().collect::<Vec<_>>().join(" "),
            text: wrap::tidy(&part("body.txt")?),
            html: part("body.html")?,
        })
    }

    /// Renders one template; `lang` is what its words are looked up in.
    pub(super) fn render(
        &self,
        name: &str,
        language: Language,
        context: &impl Serialize,
    ) -> Result<String, TemplateError> {
        let mut context = Context::from_serialize(context).map_err(|error| broken(&error, name))?;
        context.insert("lang", language.code());
        self.tera.render(name, &context).map_err(|error| broken(&error, name))
    }
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Templates").finish_non_exhaustive()
    }
}

/// The template function `t(key="…", name=value)`: the words of a key in the language of the page. With a `count` the
/// key is the one that counts.
#[expect(clippy::needless_pass_by_value, reason = "the engine hands the arguments over by value")]
fn translate(arguments: Kwargs, state: &State<'_>) -> tera::TeraResult<String> {
    let language: Language = state
        .get::<String>("lang")?
        .and_then(|lang| lang.parse().ok())
        .ok_or_else(|| tera::Error::message("the context has no language"))?;
    let key: &str = arguments.must_get("key")?;
    if let Some(count) = arguments.get::<u64>("count")? {
        return Ok(language::say_count(language, key, count));
    }
    if language::word(language, key).is_none() {
        return Err(tera::Error::message(format!("there are no words for `{key}`")));
    }
    let values: Vec<(String, String)> =
        arguments.iter().filter_map(|(name, value)| Some((name.as_str()?.to_owned(), value.to_string()))).collect();
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Ok(language::say(language, key, &values))
}

/// The names of all templates, for a message.
fn names_in_words() -> String {
    super::names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What Tera says, with the template and line it says it of; `rendered` is the template when Tera names none.
#[expect(clippy::wildcard_enum_match_arm, reason = "the kinds are the engine's own, and open")]
fn broken(error: &tera::Error, rendered: &str) -> TemplateError {
    let said = error.to_string();
    let (name, line, mut message) = match error.kind() {
        tera::ErrorKind::SyntaxError(report) | tera::ErrorKind::RenderingError(report) => {
            (report.filename().to_owned(), Some(report.span().start_line), report.message().to_owned())
        }
        tera::ErrorKind::MissingParent { current, .. } => (current.clone(), None, said),
        tera::ErrorKind::CircularExtend { tpl, .. } | tera::ErrorKind::CircularInclude { tpl, .. } => {
            (tpl.clone(), None, said)
        }
        // Kinds that name no template; some carry a report in their text.
        _ => match place_in(&said) {
            Some((name, line)) => {
                let first = said.lines().next().unwrap_or_default();
                (name, Some(line), first.trim_start_matches("error: ").to_owned())
            }
            None => (rendered.to_owned(), None, said),
        },
    };
    let mut source = error.source();
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    TemplateError::Broken { name, line, message }
}

/// The template and the line that a report names: ` --> page/front.html:2:8`.
fn place_in(report: &str) -> Option<(String, usize)> {
    let place = report.lines().find_map(|line| line.trim_start().strip_prefix("--> "))?;
    let mut parts = place.rsplitn(3, ':');
    let (_column, line, name) = (parts.next()?, parts.next()?, parts.next()?);
    Some((name.to_owned(), line.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::template::{
        AnnouncementLetter, Audience, ConfirmationLetter, CorrectionLetter, DigestLetter, FrontPage, NoticeLetter,
        ReleasePage, RequestLetter, WithdrawalLetter,
    };

    fn built_in() -> Templates {
        Templates::new([]).unwrap()
    }

    /// All letters of every sample, in both languages.
    fn letters() -> Vec<LetterParts> {
        fn each<L: Letter>(templates: &Templates) -> Vec<LetterParts> {
            let samples = Language::ALL.into_iter().flat_map(L::samples);
            samples.map(|letter| templates.letter(&letter).unwrap()).collect()
        }
        let templates = built_in();
        let mut all = each::<AnnouncementLetter>(&templates);
        all.extend(each::<CorrectionLetter>(&templates));
        all.extend(each::<WithdrawalLetter>(&templates));
        all.extend(each::<DigestLetter>(&templates));
        all.extend(each::<ConfirmationLetter>(&templates));
        all.extend(each::<RequestLetter>(&templates));
        all.extend(each::<NoticeLetter>(&templates));
        all
    }

    #[test]
    fn an_override_replaces_one_template() {
        let templates = Templates::new([("page/front.html".to_owned(), "<p>{{ layout.site_title }}</p>".to_owned())]);
        let page = templates.unwrap().page(&FrontPage::samples(Language::English)[0]).unwrap();
        assert_eq!(page, "<p>Press room</p>");
    }

    #[test]
    fn the_stylesheet_and_the_script_can_be_replaced_too() {
        assert_eq!(built_in().stylesheet(), STYLESHEET);
        let templates = Templates::new([("press.css".to_owned(), "body { color: red }".to_owned())]).unwrap();
        assert_eq!(templates.stylesheet(), "body { color: red }");
        assert_eq!(templates.script(), SCRIPT);
        assert_eq!(Templates::new([("press.js".to_owned(), "void 0".to_owned())]).unwrap().script(), "void 0");
    }

    #[test]
    fn an_unknown_override_names_those_there_are() {
        let error = Templates::new([("page/frnt.html".to_owned(), String::new())]).unwrap_err().to_string();
        assert!(error.contains("`page/frnt.html`") && error.contains("`page/front.html`"), "{error}");
    }

    #[test]
    fn a_broken_template_names_its_line() {
        let broken = |text: &str| {
            Templates::new([("page/front.html".to_owned(), text.to_owned())])
                .map_or_else(|error| vec![error], |templates| templates.render_samples())
        };
        for text in [
            "a\nb {{ nothing",
            "a\n{{ nothing }}",
            "a\n{{ t(key=\"no-such-key\") }}",
            "a\n{% if %}",
            "\n{{ a | nofilter }}",
        ] {
            let errors = broken(text);
            let Some(TemplateError::Broken { name, line, message }) = errors.first() else {
                panic!("{text}: {errors:?}")
            };
            assert_eq!((name.as_str(), *line), ("page/front.html", Some(2)), "{text}: {message}");
        }
        let errors = broken("{% extends \"page/nowhere.html\" %}");
        assert!(errors[0].to_string().contains("page/nowhere.html"), "{errors:?}");
    }

    /// The keys between `t(key="` and `"` of a template, those that count marked.
    fn keys_in(text: &str) -> impl Iterator<Item = (String, bool)> {
        text.split("t(key=\"").skip(1).map(|rest| {
            let (key, after) = rest.split_once('"').unwrap();
            (key.to_owned(), after.starts_with(", count="))
        })
    }

    #[test]
    fn every_key_in_a_template_has_words_and_none_is_left_over() {
        let known: BTreeSet<&str> = language::keys(Language::French).collect();
        let mut used = BTreeSet::new();
        for (name, text) in BUILT_IN {
            for (key, counts) in keys_in(text) {
                let keys = if counts { vec![format!("{key}.one"), format!("{key}.other")] } else { vec![key] };
                for key in keys {
                    assert!(known.contains(key.as_str()), "{name}: {key}");
                    used.insert(key);
                }
            }
        }
        let by_code = [
            "mail.notice.",
            "mail.digest.daily",
            "mail.digest.weekly",
            "problem.",
            "edition-state.",
            "edition-kind.",
            "hold-reason.",
            "missed.",
            "form.error-",
            "mail.request.",
            "address.",
            "back.",
            "data.asked-",
            "done.",
            "erase.",
            "erased.",
            "export.",
            "language-name",
            "pause.",
            "preferences.saved",
            "doctor.",
            "admin.letter",
            "list-separator",
            "because.",
            "cli.",
            "decided",
            "refused.",
        ];
        let unused: Vec<_> = known
            .iter()
            .filter(|key| !used.contains(**key) && !by_code.iter().any(|code| key.starts_with(code)))
            .collect();
        assert!(unused.is_empty(), "{unused:?}");
    }

    #[test]
    fn values_are_escaped_in_html_and_not_in_text() {
        let page = built_in().page(&ReleasePage::samples(Language::English)[0]).unwrap();
        assert!(page.contains("&quot;at last&quot;") && page.contains("&lt;Rivages&gt;"), "{page}");
        assert!(page.contains("href=\"https://example.org/plan?a=1&amp;b=2\""), "{page}");
        let letter = built_in().letter(&AnnouncementLetter::samples(Language::English)[0]).unwrap();
        assert!(letter.subject.contains("\"at last\"") && letter.text.contains("Arve & the Giffre"), "{letter:?}");
        assert!(letter.html.contains("Arve &amp; the Giffre"), "{}", letter.html);
    }

    #[test]
    fn addresses_in_letters_survive_escaping() {
        let mut letter = AnnouncementLetter::samples(Language::French).remove(0);
        letter.release.page_url = "https://example.org/a?b=1&c=d%20e'f".to_owned();
        let parts = built_in().letter(&letter).unwrap();
        assert!(parts.html.contains("href=\"https://example.org/a?b=1&amp;c=d%20e&#39;f\""), "{}", parts.html);
        assert!(parts.text.contains("\nhttps://example.org/a?b=1&c=d%20e'f\n"), "{}", parts.text);
    }

    #[test]
    fn letters_are_plain_complete_and_small() {
        for LetterParts { subject, text, html } in letters() {
            assert!(!subject.is_empty() && !subject.contains(['\n', '\r']), "{subject}");
            assert_eq!(html.matches("<h1").count(), 1, "{html}");
            assert_eq!(html.matches("<table").count(), html.matches("<table role=\"presentation\"").count());
            assert_eq!(html.matches("<img").count(), html.matches(" alt=\"").count());
            for forbidden in
                ["<script", "<form", "<style", "<link", "@import", "url(", "position:", "class=", "display:none"]
            {
                assert!(!html.contains(forbidden), "{forbidden}: {html}");
            }
            assert!(html.len() < 20_000, "{}", html.len());
            assert!(html.contains("<html lang=\"") && html.contains("<title>"), "{html}");
            for href in html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
                assert!(["https://", "mailto:", "tel:"].iter().any(|scheme| href.starts_with(scheme)), "{href}");
            }
            assert!(!text.contains("&amp;") && !text.contains("</") && !text.contains("\n\n\n"), "{text}");
            let too_long = |line: &&str| line.chars().count() > 72 && line.trim().contains(' ');
            assert_eq!(text.lines().find(too_long), None, "{text}");
        }
    }

    #[test]
    fn both_parts_say_the_same() {
        for letter in Language::ALL.into_iter().flat_map(AnnouncementLetter::samples) {
            let LetterParts { text, html, .. } = built_in().letter(&letter).unwrap();
            let html = html.replace("&nbsp;", " ");
            let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
            for document in &letter.release.documents {
                let size = document.size.as_ref().map(|size| format!(", {size}")).unwrap_or_default();
                let offered = format!("{} ({}{size}", document.title, document.kind);
                let in_html = offered.replace('&', "&amp;");
                assert!(joined.contains(&offered) && html.contains(&in_html), "{offered}\n{text}\n{html}");
                if let Some(address) = &document.address {
                    assert!(text.contains(address) && html.contains(address), "{address}");
                }
            }
            let addresses = match &letter.audience {
                Audience::Subscriber(you) => {
                    assert!(joined.contains(&you.topics) && html.contains(&you.topics.replace('&', "&amp;")));
                    vec![&you.unsubscribe_url, &you.preferences_url]
                }
                Audience::Office(banner) => {
                    assert!(!text.contains("/u/") && !html.contains("/u/"), "an office copy cannot unsubscribe");
                    assert_eq!(text.contains("EMBARGO"), banner.embargo_until.is_some());
                    assert_eq!(html.contains("EMBARGO"), banner.embargo_until.is_some());
                    vec![&banner.office_url]
                }
            };
            for address in
                addresses.into_iter().chain([&letter.release.page_url, &letter.frame.site_url, &letter.frame.feeds_url])
            {
                assert!(text.contains(address.as_str()) && html.contains(address.as_str()), "{address}");
            }
        }
    }

    #[test]
    fn splice_marks_come_through_whole() {
        let marks = crate::domain::SpliceMarks::of("0123456789abcdef0123456789abcdef");
        let mut letter = AnnouncementLetter::samples(Language::French).remove(0);
        letter.audience = Audience::Subscriber(crate::template::Recipient {
            unsubscribe_url: marks.unsubscribe.clone(),
            preferences_url: marks.preferences.clone(),
            topics: marks.topics.clone(),
        });
        let parts = built_in().letter(&letter).unwrap();
        for mark in [&marks.unsubscribe, &marks.preferences, &marks.topics] {
            assert_eq!((parts.text.matches(mark).count(), parts.html.matches(mark).count()), (1, 1), "{mark}");
        }
    }
}
