//! The ranking core of brocante against what a user would pick instead.
//!
//!     cargo run --release -p brocante-peers
//!     cargo run --release -p brocante-peers -- --markdown
//!
//! One market of offers, one list of queries and one list of changes, all drawn from a seed. Every peer
//! answers the same question: the ten best offers of a product for a country, by quality squared over
//! price. All answers to 1,000 queries are held against the right ones before anything is timed and
//! again after the changes. Peers take turns, round by round, and medians over the rounds are printed:
//! what else runs on the machine weighs on all of them alike.
//!
//! Expected on a 2-core cloud machine, p50 at rest: the core some 25 to 35 ns with the order kept and 80
//! scored at the read, a `Vec` behind a lock 170, tantivy 550, SQLite and Redis on the same core 5,500
//! to 6,500, Redis on another core 25,000. What lasts is the ratios: what else runs on the machine weighs
//! on the times.
//!
//! PostgreSQL is left out: its server refuses to run as root and wants a cluster set up first, which is
//! more than a benchmark should do on anybody's machine.

#![allow(rustdoc::broken_intra_doc_links, reason = "a unit in brackets, as in `[EUR]`, is no link")]

mod clock;
mod market;
mod ours;
mod peer;
mod plain;
mod redis;
mod search;
mod sqlite;
mod table;
#[cfg(test)]
mod tests;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use brocante::market::serve::Serving;
use clap::Parser;

use clock::{Clock, Times};
use market::{Changes, Market, Size};
use ours::Ours;
use peer::{Contender, Entrant, Peer, Plan, Written};
use plain::Plain;
use redis::Redis;
use search::Search;
use sqlite::Sqlite;

/// Queries whose answers are checked.
const CHECKED: usize = 1_000;
/// Queries that are asked over and over.
const QUERIES: usize = 1 << 16;

/// The ranking core of brocante against what a user would pick instead: the ten best offers of a
/// product for a country.
#[derive(Debug, Parser)]
#[command(name = "brocante-peers")]
struct Args {
    /// What all draws follow from.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Products of the market.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(10..=60_000))]
    products: u32,
    /// Turns that every peer takes.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rounds: u32,
    /// How long a measurement takes [ms]; a turn has two of them.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    millis: u64,
    /// Changes in a batch.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    batch: u32,
    /// Changes offered each second while queries are timed.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    rate: u32,
    /// Measure only peers whose names contain this.
    #[arg(long)]
    only: Option<String>,
    /// Print the tables as Markdown.
    #[arg(long)]
    markdown: bool,
}

/// One peer's line of the tables.
struct Line {
    name: String,
    /// Where it runs, or why it does not.
    place: String,
    entrant: Option<Box<dyn Entrant>>,
    /// By round.
    at_rest: Vec<Times>,
    /// By round.
    under_writes: Vec<Written>,
}

impl Line {
    fn of(name: &str, place: String, entrant: Option<Box<dyn Entrant>>) -> Line {
        Line { name: name.to_owned(), place, entrant, at_rest: vec![], under_writes: vec![] }
    }
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("brocante-peers: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let market =
        Market::draw(args.seed, Size { products: args.products as usize, sellers: 1_000 })?;
    let most = Changes::of(&market).most();
    ensure!(
        args.batch as usize <= most,
        "--batch {}: a market of {} offers takes at most {most} changes in a batch",
        args.batch,
        market.offers()
    );
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let plan = Plan {
        batch: args.batch as usize,
        rate: args.rate.into(),
        window_ns: args.millis * 1_000_000,
        cores: cores.first_chunk().copied(),
        queries: market.queries(QUERIES),
        clock: Clock::calibrated(),
    };
    print(&format!("{}\n", table::header(args, &market, &plan)))?;
    let wanted = |name: &str| args.only.as_deref().is_none_or(|only| name.contains(only));
    let mut lines = in_process(&market, &wanted)?;
    lines.extend(servers(&market, &plan, &wanted)?);
    ensure!(!lines.is_empty(), "--only {:?}: no peer is called so", args.only);
    measure(&mut lines, &plan, args.rounds)?;
    print(&table::tables(&lines, args.markdown))
}

/// Prints; nobody need read it to the end.
fn print(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("printing"),
        _ => Ok(()),
    }
}

/// The peers that need nothing but this program.
fn in_process(market: &Market, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    let mut enter = |name: &str, place: String, make: &dyn Fn() -> Result<Box<dyn Entrant>>| {
        if wanted(name) {
            let entrant = make().with_context(|| name.to_owned())?;
            lines.push(Line::of(name, place, Some(entrant)));
        }
        anyhow::Ok(())
    };
    let place = "in process, readers take no lock".to_owned();
    enter(table::OURS[0], place.clone(), &|| seat(market, Ours::of(market, Serving::AtWrite)?))?;
    enter(table::OURS[1], place, &|| seat(market, Ours::of(market, Serving::AtRead)?))?;
    enter("Vec behind a lock", "in process, one RwLock".to_owned(), &|| {
        seat(market, Plain::of(market))
    })?;
    let version = tantivy::version_string().split(',').next().unwrap_or_default();
    let place = format!("in process, {version}, index in memory");
    enter("tantivy", place, &|| seat(market, Search::of(market)?))?;
    let version = format!("SQLite {}", rusqlite::version());
    let place = format!("in process, {version}, one connection behind a lock");
    enter("SQLite in memory", place, &|| seat(market, Sqlite::in_memory(market)?))?;
    let place = format!("in process, {version}, file not synced");
    enter("SQLite, write-ahead log", place, &|| seat(market, Sqlite::logged(market)?))?;
    Ok(lines)
}

/// The peers that run in a process of their own.
fn servers(market: &Market, plan: &Plan, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (role, which) in ["reader", "writer"].into_iter().enumerate() {
        let name = format!("Redis, server beside the {which}");
        // Without cores to choose from there is one place to run.
        if !wanted(&name) || (plan.cores.is_none() && role > 0) {
            continue;
        }
        let core = plan.cores.map(|cores| cores[role].id);
        lines.push(match Redis::of(market, core).with_context(|| name.clone())? {
            None => Line::of(&name, "redis-server is not installed".to_owned(), None),
            Some(server) => {
                let at = core.map_or_else(|| "any core".to_owned(), |core| format!("core {core}"));
                let place = format!("Redis {} on {at}, Unix socket", server.version);
                Line::of(&name, place, Some(seat(market, server)?))
            }
        });
    }
    Ok(lines)
}

fn seat<P: Peer + 'static>(market: &Market, peer: P) -> Result<Box<dyn Entrant>> {
    Ok(Box::new(Contender::new(market, peer)))
}

/// Checks everybody, lets them take turns at rest and then under writes, and checks everybody again.
fn measure(lines: &mut [Line], plan: &Plan, rounds: u32) -> Result<()> {
    check(lines, plan).context("before the changes")?;
    for (phase, writes) in [("at rest", false), ("while changes are made", true)] {
        for round in 1..=rounds {
            for Line { name, entrant, at_rest, under_writes, .. } in lines.iter_mut() {
                let Some(entrant) = entrant else { continue };
                eprint!("\r\x1b[K{phase}, round {round} of {rounds}: {name}");
                if writes {
                    under_writes.push(entrant.under_writes(plan).with_context(|| name.clone())?);
                } else {
                    at_rest.push(entrant.at_rest(plan).with_context(|| name.clone())?);
                }
            }
        }
    }
    eprint!("\r\x1b[K");
    check(lines, plan).context("after the changes")
}

fn check(lines: &[Line], plan: &Plan) -> Result<()> {
    for Line { name, entrant, .. } in lines {
        if let Some(entrant) = entrant {
            entrant.check(&plan.queries, CHECKED).with_context(|| name.clone())?;
        }
    }
    Ok(())
}
