//! Runs against budgets.

use std::path::Path;

use super::*;
use crate::experiment::gate::Budgets;
use crate::experiment::gate::baseline::baseline_of;
use crate::experiment::gate::fixture::{load_of, run_of, source};
use crate::store::CurvePoint;
use Verdict::{Advice, Changed, Invalid, Missed, Pass};

fn lines(text: &str) -> Vec<Budget> {
    let read = Budgets::parse("my.budget", text.to_owned(), Path::new(""));
    read.unwrap_or_else(|why| panic!("{why}")).lines
}

fn held(text: &str, run: &Source, baseline: Option<&Source>) -> Vec<Finding> {
    check(&lines(text), &[Run { source: run, baseline }]).findings
}

fn verdicts(text: &str, run: &Source, baseline: Option<&Source>) -> Vec<Verdict> {
    held(text, run, baseline).iter().map(|finding| finding.verdict).collect()
}

/// Eight values around a mean.
fn around(mean: f64, spread: f64) -> Vec<f64> {
    let unit = [-1.3, 0.4, 1.1, -0.6, 0.9, -0.2, -1.0, 0.7];
    unit.iter().map(|unit| mean + spread * unit).collect()
}

#[test]
fn plain_limits_are_held_against_the_mean() {
    let run = source("mine", run_of(&[0.4, 0.6], 7));
    let text =
        "gini < 0.5\ngini <= 0.5\ncounts.orders == 100.5\ncost.sim_s <= 250ms\ncost.wall_s < 500ms";
    let found = held(text, &run, None);
    let verdicts: Vec<_> = found.iter().map(|finding| finding.verdict).collect();
    assert_eq!(verdicts, [Missed, Pass, Pass, Pass, Missed]);
    let gini = &found[0];
    assert_eq!((gini.value, gini.limit, gini.unit.as_str()), (Some(0.5), Some(0.5), "ratio"));
    assert!(gini.low.unwrap() < 0.5 && gini.high.unwrap() > 0.5, "an interval of the mean");
    assert_eq!((gini.of.as_str(), gini.name.as_str()), ("mine", "gini < 0.5"));
}

#[test]
fn what_is_missing_fails() {
    let run = source("mine", run_of(&[f64::NAN, f64::NAN], 7));
    let found = held("gini < 0.5\nlate_rate < 1\nrank.response.p99 < 1s\nbacklog == 0", &run, None);
    assert!(found.iter().all(|finding| finding.verdict == Missed && finding.value.is_none()));
    assert!(found[2].says.contains("brocante load"), "{:?}", found[2]);
    let load = source("load", load_of(1..100));
    let found = held("buy.response.p99 < 1s\ngini < 1", &load, None);
    assert!(found.iter().all(|finding| finding.verdict == Missed && finding.value.is_none()));
    // A run that was cut short has no world to speak of.
    let mut cut = run_of(&[0.5], 7);
    cut.worlds[0].complete = false;
    assert_eq!(verdicts("gini < 1\ncounts.orders > 0", &source("cut", cut), None), [Missed; 2]);
}

#[test]
fn a_baseline_is_a_question_of_statistics() {
    let base = source("base", run_of(&around(0.5, 0.01), 7));
    let worse = |by: f64, spread: f64| {
        let values = around(0.5 + by, 0.01);
        let noise = around(0.0, spread);
        let moved = values.iter().zip(noise.iter().rev()).map(|(value, noise)| value + noise);
        source("mine", run_of(&moved.collect::<Vec<_>>(), 7))
    };
    let of = |run: &Source| held("gini <= baseline + 0.02", run, Some(&base)).remove(0);
    // Beyond the allowance in every world, within it, and beyond it by accident.
    assert_eq!(of(&worse(0.04, 0.003)).verdict, Missed);
    assert_eq!(of(&worse(0.019, 0.003)).verdict, Pass);
    let perhaps = of(&worse(0.021, 0.01));
    assert_eq!(perhaps.verdict, Advice, "{perhaps:?}");
    assert!(perhaps.says.contains("--replications"), "{perhaps:?}");
    assert!(perhaps.low.unwrap() < perhaps.limit.unwrap(), "{perhaps:?}");
    // What is better fails nothing, and too little is missed where more is asked for.
    assert_eq!(of(&worse(-0.2, 0.003)).verdict, Pass);
    let less = worse(-0.2, 0.003);
    assert_eq!(verdicts("gini >= baseline * 0.95", &less, Some(&base)), [Missed]);
    assert_eq!(verdicts("gini >= baseline * 0.5", &less, Some(&base)), [Pass]);
}

#[test]
fn many_lines_share_one_chance_of_a_false_alarm() {
    let base = source("base", run_of(&around(0.5, 0.01), 7));
    let moved = around(0.5, 0.01).into_iter().zip(around(0.0, 0.01).into_iter().rev());
    let run = source("mine", run_of(&moved.map(|(a, b)| a + b + 0.013).collect::<Vec<_>>(), 7));
    // p is between 1 % and 1 % / 10.
    assert_eq!(verdicts("gini <= baseline", &run, Some(&base)), [Missed]);
    let many: String = (0..10).map(|n| format!("gini <= baseline + 0.000{n}\n")).collect();
    assert!(verdicts(&many, &run, Some(&base)).iter().all(|&verdict| verdict == Advice));
}

#[test]
fn the_same_worlds_are_the_same() {
    let base = source("base", run_of(&around(0.5, 0.1), 7));
    let text = "gini <= baseline\ngini < baseline\ngini >= baseline * 1\ngini <= baseline - 0.001";
    assert_eq!(verdicts(text, &base, Some(&base)), [Pass, Pass, Pass, Missed]);
    // Fewer worlds of the same seeds are the same worlds still.
    let fewer = source("mine", run_of(&around(0.5, 0.1)[..3], 7));
    assert_eq!(verdicts("gini <= baseline", &fewer, Some(&base)), [Pass]);
}

#[test]
fn one_world_is_held_by_value() {
    let base = source("base", run_of(&[0.5], 7));
    let run = source("mine", run_of(&[0.53, 0.1], 7));
    let found = held("gini <= baseline + 0.02\ngini <= baseline + 0.04", &run, Some(&base));
    assert_eq!((found[0].verdict, found[1].verdict), (Missed, Pass));
    assert!(found[0].says.contains("by value") && found[0].value == Some(0.53), "{found:?}");
}

#[test]
fn what_no_number_of_lines_can_excuse() {
    let many = |line: &str| -> String { (0..14).map(|n| format!("{line}{n}\n")).collect() };
    // From nothing to everything in each of eight worlds: no test of ranks could be that sure of it.
    let base = source("base", run_of(&[0.0; 8], 7));
    let run = source("mine", run_of(&[1.0; 8], 7));
    let found = held(&many("gini <= baseline + 0.0"), &run, Some(&base));
    assert!(found.iter().all(|finding| finding.verdict == Missed), "{found:?}");
    assert!(found[0].says.contains("in every world alike"), "{found:?}");
    // Two worlds cannot tell, and are no excuse that one world has not.
    let base = source("base", run_of(&[0.50, 0.51], 7));
    let run = source("mine", run_of(&[0.26, 0.24], 7));
    let found = held(&many("gini >= baseline - 0.0"), &run, Some(&base));
    assert!(found.iter().all(|finding| finding.verdict == Missed), "{found:?}");
    assert!(found[0].says.contains("by value"), "{found:?}");
}

/// As `unpredictability` does, which compares the worlds of a run with one another.
#[test]
fn a_metric_may_differ_where_digests_do_not() {
    let base = source("base", run_of(&around(0.5, 0.01), 7));
    let mut same = base.clone();
    for (world, value) in same.summary.worlds.iter_mut().zip(around(0.3, 0.01)) {
        world.metrics.insert("gini".to_owned(), Some(value));
    }
    let found = held("gini <= baseline\ngini >= baseline", &same, Some(&base));
    assert_eq!((found[0].verdict, found[1].verdict), (Pass, Missed));
    let same = |finding: &Finding| {
        finding.says.contains("same in every") || finding.says.contains("world is the same")
    };
    assert!(!found.iter().any(same), "{found:?}");
}

#[test]
fn what_a_search_found_is_no_rate_that_was_asked_for() {
    let found = |rate: f64| {
        let mut summary = load_of(1..100);
        let load = summary.load.as_mut().unwrap();
        let point =
            CurvePoint { rate, achieved: None, p50: None, p99: None, pass: true, saturated: None };
        (load.curve, load.max_rate, load.throughput.offered) =
            (vec![point], Some(rate), Some(rate));
        source("load", summary)
    };
    let text = "max_rate >= baseline * 0.9";
    assert_eq!(verdicts(text, &found(1.06e6), Some(&found(1e6))), [Pass]);
    assert_eq!(verdicts(text, &found(0.8e6), Some(&found(1e6))), [Missed]);
}

#[test]
fn an_interrupted_load_says_nothing() {
    let mut summary = load_of(1..100);
    summary.interrupted = Some("kept what was measured until then".to_owned());
    assert_eq!(verdicts("rank.response.p99 < 1s", &source("load", summary), None), [Invalid]);
}

#[test]
fn of_several_baselines_the_nearest_is_taken() {
    let at = |label: &str, rate: f64| {
        let mut summary = load_of(1..100);
        summary.load.as_mut().unwrap().throughput.offered = Some(rate);
        source(label, summary)
    };
    let stored = [at("load20k", 20e3), source("run", run_of(&[0.5], 7)), at("load100k", 100e3)];
    assert_eq!(baseline_of(&at("new", 99e3), &stored).unwrap().label, "load100k");
    assert_eq!(baseline_of(&at("new", 21e3), &stored).unwrap().label, "load20k");
    let twice = [at("first", 20e3), at("second", 20e3)];
    assert_eq!(baseline_of(&at("new", 20e3), &twice).unwrap().label, "first");
}

#[test]
fn a_factor_of_what_is_negative_is_refused() {
    let base = source("base", run_of(&[-0.5, -0.6], 7));
    let text = "gini <= baseline * 1.1\ngini <= baseline + 0.1";
    let found = held(text, &base, Some(&base));
    assert_eq!((found[0].verdict, found[1].verdict), (Missed, Pass));
    assert!(found[0].says.contains("write `baseline - X`"), "{found:?}");
}

#[test]
fn an_invalid_load_says_nothing() {
    let mut summary = load_of(1..100);
    let load = summary.load.as_mut().unwrap();
    (load.valid, load.invalid_why) = (false, vec!["the clock stood still".to_owned()]);
    let run = source("load", summary);
    let found =
        held("rank.response.p99 < 1us\nbuy.response.p50 < 1s\ncost.wall_s < 1s", &run, None);
    let verdicts: Vec<_> = found.iter().map(|finding| finding.verdict).collect();
    assert_eq!(verdicts, [Invalid, Missed, Pass]);
    assert!(found[0].says.contains("the clock stood still"), "{found:?}");
}

#[test]
fn times_are_compared_with_the_same_work_alone() {
    let base = source("base", load_of(1..100));
    let text = "rank.service.p50 <= baseline * 1.10";
    let of = |summary: &Summary, base: &Source| {
        verdicts(text, &source("load", summary.clone()), Some(base))[0]
    };
    assert_eq!(of(&load_of(1..109), &base), Pass);
    assert_eq!(of(&load_of(1..150), &base), Missed);
    let mut other = load_of(1..100);
    other.digest = "another".to_owned();
    assert_eq!(of(&other, &base), Changed);
    let mut other = load_of(1..100);
    other.load.as_mut().unwrap().setting.mode = "closed:2".to_owned();
    assert_eq!(of(&other, &base), Changed);
    let mut other = load_of(1..100);
    other.load.as_mut().unwrap().setting.stages = Some("10s@20k/s".to_owned());
    assert_eq!(of(&other, &base), Changed);
    let mut other = load_of(1..100);
    other.machine.cores += 1;
    assert_eq!(of(&other, &base), Invalid);
    let mut stored = load_of(1..100);
    stored.load.as_mut().unwrap().valid = false;
    assert_eq!(of(&load_of(1..100), &source("base", stored)), Invalid);
    // The market's lines go on where the behaviour changed.
    let (run, base) = (source("run", run_of(&[0.6; 4], 7)), source("base", run_of(&[0.5; 4], 7)));
    let found = verdicts("gini <= baseline + 0.2\ncost.sim_s <= baseline", &run, Some(&base));
    assert_eq!(found, [Pass, Changed]);
}

#[test]
fn each_run_answers_for_what_it_measures() {
    let (run, load) = (source("run", run_of(&[0.5], 7)), source("load", load_of(1..100)));
    let runs = [&run, &load].map(|source| Run { source, baseline: None });
    let text = "gini < 0.6\nrank.response.p99 < 1ms\ncost.wall_s < 1s";
    let gated = check(&lines(text), &runs);
    let of: Vec<_> = gated.findings.iter().map(|it| (it.name.as_str(), it.of.as_str())).collect();
    assert_eq!(
        of,
        [
            ("gini < 0.6", "run"),
            ("rank.response.p99 < 1ms", "load"),
            ("cost.wall_s < 1s in run", "run"),
            ("cost.wall_s < 1s in load", "load"),
        ]
    );
    assert_eq!(gated.verdict(), Pass);
}

#[test]
fn only_what_is_of_the_same_thing_is_a_baseline() {
    let run = source("mine", run_of(&[0.5], 7));
    let of = |change: &dyn Fn(&mut Source)| {
        let mut base = source("base", run_of(&[0.5], 7));
        change(&mut base);
        let stored = [base];
        baseline_of(&run, &stored).map(|base| base.label.clone())
    };
    assert_eq!(of(&|_| {}), Ok("base".to_owned()));
    let why = of(&|base| base.summary.command = "load".to_owned()).unwrap_err();
    assert!(why.contains("of a `load`") && why.contains("the same command made"), "{why}");
    let why = of(&|base| base.summary.scenario.hash = "11".to_owned()).unwrap_err();
    assert!(why.contains("hash 11, not 00") && why.contains("brocante run quick.toml"), "{why}");
    let why = of(&|base| base.summary.worlds[0].complete = false).unwrap_err();
    assert!(why.contains("interrupted before a world was complete"), "{why}");
    assert!(baseline_of(&run, &[]).unwrap_err().contains("none is named"));
}

#[test]
fn another_seed_is_another_sample_and_other_keys_are_another_scenario() {
    let toml =
        |seed: u64, stars: f64| format!("seed = {seed}\n[ranking.box]\nprior_stars = {stars}\n");
    let with = |scenario: String, hash: &str| {
        let mut source = source("mine", run_of(&[0.5, 0.6], 7));
        (source.scenario, source.summary.scenario.hash) = (Some(scenario), hash.to_owned());
        source
    };
    let run = with(toml(1, 4.0), "00");
    assert!(baseline_of(&run, &[with(toml(2, 4.0), "11")]).is_ok());
    let why = baseline_of(&run, &[with(toml(2, 4.5), "11")]).map(|_| ()).unwrap_err();
    assert!(why.contains("it differs in ranking.box.prior_stars, seed"), "{why}");
}
