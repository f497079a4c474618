//! Brocante
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
pub mod report;
pub mod rng;
pub mod scenario;
pub mod store;
pub mod units;
