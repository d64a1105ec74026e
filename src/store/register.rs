//! The register's rows: loaded whole at start, changed in one transaction by each look at the folder, and asked from then on
//! for what changed.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::row::{Fields, clean, micros, placeholders, rows_of_placeholders};
use super::{Cause, Revision, Store, StoreError, decisions, meta, revision};
use crate::domain::{Digest, HoldReason, Permalink, ReleaseId, SourcePath, Taxonomy};
use crate::register::{FolderAlarm, KeptRegister, Record, Register, RegisterChanges, Texts, TopicSlug};

/// The word of the decision that a release took over an id of an earlier feed.
pub const ADOPTED: &str = "adopted";

/// How many texts are asked for in one statement.
const TEXTS_AT_ONCE: usize = 64;
/// How many rows are written in one statement.
const ROWS_AT_ONCE: usize = 32;
/// After how many rows that are read in a row other tasks have their turn.
const ROWS_IN_A_ROW: usize = 32;
/// A revision before the first.
const BEFORE_ALL: i64 = -1;
/// The columns of a record: all but its text.
const COLUMNS: &str = "id, path, permalink, missing_since, file_digest, significant, documents, title, date, first_seen, \
     publishable_since, live_since, first_live, updated, announcement, hold_reason, hold_detail";

impl Store {
    /// The whole register.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read: a register with a release missing would announce it
    /// again.
    pub async fn load_register(&self) -> Result<Register, StoreError> {
        let (mut kept, mut known) = (KeptRegister::default(), None);
        self.refresh_register(&mut kept, &mut known).await?;
        Ok(kept.into_register())
    }

    /// Brings `kept`, which is the register as of `known` (`None`: nothing yet), up to date with whatever this or another
    /// process changed. Where nothing changed, that is one short question. `true` when something did.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read; then `kept` may be anything between what it was and
    /// what it should be, and the next call makes up for it.
    pub async fn refresh_register(
        &self,
        kept: &mut KeptRegister,
        known: &mut Option<Revision>,
    ) -> Result<bool, StoreError> {
        let mut changed = false;
        loop {
            // What is committed while its rows are read may be seen in part: then there is another round.
            let present = revision::present(&self.read).await?;
            if *known == Some(present) {
                return Ok(changed);
            }
            let since = known.and_then(|known| known.since(present));
            if since.is_none() {
                (*kept, *known) = (KeptRegister::default(), None);
            }
            self.take_in(kept, since.unwrap_or(BEFORE_ALL)).await?;
            (changed, *known) = (true, Some(present));
        }
    }

    /// Makes `register` what `kept` holds, if the database is at the revision `at` still, as of which `register` was kept: its
    /// records, aliases and slugs are then those of the database. `false` when it is not, and nothing is done.
    ///
    /// # Errors
    /// When the database does not answer or a value cannot be read.
    pub async fn take_up_register(
        &self,
        register: KeptRegister,
        at: Revision,
        kept: &mut KeptRegister,
        known: &mut Option<Revision>,
    ) -> Result<bool, StoreError> {
        if !self.is_register_at(at).await? {
            return Ok(false);
        }
        let mut connection = self.read.acquire().await?;
        *kept = register;
        settle(&mut connection, kept).await?;
        *known = Some(at);
        Ok(true)
    }

    /// Whether the register is as it was at the revision `at`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_register_at(&self, at: Revision) -> Result<bool, StoreError> {
        Ok(revision::present(&self.read).await? == at)
    }

    /// Takes in whatever was written after the revision `since`.
    async fn take_in(&self, kept: &mut KeptRegister, since: i64) -> Result<(), StoreError> {
        let mut connection = self.read.acquire().await?;
        settle(&mut connection, kept).await?;
        let statement = format!("SELECT {COLUMNS} FROM releases WHERE rev > $1");
        let mut rows = sqlx::query(AssertSqlSafe(statement)).bind(since).fetch(&mut *connection);
        let mut taken_in = 0_usize;
        while let Some(row) = rows.try_next().await? {
            kept.put(record_from(&row)?);
            taken_in += 1;
            if taken_in.is_multiple_of(ROWS_IN_A_ROW) {
                tokio::task::yield_now().await;
            }
        }
        drop(rows);
        for (old, id) in aliases(&mut connection, since).await? {
            kept.put_alias(old, id);
        }
        kept.learn_slugs(&topic_slugs(&mut connection, since).await?);
        Ok(())
    }

    /// The look that is not believed yet, as the database has it.
    ///
    /// # Errors
    /// When the database does not answer or the value cannot be read.
    pub async fn folder_alarm(&self) -> Result<Option<FolderAlarm>, StoreError> {
        let asked = async {
            let mut connection = self.read.acquire().await?;
            meta::get(&mut connection, "alarm").await
        };
        self.in_time(asked).await?.map(|text| alarm_from(&text)).transpose()
    }

    /// A release's own date, as last read: the end of its embargo.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn release_date(&self, id: &ReleaseId) -> Result<Option<DateTime<Utc>>, StoreError> {
        let row = sqlx::query("SELECT id, date FROM releases WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.read)
            .await?;
        row.map(|row| Fields::keyed_by(&row, "releases", "id").instant("date")).transpose()
    }

    /// A release's last good text, as its file had it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_good_text(&self, id: &ReleaseId) -> Result<Option<Arc<str>>, StoreError> {
        let row = sqlx::query("SELECT id, source FROM releases WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.read)
            .await?;
        let Some(row) = row else { return Ok(None) };
        source_of(&Fields::keyed_by(&row, "releases", "id")).map(Some)
    }

    /// The last good texts of several releases, as their files had them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_good_texts(&self, ids: &[&ReleaseId]) -> Result<HashMap<ReleaseId, Arc<str>>, StoreError> {
        let mut texts = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(TEXTS_AT_ONCE) {
            let statement = format!("SELECT id, source FROM releases WHERE id IN ({})", placeholders(1, ids.len()));
            let query = ids.iter().fold(sqlx::query(AssertSqlSafe(statement)), |query, id| query.bind(id.as_str()));
            for row in query.fetch_all(&self.read).await? {
                let fields = Fields::keyed_by(&row, "releases", "id");
                texts.insert(fields.parsed("id")?, source_of(&fields)?);
            }
        }
        Ok(texts)
    }

    /// Saves what one look changed, all or nothing. The announcement of a release, once decided, is not undone. New
    /// texts are asked for one at a time. The digest that the database has of a file is always that of the text it has
    /// beside it: where a file changed again before its text was saved, both stay as they were, and the next look sees
    /// that the file has changed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_register(
        &self,
        changes: &RegisterChanges,
        at: DateTime<Utc>,
        texts: &dyn Texts,
    ) -> Result<(), StoreError> {
        let RegisterChanges { authority, started, records, new_texts, aliases, topic_slugs, decisions, alarm } =
            changes;
        let mut transaction = self.begin().await?;
        let revision = revision::raise(&mut transaction).await?;
        if let Some(authority) = authority {
            meta::put_once(&mut transaction, "authority", authority).await?;
        }
        if let Some(started) = started {
            meta::put_once(&mut transaction, "started", &micros(*started).to_string()).await?;
        }
        meta::put(&mut transaction, "alarm", alarm.as_ref().map(alarm_text).as_deref()).await?;
        meta::put(&mut transaction, "looked", Some(&micros(at).to_string())).await?;
        for records in records.chunks(ROWS_AT_ONCE) {
            let texts = records.iter().map(|record| {
                let is_new = new_texts.contains(&record.id);
                is_new.then(|| texts.of_file(&record.path, record.file_digest)).flatten()
            });
            let records = records.iter().map(AsRef::as_ref);
            let (with, without): (Vec<_>, Vec<_>) = records.zip(texts).partition(|(_, text)| text.is_some());
            save_records(&mut transaction, &with, true, revision).await?;
            save_records(&mut transaction, &without, false, revision).await?;
        }
        for (permalink, release) in aliases {
            save_alias(&mut transaction, permalink, release, revision).await?;
        }
        for slug in topic_slugs {
            save_topic_slug(&mut transaction, slug, revision).await?;
        }
        decisions::add_of_releases(&mut transaction, decisions).await?;
        transaction.commit().await?;
        Ok(())
    }
}

impl Store {
    /// Gives releases other ids, all or nothing, wherever they are named; a decision is kept for each.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn adopt_ids(
        &self,
        adopted: &[(ReleaseId, ReleaseId)],
        at: DateTime<Utc>,
        who: &str,
    ) -> Result<(), StoreError> {
        const NAMED: [&str; 6] = [
            "UPDATE releases SET id = $1 WHERE id = $2",
            "UPDATE aliases SET release = $1 WHERE release = $2",
            "UPDATE decisions SET release = $1 WHERE release = $2",
            "UPDATE fragments SET release = $1 WHERE release = $2",
            "UPDATE editions SET dedup_key = REPLACE(dedup_key, $2, $1) WHERE release = $2",
            "UPDATE editions SET release = $1 WHERE release = $2",
        ];
        let mut transaction = self.begin().await?;
        revision::raise_for_ids(&mut transaction).await?;
        for (from, to) in adopted {
            for statement in NAMED {
                sqlx::query(statement).bind(to.as_str()).bind(from.as_str()).execute(&mut *transaction).await?;
            }
            let why = format!("readers know it as `{to}` from an earlier feed; it was `{from}`");
            let cause = Cause { who, why: &why };
            decisions::add(&mut transaction, decisions::About::release(to), at, ADOPTED, cause).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

fn source_of(fields: &Fields<'_>) -> Result<Arc<str>, StoreError> {
    let text = String::from_utf8(fields.bytes("source")?).map_err(|error| fields.wrong("source", error))?;
    Ok(text.into())
}

/// Saves records, with the texts and digests of their files, or these stay as they are. A row that is new without a text has
/// that of an empty file.
async fn save_records(
    connection: &mut AnyConnection,
    records: &[(&Record, Option<Arc<str>>)],
    with_texts: bool,
    revision: i64,
) -> Result<(), StoreError> {
    const COLUMNS_SAVED: usize = 19;
    const INTO: &str = "INSERT INTO releases (id, path, permalink, missing_since, file_digest, significant, documents, \
         source, title, date, first_seen, publishable_since, live_since, first_live, updated, announcement, \
         hold_reason, hold_detail, rev) VALUES ";
    const SAVED: &str = " ON CONFLICT (id) DO UPDATE SET path = excluded.path, permalink = excluded.permalink, \
         missing_since = excluded.missing_since, \
         significant = excluded.significant, documents = excluded.documents, title = excluded.title, \
         date = excluded.date, first_seen = excluded.first_seen, \
         publishable_since = excluded.publishable_since, live_since = excluded.live_since, \
         first_live = COALESCE(releases.first_live, excluded.first_live), updated = excluded.updated, \
         announcement = CASE WHEN releases.announcement IN ('undecided', 'copy') THEN excluded.announcement \
         ELSE releases.announcement END, \
         hold_reason = excluded.hold_reason, hold_detail = excluded.hold_detail, rev = excluded.rev";
    if records.is_empty() {
        return Ok(());
    }
    let of_text = if with_texts { ", file_digest = excluded.file_digest, source = excluded.source" } else { "" };
    let rows = rows_of_placeholders(records.len(), COLUMNS_SAVED);
    let mut query = sqlx::query(AssertSqlSafe(format!("{INTO}{rows}{SAVED}{of_text}")));
    for (record, text) in records {
        let file_digest = if text.is_some() { record.file_digest } else { Digest::of(b"") };
        query = query
            .bind(record.id.as_str())
            .bind(record.path.as_str())
            .bind(record.permalink.as_str())
            .bind(record.missing_since.map(micros))
            .bind(file_digest.to_string())
            .bind(record.significant.to_string())
            .bind(record.documents.to_string())
            .bind(text.as_deref().unwrap_or_default().as_bytes())
            .bind(clean(&record.title))
            .bind(micros(record.date))
            .bind(micros(record.first_seen))
            .bind(record.publishable_since.map(micros))
            .bind(record.live_since.map(micros))
            .bind(record.first_live.map(micros))
            .bind(micros(record.updated))
            .bind(record.announcement.as_str())
            .bind(record.hold.as_deref().map(HoldReason::as_str))
            .bind(record.hold.as_ref().map(|hold| clean(&hold.detail())))
            .bind(revision);
    }
    query.execute(connection).await?;
    Ok(())
}

async fn save_alias(
    connection: &mut AnyConnection,
    permalink: &Permalink,
    release: &ReleaseId,
    revision: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO aliases (permalink, release, rev) VALUES ($1, $2, $3) \
         ON CONFLICT (permalink) DO UPDATE SET release = excluded.release, rev = excluded.rev",
    )
    .bind(permalink.as_str())
    .bind(release.as_str())
    .bind(revision)
    .execute(connection)
    .await?;
    Ok(())
}

async fn save_topic_slug(connection: &mut AnyConnection, slug: &TopicSlug, revision: i64) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO topic_slugs (taxonomy, folded, slug, rev) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (taxonomy, folded) DO NOTHING",
    )
    .bind(slug.taxonomy.as_str())
    .bind(clean(&slug.folded))
    .bind(slug.slug.as_str())
    .bind(revision)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes in what is known of the register as a whole.
async fn settle(connection: &mut AnyConnection, kept: &mut KeptRegister) -> Result<(), StoreError> {
    let authority = meta::get(connection, "authority").await?;
    let started = meta::get(connection, "started").await?.map(|text| instant_from("started", &text));
    let alarm = meta::get(connection, "alarm").await?.map(|text| alarm_from(&text));
    kept.settle(authority, started.transpose()?, alarm.transpose()?);
    Ok(())
}

fn record_from(row: &AnyRow) -> Result<Record, StoreError> {
    let fields = Fields::keyed_by(row, "releases", "id");
    Ok(Record {
        id: fields.parsed("id")?,
        path: SourcePath::new(fields.text("path")?),
        permalink: fields.parsed("permalink")?,
        missing_since: fields.instant_or_none("missing_since")?,
        file_digest: fields.parsed("file_digest")?,
        significant: fields.parsed("significant")?,
        documents: fields.parsed("documents")?,
        title: fields.text("title")?.into(),
        date: fields.instant("date")?,
        first_seen: fields.instant("first_seen")?,
        publishable_since: fields.instant_or_none("publishable_since")?,
        live_since: fields.instant_or_none("live_since")?,
        first_live: fields.instant_or_none("first_live")?,
        updated: fields.instant("updated")?,
        announcement: fields.parsed("announcement")?,
        hold: fields.hold()?.map(Box::new),
    })
}

async fn aliases(connection: &mut AnyConnection, since: i64) -> Result<Vec<(Permalink, ReleaseId)>, StoreError> {
    let rows =
        sqlx::query("SELECT permalink, release FROM aliases WHERE rev > $1").bind(since).fetch_all(connection).await?;
    let read = |row| {
        let fields = Fields::keyed_by(row, "aliases", "permalink");
        Ok((fields.parsed("permalink")?, fields.parsed("release")?))
    };
    rows.iter().map(read).collect()
}

async fn topic_slugs(connection: &mut AnyConnection, since: i64) -> Result<Vec<TopicSlug>, StoreError> {
    let rows = sqlx::query("SELECT taxonomy, folded, slug FROM topic_slugs WHERE rev > $1")
        .bind(since)
        .fetch_all(connection)
        .await?;
    let read = |row| {
        let fields = Fields::keyed_by(row, "topic_slugs", "folded");
        let taxonomy = match fields.text("taxonomy")?.as_str() {
            "category" => Taxonomy::Category,
            "tag" => Taxonomy::Tag,
            word => return Err(fields.wrong("taxonomy", format_args!("`{word}` is no taxonomy"))),
        };
        Ok(TopicSlug { taxonomy, folded: fields.text("folded")?, slug: fields.parsed("slug")? })
    };
    rows.iter().map(read).collect()
}

fn wrong_meta(key: &'static str, text: &str) -> StoreError {
    StoreError::Row { table: "meta", row: key.to_owned(), column: "value", why: format!("`{text}` is not what it was") }
}

fn instant_from(key: &'static str, text: &str) -> Result<DateTime<Utc>, StoreError> {
    text.parse().ok().and_then(DateTime::from_timestamp_micros).ok_or_else(|| wrong_meta(key, text))
}

/// The alarm as one text: since when, how many, of how many, whether confirmed.
fn alarm_text(alarm: &FolderAlarm) -> String {
    let FolderAlarm { since, missing, of, confirmed } = alarm;
    format!("{} {missing} {of} {confirmed}", micros(*since))
}

fn alarm_from(text: &str) -> Result<FolderAlarm, StoreError> {
    let wrong = || wrong_meta("alarm", text);
    let parts: Vec<&str> = text.split(' ').collect();
    let [since, missing, of, confirmed] = parts[..] else { return Err(wrong()) };
    Ok(FolderAlarm {
        since: instant_from("alarm", since)?,
        missing: missing.parse().map_err(|_| wrong())?,
        of: of.parse().map_err(|_| wrong())?,
        confirmed: confirmed.parse().map_err(|_| wrong())?,
    })
}
