//! `--design`: tests within one world, beside the truth that `compare` measures.

use super::progress::Progress;
use super::run::RunArgs;
use crate::experiment::{Busiest, Replications, biases, check_arms, run_tests};
use crate::market::Design;
use crate::measure::{Counts, all_metrics};
use crate::quantity::Span;
use crate::scenario::{Loaded, Scenario};
use crate::store::{DesignResult, TestedWorld, WorldSummary};
use crate::units::US_PER_WEEK;

/// Designs by the names that people type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Named {
    /// Every customer meets one arm; visits where customers are not followed.
    ShopperSplit,
    /// Every seller acts by one arm.
    SellerSplit,
    /// The arms take turns, window by window.
    Switchback,
}

/// Which tests to run within one world.
#[derive(Debug, Clone, clap::Args)]
pub struct DesignArgs {
    /// Run the A/B test of this design inside one world, too, and print what it says beside the truth.
    /// Needs two arms. May be given more than once.
    #[arg(long = "design", value_name = "DESIGN", value_enum, value_delimiter = ',')]
    designs: Vec<Named>,

    /// Length of the windows of a switchback, such as 6h or 1w: a whole number of ticks, and at least
    /// two in the run. Default: 1d.
    #[arg(long, value_name = "SPAN")]
    window: Option<Span>,
}

/// What the tests came to.
#[derive(Default)]
pub(super) struct Tests {
    pub(super) worlds: Vec<TestedWorld>,
    pub(super) counts: Counts,
    pub(super) sim_s: f64,
}

impl DesignArgs {
    /// The designs asked for, if these arms can be tested so; or what to say.
    pub(super) fn checked(&self, arms: &[Loaded<Scenario>]) -> Result<Vec<Design>, String> {
        if self.window.is_some() && !self.designs.contains(&Named::Switchback) {
            let why = "error: --window says nothing without a switchback";
            return Err(format!("{why}\n  = allowed: together with --design switchback"));
        }
        if self.designs.is_empty() {
            return Ok(vec![]);
        }
        let [base, other] = arms else {
            let n = arms.len();
            return Err(format!("error: --design with {n} arms\n  = allowed: two, --arm twice"));
        };
        let mut asked: Vec<Design> = Vec::new();
        for named in &self.designs {
            let design = match named {
                Named::ShopperSplit => Design::Shoppers,
                Named::SellerSplit => Design::Sellers,
                Named::Switchback => self.windows(&base.scenario)?,
            };
            if !asked.contains(&design) {
                check_arms(design, &base.scenario, &other.scenario)?;
                asked.push(design);
            }
        }
        Ok(asked)
    }

    fn windows(&self, base: &Scenario) -> Result<Design, String> {
        let window = self.window.unwrap_or(Span::days(1));
        let (length_us, clock) = (window.as_micros(), base.clock());
        let whole = length_us > 0 && length_us.is_multiple_of(clock.tick_us);
        if whole && u64::from(base.weeks) * US_PER_WEEK >= 2 * length_us {
            return Ok(Design::Windows { length_us });
        }
        let (tick, weeks) = (base.engine.tick, base.weeks);
        Err(format!(
            "error: --window {window} cannot be\n  = allowed: a whole number of ticks of {tick}, and at most \
             half of the {weeks} weeks of the run"
        ))
    }

    /// Runs every world of every design; `first` is how many worlds ran before.
    pub(super) fn run(
        designs: &[Design],
        each: Replications,
        arms: [&Scenario; 2],
        args: &RunArgs,
        (first, progress): (u64, &Progress),
    ) -> Tests {
        let (mut tests, mut busiest) = (Tests::default(), Busiest::default());
        run_tests(each, designs, arms, args.workers(), (first, progress), |tested| {
            busiest.spent(tested.thread, tested.sim_s);
            tests.counts.add(&tested.counts);
            tests.worlds.push(tested.world);
        });
        tests.sim_s = busiest.seconds();
        tests
    }
}

impl Tests {
    /// What they say beside the truth, which the worlds of the two arms tell.
    pub(super) fn results(&self, arms: &[Vec<WorldSummary>]) -> Vec<DesignResult> {
        match arms {
            [base, other, ..] => biases(&self.worlds, base, other, &all_metrics()),
            _ => vec![],
        }
    }
}
