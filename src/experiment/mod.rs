//! Experiments: worlds of a scenario, and what is concluded from them.

mod trial;
mod why;

pub use trial::{Heartbeat, Trial, World};
pub use why::{Absent, Asked, Placing, Slate};
