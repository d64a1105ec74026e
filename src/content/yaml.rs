//! What a YAML document says, with the place of every value: neither checked nor interpreted.

use std::ops::Range;

/// A value and the bytes of the file where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) range: Range<usize>,
}

/// A value as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// Any other scalar; numbers as they are spelled.
    Text(String),
    List(Vec<Node>),
    Keys(Vec<(Key, Node)>),
}

/// A key and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) range: Range<usize>,
}

impl Node {
    /// A scalar's text.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            Value::Null | Value::List(_) | Value::Keys(_) => None,
        }
    }

    /// A list's items, or the value itself as the only one; none for null.
    pub(super) fn items(self) -> Vec<Self> {
        match self.value {
            Value::Null => Vec::new(),
            Value::List(items) => items,
            Value::Bool(_) | Value::Text(_) | Value::Keys(_) => vec![self],
        }
    }
}
