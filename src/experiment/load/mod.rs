//! Load: the ranking core under the traffic of the scenario's own agents, on the wall clock.

mod warm;

pub use warm::Warm;
