//! Every diagnosis has its words in both languages, and no argument is forgotten in either.

use std::collections::BTreeSet;

use super::*;
use crate::language::diagnosis::{Expected, Severity};

fn x() -> String {
    "x".to_owned()
}

/// One of each.
fn samples() -> Vec<Diagnosis> {
    use Diagnosis as D;
    let expected = Expected::Text;
    vec![
        D::TooLarge { bytes: 5, limit: 4 },
        D::NotUtf8,
        D::FrontMatterUnclosed,
        D::FrontMatterSyntax { detail: x() },
        D::UnquotedColon,
        D::TabIndent,
        D::FrontMatterNotKeys,
        D::FrontMatterTooComplex,
        D::DuplicateKey { key: x(), first: 2 },
        D::TitleMissing,
        D::ValueRefused { key: x(), expected },
        D::NotABoolean { key: x(), written: x() },
        D::DateMissing,
        D::DateInvalid { written: x() },
        D::PermalinkInvalid { written: x() },
        D::PermalinkReserved { written: x() },
        D::PermalinkImpossible { from: x() },
        D::IdInvalid { written: x() },
        D::NoText,
        D::TooDeep,
        D::TooManyParts,
        D::DuplicatePermalink { permalink: x(), other: x() },
        D::DuplicateId { id: x(), other: x() },
        D::IllegalCharacters { count: 1 },
        D::DateSkipped { written: x(), zone: x(), taken: x() },
        D::DateAmbiguous { written: x(), zone: x() },
        D::ModifiedInvalid { written: x() },
        D::KeyNearMiss { key: x(), suggestion: x() },
        D::KeyShadowed { key: x(), by: x() },
        D::ValueIgnored { key: x(), expected },
        D::LanguageUnknown { written: x() },
        D::RedirectInvalid { written: x() },
        D::ItemWithoutAddress { key: x() },
        D::DocumentMissing { path: x() },
        D::DocumentEmpty { path: x() },
        D::DocumentNotPdf { path: x() },
        D::OutsideUploads { address: x() },
        D::DocumentUntitled { title: x() },
        D::ItemRepeated { address: x() },
        D::ImageMissing { path: x() },
        D::ImageWithoutAlternative,
        D::LinkedUploadMissing { path: x() },
        D::EmailInvalid { written: x() },
        D::ContactExtra,
        D::AddressRefused { written: x() },
        D::AddressEmpty,
        D::AddressWithoutScheme { written: x(), taken: x() },
        D::TagDropped { tag: x() },
        D::AttributeDropped { attribute: x() },
        D::CommentDropped,
        D::DeclarationDropped,
        D::AttributeListOrphan { written: x() },
        D::AttributeListUnread { written: x() },
        D::LiquidDropped { written: x() },
        D::ReleaseLinkDead { named: x() },
        D::ExtensionDropped { written: x() },
        D::FootnoteOrphan { name: x() },
        D::TagUnclosed { tag: x() },
        D::WithdrawnWithoutReason,
        D::CorrectionWithoutWords,
        D::LabelFolded { shown: x(), other: x() },
        D::SlugShared { label: x(), other: x(), slug: x() },
        D::LabelRepeated { label: x() },
        D::LabelWithComma { label: x() },
        D::LabelEmpty,
        D::NoFrontMatter,
        D::ConflictCopy,
    ]
}

#[test]
fn each_has_its_own_code() {
    let samples = samples();
    let codes: BTreeSet<_> = samples.iter().map(Diagnosis::code).collect();
    assert_eq!(codes.len(), samples.len());
    assert!(codes.iter().all(|code| code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')));
}

#[test]
fn each_has_words_of_its_own_in_both_languages() {
    for diagnosis in samples() {
        for words in [Diagnosis::what, Diagnosis::advice] {
            let [french, english] = Language::ALL.map(|language| words(&diagnosis, language));
            assert_ne!(french, english, "{diagnosis:?}");
            for sentence in [french, english] {
                assert!(sentence.starts_with(|c: char| c.is_uppercase() || "`“«".contains(c)), "{sentence}");
                assert!(sentence.ends_with(['.', '?']), "{sentence}");
            }
        }
    }
}

#[test]
fn what_keeps_a_release_back_is_an_error() {
    assert_eq!(Diagnosis::NoText.severity(), Severity::Error);
    assert_eq!(Diagnosis::ContactExtra.severity(), Severity::Warning);
    assert_eq!(Diagnosis::NoFrontMatter.severity(), Severity::Note);
    assert!(Severity::Error < Severity::Note);
}
