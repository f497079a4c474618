//! What ranks first, what it costs, and where the money goes.

use std::collections::BTreeMap;

use super::bench::{Bench, wider};
use super::sample::mean;
use super::{Case, Halt};
use crate::experiment::World;
use crate::history::{Fact, FactSink};
use crate::units::{ProductId, SellerId, SimTime, US_PER_WEEK};

/// Every place of a slate drawn by popularity.
pub const PLACES: Case = Case {
    name: "slate-places",
    says: "Every place of a slate is drawn in proportion to popularity among those not yet placed.",
    source: "Luce 1959; Plackett 1975",
    worlds: 8,
    settings: 1,
    cost_s: 0.5,
    check: places,
};

/// Bertrand's competition.
pub const LOWEST_PRICE: Case = Case {
    name: "lowest-price",
    says: "The cheapest wins every order, and asks what the next cheapest seller could not.",
    source: "Bertrand 1883",
    worlds: 8,
    settings: 1,
    cost_s: 1.0,
    check: lowest_price,
};

/// Double entry.
pub const MONEY: Case = Case {
    name: "money",
    says: "What shoppers paid, less what they got back, is what sellers and the platform have.",
    source: "double entry, Pacioli 1494",
    worlds: 2,
    settings: 1,
    cost_s: 2.0,
    check: money,
};

/// Tags one seller a place, the lowest number among those not placed above, and counts how often it is
/// there, beside the mean and the variance of that number.
struct Tagged {
    a: f64,
    c: f64,
    sold: Vec<f64>,
    /// By place: seen, mean, variance.
    places: Vec<[f64; 3]>,
    slates: f64,
}

impl FactSink for Tagged {
    fn take(&mut self, _: SimTime, fact: &Fact<'_>) {
        match fact {
            Fact::Bought { order } => self.sold[order.seller.index()] += 1.0,
            Fact::Shown { slate, .. } => self.look(slate),
            _ => {}
        }
    }
}

impl Tagged {
    fn look(&mut self, slate: &[SellerId]) {
        let attraction = |seller: &SellerId| self.a + self.c * self.sold[seller.index()];
        self.slates += 1.0;
        // The last place is for who is left: there is no chance in it.
        for (place, seen) in self.places.iter_mut().enumerate() {
            let left = &slate[place..];
            let Some(tagged) = left.iter().min() else { return };
            let chance = attraction(tagged) / left.iter().map(attraction).sum::<f64>();
            seen[0] += f64::from(u8::from(left[0] == *tagged));
            seen[1] += chance;
            seen[2] += chance * (1.0 - chance);
        }
    }
}

fn places(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let (a, c) = (setting.number("ranking.popularity.a")?, setting.number("ranking.popularity.c")?);
    let sellers = setting.number("sellers.count")? as usize;
    let shown = sellers.min(setting.number("market.slate_length")? as usize);
    // Where everybody is shown the last place is for who is left.
    let places = vec![[0.0; 3]; if shown == sellers { shown - 1 } else { shown }];
    if shown < sellers {
        return Err(Halt::Unfit("its known answer needs slates with room for every seller".into()));
    }
    let sink = || Tagged { a, c, sold: vec![0.0; sellers], places: places.clone(), slates: 0.0 };
    let take = |_: World, mut sinks: Vec<Tagged>| sinks.remove(0);
    let worlds = bench.each(&setting, sink, take)?;
    let slates: f64 = worlds.iter().map(|world| world.slates).sum();
    for place in 0..places.len() {
        let sum = |i: usize| worlds.iter().map(|world| world.places[place][i]).sum::<f64>();
        let (expected, got, spread) = (sum(1) / slates, sum(0) / slates, sum(2).sqrt() / slates);
        let quantity = format!("place {}: slates with the seller tagged", place + 1);
        bench.answer(&quantity, expected, got, wider(0.0, spread));
    }
    Ok(())
}

/// Follows what is on offer, and whether each order went to the lowest price.
#[derive(Default)]
struct Tills {
    told: Vec<Told>,
}

/// What is told of an offer: who, what, and the price, or nothing where it is no longer there.
#[derive(Clone, Copy)]
struct Told {
    at: SimTime,
    bought: bool,
    product: ProductId,
    seller: SellerId,
    price: Option<u32>,
}

impl FactSink for Tills {
    fn take(&mut self, at: SimTime, fact: &Fact<'_>) {
        let (bought, product, seller, price) = match *fact {
            Fact::Listed { seller, product, price_cents }
            | Fact::Repriced { seller, product, price_cents } => {
                (false, product, seller, Some(price_cents))
            }
            Fact::Delisted { seller, product, .. } => (false, product, seller, None),
            Fact::Bought { order } => (true, order.product, order.seller, Some(order.price_cents)),
            _ => return,
        };
        self.told.push(Told { at, bought, product, seller, price });
    }
}

/// Orders, how many of them went to the lowest price, and the prices paid in the last week.
fn bargains(sinks: Vec<Tills>, last_week: SimTime) -> (f64, f64, Vec<f64>) {
    let mut told: Vec<Told> = sinks.into_iter().rev().flat_map(|tills| tills.told).collect();
    // What happens between cells comes before what cells do at the same time.
    told.sort_by_key(|told| told.at);
    let mut open: BTreeMap<(ProductId, SellerId), u32> = BTreeMap::new();
    let (mut orders, mut lowest, mut paid) = (0.0, 0.0, Vec::new());
    for told in told {
        let Told { at, product, seller, .. } = told;
        match told.price {
            None => drop(open.remove(&(product, seller))),
            Some(price) if told.bought => {
                let of_product = (product, SellerId(0))..=(product, SellerId(u32::MAX));
                let least = open.range(of_product).map(|(_, price)| *price).min();
                orders += 1.0;
                lowest += f64::from(u8::from(least == Some(price)));
                if at >= last_week {
                    paid.push(f64::from(price) / 100.0);
                }
            }
            Some(price) => drop(open.insert((product, seller), price)),
        }
    }
    (orders, lowest, paid)
}

fn lowest_price(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let weeks = setting.number("weeks")?;
    let cost_share = setting.number("sellers.cost_share")?;
    let kept = 1.0 - setting.number("market.fees.commission")?;
    let undercut = setting.number("sellers.pricing.follower.undercut")?;
    let last_week = SimTime((weeks as u64 - 1) * US_PER_WEEK);
    let take = |world: World, sinks: Vec<Tills>| {
        // What leaves nothing: the cost of the unit over the share of the price that is kept.
        let floor = |seller: &crate::market::Seller| {
            let listing = seller.profile().catalogue[0];
            let product = &world.census.products[listing.product.index()];
            cost_share * listing.markup * product.reference.eur() / kept
        };
        let mut floors: Vec<f64> = world.market.sellers().iter().map(floor).collect();
        floors.sort_unstable_by(f64::total_cmp);
        let (orders, lowest, paid) = bargains(sinks, last_week);
        (orders, lowest, mean(&paid) / floors[1])
    };
    let worlds = bench.each_market(1, &setting, Tills::default, take)?;
    let sum = |of: fn(&(f64, f64, f64)) -> f64| worlds.iter().map(of).sum::<f64>();
    let share = sum(|world| world.1) / sum(|world| world.0);
    bench.answer("orders at the lowest price", 1.0, share, 0.0);
    let ratio = sum(|world| world.2) / worlds.len() as f64;
    // The winner is below it by at most its undercut, and prices are whole cents.
    bench.answer("price over the second lowest cost", 1.0, ratio, undercut + 0.0005);
    Ok(())
}

/// Money as facts tell of it [cents].
#[derive(Default)]
struct Purse {
    paid: i64,
    refunded: i64,
    kept_ppm: i64,
    commission: i64,
}

impl FactSink for Purse {
    fn take(&mut self, _: SimTime, fact: &Fact<'_>) {
        match fact {
            Fact::Bought { order } => {
                self.paid += i64::from(order.price_cents);
                self.commission += i64::from(order.price_cents) * self.kept_ppm / 1_000_000;
            }
            Fact::Cancelled { order } | Fact::Returned { order, .. } => {
                self.refunded += i64::from(order.price_cents);
                self.commission -= i64::from(order.price_cents) * self.kept_ppm / 1_000_000;
            }
            _ => {}
        }
    }
}

fn money(bench: &mut Bench<'_>) -> Result<(), Halt> {
    let setting = bench.setting(&[])?;
    let kept_ppm = (setting.number("market.fees.commission")? * 1e6).round() as i64;
    let take = |world: World, sinks: Vec<Purse>| {
        let sum = |of: fn(&Purse) -> i64| sinks.iter().map(of).sum::<i64>();
        let ledger = world.market.ledger();
        let had = ledger.credits() + ledger.commission;
        [
            sum(|purse| purse.paid - purse.refunded),
            had.0,
            sum(|purse| purse.commission),
            ledger.commission.0,
        ]
    };
    let sink = || Purse { kept_ppm, ..Purse::default() };
    let worlds = bench.each(&setting, sink, take)?;
    let eur = |i: usize| worlds.iter().map(|world| world[i]).sum::<i64>() as f64 / 100.0;
    bench.answer("paid less refunds: where it is [EUR]", eur(0), eur(1), 0.0);
    bench.answer("commission, each rounded down [EUR]", eur(2), eur(3), 0.0);
    Ok(())
}
