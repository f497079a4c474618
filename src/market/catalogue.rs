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

/// Draws the products (root `market.seed`): categories by their shares, four grades of a model side
/// by side, popularity lognormal.
pub fn draw_products(
    spec: &ProductsSpec,
    categories: &BTreeMap<String, CategorySpec>,
    dice: Dice,
) -> Vec<ProductCard> {
    let mut cards = Vec::with_capacity(spec.count as usize);
    let mut given = 0.0;
    for (category, c) in categories.values().enumerate() {
        // Cumulated shares are rounded, not each share, so that the counts add up.
        let from = (given * f64::from(spec.count)).round() as u32;
        given += c.share;
        let to = (given * f64::from(spec.count)).round() as u32;
        for i in from..to.min(spec.count) {
            cards.push(draw_product(spec, CategoryId(category as u8), c, ProductId(i), dice));
        }
    }
    let total: f64 = cards.iter().map(|card| card.popularity).sum();
    for card in &mut cards {
        card.popularity /= total;
    }
    cards
}

fn draw_product(
    spec: &ProductsSpec,
    category: CategoryId,
    c: &CategorySpec,
    product: ProductId,
    dice: Dice,
) -> ProductCard {
    let grade = Grade::ALL[product.index() % Grade::ALL.len()];
    // The price is drawn for the model, so its grades share it; popularity for the product.
    let model = u64::from(product.0) / Grade::ALL.len() as u64;
    let mut of_model = dice.stream(model, 1, Purpose::Product);
    let mut of_product = dice.stream(u64::from(product.0), 2, Purpose::Product);
    let price = c.price_eur * lognormal(&mut of_model, 0.0, c.price_sigma);
    ProductCard {
        product,
        category,
        grade,
        popularity: c.popularity * lognormal(&mut of_product, 0.0, spec.popularity_sigma),
        reference: Cents::from_eur((price * spec.grade_price[grade as usize]).max(0.01)),
        drift_per_week: c.drift_per_week,
    }
}
