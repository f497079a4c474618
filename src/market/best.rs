//! The best few of many scores, by the data alone: which offers make a slate.
//!
//! Whether an offer is among the best is as good as random to a processor, and each wrong guess costs
//! as much as scoring ten offers. So the usual lengths are selected without branching on scores.

/// One place of a slate.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Placed {
    /// The policy's score: it means something within this slate alone.
    pub score: f32,
    /// The offer's row on its shelf.
    pub row: u32,
}

/// Groups into which scores are dealt to find out from where on they can be among the best.
const GROUPS: usize = 8;
/// The longest slate that is selected by groups.
const LONGEST: usize = 6;
/// The shortest slate that is selected by sifting.
const LONGER: usize = LONGEST + 1;
/// Scores that are kept by sifting: one more than places, so that a tie for the last is seen.
const KEPT: usize = 12;
/// The bits of a score in 64 bits that 32 bits leave free.
const ROWS: u64 = (1 << 29) - 1;
/// Scores that are sifted in any case.
const FIRST: usize = 64;
/// Scores behind these that are sifted together, or not at all.
const CHUNK: usize = 8;
/// Room for offers that are put in order together, one more than that: more reach the bound only where
/// many are equal, or few groups have an offer that can be bought.
const FEW: usize = 16;

/// Keeps the best `length` of the scores above −∞, best first; among equals the greater `tie` is first.
pub fn best(scores: &[f32], length: usize, tie: impl Fn(u32) -> u64, slate: &mut Vec<Placed>) {
    match length {
        1 => first(scores, tie, slate),
        2..=LONGEST => by_groups(scores, length, tie, slate),
        LONGER..KEPT if scores.len() as u64 <= ROWS => by_sifting(scores, length, tie, slate),
        _ => by_insertion(scores, length, tie, slate),
    }
}

/// [`best`] for a slate of one place.
fn first(scores: &[f32], tie: impl Fn(u32) -> u64, slate: &mut Vec<Placed>) {
    slate.clear();
    let best = greatest(group_maxima(scores));
    if best == f32::NEG_INFINITY {
        return;
    }
    let (mut equals, mut sum) = (0, 0);
    for (row, &score) in (0u32..).zip(scores) {
        let equal = u32::from(score == best);
        equals += equal;
        sum += equal * row;
    }
    // The only one is the sum of all.
    let row = if equals == 1 {
        sum
    } else {
        let rows = (0u32..).zip(scores).filter(|&(_, &score)| score == best).map(|(row, _)| row);
        rows.max_by_key(|&row| tie(row)).expect("the greatest is one of them")
    };
    slate.push(Placed { score: best, row });
}

/// [`best`] for a slate of some places: `length` groups have a maximum of at least `least`, so that at
/// least as many offers reach it, and no other can be among the best. Those few are put in order by
/// counting how many are better.
fn by_groups(scores: &[f32], length: usize, tie: impl Fn(u32) -> u64, slate: &mut Vec<Placed>) {
    let least = sorted(group_maxima(scores))[length - 1].max(f32::MIN);
    // The next row is written whether it counts or not, so that with all places taken the first is lost.
    let mut rows = [0; FEW];
    let mut n = 0;
    for (row, &score) in (0u32..).zip(scores) {
        rows[n % FEW] = row;
        n += usize::from(score >= least);
    }
    let mut few = [Placed { score: f32::NEG_INFINITY, row: 0 }; FEW];
    for (one, &row) in few.iter_mut().zip(&rows[..n.min(FEW)]) {
        *one = Placed { score: scores[row as usize], row };
    }
    let ordered = if n <= FEW / 2 { ordered::<{ FEW / 2 }>(&few) } else { ordered::<FEW>(&few) };
    let seen = &ordered[..n.min(length + 1)];
    if n >= FEW || seen.windows(2).any(|two| two[0].score == two[1].score) {
        return by_insertion(scores, length, tie, slate);
    }
    slate.clear();
    slate.extend_from_slice(&seen[..n.min(length)]);
}

/// The first `N` of a few, greatest first.
fn ordered<const N: usize>(few: &[Placed; FEW]) -> [Placed; FEW] {
    let mut places = [0; N];
    for i in 1..N {
        for j in 0..i {
            let behind = few[j].score >= few[i].score;
            places[i] += u32::from(behind);
            places[j] += u32::from(!behind);
        }
    }
    let mut ordered = [Placed::default(); FEW];
    for (one, place) in few.iter().zip(places) {
        ordered[place as usize % FEW] = *one;
    }
    ordered
}

/// [`best`] for a longer slate: every offer sinks to its place among those kept so far, by steps that
/// are the same whatever the scores are. The row travels in bits that a score leaves free.
fn by_sifting(scores: &[f32], length: usize, tie: impl Fn(u32) -> u64, slate: &mut Vec<Placed>) {
    let mut kept = [f64::MIN; KEPT];
    let (few, more) = scores.split_at(scores.len().min(FIRST));
    // Those that are not masked, behind one another: what is masked would sink as slowly.
    let mut keys = [f64::MIN; FIRST];
    let mut n = 0;
    for (row, &score) in (0u64..).zip(few) {
        keys[n % FIRST] = key(score, row);
        n += usize::from(score > f32::NEG_INFINITY);
    }
    for &key in &keys[..n] {
        sift(&mut kept, key);
    }
    let (mut row, least) = (FIRST as u64, length - 1);
    for chunk in more.chunks(CHUNK) {
        // Behind the first, most chunks have nothing to keep.
        let greatest = chunk.iter().fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a });
        if greatest >= kept[least] as f32 {
            for (row, &score) in (row..).zip(chunk) {
                sift(&mut kept, key(score, row));
            }
        }
        row += CHUNK as u64;
    }
    let masked = f64::from(f32::MIN) * 2.0;
    let mut n = 0;
    let mut seen = [Placed::default(); KEPT];
    for (placed, key) in seen.iter_mut().zip(&kept) {
        n += usize::from(*key > masked);
        let score = f64::from_bits(key.to_bits() & !ROWS) as f32;
        *placed = Placed { score, row: (key.to_bits() & ROWS) as u32 };
    }
    if seen[..n.min(length + 1)].windows(2).any(|two| two[0].score == two[1].score) {
        return by_insertion(scores, length, tie, slate);
    }
    slate.clear();
    slate.extend_from_slice(&seen[..n.min(length)]);
}

/// A number that is in the order of scores, with the row where equal scores differ; the least of all if
/// the score is masked.
#[inline]
fn key(score: f32, row: u64) -> f64 {
    const MOST: f64 = f64::from_bits(1e300_f64.to_bits() & !ROWS);
    let wide = f64::from(score);
    let wide = if wide < MOST { wide } else { MOST };
    let wide = if wide > f64::MIN { wide } else { f64::MIN };
    // The least number has all of these bits set already.
    f64::from_bits(wide.to_bits() | row)
}

/// Lets a number sink to its place, greatest first; the last falls out.
#[inline]
fn sift(kept: &mut [f64; KEPT], key: f64) {
    let before = *kept;
    for i in 1..KEPT {
        let lifted = if key < before[i - 1] { key } else { before[i - 1] };
        kept[i] = if lifted > before[i] { lifted } else { before[i] };
    }
    kept[0] = if key > before[0] { key } else { before[0] };
}

/// The greatest score of each group; the groups are as good as any.
fn group_maxima(scores: &[f32]) -> [f32; GROUPS] {
    let mut maxima = [f32::NEG_INFINITY; GROUPS];
    let (chunks, rest) = scores.as_chunks::<GROUPS>();
    for chunk in chunks {
        for (max, &score) in maxima.iter_mut().zip(chunk) {
            *max = if score > *max { score } else { *max };
        }
    }
    for (max, &score) in maxima.iter_mut().zip(rest) {
        *max = if score > *max { score } else { *max };
    }
    maxima
}

fn greatest(maxima: [f32; GROUPS]) -> f32 {
    maxima.into_iter().fold(f32::NEG_INFINITY, |a, b| if b > a { b } else { a })
}

/// Greatest first, by the shortest sorting network of eight (Knuth, TAOCP 3, 5.3.4).
fn sorted(mut of: [f32; GROUPS]) -> [f32; GROUPS] {
    // Written out: in a loop over a table of pairs each step would go through memory.
    macro_rules! order {
        ($(($i:literal $j:literal))*) => {$(
            let (a, b) = (of[$i], of[$j]);
            of[$i] = if a > b { a } else { b };
            of[$j] = if a > b { b } else { a };
        )*};
    }
    order!((0 2) (1 3) (4 6) (5 7) (0 4) (1 5) (2 6) (3 7) (0 1) (2 3));
    order!((4 5) (6 7) (2 4) (3 5) (1 4) (3 6) (1 2) (3 4) (5 6));
    of
}

/// [`best`] for any length, one offer after the other.
fn by_insertion(scores: &[f32], length: usize, tie: impl Fn(u32) -> u64, slate: &mut Vec<Placed>) {
    slate.clear();
    let mut least = f32::NEG_INFINITY;
    for (row, &score) in (0u32..).zip(scores) {
        // Most offers are worse than the worst kept: one comparison each. Those that were masked
        // never come further, as the worst kept starts at −∞ and must be exceeded or tied with.
        if score < least || score == f32::NEG_INFINITY {
            continue;
        }
        let before = |other: &Placed| {
            score > other.score || (score == other.score && tie(row) > tie(other.row))
        };
        if slate.len() == length {
            if !before(&slate[length - 1]) {
                continue;
            }
        } else {
            slate.push(Placed::default());
        }
        let mut at = slate.len() - 1;
        while at > 0 && before(&slate[at - 1]) {
            slate[at] = slate[at - 1];
            at -= 1;
        }
        slate[at] = Placed { score, row };
        if slate.len() == length {
            least = slate[length - 1].score;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sorting everything, and then cutting off.
    fn oracle(scores: &[f32], length: usize, tie: impl Fn(u32) -> u64) -> Vec<u32> {
        let mut all: Vec<u32> = (0..scores.len() as u32)
            .filter(|&row| scores[row as usize] > f32::NEG_INFINITY)
            .collect();
        all.sort_by(|&x, &y| {
            let by_score = scores[y as usize].total_cmp(&scores[x as usize]);
            by_score.then(tie(y).cmp(&tie(x)))
        });
        all.truncate(length);
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// From scores that nearly all tie to scores that hardly ever do; 0 stands for one that is masked.
        #[test]
        fn the_best_are_kept_in_order(
            (kinds, raw) in prop_oneof![Just(6u32), Just(60), Just(1_000_000)].prop_flat_map(|kinds| {
                (Just(kinds), proptest::collection::vec(0..kinds, 0..90))
            }),
            // Groups that stand out let many offers through.
            bonus in proptest::array::uniform8(prop_oneof![Just(0.0f32), Just(2e6)]),
            length in 1usize..12,
            salt in any::<u64>(),
        ) {
            let of = |(i, &n): (usize, &u32)| match n {
                0 => f32::NEG_INFINITY,
                _ => n as f32 - 3.0 + bonus[i % GROUPS],
            };
            let scores: Vec<f32> = raw.iter().enumerate().map(of).collect();
            let tie = |row: u32| crate::rng::mix64(salt ^ u64::from(row));
            let mut slate = vec![Placed { score: 9.0, row: 9 }];
            best(&scores, length, tie, &mut slate);
            let rows: Vec<u32> = slate.iter().map(|placed| placed.row).collect();
            prop_assert_eq!(rows, oracle(&scores, length, tie), "{} kinds: {:?}", kinds, scores);
            for placed in &slate {
                prop_assert_eq!(placed.score, scores[placed.row as usize]);
            }
        }
    }

    /// A network that sorts every sequence of zeros and ones sorts everything (Knuth, 5.3.4, theorem Z).
    #[test]
    fn the_network_sorts() {
        for bits in 0..256_u32 {
            let of = std::array::from_fn(|i| (bits >> i & 1) as f32);
            let sorted = sorted(of);
            assert!(sorted.windows(2).all(|two| two[0] >= two[1]), "{of:?} became {sorted:?}");
        }
    }
}
