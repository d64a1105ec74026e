//! One release as an editor knows it: its words, which occur in no other, and where its file stands.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::draft::release;

/// Every invented word begins so, and nothing else does.
pub(crate) const MARK: &str = "zqv";
/// How many sentences a release has, the chapeau included.
pub(crate) const SENTENCES: usize = 6;
/// How many words a sentence has.
const WORDS: usize = 8;
/// The two letters after the mark that tell the words of one release from those of another; `x` is for file names.
const ROOTS: [&str; 24] = [
    "ba", "be", "bi", "bo", "bu", "ca", "ce", "ci", "co", "cu", "da", "de", "di", "do", "du", "fa", "fe", "fi", "fo",
    "fu", "ga", "ge", "gi", "go",
];
/// How many releases one history may have.
pub(crate) const MOST: usize = ROOTS.len();

/// The part of a release's words that is its own.
pub(crate) fn root(owner: usize) -> String {
    format!("{MARK}{}", ROOTS[owner])
}

/// Who owns the invented word that begins with `letters` after the mark.
pub(crate) fn owner_of(letters: &str) -> Option<usize> {
    ROOTS.iter().position(|root| letters.starts_with(root))
}

/// A sentence, its title's words, or its chapeau's, in one wording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wording {
    /// In whose words.
    pub(crate) owner: usize,
    /// Every word of two versions differs.
    pub(crate) version: usize,
    /// The last word of two tweaks differs.
    pub(crate) tweak: usize,
}

/// What a good file says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Text {
    pub(crate) title: Wording,
    pub(crate) sentences: [Wording; SENTENCES],
    pub(crate) labels: usize,
    pub(crate) date: DateTime<Utc>,
    pub(crate) published: bool,
    /// Whose document it offers.
    pub(crate) document: Option<usize>,
    pub(crate) correction: Option<usize>,
    pub(crate) withdrawn: Option<usize>,
}

impl Text {
    /// The first words of release `owner`.
    pub(crate) fn new(owner: usize, date: DateTime<Utc>) -> Self {
        let wording = Wording { owner, version: 0, tweak: 0 };
        Self {
            title: wording,
            sentences: [wording; SENTENCES],
            labels: 0,
            date,
            published: true,
            document: None,
            correction: None,
            withdrawn: None,
        }
    }

    /// Whether it is meant to be seen, now or later.
    pub(crate) fn is_publishable(&self) -> bool {
        self.published && self.withdrawn.is_none()
    }

    pub(crate) fn title(&self) -> String {
        let Wording { owner, version, tweak } = self.title;
        let root = root(owner);
        format!("Le {root}t{version}o du {root}t{version}u{tweak}")
    }

    fn sentence(&self, index: usize) -> String {
        let Wording { owner, version, tweak } = self.sentences[index];
        let root = root(owner);
        let mut words: Vec<String> = (0..WORDS).map(|word| format!("{root}s{index}v{version}m{word}")).collect();
        if tweak > 0 {
            words[WORDS - 1] = format!("{root}s{index}k{tweak}");
        }
        words.join(" ")
    }

    /// The words of the correction with this number.
    pub(crate) fn correction_word(&self, number: usize) -> String {
        format!("{}corrige{number}x", root(self.title.owner))
    }

    /// The reason of the withdrawal with this number.
    pub(crate) fn withdrawal_word(&self, number: usize) -> String {
        format!("{}retire{number}x", root(self.title.owner))
    }

    /// The bytes of the file.
    pub(crate) fn file(&self) -> String {
        let own = root(self.title.owner);
        let date = self.date.to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut draft = release(&self.title(), &date).chapeau(&format!("{}.", self.sentence(0)));
        let body: Vec<String> = (1..SENTENCES).map(|index| format!("{}.", self.sentence(index))).collect();
        draft = draft.body(&body.join("\n\n"));
        draft = draft.labels(&format!("Dossier {own}"), &format!("{own}l{}|Ponts", self.labels));
        if let Some(owner) = self.document {
            draft = draft.document(&format!("/uploads/{}.pdf", root(owner)), &format!("Le dossier {}", root(owner)));
        }
        if !self.published {
            draft = draft.with("published: false");
        }
        if let Some(number) = self.correction {
            draft = draft.with(&format!("correction: \"Lire {}.\"", self.correction_word(number)));
        }
        if let Some(number) = self.withdrawn {
            draft = draft.with(&format!("withdrawn: \"Retrait {}.\"", self.withdrawal_word(number)));
        }
        draft.to_string()
    }

    /// Whose words stand in it.
    pub(crate) fn owners(&self) -> BTreeSet<usize> {
        let sentences = self.sentences.iter().map(|sentence| sentence.owner);
        sentences.chain([self.title.owner]).chain(self.document).collect()
    }

    /// How alike two texts are: twice the neighbouring words both have, over all.
    pub(crate) fn likeness(&self, other: &Self) -> f64 {
        let pairs = |text: &Self| {
            let whole = (0..SENTENCES).map(|index| text.sentence(index)).collect::<Vec<_>>().join(" ");
            let words: Vec<String> = format!("{} {whole}", text.title()).split(' ').map(str::to_owned).collect();
            words.windows(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect::<BTreeSet<_>>()
        };
        let (one, two) = (pairs(self), pairs(other));
        let shared = u32::try_from(one.intersection(&two).count()).expect("few pairs");
        let all = u32::try_from(one.len() + two.len()).expect("few pairs");
        2.0 * f64::from(shared) / f64::from(all)
    }
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Good(Text),
    /// Good once, and now cut off or miswritten in one of several ways.
    Broken(Text, usize),
}

impl Content {
    pub(crate) fn text(&self) -> &Text {
        match self {
            Self::Good(text) | Self::Broken(text, _) => text,
        }
    }

    /// What it says, when it can be read.
    pub(crate) fn good(&self) -> Option<&Text> {
        match self {
            Self::Good(text) => Some(text),
            Self::Broken(..) => None,
        }
    }

    pub(crate) fn file(&self) -> String {
        match self {
            Self::Good(text) => text.file(),
            Self::Broken(text, how) => {
                let whole = text.file();
                match how % 4 {
                    0 => whole[..whole.len() / 6].to_owned(),
                    1 => whole.replacen("title: \"", "title: [", 1),
                    2 => whole.replacen("title:", "titel:", 1),
                    _ => String::new(),
                }
            }
        }
    }
}

/// A file below the content folder.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub(crate) path: String,
    pub(crate) content: Content,
}

/// The part of a path that stands in addresses and ids.
pub(crate) fn name_of(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).trim_end_matches(".md").to_owned()
}

/// One release, followed through everything that happens to its file.
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that happened to it, and they come in any mixture")]
#[derive(Debug, Clone, Default)]
pub(crate) struct Lineage {
    /// Its file now, as the editor left it.
    pub(crate) file: Option<Place>,
    /// Its file when it was there last, to bring it back.
    pub(crate) away: Option<Place>,
    /// What was done to it that nobody has looked at.
    pub(crate) is_unseen: bool,
    /// Earlier texts of it.
    pub(crate) older: Vec<Text>,
    /// What its file said when it was last read, and where.
    pub(crate) last: Option<(String, Text)>,
    pub(crate) is_missing: bool,
    pub(crate) id: Option<String>,
    pub(crate) publishable_since: Option<DateTime<Utc>>,
    pub(crate) live_since: Option<DateTime<Utc>>,
    /// Live at any time.
    pub(crate) was_public: bool,
    /// Live at the first start.
    pub(crate) is_old_news: bool,
    /// The release beside which it stands, saying the same.
    pub(crate) copy_of: Option<usize>,
    /// Once is enough: a second copy of the same words would be the first one, come back.
    pub(crate) was_copied: bool,
    /// A copy that took the place of its original: nothing is left of it.
    pub(crate) is_spent: bool,
    pub(crate) is_cancelled: bool,
    pub(crate) is_held: bool,
    pub(crate) was_approved: bool,
    /// How often each reader was told of it.
    pub(crate) told: BTreeMap<&'static str, u32>,
    /// Corrections and withdrawals mailed, and to whom.
    pub(crate) followed_up: BTreeSet<(&'static str, String)>,
}

impl Lineage {
    /// What is in its file.
    pub(crate) fn content(&self) -> Option<&Content> {
        self.file.as_ref().map(|file| &file.content)
    }

    /// What its file says, when there is one that can be read.
    pub(crate) fn good(&self) -> Option<&Text> {
        self.content()?.good()
    }

    /// What is read of it now, when it is to be seen.
    pub(crate) fn shown(&self) -> Option<&Text> {
        let (_, text) = self.last.as_ref()?;
        (!self.is_missing && self.live_since.is_some() && text.is_publishable()).then_some(text)
    }

    /// Whether anything forbids an announcement for good.
    pub(crate) fn is_never_announced(&self) -> bool {
        self.is_old_news || self.copy_of.is_some() || self.is_spent || self.is_cancelled
    }
}
