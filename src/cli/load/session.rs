//! A load from its warm-up to its last word.

use std::cell::RefCell;
use std::io::Write as _;
use std::time::{Instant, SystemTime};

use super::Load;
use crate::cli::progress::{Interrupt, Progress};
use crate::cli::tui::Board;
use crate::cli::{Exit, Format, Output};
use crate::driver::load::{Op, Part, Second, Stage};
use crate::experiment::load::{
    Found, Length, LoadPlan, LoadTrial, Mode, Path, Tried, Verdict, Warm, find_max,
};
use crate::experiment::{Follow, Replications};
use crate::quantity::{Rate, Span};
use crate::report;
use crate::scenario::{Loaded, Scenario};
use crate::store::{
    CurvePoint, LATENCY_LOG, LatencyLog, LoadSummary, Percentiles, RunFolder, StoreError, Summary,
    WorldName, WorldSummary,
};

/// Columns of a report that is not for a terminal.
const COLUMNS: usize = 80;
/// Probes of a search take this part of the load that confirms what they found.
const PROBE: u64 = 5;
/// The shortest part of a second that the live line tells of [ns].
const LEAST_TOLD: u64 = 100_000_000;
/// The shortest probe [ns].
const LEAST_PROBE: u64 = 500_000_000;

/// A load from its warm-up to its last word.
pub(super) struct Session<'a> {
    load: &'a Load,
    loaded: &'a Loaded<Scenario>,
    plan: LoadPlan,
    weeks: u32,
    folder: &'a RunFolder,
    interrupt: Interrupt,
    out: &'a Output,
    log: RefCell<SecondLog>,
    board: Option<Board>,
}

/// Every second of a load on its way to `latency.hlog`.
struct SecondLog {
    log: LatencyLog,
    /// How long all loads before took [ns].
    before: u64,
    broken: Option<StoreError>,
}

impl SecondLog {
    fn second(&mut self, second: &Second) {
        if self.broken.is_none() {
            let second = Second { start: second.start + self.before, ..second.clone() };
            self.broken = self.log.second(&second).err();
        }
    }
}

impl<'a> Session<'a> {
    /// Opens the log and listens for Ctrl-C.
    pub(super) fn begin(
        load: &'a Load,
        loaded: &'a Loaded<Scenario>,
        plan: LoadPlan,
        weeks: u32,
        folder: &'a RunFolder,
        out: &'a Output,
    ) -> anyhow::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "the log of a load says when it was")]
        let start = SystemTime::now();
        let log = LatencyLog::begin(folder, LATENCY_LOG, start)?;
        let log = RefCell::new(SecondLog { log, before: 0, broken: None });
        let interrupt = Interrupt::listen()?;
        let board = load.args.tui.board("load", &loaded.name, &interrupt, out);
        Ok(Session { load, loaded, plan, weeks, folder, interrupt, out, log, board })
    }

    /// Runs it in every world, writes the folder and prints the report.
    pub(super) fn run(self, worlds: Replications, began: Instant) -> anyhow::Result<Exit> {
        let progress =
            Progress::new(worlds.worlds(), self.interrupt.clone(), self.out).on(self.board.clone());
        let mut ran: Option<Ran> = None;
        let (mut summaries, mut sim_s) = (Vec::new(), 0.0);
        for number in 0..worlds.worlds() as u32 {
            let scenario = worlds.scenario_of(number, &self.loaded.scenario);
            let Some(mut heart) = progress.begins(u64::from(number)) else { break };
            let trial = worlds.trial_of(number, &scenario, self.load.args.workers());
            let Some(warm) = trial.warm(self.weeks, heart.as_mut()) else { break };
            progress.done();
            if warm.tape.is_empty() {
                self.out.error("error: the last week of the warm-up asked for nothing");
                return Ok(Exit::BadInput);
            }
            sim_s += warm.sim_s;
            summaries.push(self.world(number, worlds, &scenario, &warm));
            let one = self.one(&warm, &scenario)?;
            ran = Some(match ran {
                None => one,
                Some(mut all) => {
                    all.add(&one);
                    all
                }
            });
            if self.interrupt.asked() {
                break;
            }
        }
        let Some(ran) = ran else {
            self.out.error("interrupted: the warm-up was not over, nothing is kept");
            return Ok(Exit::Interrupted);
        };
        self.conclude(ran, summaries, began, sim_s)
    }

    fn world(
        &self,
        number: u32,
        worlds: Replications,
        scenario: &Scenario,
        warm: &Warm,
    ) -> WorldSummary {
        let name = WorldName {
            world: number,
            market: number / worlds.each,
            market_seed: scenario.market.seed,
            seed: scenario.seed,
            weeks_done: warm.weeks,
            complete: true,
        };
        WorldSummary::new(name, warm.digest, warm.counts, &[])
    }

    /// The load on one warm market; by mailboxes, after the same without them.
    fn one(&self, warm: &Warm, scenario: &Scenario) -> anyhow::Result<Ran> {
        let trial = LoadTrial::new(warm, scenario);
        if self.load.find_max {
            let (tried, search) = self.search(&trial)?;
            return Ok(Ran { tried, beside: None, search: Some(search) });
        }
        let beside = match self.plan.path {
            Path::Direct => None,
            Path::Actor => {
                let plan = LoadPlan { path: Path::Direct, ..self.plan.clone() };
                Some(self.put(&trial, &plan, false)?)
            }
        };
        Ok(Ran { tried: self.put(&trial, &self.plan, true)?, beside, search: None })
    }

    /// Puts one load on; the live line is drawn over, and seconds that are `kept` are logged.
    fn put(&self, trial: &LoadTrial<'_>, plan: &LoadPlan, kept: bool) -> anyhow::Result<Tried> {
        let line = Live::new(self.out, self.board.as_ref());
        if let Some(board) = &self.board {
            board.load(plan, &self.load.slo, self.load.find_max);
        }
        let tried = trial.run(plan, self.interrupt.flag(), |second| {
            line.draw(second);
            if kept {
                self.log.borrow_mut().second(second);
            }
        })?;
        line.clear();
        if kept {
            self.log.borrow_mut().before += tried.measured.length;
        }
        Ok(tried)
    }

    /// Looks for the greatest rate that holds. The load that is told of is the last one that was put on
    /// for long, or the closed loop where there was none.
    fn search(&self, trial: &LoadTrial<'_>) -> anyhow::Result<(Tried, Search)> {
        let (long, drivers) = (self.plan.duration, self.plan.drivers);
        let short = Span::nanos((long.as_nanos() / PROBE).max(LEAST_PROBE));
        let closed = LoadPlan { mode: Mode::Closed(drivers), duration: short, ..self.plan.clone() };
        let closed = self.put(trial, &closed, false)?;
        let bound = closed.measured.done() as f64 / (closed.measured.length as f64 / 1e9).max(1e-9);
        let (mut curve, mut last, mut failed) = (Vec::new(), None, None);
        let found = find_max(bound, |rate, length| {
            if self.interrupt.asked() {
                return None;
            }
            let length_of = if length == Length::Long { long } else { short };
            let stages = vec![Stage { length: length_of, rate: Rate::of(rate)? }];
            let plan = LoadPlan { mode: Mode::Open, stages, ..self.plan.clone() };
            let tried = match self.put(trial, &plan, length == Length::Long) {
                Ok(tried) => tried,
                Err(error) => {
                    failed = Some(error);
                    return None;
                }
            };
            let verdict = tried.verdict(&self.load.slo);
            let summary = tried.summary(&self.load.slo);
            let rank = summary.latency(Op::Rank, Part::Response);
            let Percentiles { p50, p99, .. } = rank;
            let (achieved, pass) = (summary.throughput.achieved, verdict == Verdict::Passed);
            // What a harness that was late did not get done says nothing of the core.
            let saturated = Some(summary.saturated && verdict != Verdict::Invalid);
            curve.push(CurvePoint { rate, achieved, p50, p99, pass, saturated });
            if length == Length::Long || last.is_none() {
                last = Some(tried);
            }
            Some(verdict)
        });
        if let Some(error) = failed {
            return Err(error);
        }
        curve.sort_by(|one, two| one.rate.total_cmp(&two.rate));
        Ok((last.unwrap_or(closed), Search { found, curve }))
    }

    fn conclude(
        self,
        ran: Ran,
        summaries: Vec<WorldSummary>,
        began: Instant,
        sim_s: f64,
    ) -> anyhow::Result<Exit> {
        let Ran { tried, beside, search } = ran;
        let mut load = tried.summary(&self.load.slo);
        if let Some(Search { found, curve }) = &search {
            load.curve.clone_from(curve);
            // That of the last load is what came out, and not how it was put on.
            load.setting.stages = None;
            load.max_rate = match found {
                Found::Rate(rate) => Some(*rate),
                _ => None,
            };
            if let Found::Invalid(rate) = found {
                load.valid = false;
                load.invalid_why.push(format!(
                    "the harness was too often late at {rate:.0}/s to judge that rate"
                ));
            }
            load.slo = self.load.slo.iter().map(|threshold| threshold.judge(&load)).collect();
        }
        let stopped = tried.stopped || self.interrupt.asked();
        let exit = exit(&load, search.as_ref());
        let SecondLog { log, broken, .. } = self.log.into_inner();
        if let Some(error) = broken {
            return Err(error.into());
        }
        log.finish()?;
        let about = self.load.args.about("load", self.loaded, began, sim_s);
        let mut summary = Summary::new(about, &[], summaries)
            .loaded(load, beside.as_ref().map(|beside| beside.summary(&[])));
        summary.interrupted = stopped.then(|| "kept what was measured until then".to_owned());
        report::write_load(self.folder, &self.loaded.resolved, &summary)?;
        match self.out.format {
            Format::Json => self.out.result(&report::json::summary(&summary))?,
            Format::Text => {
                let responses = tried.measured.latencies.of(Op::Rank, Part::Response);
                let folder = Some(self.folder.path());
                let colour = self.out.colour();
                let text = report::load_text(&summary, Some(responses), folder, columns(), colour);
                self.out.result(&text)?;
            }
        }
        self.load.args.report.write(self.folder, &summary, self.out)?;
        Ok(match self.out.end(&summary) {
            Exit::Done => exit,
            interrupted => interrupted,
        })
    }
}

/// What was put on, in all worlds.
struct Ran {
    tried: Tried,
    /// The same load on the path `direct`, where another was asked for.
    beside: Option<Tried>,
    search: Option<Search>,
}

impl Ran {
    fn add(&mut self, other: &Ran) {
        self.tried.add(&other.tried);
        if let (Some(mine), Some(theirs)) = (&mut self.beside, &other.beside) {
            mine.add(theirs);
        }
    }
}

/// What a search came to.
struct Search {
    found: Found,
    curve: Vec<CurvePoint>,
}

/// How the program ends: a measurement that cannot be believed comes before what it says.
fn exit(load: &LoadSummary, search: Option<&Search>) -> Exit {
    let held = load.slo.iter().all(|slo| slo.pass);
    match search.map(|search| &search.found) {
        _ if !load.valid => Exit::Invalid,
        Some(Found::None) => Exit::Missed,
        None if load.saturated => Exit::Saturated,
        _ if !held => Exit::Missed,
        _ => Exit::Done,
    }
}

/// Columns of standard output, where it is a terminal.
fn columns() -> usize {
    let term = console::Term::stdout();
    if term.is_term() { usize::from(term.size().1).clamp(40, 160) } else { COLUMNS }
}

/// What says how a load goes: the dashboard, or a line where standard error is a terminal.
struct Live<'a> {
    board: Option<&'a Board>,
    term: Option<console::Term>,
}

impl Live<'_> {
    fn new<'a>(out: &Output, board: Option<&'a Board>) -> Live<'a> {
        let term = console::Term::stderr();
        let term = (board.is_none() && !out.quiet && term.is_term()).then_some(term);
        Live { board, term }
    }

    fn draw(&self, second: &Second) {
        if let Some(board) = self.board {
            board.second(second);
        }
        // What is left of the last second is too little to say a rate of.
        let told = second.length >= LEAST_TOLD;
        let Some(mut term) = self.term.as_ref().filter(|_| told) else { return };
        let width = usize::from(term.size().1).saturating_sub(4);
        // A terminal that has gone away is no reason to end a load.
        let _ =
            term.clear_line().and_then(|()| write!(term, "{}", report::live_line(second, width)));
        let _ = term.flush();
    }

    fn clear(&self) {
        if let Some(term) = &self.term {
            let _ = term.clear_line();
        }
    }
}
