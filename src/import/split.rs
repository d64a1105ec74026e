//! A record of a table becomes its cells (RFC 4180, and what spreadsheets write beside it).

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

/// Splits records by one separator.
pub(super) struct Splitter {
    quoted: Reader,
    plain: Reader,
    output: Vec<u8>,
    ends: Vec<usize>,
}

impl Splitter {
    pub(super) fn new(separator: u8) -> Self {
        let reader = |quoting| ReaderBuilder::new().delimiter(separator).quoting(quoting).build();
        Self { quoted: reader(true), plain: reader(false), output: Vec::new(), ends: Vec::new() }
    }

    /// The cells of a record; `None` when a quoted cell goes on after it.
    pub(super) fn cells(&mut self, record: &str) -> Option<Vec<String>> {
        split(&mut self.quoted, record, &mut self.output, &mut self.ends)
    }

    /// The same where quotes mean nothing.
    pub(super) fn plain_cells(&mut self, record: &str) -> Vec<String> {
        let line = record.trim_end_matches(['\r', '\n']).replace(['\r', '\n'], " ");
        split(&mut self.plain, &line, &mut self.output, &mut self.ends).unwrap_or_default()
    }
}

fn split(reader: &mut Reader, record: &str, output: &mut Vec<u8>, ends: &mut Vec<usize>) -> Option<Vec<String>> {
    let record = record.trim_end_matches(['\r', '\n']).as_bytes();
    reader.reset();
    // Cells are never longer than the record, nor more than its bytes and one.
    output.resize(record.len() + 2, 0);
    ends.resize(record.len() + 2, 0);
    let (result, _, written, cells) = reader.read_record(record, output, ends);
    let cells = match result {
        ReadRecordResult::Record => cells,
        ReadRecordResult::InputEmpty => {
            let (result, _, _, more) = reader.read_record(b"\n", &mut output[written..], &mut ends[cells..]);
            match result {
                ReadRecordResult::Record => cells + more,
                ReadRecordResult::InputEmpty
                | ReadRecordResult::OutputFull
                | ReadRecordResult::OutputEndsFull
                | ReadRecordResult::End => return None,
            }
        }
        ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull | ReadRecordResult::End => return None,
    };
    let starts = std::iter::once(0).chain(ends[..cells].iter().copied());
    let cell = |(start, end): (usize, &usize)| String::from_utf8_lossy(&output[start..*end]).into_owned();
    Some(starts.zip(&ends[..cells]).map(cell).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes_hold_a_cell_together() {
        let mut splitter = Splitter::new(b';');
        for (record, expected) in [
            ("a;b\r\n", Some(vec!["a", "b"])),
            ("a;;\n", Some(vec!["a", "", ""])),
            ("\"a;b\";\"c \"\"d\"\"\"", Some(vec!["a;b", "c \"d\""])),
            ("\"a\nb\";c\n", Some(vec!["a\nb", "c"])),
            ("\"a\r\nb\";c\r\n", Some(vec!["a\r\nb", "c"])),
            ("\"a\n", None),
            ("a\"b;c", Some(vec!["a\"b", "c"])),
        ] {
            let found = splitter.cells(record);
            assert_eq!(
                found.as_deref(),
                expected.map(|cells| cells.iter().map(ToString::to_string).collect::<Vec<_>>()).as_deref(),
                "{record:?}"
            );
        }
        assert_eq!(splitter.plain_cells("\"a;b\n"), ["\"a", "b"]);
    }

    proptest! {
        #[test]
        fn any_record_is_split_or_goes_on(record in "[aé\",;\t\r\n\\\\]{0,30}") {
            for separator in [b',', b';', b'\t'] {
                let mut splitter = Splitter::new(separator);
                let _ = splitter.cells(&record);
                let plain = splitter.plain_cells(&record);
                prop_assert!(plain.len() <= record.len() + 1);
            }
        }
    }
}
