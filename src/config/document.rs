//! The text of `config.toml` and the variables of the environment become a [`ConfigFile`].

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{ConfigFault, Place};
use super::file::{ConfigFile, RELAY, RelayFile, SECTIONS, keys_of};
use super::setting::{Misplaced, Setting, Value};
use super::suggestion::nearest;
use crate::language::Language;

/// How every variable of ours begins.
const PREFIX: &str = "DEPECHE_";
/// The one that the project's own tests read.
const FOR_TESTS: &str = "DEPECHE_REQUIRE";

/// The file's text, parsed as far as it could be.
pub(super) struct Document<'t> {
    text: &'t str,
    table: DeTable<'t>,
    error: Option<toml::de::Error>,
}

impl<'t> Document<'t> {
    /// Parses `text`; what is wrong with it is told by [`Document::read`].
    pub(super) fn parse(text: &'t str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (table, errors) = DeTable::parse_recoverable(text);
        Self { text, table: table.into_inner(), error: errors.into_iter().next() }
    }

    /// `site.language`, when it can be read, for messages.
    pub(super) fn language(&self) -> Option<Language> {
        let (_, site) = self.table.iter().find(|(key, _)| key.get_ref() == "site")?;
        let (_, language) = site.get_ref().as_table()?.iter().find(|(key, _)| key.get_ref() == "language")?;
        language.get_ref().as_str()?.parse().ok()
    }

    /// Everything the file says, each key in its place.
    pub(super) fn read(&self) -> Result<ConfigFile, Misplaced> {
        if let Some(error) = &self.error {
            let place = error.span().map(|span| self.line(span.start));
            return Err((place, ConfigFault::Syntax { message: one_line(error.message()) }));
        }
        let mut file = ConfigFile::default();
        for (name, section) in in_order(&self.table) {
            let place = self.line(name.span().start);
            let name = name.get_ref().as_ref();
            if keys_of(name).is_none() {
                return Err((Some(place), unknown_section(name)));
            }
            let not_a_section = || {
                let heading = if name == RELAY { format!("[[{name}]]") } else { format!("[{name}]") };
                (Some(place.clone()), ConfigFault::NotASection { heading })
            };
            match section.get_ref() {
                DeValue::Table(table) if name != RELAY => self.read_section(&mut file, name, table)?,
                DeValue::Array(relays) if name == RELAY => {
                    for relay in relays {
                        let table = relay.get_ref().as_table().ok_or_else(not_a_section)?;
                        file.relays.push(RelayFile::default());
                        self.read_section(&mut file, name, table)?;
                    }
                }
                DeValue::String(_)
                | DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_)
                | DeValue::Array(_)
                | DeValue::Table(_) => return Err(not_a_section()),
            }
        }
        Ok(file)
    }

    fn read_section(&self, file: &mut ConfigFile, section: &str, table: &DeTable<'_>) -> Result<(), Misplaced> {
        for (key, value) in in_order(table) {
            let place = self.line(key.span().start);
            let key = key.get_ref().as_ref();
            let Some(slot) = file.slot(section, key) else {
                return Err((Some(place), unknown_key(section, key)));
            };
            *slot = Some(Setting { key: format!("{section}.{key}"), value: value_of(value.get_ref()), place });
        }
        Ok(())
    }

    fn line(&self, offset: usize) -> Place {
        let before = self.text.as_bytes().get(..offset).unwrap_or(self.text.as_bytes());
        Place::Line(before.split(|byte| *byte == b'\n').count())
    }
}

/// Lays what the environment says over `file`; returns the variables that look like ours and are none.
pub(super) fn override_from(
    file: &mut ConfigFile,
    env: impl Iterator<Item = (String, String)>,
) -> Result<Vec<String>, Misplaced> {
    let mut ignored = Vec::new();
    let mut ours: Vec<_> = env.filter(|(name, _)| name.starts_with(PREFIX) && name.as_str() != FOR_TESTS).collect();
    ours.sort();
    let several_relays = file.relays.len() > 1;
    for (name, text) in ours {
        let rest = name.strip_prefix(PREFIX).unwrap_or_default().to_ascii_lowercase();
        let Some((section, key)) = rest.split_once("__") else {
            ignored.push(name);
            continue;
        };
        let place = Place::Variable(name.clone());
        if keys_of(section).is_none() {
            return Err((Some(place), unknown_section(section)));
        }
        if section == RELAY && several_relays {
            return Err((Some(place), ConfigFault::SeveralRelays));
        }
        if section == RELAY && file.relays.is_empty() {
            file.relays.push(RelayFile::default());
        }
        let value = variable_value(text).map_err(|fault| (Some(place.clone()), fault))?;
        let Some(slot) = file.slot(section, key) else {
            return Err((Some(place), unknown_key(section, key)));
        };
        *slot = Some(Setting { key: format!("{section}.{key}"), value, place });
    }
    Ok(ignored)
}

/// A variable's text; between brackets it is a list as in the file, between braces a table.
fn variable_value(text: String) -> Result<Value, ConfigFault> {
    let trimmed = text.trim();
    let is_between = |open, close| trimmed.starts_with(open) && trimmed.ends_with(close);
    if is_between('[', ']') || is_between('{', '}') {
        return match DeValue::parse(trimmed) {
            Ok(value) => Ok(value_of(value.get_ref())),
            Err(error) => Err(ConfigFault::Syntax { message: one_line(error.message()) }),
        };
    }
    Ok(Value::Text(text))
}

fn value_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Other, Value::Integer)
        }
        DeValue::Boolean(answer) => Value::Boolean(*answer),
        DeValue::Array(items) => Value::List(items.iter().map(|item| value_of(item.get_ref())).collect()),
        DeValue::Table(table) => {
            let entry = |(name, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
                (name.get_ref().clone().into_owned(), value_of(value.get_ref()))
            };
            Value::Table(in_order(table).into_iter().map(entry).collect())
        }
        DeValue::Float(_) | DeValue::Datetime(_) => Value::Other,
    }
}

/// The entries of a table as they follow each other in the file.
fn in_order<'a, 't>(table: &'a DeTable<'t>) -> Vec<(&'a Spanned<std::borrow::Cow<'t, str>>, &'a Spanned<DeValue<'t>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn unknown_section(name: &str) -> ConfigFault {
    let suggestion = nearest(name, SECTIONS.iter().map(|(section, _)| *section)).map(str::to_owned);
    ConfigFault::Unknown { name: name.to_owned(), suggestion }
}

/// A key that the section does not have: the near one it has, or the section that has it.
fn unknown_key(section: &str, key: &str) -> ConfigFault {
    let near = nearest(key, keys_of(section).unwrap_or_default().iter().copied());
    let suggestion = near.map(|near| format!("{section}.{near}")).or_else(|| {
        let elsewhere = SECTIONS.iter().find(|(_, keys)| keys.contains(&key))?;
        Some(format!("{}.{key}", elsewhere.0))
    });
    ConfigFault::Unknown { name: format!("{section}.{key}"), suggestion }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
