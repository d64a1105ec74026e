//! Reads sources as far as the rules of the house need it: which code ships, and which names stand in it. It is no
//! parser: names are found as text once comments, literals and tests are taken out.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A source file: its path below its folder and its text.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    /// The code that ships, with every `use` tree written out.
    pub(super) fn code(&self) -> String {
        write_out_uses(&without_tests(&without_words(&self.text)))
    }

    /// The top module: `feed` for `feed/rss.rs`; `None` for `lib.rs` and `main.rs`.
    pub(super) fn module(&self) -> Option<&str> {
        let first = self.path.split('/').next()?;
        let name = first.strip_suffix(".rs").unwrap_or(first);
        (!matches!(name, "lib" | "main")).then_some(name)
    }

    /// The way from the crate's root: `store`, `marks` for `store/marks.rs`; none for `lib.rs`.
    pub(super) fn way(&self) -> Vec<String> {
        let path = self.path.trim_end_matches(".rs").trim_end_matches("/mod");
        if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
    }

    /// How many `super::` lead from here to the crate's root.
    fn depth(&self) -> usize {
        self.path.trim_end_matches("/mod.rs").split('/').count()
    }

    /// Whether it is, or lies below, `owner`, a path without `.rs`.
    pub(super) fn belongs_to(&self, owner: &str) -> bool {
        self.path.strip_prefix(owner).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    }

    /// Whether it exists for tests alone.
    pub(super) fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }
}

pub(super) fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

/// Every Rust file below `folder` of the project, in order of path; none when there is no such folder.
pub(super) fn rust_files(folder: &str) -> Vec<Source> {
    fn walk(root: &Path, folder: &Path, found: &mut Vec<Source>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.push(Source { path: name, text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    if root.is_dir() {
        walk(&root, &root, &mut found);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// `text` without comments and without what stands inside string and character literals.
pub(super) fn without_words(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after_name = kept.ends_with(is_name);
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = raw_string(rest).filter(|_| !after_name) {
            kept.push_str("\"\"");
            length
        } else if c == '"' {
            kept.push_str("\"\"");
            quoted(rest, '"')
        } else if c == '\'' && is_character_literal(rest) {
            kept.push_str("' '");
            quoted(rest, '\'')
        } else {
            kept.push(c);
            c.len_utf8()
        };
        rest = &rest[skipped..];
    }
    kept
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of the block comment, nested ones included, at the front of `text`.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The length of the raw string at the front of `text`, when there is one.
fn raw_string(text: &str) -> Option<usize> {
    let marks = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = marks.len() - marks.trim_start_matches('#').len();
    let inside = marks[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = inside.find(&end).map_or(inside.len(), |at| at + end.len());
    Some(text.len() - inside.len() + length)
}

/// The length of the literal at the front of `text` that ends with an unescaped `quote`.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// Whether the `'` at the front of `text` opens a character rather than a lifetime.
fn is_character_literal(text: &str) -> bool {
    let mut next = text.chars().skip(1);
    let first = next.next();
    first == Some('\\') || (first.is_some() && next.next() == Some('\''))
}

/// `code` without the items marked `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = String::new();
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        kept.push_str(&rest[..at]);
        rest = &rest[at + MARK.len()..];
        let end = match rest.find(['{', ';']) {
            Some(open) if rest[open..].starts_with('{') => open + braces(&rest[open..]),
            Some(semicolon) => semicolon + 1,
            None => rest.len(),
        };
        rest = &rest[end..];
    }
    kept + rest
}

/// The length of the balanced braces at the front of `code`.
fn braces(code: &str) -> usize {
    let mut depth = 0_i32;
    for (at, c) in code.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

/// `code` with `use a::{b, c::d};` as `use a::b; use a::c::d;`.
fn write_out_uses(code: &str) -> String {
    let mut written = String::new();
    let mut rest = code;
    while let Some(at) = find_name(rest, "use") {
        written.push_str(&rest[..at]);
        let end = rest[at..].find(';').map_or(rest.len(), |length| at + length + 1);
        let tree = rest[at + 3..end].trim().trim_end_matches(';');
        leaves("", tree, &mut written);
        rest = &rest[end..];
    }
    written + rest
}

fn leaves(prefix: &str, tree: &str, written: &mut String) {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        written.extend(["use ", prefix, tree, ";\n"]);
        return;
    };
    let prefix = format!("{prefix}{}", &tree[..open]);
    let inside = tree[open + 1..].trim_end().strip_suffix('}').unwrap_or(&tree[open + 1..]);
    let (mut depth, mut start) = (0, 0);
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                leaves(&prefix, &inside[start..at], written);
                start = at + 1;
            }
            _ => {}
        }
    }
    if !inside[start..].trim().is_empty() {
        leaves(&prefix, &inside[start..], written);
    }
}

/// Where `name` stands in `code` as a whole name, or path, that does not go on from another path or value.
fn find_name(code: &str, name: &str) -> Option<usize> {
    code.match_indices(name).map(|(at, _)| at).find(|&at| {
        !code[..at].ends_with(|c| is_name(c) || matches!(c, ':' | '.')) && !code[at + name.len()..].starts_with(is_name)
    })
}

/// Whether `code` names `path`, at the front of a path or at its end (`chrono::Utc::now` names `Utc::now`).
pub(super) fn names(code: &str, path: &str) -> bool {
    code.match_indices(path)
        .any(|(at, _)| !code[..at].ends_with(is_name) && !code[at + path.len()..].starts_with(is_name))
}

/// Whether `code` names the crate `library`: the first part of a path, or the whole of a `use`.
pub(super) fn names_crate(code: &str, library: &str) -> bool {
    code.match_indices(library).any(|(at, _)| {
        let before = code[..at].trim_end();
        let after = &code[at + library.len()..];
        let is_front = !code[..at].ends_with(|c| is_name(c) || c == '.')
            && (!before.ends_with("::") || before.strip_suffix("::").is_some_and(|path| !path.ends_with(is_name)));
        let is_use = before.ends_with("use") && after.starts_with([';', ' ']);
        is_front && (after.starts_with("::") || is_use)
    })
}

/// The names that follow the crate's root in `file`: `crate::x`, `depeche::x`, and as many `super::` as lead there.
pub(super) fn root_names(file: &Source) -> Vec<String> {
    let code = file.code();
    let to_root = "super::".repeat(file.depth());
    let mut found = Vec::new();
    for root in ["crate::", "depeche::", &to_root] {
        for (at, _) in code.match_indices(root) {
            let is_whole = !code[..at].ends_with(|c| is_name(c) || c == ':');
            if is_whole {
                found.push(code[at + root.len()..].chars().take_while(|c| is_name(*c)).collect());
            }
        }
    }
    found
}

/// The paths in `file` that begin with `crate::` or `super::`, as ways from the crate's root.
pub(super) fn paths(file: &Source) -> Vec<Vec<String>> {
    let code = file.code();
    let mut found = Vec::new();
    for root in ["crate", "super"] {
        for (at, _) in code.match_indices(root) {
            let is_front = !code[..at].ends_with(|c| is_name(c) || c == ':');
            let text: String = code[at..].chars().take_while(|c| is_name(*c) || *c == ':').collect();
            let mut parts = text.trim_end_matches(':').split("::").peekable();
            if !is_front || !text.contains("::") || !matches!(parts.peek(), Some(&"crate" | &"super")) {
                continue;
            }
            let mut way = if root == "super" { file.way() } else { Vec::new() };
            while parts.next_if(|part| matches!(*part, "crate" | "super")).is_some() {
                way.pop();
            }
            way.extend(parts.filter(|part| *part != "self").map(str::to_owned));
            found.push(way);
        }
    }
    found
}

/// The names that `file` takes from below itself, such as those that a `mod.rs` offers again, with the ways to them.
pub(super) fn taken_from_below(file: &Source) -> BTreeMap<String, Vec<String>> {
    let code = file.code();
    let mut taken = BTreeMap::new();
    for statement in code.split(';') {
        let Some(at) = find_name(statement, "use") else { continue };
        let (path, other) = statement[at + 3..].trim().split_once(" as ").unwrap_or((statement[at + 3..].trim(), ""));
        let parts: Vec<&str> = path.trim_start_matches("self::").trim_end_matches("::self").split("::").collect();
        let name = if other.is_empty() { parts[parts.len() - 1] } else { other.trim() };
        let way = file.way().into_iter().chain(parts.iter().map(|part| (*part).to_owned()));
        taken.insert(name.to_owned(), way.collect());
    }
    taken
}

#[test]
fn paths_lead_from_the_root() {
    let file = source(
        "store/transfer/copy.rs",
        "use super::{file::{self, Frame}, Progress}; use crate::domain::to_hex; fn f(x: super::super::meta::Key<u8>) {}",
    );
    let ways: Vec<String> = paths(&file).iter().map(|way| way.join(" ")).collect();
    assert_eq!(
        ways,
        [
            "domain to_hex",
            "store transfer file",
            "store transfer file Frame",
            "store transfer Progress",
            "store meta Key"
        ]
    );
    let taken = taken_from_below(&source("store/mod.rs", "mod row; pub use row::{Fields, micros as instant};"));
    let taken: Vec<String> = taken.iter().map(|(name, way)| format!("{name}: {}", way.join(" "))).collect();
    assert_eq!(taken, ["Fields: store row Fields", "instant: store row micros"]);
}

#[test]
fn words_and_tests_are_no_code() {
    let text = "a /* b /* c */ d */ 'e' r#\"f \" g\"# \"h \\\" i\" <'j> b'\\'' k // l\nm";
    assert_eq!(without_words(text), "a  ' ' \"\" \"\" <'j> b' ' k \nm");
    assert_eq!(without_tests("a #[cfg(test)] mod t { fn f() { {} } } b #[cfg(test)] mod u; c"), "a  b  c");
    assert_eq!(
        write_out_uses("use a::{b, c::{self, d as e}};").replace('\n', ""),
        "use a::b;use a::c::self;use a::c::d as e;"
    );
}
