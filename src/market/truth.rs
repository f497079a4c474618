//! What would be known of sellers if evidence were unlimited: the yardstick of what a policy misses.

use super::{Market, MarketPlan};
use crate::agents::sellers::{Quality, StarShares, positive_share, true_stars};
use crate::agents::shoppers::ReturnsSpec;
use crate::ranking::Merit;
use crate::units::SellerId;

/// Orders that count as unlimited evidence: so many that no prior, bound or bonus of a policy moves a
/// score by more than some 10⁻⁵ of it, and few enough for 32-bit sums of stars. All sellers have the
/// same, so what is left of a prior does not change their order.
const UNLIMITED: f64 = 1e6;

/// The merit of a seller of this quality after unlimited evidence: counts are a large number of orders
/// times the expected rates, and every order that came was reviewed, so that no review is missing for
/// want of an answer. Window and category say what the lifetime says. Customers asked nothing.
pub(super) fn unlimited(
    quality: &Quality,
    shares: &StarShares,
    returns: Option<&ReturnsSpec>,
) -> Merit {
    let count = |orders: f64| libm::round(UNLIMITED * orders) as u32;
    let came = 1.0 - quality.cancel;
    let stars = true_stars(quality, shares);
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
    pub(super) fn truth(&self, quality: &Quality) -> Merit {
        unlimited(quality, self.stars, self.shoppers.returns.as_ref())
    }
}

impl Market {
    /// What a policy would know of a seller's offer with so many views, had it unlimited evidence of
    /// the seller's true quality of today; [`Merit::true_stars`] is that quality in stars.
    pub fn truth(&self, seller: SellerId, views: u64) -> Merit {
        Merit { exposure: views as f64 / 1e6, ..self.sellers[seller.index()].truth }
    }
}
