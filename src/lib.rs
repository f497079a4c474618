//! Brocante simulates a marketplace of refurbished goods, measures what its ranking does to sellers and
//! shoppers, and puts the ranking under load to see how fast it answers.
//!
//! # A tour
//!
//! One world runs like this: a [`scenario`] is read from TOML and checked; a [`market`] is built from it,
//! with its sellers, products and staff; the [`driver`] moves virtual time from tick to tick; everything
//! that happens leaves as a [`history::Fact`]; and a [`measure::Recorder`] makes metrics of the facts.
//!
//! ```
//! use brocante::experiment::Trial;
//! use brocante::scenario;
//!
//! // Any key can be changed on the way in, by its path: two weeks of a small market.
//! let overrides = ["weeks=2", "shoppers.visits_per_week=5000.0"].map(String::from);
//! let loaded = scenario::load("scenarios/quick.toml".as_ref(), &overrides)?;
//!
//! let trial = Trial { scenario: &loaded.scenario, world: 0, workers: 2, measured: true };
//! let world = trial.run(&mut ());
//!
//! assert!(world.counts.sessions > 0);
//! // What shoppers paid is what sellers were credited, plus commission, plus refunds, to the cent.
//! let books = world.market.ledger();
//! assert_eq!(books.paid, books.credits() + books.commission + books.refunded);
//! // The same seed gives the same digest, at any number of workers.
//! let alone = Trial { workers: 1, ..trial }.run(&mut ());
//! assert_eq!(world.digest, alone.digest);
//! # Ok::<(), scenario::ScenarioError>(())
//! ```
//!
//! # The map
//!
//! A file imports only from lower rows, and siblings of a row do not see one another; an integration
//! test reads the `use` lines and holds this to be true.
//!
//! | row | modules | what they are |
//! |---|---|---|
//! | 0 | [`units`], [`quantity`] | time, money, names; durations and rates as people write them |
//! | 1 | [`rng`], [`protocol`] | chance without state; what agents and market say to one another |
//! | 2 | [`history`] | facts, their digest, the sinks they leave by |
//! | 3 | [`ranking`], [`agents`] | policies, one a file; sellers, shoppers, staff |
//! | 4 | [`market`] | the only owner of market state; its concurrent core is [`market::serve`] |
//! | 5 | [`driver`], [`measure`] | virtual time, and load on the wall clock; metrics, one family a file |
//! | 6 | [`scenario`], [`store`] | what is simulated; where results go |
//! | 7 | [`experiment`] | worlds, and what is concluded from them |
//! | 8 | [`report`] | what people read, one output a file |
//! | 9 | [`cli`] | one subcommand a file |
//!
//! # What can be relied on
//!
//! - **Same result at any number of workers.** Draws are functions of (seed, who, about, purpose), cells
//!   are worked independently and merged in a fixed order, sums are integers or have one order, and
//!   transcendental functions never come from the platform.
//! - **One back edge.** What happened reaches later choices only through [`market::Market::record`], and
//!   by four channels that a scenario can cut one by one.
//! - **Common random numbers stay in step.** A draw is keyed by what it is about, so a change of policy
//!   renumbers neither visits nor moods nor parcels.
//! - **Two roots of chance.** `market.seed` draws who exists; `seed` and the number of the world draw
//!   what happens to them.
//!
//! # What is deliberately absent
//!
//! No clock below the experiments but that of [`driver::load`], no printing below the command line, no map that is iterated in the
//! order of hashes, no unsafe code, and no agent that reaches into the market.

#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "a unit in brackets, as in `[EUR]`, is no link; the schema reads it from the same docs"
)]

pub mod agents;
pub mod cli;
pub mod driver;
pub mod experiment;
pub mod history;
pub mod market;
pub mod measure;
pub mod protocol;
pub mod quantity;
pub mod ranking;
#[cfg(test)]
mod reference;
pub mod report;
pub mod rng;
pub mod scenario;
pub mod store;
pub mod units;
