//! Lines of a table that a spreadsheet opens.

use crate::import::guarded;

/// A line of CSV (RFC 4180). No cell begins a formula in a spreadsheet, wherever it cuts.
pub(super) fn csv_line<const N: usize>(cells: [&str; N]) -> String {
    let cells = cells.map(|cell| {
        let cell = guarded(cell);
        if cell.contains(['"', ',', '\n', '\r', '\t', ';']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.into_owned()
        }
    });
    cells.join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::csv_line;

    #[test]
    fn cells_are_quoted_and_start_no_formula() {
        let line = csv_line(["", "=HYPERLINK(\"x\")", "a, b", "c;=1", "\t@x", "＝1"]);
        assert_eq!(line, ",\"'=HYPERLINK(\"\"x\"\")\",\"a, b\",\"c;'=1\",\"'\t'@x\",'＝1\r\n");
    }
}
