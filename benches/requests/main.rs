//! Requests a second on one core: what is served, against nginx and a bare axum handler with the same bytes.
//!
//! `cargo bench --bench requests`, on two cores that nothing else uses; `-- 9 5` asks for nine rounds of five seconds.
//!
//! A feed of 60 kB with a hub and every header is asked for over 64 connections that are kept alive: compressed, not
//! changed (304), and plain. Each server is a process of its own on the first core (`taskset -c 0`), the load comes from
//! the second: from `wrk` where it is installed, else from threads of this program. The servers take turns in each
//! round, and ratios are medians of the rounds'. Beside the rate stands what a request costs the server in processor
//! time, which says the same on a machine that is busy with other things. Nothing is compared with a limit.
#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

mod load;
mod servers;

use load::{Asked, Load, latency};
use servers::{Kind, Server, Workshop};

/// How many connections are kept alive.
const CONNECTIONS: usize = 64;
/// How many requests a second the latency is measured at.
const RATE: u32 = 1_000;

fn main() {
    // `cargo bench` adds `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let [serve, kind, folder] = words.as_slice()
        && serve == "serve"
    {
        return servers::serve(kind, folder.as_ref());
    }
    let numbers: Vec<u64> =
        words.iter().map(|word| word.parse().expect("a number of rounds, and of seconds")).collect();
    let rounds = numbers.first().copied().unwrap_or(5);
    let seconds = numbers.get(1).copied().unwrap_or(2);

    let workshop = Workshop::new();
    let servers: Vec<Server> = Kind::ALL.into_iter().filter_map(|kind| workshop.start(kind)).collect();
    let asked = workshop.asked();
    for server in &servers {
        for asked in &asked {
            server.check(asked);
        }
    }
    println!("{rounds} rounds of {seconds} s, {CONNECTIONS} connections, load from {}", Load::name());
    for asked in &asked {
        measure(&servers, asked, rounds, seconds);
    }
    println!("\nlatency at {RATE} requests a second, open loop, at rest (ms)");
    for server in &servers {
        let found = latency(server.address, &asked[0], RATE, seconds * 2);
        println!("{:8} p50 {:.3}  p99 {:.3}  worst {:.3}", server.kind.name(), found.p50, found.p99, found.worst);
    }
}

/// Lets the servers take turns and prints how the first compares with the others.
fn measure(servers: &[Server], asked: &Asked, rounds: u64, seconds: u64) {
    let mut rates = vec![Vec::new(); servers.len()];
    let mut costs = vec![Vec::new(); servers.len()];
    for _ in 0..rounds {
        for (place, server) in servers.iter().enumerate() {
            let before = server.processor_time();
            let load = Load::run(server.address, asked, CONNECTIONS, seconds);
            rates[place].push(load.rate);
            costs[place].push(server.processor_time().saturating_sub(before).as_secs_f64() * 1e6 / load.requests);
        }
    }
    println!("\n{}: {} bytes", asked.name, asked.bytes);
    for (place, server) in servers.iter().enumerate() {
        let (rate, cost) = (median(&rates[place]), median(&costs[place]));
        print!("{:8} {rate:9.0} requests/s  {cost:6.2} µs each", server.kind.name());
        if place > 0 {
            let ratio = |ours: &[f64], theirs: &[f64]| {
                median(&ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect::<Vec<_>>())
            };
            print!("   depeche does {:.3}", ratio(&rates[0], &rates[place]));
            print!(" of it, at {:.3} of its cost", ratio(&costs[0], &costs[place]));
        }
        println!();
    }
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
