//! What is printed.

use brocante::store::Machine;
use comfy_table::presets::{ASCII_MARKDOWN, NOTHING};
use comfy_table::{CellAlignment, ContentArrangement, Table};

use crate::clock::Times;
use crate::market::Market;
use crate::peer::Plan;
use crate::{Args, Line};

/// The first two lines of the tables are ours: others are compared with them.
const OURS: usize = 2;

/// Says what is measured, and where.
pub fn header(args: &Args, market: &Market, plan: &Plan) {
    let machine = Machine::here();
    let cpu = machine.cpu.as_deref().unwrap_or("an unknown processor");
    let mut sizes: Vec<usize> =
        plan.queries.iter().map(|query| market.products[query.product as usize].len()).collect();
    sizes.sort_unstable();
    let median = sizes[sizes.len() / 2];
    let mean = sizes.iter().sum::<usize>() as f64 / sizes.len() as f64;
    println!(
        "Machine: {} cores of {cpu}. {}.",
        machine.cores,
        match plan.cores {
            Some([reader, writer]) => format!(
                "Queries are asked on core {}, changes are made on core {}",
                reader.id, writer.id
            ),
            None => "There is one core, or none to choose: threads are not pinned".to_owned(),
        }
    );
    println!(
        "Market: seed {}, {} products, {} offers; a query meets a median of {median} offers, mean \
         {mean:.1}. No two offers of a product tie.",
        market.seed,
        market.products.len(),
        market.offers()
    );
    println!(
        "Times: medians over {} turns of {} ms each, in which peers take turns; less {:.0} ns for a \
         reading of the clock.",
        args.rounds, args.millis, plan.clock.cost_ns
    );
    println!(
        "Changes: 80 % prices, 10 % sales, 10 % restocks; {} a second are offered in batches of {}.",
        args.rate, args.batch
    );
    println!();
}

/// A table and how it is drawn.
struct Sheet {
    table: Table,
}

impl Sheet {
    fn new(markdown: bool, head: &[&str]) -> Sheet {
        let mut table = Table::new();
        table
            .load_style(if markdown { ASCII_MARKDOWN } else { NOTHING })
            .set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(head);
        for column in table.column_iter_mut().skip(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        Sheet { table }
    }

    fn print(&self) {
        println!("{}\n", self.table.trim_fmt());
    }
}

/// Prints both tables, and how to read them.
pub fn print(lines: &[Line], markdown: bool) {
    let ratios = ["× order kept", "× scored at read"];
    let mut at_rest = Sheet::new(
        markdown,
        &["at rest", "where", "p50 [ns]", "p99 [ns]", "mean to p99 [ns]", ratios[0], ratios[1]],
    );
    let mut written = Sheet::new(
        markdown,
        &[
            "while changes are made",
            "changes/s",
            "p50 [ns]",
            "p99 [ns]",
            "mean [ns]",
            ratios[0],
            ratios[1],
        ],
    );
    let ours = |which: fn(&Line) -> Times| -> Vec<f64> {
        let ours = lines.iter().take(OURS).filter(|line| line.name.starts_with("brocante"));
        ours.map(|line| which(line).p50()).collect()
    };
    let (rest_p50, written_p50) = (ours(resting), ours(writing));
    for line in lines {
        let name = line.name.clone();
        if line.entrant.is_none() {
            at_rest.table.add_row([name, line.place.clone()]);
            continue;
        }
        let mut row = vec![name.clone(), line.place.clone()];
        let times = resting(line);
        row.extend(figures(times, times.usual_mean, &rest_p50));
        at_rest.table.add_row(row);
        let rate = median(line.under_writes.iter().map(|written| written.rate));
        let mut row = vec![name, whole(rate)];
        let times = writing(line);
        row.extend(figures(times, times.mean, &written_p50));
        written.table.add_row(row);
    }
    at_rest.print();
    written.print();
    println!(
        "p50 and p99 are those of single queries, each asked when the last was answered, so that a \
         writer who locks readers out shows in the mean more than in them; * is the p50 of the means of \
         16 different queries, as one is too fast for the clock. Ratios are those of p50."
    );
}

/// Times of a line, and their ratios to ours.
fn figures(times: Times, mean: f64, ours: &[f64]) -> Vec<String> {
    let p50 = format!("{}{}", number(times.p50()), if times.fast() { "*" } else { "" });
    let mut figures = vec![p50, number(times.p99), number(mean)];
    figures.extend(ours.iter().map(|ours| number(times.p50() / ours)));
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
