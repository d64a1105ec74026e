//! Which form a list has, by its first lines: a table with or without headings and its separator, a line for each address,
//! or paragraphs.

use std::sync::Arc;

use super::Standing;
use super::columns::Columns;
use super::headings::{Column, folded};
use super::lines::TextLine;
use super::paragraphs;
use super::rows::mailbox;
use super::split::Splitter;
use super::statuses;
use crate::domain::{EmailAddress, EndReason, SuppressionReason, squeezed};

/// The separators that are tried, in this order.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// How many records are looked at.
const LOOKED_AT: usize = 50;
/// How many lines a record may have.
pub(super) const LINES_OF_A_RECORD: usize = 64;

/// The form of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// Cells with a separator between them.
    Table { separator: u8, columns: Arc<Columns> },
    /// An address a line, or a name and an address in angle brackets.
    Bare,
    /// Sympa's dump.
    Paragraphs,
}

/// What was found out about a list before its first line was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// What stands between cells, where there are any.
    pub separator: Option<char>,
    /// The headings of the columns that are read.
    pub read: Vec<String>,
    /// Those of the others.
    pub unread: Vec<String>,
    /// The headings of those that are not understood, and may tell who receives no letters, as far as the first lines say.
    pub doubtful: Vec<String>,
    /// Whether it is listmonk's list, which does not tell who left which list.
    pub hides_who_left: bool,
    /// How everybody in the file stands by its name or its columns.
    pub everybody: Standing,
    /// Whether lines name lists or topics.
    pub names_topics: bool,
}

/// A form, and where the list begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) form: Form,
    /// How many lines say nothing of anybody: headings, and what stands before them.
    pub(super) leading: usize,
    pub(super) kind: Kind,
}

/// What a file called `name` is that begins with `lines`.
pub(super) fn find(lines: &[TextLine], name: &str, ignored: &[String]) -> Found {
    let preamble = lines.iter().take_while(|line| line.is_blank() || is_remark(line.words())).count();
    let hint = lines.get(preamble).and_then(|line| separator_said(line.words()));
    let leading = preamble + usize::from(hint.is_some());
    let lines = &lines[leading..];
    let everybody = statuses::of_name(name);
    let bare = Kind {
        separator: None,
        read: Vec::new(),
        unread: Vec::new(),
        doubtful: Vec::new(),
        hides_who_left: false,
        everybody,
        names_topics: false,
    };
    if paragraphs::are_these(lines.iter().map(TextLine::words)) {
        return Found { form: Form::Paragraphs, leading, kind: Kind { names_topics: true, ..bare } };
    }
    let tried: Vec<u8> = hint.map_or_else(|| SEPARATORS.to_vec(), |said| vec![said]);
    // Of several that do as well, the first.
    let best = tried
        .into_iter()
        .rev()
        .filter_map(|separator| table(lines, separator, ignored))
        .max_by_key(|table| table.worth);
    let Some(Table { separator, columns, heading, .. }) = best else {
        return Found { form: Form::Bare, leading, kind: bare };
    };
    let (read, unread) =
        columns.headings.iter().zip(&columns.of).partition::<Vec<_>, _>(|(_, column)| column.is_some());
    let words = |some: Vec<(&String, &Option<Column>)>| -> Vec<String> {
        some.into_iter().map(|(heading, _)| squeezed(heading)).filter(|heading| !heading.is_empty()).collect()
    };
    let kind = Kind {
        separator: Some(char::from(separator)),
        read: words(read),
        unread: words(unread),
        doubtful: columns.watch.doubtful(),
        hides_who_left: is_of_listmonk(&columns),
        everybody: everybody.max(of_columns(&columns)),
        names_topics: columns.contains(Column::Topics),
    };
    Found { form: Form::Table { separator, columns: Arc::new(columns) }, leading: leading + heading, kind }
}

/// A remark of Sympa's: `# Exported subscribers with search filter "…"`.
fn is_remark(line: &str) -> bool {
    line.starts_with("# ")
}

/// `sep=;`, which spreadsheets write and read.
fn separator_said(line: &str) -> Option<u8> {
    let line = line.trim().trim_matches('"');
    let said = line.get(..4).filter(|word| word.eq_ignore_ascii_case("sep=")).map(|_| &line.as_bytes()[4..]);
    match said {
        Some([one]) => Some(*one),
        // A tab was trimmed away.
        Some([]) => Some(b'\t'),
        _ => None,
    }
}

/// How everybody stands in a file of Mailchimp's that only tells when they left, or when their address was found dead: it has
/// one for each, and leaves the time empty where it does not know it.
fn of_columns(columns: &Columns) -> Standing {
    match (columns.reads("unsubtime"), columns.reads("cleantime")) {
        (true, false) if !columns.contains(Column::Status) => Standing::Left(EndReason::Unsubscribed),
        (false, true) if !columns.contains(Column::Status) => Standing::Barred(SuppressionReason::Bounced),
        _ => Standing::Subscribed,
    }
}

/// Whether these are the columns of listmonk's export, where who left every list is `enabled` like everybody else.
fn is_of_listmonk(columns: &Columns) -> bool {
    const OWN: [&str; 4] = ["uuid", "attributes", "status", "createdat"];
    let has = |heading: &&str| columns.headings.iter().any(|own| folded(own) == **heading);
    OWN.iter().all(has) && !columns.contains(Column::Topics)
}

struct Table {
    separator: u8,
    columns: Columns,
    /// How many lines the headings are.
    heading: usize,
    /// How many records have an address of their own, then how many columns are known, then how many there are.
    worth: (usize, usize, usize),
}

/// The lines as a table with this separator; `None` when they are none.
fn table(lines: &[TextLine], separator: u8, ignored: &[String]) -> Option<Table> {
    let (records, heading) = records(lines, separator);
    let first = records.first()?;
    let is_address = |cell: &str| cell.parse::<EmailAddress>().is_ok();
    let is_mailbox = |cell: &str| mailbox(cell).is_some();
    if first.iter().any(|cell| is_mailbox(cell)) {
        let of_cells = |record: &&Vec<String>| record.len() > 1 && record.iter().any(|cell| is_address(cell));
        let with_address = records.iter().filter(of_cells).count();
        let count = records.iter().map(Vec::len).max().unwrap_or_default();
        let columns = Columns::unnamed(count);
        let worth = (with_address, 0, 0);
        return (with_address * 2 > records.len()).then_some(Table { separator, columns, heading: 0, worth });
    }
    let columns = Columns::named(first, &records[1..], ignored, is_mailbox);
    let address = columns.address?;
    let with_address = records[1..].iter().filter(|record| record.get(address).is_some_and(|cell| is_mailbox(cell)));
    let worth = (with_address.count(), columns.known(), columns.of.len());
    Some(Table { separator, columns, heading, worth })
}

/// The first records, and how many lines the first of them has.
fn records(lines: &[TextLine], separator: u8) -> (Vec<Vec<String>>, usize) {
    let mut splitter = Splitter::new(separator);
    let (mut records, mut first) = (Vec::new(), 0);
    let mut at = 0;
    while at < lines.len() && records.len() < LOOKED_AT {
        let mut text = lines[at].text.clone().unwrap_or_default();
        let mut taken = 1;
        if !lines[at].is_blank() {
            let mut cells = splitter.cells(&text);
            while cells.is_none() && taken < LINES_OF_A_RECORD && at + taken < lines.len() {
                text.push_str(lines[at + taken].text.as_deref().unwrap_or_default());
                taken += 1;
                cells = splitter.cells(&text);
            }
            records.push(cells.unwrap_or_else(|| {
                taken = 1;
                splitter.plain_cells(lines[at].words())
            }));
            if records.len() == 1 {
                first = at + taken;
            }
        }
        at += taken;
    }
    (records, first)
}
