//! Letters a second from the outbox into Postfix's `smtp-sink`, against `smtp-source`, which sends one fixed text; signed
//! ones against the signatures that OpenSSL makes meanwhile, and against nodemailer.
//!
//! `cargo bench --bench letters`, on two cores that nothing else uses and with Postfix installed (it need not run);
//! `-- 20000 3 8,32 unsigned,rsa` asks for 20,000 letters, three rounds, 8 and 32 connections, and letters without and with
//! an RSA signature. `DEPECHE_BENCH_DATABASE` names an empty PostgreSQL database to use instead of SQLite, for one round of one kind;
//! `DEPECHE_BENCH_SYNC=full` makes SQLite wait for the disk; `DEPECHE_BENCH_NODE_PATH` names a folder of Node modules with
//! nodemailer, which else has no turn.
//!
//! A release is saved and its edition opened beforehand. What is timed is what the daemon does then, in a process of its
//! own on the first core (`taskset -c 0`): claim, compose, sign, hand over, record. `smtp-sink` has the second core. The
//! senders take turns in each round, and ratios are medians of the rounds'. Nothing is compared with a limit.
#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

mod outbox;
mod senders;

use outbox::{Outbox, Signing};
use senders::{Figures, Sink};

/// What the daemon runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    // `cargo bench` adds `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let [send, folder] = words.as_slice()
        && send == "send"
    {
        return outbox::send(folder.as_ref());
    }
    let mut words = words.iter().map(String::as_str);
    let letters: usize = words.next().unwrap_or("20000").parse().expect("a number of letters");
    let rounds: usize = words.next().unwrap_or("3").parse().expect("a number of rounds");
    let connections = words.next().unwrap_or("1,8,32").split(',').map(|n| n.parse().expect("numbers of connections"));
    let connections: Vec<usize> = connections.collect();
    let signings = words.next().unwrap_or("unsigned,rsa,both").split(',').map(Signing::named).collect::<Vec<_>>();
    if !senders::are_installed() {
        println!("smtp-sink and smtp-source are not installed: they come with Postfix");
        return;
    }

    let turns = rounds * connections.len() * signings.len();
    let is_emptied_once = std::env::var_os("DEPECHE_BENCH_DATABASE").is_some();
    assert!(
        turns == 1 || !is_emptied_once,
        "such a database is filled once: ask for one round over one number of connections"
    );
    let outbox = Outbox::fill(letters);
    println!("{letters} letters of {} bytes, {rounds} rounds", outbox.size);
    for signing in signings {
        for &connections in &connections {
            let sink = Sink::start();
            let mut turns = Vec::new();
            for _ in 0..rounds {
                let is_signed = signing != Signing::Unsigned;
                turns.push(Turn {
                    signatures: is_signed.then(senders::signatures),
                    ours: outbox.send_all(&sink, connections, signing),
                    source: senders::send_with_source(&sink, connections, letters, outbox.size),
                    nodemailer: is_signed
                        .then(|| {
                            let key = outbox.rsa_key();
                            senders::send_with_nodemailer(&sink, connections, letters, outbox.size, &key)
                        })
                        .flatten(),
                });
            }
            report(signing, connections, &turns);
        }
    }
}

/// What the senders came to, one after the other.
struct Turn {
    ours: Figures,
    /// Letters a second by `smtp-source`.
    source: f64,
    /// RSA signatures a second that the core makes when it does nothing else.
    signatures: Option<f64>,
    /// Letters a second by nodemailer.
    nodemailer: Option<f64>,
}

/// What somebody else came to in a turn.
type Rate = fn(&Turn) -> Option<f64>;

fn report(signing: Signing, connections: usize, turns: &[Turn]) {
    let of = |what: fn(&Figures) -> f64| median(turns.iter().map(|turn| what(&turn.ours)).collect());
    println!(
        "{:8} {connections:3} connections: {:6.0} letters/s, {:4.0} µs of processor each, {:5.1} MiB over rest",
        signing.name(),
        of(|figures| figures.rate),
        of(|figures| figures.processor),
        of(|figures| figures.memory),
    );
    let others: [(&str, Rate); 3] = [
        ("smtp-source", |turn| Some(turn.source)),
        ("signatures by openssl", |turn| turn.signatures),
        ("nodemailer, signing", |turn| turn.nodemailer),
    ];
    for (name, rate) in others {
        let rates: Vec<f64> = turns.iter().filter_map(rate).collect();
        if !rates.is_empty() {
            let ratios = turns.iter().filter_map(|turn| Some(turn.ours.rate / rate(turn)?)).collect();
            println!("    {name}: {:.0}/s, {:.2} of it", median(rates), median(ratios));
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
