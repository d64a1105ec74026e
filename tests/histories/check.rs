//! After each step: what the newsroom shows and mails, held against the model.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use depeche::domain::{Permalink, Topic};
use depeche::resource::Found;

use crate::lineage::{MARK, name_of, owner_of, root};
use crate::model::GRACE;
use crate::newsroom::Letter;
use crate::play::{ANN, DAN, Play};

/// How much was checked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checked {
    pub(crate) looks: u64,
    pub(crate) ids: u64,
    pub(crate) documents: u64,
    pub(crate) bytes: u64,
    pub(crate) letters: u64,
    pub(crate) announcements: u64,
    pub(crate) digests: u64,
    pub(crate) corrections: u64,
    pub(crate) withdrawals: u64,
    /// Announcements that the model wanted at the end.
    pub(crate) due: u64,
    /// What is public now was checked already.
    seen: Option<usize>,
}

impl Checked {
    pub(crate) fn add(&mut self, other: &Self) {
        let Self {
            looks, ids, documents, bytes, letters, announcements, digests, corrections, withdrawals, due, ..
        } = other;
        self.looks += looks;
        self.ids += ids;
        self.documents += documents;
        self.bytes += bytes;
        self.letters += letters;
        self.announcements += announcements;
        self.digests += digests;
        self.corrections += corrections;
        self.withdrawals += withdrawals;
        self.due += due;
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            looks, ids, documents, bytes, letters, announcements, digests, corrections, withdrawals, due, ..
        } = self;
        writeln!(
            f,
            "{looks} looks, {ids} ids, {documents} documents and {bytes} bytes of them and of letters searched"
        )?;
        write!(
            f,
            "  {letters} letters: {announcements} announcements, {digests} digests, {corrections} corrections, \
             {withdrawals} withdrawals; {due} announcements due at the end"
        )
    }
}

impl Play {
    pub(crate) fn check(&mut self) -> Result<(), String> {
        self.checked.looks += 1;
        let (time, model) = (self.room.newsroom().now(), self.model.now());
        if time != model {
            return Err(format!("it is {model}, and {time} is believed"));
        }
        self.check_ids()?;
        for reader in [ANN, DAN] {
            for letter in self.room.inbox(reader) {
                self.check_letter(reader, &letter)?;
            }
        }
        self.check_public()
    }

    /// A release keeps its id, and no two have one.
    fn check_ids(&mut self) -> Result<(), String> {
        let current = self.room.newsroom().current();
        let records = current.register.records.values().filter(|record| record.missing_since.is_none());
        let by_path: BTreeMap<&str, String> =
            records.map(|record| (record.path.as_str(), record.id.to_string())).collect();
        let mut ids = BTreeSet::new();
        for (who, lineage) in self.model.lineages.iter_mut().enumerate() {
            if let Some((path, _)) = lineage.last.as_ref().filter(|_| !lineage.is_missing) {
                let Some(id) = by_path.get(path.as_str()) else {
                    return Err(format!("{} at {path} is not in the register", root(who)));
                };
                let known = lineage.id.get_or_insert_with(|| id.clone());
                if known != id {
                    return Err(format!("changed id: {} at {path} was {known} and is {id}", root(who)));
                }
                self.checked.ids += 1;
            }
            if let Some(id) = &lineage.id
                && !ids.insert(id.clone())
            {
                return Err(format!("{} has the id of another: {id}", root(who)));
            }
        }
        Ok(())
    }

    /// What is live is public under its id, and nothing else is.
    fn check_public(&mut self) -> Result<(), String> {
        let current = self.room.newsroom().current();
        let shown =
            self.model.lineages.iter().filter_map(|lineage| Some((lineage.id.clone()?, lineage.shown()?.title())));
        let expected: BTreeMap<String, String> = shown.collect();
        let live = current.resources.live().releases().iter();
        let found: BTreeMap<String, String> =
            live.map(|published| (published.id.to_string(), published.release.title.to_string())).collect();
        if let Some((id, title)) = found.iter().find(|(id, _)| !expected.contains_key(*id)) {
            return Err(format!("early: {id} is live: {title}"));
        }
        if expected != found {
            return Err(format!("live should be {expected:?}, and is {found:?}"));
        }
        // The same catalog has the same bytes; a catalog of another address in memory is another one.
        let address = std::sync::Arc::as_ptr(&current).addr();
        if self.checked.seen.replace(address) == Some(address) && !self.is_name_to_be_checked() {
            return Ok(());
        }
        let (owners, names) = self.model.may_be_seen();
        // A topic that was public once keeps its feeds, empty as they may be: its words are known.
        let known =
            self.model.lineages.iter().enumerate().filter(|(_, lineage)| lineage.was_public).map(|(who, _)| who);
        let once = Allowed { owners: owners.iter().copied().chain(known).collect(), names: names.clone() };
        let now = Allowed { owners, names };
        for path in current.resources.paths(&|_| true) {
            let is_empty = topic_of(&path).is_some_and(|topic| current.resources.live().of(&topic).is_empty());
            let allowed = if is_empty { &once } else { &now };
            allowed.check(&path).map_err(|word| format!("{word} is in the address {path}"))?;
            let Ok(Found::Document(document)) = current.resources.find(&path) else {
                return Err(format!("{path} is listed and not there"));
            };
            let text = str::from_utf8(document.bytes()).map_err(|error| format!("{path}: {error}"))?;
            allowed.check(text).map_err(|word| format!("early: {word} is in {path}"))?;
            if path == "/feeds/all.json" {
                check_feed(text, &expected)?;
            }
            self.checked.documents += 1;
            self.checked.bytes += text.len() as u64;
        }
        let allowed = now;
        for upload in current.resources.uploads() {
            allowed.check(upload.as_str()).map_err(|word| format!("early: the document of {word} is public"))?;
        }
        // Whatever name a release has once it was public may lead to it.
        let public_once = self.model.lineages.iter().filter(|lineage| lineage.was_public);
        self.seen_names.extend(public_once.filter_map(|lineage| Some(name_of(&lineage.last.as_ref()?.0))));
        for (who, lineage) in self.model.lineages.iter().enumerate() {
            let (Some(file), None) = (&lineage.file, lineage.shown()) else { continue };
            let (own, name) = (root(who), name_of(&file.path));
            let document = current.resources.find(&format!("/uploads/{own}.pdf"));
            if !allowed.owners.contains(&who) && !matches!(document, Ok(Found::Missing)) {
                return Err(format!("early: the document of {own} answers"));
            }
            let was_seen = self.seen_names.contains(&name) || allowed.names.contains(&name);
            let address = format!("/espace-presse/{name}/");
            let is_alias = address.parse::<Permalink>().is_ok_and(|old| current.register.aliases.contains_key(&old));
            let page = current.resources.find(&address);
            let is_gone = matches!(page, Ok(Found::Gone)) && file.content.text().withdrawn.is_some();
            if !was_seen && (is_alias || !(is_gone || matches!(page, Ok(Found::Missing)))) {
                return Err(format!("early: {address} answers for {own}"));
            }
        }
        self.seen_names.extend(allowed.names);
        Ok(())
    }

    fn is_name_to_be_checked(&self) -> bool {
        self.model.lineages.iter().any(|lineage| lineage.is_unseen)
    }

    /// A letter is about what is live, is allowed, and has not been mailed before.
    fn check_letter(&mut self, reader: &'static str, letter: &Letter) -> Result<(), String> {
        self.checked.letters += 1;
        let subject = &letter.shown.subject;
        self.trace.push(format!("    {reader} gets: {subject}"));
        let (owners, names) = self.model.may_be_seen();
        let mut allowed = Allowed { owners, names };
        let title_of = |who: usize| self.model.lineages[who].last.as_ref().map(|(_, text)| text.title());
        let about: Vec<usize> = (0..self.model.lineages.len())
            .filter(|who| self.model.lineages[*who].copy_of.is_none() && !self.model.lineages[*who].is_spent)
            .filter(|who| title_of(*who).is_some_and(|title| letter.shown.text.contains(&title)))
            .collect();
        let subject_title = |prefix: &str| {
            about
                .iter()
                .copied()
                .find(|who| Some(format!("{prefix}{}", title_of(*who).unwrap_or_default())) == Some(subject.clone()))
        };
        if let Some(who) = subject_title("") {
            self.checked.announcements += 1;
            self.check_announcement(reader, who)?;
        } else if let Some(who) = subject_title("Correctif\u{a0}: ") {
            self.checked.corrections += 1;
            let lineage = &self.model.lineages[who];
            let text = lineage.shown().ok_or_else(|| format!("a correction of {} that is not live", root(who)))?;
            let number = text.correction.ok_or_else(|| format!("a correction of {} that has none", root(who)))?;
            let word = text.correction_word(number);
            self.check_follow_up(reader, who, &word, letter)?;
        } else if let Some(who) = subject_title("Retrait\u{a0}: ") {
            self.checked.withdrawals += 1;
            let (_, text) = self.model.lineages[who].last.clone().expect("it was mailed");
            let number = text.withdrawn.ok_or_else(|| format!("a withdrawal of {} that is not", root(who)))?;
            allowed.owners.extend(text.owners());
            self.check_follow_up(reader, who, &text.withdrawal_word(number), letter)?;
        } else if reader == DAN {
            self.checked.digests += 1;
            for who in about {
                let lineage = &mut self.model.lineages[who];
                if !lineage.told.contains_key(ANN) {
                    return Err(format!("a digest with {}, which was not announced", root(who)));
                }
                if lineage.told.insert(reader, 1).is_some() {
                    return Err(format!("second: {} is in a second digest", root(who)));
                }
            }
        } else {
            return Err(format!("{reader} gets a letter about nothing known: {subject}"));
        }
        let headers: Vec<&str> = letter.shown.headers.iter().map(|(_, value)| value.as_str()).collect();
        for part in [subject, &letter.shown.text, &letter.shown.html, &headers.join("\n")] {
            self.checked.bytes += part.len() as u64;
            allowed.check(part).map_err(|word| format!("early: {word} is in a letter to {reader}: {subject}"))?;
        }
        Ok(())
    }

    fn check_announcement(&mut self, reader: &'static str, who: usize) -> Result<(), String> {
        let now = self.model.now();
        let (own, lineage) = (root(who), &mut self.model.lineages[who]);
        let text = lineage.shown().ok_or_else(|| format!("early: {own} is announced and not live"))?.clone();
        let since = lineage.publishable_since.expect("it is live") + GRACE;
        let due = if lineage.was_approved { text.date } else { text.date.max(since) };
        if now < due {
            return Err(format!("early: {own} is announced at {now}, due {due}"));
        }
        if lineage.is_never_announced() || lineage.is_held {
            return Err(format!(
                "{own} is announced: old news {}, copy {:?}, cancelled {}, held {}",
                lineage.is_old_news, lineage.copy_of, lineage.is_cancelled, lineage.is_held
            ));
        }
        if reader != ANN {
            return Err(format!("{reader} wants digests, and gets {own} at once"));
        }
        if lineage.told.insert(reader, 1).is_some() {
            return Err(format!("second: {own} is announced again"));
        }
        Ok(())
    }

    fn check_follow_up(&mut self, reader: &'static str, who: usize, word: &str, letter: &Letter) -> Result<(), String> {
        let lineage = &mut self.model.lineages[who];
        if !letter.shown.text.contains(word) {
            return Err(format!("{word} is not in the letter about it"));
        }
        if !lineage.told.contains_key(reader) {
            return Err(format!("{reader} never had {}, and gets {word}", root(who)));
        }
        if !lineage.followed_up.insert((reader, word.to_owned())) {
            return Err(format!("second: {word} is mailed again"));
        }
        Ok(())
    }

    /// At the end, everything that should have been announced was.
    pub(crate) fn check_nothing_is_lost(&mut self) -> Result<(), String> {
        for (who, lineage) in self.model.lineages.iter().enumerate() {
            if lineage.shown().is_none() || lineage.is_never_announced() {
                continue;
            }
            self.checked.due += 1;
            if !lineage.told.contains_key(ANN) {
                return Err(format!("lost: {} was never announced", root(who)));
            }
        }
        Ok(())
    }
}

/// The JSON feed has these ids and titles.
fn check_feed(text: &str, expected: &BTreeMap<String, String>) -> Result<(), String> {
    let feed: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let items = feed["items"].as_array().cloned().unwrap_or_default();
    if items.len() != expected.len().min(20) {
        return Err(format!("the feed has {} entries for {} releases", items.len(), expected.len()));
    }
    for item in &items {
        let (id, title) = (item["id"].as_str().unwrap_or_default(), item["title"].as_str().unwrap_or_default());
        if expected.get(id).map(String::as_str) != Some(title) {
            return Err(format!("the feed has {title} as {id}"));
        }
    }
    Ok(())
}

/// The category or tag that an address below `/feeds/` is about.
fn topic_of(path: &str) -> Option<Topic> {
    let (taxonomy, rest) = path.strip_prefix("/feeds/")?.split_once('/')?;
    format!("{taxonomy}:{}", rest.split(['.', '/']).next()?).parse().ok()
}

/// The invented words that may be seen.
struct Allowed {
    owners: Vec<usize>,
    names: Vec<String>,
}

impl Allowed {
    /// The first invented word in `text` that may not be seen.
    fn check(&self, text: &str) -> Result<(), String> {
        for (at, _) in text.match_indices('z') {
            let Some(rest) = text[at..].strip_prefix(MARK) else { continue };
            // Signed tokens are random letters, and now and then these among them.
            if text[..at].ends_with(|c: char| c.is_ascii_alphanumeric()) {
                continue;
            }
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            let rest = &rest[..end];
            let is_allowed = match owner_of(rest) {
                Some(owner) => self.owners.contains(&owner),
                None if !rest.starts_with('x') => true,
                None => self.names.iter().any(|name| *name == format!("{MARK}{rest}")),
            };
            if !is_allowed {
                return Err(format!("{MARK}{rest}"));
            }
        }
        Ok(())
    }
}
