//! The daemon: started as a whole, drained and stopped as a whole.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use camino::Utf8Path;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tracing::{error, info, warn};

use super::descriptors::connections_within;
use super::instance::Instance;
use super::own_folders::refuse_own_folders;
use super::schedule::start_schedule;
use super::sockets::Listeners;
use crate::cache::{Cache, Fingerprint};
use crate::clock::SteadyClock;
use crate::config::Config;
use crate::http::{AdminToken, Limits, admin_router, public_router, serve, serve_router};
use crate::mail::LARGEST_RETURN;
use crate::returns::serve_lmtp;
use crate::smtp::Relay;
use crate::store::DaemonLock;
use crate::task::{Dispatcher, Editor, Ingest, MaildirIntake, Newsroom, Pinger, Watchman, take_in_lmtp};
use crate::watch::{Cores, Watcher};

/// How long letters in flight may take once the daemon is told to stop. Requests are answered all the while.
const DRAIN: Duration = Duration::from_secs(30);
/// How long they may take before another daemon of this process goes on, if nobody is in a hurry: a relay may take ten
/// minutes after the dot (RFC 5321 §4.5.3.2.6).
const PATIENT_DRAIN: Duration = Duration::from_mins(11);
/// How long the other parts may take to stop after that.
const WORK_ENDS: Duration = Duration::from_secs(5);
/// How long answers under way may take once nothing more is taken in, before the process ends.
const LAST_ANSWERS: Duration = Duration::from_secs(10);
/// How long they may take beside another daemon of this process.
const LONG_ANSWERS: Duration = Duration::from_mins(30);
/// How many connections the administration's side has.
const ADMIN_CONNECTIONS: usize = 64;
/// How often what readers were given of feeds is kept.
const KEPT_EVERY: Duration = Duration::from_secs(1);
/// The shortest and longest pause between two looks for letters that were left behind.
const SWEEP_BETWEEN: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// A daemon that has its sockets and has read its folder: what is left is to run it.
#[derive(Debug)]
pub struct Daemon {
    newsroom: Arc<Newsroom>,
    listeners: Listeners,
    means: Means,
    editor: Editor,
    instance: Instance,
    _lock: DaemonLock,
}

/// A daemon at work.
#[derive(Debug)]
pub struct RunningDaemon {
    /// Stops everything but the answering of requests.
    stop: watch::Sender<bool>,
    /// Gives letters in flight up.
    hurry: watch::Sender<bool>,
    work: JoinSet<()>,
    /// Takes no more requests in.
    close: watch::Sender<bool>,
    doors: JoinSet<()>,
    /// What daemons before this one still answer.
    earlier: JoinSet<()>,
    newsroom: Arc<Newsroom>,
    means: Means,
}

/// What a daemon reads of files at its start, for itself.
#[derive(Debug, Clone)]
pub(super) struct Means {
    admin_token: Option<AdminToken>,
    relays: Vec<Relay>,
}

impl Means {
    /// Reads them; nothing is contacted.
    ///
    /// # Errors
    /// When the token's file, a certificate or a password cannot be read, or the folder to publish into is one of ours.
    pub(super) fn read(config: &Config, clock: &Arc<SteadyClock>) -> anyhow::Result<Self> {
        if let Some(folder) = &config.publish.folder {
            refuse_own_folders(config, folder)?;
        }
        Ok(Self { admin_token: read_admin_token(config)?, relays: open_relays(config, clock)? })
    }
}

impl Daemon {
    /// Takes up what was left in flight, and reads the folder for the first time. Whoever connects to the sockets
    /// meanwhile waits.
    ///
    /// # Errors
    /// When another daemon has the database, a relay is not usable, or the database does not answer.
    pub async fn prepare(newsroom: Arc<Newsroom>, listeners: Listeners) -> anyhow::Result<Self> {
        let means = Means::read(&newsroom.config, &newsroom.clock)?;
        Self::prepare_with(newsroom, listeners, means).await
    }

    /// The same, with what was read of files before.
    pub(super) async fn prepare_with(
        newsroom: Arc<Newsroom>,
        listeners: Listeners,
        means: Means,
    ) -> anyhow::Result<Self> {
        let lock = newsroom.store.lock_daemon_soon().await?;
        let secrets = newsroom.config.secrets.key_file.parent().unwrap_or(Utf8Path::new("."));
        let instance = Instance::take(secrets)?;
        // Whoever held a lease under this name is gone; where there is one daemon alone, whoever held any.
        let gone = newsroom.store.is_shared().then_some(instance.name.as_str());
        let left = newsroom.store.void_leases(gone, newsroom.now()).await?;
        if left.requeued + left.lost > 0 {
            info!(
                requeued = left.requeued,
                lost = left.lost,
                "letters of a daemon that is gone were taken up: whether those in flight left is unknown"
            );
        }
        for (key, folder) in
            [("content.folder", &newsroom.config.content.folder), ("content.uploads", &newsroom.config.content.uploads)]
        {
            if !folder.is_dir() {
                warn!(key, %folder, "there is no folder `{folder}` (`{key}`): it is read once it is there");
            }
        }
        // Nobody reads anything yet; later looks leave a core to readers.
        let ingest = Ingest::new(&newsroom.config, newsroom.uploads.clone(), newsroom.templates.clone(), Cores::All);
        let deciding = ingest.deciding();
        let cache =
            Fingerprint::of_running(&deciding.each_ref().map(String::as_str)).map(|writer| Cache::new(secrets, writer));
        let mut editor = Editor::new(newsroom.clone(), ingest, instance.name.clone());
        if let Some(cache) = cache {
            editor = editor.keeping(cache);
        }
        editor.look().await?;
        editor.work_on(Cores::AllButOne);
        Ok(Self { newsroom, listeners, means, editor, instance, _lock: lock })
    }

    /// Where the public side listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn public_address(&self) -> std::io::Result<SocketAddr> {
        self.listeners.public.local_addr()
    }

    /// Where the administration's side listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn admin_address(&self) -> std::io::Result<SocketAddr> {
        self.listeners.admin.local_addr()
    }

    /// Sets everything to work.
    ///
    /// # Errors
    /// When the scheduler does not start.
    pub async fn start(self) -> anyhow::Result<RunningDaemon> {
        let Self { newsroom, listeners, means, editor, instance, _lock: lock } = self;
        let Means { admin_token, relays } = means.clone();
        let Listeners { public, admin, lmtp } = listeners;
        let (stop, stopped) = watch::channel(false);
        let (hurry, mut hurried) = watch::channel(false);
        let (close, closed) = watch::channel(false);
        let (mut work, mut doors) = (JoinSet::new(), JoinSet::new());
        let owner = instance.name.clone();
        let dispatcher = Arc::new(Dispatcher::new(newsroom.clone(), relays, owner));
        let readers = Limits::of(connections_within(newsroom.config.http.connections));
        info!(public = %public.local_addr()?, admin = %admin.local_addr()?, "depeche is at work");
        let office = Limits::of(ADMIN_CONNECTIONS);
        doors.spawn(serve(public, public_router(newsroom.clone()), readers, closed.clone()));
        doors.spawn(serve_router(admin, admin_router(newsroom.clone(), admin_token), office, closed));
        let watcher = Watcher::new(&newsroom.config.content, newsroom.clock.clone());
        work.spawn(editor.run(watcher, stopped.clone()));
        work.spawn(sweep(newsroom.clone(), stopped.clone()));
        work.spawn(Watchman::new(newsroom.clone()).run(stopped.clone()));
        work.spawn(keep_served(newsroom.clone(), stopped.clone()));
        if let Some(pinger) = Pinger::new(newsroom.clone(), instance.name.clone()) {
            work.spawn(pinger.run(stopped.clone()));
        }
        #[cfg(feature = "bucket")]
        if let Some(writer) = crate::task::BucketWriter::open(newsroom.clone(), instance.name.clone())? {
            work.spawn(writer.run(stopped.clone()));
        }
        take_in(&newsroom, lmtp, &stopped, &mut work)?;
        let dispatch_stop = stopped.clone();
        work.spawn(async move {
            let given_up = async move {
                let _ = hurried.wait_for(|hurried| *hurried).await;
            };
            dispatcher.run_until(dispatch_stop, given_up).await;
            drop((instance, lock));
        });
        let mut scheduler = start_schedule(&newsroom).await.context("failed to start the scheduler")?;
        let mut stopping = stopped;
        work.spawn(async move {
            let _ = stopping.wait_for(|stop| *stop).await;
            if let Err(error) = scheduler.shutdown().await {
                error!(%error, "the scheduler did not stop: {error}");
            }
        });
        Ok(RunningDaemon { stop, hurry, work, close, doors, earlier: JoinSet::new(), newsroom, means })
    }
}

impl RunningDaemon {
    /// What the daemon works with.
    #[must_use]
    pub fn newsroom(&self) -> &Arc<Newsroom> {
        &self.newsroom
    }

    /// Waits for a part that ends although nobody asked it to: the daemon is to be started anew then.
    pub async fn broken(&mut self) {
        let ended = tokio::select! {
            Some(ended) = self.work.join_next() => ended,
            Some(ended) = self.doors.join_next() => ended,
            else => return,
        };
        if let Err(error) = ended {
            error!(%error, "a part of the daemon broke down: {error}");
        }
    }

    /// What it read of files for itself.
    pub(super) fn means(&self) -> &Means {
        &self.means
    }

    /// Takes over what daemons before this one still answer.
    pub(super) fn accompany(&mut self, earlier: JoinSet<()>) {
        self.earlier = earlier;
    }

    /// Stops: no new letters, letters in flight are finished while requests are still answered; then nothing more is
    /// taken in, answers under way are finished, and everything is closed.
    pub async fn stop(mut self) {
        info!("depeche stops");
        self.stop_work().await;
        self.close.send_replace(true);
        let answered = async { tokio::join!(ended(&mut self.doors), ended(&mut self.earlier)) };
        if timeout(LAST_ANSWERS, answered).await.is_err() {
            self.doors.shutdown().await;
            self.earlier.shutdown().await;
        }
        self.keep_served().await;
        self.newsroom.store.close().await;
    }

    /// Stops in favour of another daemon of this process that has the same sockets, and gives what is still being answered:
    /// whoever connects meanwhile waits for the other one. Letters in flight are finished, unless `hasten` says that this
    /// is the end.
    pub(super) async fn give_way(mut self, hasten: &watch::Receiver<bool>) -> JoinSet<()> {
        self.stop.send_replace(true);
        let mut hasten = hasten.clone();
        tokio::select! {
            () = ended(&mut self.work) => {}
            _ = hasten.wait_for(|hasten| *hasten) => {}
            () = sleep(PATIENT_DRAIN) => {}
        }
        self.stop_work().await;
        self.close.send_replace(true);
        self.keep_served().await;
        let Self { mut doors, mut earlier, newsroom, .. } = self;
        // Forms that are on their way are taken in as well, so the database stays open as long.
        earlier.spawn(async move {
            let _ = timeout(LONG_ANSWERS, ended(&mut doors)).await;
            drop(doors);
            newsroom.store.close().await;
        });
        earlier
    }

    async fn stop_work(&mut self) {
        self.stop.send_replace(true);
        if timeout(DRAIN, ended(&mut self.work)).await.is_ok() {
            return;
        }
        self.hurry.send_replace(true);
        if timeout(WORK_ENDS, ended(&mut self.work)).await.is_err() {
            self.work.shutdown().await;
        }
    }

    /// Readers were answered until just now.
    async fn keep_served(&self) {
        if let Err(error) = self.newsroom.keep_served().await {
            self.newsroom.log_failure(&error, "what readers were given is not kept");
        }
    }
}

async fn ended(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}

/// The token that the administration's side asks for, where it asks for one.
///
/// # Errors
/// When its file cannot be read, or is empty.
fn read_admin_token(config: &Config) -> anyhow::Result<Option<AdminToken>> {
    let Some(file) = &config.http.admin_token_file else { return Ok(None) };
    let text =
        std::fs::read_to_string(file).with_context(|| format!("failed to read `http.admin_token_file`: `{file}`"))?;
    let token = AdminToken::from_file_text(&text);
    if token.is_none() {
        bail!("`{file}` (`http.admin_token_file`) is empty: write a long random word into it");
    }
    Ok(token)
}

/// The relays, in order. Nothing is contacted.
///
/// # Errors
/// When a certificate or a password cannot be read.
fn open_relays(config: &Config, clock: &Arc<SteadyClock>) -> anyhow::Result<Vec<Relay>> {
    let from = &config.newsletter.from.address;
    let open = |settings| Ok(Relay::open(settings, from, clock.clone())?);
    config.relays.iter().map(open).collect()
}

/// Opens the ways in for what comes back.
fn take_in(
    newsroom: &Arc<Newsroom>,
    lmtp: Option<TcpListener>,
    stopped: &watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) -> anyhow::Result<()> {
    if let Some(listener) = lmtp {
        info!(lmtp = %listener.local_addr()?, "what comes back is taken in by LMTP");
        let (intake, incoming) = mpsc::channel(1);
        tasks.spawn(serve_lmtp(listener, LARGEST_RETURN, intake, stopped.clone()));
        tasks.spawn(take_in_lmtp(newsroom.clone(), incoming));
    }
    if let Some(intake) = MaildirIntake::new(newsroom.clone()) {
        tasks.spawn(intake.run(stopped.clone()));
    }
    Ok(())
}

/// Keeps what readers were given of feeds, so that a restart takes nothing back.
async fn keep_served(newsroom: Arc<Newsroom>, mut stop: watch::Receiver<bool>) {
    let mut ticks = interval(KEPT_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let stopped = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => true,
            _ = ticks.tick() => false,
        };
        if let Err(error) = newsroom.keep_served().await {
            newsroom.log_failure(&error, "what readers were given is not kept");
        }
        if stopped {
            return;
        }
    }
}

/// Takes up letters that were left behind: claims that ran out, and those whose reply was lost.
async fn sweep(newsroom: Arc<Newsroom>, mut stop: watch::Receiver<bool>) {
    let settings = &newsroom.config.newsletter;
    let quarter = settings.resend_after.to_std().unwrap_or_default() / 4;
    let mut ticks = interval(quarter.clamp(SWEEP_BETWEEN.0, SWEEP_BETWEEN.1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = ticks.tick() => {}
        }
        match newsroom.store.sweep(newsroom.now(), settings.on_lost_reply, settings.resend_after).await {
            Ok(swept) if swept.requeued + swept.lost + swept.resent > 0 => {
                info!(
                    requeued = swept.requeued,
                    lost = swept.lost,
                    resent = swept.resent,
                    "letters left behind were taken up"
                );
                newsroom.letters_queued.notify_waiters();
            }
            Ok(_) => {}
            Err(error) => newsroom.log_failure(&error, "the outbox could not be swept"),
        }
    }
}
