//! Sellers taken together: by kind, by country.

use crate::measure::SellerRow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Sums over a group of sellers.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Group {
    /// How many they are.
    pub sellers: u64,
    /// Orders they took.
    pub orders: u64,
    /// Those without an order.
    pub unsold: u64,
    /// Reviews they got.
    pub reviews: u64,
    /// Those who left.
    pub exits: u64,
    stars: f64,
}

impl Group {
    fn add(&mut self, row: &SellerRow) {
        self.sellers += 1;
        self.orders += row.orders;
        self.unsold += u64::from(row.orders == 0);
        self.stars += row.mean_stars.unwrap_or(0.0) * row.reviews as f64;
        self.reviews += row.reviews;
        self.exits += u64::from(row.exit_day.is_some());
    }

    /// Takes in another group.
    pub fn join(&mut self, other: &Group) {
        self.sellers += other.sellers;
        self.orders += other.orders;
        self.unsold += other.unsold;
        self.stars += other.stars;
        self.reviews += other.reviews;
        self.exits += other.exits;
    }

    /// Mean of their reviews [stars]; nothing where there is none.
    pub fn mean_stars(&self) -> Option<f64> {
        (self.reviews > 0).then(|| self.stars / self.reviews as f64)
    }
}

/// Groups by what `key` says, the one with most orders first, and all of them together.
pub fn grouped<'a>(
    sellers: impl Iterator<Item = &'a SellerRow>,
    key: impl Fn(&'a SellerRow) -> &'a str,
) -> (Vec<(&'a str, Group)>, Group) {
    let mut by_name: BTreeMap<&str, Group> = BTreeMap::new();
    for row in sellers {
        by_name.entry(key(row)).or_default().add(row);
    }
    let mut all = Group::default();
    by_name.values().for_each(|group| all.join(group));
    let mut order: Vec<(&str, Group)> = by_name.into_iter().collect();
    order.sort_by_key(|(name, group)| (Reverse(group.orders), *name));
    (order, all)
}
