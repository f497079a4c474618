//! A core opened from a market at rest answers as the market's own cells do.

use brocante::market::Standing;
use brocante::market::serve::{Core, Serving};
use brocante::protocol::Query;
use brocante::units::{ClassId, CountryId, SellerId, SessionId};

use crate::worlds::{Past, SMALL, command, load, ranking, run};

/// Ranks every product for every country on the cells of a world that is over, and on a core of it.
fn check(policy: &str, serving: Option<Serving>) -> usize {
    let overrides = [ranking(policy)];
    let scenario = load(SMALL, &overrides).scenario;
    let Past { mut market, mut cells, .. } = run(&scenario, 1);
    let what = format!("{}\n{serving:?}", command(SMALL, &overrides));
    // What the core leaves out: quotas. What it has done already: the refresh.
    market.freshen();
    for cell in &mut cells {
        for seller in (0..market.sellers().len() as u32).map(SellerId) {
            let allowed = market.seller(seller).standing == Standing::Selling;
            cell.deal(seller, u32::MAX, allowed);
        }
        cell.refresh(&market);
    }
    let length = market.slate_length();
    let core = Core::of_market(&market, &cells, scenario.ranking.build(), length, serving);
    assert_eq!(core.products(), market.census().products.len(), "{what}");
    let (mut reader, mut places) = (core.reader(), 0);
    let star_eur = market.mean_star_eur() as f32;
    for cell in &mut cells {
        for slot in cell.offers().slots() {
            for country in 0..market.census().countries.len() as u8 {
                let query = Query {
                    session: SessionId(u64::from(slot) << 8 | u64::from(country)),
                    product: cell.offers().product(slot),
                    country: CountryId(country),
                    class: ClassId(0),
                };
                cell.rank(&market, slot, &query, star_eur);
                core.rank(&query, star_eur, &mut reader);
                assert_eq!(reader.slate(), cell.slate(), "{what}: {query:?}");
                places += reader.slate().len();
            }
        }
    }
    places
}

#[test]
fn a_market_at_rest_is_served_as_it_ranks() {
    for (policy, serving) in [
        ("box", Some(Serving::AtRead)),
        ("box", Some(Serving::AtWrite)),
        ("ucb", None),
        ("thompson", None),
        ("fair-exposure", None),
    ] {
        let places = check(policy, serving);
        assert!(places > 100, "{policy}: only {places} places were filled");
    }
}
