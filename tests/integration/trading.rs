//! What trading costs sellers, and how often they may look at prices.

use brocante::history::{ExitReason, Fact};

use crate::worlds::{SMALL, load, run};

/// Sellers who gave up in the small world.
fn gave_up(overrides: &[&str]) -> usize {
    let past = run(&load(SMALL, overrides).scenario, 1);
    let told = past.sinks.iter().flat_map(|sink| &sink.told);
    told.filter(|told| matches!(told.fact, Fact::Exited { reason: ExitReason::Unprofitable, .. }))
        .count()
}

#[test]
fn sellers_pay_their_carriers() {
    let price = |eur: &str| {
        ["standard", "express", "relay"]
            .map(|carrier| format!("fulfilment.carriers.{carrier}.price_eur={eur}"))
    };
    let (free, dear) = (price("0.0"), price("60.0"));
    let free = gave_up(&free.each_ref().map(String::as_str));
    let dear = gave_up(&dear.each_ref().map(String::as_str));
    assert!(dear > free + 5, "{dear} gave up at 60 EUR a parcel, {free} where it is free");
}
