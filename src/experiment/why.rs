//! Why a slate is as it is: the offers of one product at one moment, their scores taken apart.

use serde::Serialize;

use super::trial::{Heartbeat, Trial};
use crate::driver::Finished;
use crate::market::{Cell, Market, Placed, Scratch, Spot, Standing};
use crate::protocol::Query;
use crate::ranking::Term;
use crate::units::{ClassId, CountryId, ProductId, SellerId, SessionId, US_PER_WEEK};

/// Which slate is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The start of this week; 0 is the opening.
    pub week: u32,
    /// What is looked for.
    pub product: ProductId,
    /// Where it would go.
    pub country: CountryId,
    /// The shopper's class.
    pub class: ClassId,
    /// Places to tell of; none for those that shoppers see.
    pub places: Option<usize>,
}

/// The offers of a product as they stand, best first, and those that do not stand among them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slate {
    /// The start of this week; 0 is the opening.
    pub week: u32,
    /// Number of the product.
    pub product: u32,
    /// Its category.
    pub category: String,
    /// Its condition grade.
    pub grade: &'static str,
    /// Its reference price [EUR].
    pub reference_eur: f64,
    /// Where the shopper lives.
    pub country: String,
    /// The shopper's class.
    pub class: String,
    /// The ranking policy.
    pub policy: &'static str,
    /// How it makes a score of the terms.
    pub formula: &'static str,
    /// Whether scores hold for this query alone: they depend on a draw, or on the shopper.
    pub per_query: bool,
    /// The number of the visit that keys every draw of the query, in decimal digits.
    pub session: String,
    /// Places that shoppers see.
    pub slate_length: usize,
    /// Offers that can be bought from the country now, told of or not.
    pub candidates: usize,
    /// The best of them, best first.
    pub offers: Vec<Placing>,
    /// Offers that cannot be bought from the country now, by seller.
    pub absent: Vec<Absent>,
}

/// One offer of a slate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Placing {
    /// Its place, from 1.
    pub place: usize,
    /// Number of the seller.
    pub seller: u32,
    /// What business the seller is.
    pub kind: &'static str,
    /// Where it sells from.
    pub country: String,
    /// Asking price [EUR].
    pub price_eur: f32,
    /// Stars as shoppers take them: a usual number where reviews are too few to be shown.
    pub stars: f32,
    /// Published reviews of the seller.
    pub reviews: u32,
    /// Promised days of delivery to the country.
    pub promised_days: f64,
    /// Units on the shelf.
    pub stock: u32,
    /// The score it was ranked by.
    pub score: f32,
    /// The score taken apart; the last `score` is the one it was ranked by.
    pub terms: Vec<Term>,
    /// Whether the policy looks at the price.
    pub price_decides: bool,
    /// Whether it stands first when chance is taken out.
    pub stands_first: bool,
    /// The price at which it would draw level with its best rival, chance taken out [EUR]; none for
    /// the box, and where no price does it.
    pub level_eur: Option<f32>,
}

/// An offer that is listed and cannot be bought.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Absent {
    /// Number of the seller.
    pub seller: u32,
    /// What business the seller is.
    pub kind: &'static str,
    /// Where it sells from.
    pub country: String,
    /// Asking price [EUR].
    pub price_eur: f32,
    /// Units on the shelf.
    pub stock: u32,
    /// Everything that keeps it from the slate.
    pub reasons: Vec<String>,
}

impl Trial<'_> {
    /// Runs the world up to a moment and tells of a slate then; none when the heart stops it before.
    /// Country, class and product are those of the scenario, and the week lies before its end.
    pub fn why(&self, asked: &Asked, heart: &mut dyn Heartbeat) -> Option<Slate> {
        let Finished { market, lanes, weeks, .. } = self.observe(asked.week, heart, || ());
        if weeks < asked.week {
            return None;
        }
        let mut cells: Vec<Cell> = lanes.into_iter().map(|lane| lane.cell).collect();
        let home = |cell: &Cell| {
            cell.offers().slots().find(|&slot| cell.offers().product(slot) == asked.product)
        };
        let (cell, slot) = cells.iter_mut().find_map(|cell| home(cell).map(|slot| (cell, slot)))?;
        // The first tick would begin with this: what was learned until now reaches the columns.
        cell.refresh(&market);
        Some(self.slate(asked, &market, cell, slot))
    }

    fn slate(&self, asked: &Asked, market: &Market, cell: &mut Cell, slot: u32) -> Slate {
        let &Asked { week, product, country, class, places } = asked;
        let tick = u64::from(week) * US_PER_WEEK / self.scenario.clock().tick_us;
        let session = SessionId::new(class, cell.number, tick as u32, 0);
        let query = Query { session, product, country, class };
        let star_eur = market.class(class).taste.star_eur as f32;
        let length = places.unwrap_or(market.slate_length());
        cell.rank_places(market, slot, &query, star_eur, length);
        let moment = Moment { market, cell, slot, query, star_eur };
        let placed = (1..).zip(cell.slate());
        let spots = || cell.offers().spots(slot).filter(|&spot| cell.offers().is_listed(spot));
        let mut absent: Vec<_> = spots().filter_map(|spot| moment.absent(spot)).collect();
        absent.sort_by_key(|absent| absent.seller);
        let (census, about) = (market.census(), self.scenario.ranking.about());
        let card = &census.products[product.index()];
        Slate {
            week,
            product: product.0,
            category: census.categories[card.category.index()].clone(),
            grade: card.grade.name(),
            reference_eur: market.reference_eur(product),
            country: census.countries[country.index()].clone(),
            class: census.classes[class.index()].clone(),
            policy: about.name,
            formula: about.formula,
            per_query: market.policy().per_query(),
            session: session.0.to_string(),
            slate_length: market.slate_length(),
            candidates: spots().filter(|&spot| cell.offers().serves(spot, country)).count(),
            offers: placed.map(|(place, placed)| moment.placing(place, placed)).collect(),
            absent,
        }
    }
}

/// A query at a moment.
struct Moment<'a> {
    market: &'a Market,
    cell: &'a Cell,
    slot: u32,
    query: Query,
    star_eur: f32,
}

impl Moment<'_> {
    fn placing(&self, place: usize, placed: &Placed) -> Placing {
        let (market, offers) = (self.market, self.cell.offers());
        let spot = Spot { slot: self.slot, row: placed.row };
        let seller = offers.seller(spot);
        let terms = self.cell.explain(market, spot, &self.query, self.star_eur);
        let explained = terms.iter().rfind(|term| term.name == "score").map(|term| term.value);
        assert_eq!(
            explained.map(|score| (score as f32).to_bits()),
            Some(placed.score.to_bits()),
            "the score {} of seller {} is not what its terms come to: {terms:?}",
            placed.score,
            seller.0
        );
        let (policy, country) = (market.policy(), self.query.country);
        let rivalry = (place > 1).then(|| {
            offers.standing(spot, country, self.star_eur, policy, &mut Scratch::default())
        });
        let (kind, from) = self.who(seller);
        Placing {
            place,
            seller: seller.0,
            kind,
            country: from,
            price_eur: offers.price(spot),
            stars: market.stars(seller),
            reviews: market.reputations().lifetime(seller).reviews,
            promised_days: market.promised_days(seller, country),
            stock: offers.row(spot).stock,
            score: placed.score,
            price_decides: terms.iter().any(|term| term.name == "price"),
            terms,
            stands_first: rivalry.is_some_and(|rivalry| rivalry.winning),
            level_eur: rivalry.and_then(|rivalry| rivalry.to_win),
        }
    }

    /// An offer that cannot be bought, with what is in its way; none for one that can.
    fn absent(&self, spot: Spot) -> Option<Absent> {
        let (market, offers, country) = (self.market, self.cell.offers(), self.query.country);
        if offers.serves(spot, country) {
            return None;
        }
        let (seller, row) = (offers.seller(spot), offers.row(spot));
        let mut reasons = Vec::new();
        match market.seller(seller).standing {
            Standing::Selling => {}
            Standing::Suspended => reasons.push("suspended".to_owned()),
            Standing::Applicant => reasons.push("not live yet".to_owned()),
            Standing::Gone => reasons.push("gone".to_owned()),
        }
        if row.stock == 0 {
            reasons.push("out of stock".to_owned());
        }
        if row.ships & 1 << country.0 == 0 {
            let to = &market.census().countries[country.index()];
            reasons.push(format!("does not ship to {to}"));
        }
        if reasons.is_empty() {
            // In stock, allowed to sell and yet closed: it takes no more orders here for now.
            reasons.push("capacity spent".to_owned());
        }
        let (kind, from) = self.who(seller);
        Some(Absent {
            seller: seller.0,
            kind,
            country: from,
            price_eur: offers.price(spot),
            stock: row.stock,
            reasons,
        })
    }

    fn who(&self, seller: SellerId) -> (&'static str, String) {
        let card = &self.market.census().sellers[seller.index()];
        (card.kind.name(), self.market.census().countries[card.country.index()].clone())
    }
}
