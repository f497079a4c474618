//! `brocante validate`: the known answers.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::progress::{Interrupt, Steps};
use super::{Exit, Format, Output};
use crate::driver::Go;
use crate::experiment::cores;
use crate::experiment::validate::{
    Audience, CASES, Case, Extent, Halt, Ledger, Origin, case, case_of,
};
use crate::report;
use crate::scenario::{Loaded, Scenario, nearest, split_overrides};
use crate::store::{About, Answer, RESULTS, RunFolder, ScenarioName, Summary, Validated};

/// Arguments of `validate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  brocante validate polya-urn --set ranking.popularity.a=2\n\n\
    The expected values are computed from the keys of the scenario, so other parameters have other \
    answers.\n\
    Ends with 0 when all come out right, with 1 when one does not.")]
pub struct Validate {
    /// Cases, by name, or scenario files that are based on one of a case. Default: every case.
    #[arg(value_name = "CASE")]
    cases: Vec<String>,

    /// Change a key of the scenario of each case named, by its dotted path. May be given more than once.
    #[arg(long, value_name = "KEY=VALUE", requires = "cases")]
    set: Vec<String>,

    /// Root of what happens [0 to 2^63 - 1]; overrides the scenarios'.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    seed: Option<u64>,

    /// Worlds of each market. Default: as many as each case takes for its stated tolerances; with fewer,
    /// chance is given more room.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    replications: Option<u32>,

    /// Markets: other sellers and products, with `market.seed` counted up.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    markets: u32,

    /// Virtual weeks; overrides the scenarios'.
    #[arg(long, value_name = "N", requires = "cases")]
    weeks: Option<u32>,

    /// Threads; the result is the same for any number. Default: the number of cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_024))]
    workers: Option<u32>,

    /// The run folder itself, new or empty. Default: a new folder under results/.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    #[command(flatten)]
    report: super::report::ReportArgs,
}

/// A case with the scenario that it is tried on.
struct Trying {
    case: &'static Case,
    origin: Origin,
    loaded: Option<Loaded<Scenario>>,
}

/// Why a case cannot be tried: a scenario that is not right, or what to say.
enum Refused {
    Wrong(anyhow::Error),
    Said(String),
}

impl From<Halt> for Refused {
    fn from(halt: Halt) -> Refused {
        match halt {
            Halt::Wrong(wrong) => Refused::Wrong((*wrong).into()),
            Halt::Unfit(why) => Refused::Said(why),
            Halt::Stopped => Refused::Said("it was stopped".to_owned()),
        }
    }
}

/// What came out of all cases.
#[derive(Default)]
struct Outcome {
    answers: Vec<Answer>,
    ledger: Ledger,
    /// Cases that were tried to their end.
    cases: usize,
}

impl Validate {
    /// Runs it; the program began at `began`.
    pub(super) fn run(&self, out: &Output, began: Instant) -> anyhow::Result<Exit> {
        let overrides = self.overrides();
        let mut trying = Vec::new();
        for wanted in self.wanted() {
            match self.find(&wanted, &overrides) {
                Ok(found) => trying.push(found),
                Err(Refused::Wrong(wrong)) => return Err(wrong),
                Err(Refused::Said(why)) => {
                    out.error(&why);
                    return Ok(Exit::BadInput);
                }
            }
        }
        let name = match &trying[..] {
            [only] => only.case.name,
            _ => "known-answers",
        };
        let folder = RunFolder::create(self.out.as_deref(), Path::new(RESULTS), name, "validate")?;
        let interrupt = Interrupt::listen()?;
        let length = trying.iter().map(|it| milliseconds(it.case.cost_s)).sum();
        let steps = Steps::new(length, interrupt, out);
        let tried = self.all(&trying, &overrides, &steps);
        steps.done();
        let Some(outcome) = tried.map_err(|halt| anyhow::anyhow!("a case broke off: {halt:?}"))?
        else {
            out.error("interrupted: no case had ended");
            return Ok(Exit::Interrupted);
        };
        let ended = outcome.cases;
        let interrupted =
            (ended < trying.len()).then(|| format!("kept {ended} of {} cases", trying.len()));
        let summary = self.keep(&folder, name, &trying[..ended], (outcome, interrupted), began)?;
        match out.format {
            Format::Json => out.result(&report::json::summary(&summary))?,
            Format::Text => {
                let text = report::validate_text(&summary, Some(folder.path()), out.colour());
                out.result(&text)?;
            }
        }
        self.report.write(&folder, &summary, out)?;
        let right = summary.cases.iter().all(|answer| answer.pass);
        Ok(match out.end(&summary) {
            Exit::Done if !right => Exit::Failed,
            exit => exit,
        })
    }

    fn overrides(&self) -> Vec<String> {
        let mut overrides: Vec<String> =
            self.set.iter().flat_map(|text| split_overrides(text)).collect();
        overrides.extend(self.seed.map(|seed| format!("seed={seed}")));
        overrides.extend(self.weeks.map(|weeks| format!("weeks={weeks}")));
        overrides
    }

    fn wanted(&self) -> Vec<String> {
        let mut wanted = self.cases.clone();
        if wanted.is_empty() {
            wanted = CASES.iter().map(|case| case.name.to_owned()).collect();
        }
        wanted
    }

    /// The case that a name or a file means, found to be one that can be tried.
    fn find(&self, wanted: &str, overrides: &[String]) -> Result<Trying, Refused> {
        let wrong = |halt: crate::scenario::ScenarioError| Refused::Wrong(halt.into());
        let trying = if wanted.ends_with(".toml") {
            let origin = Origin { path: PathBuf::from(wanted), shipped: false };
            let loaded = origin.load(overrides).map_err(wrong)?;
            let case = case_of(&loaded.files).ok_or_else(|| {
                Refused::Said(format!(
                    "error: `{wanted}` is not about a known answer\n  = begin it with \
                     base = \"scenarios/known-answers/polya-urn.toml\", or that of another case"
                ))
            })?;
            Trying { case, origin, loaded: Some(loaded) }
        } else {
            let case = case(wanted).ok_or_else(|| Refused::Said(unknown(wanted)))?;
            let origin = case.origin();
            let loaded = match case.simulates() {
                true => Some(origin.load(overrides).map_err(wrong)?),
                false => None,
            };
            Trying { case, origin, loaded }
        };
        if !trying.case.simulates() && !self.set.is_empty() {
            let name = trying.case.name;
            return Err(Refused::Said(format!(
                "error: `{name}` has no scenario that --set changes"
            )));
        }
        match trying.case.fits(&trying.origin, overrides) {
            Ok(()) => Ok(trying),
            Err(Halt::Unfit(why)) => {
                let name = trying.case.name;
                Err(Refused::Said(format!("error: `{name}` cannot be tried so: {why}")))
            }
            Err(halt) => Err(halt.into()),
        }
    }

    /// Tries one case after the other; nothing where not even the first came to its end.
    fn all(
        &self,
        trying: &[Trying],
        overrides: &[String],
        steps: &Steps,
    ) -> Result<Option<Outcome>, Halt> {
        let extent = Extent {
            markets: self.markets,
            replications: self.replications,
            workers: self.workers(),
        };
        let (mut outcome, mut done) = (Outcome::default(), 0);
        for it in trying {
            let verdicts =
                it.case.run(&it.origin, overrides, extent, &mut Told { steps, before: done });
            match verdicts {
                Ok(verdicts) => {
                    outcome.answers.extend(verdicts.answers);
                    outcome.ledger.add(verdicts.ledger);
                    outcome.cases += 1;
                }
                Err(Halt::Stopped) => break,
                Err(halt) => return Err(halt),
            }
            done += milliseconds(it.case.cost_s);
        }
        Ok(Some(outcome).filter(|outcome| outcome.cases > 0))
    }

    fn workers(&self) -> usize {
        self.workers.map_or_else(cores, |n| n as usize)
    }

    /// Writes the run folder: every scenario as it ran, and the summary.
    fn keep(
        &self,
        folder: &RunFolder,
        name: &str,
        tried: &[Trying],
        (outcome, interrupted): (Outcome, Option<String>),
        began: Instant,
    ) -> anyhow::Result<Summary> {
        for it in tried {
            let Some(loaded) = &it.loaded else { continue };
            let file = match tried {
                [_] => "scenario.toml".to_owned(),
                _ => format!("scenario-{}.toml", loaded.name),
            };
            folder.write(&file, &loaded.resolved)?;
        }
        let scenarios = || tried.iter().filter_map(|it| it.loaded.as_ref());
        let about = About {
            command: "validate".to_owned(),
            argv: std::env::args().collect(),
            scenario: ScenarioName {
                name: name.to_owned(),
                hash: scenarios().map(|loaded| loaded.hash.as_str()).collect::<Vec<_>>().join("+"),
            },
            seed: scenarios().next().map_or(0, |loaded| loaded.scenario.seed),
            workers: self.workers(),
            wall_s: began.elapsed().as_secs_f64(),
            sim_s: outcome.ledger.sim_s,
        };
        let Outcome { answers, ledger, .. } = outcome;
        let mut summary = Summary::new(about, &[], vec![]).validated(Validated {
            cases: answers,
            counts: ledger.counts,
            digest: ledger.digest.unwrap_or_default(),
            weeks: scenarios().map(|loaded| loaded.scenario.weeks).max().unwrap_or(0),
        });
        summary.interrupted = interrupted;
        folder.write("summary.json", report::json::summary(&summary))?;
        Ok(summary)
    }
}

/// What is said of a case that there is not.
fn unknown(wanted: &str) -> String {
    let names: Vec<&str> = CASES.iter().map(|case| case.name).collect();
    let near = nearest(wanted, names.iter().copied());
    let near = near.map_or_else(String::new, |name| format!("did you mean `{name}`? "));
    format!("error: unknown case `{wanted}`\n  = {near}known: {}", names.join(", "))
}

fn milliseconds(s: f64) -> u64 {
    (s * 1e3) as u64
}

/// The bar as a case hears of it.
struct Told<'a> {
    steps: &'a Steps,
    /// What the cases before it cost.
    before: u64,
}

impl Audience for Told<'_> {
    fn told(&mut self, case: &'static Case, worlds: u64, of: u64) -> Go {
        let part = (worlds as f64 / of.max(1) as f64).min(1.0);
        self.steps.at(self.before + milliseconds(part * case.cost_s), case.name)
    }
}
