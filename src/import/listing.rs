//! A list, line by line.

use std::io::{self, Read};
use std::sync::Arc;

use super::columns::Columns;
use super::doubt::Watch;
use super::form::{self, Form, Kind, LINES_OF_A_RECORD};
use super::headings::Column;
use super::lines::{Lines, TextLine};
use super::noes;
use super::paragraphs;
use super::rows::{Row, mailbox};
use super::split::Splitter;
use super::statuses;
use super::{Entry, Fault, KnownTopics, Standing};

/// How many lines are looked at to find out the form.
const LOOKED_AT: usize = 200;
/// The longest record, in bytes: what is longer has a quote too many.
const LONGEST_RECORD: usize = 256 * 1024;

/// Why a list cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is something else.
    #[error("this is no text: save it as CSV, and not as a workbook")]
    NotText,
    /// There is nothing in it.
    #[error("there is no line in it")]
    Empty,
    /// It cannot be read.
    #[error("it cannot be read")]
    Read(#[from] io::Error),
}

/// A line, or a few that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which, counted from 1; the first of them.
    pub number: u64,
    /// What it says.
    pub said: Result<Entry, Fault>,
}

/// A list that is read.
pub struct Listing<R> {
    lines: Lines<R>,
    form: Form,
    splitter: Splitter,
    kind: Kind,
    topics: KnownTopics,
    /// What the columns say that are not read.
    watch: Watch,
}

impl<R: Read> Listing<R> {
    /// Looks at the first lines; the `name` of the file may say who is in it.
    ///
    /// # Errors
    /// When it is no list.
    pub fn new(reader: R, name: &str) -> Result<Self, ImportError> {
        Self::without(reader, name, &[])
    }

    /// The same, with the columns left out whose headings are `ignored`, whatever they say.
    ///
    /// # Errors
    /// When it is no list.
    pub fn without(reader: R, name: &str, ignored: &[String]) -> Result<Self, ImportError> {
        let mut lines = Lines::new(reader)?;
        if lines.is_no_text() {
            return Err(ImportError::NotText);
        }
        let mut first = Vec::new();
        while first.len() < LOOKED_AT
            && let Some(line) = lines.next()?
        {
            first.push(line);
        }
        if first.iter().all(TextLine::is_blank) {
            return Err(ImportError::Empty);
        }
        let form::Found { form, leading, kind } = form::find(&first, name, ignored);
        lines.put_back(first.into_iter().skip(leading));
        let separator = if let Form::Table { separator, .. } = &form { *separator } else { b',' };
        let topics = KnownTopics::default();
        let watch = if let Form::Table { columns, .. } = &form { columns.watch.clone() } else { Watch::default() };
        Ok(Self { lines, form, splitter: Splitter::new(separator), kind, topics, watch })
    }

    /// The same where these topics are known by what they are called; without, by their slugs alone.
    #[must_use]
    pub fn knowing(self, topics: KnownTopics) -> Self {
        Self { topics, ..self }
    }

    /// The headings of the columns that are not read, and may tell who receives no letters, by all that the list holds: it
    /// is read to its end. `each` is told how many bytes were read.
    ///
    /// # Errors
    /// When it cannot be read on.
    pub fn doubtful(mut self, mut each: impl FnMut(u64)) -> Result<Vec<String>, ImportError> {
        if let Form::Table { columns, .. } = &self.form
            && !self.watch.is_idle()
        {
            let columns = Arc::clone(columns);
            while let Some(first) = self.lines.next()? {
                if first.is_blank() || first.text.is_none() {
                    continue;
                }
                let cells = self.record(&first, &columns)?;
                self.watch.hears(&cells);
                each(self.lines.read());
            }
        }
        Ok(self.watch.doubtful())
    }

    /// The same list where these are the headings of all such columns, as [`Listing::doubtful`] found out. Where that is not
    /// known, a line says nothing that has a cell in a column that is not read which may be a "no" by what was read so far.
    #[must_use]
    pub fn with_doubts(self, doubtful: Vec<String>) -> Self {
        Self { watch: Watch::default(), kind: Kind { doubtful, ..self.kind }, ..self }
    }

    /// What was found out about it.
    #[must_use]
    pub const fn kind(&self) -> &Kind {
        &self.kind
    }

    /// How many bytes of it were read so far.
    #[must_use]
    pub const fn read(&self) -> u64 {
        self.lines.read()
    }

    /// The next line that says something; `None` at the end.
    ///
    /// # Errors
    /// When it cannot be read on.
    pub fn next_line(&mut self) -> Result<Option<Line>, ImportError> {
        let everybody = self.kind.everybody;
        while let Some(first) = self.lines.next()? {
            let number = first.number;
            if first.is_blank() {
                continue;
            }
            if first.text.is_none() {
                return Ok(Some(Line { number, said: Err(Fault::TooLong) }));
            }
            let said = match &self.form {
                Form::Bare => bare(first.words(), everybody),
                Form::Paragraphs => self.paragraph(first)?.entry(everybody, &self.topics),
                Form::Table { columns, .. } => {
                    let columns = Arc::clone(columns);
                    let cells = self.record(&first, &columns)?;
                    // Spreadsheets save rows that were emptied.
                    if cells.iter().all(|cell| cell.trim().is_empty()) {
                        continue;
                    }
                    let mut row = row(&cells, &columns);
                    if let Some(place) = self.watch.hears(&cells) {
                        row.doubt(Fault::MayBeANo, &format!("{}: {}", columns.headings[place], cells[place]));
                    }
                    row.entry(everybody, &self.topics)
                }
            };
            return Ok(Some(Line { number, said }));
        }
        Ok(None)
    }

    /// The values up to the next blank line.
    fn paragraph(&mut self, first: TextLine) -> Result<Row, ImportError> {
        let mut row = Row::default();
        let mut line = Some(first);
        let mut taken = 0;
        while let Some(own) = line
            && !own.is_blank()
            && taken < LINES_OF_A_RECORD
        {
            if let Some((column, value)) = paragraphs::value(own.words()) {
                row.add(column, value);
            }
            taken += 1;
            line = self.lines.next()?;
        }
        Ok(row)
    }

    fn record(&mut self, first: &TextLine, columns: &Columns) -> Result<Vec<String>, ImportError> {
        match self.splitter.cells(first.text.as_deref().unwrap_or_default()) {
            Some(cells) => Ok(cells),
            None => self.longer_record(first, columns),
        }
    }

    /// The cells of a record whose first line ends within a quoted cell. A quote that is never closed, or closed by that of
    /// another record, means nothing: it must hide nobody.
    fn longer_record(&mut self, first: &TextLine, columns: &Columns) -> Result<Vec<String>, ImportError> {
        let mut text = first.text.clone().unwrap_or_default();
        let mut taken = Vec::new();
        while taken.len() + 1 < LINES_OF_A_RECORD && text.len() < LONGEST_RECORD {
            let Some(line) = self.lines.next()? else { break };
            let Some(more) = &line.text else {
                taken.push(line);
                break;
            };
            text.push_str(more);
            let may_end = more.contains('"');
            taken.push(line);
            if !may_end {
                continue;
            }
            if let Some(cells) = self.splitter.cells(&text) {
                if cells.len() == columns.of.len() && !taken.iter().any(|line| self.is_a_record(line, columns)) {
                    return Ok(cells);
                }
                break;
            }
        }
        self.lines.put_back(taken.into_iter());
        Ok(self.splitter.plain_cells(first.words()))
    }

    /// Whether a line by itself says something of somebody.
    fn is_a_record(&mut self, line: &TextLine, columns: &Columns) -> bool {
        let words = line.words();
        let cells = self.splitter.cells(words).unwrap_or_else(|| self.splitter.plain_cells(words));
        let place = columns.address.unwrap_or_default();
        cells.len() == columns.of.len() && cells.get(place).is_some_and(|cell| mailbox(cell).is_some())
    }
}

/// The cells of a record by what they hold.
fn row(cells: &[String], columns: &Columns) -> Row {
    let mut row = Row::default();
    let found = columns.address.is_none().then(|| cells.iter().position(|cell| mailbox(cell).is_some())).flatten();
    // A cell that is not there is empty.
    for place in 0..cells.len().max(columns.of.len()) {
        let cell = cells.get(place).map_or("", String::as_str);
        let column = match columns.of.get(place).copied().flatten() {
            _ if found == Some(place) => Some(Column::Address),
            // No heading says what it is.
            _ if columns.headings.is_empty() && noes::is_clear(cell) => Some(Column::Status),
            column => column,
        };
        if let Some(column) = column {
            row.add(column, cell);
        }
        let is_beyond = place >= columns.of.len() && !columns.headings.is_empty();
        if is_beyond && !cell.trim().is_empty() {
            row.doubt(Fault::TooManyCells, cell);
        } else if columns.headings.is_empty() && statuses::is_bare_no(cell) {
            row.doubt(Fault::MayBeANo, cell);
        }
    }
    if columns.address.is_none() && found.is_none() {
        // So that it is said what stands there in place of an address.
        row.add(Column::Address, &cells.join(" "));
    } else if columns.of.len() == 1 && cells.len() > 1 {
        // A comma in the name beside the address.
        row = Row::default();
        row.add(Column::Address, &cells.join(","));
    }
    row
}

/// A line that is an address, or a name and one.
fn bare(line: &str, everybody: Standing) -> Result<Entry, Fault> {
    let mut row = Row::default();
    row.add(Column::Address, line);
    row.entry(everybody, &KnownTopics::default())
}
