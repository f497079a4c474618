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
    /// The channels by name, in the order in which people should meet them.
    pub const CHANNELS: [&str; 4] = ["ranking", "display", "staff", "sellers"];

    /// Those of the open channels alone that are named; `None` where a name is none of
    /// [`FeedbackSpec::CHANNELS`].
    pub fn only<'a>(self, mut names: impl Iterator<Item = &'a str>) -> Option<FeedbackSpec> {
        names.try_fold(FeedbackSpec::CUT, |mut open, name| {
            *open.channel(name)? = *{ self }.channel(name)?;
            Some(open)
        })
    }

    /// Each open channel by name, with what is open when it is cut.
    pub fn each_cut(self) -> Vec<(&'static str, FeedbackSpec)> {
        let cut = |name| {
            let mut rest = self;
            let channel = rest.channel(name)?;
            std::mem::take(channel).then_some((name, rest))
        };
        FeedbackSpec::CHANNELS.into_iter().filter_map(cut).collect()
    }

    /// Whether the channel of this name is open.
    pub fn is_open(mut self, name: &str) -> bool {
        self.channel(name).is_some_and(|open| *open)
    }

    fn channel(&mut self, name: &str) -> Option<&mut bool> {
        match name {
            "ranking" => Some(&mut self.ranking),
            "display" => Some(&mut self.display),
            "staff" => Some(&mut self.staff),
            "sellers" => Some(&mut self.sellers),
            _ => None,
        }
    }

    /// Every channel cut.
    pub const CUT: FeedbackSpec =
        FeedbackSpec { ranking: false, display: false, staff: false, sellers: false };
}
