//! What is traded, and where: categories, models in condition grades, countries.

use std::collections::BTreeMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::history::ProductCard;
use crate::rng::{Dice, Purpose, lognormal};
use crate::units::{CategoryId, Cents, Grade, ProductId};

/// `[market.products]`: what is traded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductsSpec {
    /// Products, each a model in one condition grade [count].
    #[garde(range(min = 1, max = 1_000_000))]
    pub count: u32,
    /// Standard deviation of the logarithm of popularity (mean 1) [ratio].
    #[garde(range(min = 0.0, max = 5.0))]
    pub popularity_sigma: f64,
    /// Price of each grade over that of `excellent`: fair, good, excellent, premium; 4 numbers [ratio].
    #[garde(length(min = 4, max = 4), inner(range(min = 0.01, max = 100.0)))]
    pub grade_price: Vec<f64>,
}

/// `[categories.NAME]`: a category of products.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CategorySpec {
    /// Share of the products [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// Visits to a product of it over visits to any product [ratio].
    #[garde(range(min = 0.0, max = 1_000.0))]
    pub popularity: f64,
    /// Median reference price of an excellent unit [EUR].
    #[garde(range(min = 0.01, max = 1e6))]
    pub price_eur: f64,
    /// Standard deviation of the logarithm of the reference price between models [ratio].
    #[garde(range(min = 0.0, max = 3.0))]
    pub price_sigma: f64,
    /// Change of reference prices a week [ratio/week]: -0.004 is 0.4 % down.
    #[garde(range(min = -0.5, max = 0.5))]
    pub drift_per_week: f64,
    /// Spare parts: recyclers sell these.
    #[garde(skip)]
    pub parts: bool,
}

/// `[countries.NAME]`: a country with its part of the market.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountrySpec {
    /// Share of the shoppers [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub shoppers: f64,
    /// Share of the sellers [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub sellers: f64,
}

/// `[payments.NAME]`: a way to pay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentSpec {
    /// Share of shoppers who pay by it [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub shoppers: f64,
    /// Chance that a seller takes it [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub sellers: f64,
}

/// Grades that a model comes in.
const GRADES: u32 = Grade::ALL.len() as u32;

/// Draws the products (root `market.seed`): categories by their shares, four grades of a model side
/// by side, popularity lognormal.
pub fn draw_products(
    spec: &ProductsSpec,
    categories: &BTreeMap<String, CategorySpec>,
    dice: Dice,
) -> Vec<ProductCard> {
    let mut cards = Vec::with_capacity(spec.count as usize);
    let mut given = 0.0;
    let mut models = 0;
    for (category, c) in categories.values().enumerate() {
        // Cumulated shares are rounded, not each share, so that the counts add up.
        let from = (given * f64::from(spec.count)).round() as u32;
        given += c.share;
        let to = (given * f64::from(spec.count)).round() as u32;
        let to = to.min(spec.count);
        for i in from..to {
            // Models are counted on from category to category: none lies in two.
            let (model, grade) =
                (models + (i - from) / GRADES, Grade::ALL[((i - from) % GRADES) as usize]);
            let of = Model { category: CategoryId(category as u8), number: model };
            cards.push(draw_product(spec, of, c, ProductId(i), grade, dice));
        }
        models += (to - from).div_ceil(GRADES);
    }
    let total: f64 = cards.iter().map(|card| card.popularity).sum();
    for card in &mut cards {
        card.popularity /= total;
    }
    cards
}

/// A model, which comes in several grades.
struct Model {
    category: CategoryId,
    number: u32,
}

fn draw_product(
    spec: &ProductsSpec,
    of: Model,
    c: &CategorySpec,
    product: ProductId,
    grade: Grade,
    dice: Dice,
) -> ProductCard {
    // The price is drawn for the model, so its grades share it; popularity for the product.
    let mut of_model = dice.stream(u64::from(of.number), 1, Purpose::Product);
    let mut of_product = dice.stream(u64::from(product.0), 2, Purpose::Product);
    let price = c.price_eur * lognormal(&mut of_model, 0.0, c.price_sigma);
    ProductCard {
        product,
        category: of.category,
        grade,
        popularity: c.popularity * lognormal(&mut of_product, 0.0, spec.popularity_sigma),
        reference: Cents::from_eur((price * spec.grade_price[grade as usize]).max(0.01)),
        drift_per_week: c.drift_per_week,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Grades of one model have one price but for their grade; another model has another.
    #[test]
    fn a_model_lies_in_one_category() {
        let category = |price_eur| CategorySpec {
            share: 0.5,
            popularity: 1.0,
            price_eur,
            price_sigma: 0.5,
            drift_per_week: 0.0,
            parts: false,
        };
        let categories = [("a", category(100.0)), ("b", category(100.0))];
        let categories = categories.map(|(name, c)| (name.to_owned(), c)).into();
        let spec = ProductsSpec { count: 12, popularity_sigma: 1.0, grade_price: vec![1.0; 4] };
        // Six products each: a model of four grades and half of another.
        let cards = draw_products(&spec, &categories, Dice::new(3, 0));
        let price = |i: usize| cards[i].reference;
        for (first, last) in [(0, 3), (4, 5), (6, 9), (10, 11)] {
            assert!((first..=last).all(|i| price(i) == price(first)), "{cards:?}");
            assert!((first..=last).all(|i| cards[i].grade == Grade::ALL[i - first]), "{cards:?}");
        }
        assert!(price(3) != price(4) && price(5) != price(6) && price(9) != price(10), "{cards:?}");
    }
}
