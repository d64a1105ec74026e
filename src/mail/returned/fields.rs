//! Header fields as they come: unfolded, bounded, whatever ends their lines.

/// How many fields of one head are read.
const MOST_FIELDS: usize = 500;
/// How many bytes of one field are read.
const LONGEST_FIELD: usize = 8 * 1024;

/// The fields of one head, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads a head up to its empty line; gives what follows it, too. Lines that belong to no field are passed over.
    pub(super) fn parse(bytes: &[u8]) -> (Self, &[u8]) {
        let mut raw: Vec<Vec<u8>> = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            let (line, after) = rest.split_at(end);
            rest = after;
            let line = without_end(line);
            if line.is_empty() {
                break;
            }
            if line.starts_with(b" ") || line.starts_with(b"\t") {
                // The folded part of a field; of one that is too long, no more is kept.
                if let Some(field) = raw.last_mut()
                    && field.len() + line.len() <= LONGEST_FIELD
                {
                    field.push(b' ');
                    field.extend_from_slice(line.trim_ascii());
                }
            } else if raw.len() < MOST_FIELDS {
                raw.push(line[..line.len().min(LONGEST_FIELD)].to_vec());
            }
        }
        (Self(raw.iter().filter_map(|line| split(line)).collect()), rest)
    }

    /// The first field of this name.
    pub(super) fn get(&self, name: &'static str) -> Option<&str> {
        self.all(name).next()
    }

    /// All fields of this name.
    pub(super) fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        let named = move |(other, _): &&(String, String)| other.eq_ignore_ascii_case(name);
        self.0.iter().filter(named).map(|(_, value)| value.as_str())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A line without what ends it.
pub(super) fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Name and value of a field (RFC 5322 §3.6.8).
fn split(line: &[u8]) -> Option<(String, String)> {
    let colon = memchr::memchr(b':', line)?;
    let name = line[..colon].trim_ascii_end();
    let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    let value = String::from_utf8_lossy(&line[colon + 1..]).trim().to_owned();
    is_name.then(|| (String::from_utf8_lossy(name).into_owned(), value))
}
