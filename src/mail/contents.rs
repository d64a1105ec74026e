//! What one reader gets in a digest: its fragments, put together.

use crate::domain::{Fragment, Piece};

/// From how many bytes of HTML on releases are shown by their titles alone. Mail programs cut a letter at 102 kB; the
/// letter around its contents takes less than 10, and accents grow on the way.
const LARGEST: usize = 80_000;

/// The releases of a digest that one reader gets, in the order given, a heading where the category changes. Once their
/// HTML would be too large for mail programs to show it whole, those that follow are named by their titles alone; none
/// is left out.
pub fn contents_of<'f>(fragments: impl IntoIterator<Item = &'f Fragment>) -> Piece {
    contents_within(&fragments.into_iter().collect::<Vec<_>>(), LARGEST)
}

fn contents_within(fragments: &[&Fragment], largest: usize) -> Piece {
    let heads = |at: usize| at == 0 || fragments[at - 1].heading != fragments[at].heading;
    let least = |(at, fragment): (usize, &&Fragment)| {
        fragment.short.html.len() + if heads(at) { fragment.heading.html.len() } else { 0 }
    };
    let mut size: usize = fragments.iter().enumerate().map(least).sum();
    let mut whole = true;
    let mut contents = Piece::default();
    for (at, fragment) in fragments.iter().enumerate() {
        if heads(at) {
            add(&mut contents, &fragment.heading);
        }
        size += fragment.full.html.len().saturating_sub(fragment.short.html.len());
        whole &= size <= largest;
        add(&mut contents, if whole { &fragment.full } else { &fragment.short });
    }
    // The line that holds the mark ends by itself.
    contents.text.truncate(contents.text.trim_end().len());
    contents
}

/// Adds `piece`, after an empty line in the text.
fn add(contents: &mut Piece, piece: &Piece) {
    if !contents.text.is_empty() {
        contents.text.push('\n');
    }
    contents.text.push_str(&piece.text);
    contents.html.push_str(&piece.html);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ReleaseId;
    use crate::language::Language;

    fn fragment(category: &str, name: &str) -> Fragment {
        let piece = |text: &str| Piece { text: format!("{text}\n"), html: format!("<tr>{text}</tr>") };
        Fragment {
            release: ReleaseId::mint("presse.example", 2026, name),
            language: Language::French,
            ordinal: 0,
            heading: piece(category),
            full: piece(&format!("{name}, {}", "mot ".repeat(20))),
            short: piece(name),
        }
    }

    #[test]
    fn a_heading_stands_where_the_category_changes() {
        let fragments = [fragment("Discours", "a"), fragment("Discours", "b"), fragment("Agenda", "c")];
        let html = contents_of(&fragments).html;
        let order: Vec<_> = ["Discours", "a, ", "b, ", "Agenda", "c, "].map(|part| html.find(part).unwrap()).into();
        assert!(order.is_sorted() && html.matches("Discours").count() == 1, "{html}");
        assert_eq!(contents_of(&[]), Piece::default());
    }

    #[test]
    fn a_long_digest_ends_with_titles_and_stays_small() {
        let fragments: Vec<_> = (0..1_000).map(|number| fragment("Discours", &format!("n{number:03}"))).collect();
        let contents = contents_of(&fragments);
        assert!(contents.html.len() <= LARGEST && contents.html.len() > LARGEST / 2, "{}", contents.html.len());
        assert!(contents.html.contains("n000, mot") && contents.html.ends_with("<tr>n999</tr>"));
        assert!((0..1_000).all(|number| contents.text.contains(&format!("n{number:03}"))));
    }

    #[test]
    fn what_is_short_stays_whole() {
        let contents = contents_of(&[fragment("Discours", "a")]);
        assert_eq!(contents.text, format!("Discours\n\na, {}", "mot ".repeat(20).trim_end()));
    }
}
