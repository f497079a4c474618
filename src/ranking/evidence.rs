//! Which reviews a policy goes by, and the shrunk mean of their stars.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::objective::Estimate;
use super::{Merit, Reads, Term};

/// The reviews that a policy goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[garde(allow_unvalidated)]
pub enum Evidence {
    /// All that the seller ever got.
    Lifetime,
    /// Those within the reputation's window.
    Window,
    /// All that the seller ever got in the offer's category.
    Category,
}

/// Reviews counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seen {
    pub reviews: f64,
    pub stars: f64,
    pub positive: f64,
}

impl Evidence {
    /// What of a merit going by these reviews means reading.
    pub(super) fn reads(self) -> Reads {
        Reads { category: self == Evidence::Category, ..Reads::default() }
    }

    /// The counts of the chosen reviews.
    pub(super) fn read(self, merit: &Merit) -> Seen {
        let m = merit;
        let (reviews, stars, rest, positive) = match self {
            Evidence::Lifetime => (m.reviews, m.stars, m.rest_milli, m.positive),
            Evidence::Window => {
                (m.recent_reviews, m.recent_stars, m.recent_rest_milli, m.recent_positive)
            }
            Evidence::Category => {
                (m.category_reviews, m.category_stars, m.category_rest_milli, m.category_positive)
            }
        };
        Seen {
            reviews: reviews.into(),
            stars: f64::from(stars) + f64::from(rest) / 1_000.0,
            positive: positive.min(reviews).into(),
        }
    }
}

/// `sum` over `count`, with `shrinkage` more cases at `prior` mixed in; `prior` where there are none.
pub(super) fn shrunk(sum: f64, count: f64, shrinkage: f64, prior: f64) -> f64 {
    let cases = count + shrinkage;
    if cases > 0.0 { (sum + shrinkage * prior) / cases } else { prior }
}

/// The mean stars, drawn towards a prior by `shrinkage` imagined reviews.
///
/// With stars of standard deviation σ around a seller's true mean, and true means of standard
/// deviation τ around the prior, K = σ²/τ² gives the least mean squared error (empirical Bayes;
/// Efron and Morris 1975).
#[derive(Debug, Clone, Copy)]
pub(super) struct ShrunkStars {
    pub evidence: Evidence,
    pub shrinkage: f64,
    pub prior_stars: f64,
}

impl Estimate for ShrunkStars {
    fn quality(&self, merit: &Merit) -> f64 {
        let seen = self.evidence.read(merit);
        shrunk(seen.stars, seen.reviews, self.shrinkage, self.prior_stars)
    }

    fn reads(&self) -> Reads {
        self.evidence.reads()
    }

    fn terms(&self, merit: &Merit) -> Vec<Term> {
        let seen = self.evidence.read(merit);
        let mut terms = vec![
            Term { name: "reviews", value: seen.reviews },
            Term { name: "stars", value: seen.stars },
            Term { name: "prior_stars", value: self.prior_stars },
        ];
        // A plain mean has no shrinkage to speak of.
        if self.shrinkage > 0.0 {
            terms.push(Term { name: "shrinkage", value: self.shrinkage });
        }
        terms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_choice_reads_its_own_counts() {
        let merit = Merit {
            reviews: 10,
            stars: 40,
            positive: 7,
            recent_reviews: 5,
            recent_stars: 22,
            recent_positive: 4,
            category_reviews: 2,
            category_stars: 9,
            category_positive: 1,
            ..Merit::unknown(4.0)
        };
        let read = |evidence: Evidence| {
            let seen = evidence.read(&merit);
            (seen.reviews, seen.stars, seen.positive)
        };
        assert_eq!(read(Evidence::Lifetime), (10.0, 40.0, 7.0));
        assert_eq!(read(Evidence::Window), (5.0, 22.0, 4.0));
        assert_eq!(read(Evidence::Category), (2.0, 9.0, 1.0));
    }

    #[test]
    fn shrinking_stands_between_prior_and_mean() {
        assert_eq!(shrunk(0.0, 0.0, 21.0, 4.15), 4.15);
        assert_eq!(shrunk(0.0, 0.0, 0.0, 4.15), 4.15);
        // As many reviews as imagined ones: half way.
        assert!((shrunk(5.0 * 21.0, 21.0, 21.0, 4.0) - 4.5).abs() < 1e-12);
        assert_eq!(shrunk(9.0, 2.0, 0.0, 4.15), 4.5);
    }
}
