//! Whether the newsroom can do its work, and what stands in the way.
//!
//! What is public is served from memory whatever this says.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::newsroom::Newsroom;
use super::standing::Notes;
use crate::clock::Clock as _;
use crate::metrics::Figures;
use crate::store::{BACKUP, OutboxFigures};

/// How late the oldest delivery may be while no letter leaves.
const LATEST: TimeDelta = TimeDelta::minutes(5);
/// How long ago the folder may have been read at the latest; it is looked at every half minute.
const OLDEST_LOOK: TimeDelta = TimeDelta::minutes(5);
/// A relay that refused so many letters in a row, and none for its recipient, takes none.
const REFUSED_IN_A_ROW: u32 = 20;
/// With less room than this on its disk, the database will soon be full.
const LEAST_ROOM: u64 = 32 << 20;
/// How long a disk may take to say that a folder is there.
const FOLDER_WAIT: Duration = Duration::from_secs(2);
/// How long the database may take to say that it is there, before whoever asks us is told that it does not.
const ANSWER_WAIT: Duration = Duration::from_secs(5);
/// The outbox is counted anew after this many times as long as it took: counting must not be what keeps it busy.
const COUNTING_SHARE: u32 = 20;
/// What takes less costs nothing.
const QUICK: Duration = Duration::from_millis(20);

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Readiness {
    /// A line each; none when the newsroom can do its work.
    pub reasons: Vec<String>,
    /// What there is to measure at this moment.
    pub figures: Figures,
}

impl Newsroom {
    /// Whether the newsroom can do its work now.
    pub async fn readiness(&self) -> Readiness {
        let mut reasons = Vec::new();
        let answers = matches!(timeout(ANSWER_WAIT, self.store.ping()).await, Ok(Ok(())));
        let outbox = if answers { self.outbox().await } else { None };
        let notes = self.standing.notes();
        let closed = self.store.closed();
        let is_led = !answers || closed.is_some() || self.is_led().await;
        let disk_free = self.store.disk_free();
        self.database_reasons(&mut reasons, &notes, answers, disk_free);
        if let Some(closed) = closed {
            reasons.push(format!("nothing is sent or written any more: {closed}"));
        }
        if !is_led {
            reasons.push("no instance leads: files are not read and editions do not open".to_owned());
        }
        self.folder_reasons(&mut reasons, &notes).await;
        if let Some(doubt) = self.clock.doubt() {
            let (machine, believed) = (doubt.machine.to_rfc3339(), doubt.believed.to_rfc3339());
            reasons.push(format!("the machine's clock jumped to {machine}; by our reckoning it is {believed}"));
        }
        let last = outbox.or_else(|| notes.outbox.as_ref().map(|(outbox, ..)| outbox.clone())).unwrap_or_default();
        let oldest_due = last.oldest_due.map_or(TimeDelta::zero(), |due| (self.now() - due).max(TimeDelta::zero()));
        reasons.extend(self.standstill(&notes, last.oldest_due, oldest_due));
        reasons.extend(refusing(&notes));
        reasons.extend(unwritten(&notes));
        let backed_up = if answers { self.backed_up().await } else { None };
        let figures = self.figures(&notes, &reasons, last, oldest_due, answers, disk_free);
        let figures = Figures { backed_up, ..figures };
        Readiness { reasons, figures }
    }

    /// The outbox in numbers, counted now unless that takes long and was done a moment ago.
    pub(super) async fn outbox(&self) -> Option<OutboxFigures> {
        if let Some((outbox, counted, took)) = self.standing.notes().outbox
            && took > QUICK
            && counted.elapsed() < took * COUNTING_SHARE
        {
            return Some(outbox);
        }
        let begun = Instant::now();
        let outbox = timeout(ANSWER_WAIT, self.store.outbox_figures()).await.ok()?.ok()?;
        self.standing.counted(outbox.clone(), begun.elapsed());
        Some(outbox)
    }

    /// When the last backup was made, since 1970.
    async fn backed_up(&self) -> Option<i64> {
        let last = timeout(ANSWER_WAIT, self.store.last_run(BACKUP)).await;
        last.ok()?.ok()?.map(|at| at.timestamp())
    }

    /// Whether somebody reads the folder and opens editions.
    async fn is_led(&self) -> bool {
        !self.store.is_shared()
            || !matches!(timeout(ANSWER_WAIT, self.store.lead_is_held(self.now())).await, Ok(Ok(false)))
    }

    fn database_reasons(&self, reasons: &mut Vec<String>, notes: &Notes, answers: bool, free: Option<u64>) {
        if let Some(illness) = self.store.illness() {
            let since = notes.illness.as_ref().map(|(_, since)| format!(" since {}", since.to_rfc3339()));
            reasons.push(format!(
                "{}{} ({}): letters wait, what is public is served on",
                illness.ailment.words(),
                since.unwrap_or_default(),
                illness.why
            ));
        } else if !answers {
            reasons.push(format!("the database does not answer within {} s", ANSWER_WAIT.as_secs()));
        }
        if let Some(free) = free.filter(|free| *free < LEAST_ROOM) {
            reasons.push(format!("only {} MiB are free on the disk of the database", free >> 20));
        }
    }

    async fn folder_reasons(&self, reasons: &mut Vec<String>, notes: &Notes) {
        let current = self.current();
        let folder = &self.config.content.folder;
        if current.register.started.is_none() {
            reasons.push(format!("there is no content folder `{folder}` yet"));
        } else if !is_there(folder.as_std_path().to_owned()).await {
            reasons.push(format!("the content folder `{folder}` is gone: what it held is served on"));
        }
        if let Some(alarm) = current.register.open_alarm() {
            reasons.push(format!("{} of {} live releases are gone from the folder at once", alarm.missing, alarm.of));
        }
        if let Some(age) = notes.look.map(|look| self.clock.elapsed() - look.over).filter(|age| *age > OLDEST_LOOK) {
            reasons.push(format!("the folder was not taken in for {} s", age.num_seconds()));
        }
    }

    /// Why letters that are due do not leave, when none does.
    fn standstill(&self, notes: &Notes, oldest: Option<DateTime<Utc>>, late: TimeDelta) -> Option<String> {
        let oldest = oldest.filter(|_| late >= LATEST)?;
        let quiet = notes.letter_ended.is_none_or(|ended| self.clock.elapsed() - ended >= LATEST);
        let failing: Vec<String> = notes
            .relays
            .iter()
            .filter_map(|(name, note)| {
                Some(format!("{name} takes no letters since {}", note.failing_since?.to_rfc3339()))
            })
            .collect();
        let all_fail = !failing.is_empty() && failing.len() == notes.relays.len();
        if !all_fail && !quiet {
            return None;
        }
        let because = if failing.is_empty() { String::new() } else { format!(" ({})", failing.join(", ")) };
        Some(format!("sending stands still: letters are due since {}{because}", oldest.to_rfc3339()))
    }

    fn figures(
        &self,
        notes: &Notes,
        reasons: &[String],
        outbox: OutboxFigures,
        oldest_due: TimeDelta,
        answers: bool,
        disk_free: Option<u64>,
    ) -> Figures {
        let current = self.current();
        let doubt = self.clock.doubt();
        Figures {
            ready: reasons.is_empty(),
            database_up: answers && self.store.illness().is_none(),
            leads: !self.store.is_shared() || notes.leads == Some(true),
            disk_free,
            deliveries: outbox.deliveries,
            editions: outbox.editions,
            oldest_due: oldest_due.as_seconds_f64(),
            resting: notes.relays.iter().map(|(name, note)| (name.clone(), note.rests())).collect(),
            live: current.resources.live().releases().len(),
            errors: current.doubts.errors,
            look_took: notes.look.map_or(0.0, |look| look.took.as_secs_f64()),
            look_age: notes.look.map_or(0.0, |look| (self.clock.elapsed() - look.over).as_seconds_f64()),
            published: notes.published.iter().map(|(place, note)| (*place, note.failing.is_none())).collect(),
            backed_up: None,
            clock_ahead: doubt.map_or(0.0, |doubt| (doubt.machine - doubt.believed).as_seconds_f64()),
        }
    }
}

/// The relays that refuse every letter.
fn refusing(notes: &Notes) -> Vec<String> {
    let refusing = notes.relays.iter().filter(|(_, note)| note.refused_in_a_row >= REFUSED_IN_A_ROW);
    let told = refusing.map(|(name, note)| {
        let (count, code) = (note.refused_in_a_row, &note.refused_with);
        format!("{name} refused the last {count} letters for good, and not for their recipients ({code})")
    });
    told.collect()
}

/// The places that do not hold what is public.
fn unwritten(notes: &Notes) -> Vec<String> {
    let failing = notes.published.iter().filter_map(|(place, note)| Some((place, note.failing.as_ref()?)));
    let told = failing.map(|(place, (since, why))| {
        format!("`publish.{}` could not be written since {}: {why}", place.as_str(), since.to_rfc3339())
    });
    told.collect()
}

/// Whether a folder is there. A disk that does not answer has none.
async fn is_there(folder: PathBuf) -> bool {
    timeout(FOLDER_WAIT, spawn_blocking(move || folder.is_dir())).await.is_ok_and(|asked| asked.unwrap_or(false))
}
