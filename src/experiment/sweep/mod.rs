//! Sweeps: the market at many points of a space of keys, what moves which metric, and the best trades
//! between two or three of them.
//!
//! Worlds are paired: every point has the same seeds, so that points differ by what was varied and not
//! by luck.

mod analysis;
mod design;
mod factor;
mod grid;
mod indices;
mod lhs;
mod pareto;
mod regression;
mod sobol;
mod table;

pub use analysis::{Findings, analyse, varied};
pub use design::{Design, Kind};
pub use factor::{Factor, Level, Range, Seen, Setting, Values, read_factors};
pub use table::Table;
