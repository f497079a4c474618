//! Brocante
pub mod agents;
pub mod history;
pub mod measure;
pub mod protocol;
pub mod ranking;
pub mod report;
pub mod rng;
pub mod store;
pub mod units;
