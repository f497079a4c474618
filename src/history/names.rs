//! The words by which people read facts.

use super::{Condition, ExitReason, Fact, FactMask, ReturnReason, Sanction};

/// Gives an enumeration the list of its values and the word for each.
macro_rules! words {
    ($name:ident { $($value:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// Every value, in order.
            pub const ALL: &[$name] = &[$($name::$value),+];

            /// The word people read.
            pub const fn name(self) -> &'static str {
                match self {
                    $($name::$value => $word),+
                }
            }
        }
    };
}

words!(Condition { Sound = "sound", Defective = "defective", Misgraded = "misgraded" });

words!(ReturnReason {
    Defect = "defect",
    NotAsDescribed = "not-as-described",
    TooLate = "too-late",
    ChangedMind = "changed-mind",
});

words!(Sanction {
    Warning = "warning",
    ActionPlan = "action-plan",
    Suspension = "suspension",
    Removal = "removal",
});

words!(ExitReason { Unprofitable = "unprofitable", Removed = "removed" });

impl Fact<'_> {
    /// The words for the kinds of facts, by [`Fact::kind`].
    pub const KIND_NAMES: [&'static str; FactMask::KINDS] = [
        "shown",
        "abandoned",
        "bought",
        "cancelled",
        "shipped",
        "delivered",
        "returned",
        "reviewed",
        "listed",
        "delisted",
        "repriced",
        "restocked",
        "lot-sold",
        "fee-charged",
        "stage-entered",
        "dropped-out",
        "mystery-ordered",
        "sanctioned",
        "reinstated",
        "exited",
        "mood-changed",
        "shocked",
        "staff-day",
        "nudged",
    ];

    /// The words for how often a customer visits, by the mood of [`Fact::MoodChanged`].
    pub const MOOD_NAMES: [&'static str; 3] = ["lost", "usual", "loyal"];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SellerId;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_a_word_of_its_own() {
        let words: BTreeSet<&str> = Fact::KIND_NAMES.into_iter().collect();
        assert_eq!(words.len(), FactMask::KINDS);
        let seller = SellerId(1);
        let fee = Fact::FeeCharged { seller, fee_cents: 1 };
        assert_eq!(Fact::KIND_NAMES[fee.kind()], "fee-charged");
        assert_eq!(Fact::KIND_NAMES[Fact::Shocked { seller }.kind()], "shocked");
    }

    #[test]
    fn lists_are_in_the_order_of_the_numbers_that_digests_read() {
        for (i, value) in Condition::ALL.iter().enumerate() {
            assert_eq!(*value as usize, i, "{}", value.name());
        }
        for (i, value) in ReturnReason::ALL.iter().enumerate() {
            assert_eq!(*value as usize, i, "{}", value.name());
        }
        for (i, value) in Sanction::ALL.iter().enumerate() {
            assert_eq!(*value as usize, i, "{}", value.name());
        }
        for (i, value) in ExitReason::ALL.iter().enumerate() {
            assert_eq!(*value as usize, i, "{}", value.name());
        }
    }
}
