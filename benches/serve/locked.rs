//! What a core is measured against: a read-write lock of the standard library around each product's plain
//! columns, scored in place or kept in order by whoever holds it.

use std::sync::RwLock;

use brocante::market::serve::{OfferAt, OfferPlan, Plan, Serving};
use brocante::market::{Placed, best};
use brocante::protocol::Query;
use brocante::ranking::{Candidates, Chance, Merit, Ranking};
use brocante::rng::Dice;
use brocante::units::{SellerId, SessionId};

use super::{Ranks, STAR_EUR};

/// The offers of one product.
#[derive(Default)]
struct Columns {
    price: Vec<f32>,
    a: Vec<f32>,
    b: Vec<f32>,
    reach: Vec<u32>,
    seller: Vec<SellerId>,
    /// Where the order is kept: rows with their scores, best first.
    order: Vec<Placed>,
    scores: Vec<f32>,
}

/// A market of locks.
pub struct Locked {
    policy: Box<dyn Ranking>,
    dice: Dice,
    length: usize,
    serving: Serving,
    products: Vec<RwLock<Columns>>,
}

/// Room to rank in.
#[derive(Default)]
pub struct Room {
    scores: Vec<f32>,
    pub slate: Vec<Placed>,
}

impl Locked {
    pub fn new(plan: Plan, serving: Serving) -> Locked {
        let Plan { policy, dice, length, products, sellers, .. } = plan;
        let weight = |seller: SellerId| {
            let known = &sellers[seller.index()].lifetime;
            policy.weigh(&Merit {
                reviews: known.reviews,
                stars: known.stars,
                positive: known.positive,
                ..Merit::unknown(0.0)
            })
        };
        let product = |offers: &[Option<OfferPlan>]| {
            let mut columns = Columns::default();
            for offer in offers.iter().flatten() {
                let OfferPlan { seller, price_cents, ships, .. } = *offer;
                columns.price.push(price_cents as f32 / 100.0);
                columns.a.push(weight(seller).a);
                columns.b.push(weight(seller).b);
                columns.reach.push(ships);
                columns.seller.push(seller);
                columns.scores.push(0.0);
            }
            // Whole vectors, as a core has them.
            let room = offers.len().next_multiple_of(8);
            columns.price.resize(room, 1.0);
            columns.a.resize(room, 0.0);
            columns.b.resize(room, 0.0);
            columns.reach.resize(room, 0);
            columns.seller.resize(room, SellerId(0));
            columns.scores.resize(room, 0.0);
            columns.order = (0..room as u32).map(|row| Placed { score: 0.0, row }).collect();
            keep_order(&mut columns, &*policy);
            RwLock::new(columns)
        };
        let products = products.iter().map(|p| product(&p.offers)).collect();
        Locked { dice, length, serving, products, policy }
    }
}

fn score(columns: &Columns, policy: &dyn Ranking, chance: Chance, scores: &mut [f32]) {
    let Columns { price, a, b, seller, .. } = columns;
    policy.score(&Candidates { price, a, b, seller, star_eur: STAR_EUR }, chance, scores);
}

fn keep_order(columns: &mut Columns, policy: &dyn Ranking) {
    let mut scores = std::mem::take(&mut columns.scores);
    let chance = Chance { dice: Dice::new(0, 0), session: SessionId(0) };
    score(columns, policy, chance, &mut scores);
    for placed in &mut columns.order {
        placed.score = match columns.reach[placed.row as usize] {
            0 => f32::NEG_INFINITY,
            _ => scores[placed.row as usize],
        };
    }
    // It finds what was in order before.
    columns.order.sort_by(|one, other| other.score.total_cmp(&one.score));
    columns.scores = scores;
}

impl Ranks for Locked {
    type Room = Room;

    fn room(&self) -> Room {
        Room::default()
    }

    fn rank(&self, query: &Query, room: &mut Room) -> usize {
        let columns = self.products[query.product.index()].read().expect("a sound lock");
        let (bit, dice) = (1u32 << query.country.0, self.dice);
        let tie = |row: u32| dice.tie(query.session.0, columns.seller[row as usize].0);
        let Room { scores, slate } = room;
        match self.serving {
            Serving::AtRead => {
                scores.resize(columns.price.len(), 0.0);
                let chance = Chance { dice, session: query.session };
                score(&columns, &*self.policy, chance, scores);
                for (score, reach) in scores.iter_mut().zip(&columns.reach) {
                    *score = if reach & bit == 0 { f32::NEG_INFINITY } else { *score };
                }
                best(scores, self.length, tie, slate);
            }
            Serving::AtWrite => {
                slate.clear();
                let reach = |placed: &&Placed| columns.reach[placed.row as usize] & bit != 0;
                for placed in columns.order.iter().filter(reach) {
                    if slate.len() >= self.length && slate[slate.len() - 1].score != placed.score {
                        break;
                    }
                    slate.push(*placed);
                }
                for same in slate.chunk_by_mut(|one, next| one.score == next.score) {
                    if same.len() > 1 {
                        same.sort_by_key(|placed| std::cmp::Reverse(tie(placed.row)));
                    }
                }
                slate.truncate(self.length);
            }
        }
        slate.len()
    }

    fn reprice(&self, changes: &mut dyn Iterator<Item = (OfferAt, u32)>, _batch: usize) {
        for (offer, price_cents) in changes {
            let lock = &self.products[offer.product.index()];
            let mut columns = lock.write().expect("a sound lock");
            columns.price[offer.row as usize] = price_cents as f32 / 100.0;
            if self.serving == Serving::AtWrite {
                keep_order(&mut columns, &*self.policy);
            }
        }
    }
}
