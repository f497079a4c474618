//! Brocante
pub mod agents;
pub mod history;
pub mod market;
pub mod measure;
pub mod protocol;
pub mod ranking;
pub mod rng;
pub mod units;
