//! Opening the database: one writer and several readers on SQLite, one pool on PostgreSQL.
//!
//! On SQLite, write-ahead logging lets readers and the writer work at the same time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8Path;
use chrono::{DateTime, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, Connection as _, Executor as _};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::closing::{Move, refuse_closed};
use super::engine::{Engine, describe};
use super::health::Health;
use super::sqlite_file::{absolute, make_file};
use super::waiting_room::WaitingRoom;
use super::{Store, StoreError, exchange, meta, migrations, reach};
use crate::config::{DatabaseSettings, DatabaseUrl, SqliteSync};

/// How many connections read at the same time on SQLite.
const SQLITE_READERS: u32 = 4;
/// How many connections there are to PostgreSQL.
const POSTGRES_CONNECTIONS: u32 = 8;
/// How long a connection to PostgreSQL is waited for.
const POSTGRES_WAIT: Duration = Duration::from_secs(10);
/// How long one that is there may take to say that it is.
const POSTGRES_ANSWERS: Duration = Duration::from_secs(5);
/// How many exchanges may wait for the commit before theirs.
const WAITING_EXCHANGES: usize = 1024;

/// Characters of a path that need no escape in a database URL.
const KEPT_IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

impl Store {
    /// Opens the database that `settings` name, makes it when it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be reached or made, when a later version of Depeche used it, or when it was moved away or is not
    /// complete ([`StoreError::NotServed`]).
    pub async fn open(settings: &DatabaseSettings, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let store = Self::open_closed(settings, now).await?;
        let mut connection = store.read.acquire().await?;
        let refused = refuse_closed(&mut connection).await;
        drop(connection);
        if let Err(error) = refused {
            store.close().await;
            return Err(error);
        }
        Ok(store)
    }

    /// The same for whoever carries its contents: one that was moved away or is not complete opens, too.
    ///
    /// # Errors
    /// When it cannot be reached or made, or when a later version of Depeche used it.
    pub async fn open_closed(settings: &DatabaseSettings, now: DateTime<Utc>) -> Result<Self, StoreError> {
        if let DatabaseUrl::Sqlite(path) = &settings.url {
            make_file(&absolute(path)?)?;
        }
        let store = Self::connect(settings).await?;
        let mut transaction = store.engine.begin(&store.write).await?;
        migrations::apply(&mut transaction, store.engine).await?;
        meta::put_once(&mut transaction, "created", &now.timestamp_micros().to_string()).await?;
        Move::none(&mut transaction).await?;
        transaction.commit().await?;
        Ok(store)
    }

    /// Opens the database to look at it alone: nothing is made in it, and its schema stays as it is. `None` when there is
    /// nothing in it yet.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub async fn open_to_look(settings: &DatabaseSettings) -> Result<Option<Self>, StoreError> {
        if let DatabaseUrl::Sqlite(path) = &settings.url
            && path.metadata().is_ok_and(|file| file.len() == 0)
        {
            return Ok(None);
        }
        let store = Self::connect(settings).await?;
        let looked = async {
            let mut connection = store.read.acquire().await?;
            let is_made = migrations::look(&mut connection, store.engine).await?;
            if is_made {
                refuse_closed(&mut connection).await?;
            }
            Ok(is_made)
        };
        match looked.await {
            Ok(true) => Ok(Some(store)),
            Ok(false) => {
                store.close().await;
                Ok(None)
            }
            Err(error) => {
                store.close().await;
                Err(error)
            }
        }
    }

    /// Connects to the database, whatever is in it.
    async fn connect(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let (engine, write, read, file) = match &settings.url {
            DatabaseUrl::Sqlite(path) => {
                let path = absolute(path)?;
                let (write, read) = sqlite_pools(&path, settings.sync).await?;
                (Engine::Sqlite, write, read, Some(path))
            }
            DatabaseUrl::Postgres(url) => {
                let options: AnyConnectOptions = url.parse()?;
                Box::pin(reach::try_out(&options, &describe(&settings.url), POSTGRES_WAIT)).await?;
                let pool = postgres_pool(options).await?;
                (Engine::Postgres, pool.clone(), pool, None)
            }
        };
        let (exchanges, waiting) = mpsc::channel(WAITING_EXCHANGES);
        let health = Arc::new(Health::new(engine));
        let room = Arc::new(WaitingRoom::new(engine, waiting));
        for _ in 0..engine.commits_at_once() {
            tokio::spawn(exchange::commit_in_groups(engine, write.clone(), health.clone(), room.clone()));
        }
        Ok(Self { engine, write, read, exchanges, health, key: Arc::default(), longest_silence: Arc::default(), file })
    }
}

/// Whether a SQLite connection is out of its transaction. SQLite ends one by itself when the disk is full or fails; the driver
/// then believes for ever to be inside, and begins no other: such a connection is closed, and another takes its place.
async fn is_free(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // A rollback may be on its way.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

/// Connections to PostgreSQL. One that was cut off must not be waited for, by us or by others there: a silent one is closed
/// when it is taken or given back, a lock that is not had in time is an error, and a transaction of ours that nobody goes
/// on with ends by itself.
async fn postgres_pool(options: AnyConnectOptions) -> Result<AnyPool, StoreError> {
    const SETTINGS: &str = "SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'; \
        SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3";
    let pool = AnyPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(POSTGRES_WAIT)
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute(SETTINGS).await?;
                Ok(())
            })
        })
        .before_acquire(|connection, _| Box::pin(answers(connection)))
        .after_release(|connection, _| Box::pin(answers(connection)));
    Ok(pool.connect_with(options).await?)
}

/// Whether a connection answers soon; an error closes it.
async fn answers(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    match timeout(POSTGRES_ANSWERS, connection.ping()).await {
        Ok(answered) => answered.map(|()| true),
        Err(_) => Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into())),
    }
}

/// The one connection that writes, and those that read. What is deleted or replaced is overwritten in the file: who asks to
/// be forgotten is not found in what it no longer uses.
async fn sqlite_pools(path: &Utf8Path, sync: SqliteSync) -> Result<(AnyPool, AnyPool), StoreError> {
    let url = format!("sqlite://{}", utf8_percent_encode(path.as_str(), KEPT_IN_PATH));
    let options: AnyConnectOptions = url.parse()?;
    let writing = match sync {
        SqliteSync::Normal => {
            "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
             PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 16000; \
             PRAGMA secure_delete = ON"
        }
        SqliteSync::Full => {
            "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 16000; \
             PRAGMA secure_delete = ON"
        }
    };
    let reading = "PRAGMA busy_timeout = 10000; PRAGMA query_only = ON";
    let pool = |connections: u32, pragmas: &'static str| {
        AnyPoolOptions::new()
            .max_connections(connections)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    connection.execute(pragmas).await?;
                    Ok(())
                })
            })
            .after_release(|connection, _| Box::pin(is_free(connection)))
    };
    let write = pool(1, writing).connect_with(options.clone()).await?;
    let read = pool(SQLITE_READERS, reading).connect_with(options).await?;
    Ok((write, read))
}

/// A database in `folder`, for unit tests.
#[cfg(test)]
pub(super) fn settings_in(folder: &tempfile::TempDir) -> DatabaseSettings {
    let path = folder.path().join("depeche.sqlite").try_into().unwrap();
    DatabaseSettings { url: DatabaseUrl::Sqlite(path), sync: SqliteSync::Normal }
}
