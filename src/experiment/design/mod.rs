//! Experiment designs: the A/B test that a product team would run inside one world, beside the truth.
//!
//! The *truth* is what `compare` measures: everybody in the one arm against everybody in the other, world
//! by world with the same chances. The *test* has both arms in one world, where they share stock,
//! reputations and the reactions of sellers, so that what one side does changes what the other meets:
//! interference, whose bias is the difference of the two.
//!
//! Estimator: the difference of the sides' means within a world. Its interval, that of the truth and that
//! of the bias (paired by world) are by Student's t over worlds: each deals anew who is on which side, so
//! that they hold for the whole procedure, whatever depends on whatever within a world.
//!
//! Johari, Li, Liskovich and Weintraub, "Experimental design in two-sided platforms: an analysis of bias",
//! Management Science 68 (2022): dealing customers is unbiased in the limit of scarce demand, dealing
//! sellers in the limit of scarce supply. Switchbacks: Bojinov, Simchi-Levi and Zhao, Management Science 69
//! (2023).

mod bias;
mod keys;
mod world;

pub use bias::biases;
pub use keys::check_arms;
pub use world::{Tested, run_tests};
