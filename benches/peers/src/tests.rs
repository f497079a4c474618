//! Peers that need nothing but this program, on a small market.

use brocante::market::serve::Serving;

use crate::market::{Changes, Market, Query, Size};
use crate::ours::Ours;
use crate::peer::{Contender, Entrant};
use crate::plain::Plain;
use crate::search::Search;
use crate::sqlite::Sqlite;

fn entrants(market: &Market) -> anyhow::Result<Vec<(&'static str, Box<dyn Entrant>)>> {
    Ok(vec![
        ("order kept", Box::new(Contender::new(market, Ours::of(market, Serving::AtWrite)?))),
        (
            "scored at the read",
            Box::new(Contender::new(market, Ours::of(market, Serving::AtRead)?)),
        ),
        ("plain", Box::new(Contender::new(market, Plain::of(market)))),
        ("tantivy", Box::new(Contender::new(market, Search::of(market)?))),
        ("SQLite in memory", Box::new(Contender::new(market, Sqlite::in_memory(market)?))),
        ("SQLite, log", Box::new(Contender::new(market, Sqlite::logged(market)?))),
    ])
}

/// Every query that there is.
fn all(market: &Market) -> Vec<Query> {
    let products = 0..market.products.len() as u32;
    products.flat_map(|product| (0..10).map(move |country| Query { product, country })).collect()
}

#[test]
fn all_peers_find_the_same_before_and_after_changes() {
    for seed in 1..=3 {
        let market = Market::draw(seed, Size { products: 25, sellers: 80 }).expect("a market");
        let (queries, batch) = (all(&market), Changes::of(&market).most().min(100));
        for (name, mut entrant) in entrants(&market).expect("peers") {
            let right = |when: &str, entrant: &dyn Entrant| {
                if let Err(wrong) = entrant.check(&queries, queries.len()) {
                    panic!("{name}, {when}: {wrong:#}");
                }
            };
            right("at first", &*entrant);
            for _ in 0..5 {
                entrant.apply(batch).expect("changes");
                right("after changes", &*entrant);
            }
        }
    }
}

/// The check can fail: a peer of another market is found out.
#[test]
fn a_wrong_answer_is_found() {
    let size = Size { products: 25, sellers: 80 };
    let [one, other] = [1, 2].map(|seed| Market::draw(seed, size).expect("a market"));
    let mistaken = Contender::new(&one, Plain::of(&other));
    let wrong = mistaken.check(&all(&one), 250).expect_err("another market");
    assert!(wrong.to_string().contains("of seed 1"), "{wrong}");
}
