//! How kinds of seller differ on their way in: a corner shop has fewer papers than an operator.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::history::Stage;
use crate::units::KindId;

/// Multipliers of one kind of seller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// Time in administration over the usual [ratio].
    #[garde(range(min = 0.05, max = 20.0))]
    pub administration: f64,
    /// Time that an action plan takes before the next audit, over the usual [ratio].
    #[garde(range(min = 0.05, max = 20.0))]
    pub charter: f64,
    /// Time in account set-up over the usual [ratio].
    #[garde(range(min = 0.05, max = 20.0))]
    pub setup: f64,
    /// Chance to drop out, at every stage, over the usual [ratio].
    #[garde(range(min = 0.0, max = 20.0))]
    pub drop_out: f64,
}

impl Pace {
    /// That of sellers without a kind.
    const USUAL: Pace = Pace { administration: 1.0, charter: 1.0, setup: 1.0, drop_out: 1.0 };

    /// The multiplier of the time that the applicant itself needs at a stage.
    pub fn of(&self, stage: Stage) -> f64 {
        match stage {
            Stage::Administration => self.administration,
            Stage::Charter => self.charter,
            Stage::Setup => self.setup,
            Stage::Prospecting | Stage::Trial | Stage::Established => 1.0,
        }
    }
}

/// Multipliers of every kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaceByKind {
    /// Industrial reconditioners.
    #[garde(dive)]
    pub factory: Pace,
    /// Small workshops.
    #[garde(dive)]
    pub repairer: Pace,
    /// Sellers of parts.
    #[garde(dive)]
    pub recycler: Pace,
    /// Resellers of lots.
    #[garde(dive)]
    pub trader: Pace,
    /// Dealers in large lots.
    #[garde(dive)]
    pub wholesaler: Pace,
    /// Leasing companies.
    #[garde(dive)]
    pub leasing: Pace,
    /// Retailers, distributors, manufacturers and mobile operators.
    #[garde(dive)]
    pub retailer: Pace,
    /// Certified second-hand resellers.
    #[garde(dive)]
    pub certified: Pace,
}

impl PaceByKind {
    /// The multipliers of `kind`.
    pub fn of(&self, kind: KindId) -> &Pace {
        match kind {
            KindId::Factory => &self.factory,
            KindId::Repairer => &self.repairer,
            KindId::Recycler => &self.recycler,
            KindId::Trader => &self.trader,
            KindId::Wholesaler => &self.wholesaler,
            KindId::Leasing => &self.leasing,
            KindId::Retailer => &self.retailer,
            KindId::Certified => &self.certified,
            KindId::Given => const { &Pace::USUAL },
        }
    }
}
