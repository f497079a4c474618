//! The summary at the end of a run, for a terminal of 80 columns.

use super::groups::{Group, grouped};
use super::numbers::{NONE, count, fixed, or_none, percent, several, share};
use crate::measure::SellerRow;
use crate::store::{Counts, Summary};
use anstyle::Style;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use std::fmt::Write;
use std::path::Path;

/// Columns of a terminal that everything fits in.
const WIDTH: usize = 80;
/// Columns of the labels on the left.
const LABEL: usize = 12;
/// How many sellers are named.
const WINNERS: usize = 5;
/// How many groups a table lists before it folds the rest into one line.
const GROUPS: usize = 12;

/// The market in ten lines, who won and who never sold, by kind and by country; seed, digest, folder.
///
/// Of several worlds the lines above the tables give means, with half of the 95 % interval where there
/// is one; `sellers` are those of world 0. Colours are the caller's wish: without them there is no
/// escape sequence in the text.
pub fn summary_text(
    summary: &Summary,
    sellers: &[SellerRow],
    folder: Option<&Path>,
    colour: bool,
) -> String {
    let paint = Paint { colour };
    let mut text = String::new();
    let worlds = summary.worlds.len();
    let _ = writeln!(text, "{}: {}\n", paint.bold(&summary.scenario.name), extent(summary));
    for (label, parts) in market(summary) {
        line(&mut text, label, &parts);
    }
    let of_world = if worlds > 1 { ", world 0" } else { "" };
    heading(&mut text, paint, &format!("Who won{of_world}"));
    text.push_str(&winners(sellers));
    text.push('\n');
    text.push_str(&never_sold(sellers));
    heading(&mut text, paint, &format!("By kind{of_world}"));
    text.push_str(&groups("kind", sellers, |row| &row.kind));
    heading(&mut text, paint, &format!("By country{of_world}"));
    text.push_str(&groups("country", sellers, |row| &row.country));
    text.push('\n');
    text.push_str(&foot(summary, folder, paint));
    text
}

/// How long, and over how many worlds of how many markets.
fn extent(summary: &Summary) -> String {
    let weeks = several(u64::from(summary.weeks), "week");
    let (worlds, markets) = (summary.averaged().count(), summary.markets());
    let cut = summary.worlds.iter().any(|world| !world.complete);
    match (worlds, markets) {
        (0 | 1, _) if summary.averaged().any(|world| !world.complete) => {
            format!("{weeks} of a run that was interrupted")
        }
        (0 | 1, _) if cut => format!("{weeks}, the one world that was finished"),
        (0 | 1, _) => weeks,
        (n, 0 | 1) => format!("{weeks}, means of {n} worlds (± half a 95 % interval)"),
        (n, markets) => {
            format!("{weeks}, {markets} markets, {n} worlds (means ± half a 95 % interval)")
        }
    }
}

/// Bold and colour, where they are wanted.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    pub(super) colour: bool,
}

impl Paint {
    fn with(self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_string() }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    pub(super) fn accent(self, text: &str) -> String {
        self.with(anstyle::AnsiColor::Cyan.on_default(), text)
    }

    /// In green what is as it should be, and in red what is not.
    pub(super) fn verdict(self, good: bool, text: &str) -> String {
        use anstyle::AnsiColor::{Green, Red};
        self.with(if good { Green.on_default() } else { Red.on_default().bold() }, text)
    }
}

pub(super) fn heading(text: &mut String, paint: Paint, title: &str) {
    let _ = writeln!(text, "\n{}", paint.bold(title));
}

/// A label and its parts, broken between parts where the line would be too long.
pub(super) fn line(text: &mut String, label: &str, parts: &[String]) {
    let mut current = format!("{label:<LABEL$}");
    let mut empty = true;
    for part in parts {
        let gap = if empty { "" } else { " · " };
        if !empty && current.chars().count() + gap.chars().count() + part.chars().count() > WIDTH {
            let _ = writeln!(text, "{current}");
            current = format!("{:<LABEL$}{part}", "");
        } else {
            current.push_str(gap);
            current.push_str(part);
        }
        empty = false;
    }
    let _ = writeln!(text, "{}", current.trim_end());
}

/// A label and what stands beside it.
type Line = (&'static str, Vec<String>);

/// Ten lines on the market.
fn market(summary: &Summary) -> Vec<Line> {
    let rate = |name: &str| with_interval(summary, name, &percent);
    let mut lines = trade(summary);
    lines.push((
        "experience",
        vec![
            format!("{} late", rate("late_rate")),
            format!("{} defective", rate("defect_rate")),
            format!("{} returned", rate("return_rate")),
            format!("{} cancelled", rate("cancel_rate")),
        ],
    ));
    let number =
        |name: &str, places: usize| with_interval(summary, name, &|value| fixed(value, places));
    lines.push((
        "stars",
        vec![
            format!("{} mean", number("mean_stars", 2)),
            format!("{} when late", number("stars_when_late", 2)),
            format!("{} on time", number("stars_when_on_time", 2)),
            format!("{} reviewed", rate("review_rate")),
        ],
    ));
    for (label, prefix) in [("sales", ""), ("exposure", "exposure_")] {
        let name = |name: &str| format!("{prefix}{name}");
        let parts = vec![
            format!("Gini {}", number(&name("gini"), 3)),
            format!("HHI {}", number(&name("hhi"), 0)),
            format!("top ten {}", rate(&name("top10_share"))),
            format!("as {} equal sellers", number(&name("effective_sellers"), 0)),
        ];
        lines.push((label, parts));
    }
    lines.push((
        "cold start",
        vec![
            format!("{} unsold at 90 days", rate("unsold_at_90d")),
            format!("median {} days", number("cold_start_days", 1)),
            format!("{} stay 26 weeks", rate("survival_26w")),
        ],
    ));
    lines.push((
        "joining",
        vec![
            format!("{} a week", number("joined_per_week", 1)),
            format!("{} graduated", number("graduated", 0)),
            format!("{} suspensions", number("suspended", 0)),
            format!("dispersion {}", number("signings_dispersion", 1)),
        ],
    ));
    lines
}

/// Who was there and what was sold, for how much.
fn trade(summary: &Summary) -> Vec<Line> {
    let worlds = summary.averaged().count().max(1) as f64;
    let mean = |total: u64| fixed(total as f64 / worlds, 0);
    let mut counts = Counts::default();
    summary.averaged().for_each(|world| counts.add(&world.counts));
    let rate = |name: &str| with_interval(summary, name, &percent);
    let number =
        |name: &str, places: usize| with_interval(summary, name, &|value| fixed(value, places));
    let sellers = vec![
        format!("{} at the start", mean(counts.sellers_start)),
        format!("{} joined", mean(counts.sellers_joined)),
        format!("{} left", mean(counts.sellers_exited)),
        format!("{} live at the end", number("live_sellers", 0)),
    ];
    let visits = vec![
        mean(counts.sessions),
        format!("{} order", rate("conversion")),
        format!("{} find nobody", rate("unmet_rate")),
    ];
    let orders = vec![
        mean(counts.orders),
        format!("EUR {}", number("gmv", 0)),
        format!("{} from the box", rate("box_share")),
    ];
    let prices = vec![
        format!("EUR {} an order", number("order_value", 2)),
        format!("{} of reference", number("price_index", 3)),
        format!("{} offers a product", number("offers_per_product", 0)),
    ];
    vec![("sellers", sellers), ("visits", visits), ("orders", orders), ("prices", prices)]
}

/// A metric in a form, with half its interval where it has one.
pub(super) fn with_interval(summary: &Summary, name: &str, form: &dyn Fn(f64) -> String) -> String {
    let Some(metric) = summary.metric(name) else { return NONE.to_string() };
    mean_with((metric.value, metric.low, metric.high), form)
}

/// A mean in a form, with half its interval, by its two ends, where it has one.
pub(super) fn mean_with(
    (mean, low, high): (Option<f64>, Option<f64>, Option<f64>),
    form: &dyn Fn(f64) -> String,
) -> String {
    let mean = or_none(mean, form);
    match (low, high) {
        (Some(low), Some(high)) => {
            // The unit is said once, after both numbers.
            let number = mean.strip_suffix(" %");
            let half = form((high - low) / 2.0);
            number.map_or_else(|| format!("{mean} ± {half}"), |mean| format!("{mean} ± {half}"))
        }
        _ => mean,
    }
}

fn speed(summary: &Summary) -> Vec<String> {
    let cost = &summary.cost;
    let memory = cost.peak_rss_bytes.map(|bytes| bytes as f64 / (1 << 20) as f64);
    vec![
        format!("{} events", count(summary.counts.events)),
        format!("{} s", or_none(Some(cost.sim_s), |s| fixed(s, 2))),
        format!("{} M events/s", or_none(cost.events_per_s, |n| fixed(n / 1e6, 2))),
        format!("peak {} MiB", or_none(memory, |mib| fixed(mib, 0))),
        match summary.workers {
            1 => "1 worker".to_string(),
            n => format!("{n} workers"),
        },
    ]
}

/// Columns without lines: the first ones to the left, the others to the right.
pub(super) fn table<const N: usize>(
    header: [&str; N],
    left: usize,
    rows: Vec<[String; N]>,
) -> String {
    let rows = rows.into_iter().map(|row| row.to_vec()).collect();
    columns(header.map(str::to_string).to_vec(), left, rows)
}

/// The same with a number of columns that only the caller knows.
pub(super) fn columns(header: Vec<String>, left: usize, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    table.add_rows(rows);
    for (i, column) in table.column_iter_mut().enumerate() {
        let side = if i < left { CellAlignment::Left } else { CellAlignment::Right };
        column.set_cell_alignment(side);
        column.set_padding((if i == 0 { 0 } else { 2 }, 0));
    }
    format!("{}\n", table.trim_fmt())
}

/// The sellers with most orders.
fn winners(sellers: &[SellerRow]) -> String {
    let all: u64 = sellers.iter().map(|row| row.orders).sum();
    let mut order: Vec<&SellerRow> = sellers.iter().filter(|row| row.orders > 0).collect();
    order.sort_by_key(|row| (std::cmp::Reverse(row.orders), row.seller));
    if order.is_empty() {
        return "Nobody sold anything.\n".to_string();
    }
    let rows = order.iter().take(WINNERS).map(|row| {
        [
            row.seller.to_string(),
            clip(&row.kind),
            clip(&row.country),
            if row.from_start { "start" } else { "joined" }.to_string(),
            count(row.orders),
            share(row.orders, all),
            or_none(row.mean_stars, |stars| fixed(stars, 2)),
        ]
    });
    let header = ["seller", "kind", "country", "since", "orders", "share", "stars"];
    table(header, 4, rows.collect())
}

/// One sentence on those who never sold.
fn never_sold(sellers: &[SellerRow]) -> String {
    let part = |who: &str, rows: &mut dyn Iterator<Item = &SellerRow>| {
        let (mut all, mut unsold) = (0, 0);
        for row in rows {
            all += 1;
            unsold += u64::from(row.orders == 0);
        }
        format!("{} of {} {who} ({})", count(unsold), count(all), share(unsold, all))
    };
    let everybody = part("sellers", &mut sellers.iter());
    let joiners = part("joiners", &mut sellers.iter().filter(|row| !row.from_start));
    format!("Never sold: {everybody}, {joiners}.\n")
}

/// A table by kind or by country, the group with most orders first, and all of them last.
fn groups(title: &str, sellers: &[SellerRow], key: impl Fn(&SellerRow) -> &str) -> String {
    let (mut order, all) = grouped(sellers.iter(), key);
    let mut rest = Group::default();
    let folded = if order.len() > GROUPS { order.split_off(GROUPS - 1) } else { Vec::new() };
    folded.iter().for_each(|(_, group)| rest.join(group));
    let row = |name: &str, group: &Group| {
        [
            clip(name),
            count(group.sellers),
            count(group.orders),
            share(group.orders, all.orders),
            share(group.unsold, group.sellers),
            or_none(group.mean_stars(), |stars| fixed(stars, 2)),
            count(group.exits),
        ]
    };
    let mut rows: Vec<_> = order.iter().map(|(name, group)| row(name, group)).collect();
    if !folded.is_empty() {
        rows.push(row(&format!("{} others", folded.len()), &rest));
    }
    rows.push(row("all", &all));
    let header = [title, "sellers", "orders", "share", "never sold", "stars", "exits"];
    table(header, 1, rows)
}

/// A name in at most 20 characters.
fn clip(name: &str) -> String {
    const MOST: usize = 20;
    if name.chars().count() <= MOST {
        return name.to_string();
    }
    name.chars().take(MOST - 1).chain(['…']).collect()
}

/// What one needs to find or repeat the run.
pub(super) fn foot(summary: &Summary, folder: Option<&Path>, paint: Paint) -> String {
    let mut text = String::new();
    let label = |name: &str| format!("{name:<LABEL$}");
    line(&mut text, "speed", &speed(summary));
    let _ = writeln!(text, "{}{}", label("seed"), summary.seed);
    let of = if summary.worlds.len() > 1 { " (world 0)" } else { "" };
    let _ = writeln!(text, "{}{}{of}", label("digest"), paint.accent(&summary.digest));
    if let Some(folder) = folder {
        let _ =
            writeln!(text, "{}{}", label("folder"), paint.accent(&folder.display().to_string()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_summary() {
        let (summary, worlds) = fixture::run();
        let folder = Path::new("results/20261122T213704Z-small-run");
        let text = summary_text(&summary, &worlds[0].sellers, Some(folder), false);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn of_several_worlds() {
        let (summary, worlds) = fixture::worlds(3);
        let text = summary_text(&summary, &worlds[0].sellers, None, false);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn of_a_year_of_the_reference_size() {
        let (summary, sellers) = fixture::large();
        let text = summary_text(&summary, &sellers, None, false);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn the_title_says_what_the_means_are_of() {
        let title = |summary: &Summary| {
            let text = summary_text(summary, &[], None, false);
            text.lines().next().unwrap_or_default().to_string()
        };
        let mut summary = fixture::worlds(4).0;
        summary.worlds[3].market = 1;
        assert_eq!(
            title(&summary),
            "small: 2 weeks, 2 markets, 4 worlds (means ± half a 95 % interval)"
        );
        summary.worlds.truncate(2);
        summary.worlds[1].complete = false;
        assert_eq!(title(&summary), "small: 2 weeks, the one world that was finished");
        // Two worlds began, one is told of.
        summary.counts.orders = 1_000_000;
        assert!(!summary_text(&summary, &[], None, false).contains("500,000"));
        summary.worlds.truncate(1);
        summary.worlds[0].complete = false;
        summary.weeks = 1;
        assert_eq!(title(&summary), "small: 1 week of a run that was interrupted");
    }

    #[test]
    fn the_market_is_ten_lines() {
        let (summary, sellers) = fixture::large();
        let text = summary_text(&summary, &sellers, None, false);
        let market = text.lines().skip(2).take_while(|line| !line.is_empty());
        assert_eq!(market.count(), 10, "{text}");
    }

    #[test]
    fn of_nothing() {
        let (mut summary, _) = fixture::run();
        summary.metrics.clear();
        summary.worlds.clear();
        let text = summary_text(&summary, &[], None, false);
        assert!(text.contains("Nobody sold anything."), "{text}");
        assert!(text.contains("Gini –"), "{text}");
        assert!(text.contains("0 of 0 sellers (–)"), "{text}");
    }

    /// Everything fits in 80 columns, and there is no escape sequence unless it is asked for; with
    /// colours the text says the same.
    #[test]
    fn narrow_and_plain() {
        for (summary, sellers) in [
            fixture::large(),
            (fixture::run().0, fixture::run().1.remove(0).sellers),
            (fixture::worlds(3).0, fixture::worlds(3).1.remove(0).sellers),
        ] {
            let plain = summary_text(&summary, &sellers, None, false);
            for line in plain.lines() {
                assert!(line.chars().count() <= WIDTH, "{} columns: {line}", line.chars().count());
                assert_eq!(line, line.trim_end(), "blanks at the end");
            }
            assert!(!plain.contains('\u{1b}'));
            let coloured = summary_text(&summary, &sellers, None, true);
            assert!(coloured.contains('\u{1b}'));
            assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
        }
    }

    #[test]
    fn many_countries_are_folded() {
        let (_, worlds) = fixture::run();
        let sellers: Vec<SellerRow> = (0..15_u32)
            .map(|n| SellerRow {
                country: format!("a country with a rather long name {n}"),
                orders: u64::from(n),
                ..worlds[0].sellers[0].clone()
            })
            .collect();
        let text = groups("country", &sellers, |row| &row.country);
        assert_eq!(text.lines().count(), 1 + GROUPS + 1, "{text}");
        assert!(text.contains("4 others"), "{text}");
    }
}
