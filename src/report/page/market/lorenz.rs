//! Who won: how few sellers have how much of sales and exposure, and how winners got there.

use super::{
    Axis, Chart, Colour, Frame, Point, Run, Section, Shape, layer, missing, ranks, sellers,
};
use crate::measure::SellerRow;
use crate::report::numbers::{count, fixed, percent};
use crate::report::text::with_interval;

/// Where the curve is read: by fiftieths where little happens, by thousandths where the largest are.
pub(super) fn grid() -> impl Iterator<Item = f64> {
    let coarse = (0..45).map(|n| f64::from(n) / 50.0);
    coarse.chain((0..=100).map(|n| 0.9 + f64::from(n) / 1_000.0))
}

pub(super) fn section(run: &Run<'_>) -> Section {
    Section {
        title: "Who won".to_owned(),
        lead: "How few sellers have how much, when the greatest of them got there, and which \
         kinds and countries they are of."
            .to_owned(),
        charts: vec![lorenz(run), ranks::winners(run)],
        tables: vec![sellers::by_kind(run), sellers::by_country(run)],
    }
}

/// The Lorenz curve of amounts, read at `grid`: which share of the whole the poorest part has. Nothing where
/// there is no amount.
///
/// The points (i/n, the i least of n over all) joined by straight lines (Lorenz, Publ. Am. Stat. Assoc. 9,
/// 1905).
pub(super) fn curve(
    mut amounts: Vec<f64>,
    grid: impl Iterator<Item = f64>,
) -> Option<Vec<(f64, f64)>> {
    amounts.sort_unstable_by(f64::total_cmp);
    let mut sums = vec![0.0];
    for amount in &amounts {
        sums.push(sums[sums.len() - 1] + amount);
    }
    let (n, all) = (amounts.len() as f64, sums[sums.len() - 1]);
    if all <= 0.0 {
        return None;
    }
    let at = |x: f64| {
        let place = (x.clamp(0.0, 1.0) * n).min(n);
        let before = (place.floor() as usize).min(amounts.len());
        let after = (before + 1).min(amounts.len());
        let sum = sums[before] + (place - before as f64) * (sums[after] - sums[before]);
        (x, (sum / all).min(1.0))
    };
    Some(grid.map(at).collect())
}

fn lorenz(run: &Run<'_>) -> Chart {
    let of = |amount: &dyn Fn(&SellerRow) -> Option<f64>| -> Vec<Point> {
        let curves: Vec<(u32, Vec<(f64, f64)>)> = run
            .summary
            .averaged()
            .filter_map(|world| {
                let amounts = run.sellers(world.world).map(amount).collect::<Option<Vec<f64>>>()?;
                Some((world.world, curve(amounts, grid())?))
            })
            .collect();
        let share = |world: u32, place: usize| {
            curves.iter().find(|(one, _)| *one == world).map(|(_, curve)| 100.0 * curve[place].1)
        };
        let points = grid().enumerate();
        points.map(|(place, x)| run.mean(100.0 * x, |world| share(world.world, place))).collect()
    };
    let alike = vec![Point::new(0.0, 0.0), Point::new(100.0, 100.0)];
    let (sales, exposure) = (of(&|row| Some(row.orders as f64)), of(&|row| row.views));
    let any = sales.iter().chain(&exposure).any(|point| point.y.is_some());
    let layers = vec![
        layer("all alike", Shape::Dashes, Colour::Muted, if any { alike } else { vec![] }),
        layer("exposure", Shape::Line, Colour::Nth(1), exposure),
        layer("sales", Shape::Line, Colour::Nth(0), sales),
    ];
    let frame = Frame {
        name: "lorenz",
        title: "How sales are shared out",
        x: Axis::linear("sellers, those with fewest first", "%").from_to(0.0, 100.0),
        y: Axis::linear("their share of the whole", "%").from_to(0.0, 100.0),
    };
    let (all, unsold) = run
        .sellers(run.first())
        .fold((0, 0), |(all, unsold), row| (all + 1, unsold + u64::from(row.orders == 0)));
    let metric =
        |name: &str, places| with_interval(run.summary, name, &|value| fixed(value, places));
    let says = format!(
        "The Lorenz curves of orders and of views (a view of place k counts 1/k) over all sellers \
         who were live at any time: the further below the diagonal, the more few have. Gini {} of \
         sales and {} of exposure; the ten greatest have {} of sales, as unequal as {} sellers of \
         one size; {} of {} sellers never sold{}. {}",
        metric("gini", 3),
        metric("exposure_gini", 3),
        with_interval(run.summary, "top10_share", &percent),
        metric("effective_sellers", 0),
        count(unsold),
        count(all),
        run.in_first(),
        run.of_means()
    );
    let why = missing(
        run.sellers.as_ref(),
        "sellers.csv",
        "Nobody sold anything: there is nothing to share.",
    );
    frame.with(layers, says, &why)
}
