//! A load on the wall clock: what was offered and achieved, how long rankings took, and whether
//! thresholds hold so far.

use std::collections::VecDeque;
use std::time::Duration;

use ratatui::style::Color;
use ratatui::text::Line;

use super::parts::{
    LEAST, ROOMY, bar_with, bold, clock, coloured, dim, edges, named, too_small, traced,
};
use crate::driver::load::{Op, Part, Second, Stage};
use crate::experiment::Threshold;
use crate::experiment::load::{LoadPlan, Mode};
use crate::report::numbers::{NONE, count, or_none};
use crate::report::{nanos, of_metric, short_rate};
use crate::store::{LoadSetting, LoadSummary, Measured, Percentiles, SloResult};

/// Seconds that are kept.
const SECONDS: usize = 600;
/// The shortest part of a second that a rate is told of [ns].
const LEAST_TOLD: u64 = 100_000_000;

/// What is told of a second.
#[derive(Debug, Clone, Default)]
struct Told {
    /// Operations a second.
    offered: Option<f64>,
    achieved: f64,
    /// Responses of rankings [ns].
    rank: Percentiles,
    backlog: u64,
}

/// All that was told of a load.
#[derive(Debug)]
pub(super) struct Load {
    title: String,
    /// One after the other, where the load goes by a schedule of rates.
    stages: Vec<Stage>,
    /// How long it is [ns].
    length: u64,
    setting: LoadSetting,
    slo: Vec<Threshold>,
    judged: Vec<SloResult>,
    measured: Measured,
    seconds: VecDeque<Told>,
    ending: bool,
}

impl Load {
    /// Nothing was told so far of a load that goes like this.
    pub(super) fn new(title: &str, plan: &LoadPlan, slo: &[Threshold], search: bool) -> Load {
        let stages = if plan.mode == Mode::Open { plan.stages.clone() } else { Vec::new() };
        let of_stages = stages.iter().map(|stage| stage.length.as_nanos()).sum();
        let length = if stages.is_empty() { plan.duration.as_nanos() } else { of_stages };
        let search = if search { " · search" } else { "" };
        let (path, mode) = (plan.path.name(), plan.mode.to_string());
        Load {
            title: format!("{title} · {path} path · {mode}{search}"),
            stages,
            length,
            setting: LoadSetting {
                path: path.to_owned(),
                mode,
                arrivals: None,
                stages: None,
                drivers: plan.drivers,
                warmup_weeks: 0,
                batch: plan.batch,
                sample_calls: 1,
                serving: String::new(),
            },
            slo: slo.iter().filter(|one| !one.is_of_the_search()).cloned().collect(),
            judged: Vec::new(),
            measured: Measured::default(),
            seconds: VecDeque::new(),
            ending: false,
        }
    }

    /// A second is over.
    pub(super) fn second(&mut self, second: &Second) {
        self.measured.add(second);
        if !self.slo.is_empty() {
            let load = LoadSummary::new(self.setting.clone(), &self.measured, Vec::new());
            self.judged = self.slo.iter().map(|threshold| threshold.judge(&load)).collect();
        }
        // What is left of the last second is too little to say a rate of.
        if second.length < LEAST_TOLD {
            return;
        }
        if self.seconds.len() == SECONDS {
            self.seconds.pop_front();
        }
        let per_second = |n: u64| n as f64 * 1e9 / second.length as f64;
        self.seconds.push_back(Told {
            offered: second.offered.map(per_second),
            achieved: per_second(second.latencies.done()),
            rank: Percentiles::of(second.latencies.of(Op::Rank, Part::Response)),
            backlog: second.backlog,
        });
    }

    /// Whether somebody asked to stop, and that is news.
    pub(super) fn ends(&mut self, asked: bool) -> bool {
        let news = asked && !self.ending;
        self.ending = asked;
        news
    }

    /// The stage that is under way after so long [ns].
    fn stage(&self) -> String {
        let mut end = 0;
        for (number, stage) in self.stages.iter().enumerate() {
            end += stage.length.as_nanos();
            if self.measured.length < end {
                let rate = short_rate(stage.rate.per_second());
                return match self.stages.len() {
                    1 => rate,
                    all => format!("stage {} of {all}: {rate}", number + 1),
                };
            }
        }
        if self.stages.is_empty() { String::new() } else { "schedule over".to_owned() }
    }

    /// The picture in so many columns and rows.
    pub(super) fn lines(&self, width: u16, height: u16) -> Vec<Line<'static>> {
        if width < LEAST.0 || height < LEAST.1 {
            return too_small(width, height);
        }
        let (columns, rows) = (usize::from(width), usize::from(height));
        let [now, all] = [self.measured.length, self.length].map(Duration::from_nanos);
        let time = format!("{} of {}", clock(now), clock(all));
        let mut lines = vec![edges(&self.title, &time, columns)];
        let part = self.measured.length as f64 / self.length.max(1) as f64;
        lines.push(bar_with(part, &[self.stage()], columns));
        let roomy = rows >= ROOMY;
        let gap = || vec![Line::default(); usize::from(roomy)];
        lines.extend(gap());
        let mut thresholds = self.thresholds(columns);
        if roomy && !self.slo.is_empty() {
            let heading = Line::from(bold("Thresholds so far"));
            thresholds.splice(0..0, [Line::default(), heading]);
        }
        let taken = lines.len() + thresholds.len() + 2 * usize::from(roomy);
        lines.extend(fitting(self.measures(columns), rows.saturating_sub(taken)));
        lines.extend(thresholds);
        if roomy {
            lines.resize(rows - 1, Line::default());
            lines.push(Line::from(dim(self.foot())));
        }
        lines.truncate(rows);
        lines
    }

    fn foot(&self) -> &'static str {
        if self.ending { "ending" } else { "q ends it and keeps what was measured" }
    }

    /// Rates, times and what is left over, each with how much it says.
    fn measures(&self, columns: usize) -> Vec<(u8, Line<'static>)> {
        let none = Told::default();
        let last = self.seconds.back();
        let said = |text: String| if last.is_some() { text } else { NONE.to_owned() };
        let now = last.unwrap_or(&none);
        let over =
            |of: fn(&Told) -> Option<f64>| -> Vec<_> { self.seconds.iter().map(of).collect() };
        let time = |of: Option<u64>| or_none(of.map(|ns| ns as f64), nanos);
        let achieved = over(|told| Some(told.achieved));
        let p99 = over(|told| told.rank.p99.map(|ns| ns as f64));
        let left = |n: u64| said(count(n));
        let scheduled = !self.stages.is_empty() || self.measured.offered.is_some();
        let mut lines = Vec::new();
        if scheduled {
            lines.push((5, Line::from(named("offered", &or_none(now.offered, short_rate)))));
        }
        let rate = said(short_rate(now.achieved));
        lines.push((7, traced("achieved", &rate, &achieved, Some(0.0), columns)));
        lines.push((6, traced("rank p99", &time(now.rank.p99), &p99, Some(0.0), columns)));
        lines.push((2, Line::from(named("rank p50", &time(now.rank.p50)))));
        lines.push((1, Line::from(named("rank p99.9", &time(now.rank.p999)))));
        if scheduled {
            lines.push((4, Line::from(named("backlog", &left(now.backlog)))));
        }
        let overflow = &self.measured.overflow;
        if *overflow > 0 || self.setting.path == "actor" {
            lines.push((3, Line::from(named("turned away", &left(*overflow)))));
        }
        lines
    }

    fn thresholds(&self, columns: usize) -> Vec<Line<'static>> {
        let longest = self.slo.iter().map(|slo| slo.to_string().chars().count()).max().unwrap_or(0);
        let line = |(n, slo): (usize, &Threshold)| {
            let expr = slo.to_string();
            let judged = self.judged.get(n);
            let value = judged.and_then(|judged| judged.value);
            let sign = match (judged, value) {
                (Some(judged), Some(_)) if judged.pass => coloured("✓", Color::Green),
                (Some(_), Some(_)) => coloured("✗", Color::Red),
                _ => dim(NONE),
            };
            let value = value.map_or_else(String::new, |value| of_metric(&expr, value));
            let text = format!(" {expr:<longest$}  {value}");
            let text: String = text.chars().take(columns.saturating_sub(1)).collect();
            Line::from(vec![sign, text.into()])
        };
        self.slo.iter().enumerate().map(line).collect()
    }
}

/// As many lines as there are rows for, but two at least: the one that says least goes first.
fn fitting(mut lines: Vec<(u8, Line<'static>)>, rows: usize) -> Vec<Line<'static>> {
    while lines.len() > rows.max(2) {
        let least = lines.iter().map(|(says, _)| *says).min();
        lines.retain(|(says, _)| Some(*says) != least);
    }
    lines.into_iter().map(|(_, line)| line).collect()
}
