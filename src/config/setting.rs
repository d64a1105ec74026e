//! One value as it was written, and where: how the text of a key becomes a checked value.

use camino::{Utf8Path, Utf8PathBuf};
use chrono::TimeDelta;

use super::duration::parse_duration;
use super::fault::{ConfigFault, Expected, Place};

/// A value of `config.toml` or of the environment, before anything is known of its key.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// A string; everything the environment says is one.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// `true` or `false`.
    Boolean(bool),
    /// A list.
    List(Vec<Value>),
    /// A table, in the order of the file.
    Table(Vec<(String, Value)>),
    /// A float, a date, or a number beyond 64 bits: no key takes one.
    Other,
}

/// A value, its key and its place.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    /// The key with its section: `newsletter.grace`.
    pub(super) key: String,
    /// What was written.
    pub(super) value: Value,
    /// Where.
    pub(super) place: Place,
}

/// What is wrong with a setting, and where.
pub(super) type Misplaced = (Option<Place>, ConfigFault);

/// Keys whose value no message shows.
const SECRET_KEYS: [&str; 3] = ["database.url", "publish.bucket_secret", "relay.password"];

impl Setting {
    /// The complaint that this value is not what its key takes.
    pub(super) fn refuse(&self, expected: Expected) -> Misplaced {
        let shown = match &self.value {
            Value::Text(text) if !SECRET_KEYS.contains(&self.key.as_str()) => Some(text.clone()),
            Value::Integer(number) => Some(number.to_string()),
            Value::Boolean(answer) => Some(answer.to_string()),
            Value::Text(_) | Value::List(_) | Value::Table(_) | Value::Other => None,
        };
        (Some(self.place.clone()), ConfigFault::Value { key: self.key.clone(), shown, expected })
    }

    /// A complaint about this value.
    pub(super) fn wrong(&self, fault: ConfigFault) -> Misplaced {
        (Some(self.place.clone()), fault)
    }

    /// The complaint that `key` is not given, which this one needs; `example` gives it.
    pub(super) fn lacks(&self, key: &str, example: &str) -> Misplaced {
        self.wrong(ConfigFault::Missing { key: key.to_owned(), example: example.to_owned() })
    }

    /// A string.
    pub(super) fn text(&self) -> Result<&str, Misplaced> {
        match &self.value {
            Value::Text(text) => Ok(text),
            Value::Integer(_) | Value::Boolean(_) | Value::List(_) | Value::Table(_) | Value::Other => {
                Err(self.refuse(Expected::Text))
            }
        }
    }

    /// A string that `read` understands.
    pub(super) fn parsed<T>(&self, expected: Expected, read: impl FnOnce(&str) -> Option<T>) -> Result<T, Misplaced> {
        match &self.value {
            Value::Text(text) => read(text.trim()).ok_or_else(|| self.refuse(expected)),
            Value::Integer(_) | Value::Boolean(_) | Value::List(_) | Value::Table(_) | Value::Other => {
                Err(self.refuse(expected))
            }
        }
    }

    /// A string that `read` understands; an empty one is `None`.
    pub(super) fn optional<T>(
        &self,
        expected: Expected,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Misplaced> {
        self.parsed(expected, |text| if text.is_empty() { Some(None) } else { read(text).map(Some) })
    }

    /// A duration of at least `least`.
    pub(super) fn duration(&self, least: TimeDelta) -> Result<TimeDelta, Misplaced> {
        self.parsed(Expected::Duration { least }, |text| parse_duration(text).filter(|duration| *duration >= least))
    }

    /// A whole number from `least` to `most`.
    pub(super) fn number(&self, least: u32, most: u32) -> Result<u32, Misplaced> {
        let number = match &self.value {
            Value::Integer(number) => u32::try_from(*number).ok(),
            Value::Text(text) if self.is_from_environment() => text.trim().parse().ok(),
            Value::Text(_) | Value::Boolean(_) | Value::List(_) | Value::Table(_) | Value::Other => None,
        };
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.refuse(Expected::Number { least, most }))
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self) -> Result<bool, Misplaced> {
        match &self.value {
            Value::Boolean(answer) => Ok(*answer),
            Value::Text(text) if self.is_from_environment() && text.trim() == "true" => Ok(true),
            Value::Text(text) if self.is_from_environment() && text.trim() == "false" => Ok(false),
            Value::Text(_) | Value::Integer(_) | Value::List(_) | Value::Table(_) | Value::Other => {
                Err(self.refuse(Expected::Boolean))
            }
        }
    }

    /// The word of `choices` that was written, with what it stands for.
    pub(super) fn choice<T: Copy>(&self, choices: &'static [(&'static str, T)]) -> Result<T, Misplaced> {
        let words = choices.iter().map(|(word, _)| *word).collect();
        self.parsed(Expected::OneOf(words), |text| {
            choices.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning)
        })
    }

    /// A path, relative to `base` unless it is absolute.
    pub(super) fn path(&self, base: &Utf8Path) -> Result<Utf8PathBuf, Misplaced> {
        self.optional_path(base)?.ok_or_else(|| self.refuse(Expected::Path))
    }

    /// A path, relative to `base` unless it is absolute; an empty one is `None`.
    pub(super) fn optional_path(&self, base: &Utf8Path) -> Result<Option<Utf8PathBuf>, Misplaced> {
        self.optional(Expected::Path, |text| (!text.contains('\0')).then(|| base.join(text)))
    }

    /// The items of a list, each a string, as settings of their own. From the environment a list is written as in the
    /// file, or with commas.
    pub(super) fn items(&self) -> Result<Vec<Setting>, Misplaced> {
        let values = match &self.value {
            Value::List(values) => values.clone(),
            Value::Text(text) if self.is_from_environment() => text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| Value::Text(item.to_owned()))
                .collect(),
            Value::Text(_) | Value::Integer(_) | Value::Boolean(_) | Value::Table(_) | Value::Other => {
                return Err(self.refuse(Expected::List));
            }
        };
        Ok(values
            .into_iter()
            .map(|value| Setting { key: self.key.clone(), value, place: self.place.clone() })
            .collect())
    }

    /// The entries of a table, each with its name as a setting of its own and what stands for it.
    pub(super) fn entries(&self) -> Result<Vec<(Setting, Setting)>, Misplaced> {
        let Value::Table(entries) = &self.value else { return Err(self.refuse(Expected::Table)) };
        let named = |key: String, value: Value| Setting { key, value, place: self.place.clone() };
        let entry = |(name, value): &(String, Value)| {
            let name_of_name = named(self.key.clone(), Value::Text(name.clone()));
            (name_of_name, named(format!("{}.\"{name}\"", self.key), value.clone()))
        };
        Ok(entries.iter().map(entry).collect())
    }

    /// Whether a variable of the environment said it.
    pub(super) fn is_from_environment(&self) -> bool {
        matches!(self.place, Place::Variable(_))
    }
}

/// What `read` makes of a setting, or the default where there is none.
pub(super) fn or<T>(
    setting: Option<&Setting>,
    default: T,
    read: impl FnOnce(&Setting) -> Result<T, Misplaced>,
) -> Result<T, Misplaced> {
    setting.map_or(Ok(default), read)
}
