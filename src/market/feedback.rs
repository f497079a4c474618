//! The four channels by which what happened reaches later choices.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[feedback]`: which channels are open. A cut channel is cut from the first week on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackSpec {
    /// The ranking policy sees reputations; cut, it sees everybody as unknown.
    #[garde(skip)]
    pub ranking: bool,
    /// Shoppers see ratings; cut, they assume the neutral number of stars.
    #[garde(skip)]
    pub display: bool,
    /// Staff sees indicators and acts on them (monitoring, mystery orders).
    #[garde(skip)]
    pub staff: bool,
    /// Sellers hear of their reviews and react.
    #[garde(skip)]
    pub sellers: bool,
}

impl FeedbackSpec {
    /// Every channel cut.
    pub const CUT: FeedbackSpec =
        FeedbackSpec { ranking: false, display: false, staff: false, sellers: false };
}
