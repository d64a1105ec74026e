//! What can be said about a release file: codes with arguments, and how grave each is.
//!
//! No words here: they stand in `diagnosis_fr.rs` and `diagnosis_en.rs`, one sentence that says what is so and one that
//! says how to mend it. The place in the file is not part of a diagnosis either: see `content::Diagnostic`.

/// How grave a diagnosis is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The release cannot be published from this file.
    Error,
    /// Something was dropped, or is doubtful.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// `error`, `warning` or `note`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// What a key of the front matter should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Expected {
    /// One text.
    Text,
    /// A text or a list of texts.
    Texts,
    /// A list of items, each with keys of its own.
    Items,
    /// Keys of its own.
    Keys,
}

/// One thing that can be said about a release file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Diagnosis {
    /// The file is larger than what is read.
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
        /// The largest size that is read.
        limit: usize,
    },
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// The front matter begins and does not end.
    FrontMatterUnclosed,
    /// The front matter is not YAML.
    FrontMatterSyntax {
        /// What the YAML reader says, in English.
        detail: String,
    },
    /// A value holds a colon and a space and stands without quotes.
    UnquotedColon,
    /// A line of the front matter is indented with a tab.
    TabIndent,
    /// The front matter is a list or a text.
    FrontMatterNotKeys,
    /// The front matter is larger or deeper than any release's.
    FrontMatterTooComplex,
    /// A key stands twice.
    DuplicateKey {
        /// The key.
        key: String,
        /// The line where it stands first.
        first: usize,
    },
    /// No title, or an empty one.
    TitleMissing,
    /// A key without which the release cannot be published holds something else.
    ValueRefused {
        /// The key.
        key: String,
        /// What it should hold.
        expected: Expected,
    },
    /// A switch that is neither `true` nor `false`.
    NotABoolean {
        /// The key.
        key: String,
        /// What it holds.
        written: String,
    },
    /// No date, neither in the front matter nor in the file's name.
    DateMissing,
    /// A date that is none.
    DateInvalid {
        /// What stands there.
        written: String,
    },
    /// A permalink that is no path below the site.
    PermalinkInvalid {
        /// What stands there.
        written: String,
    },
    /// A permalink that belongs to Depeche itself.
    PermalinkReserved {
        /// What stands there.
        written: String,
    },
    /// No permalink could be made of the file's name.
    PermalinkImpossible {
        /// What it was to be made of.
        from: String,
    },
    /// A pinned id that is not an absolute URI.
    IdInvalid {
        /// What stands there.
        written: String,
    },
    /// Neither chapeau nor body.
    NoText,
    /// Quotes, lists or tags nested beyond all measure.
    TooDeep,
    /// More paragraphs, words with markup or HTML than any release has.
    TooManyParts,
    /// Another release has this permalink.
    DuplicatePermalink {
        /// The address.
        permalink: String,
        /// The other file.
        other: String,
    },
    /// Another release pins this id.
    DuplicateId {
        /// The id.
        id: String,
        /// The other file.
        other: String,
    },
    /// Characters that no feed may hold.
    IllegalCharacters {
        /// How many.
        count: usize,
    },
    /// A time that the clocks skipped.
    DateSkipped {
        /// What stands there.
        written: String,
        /// The zone.
        zone: String,
        /// The time taken instead.
        taken: String,
    },
    /// A time that came twice.
    DateAmbiguous {
        /// What stands there.
        written: String,
        /// The zone.
        zone: String,
    },
    /// `last_modified_at` is no date.
    ModifiedInvalid {
        /// What stands there.
        written: String,
    },
    /// A key that looks like one of ours.
    KeyNearMiss {
        /// The key.
        key: String,
        /// Ours.
        suggestion: String,
    },
    /// A key that another one makes useless.
    KeyShadowed {
        /// The key.
        key: String,
        /// The other one.
        by: String,
    },
    /// A key whose value was dropped because it holds something else.
    ValueIgnored {
        /// The key.
        key: String,
        /// What it should hold.
        expected: Expected,
    },
    /// A language that Depeche does not speak.
    LanguageUnknown {
        /// What stands there.
        written: String,
    },
    /// An old address that is no path below the site.
    RedirectInvalid {
        /// What stands there.
        written: String,
    },
    /// An item without an address.
    ItemWithoutAddress {
        /// The list's key.
        key: String,
    },
    /// A document that is not below uploads.
    DocumentMissing {
        /// Its path there.
        path: String,
    },
    /// A document without a single byte.
    DocumentEmpty {
        /// Its path below uploads.
        path: String,
    },
    /// A document called a PDF that is none.
    DocumentNotPdf {
        /// Its path below uploads.
        path: String,
    },
    /// A document of this site that does not lie below uploads.
    OutsideUploads {
        /// Its address.
        address: String,
    },
    /// A document without a name.
    DocumentUntitled {
        /// The name it got.
        title: String,
    },
    /// A document or image that stands twice.
    ItemRepeated {
        /// Its address.
        address: String,
    },
    /// An image that is not below uploads.
    ImageMissing {
        /// Its path there.
        path: String,
    },
    /// An image without an alternative text.
    ImageWithoutAlternative,
    /// A link of the text to a file that is not below uploads.
    LinkedUploadMissing {
        /// Its path there.
        path: String,
    },
    /// A press contact's address that cannot be written to.
    EmailInvalid {
        /// What stands there.
        written: String,
    },
    /// A second press contact or address.
    ContactExtra,
    /// A link or image whose address cannot be kept.
    AddressRefused {
        /// What stands there.
        written: String,
    },
    /// A link or image without an address.
    AddressEmpty,
    /// An address that begins with `www.`.
    AddressWithoutScheme {
        /// What stands there.
        written: String,
        /// The address taken instead.
        taken: String,
    },
    /// An HTML element that was dropped.
    TagDropped {
        /// Its name.
        tag: String,
    },
    /// An attribute that was dropped.
    AttributeDropped {
        /// Its name.
        attribute: String,
    },
    /// An HTML comment, left out.
    CommentDropped,
    /// A declaration or processing instruction, dropped.
    DeclarationDropped,
    /// An attribute list beside nothing it could belong to.
    AttributeListOrphan {
        /// What stands there.
        written: String,
    },
    /// A part of an attribute list that means nothing.
    AttributeListUnread {
        /// The part.
        written: String,
    },
    /// A Liquid tag, dropped.
    LiquidDropped {
        /// What stands there.
        written: String,
    },
    /// A link to a release that is unknown, or not public.
    ReleaseLinkDead {
        /// The file it names.
        named: String,
    },
    /// A kramdown extension, dropped.
    ExtensionDropped {
        /// What stands there.
        written: String,
    },
    /// A footnote that is defined nowhere or used nowhere.
    FootnoteOrphan {
        /// Its name.
        name: String,
    },
    /// A raw HTML element that is opened and never closed.
    TagUnclosed {
        /// Its name.
        tag: String,
    },
    /// `withdrawn: true` without a reason.
    WithdrawnWithoutReason,
    /// `correction: true` without words.
    CorrectionWithoutWords,
    /// Two spellings of one topic.
    LabelFolded {
        /// The spelling shown.
        shown: String,
        /// The other one.
        other: String,
    },
    /// Two topics whose slugs would be equal.
    SlugShared {
        /// The label.
        label: String,
        /// The label that has the plain slug.
        other: String,
        /// The slug it got.
        slug: String,
    },
    /// One topic twice in one file.
    LabelRepeated {
        /// The second spelling.
        label: String,
    },
    /// A single text with commas, taken as one label.
    LabelWithComma {
        /// The label.
        label: String,
    },
    /// A list item that is no label.
    LabelEmpty,
    /// A file without front matter.
    NoFrontMatter,
    /// The file is what a sync program left of two versions that it could not reconcile.
    ConflictCopy,
}

impl Diagnosis {
    /// The stable name of this kind of diagnosis.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::NotUtf8 => "not-utf8",
            Self::FrontMatterUnclosed => "front-matter-unclosed",
            Self::FrontMatterSyntax { .. } => "front-matter-syntax",
            Self::UnquotedColon => "unquoted-colon",
            Self::TabIndent => "tab-indent",
            Self::FrontMatterNotKeys => "front-matter-not-keys",
            Self::FrontMatterTooComplex => "front-matter-too-complex",
            Self::DuplicateKey { .. } => "duplicate-key",
            Self::TitleMissing => "title-missing",
            Self::ValueRefused { .. } => "value-refused",
            Self::NotABoolean { .. } => "not-a-boolean",
            Self::DateMissing => "date-missing",
            Self::DateInvalid { .. } => "date-invalid",
            Self::PermalinkInvalid { .. } => "permalink-invalid",
            Self::PermalinkReserved { .. } => "permalink-reserved",
            Self::PermalinkImpossible { .. } => "permalink-impossible",
            Self::IdInvalid { .. } => "id-invalid",
            Self::NoText => "no-text",
            Self::TooDeep => "too-deep",
            Self::TooManyParts => "too-many-parts",
            Self::DuplicatePermalink { .. } => "duplicate-permalink",
            Self::DuplicateId { .. } => "duplicate-id",
            Self::IllegalCharacters { .. } => "illegal-characters",
            Self::DateSkipped { .. } => "date-skipped",
            Self::DateAmbiguous { .. } => "date-ambiguous",
            Self::ModifiedInvalid { .. } => "modified-invalid",
            Self::KeyNearMiss { .. } => "key-near-miss",
            Self::KeyShadowed { .. } => "key-shadowed",
            Self::ValueIgnored { .. } => "value-ignored",
            Self::LanguageUnknown { .. } => "language-unknown",
            Self::RedirectInvalid { .. } => "redirect-invalid",
            Self::ItemWithoutAddress { .. } => "item-without-address",
            Self::DocumentMissing { .. } => "document-missing",
            Self::DocumentEmpty { .. } => "document-empty",
            Self::DocumentNotPdf { .. } => "document-not-pdf",
            Self::OutsideUploads { .. } => "outside-uploads",
            Self::DocumentUntitled { .. } => "document-untitled",
            Self::ItemRepeated { .. } => "item-repeated",
            Self::ImageMissing { .. } => "image-missing",
            Self::ImageWithoutAlternative => "image-without-alternative",
            Self::LinkedUploadMissing { .. } => "linked-upload-missing",
            Self::EmailInvalid { .. } => "email-invalid",
            Self::ContactExtra => "contact-extra",
            Self::AddressRefused { .. } => "address-refused",
            Self::AddressEmpty => "address-empty",
            Self::AddressWithoutScheme { .. } => "address-without-scheme",
            Self::TagDropped { .. } => "tag-dropped",
            Self::AttributeDropped { .. } => "attribute-dropped",
            Self::CommentDropped => "comment-dropped",
            Self::DeclarationDropped => "declaration-dropped",
            Self::AttributeListOrphan { .. } => "attribute-list-orphan",
            Self::AttributeListUnread { .. } => "attribute-list-unread",
            Self::LiquidDropped { .. } => "liquid-dropped",
            Self::ReleaseLinkDead { .. } => "release-link-dead",
            Self::ExtensionDropped { .. } => "extension-dropped",
            Self::FootnoteOrphan { .. } => "footnote-orphan",
            Self::TagUnclosed { .. } => "tag-unclosed",
            Self::WithdrawnWithoutReason => "withdrawn-without-reason",
            Self::CorrectionWithoutWords => "correction-without-words",
            Self::LabelFolded { .. } => "label-folded",
            Self::SlugShared { .. } => "slug-shared",
            Self::LabelRepeated { .. } => "label-repeated",
            Self::LabelWithComma { .. } => "label-with-comma",
            Self::LabelEmpty => "label-empty",
            Self::NoFrontMatter => "no-front-matter",
            Self::ConflictCopy => "conflict-copy",
        }
    }

    /// How grave it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::TooLarge { .. }
            | Self::NotUtf8
            | Self::FrontMatterUnclosed
            | Self::FrontMatterSyntax { .. }
            | Self::UnquotedColon
            | Self::TabIndent
            | Self::FrontMatterNotKeys
            | Self::FrontMatterTooComplex
            | Self::DuplicateKey { .. }
            | Self::TitleMissing
            | Self::ValueRefused { .. }
            | Self::NotABoolean { .. }
            | Self::DateMissing
            | Self::DateInvalid { .. }
            | Self::PermalinkInvalid { .. }
            | Self::PermalinkReserved { .. }
            | Self::PermalinkImpossible { .. }
            | Self::IdInvalid { .. }
            | Self::NoText
            | Self::TooDeep
            | Self::TooManyParts
            | Self::DuplicatePermalink { .. }
            | Self::DuplicateId { .. } => Severity::Error,
            Self::ConflictCopy
            | Self::IllegalCharacters { .. }
            | Self::DateSkipped { .. }
            | Self::ModifiedInvalid { .. }
            | Self::KeyNearMiss { .. }
            | Self::ValueIgnored { .. }
            | Self::LanguageUnknown { .. }
            | Self::RedirectInvalid { .. }
            | Self::ItemWithoutAddress { .. }
            | Self::DocumentMissing { .. }
            | Self::DocumentEmpty { .. }
            | Self::DocumentNotPdf { .. }
            | Self::OutsideUploads { .. }
            | Self::ImageMissing { .. }
            | Self::ImageWithoutAlternative
            | Self::LinkedUploadMissing { .. }
            | Self::EmailInvalid { .. }
            | Self::ContactExtra
            | Self::AddressRefused { .. }
            | Self::AddressEmpty
            | Self::AddressWithoutScheme { .. }
            | Self::TagDropped { .. }
            | Self::AttributeDropped { .. }
            | Self::DeclarationDropped
            | Self::AttributeListOrphan { .. }
            | Self::AttributeListUnread { .. }
            | Self::LiquidDropped { .. }
            | Self::ReleaseLinkDead { .. }
            | Self::ExtensionDropped { .. }
            | Self::FootnoteOrphan { .. }
            | Self::TagUnclosed { .. }
            | Self::WithdrawnWithoutReason
            | Self::CorrectionWithoutWords
            | Self::LabelFolded { .. }
            | Self::LabelEmpty => Severity::Warning,
            Self::DateAmbiguous { .. }
            | Self::KeyShadowed { .. }
            | Self::DocumentUntitled { .. }
            | Self::ItemRepeated { .. }
            | Self::CommentDropped
            | Self::SlugShared { .. }
            | Self::LabelRepeated { .. }
            | Self::LabelWithComma { .. }
            | Self::NoFrontMatter => Severity::Note,
        }
    }
}
