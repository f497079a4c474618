//! Designs: at which points of the space of varied keys the market is looked at.

use std::collections::BTreeMap;

use super::factor::{Factor, Seen, Setting, Values};
use super::grid::Grid;
use super::lhs::Latin;
use super::sobol::{DIMENSIONS, Sobol};
use crate::rng::Dice;

/// Most points of a design: beyond this its table is of no use.
const MOST_POINTS: u64 = 1_000_000;

/// Base rows that indices are worth estimating from: below, a Sobol design is the plain sequence, and
/// what moves a metric is told by regression.
const LEAST_ROWS: u32 = 16;

/// How points are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Every value of each key with every value of the others.
    Grid,
    /// Latin hypercube.
    Lhs,
    /// Scrambled Sobol sequence; arranged for Sobol's indices where there are points enough.
    Sobol,
}

impl Kind {
    /// The word on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Grid => "grid",
            Kind::Lhs => "lhs",
            Kind::Sobol => "sobol",
        }
    }
}

/// What a column of a regression is: a key, and of a listed name the level that it is 1 for.
pub(super) type Predictor = (usize, Option<usize>);

/// The points of a sweep. Each is a pure function of its number, so that a sweep can go on from anywhere.
#[derive(Debug, Clone)]
pub struct Design {
    kind: Kind,
    factors: Vec<Factor>,
    points: u32,
    layout: Layout,
}

#[derive(Debug, Clone)]
enum Layout {
    Grid(Grid),
    Latin(Latin),
    Sobol(Sobol),
    /// Points of a Sobol sequence of twice the dimensions, A beside B, and between them each A with
    /// one coordinate of B.
    Saltelli(Sobol),
}

impl Design {
    /// A design of at most `points` points (grids know theirs) over these keys, drawn from `seed`.
    ///
    /// # Errors
    /// What is wrong, and what is allowed, as one text.
    pub fn new(
        kind: Kind,
        factors: Vec<Factor>,
        points: Option<u32>,
        seed: u64,
    ) -> Result<Design, String> {
        let (keys, dice) = (factors.len(), Dice::new(seed, 0));
        let most = if kind == Kind::Sobol { DIMENSIONS / 2 } else { DIMENSIONS };
        if keys > most {
            return wrong(format!("{keys} keys are varied"), &format!("at most {most}"));
        }
        let asked = match (kind, points) {
            (Kind::Grid, None) => grid_points(&factors)?,
            (Kind::Grid, Some(_)) => {
                let what = "a grid has as many points as its keys have values".to_owned();
                return wrong(what, "--points with --design lhs or sobol");
            }
            (_, Some(points)) => points,
            (kind, None) => {
                let what = format!("--design {} does not know how many points", kind.name());
                return wrong(what, "--points N");
            }
        };
        if asked == 0 || u64::from(asked) > MOST_POINTS {
            return wrong(format!("the design has {asked} points"), &format!("1 to {MOST_POINTS}"));
        }
        let width = keys as u32 + 2;
        let (points, layout) = match kind {
            Kind::Grid => (asked, Layout::Grid(Grid::new(levels(&factors)))),
            Kind::Lhs => (asked, Layout::Latin(Latin::new(asked, keys, dice))),
            Kind::Sobol if asked / width >= LEAST_ROWS => {
                (asked / width * width, Layout::Saltelli(Sobol::scrambled(2 * keys, dice)))
            }
            Kind::Sobol => (asked, Layout::Sobol(Sobol::scrambled(keys, dice))),
        };
        Ok(Design { kind, factors, points, layout })
    }

    /// How its points were chosen.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What is varied.
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// How many points there are.
    pub fn points(&self) -> u32 {
        self.points
    }

    /// Base rows that Sobol's indices are estimated from; nothing where the design is not made for them.
    pub fn base_rows(&self) -> Option<u32> {
        let made = matches!(self.layout, Layout::Saltelli(_));
        made.then(|| self.points / (self.factors.len() as u32 + 2))
    }

    /// The value of the key `factor` at a point.
    pub fn setting(&self, point: u32, factor: usize) -> Setting {
        let (of, keys) = (&self.factors[factor], self.factors.len());
        match &self.layout {
            Layout::Grid(grid) => of.level(grid.level(point, factor) as usize),
            Layout::Latin(latin) => of.drawn(latin.unit(point, factor)),
            Layout::Sobol(sobol) => of.drawn(sobol.unit(point, factor)),
            Layout::Saltelli(sobol) => {
                let (row, place) = (point / (keys as u32 + 2), point as usize % (keys + 2));
                let from_b = place == keys + 1 || place == factor + 1;
                of.drawn(sobol.unit(row, if from_b { keys + factor } else { factor }))
            }
        }
    }

    /// The values of all keys at a point.
    pub fn point(&self, point: u32) -> Vec<Setting> {
        (0..self.factors.len()).map(|factor| self.setting(point, factor)).collect()
    }

    /// Points that show whether the design is right before it is begun: all of them, where they are no
    /// more than `most`; otherwise those at which each listed value comes first and each range is at its
    /// ends, and an even selection of the rest.
    pub fn telling(&self, most: u32) -> Vec<u32> {
        if self.points <= most {
            return (0..self.points).collect();
        }
        let step = (self.points / most).max(1) as usize;
        let mut chosen: Vec<u32> = (0..self.points).step_by(step).collect();
        for factor in 0..self.factors.len() {
            let mut first: BTreeMap<usize, u32> = BTreeMap::new();
            let (mut least, mut greatest) = ((f64::INFINITY, 0), (f64::NEG_INFINITY, 0));
            for point in 0..self.points {
                match self.setting(point, factor).seen {
                    Seen::Level(level) => {
                        first.entry(level).or_insert(point);
                    }
                    Seen::Number(x) => {
                        least = if x < least.0 { (x, point) } else { least };
                        greatest = if x > greatest.0 { (x, point) } else { greatest };
                    }
                }
            }
            chosen.extend(first.values());
            chosen.extend([least.1, greatest.1]);
        }
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }

    /// The columns of a regression over the first `points` points, and what they are. Of names the first
    /// is the one that others are held against. Where there would be more than `most`, no columns are
    /// made.
    pub(super) fn predictors(&self, points: u32, most: usize) -> (Vec<Predictor>, Vec<Vec<f64>>) {
        let mut names = Vec::new();
        for (i, factor) in self.factors.iter().enumerate() {
            match factor.levels().unwrap_or(2) as usize {
                0 | 1 => {}
                levels if factor.is_categorical() => {
                    names.extend((1..levels).map(|level| (i, Some(level))));
                }
                _ => names.push((i, None)),
            }
        }
        if names.len() > most {
            return (names, Vec::new());
        }
        let column = |&(factor, level): &Predictor| {
            let seen = (0..points).map(|point| self.setting(point, factor).seen);
            seen.map(|seen| match (seen, level) {
                (seen, Some(level)) => f64::from(u8::from(seen == Seen::Level(level))),
                (seen, None) => number(seen),
            })
            .collect()
        };
        let columns = names.iter().map(column).collect();
        (names, columns)
    }
}

fn number(seen: Seen) -> f64 {
    match seen {
        Seen::Number(x) => x,
        Seen::Level(level) => level as f64,
    }
}

fn levels(factors: &[Factor]) -> Vec<u32> {
    factors.iter().map(|factor| factor.levels().unwrap_or(1)).collect()
}

fn grid_points(factors: &[Factor]) -> Result<u32, String> {
    if let Some(range) = factors.iter().find(|factor| matches!(factor.values, Values::Range(_))) {
        let what = format!("a grid does not know how many values `{}` has", range.key);
        return wrong(what, "KEY=lo..hi:n, or --design lhs or sobol with --points N");
    }
    match Grid::new(levels(factors)).points() {
        Some(n) if n <= MOST_POINTS => Ok(n as u32),
        n => {
            let n = n.map_or_else(|| "too many".to_owned(), |n| n.to_string());
            wrong(format!("the grid has {n} points"), &format!("at most {MOST_POINTS}"))
        }
    }
}

fn wrong<T>(what: String, allowed: &str) -> Result<T, String> {
    Err(format!("error: {what}\n  = allowed: {allowed}"))
}

#[cfg(test)]
mod tests {
    use super::super::factor::read_factors;
    use super::*;
    use crate::scenario::{Draft, Scenario};
    use std::path::Path;

    fn factors(texts: &[&str]) -> Vec<Factor> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/small.toml");
        let draft: Draft<Scenario> = Draft::read(&path).unwrap();
        let own = draft.load(&[]).unwrap().scenario;
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        read_factors(&texts, &draft, &own).unwrap()
    }

    fn design(kind: Kind, texts: &[&str], points: Option<u32>) -> Result<Design, String> {
        Design::new(kind, factors(texts), points, 42)
    }

    fn texts(design: &Design, point: u32) -> Vec<String> {
        design.point(point).into_iter().map(|setting| setting.text).collect()
    }

    #[test]
    fn a_grid_in_the_order_of_nested_loops() {
        let grid = design(Kind::Grid, &["weeks=2,4", "ranking=box,cheapest,wilson"], None).unwrap();
        assert_eq!((grid.points(), grid.base_rows()), (6, None));
        let all: Vec<_> = (0..6).map(|point| texts(&grid, point).join(" ")).collect();
        let expected = ["2 box", "2 cheapest", "2 wilson", "4 box", "4 cheapest", "4 wilson"];
        assert_eq!(all, expected);
    }

    #[test]
    fn a_saltelli_row_is_a_then_a_with_each_key_of_b_then_b() {
        let keys = ["sellers.supply=1..2", "shoppers.visits_per_week=100..900", "weeks=2,3,4"];
        let sobol = design(Kind::Sobol, &keys, Some(83)).unwrap();
        assert_eq!(
            (sobol.points(), sobol.base_rows()),
            (80, Some(16)),
            "rounded down to whole rows"
        );
        for row in 0..16 {
            let at = |place: u32| texts(&sobol, row * 5 + place);
            let (a, b) = (at(0), at(4));
            for key in 0..3 {
                let mixed = at(1 + key as u32);
                for other in 0..3 {
                    let from = if other == key { &b } else { &a };
                    assert_eq!(mixed[other], from[other], "row {row}, key {key}");
                }
            }
            assert_ne!(a[0], b[0]);
        }
        let few = design(Kind::Sobol, &keys, Some(79)).unwrap();
        assert_eq!((few.points(), few.base_rows()), (79, None), "too few rows: the plain sequence");
    }

    #[test]
    fn hypercubes_have_each_listed_value_equally_often() {
        let lhs = design(Kind::Lhs, &["weeks=2,3,4", "sellers.supply=1..2"], Some(30)).unwrap();
        let mut frequent = BTreeMap::new();
        for point in 0..30 {
            *frequent.entry(texts(&lhs, point)[0].clone()).or_insert(0) += 1;
        }
        assert!(frequent.values().eq(&[10, 10, 10]), "{frequent:?}");
    }

    #[test]
    fn telling_points_have_every_value_and_both_ends() {
        let keys = ["ranking=box,cheapest,wilson", "sellers.supply=1..2"];
        let lhs = design(Kind::Lhs, &keys, Some(5_000)).unwrap();
        let telling = lhs.telling(20);
        assert!((20..=30).contains(&telling.len()), "{telling:?}");
        let supply: Vec<f64> =
            telling.iter().map(|&point| number(lhs.setting(point, 1).seen)).collect();
        let all = (0..5_000).map(|point| number(lhs.setting(point, 1).seen));
        assert!(supply.iter().any(|&x| x < 1.000_2) && supply.iter().any(|&x| x > 1.999_8));
        assert_eq!(all.fold(0.0, f64::max), supply.iter().copied().fold(0.0, f64::max));
        let rankings: std::collections::BTreeSet<String> =
            telling.iter().map(|&point| texts(&lhs, point)[0].clone()).collect();
        assert_eq!(rankings.len(), 3);
        assert_eq!(lhs.telling(5_000).len(), 5_000);
    }

    #[test]
    fn names_are_coded_against_the_first() {
        let grid = design(Kind::Grid, &["weeks=2,4", "ranking=box,cheapest,wilson"], None).unwrap();
        let (names, columns) = grid.predictors(6, 9);
        assert_eq!(names, [(0, None), (1, Some(1)), (1, Some(2))]);
        assert_eq!(columns[0], [2.0, 2.0, 2.0, 4.0, 4.0, 4.0]);
        assert_eq!(columns[1], [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
        assert_eq!(columns[2], [0.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn what_is_refused() {
        use Kind::{Grid, Lhs, Sobol};
        for (kind, keys, points, says) in [
            (Grid, &["weeks=2..9"][..], None, "how many values `weeks`"),
            (Grid, &["weeks=2,3"], Some(9), "--points with"),
            (Lhs, &["weeks=2..9"], None, "--points N"),
            (Sobol, &["weeks=2..9"], Some(0), "0 points"),
            (Sobol, &["weeks=2..9"], Some(2_000_000), "1 to 1000000"),
            (
                Grid,
                &["sellers.supply=1..2:2000", "market.seed=1..1000:1000"],
                None,
                "2000000 points",
            ),
        ] {
            let why = design(kind, keys, points).unwrap_err();
            assert!(why.contains(says) && why.contains("allowed: "), "{keys:?}: {why}");
        }
    }
}
