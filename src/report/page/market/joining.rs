//! The way to selling: how many came how far, and how many wait at each stage.

use super::{
    Axis, Cell, Chart, Colour, Frame, Layer, Point, Run, Section, Shape, Table, formed, layer,
    missing, number, ratio, table, weeks_axis, whole, words,
};
use crate::history::Stage;
use crate::measure::ApplicantRow;
use crate::report::numbers::{count, percent, share};
use std::collections::BTreeMap;

/// How many stages there are.
const STAGES: usize = Stage::ALL.len();

/// The last stage is where sellers stay: nobody waits there.
const WAITING: usize = STAGES - 1;

pub(super) fn section(run: &Run<'_>) -> Section {
    Section {
        title: "The way to selling".to_owned(),
        lead: "Where applicants are lost, and where they wait: a queue that grows to the end is a \
         stage with too few hands, or applicants who take their time."
            .to_owned(),
        charts: vec![funnel(run), queues(run)],
        tables: vec![by_stage(run)],
    }
}

/// What is known of one applicant's way.
pub(super) struct Way {
    /// The last stage it is known to have come to.
    reached: usize,
    /// The stage at which it gave up or was refused.
    dropped: Option<usize>,
    /// When it came to each stage and when it left, for the stages that it was seen to be at [days]; it
    /// was there before the run began where it was not seen to come.
    stays: [Option<(f64, f64)>; STAGES],
}

impl Way {
    /// Of an applicant who left the market on `exit_day`, if it went live and did.
    pub(super) fn new(row: &ApplicantRow, exit_day: Option<f64>) -> Option<Way> {
        let dropped =
            Stage::ALL.iter().position(|stage| row.dropped_at.as_deref() == Some(stage.name()));
        let entered = (0..STAGES).filter(|&stage| row.entered_day[stage].is_some());
        let reached = entered.clone().chain(dropped).max()?;
        // Who was first seen when it came to a later stage had come to the one before it before the run
        // began, as had who was first seen when it dropped out.
        let first = entered.clone().min();
        let before = match (first, dropped) {
            (Some(0), _) => None,
            (Some(first), _) => Some(first - 1),
            (None, dropped) => dropped,
        };
        let mut stays = [None; STAGES];
        for stage in entered.chain(before) {
            let came = row.entered_day[stage].unwrap_or(0.0);
            let later = row.entered_day[stage + 1..].iter().flatten().copied();
            let gone = row.dropped_day.filter(|_| dropped == Some(stage));
            let left = later.chain(gone).chain(exit_day).filter(|&day| day >= came);
            stays[stage] = Some((came, left.fold(f64::INFINITY, f64::min)));
        }
        Some(Way { reached, dropped, stays })
    }

    /// Whether it stands at a stage at the end of a day.
    pub(super) fn waits(&self, stage: usize, end_day: f64) -> bool {
        self.stays[stage].is_some_and(|(came, left)| came <= end_day && end_day < left)
    }
}

fn ways(run: &Run<'_>, world: u32) -> Vec<Way> {
    let exits: BTreeMap<u32, f64> =
        run.sellers(world).filter_map(|row| Some((row.seller, row.exit_day?))).collect();
    let rows = run.applicants(world);
    rows.filter_map(|row| Way::new(row, exits.get(&row.applicant).copied())).collect()
}

/// How many came to each stage, and how many of them dropped out there.
pub(super) fn counts(ways: &[Way]) -> [(u64, u64); STAGES] {
    let of = |stage: usize| {
        let reached = ways.iter().filter(|way| way.reached >= stage).count() as u64;
        let dropped = ways.iter().filter(|way| way.dropped == Some(stage)).count() as u64;
        (reached, dropped)
    };
    std::array::from_fn(of)
}

fn why(run: &Run<'_>) -> String {
    let nobody =
        "Nobody was seen on the way to selling: the scenario has no joining, or the run is short.";
    missing(run.applicants.as_ref(), "onboarding.csv", nobody)
}

/// What is counted of each world, by stage.
fn by_world(run: &Run<'_>) -> BTreeMap<u32, [(u64, u64); STAGES]> {
    let worlds = run.summary.averaged().map(|world| (world.world, ways(run, world.world)));
    worlds
        .filter(|(_, ways)| !ways.is_empty())
        .map(|(world, ways)| (world, counts(&ways)))
        .collect()
}

fn funnel(run: &Run<'_>) -> Chart {
    let worlds = by_world(run);
    let bars = |read: &dyn Fn((u64, u64)) -> u64| -> Vec<Point> {
        let of = |stage: usize| {
            let mean = run.mean(0.0, |world| {
                worlds.get(&world.world).map(|stages| read(stages[stage]) as f64)
            });
            let x = mean.y?;
            // The first stage stands at the top.
            Some(Point { x, y: Some((STAGES - 1 - stage) as f64), ..mean })
        };
        (0..STAGES).rev().filter_map(of).collect()
    };
    let layers = vec![
        layer("came to the stage", Shape::Lying, Colour::Nth(0), bars(&|(reached, _)| reached)),
        layer("dropped out there", Shape::Lying, Colour::Bad, bars(&|(_, dropped)| dropped)),
    ];
    let names = Stage::ALL.iter().rev().map(|stage| stage.name().to_owned()).collect();
    let frame = Frame {
        name: "funnel",
        title: "How far applicants came",
        x: Axis::linear("how many", "applicants").from_to(0.0, 1.0),
        y: Axis::names("stage", names),
    };
    let first = worlds.get(&run.first()).copied().unwrap_or_default();
    let says = format!(
        "Of {} applicants who were contacted {} signed, {} went live ({}) and {} were handed over \
         to an account manager{}; who still waits at the end has neither gone on nor dropped out. \
         {}",
        count(first[0].0),
        count(first[1].0),
        count(first[4].0),
        share(first[4].0, first[0].0),
        count(first[5].0),
        run.in_first(),
        run.of_means()
    );
    frame.with(layers, says, &why(run))
}

fn queues(run: &Run<'_>) -> Chart {
    let worlds: BTreeMap<u32, Vec<Way>> = run
        .summary
        .averaged()
        .map(|world| (world.world, ways(run, world.world)))
        .filter(|(_, ways)| !ways.is_empty())
        .collect();
    let line = |stage: usize| -> Layer {
        let at = |week: u32| {
            let end = f64::from(week + 1) * 7.0;
            run.mean(f64::from(week), |world| {
                let ways = worlds.get(&world.world)?;
                Some(ways.iter().filter(|way| way.waits(stage, end)).count() as f64)
            })
        };
        let points = (0..run.summary.weeks).map(at).collect();
        layer(Stage::ALL[stage].name(), Shape::Line, Colour::Nth(stage as u8), points)
    };
    let layers: Vec<Layer> = (0..WAITING).map(line).collect();
    let last = |(layer, stage): (&Layer, &str)| {
        let waiting = layer.points.last().and_then(|point| point.y)?;
        Some(format!("{} in {stage}", count(waiting.round() as u64)))
    };
    let stages = Stage::ALL.iter().map(|stage| stage.name());
    let standing: Vec<String> = layers.iter().zip(stages).filter_map(last).collect();
    let frame = Frame {
        name: "queues",
        title: "How many stand at each stage",
        x: weeks_axis(),
        y: Axis::log("at the end of the week", "applicants"),
    };
    let says = format!(
        "Applicants at each stage at the end of each week, waiting for staff or for something of \
         their own; the trial ends with the hand-over. At the end {}. A stage with nobody is not \
         drawn. Who moved at no time of the run is not known. {}",
        standing.join(", "),
        run.of_means()
    );
    frame.with(layers, says, &why(run))
}

fn by_stage(run: &Run<'_>) -> Table {
    let ways = ways(run, run.first());
    let counts = counts(&ways);
    let row = |stage: usize| -> Vec<Cell> {
        let (reached, dropped) = counts[stage];
        let waits = ways.iter().filter(|way| stage < WAITING && way.waits(stage, run.end_days()));
        let name = Stage::ALL[stage].name();
        vec![
            words(name),
            whole(reached),
            whole(dropped),
            formed(ratio(dropped, reached), percent),
            whole(waits.count() as u64),
            number(run.summary.value(&format!("pipeline_days_{name}")), 1),
            formed(run.summary.value(&format!("staff_load_{name}")), percent),
        ]
    };
    let columns = [
        "stage",
        "came to it",
        "dropped out there",
        "dropped out [%]",
        "there at the end",
        "mean stay [days]",
        "staff at work [%]",
    ];
    let rows = if ways.is_empty() { vec![] } else { (0..STAGES).map(row).collect() };
    table("stages", "Stages", &columns, rows)
}
