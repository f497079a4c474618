//! What is told of a sweep: what moves which metric, which trades are best, and how metrics answer to keys.

use super::sweep_points::{along, scatter, squares};
use super::{
    Axis, Cell, Chart, Colour, Finding, Layer, Mood, Point, Rule, Section, Shape, Story, Table,
};
use crate::report::numbers::{capital, count, figures, fixed, interval, or_none, several};
use crate::report::sweep::{coefficient, direction, index, method, named, shown};
use crate::store::{
    Estimated, KeySensitivity, Method, MetricSensitivity, Pareto, PointMeans, RunFolder,
    StoreError, Summary, SweepSummary, point_means,
};

/// Keys below a metric that have a bar.
const MOST_BARS: usize = 12;
/// Letters of a name beside a bar; what is longer is cut off where it is drawn.
const MOST_LETTERS: usize = 27;
/// Points that are drawn; of more every so many-th.
const MOST_DOTS: usize = 4_000;
/// Points that have a row in the table.
const MOST_LINES: usize = 1_000;
/// Shares of the variance below which straight lines say little.
const LITTLE: f64 = 0.5;

pub(super) fn story(folder: &RunFolder, summary: &Summary) -> Result<Story, StoreError> {
    let Some(sweep) = &summary.sweep else { return Ok(Story::default()) };
    let metrics = shown(sweep);
    let points = if sweep.means.is_empty() {
        point_means(folder, &sweep.vary, &metrics)?.unwrap_or_default()
    } else {
        sweep.means.clone()
    };
    let seen = Seen { summary, sweep, metrics, points };
    let mut sections = vec![seen.sensitivities()];
    sections.extend(sweep.pareto.as_ref().map(|pareto| seen.trades(pareto)));
    sections.push(seen.responses());
    Ok(Story { findings: seen.findings(), sections })
}

/// A sweep with the points that are drawn of it.
struct Seen<'a> {
    summary: &'a Summary,
    sweep: &'a SweepSummary,
    metrics: Vec<&'a str>,
    points: Vec<PointMeans>,
}

/// Whether an interval leaves 0 out.
fn is_decided(of: &Estimated) -> bool {
    of.low.is_some_and(|low| low > 0.0) || of.high.is_some_and(|high| high < 0.0)
}

/// What is told of a key in the first place: its total index, or its coefficient.
fn strength(key: &KeySensitivity) -> Option<Estimated> {
    key.total.or(key.coefficient)
}

fn size(key: &KeySensitivity) -> f64 {
    strength(key).and_then(|of| of.value).map_or(0.0, f64::abs)
}

impl Seen<'_> {
    fn unit(&self, metric: &str) -> &str {
        self.summary.metric(metric).map_or("", |metric| &metric.unit)
    }

    fn of_metric(&self) -> impl Iterator<Item = (&str, &MetricSensitivity)> {
        let all = &self.sweep.sensitivity.metrics;
        self.metrics.iter().filter_map(|&metric| Some((metric, all.get(metric)?)))
    }

    fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self.part_done().into_iter().collect();
        findings.extend(self.strongest());
        findings.extend(self.sweep.pareto.as_ref().map(|pareto| self.front(pareto)));
        findings.extend(self.widest());
        findings.extend(self.not_told());
        findings.truncate(3);
        findings
    }

    fn part_done(&self) -> Option<Finding> {
        let SweepSummary { points, points_done, .. } = self.sweep;
        let headline = format!(
            "Only {} of {} were run",
            count(u64::from(*points_done)),
            several(u64::from(*points), "point")
        );
        let says = "The sweep was interrupted: all that follows is of the points that were run. The same \
                    command goes on with it.";
        (points_done < points).then(|| Finding::new(headline, says, Mood::Bad))
    }

    /// The key that moves anything most.
    fn strongest(&self) -> Option<Finding> {
        let all =
            self.of_metric().flat_map(|(metric, of)| of.keys.iter().map(move |key| (metric, key)));
        let decided = all.filter(|(_, key)| strength(key).is_some_and(|of| is_decided(&of)));
        let mut decided: Vec<(&str, &KeySensitivity)> = decided.collect();
        decided.sort_by(|a, b| size(b.1).total_cmp(&size(a.1)));
        let sobol = self.sweep.sensitivity.method == Method::SobolIndices;
        let Some(&(metric, key)) = decided.first() else {
            let says = "No interval of a sensitivity leaves out 0: more points, or worlds a point, \
                        would be needed.";
            let none = self.of_metric().any(|(_, of)| !of.keys.is_empty());
            return none
                .then(|| Finding::new("No key moves a metric beyond doubt", says, Mood::Plain));
        };
        let told = |(metric, key): &(&str, &KeySensitivity)| {
            let form = |of: Option<Estimated>| {
                of.map_or_else(String::new, |of| {
                    interval(of.value, of.low, of.high, |x| fixed(x, 2))
                })
            };
            let name = named(self.sweep, key);
            if sobol {
                format!("{name} has a hand in {} of the variance of {metric}", form(key.total))
            } else {
                format!("{metric} goes with {name} by {}", form(key.coefficient))
            }
        };
        let mut others: Vec<&(&str, &KeySensitivity)> = Vec::new();
        for one in &decided {
            if others.iter().all(|other| other.0 != one.0) {
                others.push(one);
            }
        }
        let words: Vec<String> = others.iter().take(3).map(|it| told(it)).collect();
        let what = if sobol { "total indices" } else { "standard deviations a standard deviation" };
        let says = format!("{} ({what}, 95 % intervals).", words.join("; "));
        Some(Finding::new(format!("{} moves {metric} most", key.key), says, Mood::Plain))
    }

    /// The ends of the front.
    fn front(&self, pareto: &Pareto) -> Finding {
        let all = self.points.len();
        let headline =
            format!("{} of {} are on the front", pareto.points.len(), several(all as u64, "point"));
        let Some([first, second]) = pareto.metrics.get(..2) else {
            let says = "No point is better in the one metric that was traded.".to_owned();
            return Finding::new(headline, says, Mood::Plain);
        };
        let told = |point: &PointMeans| {
            let of = |metric: &str| {
                let of = point.metrics.get(metric).and_then(|of| of.value);
                format!("{metric} {}", or_none(of, |x| figures(x, x / 10.0)))
            };
            let keys = point.values.iter().map(|(key, value)| format!("{key} = {}", short(value)));
            let keys = keys.collect::<Vec<_>>().join(", ");
            format!("{} and {} at {keys}", of(&first.metric), of(&second.metric))
        };
        let says = match (pareto.points.first(), pareto.points.last()) {
            (Some(one), Some(two)) if one.point != two.point => format!(
                "From {} to {}{}.",
                told(one),
                told(two),
                match pareto.metrics.len() {
                    2 => ": between them what is better in the one is worse in the other",
                    _ => ", and between them points that no other beats in all",
                }
            ),
            (Some(one), _) => format!("One point is best in all: {}.", told(one)),
            _ => "No point had a value of all of them.".to_owned(),
        };
        Finding::new(headline, says, Mood::Plain)
    }

    /// The metric that differs most between points, as a share of its mean.
    fn widest(&self) -> Option<Finding> {
        let span = |metric: &str| {
            let values = self
                .points
                .iter()
                .filter_map(|point| Some((point.metrics.get(metric)?.value?, point)));
            let least = values.clone().min_by(|a, b| a.0.total_cmp(&b.0))?;
            let most = values.max_by(|a, b| a.0.total_cmp(&b.0))?;
            let mean = self.summary.value(metric)?.abs();
            let share = (most.0 - least.0) / mean;
            (share.is_finite() && share > 0.0).then_some((share, least, most))
        };
        let spans = self.metrics.iter().filter_map(|&metric| Some((metric, span(metric)?)));
        let (metric, (share, least, most)) = spans.max_by(|a, b| a.1.0.total_cmp(&b.1.0))?;
        let keys = |point: &PointMeans| {
            let keys = point.values.iter().map(|(key, value)| format!("{key} = {}", short(value)));
            keys.collect::<Vec<_>>().join(", ")
        };
        let scale = most.0 - least.0;
        let says = format!(
            "From {} at {} to {} at {}, {} of its mean: of the metrics shown here none differs more \
             between points. Means of {} each.",
            figures(least.0, scale),
            keys(least.1),
            figures(most.0, scale),
            keys(most.1),
            crate::report::numbers::percent(share),
            several(u64::from(self.sweep.worlds), "world"),
        );
        Some(Finding::new(format!("{metric} differs most"), says, Mood::Plain))
    }

    /// What cannot be told.
    fn not_told(&self) -> Option<Finding> {
        let silent = self
            .of_metric()
            .filter_map(|(metric, of)| Some(format!("{metric}: {}", of.why.as_ref()?)));
        let bent = self.of_metric().filter(|(_, of)| of.r2.is_some_and(|r2| r2 < LITTLE));
        let bent: Vec<&str> = bent.map(|(metric, _)| metric).collect();
        let mut says: Vec<String> = silent.take(2).collect();
        if !bent.is_empty() {
            let names = bent.join(", ");
            says.push(format!("straight lines explain less than half of the variance of {names}"));
        }
        let says = format!("{}.", says.join("; "));
        (says.len() > 1).then(|| Finding::new("Not all can be told", says, Mood::Plain))
    }

    fn sensitivities(&self) -> Section {
        let (what, legend) = method(self.sweep);
        let legend = legend.replace('\n', " ");
        let lead = format!("{}. {legend}", capital(what));
        let mut section = Section::new("What moves what", lead);
        for (metric, of) in self.of_metric() {
            section.charts.push(self.bars(metric, of));
        }
        section.tables.push(self.table());
        section
    }

    /// A bar a key; of indices the total as a bar and the first order as a dot.
    fn bars(&self, metric: &str, of: &MetricSensitivity) -> Chart {
        let keys = &of.keys[..of.keys.len().min(MOST_BARS)];
        let names = labels(self.sweep, keys);
        let at = |of: Option<Estimated>, y: f64| {
            let Estimated { value, low, high } = of?;
            Some(Point::new(value?, y).within(low, high))
        };
        let layer =
            |name, shape, colour, aside: f64, of: &dyn Fn(&KeySensitivity) -> Option<Estimated>| {
                let rows = keys.iter().zip(0_u32..);
                let points = rows.filter_map(|(key, row)| at(of(key), f64::from(row) + aside));
                let mut points: Vec<Point> = points.collect();
                points.sort_by(|a, b| a.x.total_cmp(&b.x));
                Layer::new(name, shape, colour, points)
            };
        let says = match (&of.why, of.r2) {
            (Some(why), _) => format!("Nothing to tell: {why}."),
            (None, Some(r2)) => {
                let r2 = fixed(r2, 2);
                format!("R² {r2}, of {}.", several(of.n as u64, "point"))
            }
            (None, None) => format!("Of {}.", several(of.n as u64, "base row")),
        };
        let more = of.keys.len() - keys.len();
        let says = if more > 0 { format!("{says} {more} more in the table.") } else { says };
        let y = Axis::names("key", names).reversed();
        let title = format!("What moves {metric}");
        let name = format!("moves-{metric}");
        if self.sweep.sensitivity.method == Method::SobolIndices {
            let x = Axis::linear("share of the variance", "ratio").from_to(0.0, 1.0);
            let layers = [
                layer("total, with all interplay", Shape::Lying, Colour::Nth(0), 0.0, &|key| {
                    key.total
                }),
                layer("first order, by itself", Shape::Forest, Colour::Nth(1), 0.25, &|key| {
                    key.first
                }),
            ];
            return Chart::new(name, title, says, (x, y)).with(layers);
        }
        let pick = |decided: bool| {
            move |key: &KeySensitivity| key.coefficient.filter(|of| is_decided(of) == decided)
        };
        let layers = [
            layer("no accident", Shape::Lying, Colour::Nth(0), 0.0, &pick(true)),
            layer("may be an accident", Shape::Lying, Colour::Muted, 0.0, &pick(false)),
        ];
        let x = Axis::linear("standardised regression coefficient", "SD/SD").from_to(-1.0, 1.0);
        Chart::new(name, title, says, (x, y)).with(layers).ruled([Rule::x(0.0, "", Colour::Muted)])
    }

    fn table(&self) -> Table {
        let sobol = self.sweep.sensitivity.method == Method::SobolIndices;
        let columns: &[&str] = if sobol {
            &["metric", "n", "key", "first", "total"]
        } else {
            &["metric", "R²", "key", "coefficient"]
        };
        let mut table = Table::new("sensitivities", "What moves what, every metric", columns);
        for (metric, of) in &self.sweep.sensitivity.metrics {
            for key in &of.keys {
                let told = |value: Option<Estimated>, shown: String| {
                    Cell::number(value.and_then(|of| of.value), |_| shown)
                };
                let n = Cell::number(Some(of.n as f64), |n| count(n as u64));
                let r2 = Cell::number(of.r2, |r2| fixed(r2, 2));
                let name = named(self.sweep, key);
                let mut row =
                    vec![Cell::text(metric), if sobol { n } else { r2 }, Cell::text(name)];
                if sobol {
                    row.extend([key.first, key.total].map(|of| told(of, index(of))));
                } else {
                    row.push(told(key.coefficient, coefficient(key.coefficient)));
                }
                table.rows.push(row);
            }
        }
        table
    }

    fn trades(&self, pareto: &Pareto) -> Section {
        let of = |it: &crate::store::Objective| format!("{} ({})", it.metric, direction(it.better));
        let named: Vec<String> = pareto.metrics.iter().map(of).collect();
        let lead = format!(
            "Points on the front are beaten by no other in all of {} at once; every other point is.",
            named.join(" and ")
        );
        let mut section = Section::new("The best trades", lead);
        for (i, one) in pareto.metrics.iter().enumerate() {
            for two in &pareto.metrics[i + 1..] {
                section.charts.push(self.trade(pareto, &one.metric, &two.metric));
            }
        }
        let title = "The front, with the values of the keys";
        let metrics: Vec<&str> = pareto.metrics.iter().map(|it| &*it.metric).collect();
        section.tables.push(self.rows("front", title, &pareto.points, &metrics));
        section
    }

    fn trade(&self, pareto: &Pareto, one: &str, two: &str) -> Chart {
        let is_on = |point: &PointMeans| pareto.points.iter().any(|on| on.point == point.point);
        let dot = |point: &PointMeans| {
            let (x, y) = (point.metrics.get(one)?.value?, point.metrics.get(two)?);
            Some(Point::new(x, y.value?))
        };
        let sorted = |mut points: Vec<Point>| {
            points.sort_by(|a, b| a.x.total_cmp(&b.x));
            points
        };
        let step = self.points.len().div_ceil(MOST_DOTS).max(1);
        let rest = self.points.iter().filter(|point| !is_on(point)).step_by(step).filter_map(dot);
        let rest = sorted(rest.collect());
        let front = sorted(pareto.points.iter().filter_map(dot).collect());
        let line = front.clone();
        let two_alone = pareto.metrics.len() == 2;
        let mut layers = vec![Layer::new("beaten by another", Shape::Dots, Colour::Muted, rest)];
        if two_alone && line.len() > 1 {
            layers.push(Layer::new(
                "between points of the front",
                Shape::Dashes,
                Colour::Good,
                line,
            ));
        }
        layers.push(Layer::new("on the front", Shape::Dots, Colour::Good, front));
        let axis = |metric: &str| {
            let better = pareto.metrics.iter().find(|it| it.metric == metric);
            let better = better.map_or("", |it| direction(it.better));
            Axis::linear(&format!("{metric}, {better}"), self.unit(metric))
        };
        let mut says = format!(
            "{} on the front. Every point met the same {}.",
            several(pareto.points.len() as u64, "point"),
            several(u64::from(self.sweep.worlds), "world")
        );
        if pareto.left_out > 0 {
            says.push_str(&format!(" {} had no value of one of these.", pareto.left_out));
        }
        let title = format!("{one} against {two}");
        let chart = Chart::new(format!("pareto-{one}-{two}"), title, says, (axis(one), axis(two)));
        chart.with(layers)
    }

    /// How each metric answers: along the key, over two of them, or against the key that moves it most.
    fn responses(&self) -> Section {
        let vary = &self.sweep.vary;
        let keys: Vec<&str> = vary.iter().map(|varied| &*varied.key).collect();
        let lead = match (vary.as_slice(), self.sweep.design.as_str()) {
            ([_], _) if self.sweep.worlds > 1 => {
                "Means over worlds, with their 95 % intervals. The worlds are the same at every point, so \
                 that differences between points are surer than the bands look."
                    .to_owned()
            }
            ([_], _) => "One world a point, the same at every point; without a second there is no interval."
                .to_owned(),
            ([_, _], "grid") => {
                "One cell a point: the stronger its colour, the more. What the faintest and the strongest stand for is said below."
                    .to_owned()
            }
            _ => "Every point against the key that moves the metric most; the other keys vary, too.".to_owned(),
        };
        let mut section = Section::new(format!("Along {}", keys.join(", ")), lead);
        for &metric in &self.metrics {
            let unit = self.unit(metric);
            section.charts.push(match (vary.as_slice(), self.sweep.design.as_str()) {
                ([one], _) => along(one, metric, unit, &self.points),
                ([one, two], "grid") => squares(one, two, metric, unit, &self.points),
                _ => {
                    let of = self.sweep.sensitivity.metrics.get(metric);
                    let most =
                        of.and_then(|of| of.keys.iter().max_by(|a, b| size(a).total_cmp(&size(b))));
                    let key = most.and_then(|most| vary.iter().find(|it| it.key == most.key));
                    let moves = key.is_some();
                    let Some(key) = key.or(vary.first()) else { continue };
                    scatter(key, metric, unit, &self.points, (MOST_DOTS, moves))
                }
            });
        }
        let points = &self.points[..self.points.len().min(MOST_LINES)];
        let title = match self.points.len() - points.len() {
            0 => "Means of each point".to_owned(),
            more => format!("Means of each point; {} more in rows.csv", count(more as u64)),
        };
        section.tables.push(self.rows("points", &title, points, &self.metrics));
        section
    }

    fn rows(&self, name: &str, title: &str, points: &[PointMeans], metrics: &[&str]) -> Table {
        let keys: Vec<&str> = self.sweep.vary.iter().map(|varied| &*varied.key).collect();
        let heads = metrics.iter().map(|metric| match self.unit(metric) {
            "" => (*metric).to_owned(),
            unit => format!("{metric} [{unit}]"),
        });
        let heads: Vec<String> = heads.collect();
        let columns: Vec<&str> = ["point"]
            .into_iter()
            .chain(keys.iter().copied())
            .chain(heads.iter().map(String::as_str))
            .collect();
        let mut table = Table::new(name, title, &columns);
        for point in points {
            let mut row = vec![Cell::number(Some(f64::from(point.point)), |n| count(n as u64))];
            row.extend(keys.iter().map(|&key| {
                let text = point.values.get(key).map_or("", String::as_str);
                match text.parse::<f64>() {
                    Ok(value) => Cell::number(Some(value), |_| short(text)),
                    Err(_) => Cell::text(text),
                }
            }));
            row.extend(metrics.iter().map(|&metric| {
                let of = point.metrics.get(metric).copied();
                let of = of.unwrap_or(Estimated { value: None, low: None, high: None });
                let half = of.high.zip(of.low).map(|(high, low)| (high - low) / 2.0);
                let scale = half.filter(|&half| half > 0.0).or(of.value).unwrap_or(0.0);
                let form = |value| figures(value, scale);
                Cell::number(of.value, |_| interval(of.value, of.low, of.high, form))
            }));
            table.rows.push(row);
        }
        table
    }
}

/// Keys beside their bars: of names without the key where one would be too long to be read there.
fn labels(sweep: &SweepSummary, keys: &[KeySensitivity]) -> Vec<String> {
    let whole: Vec<String> = keys.iter().map(|key| named(sweep, key)).collect();
    if whole.iter().all(|label| label.chars().count() <= MOST_LETTERS) {
        return whole;
    }
    let short = |label: String| match label.split_once(": ") {
        Some((_, level)) => level.to_owned(),
        None => label,
    };
    whole.into_iter().map(short).collect()
}

/// A value of a key in no more figures than anybody reads.
fn short(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(value) if text.len() > 6 => figures(value, value),
        _ => text.to_owned(),
    }
}
