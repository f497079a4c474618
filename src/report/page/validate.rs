//! What is told of a validation: how far each known answer is from what came out.

use super::{
    Axis, Cell, Chart, Colour, Finding, Layer, Mood, Point, Rule, Section, Shape, Story, Table,
};
use crate::report::numbers::{NONE, count, fixed, several};
use crate::report::validate::{names, places};
use crate::store::{Answer, RunFolder, StoreError, Summary};

/// Quantities that are drawn with their names: those that are nearest to their limits.
const NEAREST: usize = 20;
/// Answers that a finding names.
const NAMED: usize = 3;

pub(super) fn story(_: &RunFolder, summary: &Summary) -> Result<Story, StoreError> {
    let answers = &summary.cases;
    let lead = "How far what came out is from what is known, as a share of the tolerance of each: \
                between the lines at −1 and 1 it is right. A tolerance is how far chance alone, or the \
                finite size of a case, may take it.";
    let mut section = Section::new("What is known and what came out", lead);
    section.charts = vec![overview(answers), nearest(answers)];
    section.tables.push(table(answers));
    Ok(Story { findings: findings(summary), sections: vec![section] })
}

/// How far it is from what is known [tolerances]; nothing where there was no sample, or where it should
/// have been exact and is not.
fn off(answer: &Answer) -> Option<f64> {
    let off = answer.got? - answer.expected;
    if off == 0.0 {
        return Some(0.0);
    }
    Some(off / answer.tolerance).filter(|off| off.is_finite())
}

fn shown(answer: &Answer) -> String {
    let places = places(answer);
    let got = answer.got.map_or_else(|| NONE.to_owned(), |got| fixed(got, places));
    let expected = fixed(answer.expected, places);
    let allowed = tolerance(answer);
    format!("{} ({}): {got}, should be {expected} ({allowed})", answer.quantity, answer.name)
}

fn tolerance(answer: &Answer) -> String {
    if answer.tolerance == 0.0 {
        return "exact".to_owned();
    }
    format!("± {}", fixed(answer.tolerance, places(answer)))
}

fn findings(summary: &Summary) -> Vec<Finding> {
    let answers = &summary.cases;
    let failed: Vec<&Answer> = answers.iter().filter(|answer| !answer.pass).collect();
    let right = answers.len() - failed.len();
    let headline = format!("{right} of {} known answers come out right", answers.len());
    let mood = match (answers.is_empty(), failed.is_empty()) {
        (true, _) => Mood::Plain,
        (_, true) => Mood::Good,
        _ => Mood::Bad,
    };
    let cases = several(names(answers).len() as u64, "case");
    let events = count(summary.counts.events);
    let says = format!("{cases}, {events} events, seed {}.", summary.seed);
    let mut findings = vec![Finding::new(headline, says, mood)];
    if !failed.is_empty() {
        let more = if failed.len() > NAMED { "; …" } else { "" };
        let words: Vec<String> = failed.iter().take(NAMED).map(|answer| shown(answer)).collect();
        let says = format!("{}{more}.", words.join("; "));
        findings.push(Finding::new(format!("{} not right", failed.len()), says, Mood::Bad));
    }
    let passed = answers.iter().filter(|answer| answer.pass && answer.tolerance > 0.0);
    let size = |answer: &&Answer| off(answer).map_or(0.0, f64::abs);
    if let Some(closest) = passed.clone().max_by(|a, b| size(a).total_cmp(&size(b))) {
        let share = size(&closest);
        let headline = format!("The closest call is at {} of its tolerance", fixed(share, 2));
        let says =
            format!("{}. Of those that are right no other is nearer to its limit.", shown(closest));
        findings.push(Finding::new(headline, says, Mood::Plain));
    }
    let exact = answers.iter().filter(|answer| answer.tolerance == 0.0);
    let (all, hit) = (exact.clone().count(), exact.filter(|answer| answer.pass).count());
    if findings.len() < 3 && all > 0 {
        let mood = if all == hit { Mood::Good } else { Mood::Bad };
        let says = "Money to the cent, and worlds to the last fact: here no tolerance is given.";
        findings.push(Finding::new(format!("{hit} of {all} exact answers hit"), says, mood));
    }
    findings
}

/// Dots of what passed and of what did not, each in its row.
fn layers(dots: &[(f64, f64, bool)]) -> [Layer; 2] {
    let of = |pass: bool, name, colour| {
        let here = dots.iter().filter(|dot| dot.2 == pass);
        let mut points: Vec<Point> = here.map(|dot| Point::new(dot.0, dot.1)).collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        Layer::new(name, Shape::Forest, colour, points)
    };
    [of(true, "right", Colour::Good), of(false, "not right", Colour::Bad)]
}

fn chart(what: (&str, &str, String), y: Axis, dots: &[(f64, f64, bool)]) -> Chart {
    let x = Axis::linear("got less expected, over the tolerance", "tolerances").from_to(-1.1, 1.1);
    let rules = [
        Rule::x(-1.0, "limit", Colour::Bad),
        Rule::x(0.0, "", Colour::Muted),
        Rule::x(1.0, "limit", Colour::Bad),
    ];
    let (name, title, says) = what;
    Chart::new(name, title, says, (x, y)).with(layers(dots)).ruled(rules)
}

/// Every quantity in the row of its case.
fn overview(answers: &[Answer]) -> Chart {
    let cases = names(answers);
    let row = |answer: &Answer| cases.iter().position(|case| *case == answer.name);
    let dot = |answer: &Answer| Some((off(answer)?, row(answer)? as f64, answer.pass));
    let dots: Vec<_> = answers.iter().filter_map(dot).collect();
    let left: Vec<&str> =
        answers.iter().filter(|it| off(it).is_none()).map(|it| &*it.quantity).collect();
    let mut says = "A dot a quantity, in the row of its case.".to_owned();
    if !left.is_empty() {
        says.push_str(&format!(" Not seen, or not exact as it should be: {}.", left.join(", ")));
    }
    let y = Axis::names("case", cases.iter().map(|&case| case.to_owned()).collect()).reversed();
    chart(("answers", "Every known answer", says), y, &dots)
}

/// The quantities that are nearest to their limits, or beyond.
fn nearest(answers: &[Answer]) -> Chart {
    let mut found: Vec<(f64, &Answer)> = answers
        .iter()
        .filter(|answer| answer.tolerance > 0.0)
        .filter_map(|answer| Some((off(answer)?, answer)))
        .collect();
    found.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
    let all = found.len();
    found.truncate(NEAREST);
    // The case is said where there are two of a name: labels have little room.
    let label = |answer: &Answer| {
        let alike = answers.iter().filter(|other| other.quantity == answer.quantity);
        if alike.count() > 1 {
            format!("{} ({})", answer.quantity, answer.name)
        } else {
            answer.quantity.clone()
        }
    };
    let names = found.iter().map(|(_, answer)| label(answer)).collect();
    let dots: Vec<_> =
        found.iter().zip(0_u32..).map(|(it, row)| (it.0, f64::from(row), it.1.pass)).collect();
    let says = format!("The {} of {all} with a tolerance that used most of it.", found.len());
    let y = Axis::names("quantity", names).reversed();
    chart(("nearest", "Nearest to their limits", says), y, &dots)
}

fn table(answers: &[Answer]) -> Table {
    let columns =
        ["case", "quantity", "expected", "got", "tolerance", "off by [tolerances]", "verdict"];
    let mut table = Table::new("answers-all", "Every known answer", &columns);
    for answer in answers {
        let number = |value: Option<f64>| Cell::number(value, |value| fixed(value, places(answer)));
        table.rows.push(vec![
            Cell::text(&answer.name),
            Cell::text(&answer.quantity),
            number(Some(answer.expected)),
            number(answer.got),
            Cell::number(Some(answer.tolerance), |_| tolerance(answer)),
            Cell::number(off(answer), |off| fixed(off, 2)),
            Cell::text(if answer.pass { "right" } else { "not right" }),
        ]);
    }
    table
}
