//! Account managers: each looks after sellers of a category and country once their trial is over.
//! They propose products where the market is thin and prices to meet, and chase stock that ran out.

use std::collections::{BTreeMap, BTreeSet};

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::capacity::Capacity;
use crate::units::{CategoryId, CountryId, SellerId};

/// Account management: `joining.management`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManagementSpec {
    /// Account managers [people].
    #[garde(range(min = 1, max = 100_000))]
    pub staff: u32,
    /// Sellers that one of them visits a day [cases/day].
    #[garde(range(min = 0.01, max = 10_000.0))]
    pub cases_per_staff: f64,
    /// Sellers that one of them may have in its care [sellers].
    #[garde(range(min = 1, max = 1_000_000))]
    pub caseload: u32,
    /// Days between two proposals to one seller, at least [days].
    #[garde(range(min = 1, max = 3650))]
    pub propose_every_days: u32,
    /// Days between two reminders to one seller to restock, at least [days].
    #[garde(range(min = 1, max = 3650))]
    pub chase_every_days: u32,
    /// Share of proposals that are a product to list; the others are a price to meet [ratio].
    #[garde(range(min = 0.0, max = 1.0))]
    pub list_share: f64,
    /// Price over the cheapest rival's above which an offer is too dear, so that it speaks of meeting
    /// that rival [ratio].
    #[garde(range(min = 1.0, max = 100.0))]
    pub too_dear: f64,
}

/// Where an account manager feels at home.
pub type Home = (CategoryId, CountryId);

/// One account manager.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AccountManager {
    /// Its category and country; none until it is given its first seller.
    pub home: Option<Home>,
    /// Sellers in its care.
    pub sellers: BTreeSet<SellerId>,
    capacity: Capacity,
    // The seller it visited last: rounds go in a circle.
    last: Option<SellerId>,
}

impl AccountManager {
    /// Whom it visits today, and how many it could.
    pub fn round(&mut self, spec: &ManagementSpec) -> (Vec<SellerId>, u32) {
        let capacity = self.capacity.open(spec.cases_per_staff);
        let from = self.last.map_or(SellerId(0), |last| SellerId(last.0.saturating_add(1)));
        let visited: Vec<SellerId> = self
            .sellers
            .range(from..)
            .chain(self.sellers.range(..from))
            .take(capacity as usize)
            .copied()
            .collect();
        self.last = visited.last().copied().or(self.last);
        (visited, capacity)
    }
}

/// A team whose homes follow where the sellers are: each next manager goes where most sellers would
/// share one (the highest-averages method of D'Hondt). Managers beyond the last seller have no home.
pub fn hire(spec: &ManagementSpec, sellers: &BTreeMap<Home, u32>) -> Vec<AccountManager> {
    let mut seats: BTreeMap<Home, u32> = BTreeMap::new();
    let next_home = |_| {
        let average = |home: &Home, count: u32| {
            f64::from(count) / f64::from(seats.get(home).copied().unwrap_or(0) + 1)
        };
        let best = sellers
            .iter()
            .filter(|&(_, &count)| count > 0)
            // `max_by` keeps the last of equals, so go backwards to prefer the first home.
            .rev()
            .max_by(|(x, a), (y, b)| average(x, **a).total_cmp(&average(y, **b)));
        let home = best.map(|(&home, _)| home);
        if let Some(home) = home {
            *seats.entry(home).or_insert(0) += 1;
        }
        AccountManager { home, ..AccountManager::default() }
    };
    (0..spec.staff).map(next_home).collect()
}

/// Gives `seller` to the manager who fits best and has room: one of its category and country, else one
/// without a home yet (who makes this one its own), else of its country, else of its category, else
/// anybody; the least busy of equals. None when every caseload is full.
pub fn assign(
    managers: &mut [AccountManager],
    caseload: u32,
    seller: SellerId,
    home: Home,
) -> Option<usize> {
    let distance = |manager: &AccountManager| match manager.home {
        Some(at) if at == home => 0,
        None => 1,
        Some((_, country)) if country == home.1 => 2,
        Some((category, _)) if category == home.0 => 3,
        Some(_) => 4,
    };
    let best = (0..managers.len())
        .filter(|&i| managers[i].sellers.len() < caseload as usize)
        .min_by_key(|&i| (distance(&managers[i]), managers[i].sellers.len()))?;
    managers[best].home.get_or_insert(home);
    managers[best].sellers.insert(seller);
    Some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(staff: u32, caseload: u32) -> ManagementSpec {
        ManagementSpec {
            staff,
            cases_per_staff: 2.0,
            caseload,
            propose_every_days: 14,
            chase_every_days: 7,
            list_share: 0.6,
            too_dear: 1.05,
        }
    }

    fn home(category: u8, country: u8) -> Home {
        (CategoryId(category), CountryId(country))
    }

    #[test]
    fn managers_are_hired_where_sellers_are() {
        // D'Hondt with 53, 24 and 23 votes and 7 seats gives 4, 2 and 1 (averages down to 12).
        let sellers = BTreeMap::from([(home(0, 0), 53), (home(0, 1), 24), (home(1, 0), 23)]);
        let team = hire(&spec(7, 40), &sellers);
        let seats = |h| team.iter().filter(|m| m.home == Some(h)).count();
        assert_eq!([seats(home(0, 0)), seats(home(0, 1)), seats(home(1, 0))], [4, 2, 1]);
        assert!(hire(&spec(2, 40), &BTreeMap::new()).iter().all(|m| m.home.is_none()));
    }

    #[test]
    fn a_seller_goes_to_its_own_category_and_country_while_there_is_room() {
        let mut team = vec![AccountManager::default(); 4];
        team[0].home = Some(home(0, 1));
        team[1].home = Some(home(1, 0));
        team[2].home = Some(home(0, 0));
        let mut give = |number, h| assign(&mut team, 2, SellerId(number), h);
        assert_eq!(give(0, home(0, 0)), Some(2));
        assert_eq!(give(1, home(0, 0)), Some(2));
        assert_eq!(give(2, home(0, 0)), Some(3), "the free manager makes it its home");
        assert_eq!(give(3, home(0, 0)), Some(3));
        assert_eq!(give(4, home(0, 0)), Some(1), "the same country");
        assert_eq!(give(5, home(0, 0)), Some(1));
        assert_eq!(give(6, home(0, 0)), Some(0), "the same category");
        assert_eq!(give(7, home(5, 5)), Some(0), "anybody");
        assert_eq!(give(8, home(0, 0)), None, "every caseload is full");
    }

    #[test]
    fn rounds_reach_everybody_in_turn() {
        let mut manager =
            AccountManager { sellers: (3..8).map(SellerId).collect(), ..AccountManager::default() };
        let mut visited = Vec::new();
        for _ in 0..5 {
            let (round, capacity) = manager.round(&spec(1, 10));
            assert_eq!((round.len(), capacity), (2, 2));
            visited.extend(round.iter().map(|s| s.0));
        }
        assert_eq!(visited, [3, 4, 5, 6, 7, 3, 4, 5, 6, 7]);
        manager.sellers = BTreeSet::from([SellerId(1)]);
        assert_eq!(manager.round(&spec(1, 10)), (vec![SellerId(1)], 2), "nobody twice a day");
    }
}
