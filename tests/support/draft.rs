//! Release files and documents for stories: invented, and as short as their story allows.

use std::fmt::{self, Display};

/// A release file in the making.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    title: String,
    date: String,
    lines: Vec<String>,
    chapeau: String,
    body: String,
}

/// A release with a title and a date; chapeau and text are about the title.
pub(crate) fn release(title: &str, date: &str) -> Draft {
    Draft {
        title: title.to_owned(),
        date: date.to_owned(),
        lines: Vec::new(),
        chapeau: format!("En bref : {title}."),
        body: format!("Le détail de « {title} » tient en une phrase."),
    }
}

impl Draft {
    /// Adds lines to the front matter.
    pub(crate) fn with(mut self, lines: &str) -> Self {
        self.lines.push(lines.to_owned());
        self
    }

    /// Gives it labels, separated by `|`.
    pub(crate) fn labels(self, categories: &str, tags: &str) -> Self {
        let list = |labels: &str| labels.split('|').map(|label| format!("\"{label}\"")).collect::<Vec<_>>().join(", ");
        self.with(&format!("categories: [{}]\ntags: [{}]", list(categories), list(tags)))
    }

    /// Offers a document.
    pub(crate) fn document(self, address: &str, name: &str) -> Self {
        self.with(&format!("files:\n- file: \"{address}\"\n  nom: \"{name}\""))
    }

    /// Says the same with other words.
    pub(crate) fn chapeau(mut self, text: &str) -> Self {
        text.clone_into(&mut self.chapeau);
        self
    }

    /// Gives it another text.
    pub(crate) fn body(mut self, text: &str) -> Self {
        text.clone_into(&mut self.body);
        self
    }
}

impl Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "---\ntitle: \"{}\"\ndate: {}", self.title, self.date)?;
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        write!(f, "chapeau-text: \"{}\"\n---\n{}\n", self.chapeau, self.body)
    }
}

/// A document of one blank page, with words that no reader shows.
pub(crate) fn pdf(words: &str) -> Vec<u8> {
    format!("%PDF-1.4\n% {words}\ntrailer<</Root 1 0 R>>\n%%EOF\n").into_bytes()
}

/// As much of a picture as tells its size, with words that no reader shows.
pub(crate) fn png(words: &str) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(800_u32.to_be_bytes());
    bytes.extend(400_u32.to_be_bytes());
    bytes.extend([8, 2, 0, 0, 0]);
    bytes.extend(words.as_bytes());
    bytes
}
