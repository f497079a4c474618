//! What is printed.

use brocante::store::Machine;
use comfy_table::presets::{ASCII_MARKDOWN, NOTHING};
use comfy_table::{CellAlignment, ContentArrangement, Table};

use crate::clock::Times;
use crate::market::Market;
use crate::peer::Plan;
use crate::{Args, Line};

/// What our lines are called: others are compared with them.
pub const OURS: [&str; 2] = ["brocante, order kept at the write", "brocante, scored at the read"];

/// Says what is measured, and where: a paragraph a line, or a list in Markdown.
pub fn header(args: &Args, market: &Market, plan: &Plan) -> String {
    let machine = Machine::here();
    let cpu = machine.cpu.as_deref().unwrap_or("an unknown processor");
    let pinned = match plan.cores {
        Some([reader, writer]) => {
            format!("queries are asked on core {}, changes made on core {}", reader.id, writer.id)
        }
        None => "there are no two cores to choose, so threads are not pinned".to_owned(),
    };
    let mut sizes: Vec<usize> =
        plan.queries.iter().map(|query| market.products[query.product as usize].len()).collect();
    sizes.sort_unstable();
    let median = sizes[sizes.len() / 2];
    let mean = sizes.iter().sum::<usize>() as f64 / sizes.len() as f64;
    let (seed, products) = (market.seed, market.products.len());
    let says = [
        format!("Machine: {} cores of {cpu}; {pinned}.", machine.cores),
        format!(
            "Market: seed {seed}, {} offers of {products} products; a query meets a median of \
             {median} offers, mean {mean:.1}. No two offers of a product tie. The ten best are found.",
            whole(market.offers() as f64)
        ),
        format!(
            "Times: medians over {} rounds of {} ms each, in which peers take turns; less {:.0} ns \
             for a reading of the clock.",
            args.rounds, args.millis, plan.clock.cost_ns
        ),
        format!(
            "Changes: 80 % prices, 10 % sales, 10 % restocks; {} a second are offered in batches of \
             {}.",
            whole(args.rate.into()),
            whole(args.batch.into())
        ),
    ];
    let mark = if args.markdown { "- " } else { "" };
    says.map(|line| format!("{mark}{line}\n")).concat()
}

const HOW_TO_READ: &str = "\
p50 and p99 are those of single queries, each asked when the last was answered, so that a writer who
locks readers out shows in the mean more than in them; * is the p50 of the means of 16 different queries,
as one is too fast for the clock. Ratios are those of p50.
";

fn sheet(markdown: bool, head: [&str; 2], mean: &str) -> Table {
    let mut table = Table::new();
    table
        .load_style(if markdown { ASCII_MARKDOWN } else { NOTHING })
        .set_content_arrangement(ContentArrangement::Disabled);
    let [what, where_] = head;
    let ratios = ["× order kept", "× scored at read"];
    table.set_header([what, where_, "p50 [ns]", "p99 [ns]", mean, ratios[0], ratios[1]]);
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Both tables, and how to read them.
pub fn tables(lines: &[Line], markdown: bool) -> String {
    let mut at_rest = sheet(markdown, ["at rest", "where"], "mean to p99 [ns]");
    let mut written = sheet(markdown, ["while changes are made", "changes/s"], "mean [ns]");
    let ours = |which: fn(&Line) -> Times| {
        OURS.map(|name| lines.iter().find(|line| line.name == name).map(|line| which(line).p50()))
    };
    let (rest_p50, written_p50) = (ours(resting), ours(writing));
    for line in lines {
        let name = line.name.clone();
        if line.entrant.is_none() {
            at_rest.add_row([name, line.place.clone()]);
            continue;
        }
        let mut row = vec![name.clone(), line.place.clone()];
        let times = resting(line);
        row.extend(figures(times, times.usual_mean, &rest_p50));
        at_rest.add_row(row);
        let rate = median(line.under_writes.iter().map(|written| written.rate));
        let mut row = vec![name, whole(rate)];
        let times = writing(line);
        row.extend(figures(times, times.mean, &written_p50));
        written.add_row(row);
    }
    format!("{}\n\n{}\n\n{HOW_TO_READ}", at_rest.trim_fmt(), written.trim_fmt())
}

/// Times of a line, and their ratios to ours.
fn figures(times: Times, mean: f64, ours: &[Option<f64>; 2]) -> Vec<String> {
    let p50 = format!("{}{}", number(times.p50()), if times.fast() { "*" } else { "" });
    let mut figures = vec![p50, number(times.p99), number(mean)];
    let ratio = |ours: &Option<f64>| ours.map_or_else(String::new, |p50| number(times.p50() / p50));
    figures.extend(ours.iter().map(ratio));
    figures
}

fn resting(line: &Line) -> Times {
    medians(line.at_rest.clone())
}

fn writing(line: &Line) -> Times {
    medians(line.under_writes.iter().map(|written| written.times).collect())
}

fn medians(turns: Vec<Times>) -> Times {
    let of = |which: fn(&Times) -> f64| median(turns.iter().map(which));
    Times {
        single_p50: of(|times| times.single_p50),
        together_p50: of(|times| times.together_p50),
        p99: of(|times| times.p99),
        usual_mean: of(|times| times.usual_mean),
        mean: of(|times| times.mean),
    }
}

/// The median; of no numbers, not a number.
fn median(of: impl Iterator<Item = f64>) -> f64 {
    let mut of: Vec<f64> = of.collect();
    of.sort_by(f64::total_cmp);
    let [low, high] = [of.len().saturating_sub(1) / 2, of.len() / 2].map(|i| of.get(i));
    low.zip(high).map_or(f64::NAN, |(low, high)| (low + high) / 2.0)
}

/// Two places below 10, one below 100, none from there on.
fn number(x: f64) -> String {
    match x {
        x if x < 9.95 => format!("{x:.2}"),
        x if x < 99.5 => format!("{x:.1}"),
        x => whole(x),
    }
}

/// A whole number with its thousands apart.
fn whole(x: f64) -> String {
    let digits = format!("{x:.0}");
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_at_a_glance() {
        let shown = [0.5, 9.96, 42.0, 279.4, 11_100.2, 1_234_567.0].map(number);
        assert_eq!(shown, ["0.50", "10.0", "42.0", "279", "11,100", "1,234,567"]);
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0].into_iter()), 2.5);
    }
}
