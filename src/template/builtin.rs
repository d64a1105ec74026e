//! The templates, the stylesheet and the script, compiled in.

/// The address of [`STYLESHEET`] below the site's.
pub const STYLESHEET_ADDRESS: &str = "/assets/press.css";

/// The stylesheet's name below `templates/`.
pub(super) const STYLESHEET_NAME: &str = "press.css";

/// The stylesheet of all pages.
pub const STYLESHEET: &str = include_str!("../../templates/press.css");

/// The address of [`SCRIPT`] below the site's.
pub const SCRIPT_ADDRESS: &str = "/assets/press.js";

/// The script's name below `templates/`.
pub(super) const SCRIPT_NAME: &str = "press.js";

/// The script of the pages with a form: they are whole without it.
pub const SCRIPT: &str = include_str!("../../templates/press.js");

/// The name of each template and its text: the name is the path below `templates/`.
macro_rules! built_in {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/", $name)))),+]
    };
}

/// Every template.
pub(super) const BUILT_IN: &[(&str, &str)] = built_in![
    "admin/layout.html",
    "admin/letter.html",
    "admin/letters.html",
    "admin/part_editions.html",
    "admin/part_previews.html",
    "admin/previews.html",
    "admin/waiting.html",
    "mail/announcement/body.html",
    "mail/announcement/body.txt",
    "mail/announcement/subject.txt",
    "mail/confirmation/body.html",
    "mail/confirmation/body.txt",
    "mail/confirmation/subject.txt",
    "mail/correction/body.html",
    "mail/correction/body.txt",
    "mail/correction/subject.txt",
    "mail/digest/body.html",
    "mail/digest/body.txt",
    "mail/digest/full.html",
    "mail/digest/full.txt",
    "mail/digest/heading.html",
    "mail/digest/heading.txt",
    "mail/digest/short.html",
    "mail/digest/short.txt",
    "mail/digest/subject.txt",
    "mail/edition.html",
    "mail/edition.txt",
    "mail/layout.html",
    "mail/layout.txt",
    "mail/notice/body.html",
    "mail/notice/body.txt",
    "mail/notice/subject.txt",
    "mail/part_banner.html",
    "mail/part_banner.txt",
    "mail/part_contact.html",
    "mail/part_contact.txt",
    "mail/part_copy.txt",
    "mail/part_documents.html",
    "mail/part_documents.txt",
    "mail/part_release.html",
    "mail/part_release.txt",
    "mail/request/body.html",
    "mail/request/body.txt",
    "mail/request/subject.txt",
    "mail/styles.html",
    "mail/withdrawal/body.html",
    "mail/withdrawal/body.txt",
    "mail/withdrawal/subject.txt",
    "page/ask.html",
    "page/check_inbox.html",
    "page/confirm.html",
    "page/confirmed.html",
    "page/done.html",
    "page/feed.html",
    "page/feeds.html",
    "page/front.html",
    "page/layout.html",
    "page/office.html",
    "page/office_done.html",
    "page/part_card.html",
    "page/part_data.html",
    "page/part_documents.html",
    "page/part_edition_actions.html",
    "page/part_feed_row.html",
    "page/part_paging.html",
    "page/part_subscription.html",
    "page/preferences.html",
    "page/problem.html",
    "page/release.html",
    "page/subscribe.html",
    "page/unsubscribe.html",
    "page/unsubscribed.html",
];

/// The names of all templates, of the stylesheet and the script: what can be replaced.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name).chain([STYLESHEET_NAME, SCRIPT_NAME])
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use super::*;

    /// The files below `folder`, named from `top`.
    fn files(folder: &Path, top: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, top, found);
            } else {
                found.insert(path.strip_prefix(top).unwrap().to_string_lossy().replace('\\', "/"));
            }
        }
    }

    #[test]
    fn every_file_is_compiled_in() {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut found = BTreeSet::new();
        files(&top, &top, &mut found);
        assert_eq!(found, names().map(str::to_owned).collect());
    }

    /// Relative luminance of `#rrggbb` (WCAG 2.2).
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn every_colour_can_be_read_in_light_and_dark() {
        let blocks: Vec<BTreeMap<&str, &str>> = STYLESHEET
            .split(":root {")
            .skip(1)
            .map(|block| {
                let lines = block.split('}').next().unwrap().lines();
                lines.filter_map(|line| line.trim().strip_suffix(';')?.split_once(": ")).collect()
            })
            .collect();
        assert_eq!(blocks.len(), 2, "light and dark");
        let text = ["--ink", "--soft", "--accent", "--accent-deep", "--warn", "--good"];
        for colours in blocks {
            let pairs = text.iter().flat_map(|text| ["--paper", "--shade"].map(|ground| (*text, ground, 4.5)));
            let more = [
                ("--on-accent", "--accent", 4.5),
                ("--on-accent", "--accent-deep", 4.5),
                ("--ink", "--note-shade", 4.5),
                ("--accent-deep", "--note-shade", 4.5),
                ("--ink", "--warn-shade", 4.5),
                ("--warn", "--warn-shade", 4.5),
                ("--edge", "--paper", 3.0),
            ];
            for (text, ground, least) in pairs.chain(more) {
                let measured = contrast(colours[text], colours[ground]);
                assert!(measured >= least, "{text} on {ground}: {measured:.2}");
            }
        }
    }

    #[test]
    fn the_stylesheet_asks_for_nothing_elsewhere() {
        for forbidden in ["url(", "@import", "@font-face", "http"] {
            assert!(!STYLESHEET.contains(forbidden), "{forbidden}");
        }
    }

    #[test]
    fn the_script_asks_for_nothing_and_writes_no_markup() {
        for forbidden in ["fetch", "XMLHttpRequest", "http", "import", "innerHTML", "document.write", "eval", ".style"]
        {
            assert!(!SCRIPT.contains(forbidden), "{forbidden}");
        }
    }
}
