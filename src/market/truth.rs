//! What would be known of sellers if evidence were unlimited: the yardstick of what a policy misses.

use super::{Market, MarketPlan};
use crate::agents::sellers::{Profile, Quality, StarShares, positive_share};
use crate::agents::shoppers::ReturnsSpec;
use crate::ranking::Merit;
use crate::units::SellerId;

/// Orders that count as unlimited evidence: so many that no prior, bound or bonus of a policy moves a
/// score by more than some 10⁻⁵ of it, and few enough for 32-bit sums of stars. All sellers have the
/// same, so what is left of a prior does not change their order.
const UNLIMITED: f64 = 1e6;

/// The merit of a seller, when it has this quality, after unlimited evidence: counts are a large number of orders
/// times the expected rates, and every order that came was reviewed, so that no review is missing for
/// want of an answer. Window and category say what the lifetime says. Customers asked nothing.
pub(super) fn unlimited(
    profile: &Profile,
    quality: &Quality,
    usual: &StarShares,
    returns: Option<&ReturnsSpec>,
) -> Merit {
    earned(quality, profile.true_stars(quality, usual), &profile.star_shares(usual), returns)
}

fn earned(
    quality: &Quality,
    stars: f64,
    shares: &StarShares,
    returns: Option<&ReturnsSpec>,
) -> Merit {
    let count = |orders: f64| libm::round(UNLIMITED * orders) as u32;
    let came = 1.0 - quality.cancel;
    let back = returns.map_or(0.0, |r| r.rate(quality.late, quality.defect, quality.misgrade));
    let (reviews, sum) = (count(came), count(came * stars));
    let positive = count(came * positive_share(quality, shares));
    let (orders, late) = (count(1.0), count(came * quality.late));
    let (defective, returned) = (count(came * quality.defect), count(came * back));
    let cancelled = count(quality.cancel);
    Merit {
        reviews,
        stars: sum,
        positive,
        recent_reviews: reviews,
        recent_stars: sum,
        recent_positive: positive,
        orders,
        late,
        defective,
        returned,
        cancelled,
        category_reviews: reviews,
        category_stars: sum,
        category_positive: positive,
        category_orders: orders,
        category_late: late,
        category_defective: defective,
        category_returned: returned,
        category_cancelled: cancelled,
        ..Merit::unknown(stars)
    }
}

impl MarketPlan<'_> {
    /// [`unlimited`] on this market.
    pub(super) fn truth(&self, profile: &Profile) -> Merit {
        unlimited(profile, &profile.quality, self.stars, self.shoppers.returns.as_ref())
    }
}

impl Market {
    /// What a policy would know of a seller's offer with so many views, had it unlimited evidence of
    /// the seller's true quality of today; [`Merit::true_stars`] is that quality in stars.
    pub fn truth(&self, seller: SellerId, views: u64) -> Merit {
        Merit { exposure: views as f64 / 1e6, ..self.sellers[seller.index()].truth }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::sellers::true_stars;

    #[test]
    fn counts_are_rates_of_a_million_orders() {
        let quality = Quality { late: 0.1, defect: 0.2, misgrade: 0.5, cancel: 0.25, tilt: 0.0 };
        let shares = StarShares {
            good: [0.0, 0.0, 0.0, 0.0, 1.0],
            late: [1.0, 0.0, 0.0, 0.0, 0.0],
            defective: [0.0, 1.0, 0.0, 0.0, 0.0],
            misgraded: [0.0, 0.0, 0.0, 1.0, 0.0],
        };
        let returns = ReturnsSpec {
            defective: 1.0,
            misgraded: 0.5,
            late: 0.2,
            otherwise: 0.0,
            within_days: 6.0,
        };
        let stars = true_stars(&quality, &shares);
        let merit = earned(&quality, stars, &shares, Some(&returns));
        // Good .36, late .1, defective .18, misgraded .36 of what came: 3.7 stars.
        assert!((merit.true_stars - 3.7).abs() < 1e-12);
        assert_eq!((merit.orders, merit.cancelled), (1_000_000, 250_000));
        assert_eq!((merit.reviews, merit.stars, merit.positive), (750_000, 2_775_000, 540_000));
        assert_eq!((merit.late, merit.defective), (75_000, 150_000));
        // .2·1 + .8·(.5·.5 + .5·.1·.2) go back.
        assert_eq!(merit.returned, 306_000);
        assert_eq!(earned(&quality, stars, &shares, None).returned, 0);
        let category = [merit.category_orders, merit.category_reviews, merit.category_stars];
        assert_eq!(category, [1_000_000, 750_000, 2_775_000]);
        assert_eq!((merit.recent_reviews, merit.recent_positive), (750_000, 540_000));
    }
}
