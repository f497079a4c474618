//! What must hold for every policy there is, and the small market that the policies' own tests share.

use garde::Validate;
use proptest::prelude::*;

use super::*;
use crate::rng::unit64;

/// The columns of one product's offers, owned.
pub(super) struct Columns {
    price: Vec<f32>,
    a: Vec<f32>,
    b: Vec<f32>,
    seller: Vec<SellerId>,
    pub star_eur: f32,
}

impl Columns {
    pub fn candidates(&self) -> Candidates<'_> {
        Candidates {
            price: &self.price,
            a: &self.a,
            b: &self.b,
            seller: &self.seller,
            star_eur: self.star_eur,
        }
    }
}

/// Offers of sellers 0, 1, … with these merits and prices.
pub(super) fn columns(policy: &dyn Ranking, merits: &[Merit], prices: &[f32]) -> Columns {
    let weights: Vec<Weight> = merits.iter().map(|m| policy.weigh(m)).collect();
    Columns {
        price: prices.to_vec(),
        a: weights.iter().map(|w| w.a).collect(),
        b: weights.iter().map(|w| w.b).collect(),
        seller: (0..merits.len() as u32).map(SellerId).collect(),
        star_eur: 60.0,
    }
}

/// The scores of one query.
pub(super) fn score_of(
    policy: &dyn Ranking,
    market: &Columns,
    seed: u64,
    session: u64,
) -> Vec<f32> {
    let mut scores = vec![f32::NAN; market.price.len()];
    let chance = Chance { dice: Dice::new(seed, 0), session: SessionId(session) };
    policy.score(&market.candidates(), chance, &mut scores);
    scores
}

fn standing_of(policy: &dyn Ranking, market: &Columns) -> Vec<f32> {
    let mut scores = vec![f32::NAN; market.price.len()];
    policy.standing(&market.candidates(), &mut scores);
    scores
}

/// The place of the greatest score, the first of equals.
pub(super) fn argmax(scores: &[f32]) -> usize {
    (0..scores.len()).rev().max_by(|&i, &j| scores[i].total_cmp(&scores[j])).expect("an offer")
}

/// A seller with so many reviews and stars in all.
pub(super) fn reviewed(reviews: u32, stars: u32) -> Merit {
    Merit { reviews, stars, ..Merit::unknown(4.0) }
}

/// A policy with its reference values.
pub(super) fn reference(name: &str) -> RankingSpec {
    RankingSpec::reference(name).unwrap_or_else(|| panic!("no policy {name}, or bad reference"))
}

/// Mean and variance (unbiased).
pub(super) fn moments(sample: &[f64]) -> (f64, f64) {
    let n = sample.len() as f64;
    let mean = sample.iter().sum::<f64>() / n;
    (mean, sample.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0))
}

/// The regret of a policy over many worlds.
pub(super) struct Regret {
    pub mean: f64,
    pub standard_error: f64,
}

/// Plays the Bernoulli bandit with chances .9 and .8 for 10,000 pulls in each of `worlds` worlds: each
/// query goes to the box, and its review is positive with the arm's chance. Regret is what the pulls of
/// the worse arm cost in the mean, .1 each.
pub(super) fn bandit(policy: &dyn Ranking, worlds: u32, seed: u64) -> Regret {
    const CHANCES: [f64; 2] = [0.9, 0.8];
    let regrets: Vec<f64> = (0..worlds)
        .map(|world| {
            let dice = Dice::new(seed, world);
            let mut merits = [Merit::unknown(4.0); 2];
            let mut market = columns(policy, &merits, &[100.0, 100.0]);
            let mut worse = 0u32;
            let mut scores = [0.0f32; 2];
            for pull in 0..10_000u64 {
                let chance = Chance { dice, session: SessionId(pull) };
                policy.score(&market.candidates(), chance, &mut scores);
                let arm = if scores[0] == scores[1] {
                    usize::from(dice.tie(pull, 0) < dice.tie(pull, 1))
                } else {
                    usize::from(scores[1] > scores[0])
                };
                worse += arm as u32;
                let u = unit64(u64::from(dice.stream(pull, 0, Purpose::Review).next_u32()) << 32);
                merits[arm].reviews += 1;
                merits[arm].positive += u32::from(u < CHANCES[arm]);
                let weight = policy.weigh(&merits[arm]);
                (market.a[arm], market.b[arm]) = (weight.a, weight.b);
            }
            f64::from(worse) * (CHANCES[0] - CHANCES[1])
        })
        .collect();
    let (mean, variance) = moments(&regrets);
    Regret { mean, standard_error: libm::sqrt(variance / f64::from(worlds)) }
}

#[test]
fn names_are_tables_and_reference_values_are_valid() {
    for about in POLICIES {
        let toml = format!("[{}]\n{}", about.name, about.reference);
        let spec: RankingSpec =
            toml::from_str(&toml).unwrap_or_else(|e| panic!("{}: {e}\n{toml}", about.name));
        assert_eq!(spec.about().name, about.name);
        assert_eq!(Some(&spec), RankingSpec::reference(about.name).as_ref());
        spec.validate().unwrap_or_else(|e| panic!("{}: {e}", about.name));
        let written = toml::to_string(&spec).expect("a table");
        assert_eq!(toml::from_str::<RankingSpec>(&written).ok(), Some(spec), "{written}");
        for text in [about.says, about.formula, about.source] {
            assert!(!text.is_empty(), "{} leaves something unsaid", about.name);
        }
        assert!(about.says.ends_with('.'), "{}: {}", about.name, about.says);
        for line in about.reference.lines().filter(|line| line.contains('=')) {
            let sourced = ["# [M]", "# [R]", "# [A]"].iter().any(|mark| line.contains(mark));
            assert!(sourced, "{}: `{line}` has no source", about.name);
        }
    }
    let mut names: Vec<&str> = POLICIES.iter().map(|about| about.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 14);
    assert_eq!(RankingSpec::reference("boxx"), None);
}

#[test]
fn unknown_missing_and_impossible_keys_are_refused() {
    let parse = |toml: &str| toml::from_str::<RankingSpec>(toml);
    assert!(parse("[boxx]").is_err());
    assert!(parse("[cheapest]\nspeed = 1").is_err());
    assert!(parse("[popularity]\na = 1.0\nc = 1.0").is_err());
    for about in POLICIES {
        for (line, value) in numbers(about.reference) {
            for bad in ["-1.0", "1e9"] {
                let key = line.replacen(&format!("= {value}"), &format!("= {bad}"), 1);
                let toml = format!("[{}]\n{}", about.name, about.reference.replace(line, &key));
                let spec = parse(&toml).unwrap_or_else(|e| panic!("{e}\n{toml}"));
                assert!(spec.validate().is_err(), "{bad} was let through:\n{toml}");
            }
        }
    }
}

/// The lines of a reference whose value is a number, with that number.
fn numbers(reference: &str) -> impl Iterator<Item = (&str, &str)> {
    reference.lines().filter_map(|line| {
        let value = line.split_once('=')?.1.split('#').next()?.trim();
        value.parse::<f64>().ok().map(|_| (line, value))
    })
}

#[test]
fn a_price_power_near_zero_is_refused() {
    let spec = |power: &str| {
        let table = reference_table("box").replace("price_power = 1.0", power);
        toml::from_str::<RankingSpec>(&table).expect("a table")
    };
    assert!(spec("price_power = 0.0").validate().is_ok());
    assert!(spec("price_power = 0.1").validate().is_ok());
    let error = spec("price_power = 0.01").validate().expect_err("too small").to_string();
    assert!(error.contains("price_power") && error.contains("0.1"), "{error}");
}

fn reference_table(name: &str) -> String {
    let about = POLICIES.iter().find(|about| about.name == name).expect("a policy");
    format!("[{}]\n{}", about.name, about.reference)
}

#[test]
fn the_schema_names_every_policy_and_its_ranges() {
    let schema = serde_json::to_string(&schemars::schema_for!(RankingSpec)).expect("json");
    for about in POLICIES {
        assert!(schema.contains(&format!("\"{}\"", about.name)), "{} not in {schema}", about.name);
    }
    for word in ["imagined reviews", "\"maximum\":1000000", "\"window\""] {
        assert!(schema.contains(word), "{word} not in {schema}");
    }
}

/// For policies whose score depends on this offer alone, the last term is the score of a query.
#[test]
fn explanations_end_in_the_score() {
    let merit = Merit {
        orders: 90,
        positive: 30,
        recent_reviews: 9,
        recent_stars: 40,
        exposure: 12.5,
        ..reviewed(40, 170)
    };
    for about in POLICIES {
        let policy = reference(about.name).build();
        let terms = policy.explain(&merit, 210.0);
        for term in &terms {
            assert!(term.value.is_finite(), "{}: {term:?}", about.name);
            let spoken = about.formula.contains(term.name);
            let counted = ["reviews", "price"].contains(&term.name);
            assert!(spoken || counted, "{}: {} is not in {}", about.name, term.name, about.formula);
        }
        let market = columns(policy.as_ref(), &[merit], &[210.0]);
        let stands = standing_of(policy.as_ref(), &market)[0];
        if let Some(score) = terms.iter().find(|term| term.name == "score") {
            assert_eq!(score.value as f32, stands, "{}: {terms:?}", about.name);
        }
    }
}

/// The terms of the reference policy, put into its formula by hand.
#[test]
fn a_person_can_redo_the_sum() {
    let terms = reference("box").build().explain(&reviewed(42, 200), 250.0);
    let value = |name: &str| {
        terms
            .iter()
            .find(|t| t.name == name)
            .unwrap_or_else(|| panic!("no {name}: {terms:?}"))
            .value
    };
    let quality = (value("stars") + value("shrinkage") * value("prior_stars"))
        / (value("reviews") + value("shrinkage"));
    assert_eq!(value("quality"), quality);
    let score = libm::pow(quality, value("exponent")) / value("price");
    assert!((value("score") / score - 1.0).abs() < 1e-6, "{terms:?}");
}

#[test]
fn only_stochastic_policies_and_those_of_the_shopper_are_per_query() {
    let per_query: Vec<&str> = POLICIES
        .iter()
        .filter(|about| reference(about.name).build().per_query())
        .map(|about| about.name)
        .collect();
    assert_eq!(per_query, ["random", "thompson", "epsilon-greedy", "popularity", "oracle-value"]);
}

fn any_merit() -> impl Strategy<Value = Merit> {
    let counts = prop_oneof![Just(0u32), 0..50u32, 0..5_000_000u32];
    let exposure = prop_oneof![Just(0.0), 0.0..100.0f64, 0.0..1e9f64];
    (prop::array::uniform21(counts), exposure, 1.0..=5.0f64).prop_map(
        |(n, exposure, true_stars)| Merit {
            reviews: n[0],
            stars: n[1],
            rest_milli: n[2] as i32,
            positive: n[2],
            recent_reviews: n[3],
            recent_stars: n[4],
            recent_rest_milli: n[5] as i32,
            recent_positive: n[5],
            orders: n[6],
            late: n[7],
            defective: n[8],
            returned: n[9],
            cancelled: n[10],
            category_reviews: n[11],
            category_stars: n[12],
            category_rest_milli: n[13] as i32,
            category_positive: n[13],
            category_orders: n[14],
            category_late: n[15],
            category_defective: n[16],
            category_returned: n[17],
            category_cancelled: n[18],
            requests: n[19],
            answer_hours: n[20],
            exposure,
            true_stars,
        },
    )
}

/// Merits that could be: no more stars than five a review.
fn likely_merit() -> impl Strategy<Value = Merit> {
    (0..2000u32, 1.0..=5.0f64, 0.0..=1.0f64, 0..3000u32, 0.0..1e4f64).prop_map(
        |(reviews, mean, share, silent, exposure)| Merit {
            positive: (f64::from(reviews) * share) as u32,
            orders: reviews + silent,
            exposure,
            true_stars: mean,
            ..reviewed(reviews, (f64::from(reviews) * mean) as u32)
        },
    )
}

/// A policy with its keys drawn anywhere within the powers' ranges.
fn any_policy() -> impl Strategy<Value = (String, RankingSpec)> {
    let price_power = prop_oneof![Just(0.0), Just(1.0), 0.1..=4.0f64];
    let quality_power = prop_oneof![Just(1.0), Just(2.0), 0.0..=4.0f64];
    let evidence = prop::sample::select(vec!["lifetime", "window", "category"]);
    (0..POLICIES.len(), price_power, quality_power, evidence).prop_map(
        |(i, price, quality, evidence)| {
            let mut table = String::new();
            for line in reference_table(POLICIES[i].name).lines() {
                table += &match line.split_once(" =").map(|(key, _)| key) {
                    Some("price_power") => format!("price_power = {price:?}"),
                    Some("quality_power") => format!("quality_power = {quality:?}"),
                    Some("evidence") => format!("evidence = {evidence:?}"),
                    _ => line.to_owned(),
                };
                table.push('\n');
            }
            let spec: RankingSpec =
                toml::from_str(&table).unwrap_or_else(|e| panic!("{e}\n{table}"));
            spec.validate().unwrap_or_else(|e| panic!("{e}\n{table}"));
            (table, spec)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// The market refreshes no weight for what a policy does not say it reads.
    #[test]
    fn what_is_not_said_to_be_read_changes_no_weight(
        (table, spec) in any_policy(),
        merit in any_merit(),
        other in any_merit(),
    ) {
        let policy = spec.build();
        let reads = policy.reads();
        let mut changed = merit;
        if !reads.orders {
            changed.orders = other.orders;
        }
        if !reads.outcomes {
            (changed.late, changed.defective) = (other.late, other.defective);
            (changed.returned, changed.cancelled) = (other.returned, other.cancelled);
        }
        if !reads.exposure {
            changed.exposure = other.exposure;
        }
        if !reads.category {
            changed.category_reviews = other.category_reviews;
            changed.category_stars = other.category_stars;
            changed.category_positive = other.category_positive;
        }
        prop_assert_eq!(policy.weigh(&merit), policy.weigh(&changed), "{}", table);
    }

    /// No merit and no price makes a score that cannot be compared.
    #[test]
    fn scores_are_never_nan(
        (table, spec) in any_policy(),
        merits in prop::collection::vec(any_merit(), 1..8),
        prices in prop::collection::vec(prop_oneof![0.01..1e7f32, Just(0.01f32), Just(1e30f32)], 8),
        star_eur in 0.0..1e4f32,
        seed in any::<u64>(),
    ) {
        let policy = spec.build();
        let mut market = columns(policy.as_ref(), &merits, &prices[..merits.len()]);
        market.star_eur = star_eur;
        for scores in [score_of(policy.as_ref(), &market, seed, 7), standing_of(policy.as_ref(), &market)] {
            prop_assert!(scores.iter().all(|s| !s.is_nan()), "seed {seed}: {scores:?}\n{table}");
        }
        for term in policy.explain(&merits[0], prices[0]) {
            prop_assert!(!term.value.is_nan(), "{term:?}\n{table}");
        }
    }

    /// Asking the price to win, and nothing else, lifts an offer to its rival's standing.
    #[test]
    fn the_price_to_win_wins(
        (table, spec) in any_policy(),
        merits in prop::collection::vec(likely_merit(), 2..8),
        prices in prop::collection::vec(1.0..3000.0f32, 8),
    ) {
        let policy = spec.build();
        let mut market = columns(policy.as_ref(), &merits, &prices[..merits.len()]);
        let before = standing_of(policy.as_ref(), &market);
        let rival = before[argmax(&before)];
        let matters = table.contains("price_power") && !table.contains("price_power = 0.0")
            || ["cheapest", "quality-per-price"].contains(&spec.about().name);
        let answer = policy.price_to_win(&market.candidates(), 0, rival);
        if let Some(price) = answer {
            market.price[0] = price;
            let after = standing_of(policy.as_ref(), &market)[0];
            // The value to a shopper is a difference, so its error is that of its terms.
            let tolerance = 1e-5 * (rival.abs() + if spec.about().name == "oracle-value" { price } else { 0.0 });
            prop_assert!((after - rival).abs() <= tolerance, "{after} against {rival}\n{table}");
            prop_assert!(price <= prices[0] * 1.00001, "to rise it must ask less\n{table}");
        }
        prop_assert!(answer.is_some() || !matters, "no price to win against {rival}\n{table}");
    }

    /// A draw about a seller does not depend on who else stands beside it.
    #[test]
    fn chance_is_keyed_by_session_and_seller(
        merits in prop::collection::vec(likely_merit(), 3..8), seed in any::<u64>(),
    ) {
        for name in ["random", "thompson", "popularity"] {
            let policy = reference(name).build();
            let prices = vec![100.0; merits.len()];
            let whole = columns(policy.as_ref(), &merits, &prices);
            let mut part = columns(policy.as_ref(), &merits[1..], &prices[1..]);
            part.seller = whole.seller[1..].to_vec();
            let (all, some) =
                (score_of(policy.as_ref(), &whole, seed, 9), score_of(policy.as_ref(), &part, seed, 9));
            prop_assert_eq!(&all[1..], &some[..], "{} with seed {}", name, seed);
        }
    }

    /// The flat loop of the reference policy against the formula, offer by offer in 64 bits.
    #[test]
    fn the_flat_loop_is_the_formula(
        merits in prop::collection::vec(likely_merit(), 1..70),
        prices in prop::collection::vec(1.0..3000.0f32, 70),
    ) {
        let policy = reference("box").build();
        let market = columns(policy.as_ref(), &merits, &prices[..merits.len()]);
        let scores = score_of(policy.as_ref(), &market, 0, 0);
        for (i, merit) in merits.iter().enumerate() {
            let mean = (f64::from(merit.stars) + 21.0 * 4.15) / (f64::from(merit.reviews) + 21.0);
            let formula = mean * mean / f64::from(prices[i]);
            prop_assert!((f64::from(scores[i]) / formula - 1.0).abs() < 3e-7, "offer {}", i);
        }
    }
}
