//! What shoppers take from a slate.

use super::bench::{Bench, Setting, wider};
use super::sample::share_error;
use super::{Case, Halt};
use crate::experiment::World;
use crate::history::{Fact, FactSink};
use crate::units::SimTime;

/// The multinomial logit.
pub const MNL: Case = Case {
    name: "mnl",
    says: "Shoppers choose by the multinomial logit, whatever else is there.",
    source: "Luce 1959; McFadden 1974; Train 2009, chapter 3",
    worlds: 40,
    settings: 2,
    cost_s: 0.5,
    check: mnl,
};

/// From the top, one after the other.
pub const CASCADE: Case = Case {
    name: "cascade",
    says: "Shoppers who go through a slate from the top take place k with the chance r(1 − r)^(k − 1).",
    source: "Craswell, Zoeter, Taylor and Ramsey 2008",
    worlds: 40,
    settings: 1,
    cost_s: 0.3,
    check: cascade,
};

/// Places that are looked at with a chance.
pub const POSITION: Case = Case {
    name: "position",
    says: "Sales at a place over the chance of it are the same at every place.",
    source: "Richardson, Dominowska and Ragno 2007; Joachims, Swaminathan and Schnabel 2017",
    worlds: 16,
    settings: 1,
    cost_s: 3.0,
    check: position,
};

/// Visits, and orders by seller and by place.
#[derive(Default)]
struct Taken {
    visits: f64,
    sellers: Vec<f64>,
    places: Vec<f64>,
}

fn count(list: &mut Vec<f64>, i: usize, n: f64) {
    if list.len() <= i {
        list.resize(i + 1, 0.0);
    }
    list[i] += n;
}

impl FactSink for Taken {
    fn take(&mut self, _: SimTime, fact: &Fact<'_>) {
        match fact {
            Fact::Shown { .. } => self.visits += 1.0,
            Fact::Bought { order } => {
                count(&mut self.sellers, order.seller.index(), 1.0);
                count(&mut self.places, usize::from(order.place) - 1, 1.0);
            }
            _ => {}
        }
    }
}

impl Taken {
    fn add(mut self, other: Taken) -> Taken {
        self.visits += other.visits;
        (0..).zip(other.sellers).for_each(|(i, n)| count(&mut self.sellers, i, n));
        (0..).zip(other.places).for_each(|(i, n)| count(&mut self.places, i, n));
        self
    }

    fn of(&self, list: &[f64], i: usize) -> f64 {
        list.get(i).copied().unwrap_or(0.0)
    }
}

/// What was taken in all worlds of a setting.
fn taken(bench: &mut Bench<'_>, setting: &Setting) -> Result<Taken, Halt> {
    let sum = |_: World, sinks: Vec<Taken>| sinks.into_iter().fold(Taken::default(), Taken::add);
    let worlds = bench.each(setting, Taken::default, sum)?;
    Ok(worlds.into_iter().fold(Taken::default(), Taken::add))
}

/// Sellers who are given, by name, in the order of their numbers.
fn given(setting: &Setting) -> Result<Vec<String>, Halt> {
    let given = setting.get("sellers.given").and_then(toml::Value::as_table);
    let none = || Halt::Unfit("its known answer needs sellers who are given".to_owned());
    given.map(|table| table.keys().cloned().collect()).ok_or_else(none)
}

/// The only class of shoppers.
fn class(setting: &Setting) -> Result<String, Halt> {
    let classes = setting.get("shoppers.classes").and_then(toml::Value::as_table);
    let mut names = classes.into_iter().flat_map(toml::Table::keys);
    match (names.next(), names.next()) {
        (Some(only), None) => Ok(only.clone()),
        _ => Err(Halt::Unfit("its known answer is for one class of shoppers".to_owned())),
    }
}

/// The utilities of the offers of the first of each of these sellers, by what it asks.
fn utilities(setting: &Setting, names: &[String]) -> Result<Vec<f64>, Halt> {
    let alpha = setting.number(&format!("shoppers.classes.{}.alpha", class(setting)?))?;
    let categories = setting.get("categories").and_then(toml::Value::as_table);
    let category = categories.and_then(|table| table.keys().next()).cloned().unwrap_or_default();
    let reference = setting.number(&format!("categories.{category}.price_eur"))?;
    let of = |name: &String| {
        let count = setting.number(&format!("sellers.given.{name}.count")).unwrap_or(1.0);
        let price = setting.number(&format!("sellers.given.{name}.price_eur"))?;
        Ok(vec![alpha * (reference - price); count as usize])
    };
    Ok(names.iter().map(of).collect::<Result<Vec<_>, Halt>>()?.concat())
}

/// Euler's constant: the mean of a standard Gumbel variable.
const EULER: f64 = 0.577_215_664_901_532_9;

/// Standard errors that shares of the logit may be off.
const LOGIT_ERRORS: f64 = 4.0;

fn mnl(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let names = given(&setting)?;
    let values = utilities(&setting, &names)?;
    let leaving = setting.number("shoppers.choice.leaving")?;
    let [.., last] = &names[..] else { return Err(Halt::Unfit("nobody sells".to_owned())) };
    let all = taken(bench, &setting)?;
    let weights: Vec<f64> = values.iter().map(|v| libm::exp(*v)).collect();
    let sum = weights.iter().sum::<f64>() + libm::exp(leaving);

    let n = all.visits;
    let left = 1.0 - all.sellers.iter().sum::<f64>() / n;
    let chance = libm::exp(leaving) / sum;
    let spread = share_error(chance, n);
    bench.answer("share that leaves", chance, left, LOGIT_ERRORS * spread);
    for (i, weight) in weights.iter().enumerate() {
        let (chance, got) = (weight / sum, all.of(&all.sellers, i) / n);
        let quantity = format!("share of the offer of V = {}", values[i]);
        bench.answer(&quantity, chance, got, LOGIT_ERRORS * share_error(chance, n));
    }
    // The best of all is worth ln Σ exp V + γ on average, and that is the utility of leaving less the
    // logarithm of how many leave.
    let (expected, got) = (libm::log(sum) + EULER, leaving - libm::log(left) + EULER);
    bench.answer("E max, by who leaves", expected, got, LOGIT_ERRORS * spread / chance);
    if weights.len() > 2 {
        let fewer = bench.setting(&[format!("sellers.given.{last}=false")])?;
        let rest = taken(bench, &fewer)?;
        for (taken, said) in [(&all, "with"), (&rest, "without")] {
            let (first, second) = (taken.of(&taken.sellers, 0), taken.of(&taken.sellers, 1));
            let (expected, got) = (weights[0] / weights[1], first / second);
            let spread = expected * (1.0 / first + 1.0 / second).sqrt();
            let quantity = format!("IIA: first over second, {said} the last");
            bench.answer(&quantity, expected, got, LOGIT_ERRORS * spread);
        }
    }
    Ok(())
}

/// How many places shoppers see.
fn places(setting: &Setting) -> Result<usize, Halt> {
    let sellers = utilities(setting, &given(setting)?)?.len();
    Ok(sellers.min(setting.number("market.slate_length")? as usize))
}

fn cascade(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let take = setting.number("shoppers.choice.cascade.take")?;
    let places = places(&setting)?;
    let seen = taken(bench, &setting)?;
    let mut reached = 1.0;
    for place in 0..places {
        let (chance, got) = (take * reached, seen.of(&seen.places, place) / seen.visits);
        let spread = share_error(chance, seen.visits);
        bench.answer(
            &format!("visits that take place {}", place + 1),
            chance,
            got,
            wider(0.0, spread),
        );
        reached *= 1.0 - take;
    }
    let left = 1.0 - seen.places.iter().sum::<f64>() / seen.visits;
    let spread = share_error(reached, seen.visits);
    bench.answer("visits that leave", reached, left, wider(0.0, spread));
    Ok(())
}

fn position(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let decay = setting.number("shoppers.choice.position.decay")?;
    let leaving = setting.number("shoppers.choice.leaving")?;
    let values = utilities(&setting, &given(&setting)?)?;
    let places = places(&setting)?;
    let [first, ..] = values[..] else { return Err(Halt::Unfit("nobody sells".to_owned())) };
    if values.iter().any(|value| *value != first) || places > 16 {
        let why = "its known answer is for at most 16 places of offers that are alike";
        return Err(Halt::Unfit(why.to_owned()));
    }
    let looked: Vec<f64> = (1..=places).map(|k| libm::pow(k as f64, -decay)).collect();
    let chances = of_places(&looked, libm::exp(leaving - first));
    let seen = taken(bench, &setting)?;
    let got = |place: usize| seen.of(&seen.places, place);
    let spread = share_error(chances[0], seen.visits);
    bench.answer("visits that take place 1", chances[0], got(0) / seen.visits, wider(0.0, spread));
    for place in 1..places {
        // What is sold at a place over the chance that it would be: looked at, and liked best.
        let ratio = got(place) / chances[place] / (got(0) / chances[0]);
        let spread = (1.0 / got(place) + 1.0 / got(0)).sqrt();
        let quantity = format!("inverse-propensity ratio, place {} to 1", place + 1);
        bench.answer(&quantity, 1.0, ratio, wider(0.0, spread));
    }
    Ok(())
}

/// The chance that each place is taken: over all sets of places that hold it, the chance that just these
/// are looked at, and then of one among them and leaving.
fn of_places(looked: &[f64], leaving: f64) -> Vec<f64> {
    let mut chances = vec![0.0; looked.len()];
    for set in 0_u32..1 << looked.len() {
        let holds = |place: usize| set >> place & 1 == 1;
        let of = |(place, p): (usize, &f64)| if holds(place) { *p } else { 1.0 - p };
        let chance: f64 = looked.iter().enumerate().map(of).product();
        let one = chance / (leaving + f64::from(set.count_ones()));
        (0..looked.len()).filter(|&place| holds(place)).for_each(|place| chances[place] += one);
    }
    chances
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_by_hand() {
        // Two places, the second looked at every other time: alone with leaving, or both.
        let got = of_places(&[1.0, 0.5], 1.0);
        assert!((got[0] - (0.5 / 2.0 + 0.5 / 3.0)).abs() < 1e-15, "{got:?}");
        assert!((got[1] - 0.5 / 3.0).abs() < 1e-15, "{got:?}");
        // Where leaving is all but sure a place is sold at in proportion to its chance.
        let rare = of_places(&[1.0, 0.5, 1.0 / 3.0], 1e9);
        assert!((rare[1] / rare[0] - 0.5).abs() < 1e-8, "{rare:?}");
    }
}
