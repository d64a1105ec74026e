//! What `check` says of the Jekyll site that the releases belong to: which value came from where, and what was left.

use crate::config::{Config, Origin};
use crate::content::JekyllConfig;
use crate::language::Language;

/// How many names a line lists.
const MOST_NAMES: usize = 12;

/// A line for each thing worth knowing; none where there is no Jekyll site.
pub(super) fn lines(config: &Config, left_out: &[String]) -> Vec<String> {
    let (Some(file), Some(jekyll)) = (&config.content.jekyll, JekyllConfig::of(&config.content)) else {
        return Vec::new();
    };
    let (site, language) = (&config.site, config.site.language);
    let path = &file.path;
    let mut lines: Vec<String> = [
        ("site.url", site.url.as_str().to_owned(), site.origins.url),
        ("site.timezone", site.timezone.name().to_owned(), site.origins.timezone),
        ("site.permalink", site.permalink.to_string(), site.origins.permalink),
    ]
    .into_iter()
    .map(|(key, value, origin)| match (origin, language) {
        (Origin::Config, Language::French) => format!("{key} = {value} : selon la configuration de Depeche"),
        (Origin::Config, Language::English) => format!("{key} = {value}: from Depeche's configuration"),
        (Origin::Jekyll, Language::French) => format!("{key} = {value} : selon {path}"),
        (Origin::Jekyll, Language::English) => format!("{key} = {value}: from {path}"),
        (Origin::Default, Language::French) => format!("{key} = {value} : par défaut"),
        (Origin::Default, Language::English) => format!("{key} = {value}: the default"),
    })
    .collect();
    lines.extend(jekyll.faults.iter().map(|(line, key)| match language {
        Language::French => format!("{path}:{line} : `{key}` n’est pas compris"),
        Language::English => format!("{path}:{line}: `{key}` is not understood"),
    }));
    if !jekyll.unread.is_empty() {
        let names = jekyll.unread.join(", ");
        lines.push(match language {
            Language::French => format!("{path} : clés qui ne sont pas lues : {names}"),
            Language::English => format!("{path}: keys that are not read: {names}"),
        });
    }
    if !left_out.is_empty() {
        let names = left_out.iter().take(MOST_NAMES).cloned().collect::<Vec<_>>().join(", ");
        let more = match (left_out.len().saturating_sub(MOST_NAMES), language) {
            (0, _) => String::new(),
            (more, Language::French) => format!(" et {more} de plus"),
            (more, Language::English) => format!(" and {more} more"),
        };
        lines.push(match language {
            Language::French => format!("laissés de côté, car ce ne sont pas des communiqués du site : {names}{more}"),
            Language::English => format!("left out, since they are no releases of the site: {names}{more}"),
        });
    }
    lines
}
