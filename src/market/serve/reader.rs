//! How a ranking is answered: room of one reading thread, and the two ways to fill a slate.

use std::sync::atomic::{AtomicU64, Ordering};

use super::shelf::{ROW, TIED, parts};
use super::{Core, OfferAt, Serving, Spread};
use crate::market::best::{Placed, best};
use crate::protocol::Query;
use crate::ranking::{Candidates, Chance};
use crate::units::ProductId;

/// Room to rank in, one for each reading thread, so that no ranking allocates.
#[derive(Debug, Default)]
pub struct Reader {
    product: ProductId,
    slate: Vec<Placed>,
    price: Vec<f32>,
    a: Vec<f32>,
    b: Vec<f32>,
    reach: Vec<u32>,
    scores: Vec<f32>,
    /// Offers among which equal scores are put in order.
    equals: Vec<Placed>,
}

impl Reader {
    pub(super) fn new(core: &Core) -> Self {
        let rows = core.products.iter().map(|p| p.room as usize).max().unwrap_or(0);
        Reader {
            product: ProductId(0),
            slate: Vec::with_capacity(core.length + 1),
            price: vec![1.0; rows],
            a: vec![0.0; rows],
            b: vec![0.0; rows],
            reach: vec![0; rows],
            scores: vec![0.0; rows],
            equals: Vec::with_capacity(rows),
        }
    }

    /// The slate ranked last, best place first.
    #[inline]
    pub fn slate(&self) -> &[Placed] {
        &self.slate
    }

    /// The offer in a place of the slate ranked last, 0 being the box; nothing behind its end.
    #[inline]
    pub fn offer(&self, place: usize) -> Option<OfferAt> {
        let placed = self.slate.get(place)?;
        Some(OfferAt { product: self.product, row: placed.row })
    }
}

impl Core {
    /// Ranks the offers of a product that can serve a query, as of one moment for all of them: the best,
    /// best first, in `reader`. `star_eur` is what a star is worth to the shopper [EUR/star]. The slate of
    /// a product that there is not is empty.
    #[inline]
    pub fn rank(&self, query: &Query, star_eur: f32, reader: &mut Reader) {
        reader.product = query.product;
        let Some(&product) = self.products.get(query.product.index()) else {
            reader.slate.clear();
            return;
        };
        match self.serving {
            Serving::AtRead => self.rank_at_read(product, query, star_eur, reader),
            Serving::AtWrite => self.rank_at_write(product, query, reader),
        }
        if self.reads.exposure {
            self.count_views(product, query.product, reader.slate());
        }
    }

    /// Copies the columns, scores them and takes the best.
    fn rank_at_read(&self, product: Spread, query: &Query, star_eur: f32, reader: &mut Reader) {
        let room = product.room as usize;
        let Reader { slate, price, a, b, reach, scores, .. } = reader;
        let (price, a, b) = (&mut price[..room], &mut a[..room], &mut b[..room]);
        let (reach, scores) = (&mut reach[..room], &mut scores[..room]);
        self.read(product, query.product, |copy| {
            copy_columns(copy, price, a, reach);
            // Whoever sees a publication sees what was noted before it.
            if self.second.load(Ordering::Relaxed) {
                copy_second(copy, b);
            }
        });
        let sellers = &self.sellers[product.place as usize..][..room];
        // Rows behind the last are closed: they cost less than a loop's remainder where a score is a
        // matter of a few instructions.
        let n = if self.per_query { product.rows as usize } else { room };
        let (price, a, b, seller) = (&price[..n], &a[..n], &b[..n], &sellers[..n]);
        let scores = &mut scores[..n];
        let chance = Chance { dice: self.dice, session: query.session };
        self.policy.score(&Candidates { price, a, b, seller, star_eur }, chance, scores);
        let country = bit(query);
        for (score, reach) in scores.iter_mut().zip(&*reach) {
            *score = if reach & country == 0 { f32::NEG_INFINITY } else { *score };
        }
        let tie = |row: u32| self.dice.tie(query.session.0, seller[row as usize].0);
        best(scores, self.length, tie, slate);
    }

    /// Walks the offers in their order and takes the first that reach the country.
    fn rank_at_write(&self, product: Spread, query: &Query, reader: &mut Reader) {
        let (country, length) = (bit(query), self.length);
        let slate = &mut reader.slate;
        slate.resize(length, Placed::default());
        let places = &mut slate[..length];
        let (n, tied) = self.read(product, query.product, |copy| walk(copy, country, places));
        slate.truncate(n);
        if tied {
            self.rank_equals(product, query, reader);
        }
    }

    /// The same where some of those walked by score the same: a draw of the query puts them in order.
    #[cold]
    fn rank_equals(&self, product: Spread, query: &Query, reader: &mut Reader) {
        let (country, length) = (bit(query), self.length);
        let Reader { equals, slate, .. } = reader;
        self.read(product, query.product, |copy| walk_equals(copy, country, length, equals));
        let sellers = &self.sellers[product.place as usize..][..product.room as usize];
        let tie = |row: u32| self.dice.tie(query.session.0, sellers[row as usize].0);
        for same in equals.chunk_by_mut(|one, next| one.score == next.score) {
            same.sort_unstable_by_key(|placed| (std::cmp::Reverse(tie(placed.row)), placed.row));
        }
        slate.clear();
        slate.extend_from_slice(&equals[..length.min(equals.len())]);
    }

    #[cold]
    fn count_views(&self, product: Spread, number: ProductId, slate: &[Placed]) {
        for (place, placed) in (1u64..).zip(slate) {
            let views = &self.views[(product.place + placed.row) as usize];
            views.fetch_add(1_000_000 / place, Ordering::Relaxed);
        }
        let viewed = &self.viewed[number.index()];
        if !viewed.load(Ordering::Relaxed) {
            // Whoever sees the flag sees the views that are counted above.
            viewed.store(true, Ordering::Release);
        }
    }
}

/// The bit of the shopper's country; none for a country that offers cannot name.
#[inline]
fn bit(query: &Query) -> u32 {
    1u32.checked_shl(query.country.0.into()).unwrap_or(0)
}

#[inline]
fn halves(word: &AtomicU64) -> [u32; 2] {
    let word = word.load(Ordering::Relaxed);
    [word as u32, (word >> 32) as u32]
}

/// Takes rows apart into columns. Both numbers of a word are written at once.
#[inline]
fn copy_columns(copy: &[AtomicU64], price: &mut [f32], a: &mut [f32], reach: &mut [u32]) {
    let [costs, reaches, _] = parts(copy);
    let columns = price.as_chunks_mut().0.iter_mut().zip(a.as_chunks_mut().0);
    for ([prices, weights], (price, a)) in costs.as_chunks().0.iter().zip(columns) {
        (*price, *a) = (halves(prices).map(f32::from_bits), halves(weights).map(f32::from_bits));
    }
    // The rest comes after them: what was just written in halves must not be read whole at once.
    for (word, reach) in reaches.iter().zip(reach.as_chunks_mut().0) {
        *reach = halves(word);
    }
}

/// The weights' second numbers: most policies keep none.
fn copy_second(copy: &[AtomicU64], b: &mut [f32]) {
    let [_, _, second] = parts(copy);
    for (word, b) in second.iter().zip(b.as_chunks_mut().0) {
        *b = halves(word).map(f32::from_bits);
    }
}

/// Fills places with the first ranks that reach a country. Says how many, and whether one that was
/// walked by scores the same as the next.
#[inline]
fn walk(copy: &[AtomicU64], country: u32, places: &mut [Placed]) -> (usize, bool) {
    let (mut n, mut seen) = (0, 0);
    for [first, second] in copy.as_chunks().0 {
        let Some(place) = places.get_mut(n) else { break };
        let rank = first.load(Ordering::Relaxed);
        let reach = (rank >> 32) as u32;
        // Those that are closed come last.
        if reach == 0 {
            break;
        }
        let score = f32::from_bits(second.load(Ordering::Relaxed) as u32);
        // Written whether it counts or not: who reaches where is as good as random to a processor.
        *place = Placed { score, row: (rank & ROW) as u32 };
        n += usize::from(reach & country != 0);
        seen |= rank;
    }
    (n, seen & TIED != 0)
}

/// Keeps the first `length` ranks that reach a country, and all that score the same as the last.
fn walk_equals(copy: &[AtomicU64], country: u32, length: usize, equals: &mut Vec<Placed>) {
    equals.clear();
    for [first, second] in copy.as_chunks().0 {
        let rank = first.load(Ordering::Relaxed);
        let score = f32::from_bits(second.load(Ordering::Relaxed) as u32);
        let enough = equals.len() >= length && equals.last().is_none_or(|p| p.score != score);
        if rank >> 32 == 0 || enough {
            break;
        }
        if (rank >> 32) as u32 & country != 0 {
            equals.push(Placed { score, row: (rank & ROW) as u32 });
        }
    }
}
