//! Experiments: worlds of a scenario, and what is concluded from them.

mod trial;

pub use trial::{Heartbeat, Trial, World};
