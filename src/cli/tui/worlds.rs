//! Worlds in virtual time: how far they are, how fast, and what their weeks told.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use ratatui::text::Line;

use super::parts::{
    LEAST, ROOMY, VALUE, bar, bar_with, bold, clock, dim, edges, named, spark, too_small, traced,
};
use crate::cli::progress::rate;
use crate::measure::WeekRow;
use crate::report::numbers::{count, fixed, or_none, percent};

/// Samples of the speed that are kept.
const SAMPLES: usize = 240;
/// From one sample of the speed to the next at least.
const SAMPLE: Duration = Duration::from_millis(500);
/// What is left is told from then on: before, it is a guess.
const SURE: Duration = Duration::from_secs(2);
/// Worlds under way that are told of, one a line.
const MOST_WORLDS: usize = 4;

/// A world under way.
#[derive(Debug, Default)]
struct World {
    day: u32,
    days: u32,
    visits: u64,
    weeks: Vec<WeekRow>,
}

/// All that was told of the worlds of a run.
#[derive(Debug)]
pub(super) struct Worlds {
    title: String,
    expected: u64,
    under_way: BTreeMap<u64, World>,
    /// The weeks of the world that ended last.
    last: Option<(u64, Vec<WeekRow>)>,
    ended: u64,
    /// Days and visits of all worlds, and the days of one [days, visits].
    day: u64,
    days: u32,
    visits: u64,
    elapsed: Duration,
    sampled: (Duration, u64),
    /// Visits a second, the newest last.
    speed: VecDeque<Option<f64>>,
    ending: bool,
}

/// A metric by the week: what it is called here, and how it looks.
struct Told {
    name: &'static str,
    value: fn(&WeekRow) -> Option<f64>,
    form: fn(f64) -> String,
}

/// What is told by the week, the first of it where there is little room.
const TOLD: [Told; 12] = [
    Told {
        name: "orders",
        value: |row| Some(row.orders as f64),
        form: |value| count(value as u64),
    },
    Told { name: "from the box", value: |row| row.get("box_share"), form: percent },
    Told { name: "Gini", value: |row| row.get("gini"), form: |value| fixed(value, 3) },
    Told { name: "stars", value: |row| row.get("mean_stars"), form: |value| fixed(value, 2) },
    Told { name: "defective", value: |row| row.get("defect_rate"), form: percent },
    Told { name: "joined", value: |row| row.get("joined_per_week"), form: |value| fixed(value, 0) },
    Told { name: "late", value: |row| row.get("late_rate"), form: percent },
    Told {
        name: "price index",
        value: |row| row.get("price_index"),
        form: |value| fixed(value, 3),
    },
    Told { name: "top ten", value: |row| row.get("top10_share"), form: percent },
    Told { name: "visits", value: |row| Some(row.sessions as f64), form: |v| count(v as u64) },
    Told {
        name: "order rate",
        value: |row| (row.sessions > 0).then(|| row.orders as f64 / row.sessions as f64),
        form: percent,
    },
    Told { name: "returned", value: |row| row.get("return_rate"), form: percent },
];

impl Worlds {
    /// Nothing was told so far of what has this title.
    pub(super) fn new(title: &str) -> Worlds {
        Worlds {
            title: title.to_owned(),
            expected: 1,
            under_way: BTreeMap::new(),
            last: None,
            ended: 0,
            day: 0,
            days: 0,
            visits: 0,
            elapsed: Duration::ZERO,
            sampled: (Duration::ZERO, 0),
            speed: VecDeque::new(),
            ending: false,
        }
    }

    /// There will be so many.
    pub(super) fn expects(&mut self, worlds: u64) {
        self.expected = worlds.max(1);
    }

    /// One begins.
    pub(super) fn begins(&mut self, number: u64) {
        self.under_way.insert(number, World::default());
    }

    /// In one of them so many days are over, of so many, with so many visits.
    pub(super) fn beat(&mut self, number: u64, (day, days): (u32, u32), visits: u64) {
        let world = self.under_way.entry(number).or_default();
        self.day += u64::from(day.saturating_sub(world.day));
        self.visits += visits.saturating_sub(world.visits);
        (world.day, world.days, world.visits) = (day, days, visits);
        self.days = days;
    }

    /// A week of one of them is over.
    pub(super) fn week(&mut self, number: u64, row: &WeekRow) {
        self.under_way.entry(number).or_default().weeks.push(row.clone());
    }

    /// One is over.
    pub(super) fn ended(&mut self, number: u64) {
        self.ended += 1;
        if let Some(world) = self.under_way.remove(&number)
            && !world.weeks.is_empty()
        {
            self.last = Some((number, world.weeks));
        }
    }

    /// It is so long since all began, and somebody asked to stop or nobody did.
    pub(super) fn at(&mut self, elapsed: Duration, ending: bool) {
        (self.elapsed, self.ending) = (elapsed, ending);
        let (before, visits) = self.sampled;
        let since = elapsed.saturating_sub(before);
        // Before the first day is over there is a market to be built, and no speed.
        if since < SAMPLE || self.visits == 0 {
            return;
        }
        if self.speed.len() == SAMPLES {
            self.speed.pop_front();
        }
        let more = self.visits.saturating_sub(visits) as f64;
        self.speed.push_back(Some(more / since.as_secs_f64()));
        self.sampled = (elapsed, self.visits);
    }

    /// The world that is told of by the week: of those under way that have told of one the foremost, else
    /// the last that ended.
    fn in_front(&self) -> Option<(u64, &[WeekRow])> {
        let told = self.under_way.iter().filter(|(_, world)| !world.weeks.is_empty());
        let foremost = told.rev().max_by_key(|(_, world)| world.weeks.len());
        let foremost = foremost.map(|(&number, world)| (number, &world.weeks[..]));
        foremost.or_else(|| self.last.as_ref().map(|(number, weeks)| (*number, &weeks[..])))
    }

    /// The part of all days that is over.
    fn part(&self) -> f64 {
        let all = self.expected as f64 * f64::from(self.days);
        if all > 0.0 { (self.day as f64 / all).min(1.0) } else { 0.0 }
    }

    fn time(&self) -> String {
        let part = self.part();
        let left = self.elapsed.as_secs_f64() * (1.0 - part) / part;
        let sure = self.elapsed >= SURE && left.is_finite();
        match Duration::try_from_secs_f64(left).ok().filter(|_| sure) {
            Some(left) => format!("{}, {} left", clock(self.elapsed), clock(left)),
            None => clock(self.elapsed),
        }
    }

    fn week_of(world: &World) -> String {
        format!("week {} of {}", world.day.div_ceil(7), world.days / 7)
    }

    /// The picture in so many columns and rows.
    pub(super) fn lines(&self, width: u16, height: u16) -> Vec<Line<'static>> {
        if width < LEAST.0 || height < LEAST.1 {
            return too_small(width, height);
        }
        let (columns, rows) = (usize::from(width), usize::from(height));
        let mut lines = vec![edges(&self.title, &self.time(), columns)];
        let several = self.expected > 1;
        let first = self.under_way.values().next();
        let how_far = match first.filter(|world| world.days > 0) {
            _ if several => format!("{} of {} worlds", self.ended, self.expected),
            Some(world) => Self::week_of(world),
            None => String::new(),
        };
        lines.push(bar_with(self.part(), &[how_far], columns));
        let speed: Vec<_> = self.speed.iter().copied().collect();
        let now = self.speed.back().copied().flatten();
        lines.push(traced("speed", &or_none(now, rate), &speed, Some(0.0), columns));
        let roomy = rows >= ROOMY;
        if several && roomy {
            lines.push(Line::default());
            lines.extend(self.worlds_under_way(columns));
        }
        let foot = usize::from(roomy) * 2;
        let room = rows.saturating_sub(lines.len() + foot);
        lines.extend(self.weeks(columns, room, roomy));
        if roomy {
            lines.resize(rows - 1, Line::default());
            lines.push(Line::from(dim(self.foot())));
        }
        lines
    }

    fn foot(&self) -> &'static str {
        if self.ending { "ending with the week" } else { "q ends it and keeps what is done" }
    }

    fn worlds_under_way(&self, columns: usize) -> Vec<Line<'static>> {
        let line = |(number, world): (&u64, &World)| {
            let part = f64::from(world.day) / f64::from(world.days.max(1));
            let week = if world.days > 0 { Self::week_of(world) } else { String::new() };
            let mut spans = vec![dim(format!("{:<12}", format!("world {number}")))];
            spans.push(format!("{week:>14}").into());
            let room = columns.saturating_sub(spans.iter().map(ratatui::text::Span::width).sum());
            spans.push("  ".into());
            spans.extend(bar(part, room.saturating_sub(2).min(20)));
            Line::from(spans)
        };
        self.under_way.iter().take(MOST_WORLDS).map(line).collect()
    }

    /// The headline metrics of the world in front, in at most so many rows.
    fn weeks(&self, columns: usize, rows: usize, roomy: bool) -> Vec<Line<'static>> {
        let Some((number, weeks)) = self.in_front() else {
            let none = Line::from(dim("no week is over yet"));
            return [vec![Line::default(); usize::from(roomy)], vec![none]].concat();
        };
        let wide = columns >= 72;
        let mut lines = vec![Line::default(); usize::from(roomy)];
        if roomy {
            let of = if self.expected > 1 { format!("world {number}: ") } else { String::new() };
            let s = if weeks.len() == 1 { "" } else { "s" };
            let text = format!("{of}{} week{s}", weeks.len());
            let used = text.chars().count();
            let mut head = vec![bold(text)];
            if wide && used + 6 <= 12 + VALUE {
                head.push(dim(format!("{:>1$}", "last", 12 + VALUE - used)));
                head.push(dim(format!("{:>VALUE$}{:>VALUE$}", "least", "most")));
            }
            lines.push(Line::from(head));
        }
        for told in TOLD.iter().take(rows.saturating_sub(lines.len())) {
            lines.push(Self::metric(told, weeks, columns, wide));
        }
        lines
    }

    fn metric(told: &Told, weeks: &[WeekRow], columns: usize, wide: bool) -> Line<'static> {
        let values: Vec<Option<f64>> = weeks.iter().map(told.value).collect();
        let last = or_none(values.last().copied().flatten(), told.form);
        if !wide {
            return traced(told.name, &last, &values, None, columns);
        }
        let seen = || values.iter().flatten().copied();
        let least = or_none(seen().reduce(f64::min), told.form);
        let most = or_none(seen().reduce(f64::max), told.form);
        let mut spans = named(told.name, &last);
        spans.push(dim(format!("{least:>VALUE$}{most:>VALUE$}")));
        let used: usize = spans.iter().map(ratatui::text::Span::width).sum();
        let room = columns.saturating_sub(used + 2);
        spans.push(super::parts::coloured(
            format!("  {}", spark(&values, None, room)),
            ratatui::style::Color::Cyan,
        ));
        Line::from(spans)
    }
}
