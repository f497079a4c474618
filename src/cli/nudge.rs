//! `brocante nudge`: what one review, or a shock to one seller's quality, makes of the market.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use clap::ValueEnum;

use super::progress::{Interrupt, Progress};
use super::run::RunArgs;
use super::{Exit, Format, Output};
use crate::experiment::Replications;
use crate::experiment::nudge::{Nudge as Plan, Pair, Setting, Shock, What, Whom, nudges, outcome};
use crate::market::FeedbackSpec;
use crate::measure::LOOP_METRICS;
use crate::report::{self, Nudges};
use crate::scenario::{Loaded, Scenario, nearest};
use crate::store::{
    Estimate, MetricValue, NudgeSummary, RESULTS, RunFolder, Summary, WorldName, WorldSummary,
};

/// Worlds of each market where nothing else is said.
const REPLICATIONS: u32 = 30;

/// Weeks that effects are told over where nothing else is said: after a review, and with a shock.
const WEEKS: (u32, u32) = (8, 12);

/// Which way quality goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Way {
    /// Five times as many of what goes wrong, half a star less for service.
    Worse,
    /// A fifth of what goes wrong, half a star more.
    Better,
}

/// Arguments of `nudge`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  brocante nudge scenarios/quick.toml --stars 1 --channels ranking,display"
)]
pub struct Nudge {
    #[command(flatten)]
    args: RunArgs,

    /// Stars of the review [1 to 5].
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=5))]
    stars: u8,

    /// Change true quality for four weeks instead.
    #[arg(long, value_enum, value_name = "WAY", conflicts_with = "stars")]
    shock: Option<Way>,

    /// To whom: the number of a seller that is there from the start, `drawn` (another in each world), or
    /// `greatest` (most credit). Default: drawn for a review, greatest for a shock.
    #[arg(long, value_name = "WHO")]
    seller: Option<String>,

    /// At the start of this day, from 0. Default: a quarter of the run.
    #[arg(long, value_name = "D")]
    day: Option<u32>,

    /// Weeks from then on over which effects are told. Default: 8 for a review, 12 for a shock, or
    /// what there is.
    #[arg(long, value_name = "W", value_parser = clap::value_parser!(u32).range(1..=520))]
    horizon: Option<u32>,

    /// Feedback channels that stay open, of those the scenario has: ranking, display, staff, sellers,
    /// `all` or `none`. Default: all, each cut alone, and none, one after the other.
    #[arg(long, value_name = "LIST")]
    channels: Option<String>,
}

impl Nudge {
    /// Runs it; the program began at `began`.
    pub(super) fn run(&self, out: &Output, began: Instant) -> anyhow::Result<Exit> {
        if self.args.tui.lacking(out) {
            return Ok(Exit::BadInput);
        }
        let replications = self.args.replications.unwrap_or(REPLICATIONS);
        let loaded = self.args.load(&[])?;
        let plan = self.plan(&loaded.scenario);
        let asked = (|| Ok((self.args.worlds(replications)?, plan?, self.settings(&loaded)?)))();
        let (asked, plan, settings) = match asked {
            Ok(asked) => asked,
            Err::<_, String>(why) => {
                out.error(&why);
                return Ok(Exit::BadInput);
            }
        };
        loaded.remarks.iter().for_each(|remark| out.note(remark.draw_remark(true).trim_end()));
        let (name, out_dir) = (&loaded.name, self.args.out.as_deref());
        let folder = RunFolder::create(out_dir, Path::new(RESULTS), name, "nudge")?;
        let interrupt = Interrupt::listen()?;
        let runs = 2 * u64::from(asked) * settings.len() as u64;
        let board = self.args.tui.board("nudge", name, &interrupt, out);
        let progress = Progress::new(runs, interrupt, out).on(board);
        let worlds = Replications { markets: self.args.markets, each: replications };
        let (pairs, sim_s) = self.pairs(&plan, &loaded, &settings, worlds, &folder, &progress)?;
        progress.done();
        let found = outcome(&plan, &settings, &pairs);
        folder.write("scenario.toml", &loaded.resolved)?;
        let about = self.args.about("nudge", &loaded, began, sim_s);
        let worlds = base_worlds(&pairs, &loaded.scenario, plan.until());
        let mut summary = Summary::new(about, &[], worlds);
        summary.metrics.extend(metrics(&found));
        summary.nudge = Some(found);
        let complete = pairs.iter().filter(|pair| pair.complete).count() as u64;
        summary.interrupted = (complete < runs / 2)
            .then(|| format!("kept {complete} of {} pairs of worlds", runs / 2));
        folder.write("summary.json", report::json::summary(&summary))?;
        match out.format {
            Format::Json => out.result(&report::json::summary(&summary))?,
            Format::Text => {
                let text = report::nudge_text(&summary, Some(folder.path()), out.colour());
                out.result(&text)?;
            }
        }
        self.args.report.write(&folder, &summary, out)?;
        Ok(out.end(&summary))
    }

    fn pairs(
        &self,
        plan: &Plan,
        loaded: &Loaded<Scenario>,
        settings: &[Setting],
        worlds: Replications,
        folder: &RunFolder,
        progress: &Progress,
    ) -> anyhow::Result<(Vec<Pair>, f64)> {
        let mut rows = Nudges::new(folder.begin("nudges.csv")?, plan.weeks)?;
        let mut pairs: Vec<Pair> = Vec::new();
        let mut written = Ok(());
        let mut threads = std::collections::BTreeMap::new();
        let workers = self.args.workers();
        nudges(plan, &loaded.scenario, settings, worlds, workers, progress, |pair| {
            *threads.entry(pair.thread).or_insert(0.0) += pair.sim_s;
            written = rows.pair(&settings[pair.setting], &pair, plan.weeks);
            pairs.push(pair);
            if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        written?;
        rows.finish()?.finish()?;
        Ok((pairs, threads.into_values().fold(0.0, f64::max)))
    }

    /// What to do, or what to say where it cannot be done.
    fn plan(&self, scenario: &Scenario) -> Result<Plan, String> {
        let what = match self.shock {
            None => What::Review(self.stars),
            Some(Way::Worse) => What::Shock(Shock::Worse),
            Some(Way::Better) => What::Shock(Shock::Better),
        };
        let day = self.day.unwrap_or(7 * (scenario.weeks / 4));
        let days = 7 * scenario.weeks;
        if day >= days {
            let what = format!("error: the run is over before day {day}");
            return Err(format!("{what}\n  = allowed: --day below {days}"));
        }
        let left = (days - day) / 7;
        let (review, shock) = WEEKS;
        let usual = if self.shock.is_some() { shock } else { review };
        let weeks = self.horizon.unwrap_or(usual.min(left));
        if weeks == 0 || weeks > left {
            let what =
                format!("error: there are {left} whole weeks from day {day} on, not {weeks}");
            let most = days.saturating_sub(7);
            return Err(format!("{what}\n  = allowed: --day up to {most}, --horizon up to {left}"));
        }
        Ok(Plan { what, whom: self.whom(scenario)?, day, weeks })
    }

    fn whom(&self, scenario: &Scenario) -> Result<Whom, String> {
        match self.seller.as_deref() {
            None if self.shock.is_some() => Ok(Whom::Greatest),
            None | Some("drawn") => Ok(Whom::Drawn),
            Some("greatest") => Ok(Whom::Greatest),
            Some(text) => {
                let number = text.parse().ok().filter(|&number| number < scenario.sellers.count);
                number.map(Whom::Seller).ok_or_else(|| {
                    let last = scenario.sellers.count.saturating_sub(1);
                    format!(
                        "error: no seller `{}` is there from the start\n  = allowed: 0 to {last}, \
                         drawn, greatest",
                        text.escape_debug()
                    )
                })
            }
        }
    }

    fn settings(&self, loaded: &Loaded<Scenario>) -> Result<Vec<Setting>, String> {
        let feedback = loaded.scenario.feedback;
        let Some(list) = self.channels.as_deref() else { return Ok(Setting::all(feedback)) };
        let open = match list {
            "all" => Some(feedback),
            "none" => Some(FeedbackSpec::CUT),
            list => feedback.only(list.split(',').map(str::trim)),
        };
        let Some(open) = open else {
            let known = FeedbackSpec::CHANNELS;
            let wrong = list.split(',').map(str::trim).find(|name| !known.contains(name));
            let wrong = wrong.unwrap_or_default();
            let meant = nearest(wrong, known);
            let meant = meant.map_or_else(String::new, |name| format!("did you mean `{name}`? "));
            let (wrong, known) = (wrong.escape_debug(), known.join(", "));
            return Err(format!(
                "error: there is no channel `{wrong}`\n  = {meant}allowed: {known}; or all, none"
            ));
        };
        let name = match list {
            "all" => "as it is".to_owned(),
            "none" => "all cut".to_owned(),
            list => format!("only {list}"),
        };
        Ok(vec![Setting { name, cut: None, open }])
    }
}

/// The worlds that the first setting was nudged in.
fn base_worlds(pairs: &[Pair], scenario: &Scenario, weeks: u32) -> Vec<WorldSummary> {
    let world = |pair: &Pair| {
        let name = WorldName {
            world: pair.world,
            market: pair.market,
            market_seed: pair.market_seed,
            seed: scenario.seed,
            weeks_done: weeks,
            complete: pair.complete,
        };
        WorldSummary::new(name, pair.digest, pair.counts, &[])
    };
    pairs.iter().filter(|pair| pair.setting == 0).map(world).collect()
}

/// The metrics of the first setting, and of the channels.
fn metrics(found: &NudgeSummary) -> Vec<(String, MetricValue)> {
    let Some(first) = found.settings.first() else { return Vec::new() };
    let channel = |name: &str| {
        let channel = name.strip_prefix("loop_gain_")?;
        found.channels.iter().find(|one| one.channel == channel).map(|one| one.gain)
    };
    let turn = |way: &str| first.turn_days.filter(|_| found.what == way);
    let estimate = |name: &str| match name {
        "loop_gain" => Some(first.gain),
        "reallocated" => Some(first.reallocated),
        "drop_days" => turn("worse"),
        "rise_days" => turn("better"),
        "recovery_days" => first.recovery_days,
        name => channel(name),
    };
    let value = |metric: &crate::measure::Metric| {
        let Estimate { value, low, high, n } = estimate(metric.name).unwrap_or_default();
        let (unit, better) = (metric.unit.to_owned(), metric.better);
        (metric.name.to_owned(), MetricValue { value, low, high, n, unit, better })
    };
    LOOP_METRICS.iter().map(value).collect()
}
