//! A thousand histories of one newsroom against a simple model.
//!
//! Each history is drawn at random: an editor saves, edits, renames, swaps, re-dates, deletes, restores, copies, breaks and
//! mends files; the folder is unmounted and comes back; the office holds, approves and cancels; the daemon is killed and
//! started again; time passes, and somebody sets the clock. It is lived in a real newsroom (folder, SQLite, editor,
//! dispatcher; the relay and the clock are those of tests) and in the model at once. After every step: no release has
//! changed its id, none was announced twice or too early, no public byte or letter names what is not live. At the end,
//! nothing that should have been announced is missing. Every release has words that no other has, so the model need not
//! guess which is which; and nothing happens to a release that the rules of `docs/ARCHITECTURE.md` leave in doubt.
//!
//! `cargo test --test histories` lives a few; the full run is
//!
//! ```sh
//! DEPECHE_HISTORIES=1000 DEPECHE_STEPS=100 cargo test --release --test histories -- --nocapture
//! ```
//!
//! `DEPECHE_SEED` draws other histories. One that breaks a rule is made short and printed with seed and number;
//! `DEPECHE_ONLY` with that number lives it alone.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod arranging;
mod check;
mod deciding;
#[path = "../support/draft.rs"]
#[expect(dead_code, reason = "stories use the rest")]
mod draft;
mod history;
#[path = "../support/http_client.rs"]
mod http_client;
mod known;
mod lineage;
mod machine;
mod model;
#[path = "../support/newsroom.rs"]
#[expect(dead_code, reason = "stories use the rest")]
mod newsroom;
mod play;
mod writing;

use std::cell::RefCell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use history::{Histories, History};
use play::{Totals, live};

/// How many histories and steps where the environment does not say.
const DEFAULTS: (u64, u64) = (30, 60);
/// How often a history that breaks a rule is lived again, ever shorter.
const SHORTENINGS: u32 = 3_000;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

/// Lives one history.
fn lived(history: &History) -> Result<Totals, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(live(history))
}

/// Lives history `number` of `seed`.
fn one(seed: u64, number: u64, steps: usize) -> Result<Totals, String> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&number.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config =
        Config { cases: 1, failure_persistence: None, max_shrink_iters: SHORTENINGS, verbose: 0, ..Config::default() };
    let totals = RefCell::new(Totals::default());
    let found = TestRunner::new_with_rng(config, rng).run(&Histories { steps }, |history| {
        *totals.borrow_mut() = lived(&history).map_err(TestCaseError::fail)?;
        Ok(())
    });
    match found {
        Ok(()) => Ok(totals.into_inner()),
        Err(TestError::Fail(why, history)) => {
            Err(format!("history {number} of seed {seed} breaks a rule; made short, it is {history:#?}\n{why}"))
        }
        Err(TestError::Abort(why)) => Err(format!("history {number} of seed {seed} was given up: {why}")),
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "what was lived is worth reading")]
fn histories_keep_the_rules() {
    let seed = variable("DEPECHE_SEED").unwrap_or(1);
    let steps = usize::try_from(variable("DEPECHE_STEPS").unwrap_or(DEFAULTS.1)).unwrap();
    let only = variable("DEPECHE_ONLY");
    let numbers = only.map_or(0..variable("DEPECHE_HISTORIES").unwrap_or(DEFAULTS.0), |only| only..only + 1);
    let (next, stop) = (AtomicU64::new(numbers.start), AtomicBool::new(false));
    let (totals, broken) = (Mutex::new(Totals::default()), Mutex::new(None));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if !numbers.contains(&number) || stop.load(Ordering::Relaxed) {
                        return;
                    }
                    match one(seed, number, steps) {
                        Ok(lived) => totals.lock().unwrap().add(&lived),
                        Err(why) => {
                            stop.store(true, Ordering::Relaxed);
                            *broken.lock().unwrap() = Some(why);
                        }
                    }
                }
            });
        }
    });
    let totals = totals.into_inner().unwrap();
    println!("seed {seed}, {steps} steps each: {totals}");
    if let Some(why) = broken.into_inner().unwrap() {
        panic!("{why}");
    }
    println!("  second announcements 0, changed ids 0, early bytes 0, lost announcements 0");
}
