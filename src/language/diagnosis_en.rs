//! The diagnoses in English.

use super::diagnosis::{Diagnosis as D, Expected};

fn expected(what: Expected) -> &'static str {
    match what {
        Expected::Text => "a text",
        Expected::Texts => "a text or a list of texts",
        Expected::Items => "a list, each item with keys of its own",
        Expected::Keys => "keys of its own, indented below it",
    }
}

pub(super) fn what(diagnosis: &D) -> String {
    match diagnosis {
        D::TooLarge { bytes, limit } => format!("The file holds {bytes} bytes; at most {limit} are read."),
        D::NotUtf8 => "Here stand bytes that are not UTF-8.".to_owned(),
        D::FrontMatterUnclosed => "The front matter begins here and is never closed.".to_owned(),
        D::FrontMatterSyntax { detail } => format!("The front matter is not valid YAML ({detail})."),
        D::UnquotedColon => "A value without quotes holds a colon followed by a space.".to_owned(),
        D::TabIndent => "This line is indented with a tab, which YAML forbids.".to_owned(),
        D::FrontMatterNotKeys => "The front matter is not a list of keys and values.".to_owned(),
        D::FrontMatterTooComplex => "The front matter is larger or deeper than what is read.".to_owned(),
        D::DuplicateKey { key, first } => format!("The key `{key}` stands twice; it is already on line {first}."),
        D::TitleMissing => "The release has no title.".to_owned(),
        D::ValueRefused { key, expected: kind } | D::ValueIgnored { key, expected: kind } => {
            format!("`{key}` should hold {}.", expected(*kind))
        }
        D::NotABoolean { key, written } => format!("`{key}: {written}` is neither true nor false."),
        D::DateMissing => "The release has no date.".to_owned(),
        D::DateInvalid { written } => format!("`{written}` is not a date."),
        D::PermalinkInvalid { written } => format!("`{written}` is not an address below the site."),
        D::PermalinkReserved { written } => format!("The address `{written}` is reserved."),
        D::PermalinkImpossible { from } => format!("No address can be made of `{from}`."),
        D::IdInvalid { written } => format!("`{written}` is not a lasting id."),
        D::NoText => "The release has neither a chapeau nor a text.".to_owned(),
        D::TooManyParts => "The text has more parts than a press release can have.".to_owned(),
        D::TooDeep => "Quotes, lists or tags are nested too deeply.".to_owned(),
        D::DuplicatePermalink { permalink, other } => {
            format!("The address `{permalink}` is already that of `{other}`.")
        }
        D::DuplicateId { id, other } => format!("The id `{id}` is already that of `{other}`."),
        D::IllegalCharacters { count } => {
            format!("Invisible characters that a feed may not hold were removed: {count}.")
        }
        D::DateSkipped { written, zone, taken } => {
            format!("`{written}` does not exist in the zone {zone}, where clocks went forward; {taken} was taken.")
        }
        D::DateAmbiguous { written, zone } => {
            format!("`{written}` came twice in the zone {zone}, where clocks went back; the first was taken.")
        }
        D::ModifiedInvalid { written } => format!("`last_modified_at: {written}` is not a date and was left out."),
        D::KeyNearMiss { key, suggestion } => format!("The key `{key}` is unknown and looks like `{suggestion}`."),
        D::KeyShadowed { key, by } => format!("`{key}` is not used, because `{by}` is there."),
        D::LanguageUnknown { written } => format!("`{written}` is not a known language; the site's was taken."),
        D::RedirectInvalid { written } => format!("The old address `{written}` is not an address below the site."),
        D::ItemWithoutAddress { key } => format!("This item of `{key}` names no file and was left out."),
        D::DocumentMissing { path } => format!("The document `{path}` is not in the uploads folder."),
        D::DocumentEmpty { path } => format!("The file `{path}` is empty."),
        D::DocumentNotPdf { path } => format!("The file `{path}` is called a PDF and is not one."),
        D::OutsideUploads { address } => format!("`{address}` does not lie below `/uploads/`: nothing is known of it."),
        D::DocumentUntitled { title } => format!("The document has no name; it is offered as “{title}”."),
        D::ItemRepeated { address } => format!("`{address}` stands twice and is shown once."),
        D::ImageMissing { path } => format!("The image `{path}` is not in the uploads folder."),
        D::ImageWithoutAlternative => "The image has no alternative text.".to_owned(),
        D::LinkedUploadMissing { path } => format!("The text refers to `{path}`, which is not in the uploads folder."),
        D::EmailInvalid { written } => format!("`{written}` is not an e-mail address."),
        D::ContactExtra => "Only one press contact is kept, with one e-mail address.".to_owned(),
        D::AddressRefused { written } => format!("The address `{written}` cannot be kept."),
        D::AddressEmpty => "A link or an image has no address.".to_owned(),
        D::AddressWithoutScheme { written, taken } => {
            format!("The address `{written}` does not begin with `https://`; `{taken}` was taken.")
        }
        D::TagDropped { tag } => format!("The HTML element `<{tag}>` was removed."),
        D::AttributeDropped { attribute } => format!("The attribute `{attribute}` was removed."),
        D::CommentDropped => "This comment is left out of feeds and letters.".to_owned(),
        D::DeclarationDropped => "This declaration or processing instruction was removed.".to_owned(),
        D::AttributeListOrphan { written } => format!("The attribute list `{written}` belongs to nothing."),
        D::AttributeListUnread { written } => format!("`{written}` means nothing in an attribute list."),
        D::ReleaseLinkDead { named } => format!("The link to `{named}` was removed: that is not public."),
        D::LiquidDropped { written } => format!("The Liquid code `{written}` was removed."),
        D::ExtensionDropped { written } => format!("The kramdown extension `{written}` was removed."),
        D::FootnoteOrphan { name } => format!("The footnote `{name}` lacks its call or its text."),
        D::TagUnclosed { tag } => format!("`<{tag}>` is never closed and holds what follows it."),
        D::WithdrawnWithoutReason => "The release is withdrawn without a reason.".to_owned(),
        D::CorrectionWithoutWords => "The correction does not say what changed and was left out.".to_owned(),
        D::LabelFolded { shown, other } => format!("“{other}” and “{shown}” are one topic, shown as “{shown}”."),
        D::SlugShared { label, other, slug } => {
            format!("“{label}” and “{other}” would share an address; “{label}” has `{slug}`.")
        }
        D::LabelRepeated { label } => format!("“{label}” repeats a label of this release."),
        D::LabelWithComma { label } => format!("“{label}” is taken as one single label."),
        D::LabelEmpty => "A label is empty, or is not a text.".to_owned(),
        D::ConflictCopy => "The file is a conflict copy made by a sync program: it is left out.".to_owned(),
        D::NoFrontMatter => "The file has no front matter: it is not a release.".to_owned(),
    }
}

pub(super) fn advice(diagnosis: &D) -> String {
    let text = match diagnosis {
        D::TooLarge { .. } => "Move images and annexes to the uploads folder and link to them.",
        D::NotUtf8 => "Save the file again in the encoding UTF-8.",
        D::FrontMatterUnclosed => "Put a line with `---` after the last key.",
        D::FrontMatterSyntax { .. } => "Check quotes, colons and indentation at this place.",
        D::UnquotedColon => "Put the whole value between double quotes.",
        D::TabIndent => "Indent with spaces.",
        D::FrontMatterNotKeys => "Write one `key: value` a line, such as `title: A new bridge`.",
        D::FrontMatterTooComplex => "Keep only the keys of the release; its text belongs below the second `---`.",
        D::DuplicateKey { .. } => "Keep one of them.",
        D::TitleMissing => "Add `title:` followed by the title.",
        D::ValueRefused { .. } => "Correct the value; until then the release is not published from this file.",
        D::ValueIgnored { .. } => "Correct the value; it was left out.",
        D::NotABoolean { .. } => "Write true or false, without quotes.",
        D::DateMissing => {
            "Add a date such as `date: 2026-11-23 09:00:00 +01:00`, or put it in front of the file's name."
        }
        D::DateInvalid { .. } | D::ModifiedInvalid { .. } => "Write a date such as `2026-11-23 09:00:00 +01:00`.",
        D::PermalinkInvalid { .. } => "Write a path such as `/press/a-new-bridge/`.",
        D::PermalinkReserved { .. } => "Choose another address.",
        D::PermalinkImpossible { .. } => "Rename the file, or set `permalink`.",
        D::IdInvalid { .. } => {
            "Write an absolute URI such as `tag:press.example.org,2026:a-new-bridge`, or remove the key."
        }
        D::NoText => "Add `chapeau-text`, or a text below the front matter.",
        D::TooManyParts => "Check whether this file is a release, or cut it in several.",
        D::TooDeep => "Simplify the nesting.",
        D::DuplicatePermalink { .. } => "Change the `permalink` or the name of one of the two files.",
        D::DuplicateId { .. } => "Remove `id` from the copy.",
        D::IllegalCharacters { .. } => "Delete them; they often come with text pasted from a PDF.",
        D::DateSkipped { .. } | D::DateAmbiguous { .. } => {
            "Add the offset, such as `+01:00`, to say which time is meant."
        }
        D::KeyNearMiss { suggestion, .. } => return format!("Did you mean `{suggestion}`?"),
        D::KeyShadowed { .. } => "Keep only one of the two.",
        D::LanguageUnknown { .. } => "Write `fr` or `en`.",
        D::RedirectInvalid { .. } => "Write a path such as `/press/old-name/`.",
        D::ItemWithoutAddress { .. } => "Name a file, such as `/uploads/bridge.pdf`.",
        D::DocumentMissing { .. } | D::ImageMissing { .. } | D::LinkedUploadMissing { .. } => {
            "Put the file there, or correct its name: capitals, accents and spaces count."
        }
        D::DocumentEmpty { .. } | D::DocumentNotPdf { .. } => "Upload the file again.",
        D::OutsideUploads { .. } => "Put the file into the uploads folder if it belongs to this release.",
        D::DocumentUntitled { .. } => "Add `nom`, such as `nom: Download the press release`.",
        D::ItemRepeated { .. } | D::LabelRepeated { .. } => "Remove the repetition.",
        D::ImageWithoutAlternative => "Describe the image in a few words for those who cannot see it.",
        D::EmailInvalid { .. } => "Write an address such as `press@example.org`.",
        D::ContactExtra => "Keep the one journalists should write to.",
        D::AddressRefused { .. } => "Use an address that begins with `https://`, `mailto:`, `tel:` or `/`.",
        D::AddressEmpty => "Give an address, or remove the link.",
        D::AddressWithoutScheme { .. } => "Write the whole address.",
        D::TagDropped { .. } | D::AttributeDropped { .. } => "Remove it, or say the same in Markdown.",
        D::CommentDropped => "Nothing to do, unless it was meant to be read.",
        D::DeclarationDropped => "Remove it.",
        D::AttributeListOrphan { .. } => "Put it right after a link, or on a line of its own below a paragraph.",
        D::AttributeListUnread { .. } => "Write `.class`, `#id` or `name=\"value\"`.",
        D::ReleaseLinkDead { .. } => "Check the file's name; a release still to come is linked once it is public.",
        D::LiquidDropped { .. } | D::ExtensionDropped { .. } => "Write what it stands for.",
        D::FootnoteOrphan { .. } => "Write `[^name]` in the text and `[^name]: …` on a line of its own.",
        D::TagUnclosed { .. } => "Write its end tag where it should end.",
        D::WithdrawnWithoutReason => "Write the reason: `withdrawn: \"published by mistake\"`.",
        D::CorrectionWithoutWords => "Write what changed: `correction: \"the date of the opening\"`.",
        D::LabelFolded { .. } => "Use one spelling everywhere.",
        D::SlugShared { .. } => "Rename one of the two if they mean the same.",
        D::LabelWithComma { .. } => "For several labels, write a list: one line a label, beginning with `- `.",
        D::LabelEmpty => "Remove it, or write its words.",
        D::ConflictCopy => "Put what it has into the release's own file, then delete it.",
        D::NoFrontMatter => "To make it one, begin the file with `---`, keys such as `title:`, and `---`.",
    };
    text.to_owned()
}
