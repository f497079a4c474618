//! What moves time: the virtual clock, its calendar and the visits that arrive.

mod aftermath;
mod appraiser;
mod arrivals;
mod calendar;
mod crew;
mod lane;
mod simulate;
mod sort;

pub use arrivals::{Arrivals, Visit};
pub use calendar::{Calendar, Due, Entry};
pub use crew::{Crew, Rounds};
pub use lane::{Lane, Work};
pub use simulate::{Clock, Finished, Go, Refresh, Watch, simulate};
