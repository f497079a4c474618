//! Experiments: worlds of a scenario, and what is concluded from them.

mod arms;
mod compare;
mod design;
pub mod gate;
pub mod load;
pub mod nudge;
mod observe;
mod replications;
mod side_by_side;
mod slo;
mod sweep;
mod trial;
pub mod validate;
mod why;

pub use arms::{Arm, read_arms};
pub use compare::{LEVEL, differences};
pub use design::{Tested, biases, check_arms, run_tests};
pub use replications::{Busiest, Follow, Ran, Replications, Worlds};
pub use side_by_side::{Seat, cores, side_by_side};
pub use slo::{Comparison, LoadMetric, SloError, Threshold};
pub use sweep::{
    Design, Factor, Findings, Kind, Level, Range, Seen, Setting, Table, Values, analyse,
    read_factors, varied,
};
pub use trial::{Heartbeat, Trial, World};
pub use why::{Absent, Asked, Placing, Slate};
