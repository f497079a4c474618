//! A year of each kind on a toy market: what it supplies, when, and how much it ever holds.

use std::collections::BTreeMap;

use super::super::tests::{Fair, reference};
use super::super::{Profile, SellerDay, SellersSpec};
use super::*;
use crate::protocol::Notice;
use crate::rng::Dice;
use crate::units::SellerId;

/// Orders a day on the toy market: 1.5 million a year.
const DEMAND: f64 = 4_100.0;

/// What becomes of stock on the toy market.
#[derive(Clone, Copy, PartialEq)]
enum Trade {
    /// Every unit on a shelf is sold by the evening.
    AllSells,
    /// Nothing is ever sold.
    NothingSells,
}

struct Actor {
    profile: Profile,
    shelf: Vec<ShelfLine>,
    sourcing: Box<dyn Sourcing>,
    heard: Vec<Notice>,
}

/// Sellers, their shelves, and lots cleared every evening in the order of sellers.
struct Toy {
    actors: Vec<Actor>,
    supply: f64,
    dice: Dice,
    /// Units restocked by kind and day.
    supplied: BTreeMap<(KindId, u32), u64>,
    /// Units of lots sold to a trader.
    lots: u64,
}

impl Toy {
    fn new(spec: &SellersSpec, profiles: Vec<Profile>, fair: &Fair, seed: u64) -> Self {
        let mut offers = vec![0u32; fair.assortment.products.len()];
        for listing in profiles.iter().flat_map(|p| &p.catalogue) {
            offers[listing.product.index()] += 1;
        }
        let actors = profiles
            .into_iter()
            .map(|profile| {
                let shelf = profile.catalogue.iter().map(|listing| {
                    let (category, _, popularity) =
                        fair.assortment.products[listing.product.index()];
                    let reference = fair.assortment.reference[listing.product.index()].eur();
                    ShelfLine {
                        product: listing.product,
                        category,
                        stock: 0,
                        price: Cents::from_eur(reference * listing.markup),
                        target: Cents::from_eur(reference * listing.markup),
                        fair_share: DEMAND * popularity
                            / f64::from(offers[listing.product.index()]),
                        sold: 0,
                    }
                });
                let shelf = shelf.collect();
                let (_, stocking) = spec.kinds.get(profile.kind).unwrap();
                let sourcing = stocking.actor(spec.cost_share);
                Actor { shelf, sourcing, heard: Vec::new(), profile }
            })
            .collect();
        let (supplied, lots) = (BTreeMap::new(), 0);
        Toy { actors, supply: spec.supply, dice: Dice::new(seed, 0), supplied, lots }
    }

    fn day(&mut self, day: u32, trade: Trade) {
        let mut out = Outbox::default();
        for actor in &mut self.actors {
            for notice in actor.heard.drain(..) {
                actor.sourcing.hear(&notice);
            }
            let today = SellerDay {
                day,
                shelf: &actor.shelf,
                supply: self.supply,
                urgency: 2.0,
                dice: self.dice,
            };
            actor.sourcing.wake(&actor.profile, &today, &mut out);
        }
        let mut offered = Vec::new();
        let mut sought = Vec::new();
        for said in out.drain() {
            let actor = &mut self.actors[said.seller.index()];
            match said.request {
                Request::Restock { product, units, unit_cost } => {
                    assert!(units > 0 && unit_cost.0 >= 0, "{said:?}");
                    *self.supplied.entry((actor.profile.kind, day)).or_default() +=
                        u64::from(units);
                    let line = actor.shelf.iter_mut().find(|line| line.product == product);
                    line.expect("only what is listed is restocked").stock += units;
                }
                Request::OfferLot { product, units, unit_price } => {
                    offered.push((said.seller, product, units, unit_price));
                }
                Request::SeekLot { product, units, max_unit_price } => {
                    sought.push((said.seller, product, units, max_unit_price));
                }
                _ => panic!("a kind asked for {said:?}"),
            }
        }
        self.clear_lots(offered, sought);
        if trade == Trade::AllSells {
            for line in self.actors.iter_mut().flat_map(|actor| &mut actor.shelf) {
                line.sold = std::mem::take(&mut line.stock);
            }
        }
    }

    fn clear_lots(
        &mut self,
        offered: Vec<(SellerId, ProductId, u32, Cents)>,
        mut sought: Vec<(SellerId, ProductId, u32, Cents)>,
    ) {
        for (seller, product, mut units, unit_price) in offered {
            for (buyer, wanted, want, most) in &mut sought {
                let sold = units.min(*want);
                if *wanted == product && *most >= unit_price && sold > 0 {
                    units -= sold;
                    *want -= sold;
                    self.lots += u64::from(sold);
                    let bought = Notice::LotBought { product, units: sold, unit_price };
                    self.actors[buyer.index()].heard.push(bought);
                    let sale = Notice::LotSold { product, units: sold, unit_price };
                    self.actors[seller.index()].heard.push(sale);
                }
            }
            if units > 0 {
                let back = Notice::LotUnsold { product, units, unit_price };
                self.actors[seller.index()].heard.push(back);
            }
        }
    }

    fn supplied(&self, kind: KindId, from: u32) -> f64 {
        let of_kind = self.supplied.iter().filter(|((k, day), _)| *k == kind && *day >= from);
        of_kind.map(|(_, units)| *units as f64).sum()
    }

    /// What a kind would supply in so many days at its long-run rate.
    fn target(&self, kind: KindId, days: u32) -> f64 {
        let of_kind = self.actors.iter().filter(|a| a.profile.kind == kind);
        of_kind
            .map(|a| a.shelf.iter().map(|l| l.fair_share * a.profile.scale).sum::<f64>())
            .sum::<f64>()
            * self.supply
            * f64::from(days)
    }
}

/// How much more than usual a certified reseller gets at its greatest bid.
fn most_by_bidding(spec: &SellersSpec) -> f64 {
    let stock = &spec.kinds.certified.as_ref().expect("the reference has them").stock;
    libm::pow(stock.bid_max / stock.bid, stock.elasticity) - 1.0
}

/// The most days of supply that a seller of a kind holds, with the whole lot for traders that a full
/// shelf may still take back when nobody wants it.
fn most_days(kind: KindId, spec: &SellersSpec) -> f64 {
    let kinds = spec.kinds.clone();
    let cover = match kind {
        KindId::Factory => kinds.factory.map(|k| k.stock.cover_days),
        KindId::Repairer => kinds.repairer.map(|k| k.stock.cover_days),
        KindId::Recycler => kinds.recycler.map(|k| k.stock.cover_days),
        KindId::Trader => kinds.trader.map(|k| k.stock.cover_days),
        KindId::Wholesaler => kinds
            .wholesaler
            .map(|k| k.stock.cover_days + k.stock.trade * k.stock.every_days / k.stock.models),
        KindId::Leasing => kinds.leasing.map(|k| k.stock.cover_days),
        KindId::Retailer => kinds.retailer.map(|k| k.stock.cover_days),
        KindId::Certified => kinds.certified.map(|k| k.stock.cover_days),
        KindId::Given => None,
    };
    cover.expect("the reference has all kinds")
}

fn market(seed: u64) -> (SellersSpec, Toy) {
    let spec = reference();
    let fair = Fair::new(&spec);
    let toy = Toy::new(&spec, fair.profiles(700), &fair, seed);
    (spec, toy)
}

#[test]
fn when_all_sells_supply_is_what_the_scenario_says() {
    let (spec, mut toy) = market(1);
    // Two years, because a wholesaler's containers are few: opening stock is left out.
    for day in 0..729 {
        toy.day(day, Trade::AllSells);
    }
    let mut all = 0.0;
    for (kind, ..) in spec.kinds.all() {
        let (got, target) = (toy.supplied(kind, 1), toy.target(kind, 728));
        println!("{:<10} {:.3} of its long-run supply", kind.name(), got / target);
        all += got;
        let tolerance = match kind {
            // Bids rise while everything sells.
            KindId::Certified => 0.02..most_by_bidding(&spec) + 0.02,
            // It gets what others sell it.
            KindId::Trader => -0.35..0.10,
            // What traders leave of the lots meant for them is shelved.
            KindId::Wholesaler => -0.10..0.35,
            KindId::Leasing => -0.15..0.10,
            _ => -0.04..0.04,
        };
        assert!(tolerance.contains(&(got / target - 1.0)), "{}: {got} for {target}", kind.name());
    }
    let asked: f64 = KindId::ALL.iter().map(|&kind| toy.target(kind, 728)).sum();
    let (ratio, asked) = (all / (DEMAND * 728.0), asked / (DEMAND * 728.0));
    println!("supply over demand {ratio:.2}, by the rates {asked:.2}; {} units in lots", toy.lots);
    assert!((ratio / asked - 1.0).abs() < 0.05, "supplied {ratio}, by the rates {asked}");
    // 700 sellers of so unequal sizes are few: their rates scatter by 5 % around the scenario's.
    assert!((asked / spec.supply - 1.0).abs() < 0.15, "rates add up to {asked} of demand");
}

#[test]
fn when_nothing_sells_shelves_fill_to_their_bound_and_no_further() {
    let (spec, mut toy) = market(2);
    for day in 0..364 {
        toy.day(day, Trade::NothingSells);
    }
    let late: u64 =
        toy.supplied.iter().filter(|((_, day), _)| *day >= 300).map(|(_, units)| units).sum();
    let mut filled: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for actor in &toy.actors {
        let days = most_days(actor.profile.kind, &spec);
        for line in &actor.shelf {
            let rate = line.fair_share * actor.profile.scale * toy.supply;
            let sums = filled.entry(actor.profile.kind.name()).or_default();
            sums.0 += f64::from(line.stock);
            sums.1 += rate;
            let most = (rate * days).ceil() + 2.0;
            let stock = f64::from(line.stock);
            assert!(stock <= most, "{:?} holds {stock} of {most}", actor.profile.kind);
        }
    }
    for (kind, (stock, rate)) in filled {
        println!("{kind:<10} ends with {:.1} days of supply", stock / rate);
    }
    let a_day = late as f64 / 64.0;
    assert!(a_day < 0.03 * spec.supply * DEMAND, "{a_day} units a day still come in");
}

#[test]
fn a_day_depends_on_the_seed_and_the_day_alone() {
    let run = |seed| {
        let (_, mut toy) = market(seed);
        (0..40).for_each(|day| toy.day(day, Trade::AllSells));
        toy.supplied
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4));
}

/// Units a day of one kind in a year in which all sells, without the opening.
fn days_of(kind: KindId, seed: u64) -> Vec<f64> {
    let (_, mut toy) = market(seed);
    (0..365).for_each(|day| toy.day(day, Trade::AllSells));
    (1..365).map(|day| toy.supplied.get(&(kind, day)).copied().unwrap_or(0) as f64).collect()
}

#[test]
fn retailers_have_their_wave_after_the_holidays() {
    let stock = reference().kinds.retailer.expect("the reference has retailers").stock;
    let mean = |days: &[f64]| days.iter().sum::<f64>() / days.len() as f64;
    // Days are counted from day 1, so week w is 7w − 1 to 7w + 5.
    let (wave, usual): (Vec<_>, Vec<_>) = (1..)
        .zip(days_of(KindId::Retailer, 5))
        .partition(|(day, _)| stock.holiday_weeks.contains(&(day / 7)));
    let [wave, usual] = [wave, usual]
        .map(|days| mean(&days.into_iter().map(|(_, units)| units).collect::<Vec<f64>>()));
    let ratio = wave / usual;
    assert!((ratio / stock.holiday_factor - 1.0).abs() < 0.1, "wave {wave}, usual {usual}");
}

/// Variance over mean of weekly units of one seller with a shelf like any other's.
fn dispersion(kind: KindId) -> f64 {
    let spec = reference();
    let fair = Fair::new(&spec);
    let profile = fair.profiles(700).into_iter().find(|p| p.kind == kind && p.catalogue.len() > 5);
    let mut profile = profile.expect("700 sellers are of all kinds");
    profile.seller = SellerId(0);
    profile.scale = 1.0;
    let mut toy = Toy::new(&spec, vec![profile], &fair, 6);
    for line in &mut toy.actors[0].shelf {
        line.fair_share = 0.5;
    }
    (0..1_463).for_each(|day| toy.day(day, Trade::AllSells));
    let week = |w: u32| -> f64 {
        (0..7).map(|d| toy.supplied.get(&(kind, 63 + 7 * w + d)).copied().unwrap_or(0) as f64).sum()
    };
    let weeks: Vec<f64> = (0..200).map(week).collect();
    let mean = weeks.iter().sum::<f64>() / 200.0;
    weeks.iter().map(|w| (w - mean) * (w - mean)).sum::<f64>() / 199.0 / mean
}

#[test]
fn the_kinds_differ_in_how_stock_comes() {
    // Steady, by chance, and in lumps: this is what makes one kind another.
    let [factory, repairer, recycler, leasing, wholesaler] =
        [KindId::Factory, KindId::Repairer, KindId::Recycler, KindId::Leasing, KindId::Wholesaler]
            .map(dispersion);
    println!("{factory:.3} {repairer:.3} {recycler:.3} {leasing:.3} {wholesaler:.3}");
    assert!(factory < 0.05, "a factory's throughput is steady: {factory}");
    assert!((0.7..1.4).contains(&repairer), "a workshop's is Poisson: {repairer}");
    assert!(recycler > 1.5 * repairer, "parts come in bundles: {recycler}");
    assert!(leasing > 5.0 && wholesaler > 20.0, "waves {leasing}, containers {wholesaler}");
}

#[test]
fn traders_have_no_stock_but_lots() {
    let spec = reference();
    let fair = Fair::new(&spec);
    let mut profiles: Vec<Profile> =
        fair.profiles(700).into_iter().filter(|p| p.kind == KindId::Trader).take(20).collect();
    for (profile, i) in profiles.iter_mut().zip(0..) {
        profile.seller = SellerId(i);
    }
    let mut toy = Toy::new(&spec, profiles, &fair, 7);
    (0..100).for_each(|day| toy.day(day, Trade::AllSells));
    assert_eq!(toy.supplied(KindId::Trader, 0), 0.0, "nobody sold it a lot");
    let product = toy.actors[0].shelf[0].product;
    let lot = Notice::LotBought { product, units: 12, unit_price: Cents(9_000) };
    toy.actors[0].heard.push(lot);
    toy.day(100, Trade::AllSells);
    assert_eq!(toy.supplied(KindId::Trader, 0), 12.0);
}

/// A seller of one kind alone, as number 0, on a shelf where every line sells `fair_share` a day.
fn alone(kind: KindId, fair_share: f64, seed: u64) -> Toy {
    let spec = reference();
    let fair = Fair::new(&spec);
    let found = fair.profiles(700).into_iter().find(|p| p.kind == kind && p.catalogue.len() > 5);
    let profile = found.expect("700 sellers are of all kinds");
    let profile = Profile { seller: SellerId(0), scale: 1.0, ..profile };
    let mut toy = Toy::new(&spec, vec![profile], &fair, seed);
    for line in &mut toy.actors[0].shelf {
        line.fair_share = fair_share;
    }
    toy
}

#[test]
fn a_traders_purse_keeps_it_to_its_long_run_supply() {
    let mut toy = alone(KindId::Trader, 0.4, 11);
    for day in 0..400 {
        // Somebody always has a lot of all that it seeks, at the price that it would pay.
        let actor = &mut toy.actors[0];
        let mut out = Outbox::default();
        for notice in actor.heard.drain(..) {
            actor.sourcing.hear(&notice);
        }
        let today = SellerDay {
            day,
            shelf: &actor.shelf,
            supply: toy.supply,
            urgency: 2.0,
            dice: toy.dice,
        };
        actor.sourcing.wake(&actor.profile, &today, &mut out);
        for said in out.drain() {
            match said.request {
                Request::SeekLot { product, units, max_unit_price } => {
                    let unit_price = max_unit_price;
                    actor.heard.push(Notice::LotBought { product, units, unit_price });
                }
                Request::Restock { units, .. } => {
                    *toy.supplied.entry((KindId::Trader, day)).or_default() += u64::from(units);
                }
                other => panic!("a trader asked for {other:?}"),
            }
        }
    }
    let ratio = toy.supplied(KindId::Trader, 36) / toy.target(KindId::Trader, 364);
    // It may overdraw its purse by what it seeks in one day, but pays that back.
    assert!((ratio - 1.0).abs() < 0.15, "{ratio} of its long-run supply");
}

#[test]
fn a_certified_reseller_bids_less_while_its_shelf_is_full() {
    let spec = reference();
    let stock = spec.kinds.certified.as_ref().unwrap().stock.clone();
    let mut toy = alone(KindId::Certified, 1.0, 12);
    let actor = &mut toy.actors[0];
    let mut shares = Vec::new();
    for day in 0..200 {
        // All lines are full but the first, which sells out: it goes on buying that one.
        for (i, line) in actor.shelf.iter_mut().enumerate() {
            line.stock = if i == 0 { 0 } else { 180 };
        }
        let mut out = Outbox::default();
        let today = SellerDay {
            day,
            shelf: &actor.shelf,
            supply: spec.supply,
            urgency: 2.0,
            dice: toy.dice,
        };
        actor.sourcing.wake(&actor.profile, &today, &mut out);
        for said in out.drain() {
            if let Request::Restock { unit_cost, .. } = said.request {
                shares.push(unit_cost.eur() / actor.shelf[0].target.eur() - stock.refurbish);
            }
        }
    }
    // The first is the opening stock; the second was bought at the first bid.
    let (first, last) = (shares[1], shares[shares.len() - 1]);
    assert!((first - stock.bid).abs() < 0.02, "bids {first} at first, {} is due", stock.bid);
    assert!(
        (last - stock.bid_min).abs() < 0.001,
        "bids {last} at the end, least {}",
        stock.bid_min
    );
}

#[test]
fn a_certified_resellers_supply_answers_its_bid() {
    let stock = reference().kinds.certified.unwrap().stock;
    let year = |stock: &CertifiedStock, trade: Trade| {
        let spec = reference();
        let fair = Fair::new(&spec);
        let profile = fair.profiles(700).into_iter().find(|p| p.kind == KindId::Certified).unwrap();
        let profile = Profile { seller: SellerId(0), ..profile };
        let mut toy = Toy::new(&spec, vec![profile], &fair, 8);
        for line in &mut toy.actors[0].shelf {
            line.fair_share = 1.0;
        }
        toy.actors[0].sourcing = stock.actor(spec.cost_share);
        (0..365).for_each(|day| toy.day(day, trade));
        toy.supplied(KindId::Certified, 1) / toy.target(KindId::Certified, 364)
    };
    let most = 1.0 + most_by_bidding(&reference());
    let fixed = CertifiedStock { bid_step: 0.0, ..stock.clone() };
    let base = year(&fixed, Trade::AllSells);
    assert!((base - 1.0).abs() < 0.05, "at its first bid it buys the usual: {base}");
    // Bids rise to bid_max while all sells.
    let raised = year(&stock, Trade::AllSells);
    assert!((0.91 * most..1.05 * most).contains(&raised), "{raised} of the usual, {most} at most");
    let loved = CertifiedStock { elasticity: 2.0 * stock.elasticity, ..stock.clone() };
    assert!(year(&loved, Trade::AllSells) > raised * 1.08);
    assert!(year(&stock, Trade::NothingSells) < 0.12, "a full shelf stops buying");
}

#[test]
fn a_factory_makes_what_is_short_and_offers_what_it_cannot_shelve() {
    let spec = reference();
    let fair = Fair::new(&spec);
    let found = fair
        .profiles(700)
        .into_iter()
        .find(|p| p.kind == KindId::Factory && p.catalogue.len() >= 10);
    let profile = Profile { seller: SellerId(0), scale: 1.0, ..found.unwrap() };
    let mut toy = Toy::new(&spec, vec![profile], &fair, 9);
    for line in &mut toy.actors[0].shelf {
        line.fair_share = 0.2;
    }
    (0..60).for_each(|day| toy.day(day, Trade::NothingSells));
    // Now one product sells out every day: the line turns to it, past its own long-run rate.
    let mut made = 0;
    for day in 60..90 {
        toy.actors[0].shelf[3].stock = 0;
        toy.day(day, Trade::NothingSells);
        made += toy.actors[0].shelf[3].stock;
    }
    let usual = 30.0 * 0.2 * spec.supply;
    assert!(f64::from(made) > 3.0 * usual, "{made} units in 30 days, {usual} is usual");
    let mut out = Outbox::default();
    let actor = &mut toy.actors[0];
    for day in 90..97 {
        let today = SellerDay {
            day,
            shelf: &actor.shelf,
            supply: spec.supply,
            urgency: 2.0,
            dice: toy.dice,
        };
        actor.sourcing.wake(&actor.profile, &today, &mut out);
    }
    let lots = out.waiting().iter().filter(|s| matches!(s.request, Request::OfferLot { .. }));
    assert_eq!(lots.count(), 1, "one lot of surplus a week: {:?}", out.waiting());
}

/// Units of the first product of every seller, by kind, in half a year in which all sells; `asked` says
/// whether staff asks for that product every day.
fn first_products(asked: bool) -> BTreeMap<KindId, f64> {
    let (_, mut toy) = market(6);
    let mut units = BTreeMap::new();
    for day in 0..182 {
        for actor in toy.actors.iter_mut().filter(|actor| actor.shelf.len() > 1) {
            if asked {
                actor.heard.push(Notice::RestockAsked { product: actor.shelf[0].product });
            }
        }
        toy.day(day, Trade::AllSells);
        for actor in toy.actors.iter().filter(|actor| actor.shelf.len() > 1) {
            *units.entry(actor.profile.kind).or_insert(0.0) += f64::from(actor.shelf[0].sold);
        }
    }
    units
}

#[test]
fn what_staff_asks_for_comes_more_often_from_those_who_can_hear() {
    let (left_alone, asked) = (first_products(false), first_products(true));
    let kinds = reference().kinds;
    for (kind, _, stocking) in kinds.all() {
        let ratio = asked[&kind] / left_alone[&kind];
        println!("{:<10} {ratio:.2}", kind.name());
        if stocking.hears_requests() {
            // A certified reseller answers by its bid, which is high anyway while everything sells.
            let least = if kind == KindId::Certified { 1.0 } else { 1.1 };
            assert!(ratio > least, "{}: {ratio} of what comes unasked", kind.name());
        } else {
            assert_eq!(ratio, 1.0, "{} does not hear", kind.name());
        }
    }
}
