//! Sorting what happens in a tick by its time.
//!
//! Arrivals are uniform within a tick and what is due nearly so: dealt by time into as many buckets as
//! there are things, they are all but sorted, and a pass of insertions does the rest. Comparison sorts
//! cost three times as much.

/// Fewer things than this are sorted by comparison at once.
const FEW: usize = 32;
/// The most buckets: what is counted should stay near.
const MOST_BUCKETS: usize = 1 << 12;
/// With more things than this in a bucket, time was not spread evenly, and insertions would be many.
const CROWD: u32 = 64;

/// Room to sort in, kept between ticks.
#[derive(Debug, Default)]
pub struct SortRoom {
    ends: Vec<u32>,
    dealt: Vec<u64>,
}

/// Sorts numbers whose upper half is a time, from 0 on and spread rather evenly.
pub fn sort_by_time(of: &mut Vec<u64>, room: &mut SortRoom) {
    if of.len() < FEW {
        of.sort_unstable();
        return;
    }
    let buckets = of.len().next_power_of_two().min(MOST_BUCKETS);
    let latest = of.iter().map(|item| item >> 32).max().unwrap_or(0);
    // Time times this, less its lower half, is the bucket: below `buckets` for the latest too.
    let per_time = ((buckets as u64) << 32) / (latest + 1);
    let bucket = |item: u64| ((u128::from(item >> 32) * u128::from(per_time)) >> 32) as usize;
    let SortRoom { ends, dealt } = room;
    ends.clear();
    ends.resize(buckets + 1, 0);
    for &item in of.iter() {
        ends[bucket(item) + 1] += 1;
    }
    if ends.iter().any(|&n| n > CROWD) {
        of.sort_unstable();
        return;
    }
    for i in 1..=buckets {
        ends[i] += ends[i - 1];
    }
    dealt.clear();
    dealt.resize(of.len(), 0);
    for &item in of.iter() {
        let at = &mut ends[bucket(item)];
        dealt[*at as usize] = item;
        *at += 1;
    }
    insert(dealt);
    std::mem::swap(of, dealt);
}

/// Insertion sort: as good as free on what is nearly sorted.
fn insert(of: &mut [u64]) {
    for i in 1..of.len() {
        let item = of[i];
        let mut at = i;
        while at > 0 && of[at - 1] > item {
            of[at] = of[at - 1];
            at -= 1;
        }
        of[at] = item;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// From times that nearly all tie to times all over the upper half.
        #[test]
        fn it_sorts(
            bits in 1u32..33,
            raw in proptest::collection::vec(any::<u64>(), 0..300),
        ) {
            let mut of: Vec<u64> = raw.iter().map(|n| n >> (32 - bits)).collect();
            let mut expected = of.clone();
            expected.sort_unstable();
            sort_by_time(&mut of, &mut SortRoom::default());
            prop_assert_eq!(of, expected);
        }
    }
}
