//! Opening the database: one writer and several readers on SQLite, one pool on PostgreSQL.
//!
//! On SQLite the file, made with its folder at first start, is its owner's alone; write-ahead logging lets readers and
//! the writer work at the same time. Transactions that write begin as `IMMEDIATE`, so that they wait for each other
//! instead of failing half-way.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, TimeDelta, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Executor as _, Transaction};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::exchange::{self, Request};
use super::health::Health;
use super::{StoreError, meta, migrations, reach, transfer};
use crate::config::{DatabaseSettings, DatabaseUrl, SqliteSync};
use crate::domain::{EmailAddress, TokenKey, to_hex};

/// How many connections read at the same time on SQLite.
const SQLITE_READERS: u32 = 4;
/// How many connections there are to PostgreSQL.
const POSTGRES_CONNECTIONS: u32 = 8;
/// How long a connection to PostgreSQL is waited for.
const POSTGRES_WAIT: Duration = Duration::from_secs(10);
/// How long it may take to close its connections.
const GOODBYE: Duration = Duration::from_secs(5);
/// How long one that is there may take to say that it is.
const POSTGRES_ANSWERS: Duration = Duration::from_secs(5);
/// How many exchanges may wait for the commit before theirs.
const WAITING_EXCHANGES: usize = 1024;

/// Characters of a path that need no escape in a database URL.
const KEPT_IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The database. Cheap to clone; all clones share its connections.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) engine: Engine,
    pub(super) write: AnyPool,
    pub(super) read: AnyPool,
    pub(super) exchanges: mpsc::Sender<Request>,
    pub(super) health: Arc<Health>,
    key: Arc<OnceLock<TokenKey>>,
    /// After how long without a daemon nothing is claimed.
    pub(super) longest_silence: Arc<OnceLock<TimeDelta>>,
    pub(super) file: Option<Utf8PathBuf>,
}

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// What makes concurrent claims pass each other's rows by; SQLite has one writer and needs nothing.
    pub(super) const fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR UPDATE OF d SKIP LOCKED",
        }
    }

    /// What keeps a row as it is until the commit of whoever reads it; on SQLite there is one writer.
    pub(super) const fn share(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR SHARE",
        }
    }

    /// The schema's `statements` as this database wants them: SQLite keeps rows in the order of their numbers where these are
    /// called `INTEGER`, or in that of another key where there are no numbers, and needs no index for them.
    pub(super) fn schema(self, statements: &'static str) -> String {
        match self {
            Self::Sqlite => statements
                .replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY")
                .replace("/* WITHOUT ROWID */", "WITHOUT ROWID"),
            Self::Postgres => statements.to_owned(),
        }
    }

    /// Begins a transaction that writes and need not be on the disk at its end: should the server fail, it is as if it had not
    /// been. Whatever is committed later brings it to the disk with itself, the beginning of a letter among it.
    pub(super) async fn begin_lightly(self, pool: &AnyPool) -> Result<Transaction<'static, Any>, StoreError> {
        Ok(match self {
            Self::Sqlite => self.begin(pool).await?,
            Self::Postgres => pool.begin_with("BEGIN; SET LOCAL synchronous_commit = off").await?,
        })
    }

    /// Begins a transaction that writes.
    pub(super) async fn begin(self, pool: &AnyPool) -> Result<Transaction<'static, Any>, StoreError> {
        Ok(match self {
            Self::Sqlite => pool.begin_with("BEGIN IMMEDIATE").await?,
            Self::Postgres => pool.begin().await?,
        })
    }
}

/// Says that this process is the one daemon of its database, until dropped.
#[derive(Debug)]
pub struct DaemonLock {
    /// Unlocked by the system when it is closed, however the process ends.
    _file: Option<File>,
}

impl Store {
    /// Opens the database that `settings` name, makes it when it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be reached or made, when a later version of Depeche used it, or when it was moved away or is not
    /// complete ([`StoreError::NotServed`]).
    pub async fn open(settings: &DatabaseSettings, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let store = Self::open_closed(settings, now).await?;
        let mut connection = store.read.acquire().await?;
        let refused = transfer::refuse_closed(&mut connection).await;
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
        transfer::Move::none(&mut transaction).await?;
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
                transfer::refuse_closed(&mut connection).await?;
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
                Box::pin(reach::try_out(&options, &transfer::describe(&settings.url), POSTGRES_WAIT)).await?;
                let pool = postgres_pool(options).await?;
                (Engine::Postgres, pool.clone(), pool, None)
            }
        };
        let (exchanges, waiting) = mpsc::channel(WAITING_EXCHANGES);
        let health = Arc::new(Health::new(engine));
        tokio::spawn(exchange::commit_in_groups(engine, write.clone(), health.clone(), waiting));
        Ok(Self { engine, write, read, exchanges, health, key: Arc::default(), longest_silence: Arc::default(), file })
    }

    /// Takes the part of the one daemon that may serve from this database. On PostgreSQL several may.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it.
    pub fn lock_daemon(&self) -> Result<DaemonLock, StoreError> {
        let Some(path) = &self.file else { return Ok(DaemonLock { _file: None }) };
        let path = Utf8PathBuf::from(format!("{path}.lock"));
        let failed = |source| StoreError::File { path: path.clone(), source };
        let file = owner_only().create(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(DaemonLock { _file: Some(file) }),
            Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse(path)),
            Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Whether several daemons may work on this database at once.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.engine == Engine::Postgres
    }

    /// Binds the database to the key that signs: the first key is remembered by its fingerprint, any other refused.
    /// Needed before anything is done with addresses, which are hashed with the key.
    ///
    /// # Errors
    /// [`StoreError::OtherKey`] when the database belongs to another key.
    pub async fn bind_key(&self, key: &TokenKey) -> Result<(), StoreError> {
        let given = key.fingerprint();
        let mut transaction = self.begin().await?;
        let stored = meta::put_once(&mut transaction, meta::KEY_FINGERPRINT, &given).await?;
        transaction.commit().await?;
        if stored != given {
            return Err(StoreError::OtherKey { stored, given });
        }
        self.key.get_or_init(|| key.clone());
        Ok(())
    }

    /// The fingerprint of the key that the database is bound to; `None` before the first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn key_fingerprint(&self) -> Result<Option<String>, StoreError> {
        meta::get(&mut *self.read.acquire().await?, meta::KEY_FINGERPRINT).await
    }

    /// Asks the database whether it answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let asked = async {
            sqlx::query("SELECT 1").execute(&self.read).await?;
            Ok(())
        };
        self.in_time(asked).await
    }

    /// Closes all connections; later calls fail. A server that cannot be reached is not waited for: it hears no goodbye.
    pub async fn close(&self) {
        let closing = async {
            self.read.close().await;
            self.write.close().await;
        };
        match self.engine {
            Engine::Sqlite => closing.await,
            Engine::Postgres => drop(timeout(GOODBYE, closing).await),
        }
    }

    /// Begins a transaction that writes; refused once it is known that the database was moved away.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Any>, StoreError> {
        match self.closed() {
            Some(closed) => Err(StoreError::NotServed(closed)),
            None => self.begin_closed().await,
        }
    }

    /// The same for whoever carries its contents.
    pub(super) async fn begin_closed(&self) -> Result<Transaction<'static, Any>, StoreError> {
        self.engine.begin(&self.write).await
    }

    /// What the database keeps of an address that must be recognised but not be readable.
    pub(super) fn address_hash(&self, address: &EmailAddress) -> Result<String, StoreError> {
        let key = self.key.get().ok_or(StoreError::NoKey)?;
        let mac = key.mac("address", &[address.folded().as_bytes()]);
        Ok(to_hex(&mac))
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

fn absolute(path: &Utf8Path) -> Result<Utf8PathBuf, StoreError> {
    camino::absolute_utf8(path).map_err(|source| StoreError::File { path: path.to_owned(), source })
}

/// Makes the database's folder and an empty file, where they are missing. A file that is there is left unopened: SQLite
/// would lose its locks when we close it.
fn make_file(path: &Utf8Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    match owner_only().create_new(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check_file(path),
        Err(error) => Err(failed(error)),
    }
}

/// Refuses a file that is something else at once; SQLite would be asked again and again. An empty one is a database.
fn check_file(path: &Utf8Path) -> Result<(), StoreError> {
    const SQLITE: &[u8] = b"SQLite format 3\0";
    let mut first = Vec::new();
    let opened = File::open(path).and_then(|file| file.take(SQLITE.len() as u64).read_to_end(&mut first));
    opened.map_err(|source| StoreError::File { path: path.to_owned(), source })?;
    if first.is_empty() || first == SQLITE { Ok(()) } else { Err(StoreError::NotADatabase(path.to_owned())) }
}

/// How files that only their owner may read are opened.
fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
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
