//! `brocante gate sample`: one process of `gate ab`.

use std::ffi::OsString;
use std::path::Path;
use std::str::FromStr;

use crate::cli::progress::Interrupt;
use crate::cli::{Exit, Output, ScenarioArgs};
use crate::experiment::Trial;
use crate::experiment::gate::ab::{self, Kernel, Length, Program, Uncounted};
use crate::market::serve::Serving;
use crate::quantity::Span;
use crate::scenario::{self, Loaded, Scenario};
use crate::store::ScenarioName;

/// How long rankings are timed where nothing is said [ns].
const USUAL: u64 = 60_000_000;

/// The market that rankings are asked of: what base and head have in common.
#[derive(Debug, Clone, clap::Args)]
pub struct MarketArgs {
    #[command(flatten)]
    pub scenario: ScenarioArgs,

    /// Root of what happens [0 to 2^63 - 1]; overrides the scenario's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,

    /// Virtual time that the market lives through first, in whole weeks.
    #[arg(long, value_name = "SPAN", default_value = "1w", value_parser = Span::from_str)]
    pub warmup: Span,

    /// How rankings are answered: `read` scores at the read, `write` keeps the order at the write. Default:
    /// write, where scores do not depend on the shopper.
    #[arg(long, value_name = "WHEN", value_parser = ["read", "write"])]
    pub serve: Option<String>,
}

impl MarketArgs {
    /// The scenario with everything that the command line changes in it.
    pub fn load(&self) -> Result<Loaded<Scenario>, scenario::ScenarioError> {
        let mut overrides = self.scenario.overrides();
        overrides.extend(self.seed.map(|seed| format!("seed={seed}")));
        scenario::load(&self.scenario.scenario, &overrides)
    }

    /// Whole weeks of warm-up, or what to say.
    pub fn weeks(&self, scenario: &Scenario) -> Result<u32, String> {
        let week = Span::weeks(1).as_nanos();
        let asked = self.warmup.as_nanos();
        let whole = asked.is_multiple_of(week).then_some(asked / week);
        whole
            .and_then(|weeks| u32::try_from(weeks).ok())
            .filter(|weeks| (1..=scenario.weeks).contains(weeks))
            .ok_or_else(|| {
                format!(
                    "error: --warmup {}\n  = allowed: whole weeks, 1w to {}w (the scenario's)",
                    self.warmup, scenario.weeks
                )
            })
    }

    /// What a program is told that is to sample it.
    pub fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = ["gate", "sample"].map(OsString::from).to_vec();
        // A name such as `-odd.toml` is no option.
        let odd = self.scenario.scenario.as_os_str().as_encoded_bytes().starts_with(b"-");
        let here = Path::new(if odd { "." } else { "" });
        arguments.push(here.join(&self.scenario.scenario).into());
        arguments.extend(["--warmup".to_owned(), self.warmup.to_string()].map(OsString::from));
        let mut add = |name: &str, value: Option<String>| {
            arguments.extend(value.map(|value| OsString::from(format!("--{name}={value}"))));
        };
        self.scenario.set.iter().for_each(|set| add("set", Some(set.clone())));
        add("seed", self.seed.map(|seed| seed.to_string()));
        add("serve", self.serve.clone());
        arguments
    }

    /// How rankings are to be answered, where that is said.
    pub fn serving(&self) -> Option<Serving> {
        self.serve.as_deref().map(|when| match when {
            "read" => Serving::AtRead,
            _ => Serving::AtWrite,
        })
    }
}

/// Arguments of `gate sample`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  brocante gate sample scenarios/gate.toml --rankings 24000\n\n\
    Prints one line of JSON: the digest of the warm-up, the digest of the slates that the serving core \
    gave, and the median time of a batch of 240 rankings [ns], the mean of 16 lists of queries that take \
    turns. Nothing is kept.")]
pub struct Sample {
    #[command(flatten)]
    market: MarketArgs,

    /// Rankings to time, in whole rounds of all lists: no clock decides anything.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000_000))]
    rankings: Option<u64>,

    /// How long to time rankings. Default: 60ms.
    #[arg(long = "for", value_name = "SPAN", conflicts_with = "rankings", value_parser = Span::from_str)]
    length: Option<Span>,

    /// Count the instructions of a ranking too, by valgrind: a few seconds. `gate ab --base` takes the line
    /// that is then printed.
    #[arg(long)]
    instructions: bool,
}

impl Sample {
    /// Runs it.
    pub(super) fn run(&self, out: &Output) -> anyhow::Result<Exit> {
        let Loaded { scenario, name, hash, .. } = self.market.load()?;
        let weeks = match self.market.weeks(&scenario) {
            Ok(weeks) => weeks,
            Err(why) => {
                out.error(&why);
                return Ok(Exit::BadInput);
            }
        };
        let length = match (self.rankings, self.length) {
            (Some(n), _) => Length::Rankings(n),
            (None, span) => Length::For(span.map_or(USUAL, Span::as_nanos)),
        };
        // One thread: what others do on other cores is the environment's part alone.
        let trial = Trial { scenario: &scenario, world: 0, workers: 1, measured: false };
        let warm = trial.warm(weeks, &mut ());
        let kernel = warm.as_ref().and_then(|warm| {
            Kernel::new(warm, &scenario, self.market.serving()).map(|kernel| (warm, kernel))
        });
        let Some((warm, mut kernel)) = kernel else {
            out.error(
                "error: nobody visited in the last week of the warm-up, so there is nothing to rank\n  \
                 = allowed: a scenario with visits, a longer --warmup",
            );
            return Ok(Exit::BadInput);
        };
        let mut sample = kernel.sample(warm, ScenarioName { name, hash }, length);
        if self.instructions {
            match self.counted(out)? {
                Ok(instructions) => sample.instructions = Some(instructions),
                Err(exit) => return Ok(exit),
            }
        }
        out.result(&serde_json::to_string(&sample)?)?;
        Ok(Exit::Done)
    }

    /// The instructions of a ranking in this very program, or how it ends without them.
    fn counted(&self, out: &Output) -> anyhow::Result<Result<f64, Exit>> {
        let interrupt = Interrupt::listen()?;
        let me = Program::at("this program", &std::env::current_exe()?, &self.market.arguments());
        Ok(ab::counted(&me, interrupt.flag()).map_err(|why| match why {
            Uncounted::Stopped => Exit::Interrupted,
            Uncounted::Cannot(why) => {
                out.error(&format!("error: {why}"));
                Exit::BadInput
            }
        }))
    }
}
