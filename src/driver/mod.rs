//! What moves time: the virtual clock, its calendar and the visits that arrive; the wall clock and its
//! load.

mod aftermath;
mod appraiser;
mod arrivals;
mod calendar;
mod crew;
mod lane;
pub mod load;
mod simulate;
mod sort;

pub use arrivals::{Arrivals, Visit};
pub use calendar::{Calendar, Due, Entry};
pub use crew::{Crew, Rounds};
pub use lane::{Lane, Work};
pub use simulate::{Clock, Finished, Go, Refresh, Watch, simulate};
