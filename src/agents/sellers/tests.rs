//! The reference sellers, and what their drawing must come to.

use super::*;
use crate::rng::{Stream, lognormal};
use proptest::prelude::*;

/// The sellers of the reference scenario.
pub(super) fn reference() -> SellersSpec {
    crate::reference::table("sellers")
}

/// The stars of the reference scenario.
pub(super) fn star_shares() -> StarShares {
    crate::reference::table("stars")
}

/// A marketplace as large as the reference: 500 products in 6 categories, the last of spare parts,
/// a quarter of them of the best grade, 8 countries, 3 carriers, 4 payment methods.
pub(super) struct Fair {
    pub assortment: Assortment,
    pub roster: Roster,
}

pub(super) const MARKET: u64 = 2_019;

impl Fair {
    pub fn new(spec: &SellersSpec) -> Self {
        let mut draws: Stream = Dice::new(MARKET, 0).stream(0, 0, crate::rng::Purpose::Product);
        let raw: Vec<f64> = (0..500).map(|_| lognormal(&mut draws, 0.0, 1.4)).collect();
        let total: f64 = raw.iter().sum();
        let products = raw
            .iter()
            .enumerate()
            .map(|(i, w)| {
                (CategoryId(if i < 450 { i / 90 } else { 5 } as u8), i % 4 == 3, w / total)
            })
            .collect();
        let reference =
            (0..500).map(|_| Cents::from_eur(lognormal(&mut draws, 5.2, 0.6))).collect();
        let assortment = Assortment { products, parts: Some(CategoryId(5)), reference };
        let roster = Roster::new(
            spec,
            &Setting {
                assortment: &assortment,
                countries: &[0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.05],
                carriers: &[0.5, 0.3, 0.2],
                payments: &[0.98, 0.7, 0.4, 0.2],
                stars: &star_shares(),
            },
        );
        Fair { assortment, roster }
    }

    pub fn profiles(&self, n: u32) -> Vec<Profile> {
        let dice = Dice::new(MARKET, 0);
        (0..n).map(|i| self.roster.profile(dice, SellerId(i), false)).collect()
    }
}

/// Mean and standard deviation of a sample.
pub(super) fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    (mean, variance.sqrt())
}

#[test]
fn problems_name_their_path() {
    let mut spec = reference();
    spec.kinds.certified.as_mut().unwrap().stock.bid = 0.9;
    let paths: Vec<String> = spec.problems(false).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["sellers.kinds.recycler.share", "sellers.kinds.certified.stock.bid"]);
}

#[test]
fn true_stars_spread_as_measured() {
    let spec = reference();
    let fair = Fair::new(&spec);
    let shares = star_shares();
    let profiles = fair.profiles(6_000);
    let stars: Vec<f64> = profiles.iter().map(|p| true_stars(&p.quality, &shares)).collect();
    let (mean, sd) = mean_and_sd(&stars);
    println!("true stars: mean {mean:.3}, sd {sd:.3}");
    // Measured: .288 between sellers. The market's mean is asked to be 4.1 to 4.5.
    assert!((0.26..0.32).contains(&sd), "sd of true stars {sd}, market seed {MARKET}");
    assert!((4.1..4.5).contains(&mean), "mean of true stars {mean}, market seed {MARKET}");

    let alone =
        SellersSpec { quality: QualitySpec { correlation: 0.0, ..spec.quality }, ..reference() };
    let stars: Vec<f64> =
        Fair::new(&alone).profiles(6_000).iter().map(|p| true_stars(&p.quality, &shares)).collect();
    println!(
        "without correlation: mean {:.3}, sd {:.3}",
        mean_and_sd(&stars).0,
        mean_and_sd(&stars).1
    );
    let late: Vec<f64> = profiles.iter().map(|p| p.quality.late).collect();
    let (late_mean, late_sd) = mean_and_sd(&late);
    let both: f64 = (profiles.iter().zip(&late))
        .map(|(p, l)| (true_stars(&p.quality, &shares) - mean) * (l - late_mean))
        .sum::<f64>();
    println!("correlation of late and stars {:.3}", both / (6_000.0 * late_sd * sd));
}

#[test]
fn offers_a_product_spread_as_measured() {
    let fair = Fair::new(&reference());
    let mut offers = vec![0u32; 500];
    for profile in fair.profiles(700) {
        for listing in &profile.catalogue {
            offers[listing.product.index()] += 1;
        }
    }
    let (devices, parts) = offers.split_at(450);
    let mean = f64::from(offers.iter().sum::<u32>()) / 500.0;
    let logs: Vec<f64> =
        offers.iter().filter(|&&n| n > 0).map(|&n| libm::log(f64::from(n))).collect();
    let mut sorted = offers.clone();
    sorted.sort_unstable();
    println!(
        "offers a product: median {}, mean {mean:.1}, log sd {:.2}, p5 {}, p95 {}; parts {:.1}, devices {:.1}",
        sorted[250],
        mean_and_sd(&logs).1,
        sorted[25],
        sorted[475],
        f64::from(parts.iter().sum::<u32>()) / 50.0,
        f64::from(devices.iter().sum::<u32>()) / 450.0,
    );
    assert!((14..=28).contains(&sorted[250]), "median {}, market seed {MARKET}", sorted[250]);
    assert!((18.0..32.0).contains(&mean), "mean {mean}, market seed {MARKET}");
}

#[test]
fn target_prices_within_a_product_spread_as_asked() {
    let spec = reference();
    let fair = Fair::new(&spec);
    let mut logs: Vec<Vec<f64>> = vec![Vec::new(); 500];
    for profile in fair.profiles(2_000) {
        for listing in &profile.catalogue {
            logs[listing.product.index()].push(libm::log(listing.markup));
        }
    }
    let sds: Vec<f64> = logs.iter().filter(|l| l.len() > 10).map(|l| mean_and_sd(l).1).collect();
    let pooled = libm::sqrt(sds.iter().map(|sd| sd * sd).sum::<f64>() / sds.len() as f64);
    println!("log sd of target prices within a product: {pooled:.4}");
    let asked = spec.price_log_sd;
    assert!((pooled - asked).abs() < 0.01, "log sd {pooled} for {asked}, market seed {MARKET}");
}

#[test]
fn kinds_keep_to_their_shares_and_rules() {
    let spec = reference();
    let fair = Fair::new(&spec);
    let profiles = fair.profiles(5_000);
    for (kind, traits, _) in spec.kinds.all() {
        let of_kind: Vec<&Profile> = profiles.iter().filter(|p| p.kind == kind).collect();
        let share = of_kind.len() as f64 / 5_000.0;
        assert!((share - traits.share).abs() < 0.02, "{}: {share}", kind.name());
        for listing in of_kind.iter().flat_map(|p| &p.catalogue) {
            let (category, best, _) = fair.assortment.products[listing.product.index()];
            let part = category == CategoryId(5);
            match kind {
                KindId::Recycler => assert!(part),
                KindId::Retailer => assert!(best && !part),
                KindId::Repairer => {}
                _ => assert!(!part),
            }
            assert!(fair.roster.may_list(kind, listing.product));
        }
    }
    assert!(!fair.roster.may_list(KindId::Factory, ProductId(499)));
    let ids: Vec<PricingId> = fair.roster.pricings().ids().collect();
    assert_eq!(ids.len(), 4);
}

#[test]
fn scale_has_a_mean_of_one_over_what_is_listed() {
    let fair = Fair::new(&reference());
    let profiles = fair.profiles(20_000);
    let listed: f64 = profiles.iter().map(|p| p.catalogue.len() as f64).sum();
    let scaled: f64 = profiles.iter().map(|p| p.scale * p.catalogue.len() as f64).sum();
    assert!((scaled / listed - 1.0).abs() < 0.05, "mean scale {}", scaled / listed);
}

#[test]
fn past_reviews_and_places_are_drawn() {
    let spec = reference();
    let fair = Fair::new(&spec);
    let profiles = fair.profiles(3_000);
    let logs: Vec<f64> = profiles.iter().map(|p| libm::log1p(f64::from(p.past_reviews))).collect();
    let (mean, sd) = mean_and_sd(&logs);
    println!("log(1 + past reviews): mean {mean:.2}, sd {sd:.2}");
    // Orders a seller were measured with a log sd of 1.606.
    assert!((1.35..1.75).contains(&sd), "log sd {sd}");
    for p in &profiles {
        assert!(p.ships >> p.country.0 & 1 == 1, "a seller ships at home: {p:?}");
        assert!(p.ships < 1 << 8 && p.payments != 0 && p.payments < 1 << 4 && p.carrier < 3);
        assert!(p.capacity >= spec.capacity_min && p.handling > 0.0);
    }
    let home = profiles.iter().filter(|p| p.ships.count_ones() == 1).count() as f64 / 3_000.0;
    // Those who may not ship abroad, and a few shops and others besides.
    let least = spec.shipping.home_only - 0.02;
    assert!((least..least + 0.1).contains(&home), "share that ships at home alone: {home}");
}

proptest! {
    /// A profile is a function of the seed and the number, and a joiner's catalogue is part of what
    /// the same seller would have listed from the start.
    #[test]
    fn profiles_depend_on_nothing_else(seed: u64, seller in 0u32..1_000_000) {
        // Two rosters, made once: of the second, other sellers were drawn before.
        static FAIRS: std::sync::LazyLock<[Fair; 2]> =
            std::sync::LazyLock::new(|| [Fair::new(&reference()), Fair::new(&reference())]);
        let [fair, other] = &*FAIRS;
        let dice = Dice::new(seed, 0);
        let one = fair.roster.profile(dice, SellerId(seller), false);
        other.roster.profile(dice, SellerId(seller ^ 1), true);
        prop_assert_eq!(&one, &other.roster.profile(dice, SellerId(seller), false));
        let joiner = fair.roster.profile(dice, SellerId(seller), true);
        prop_assert!(joiner.catalogue.len() <= one.catalogue.len());
        prop_assert!(joiner.catalogue.iter().all(|listing| one.catalogue.contains(listing)));
        prop_assert_eq!(joiner.past_reviews, 0);
        prop_assert_eq!((joiner.kind, joiner.quality), (one.kind, one.quality));
        let mut products: Vec<ProductId> = one.catalogue.iter().map(|l| l.product).collect();
        products.dedup();
        prop_assert_eq!(products.len(), one.catalogue.len(), "no product twice");
        prop_assert!(!one.catalogue.is_empty());
    }

    #[test]
    fn pick_agrees_with_a_running_sum(shares in proptest::collection::vec(0.0..1.0f64, 1..9), u in 0.0001..0.9999f64) {
        prop_assume!(shares.iter().sum::<f64>() > 1e-3);
        let total: f64 = shares.iter().sum();
        let mut sum = 0.0;
        let expected = shares.iter().position(|s| { sum += s; u * total < sum }).unwrap();
        prop_assert_eq!(pick(shares.iter().copied(), u), expected);
    }
}
