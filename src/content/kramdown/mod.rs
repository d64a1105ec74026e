//! kramdown text as a tree of elements, read as Jekyll reads it: kramdown 2.4 with its GitHub flavour.
//!
//! No Markdown library of Rust knows kramdown's rules for lists, tables, emphasis and quotes, and a feed must say what
//! the site says. The blocks are found first, the words in them afterwards, since links and notes may be defined below
//! where they are used. Whatever is written, the time is bounded: what an opening mark looks ahead for is remembered,
//! and a paragraph has only so many steps. What is not read as kramdown reads it stands in `docs/KRAMDOWN.md`.

// The tree, and what stands in its leaves.
mod element;
mod chunk;
mod finder;
mod entities;
mod html;
mod extensions;
mod settings;

// Blocks.
mod lines;
mod parser;
mod blocks;
mod block_html;
mod block_extensions;
mod definitions;
mod lists;
mod tables;

// Spans.
mod typography;
mod links;
mod abbreviations;
mod spans;

// The whole.
mod contents;
mod document;

pub(super) use chunk::Chunk;
pub(super) use document::{Document, parse, plain_words};
pub(super) use element::{Alignment, DEEPEST, Element, HtmlAttribute, HtmlTag, Kind};
pub(super) use entities::decode;
pub(super) use finder::Finder;

#[cfg(test)]
mod tests;

/// Something to say about a place in the text.
pub(super) type Remark = (std::ops::Range<usize>, crate::language::Diagnosis);
