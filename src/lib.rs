//! Brocante
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
