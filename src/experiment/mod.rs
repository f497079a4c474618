//! Experiments: worlds of a scenario, and what is concluded from them.

mod arms;
mod compare;
mod side_by_side;
mod trial;
pub mod validate;
mod why;

pub use arms::{Arm, read_arms};
pub use compare::differences;
pub use trial::{Heartbeat, Trial, World};
pub use why::{Absent, Asked, Placing, Slate};
