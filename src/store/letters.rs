//! Rendered letters: stored once, before the first delivery that carries them.

use std::collections::BTreeMap;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::row::{Fields, clean, micros};
use super::{Store, StoreError, ids};
use crate::domain::{EditionId, LetterId, RenderedLetter, Topic};

/// Stores a letter.
pub(super) async fn add(connection: &mut AnyConnection, letter: &RenderedLetter) -> Result<LetterId, StoreError> {
    let id = ids::next(connection, "letters").await?;
    let RenderedLetter {
        kind,
        edition,
        language,
        subject,
        text,
        html,
        date,
        boundary,
        reply_to,
        archive,
        topic_words,
        carries,
    } = letter;
    sqlx::query(
        "INSERT INTO letters (id, kind, edition, language, subject, text, html, date, boundary, reply_to_name, \
         reply_to_address, archive, topic_words, carries, serial) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, (SELECT COALESCE(MAX(serial) + 1, 0) \
         FROM letters WHERE edition = $3 AND language = $4 AND kind = 'edition' AND $2 = 'edition'))",
    )
    .bind(id)
    .bind(kind.as_str())
    .bind(edition.map(EditionId::number))
    .bind(language.code())
    .bind(clean(subject))
    .bind(clean(text))
    .bind(clean(html))
    .bind(micros(*date))
    .bind(boundary)
    .bind(reply_to.as_ref().and_then(|mailbox| mailbox.name.as_deref()))
    .bind(reply_to.as_ref().map(|mailbox| mailbox.address.as_str()))
    .bind(archive.as_deref())
    .bind(lines_of(topic_words))
    .bind(carries)
    .execute(connection)
    .await?;
    Ok(LetterId::new(id))
}

impl Store {
    /// The letter with this id. It never changes: keep it as long as it is of use.
    ///
    /// # Errors
    /// When the database does not answer or the row cannot be read.
    pub async fn letter(&self, id: LetterId) -> Result<Option<RenderedLetter>, StoreError> {
        let row =
            sqlx::query("SELECT * FROM letters WHERE id = $1").bind(id.number()).fetch_optional(&self.read).await?;
        row.as_ref().map(letter_from).transpose()
    }

    /// An edition's letters as they were last rendered, one a language; none when it never opened.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read.
    pub async fn letters_of(&self, edition: EditionId) -> Result<Vec<RenderedLetter>, StoreError> {
        let rows = sqlx::query("SELECT * FROM letters WHERE edition = $1 AND kind = 'edition' ORDER BY serial")
            .bind(edition.number())
            .fetch_all(&self.read)
            .await?;
        let mut latest = BTreeMap::new();
        for row in &rows {
            let letter = letter_from(row)?;
            latest.insert(letter.language.code(), letter);
        }
        Ok(latest.into_values().collect())
    }
}

fn letter_from(row: &AnyRow) -> Result<RenderedLetter, StoreError> {
    let fields = Fields::keyed_by(row, "letters", "id");
    let reply_to = match fields.text_or_none("reply_to_address")? {
        Some(_) => Some(fields.mailbox("reply_to_name", "reply_to_address")?),
        None => None,
    };
    Ok(RenderedLetter {
        kind: fields.parsed("kind")?,
        edition: fields.number_or_none("edition")?.map(EditionId::new),
        language: fields.parsed("language")?,
        subject: fields.text("subject")?,
        text: fields.text("text")?,
        html: fields.text("html")?,
        date: fields.instant("date")?,
        boundary: fields.text("boundary")?,
        reply_to,
        archive: fields.text_or_none("archive")?,
        topic_words: words_from(&fields)?,
        carries: fields.text("carries")?,
    })
}

/// A topic and its words a line.
fn lines_of(topic_words: &BTreeMap<Topic, String>) -> String {
    topic_words
        .iter()
        .map(|(topic, words)| format!("{topic} {}", clean(words).replace('\n', " ")))
        .collect::<Vec<_>>()
        .join("\n")
}

fn words_from(fields: &Fields<'_>) -> Result<BTreeMap<Topic, String>, StoreError> {
    let column = "topic_words";
    fields
        .text(column)?
        .lines()
        .map(|line| {
            let (topic, words) = line.split_once(' ').unwrap_or((line, ""));
            let topic = topic.parse().map_err(|error| fields.wrong(column, error))?;
            Ok((topic, words.to_owned()))
        })
        .collect()
}
