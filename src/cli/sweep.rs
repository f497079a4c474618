//! `brocante sweep`: a scenario at many points of some of its keys.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use clap::ValueEnum;

use super::progress::{Interrupt, Progress};
use super::run::RunArgs;
use super::{Exit, Format, Output};
use crate::experiment::{
    Busiest, Design, Findings, Follow, Heartbeat, Kind, Ran, Replications, Seat, Setting, Table,
    Worlds, analyse, read_factors, side_by_side, varied,
};
use crate::measure::{Better, Metric, all_metrics};
use crate::report;
use crate::scenario::{Draft, Loaded, Scenario, nearest};
use crate::store::{RESULTS, RowFile, RunFolder, SWEEP_ROWS, StoreError, Summary, SweepFile};

/// Points that are loaded before the first world runs, to see that they are right.
const TRIED: u32 = 1_000;

/// Rows of one sweep, beyond which its table is of no use.
const MOST_ROWS: u64 = 10_000_000;

/// How the points of a sweep are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DesignArg {
    /// Every value of each key with every value of the others.
    Grid,
    /// Latin hypercube: of N points, one in each N-th of every key.
    Lhs,
    /// Scrambled Sobol sequence, arranged for Sobol's indices.
    Sobol,
}

/// Arguments of `sweep`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  brocante sweep scenarios/quick.toml --vary ranking=box,cheapest,wilson --vary market.slate_length=3..10:3
  brocante sweep scenarios/quick.toml --vary ranking.box.shrinkage=1..100:log \\
      --vary ranking.box.price_power=0.5..3 --design sobol --points 512 --pareto price_index,defect_rate")]
pub struct Sweep {
    #[command(flatten)]
    args: RunArgs,

    /// A key with the values it takes: `KEY=a,b,c`, or `n` numbers or durations evenly spaced over
    /// `KEY=lo..hi:n`, or for lhs and sobol the whole range `KEY=lo..hi`; with `:log` at the end even in
    /// the logarithm. Ranking policies by their names, with reference values where the scenario has
    /// another: `ranking=box,wilson`. May be given more than once.
    #[arg(long, value_name = "KEY=VALUES")]
    vary: Vec<String>,

    /// How points are chosen.
    #[arg(long, value_enum, default_value = "grid", value_name = "DESIGN")]
    design: DesignArg,

    /// Points in all, for lhs and sobol. With d keys a Sobol design of 16·(d + 2) points or more gives
    /// Sobol's indices, from N/(d + 2) base rows (best a power of 2); below, and with other designs,
    /// regression tells what moves what.
    #[arg(long, value_name = "N")]
    points: Option<u32>,

    /// Metrics to keep, with commas between them. Default: all.
    #[arg(long = "metric", value_name = "METRIC", value_delimiter = ',')]
    metrics: Vec<String>,

    /// Two or three metrics whose best trades are wanted, with commas between them.
    #[arg(long, value_name = "METRIC,METRIC", value_delimiter = ',')]
    pareto: Vec<String>,
}

/// What stands before the first world runs.
struct Plan {
    base: Loaded<Scenario>,
    draft: Draft<Scenario>,
    /// What is changed at every point.
    overrides: Vec<String>,
    design: Design,
    worlds: Replications,
    metrics: Vec<&'static Metric>,
    /// Places in `metrics`.
    objectives: Vec<usize>,
}

/// How far the worlds came.
enum Ended {
    Whole,
    Interrupted,
    /// A point that cannot be loaded, drawn.
    Wrong(String),
}

impl Sweep {
    /// Runs it; the program began at `began`.
    pub(super) fn run(&self, out: &Output, began: Instant) -> anyhow::Result<Exit> {
        if self.args.tui.lacking(out) {
            return Ok(Exit::BadInput);
        }
        // Read once: standard input has no second time, and a file may change while worlds run.
        let draft: Draft<Scenario> = Draft::read(&self.args.scenario.scenario)?;
        let base = draft.load(&self.args.overrides())?;
        base.remarks.iter().for_each(|remark| out.note(remark.draw_remark(true).trim_end()));
        let plan = match self.plan(base, draft) {
            Ok(plan) => plan,
            Err(why) => {
                out.error(&why);
                return Ok(Exit::BadInput);
            }
        };
        let table = plan.table();
        let folder = self.folder(&plan)?;
        let whole = |row, line: &str| table.is_row(row, line);
        let group = plan.worlds.worlds() as u32;
        let mut rows = RowFile::open(&folder, SWEEP_ROWS, &table.header(), group, whole)?;
        folder.clear()?;
        folder.write("scenario.toml", &plan.base.resolved)?;
        if rows.rows() > 0 {
            let (there, all) = (rows.rows() / u64::from(group), plan.design.points());
            out.note(&format!("{there} of {all} points are there already"));
        }
        let interrupt = Interrupt::listen()?;
        let board = self.args.tui.board("sweep", &plan.base.name, &interrupt, out);
        let progress = Progress::new(table.rows() - rows.rows(), interrupt.clone(), out).on(board);
        let follower = Follower { progress, interrupt };
        let (ended, ran) = self.simulate(&plan, &mut rows, &follower)?;
        follower.progress.done();
        let found = analyse(&table, rows.read()?, &plan.objectives, plan.base.scenario.seed)?;
        let summary = self.summary(&plan, found, &ran, began);
        report::write_sweep(&folder, &plan.base.resolved, &summary)?;
        self.print(&summary, &folder, out)?;
        self.args.report.write(&folder, &summary, out)?;
        match ended {
            Ended::Whole => Ok(Exit::Done),
            Ended::Wrong(why) => {
                out.error(&why);
                Ok(Exit::BadInput)
            }
            Ended::Interrupted => {
                out.error(&self.interrupted(&plan, &rows, &folder));
                Ok(Exit::Interrupted)
            }
        }
    }

    /// Everything that can be wrong before a folder is made.
    fn plan(&self, base: Loaded<Scenario>, draft: Draft<Scenario>) -> Result<Plan, String> {
        let each = self.args.replications.unwrap_or(1);
        let worlds = self.args.worlds(each)?;
        let (metrics, objectives) = self.metrics()?;
        let factors = read_factors(&self.vary, &draft, &base.scenario)?;
        let kind = match self.design {
            DesignArg::Grid => Kind::Grid,
            DesignArg::Lhs => Kind::Lhs,
            DesignArg::Sobol => Kind::Sobol,
        };
        let overrides = self.args.overrides();
        // A key that nobody knows is told of before the size of the design is.
        for factor in factors.iter().filter(|factor| draft.kind(&factor.key).is_none()) {
            tried(&draft, &overrides, &[factor.any()], &format!("--vary {}", factor.key))?;
        }
        let design = Design::new(kind, factors, self.points, base.scenario.seed)?;
        let rows = u64::from(design.points()) * u64::from(worlds);
        if rows > MOST_ROWS {
            let what = format!("{} points of {worlds} worlds make {rows} rows", design.points());
            return Err(format!("error: {what}\n  = allowed: at most {MOST_ROWS} in one sweep"));
        }
        let worlds = Replications { markets: self.args.markets, each };
        let plan = Plan { base, draft, overrides, design, worlds, metrics, objectives };
        for point in plan.design.telling(TRIED) {
            plan.load(point)?;
        }
        Ok(plan)
    }

    /// The metrics that are kept, in the order of the registry, and where among them the objectives are.
    fn metrics(&self) -> Result<(Vec<&'static Metric>, Vec<usize>), String> {
        let all = all_metrics();
        let known = |name: &String| match all.iter().find(|metric| metric.name == *name) {
            Some(metric) => Ok(*metric),
            None => {
                let near = nearest(name, all.iter().map(|metric| metric.name));
                let hint =
                    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                let what = format!("error: there is no metric `{}`{hint}", name.escape_debug());
                Err(format!("{what}\n  = allowed: a name that `brocante list metrics` has"))
            }
        };
        let mut kept = self.metrics.iter().map(known).collect::<Result<Vec<_>, _>>()?;
        let traded = self.pareto.iter().map(known).collect::<Result<Vec<_>, _>>()?;
        if let Some(metric) = traded.iter().find(|metric| metric.better == Better::None) {
            let directed = all.iter().filter(|metric| metric.better != Better::None);
            let names: Vec<_> = directed.map(|metric| metric.name).collect();
            return Err(format!(
                "error: neither more nor less of `{}` is better: it cannot be traded\n  = allowed: {}",
                metric.name,
                names.join(", ")
            ));
        }
        let twice = traded.iter().enumerate().any(|(i, metric)| traded[..i].contains(metric));
        if traded.len() == 1 || traded.len() > 3 || twice {
            let what = format!("error: --pareto {}", self.pareto.join(","));
            return Err(format!("{what}\n  = allowed: two or three different metrics"));
        }
        if kept.is_empty() {
            kept.clone_from(&all);
        }
        kept.extend(&traded);
        let metrics: Vec<_> = all.into_iter().filter(|metric| kept.contains(metric)).collect();
        let place = |metric: &&Metric| metrics.iter().position(|it| it == metric);
        let objectives = traded.iter().filter_map(place).collect();
        Ok((metrics, objectives))
    }

    /// The folder, which is new or holds the beginning of the same sweep.
    fn folder(&self, plan: &Plan) -> Result<RunFolder, StoreError> {
        let out = self.args.out.as_deref();
        let there = out.map(|out| RunFolder::resume(out, crate::store::SWEEP_FILE)).transpose()?;
        let folder = match there.flatten() {
            Some(folder) => folder,
            None => RunFolder::create(out, Path::new(RESULTS), &plan.base.name, "sweep")?,
        };
        plan.file().claim(&folder)?;
        Ok(folder)
    }

    /// Runs what is not there yet, and writes the rows of each point when all its worlds have ended.
    fn simulate(
        &self,
        plan: &Plan,
        rows: &mut RowFile,
        follower: &Follower,
    ) -> Result<(Ended, Busy), StoreError> {
        let (table, each) = (plan.table(), plan.worlds.worlds());
        let done = rows.rows();
        let job = |n: u64, seat: Seat| {
            let (point, world) = (((done + n) / each) as u32, ((done + n) % each) as u32);
            let mut heart = follower.begins(n)?;
            let scenario = match plan.load(point) {
                Ok(loaded) => plan.worlds.scenario_of(world, &loaded.scenario),
                Err(why) => return Some(Err(why)),
            };
            let ran = plan.worlds.trial_of(world, &scenario, seat.cells).run(heart.as_mut());
            Some(Ok(plan.worlds.conclude(&scenario, world, seat, ran)))
        };
        let (mut point, mut busy) = (Worlds::default(), Busy::default());
        let (mut ended, mut written) = (Ended::Interrupted, Ok(()));
        let keep = |ran: Result<Ran, String>| {
            let ran = match ran {
                // A world that a stop cut short has no row; it is run again by who goes on.
                Ok(ran) if ran.summary.complete || !follower.interrupt.asked() => ran,
                Ok(_) => return ControlFlow::Break(()),
                Err(why) => {
                    ended = Ended::Wrong(why);
                    return ControlFlow::Break(());
                }
            };
            busy.add(&ran);
            point.keep(ran);
            if point.summaries.len() as u64 == each {
                let mut worlds = std::mem::take(&mut point);
                worlds.relate(None);
                let number = (rows.rows() / each) as u32;
                written = rows.push(&table.lines(number, &worlds.summaries));
            }
            if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        side_by_side(self.args.workers(), table.rows() - done, job, keep);
        written?;
        let whole = rows.rows() == table.rows();
        Ok((if whole { Ended::Whole } else { ended }, busy))
    }

    fn summary(&self, plan: &Plan, found: Findings, busy: &Busy, began: Instant) -> Summary {
        let about = self.args.about("sweep", &plan.base, began, busy.busiest.seconds());
        let facts = (found.digest, found.counts, busy.events);
        Summary::swept(about, plan.base.scenario.weeks, facts, found.metrics, found.sweep)
    }

    fn print(&self, summary: &Summary, folder: &RunFolder, out: &Output) -> anyhow::Result<()> {
        let text = match out.format {
            Format::Json => report::json::summary(summary),
            Format::Text => report::sweep_text(summary, Some(folder.path()), out.colour()),
        };
        Ok(out.result(&text)?)
    }

    /// What is said of a sweep that was interrupted: what there is, and how to go on.
    fn interrupted(&self, plan: &Plan, rows: &RowFile, folder: &RunFolder) -> String {
        let (there, all) = (rows.rows() / plan.worlds.worlds(), plan.design.points());
        let how = match &self.args.out {
            Some(_) => "the same command goes on from there".to_owned(),
            None => format!("the same command with --out {} goes on", folder.path().display()),
        };
        format!("interrupted: kept {there} of {all} points; {how}")
    }
}

impl Plan {
    fn table(&self) -> Table<'_> {
        Table { design: &self.design, worlds: self.worlds, metrics: &self.metrics }
    }

    /// The scenario of a point, or what is wrong with it.
    fn load(&self, point: u32) -> Result<Loaded<Scenario>, String> {
        let what = format!("point {point} of --vary");
        tried(&self.draft, &self.overrides, &self.design.point(point), &what)
    }

    /// By what the sweep is known again.
    fn file(&self) -> SweepFile {
        let Plan { base, design, worlds, metrics, .. } = self;
        SweepFile {
            schema: 0,
            version: String::new(),
            commit: None,
            seed: base.scenario.seed,
            weeks: base.scenario.weeks,
            markets: worlds.markets,
            replications: worlds.each,
            design: design.kind().name().to_owned(),
            points: design.points(),
            vary: varied(design),
            metrics: metrics.iter().map(|metric| metric.name.to_owned()).collect(),
            scenario: crate::store::ScenarioName {
                name: base.name.clone(),
                hash: base.hash.clone(),
            },
        }
        .of_here()
    }
}

/// The scenario with these settings on top of the overrides; `what` names them where it is wrong.
fn tried(
    draft: &Draft<Scenario>,
    overrides: &[String],
    settings: &[Setting],
    what: &str,
) -> Result<Loaded<Scenario>, String> {
    let sets = settings.iter().map(|setting| setting.set.clone());
    let all: Vec<String> = overrides.iter().cloned().chain(sets.clone()).collect();
    draft.load(&all).map_err(|mut wrong| {
        // Everything that --set says was found right in the base.
        let said = wrong.problems.iter_mut().filter(|it| it.file == "--set");
        said.for_each(|problem| problem.file = "--vary".to_owned());
        let shown: Vec<String> = sets.collect();
        format!("in {what} ({}):\n{}", shown.join(", "), wrong.draw(true))
    })
}

/// What the worlds of this process took.
#[derive(Debug, Default)]
struct Busy {
    busiest: Busiest,
    events: u64,
}

impl Busy {
    fn add(&mut self, ran: &Ran) {
        self.busiest.add(ran);
        self.events += ran.summary.counts.events;
    }
}

/// Begins no world once somebody asks to stop: half a world has no row.
struct Follower {
    progress: Progress,
    interrupt: Interrupt,
}

impl Follow for Follower {
    fn begins(&self, number: u64) -> Option<Box<dyn Heartbeat + '_>> {
        let go = !self.interrupt.asked();
        go.then(|| Box::new(self.progress.world(number)) as Box<dyn Heartbeat>)
    }
}
