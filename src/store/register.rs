//! The register's rows: loaded whole at start, changed in one transaction by each look at the folder.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool};

use super::row::{Fields, clean, micros};
use super::{Cause, Store, StoreError, decisions, meta};
use crate::domain::{HoldReason, Permalink, ReleaseId, SourcePath, Taxonomy};
use crate::register::{FolderAlarm, Record, Register, RegisterChanges, TopicSlug};

/// The word of the decision that a release took over an id of an earlier feed.
pub const ADOPTED: &str = "adopted";

impl Store {
    /// The whole register.
    ///
    /// # Errors
    /// When the database does not answer or a row cannot be read: a register with a release missing would announce it
    /// again.
    pub async fn load_register(&self) -> Result<Register, StoreError> {
        let mut connection = self.read.acquire().await?;
        let authority = meta::get(&mut connection, "authority").await?;
        let started = meta::get(&mut connection, "started").await?.map(|text| instant_from("started", &text));
        let alarm = meta::get(&mut connection, "alarm").await?.map(|text| alarm_from(&text));
        drop(connection);
        Ok(Register {
            authority,
            started: started.transpose()?,
            records: records(&self.read).await?,
            aliases: aliases(&self.read).await?,
            topic_slugs: topic_slugs(&self.read).await?,
            alarm: alarm.transpose()?,
        })
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
        row.map(|row| Fields::keyed_by_text(&row, "releases", "id").instant("date")).transpose()
    }

    /// Saves what one look changed, all or nothing. The announcement of a release, once decided, is not undone.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_register(&self, changes: &RegisterChanges, at: DateTime<Utc>) -> Result<(), StoreError> {
        let RegisterChanges { authority, started, records, aliases, topic_slugs, decisions, alarm } = changes;
        let mut transaction = self.begin().await?;
        if let Some(authority) = authority {
            meta::put_once(&mut transaction, "authority", authority).await?;
        }
        if let Some(started) = started {
            meta::put_once(&mut transaction, "started", &micros(*started).to_string()).await?;
        }
        meta::put(&mut transaction, "alarm", alarm.as_ref().map(alarm_text).as_deref()).await?;
        meta::put(&mut transaction, "looked", Some(&micros(at).to_string())).await?;
        for record in records {
            save_record(&mut transaction, record).await?;
        }
        for (permalink, release) in aliases {
            save_alias(&mut transaction, permalink, release).await?;
        }
        for slug in topic_slugs {
            save_topic_slug(&mut transaction, slug).await?;
        }
        for decision in decisions {
            let about = decisions::About::release(&decision.release);
            decisions::add(&mut transaction, about, decision.at, decision.what, Cause::rule(&decision.why)).await?;
        }
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

async fn save_record(connection: &mut AnyConnection, record: &Record) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO releases (id, path, permalink, missing_since, file_digest, significant, documents, source, title, \
         date, first_seen, publishable_since, live_since, first_live, updated, announcement, hold_reason, hold_detail) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) \
         ON CONFLICT (id) DO UPDATE SET path = excluded.path, permalink = excluded.permalink, \
         missing_since = excluded.missing_since, file_digest = excluded.file_digest, \
         significant = excluded.significant, documents = excluded.documents, source = excluded.source, \
         title = excluded.title, \
         date = excluded.date, first_seen = excluded.first_seen, \
         publishable_since = excluded.publishable_since, live_since = excluded.live_since, \
         first_live = COALESCE(releases.first_live, excluded.first_live), updated = excluded.updated, \
         announcement = CASE WHEN releases.announcement IN ('undecided', 'copy') THEN excluded.announcement \
         ELSE releases.announcement END, \
         hold_reason = excluded.hold_reason, hold_detail = excluded.hold_detail",
    )
    .bind(record.id.as_str())
    .bind(record.path.as_str())
    .bind(record.permalink.as_str())
    .bind(record.missing_since.map(micros))
    .bind(record.file_digest.to_string())
    .bind(record.significant.to_string())
    .bind(record.documents.to_string())
    .bind(record.source.as_bytes())
    .bind(clean(&record.title))
    .bind(micros(record.date))
    .bind(micros(record.first_seen))
    .bind(record.publishable_since.map(micros))
    .bind(record.live_since.map(micros))
    .bind(record.first_live.map(micros))
    .bind(micros(record.updated))
    .bind(record.announcement.as_str())
    .bind(record.hold.as_ref().map(HoldReason::as_str))
    .bind(record.hold.as_ref().map(|hold| clean(&hold.detail())))
    .execute(connection)
    .await?;
    Ok(())
}

async fn save_alias(
    connection: &mut AnyConnection,
    permalink: &Permalink,
    release: &ReleaseId,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO aliases (permalink, release) VALUES ($1, $2) \
         ON CONFLICT (permalink) DO UPDATE SET release = excluded.release",
    )
    .bind(permalink.as_str())
    .bind(release.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

async fn save_topic_slug(connection: &mut AnyConnection, slug: &TopicSlug) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO topic_slugs (taxonomy, folded, slug) VALUES ($1, $2, $3) ON CONFLICT (taxonomy, folded) DO NOTHING",
    )
    .bind(slug.taxonomy.as_str())
    .bind(clean(&slug.folded))
    .bind(slug.slug.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

async fn records(pool: &AnyPool) -> Result<BTreeMap<ReleaseId, Record>, StoreError> {
    let rows = sqlx::query("SELECT * FROM releases").fetch_all(pool).await?;
    rows.iter().map(|row| record_from(row).map(|record| (record.id.clone(), record))).collect()
}

fn record_from(row: &AnyRow) -> Result<Record, StoreError> {
    let fields = Fields::keyed_by_text(row, "releases", "id");
    let source = String::from_utf8(fields.bytes("source")?).map_err(|error| fields.wrong("source", error))?;
    Ok(Record {
        id: fields.parsed("id")?,
        path: SourcePath::new(fields.text("path")?),
        permalink: fields.parsed("permalink")?,
        missing_since: fields.instant_or_none("missing_since")?,
        file_digest: fields.parsed("file_digest")?,
        significant: fields.parsed("significant")?,
        documents: fields.parsed("documents")?,
        source,
        title: fields.text("title")?,
        date: fields.instant("date")?,
        first_seen: fields.instant("first_seen")?,
        publishable_since: fields.instant_or_none("publishable_since")?,
        live_since: fields.instant_or_none("live_since")?,
        first_live: fields.instant_or_none("first_live")?,
        updated: fields.instant("updated")?,
        announcement: fields.parsed("announcement")?,
        hold: fields.hold()?,
    })
}

async fn aliases(pool: &AnyPool) -> Result<BTreeMap<Permalink, ReleaseId>, StoreError> {
    let rows = sqlx::query("SELECT permalink, release FROM aliases").fetch_all(pool).await?;
    let read = |row| {
        let fields = Fields::keyed_by_text(row, "aliases", "permalink");
        Ok((fields.parsed("permalink")?, fields.parsed("release")?))
    };
    rows.iter().map(read).collect()
}

async fn topic_slugs(pool: &AnyPool) -> Result<Vec<TopicSlug>, StoreError> {
    let rows =
        sqlx::query("SELECT taxonomy, folded, slug FROM topic_slugs ORDER BY taxonomy, folded").fetch_all(pool).await?;
    let read = |row| {
        let fields = Fields::keyed_by_text(row, "topic_slugs", "folded");
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
