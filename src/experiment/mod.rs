//! Experiments: worlds of a scenario, and what is concluded from them.

mod arms;
mod compare;
mod trial;

pub use arms::{Arm, read_arms};
pub use compare::differences;
pub use trial::{Heartbeat, Trial, World};
