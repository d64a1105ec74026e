//! What an editor may set for a text: `{::options …}`.

use std::collections::BTreeSet;

/// What `{::options …}` may change.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) auto_ids: bool,
    pub(super) id_prefix: String,
    pub(super) header_offset: i8,
    pub(super) block_html: bool,
    pub(super) span_html: bool,
    pub(super) contents_levels: BTreeSet<u8>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            auto_ids: true,
            id_prefix: String::new(),
            header_offset: 0,
            block_html: false,
            span_html: true,
            contents_levels: (1..=6).collect(),
        }
    }
}

impl Settings {
    /// Sets one option; `false` when there is none of that name that changes the text.
    pub(super) fn set(&mut self, name: &str, value: &str) -> bool {
        let on = value != "false";
        match name {
            "auto_ids" => self.auto_ids = on,
            "auto_id_prefix" => value.clone_into(&mut self.id_prefix),
            "header_offset" => self.header_offset = value.parse::<i8>().unwrap_or(0).clamp(-5, 5),
            "parse_block_html" => self.block_html = on,
            "parse_span_html" => self.span_html = on,
            "toc_levels" => {
                let bounds: Vec<u8> = value.split(['.', ',', ' ']).filter_map(|level| level.parse().ok()).collect();
                self.contents_levels = match (value.contains(".."), bounds.as_slice()) {
                    (true, [first, last]) => (*first..=*last).collect(),
                    _ => bounds.into_iter().collect(),
                };
            }
            _ => return false,
        }
        true
    }
}
