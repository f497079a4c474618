//! `brocante load`: the ranking core under load, on the wall clock.

use std::path::Path as FsPath;
use std::str::FromStr;
use std::time::Instant;

use super::run::RunArgs;
use super::{Exit, Output};
use crate::driver::load::{Arrivals, Stage};
use crate::experiment::load::{LoadPlan, Mode, Path};
use crate::experiment::{Replications, Threshold, cores};
use crate::market::serve::Serving;
use crate::quantity::{Rate, Span};
use crate::scenario::Scenario;
use crate::store::{RESULTS, RunFolder};
use session::Session;

mod session;

/// Rate of an open load where none is given [1/s].
const USUAL_RATE: f64 = 100_000.0;
/// Length of a load where none is given.
const USUAL: Span = Span::seconds(10);
/// Weeks of warm-up where none are given, or all that the scenario has.
const USUAL_WARMUP: u64 = 4;
/// Most threads that ask.
const MOST_DRIVERS: i64 = 1_024;
/// The shortest load [ns].
const LEAST_NS: u64 = 10_000_000;

/// Arguments of `load`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    brocante load scenarios/quick.toml --mode open --rate 200k --slo 'rank.response.p99 < 50us'\n  \
    brocante load scenarios/backmarket-2019.toml --find-max --slo 'rank.response.p99 < 20us'\n\n\
    Ends with 10 when a threshold is missed, with 12 when the harness was the bottleneck, with 13 when the \
    core could not keep up.")]
pub struct Load {
    #[command(flatten)]
    args: RunArgs,

    /// What stands between drivers and core; with `actor`, bounded mailboxes, the load runs by both, and
    /// their difference is told. There open and replay tell how long a letter lay in its mailbox (wait) and
    /// the work of the cell (service), and count what a full mailbox turns away; offline tells the same, but
    /// waits for room; in closed and single the driver waits for the answer, and service is the round trip.
    #[arg(long, value_name = "PATH", default_value = "direct", value_parser = ["direct", "actor"])]
    path: String,

    /// How requests follow one another: single, closed:N, open, offline or replay.
    #[arg(long, value_name = "MODE", default_value = "open", value_parser = Mode::from_str)]
    mode: Mode,

    /// Virtual time that the market lives through first, in whole weeks. Default: 4w, or all that the
    /// scenario has.
    #[arg(long, value_name = "SPAN", value_parser = Span::from_str)]
    warmup: Option<Span>,

    /// Requests a second in all, such as 200k. Default: 100k. With --mode open.
    #[arg(long, value_name = "RATE", value_parser = Rate::from_str, allow_hyphen_values = true, conflicts_with = "stage")]
    rate: Option<Rate>,

    /// How arrivals are spread. With --mode open.
    #[arg(long, value_name = "HOW", default_value = "poisson", value_parser = ["poisson", "uniform"])]
    arrivals: String,

    /// A stage of an open load, such as 10s@200k; may be given more than once, for one after the other.
    #[arg(long, value_name = "DUR@RATE", value_parser = Stage::from_str, allow_hyphen_values = true, conflicts_with = "duration")]
    stage: Vec<Stage>,

    /// How long the load is. Default: 10s. A replay goes through its week in that time.
    #[arg(long, value_name = "SPAN", value_parser = Span::from_str)]
    duration: Option<Span>,

    /// Threads that ask. Default: all cores but one, one at least.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=MOST_DRIVERS))]
    drivers: Option<u32>,

    /// Writes of a driver that are published together: more are cheaper, and are seen later.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    batch: u32,

    /// How rankings are answered: `read` scores at the read, `write` keeps the order at the write. Default:
    /// write, where scores do not depend on the shopper.
    #[arg(long, value_name = "WHEN", value_parser = ["read", "write"])]
    serve: Option<String>,

    /// Places of a slate. Default: the scenario's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    top: Option<u32>,

    /// A threshold, such as `rank.response.p99 < 50us`; may be given more than once. One that is missed
    /// ends the program with 10.
    #[arg(long, value_name = "EXPR", value_parser = Threshold::from_str)]
    slo: Vec<Threshold>,

    /// Search for the greatest rate at which every threshold holds and the core keeps up.
    #[arg(long, conflicts_with_all = ["rate", "stage", "mode"])]
    find_max: bool,
}

/// A usage error, as clap would say it.
fn wrong(what: &str, allowed: &str) -> String {
    format!("error: {what}\n  = allowed: {allowed}")
}

impl Load {
    /// Runs it; the program began at `began`.
    pub(super) fn run(&self, out: &Output, began: Instant) -> anyhow::Result<Exit> {
        if self.args.tui.lacking(out) {
            return Ok(Exit::BadInput);
        }
        let loaded = self.args.load(&[])?;
        let asked = || {
            let worlds = self.args.worlds(self.args.replications.unwrap_or(1))?;
            if self.find_max && worlds > 1 {
                return Err(wrong(&format!("--find-max in {worlds} worlds"), "one world"));
            }
            Ok((worlds, self.warmup(&loaded.scenario)?, self.plan(&loaded.scenario)?))
        };
        let (worlds, weeks, plan) = match asked() {
            Ok(asked) => asked,
            Err(why) => {
                out.error(&why);
                return Ok(Exit::BadInput);
            }
        };
        loaded.remarks.iter().for_each(|remark| out.note(remark.draw_remark(true).trim_end()));
        let folder = RunFolder::create(
            self.args.out.as_deref(),
            FsPath::new(RESULTS),
            &loaded.name,
            "load",
        )?;
        let worlds = Replications { markets: self.args.markets, each: worlds / self.args.markets };
        Session::begin(self, &loaded, plan, weeks, &folder, out)?.run(worlds, began)
    }

    /// Whole weeks of warm-up.
    fn warmup(&self, scenario: &Scenario) -> Result<u32, String> {
        let allowed = format!("whole weeks, 1w to {}w (the scenario's)", scenario.weeks);
        let week = Span::weeks(1).as_nanos();
        let weeks = match self.warmup {
            None => USUAL_WARMUP.min(u64::from(scenario.weeks)),
            Some(span) if span.as_nanos().is_multiple_of(week) => span.as_nanos() / week,
            Some(span) => return Err(wrong(&format!("--warmup {span}"), &allowed)),
        };
        match u32::try_from(weeks) {
            Ok(weeks) if (1..=scenario.weeks).contains(&weeks) => Ok(weeks),
            _ => Err(wrong(&format!("--warmup {weeks}w"), &allowed)),
        }
    }

    fn plan(&self, scenario: &Scenario) -> Result<LoadPlan, String> {
        let path = if self.path == "actor" { Path::Actor } else { Path::Direct };
        let arrivals =
            if self.arrivals == "uniform" { Arrivals::Uniform } else { Arrivals::Poisson };
        let open_only = |given: bool, name: &str| match self.mode {
            Mode::Open => Ok(()),
            _ if !given => Ok(()),
            mode => Err(wrong(&format!("{name} with --mode {mode}"), "with --mode open")),
        };
        open_only(self.rate.is_some(), "--rate")?;
        open_only(!self.stage.is_empty(), "--stage")?;
        let duration = self.duration.unwrap_or(USUAL);
        if duration.as_nanos() < LEAST_NS {
            return Err(wrong(&format!("--duration {duration}"), "10ms or more"));
        }
        let rate = match self.rate {
            Some(rate) => rate,
            None => Rate::of(USUAL_RATE).ok_or_else(String::new)?,
        };
        let stages = if self.stage.is_empty() {
            vec![Stage { length: duration, rate }]
        } else {
            self.stage.clone()
        };
        let serving = self.serve.as_deref().map(|when| match when {
            "read" => Serving::AtRead,
            _ => Serving::AtWrite,
        });
        if serving == Some(Serving::AtWrite) && scenario.ranking.build().per_query() {
            let policy = scenario.ranking.about().name;
            let what = format!("--serve write with the policy `{policy}`");
            let why =
                "read: its scores depend on chance or on the shopper, so no order can be kept";
            return Err(wrong(&what, why));
        }
        let drivers = self.drivers.unwrap_or_else(|| (cores() as u32 - 1).max(1));
        let length = self.top.unwrap_or(scenario.market.slate_length) as usize;
        let batch = self.batch;
        let plan = LoadPlan {
            path,
            mode: self.mode,
            arrivals,
            stages,
            duration,
            drivers,
            batch,
            serving,
            length,
        };
        plan.check().map_err(|error| format!("error: {error}"))?;
        Ok(plan)
    }
}
