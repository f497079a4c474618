//! Load: the ranking core under the traffic of the scenario's own agents, on the wall clock.

mod find_max;
mod outcome;
mod plan;
mod trial;

mod warm;

pub use find_max::{CLOSE_ENOUGH, Found, Length, Verdict, find_max};
pub use outcome::Tried;
pub use plan::{LoadPlan, Mode, ModeError, Path};
pub use trial::LoadTrial;

pub use warm::Warm;
