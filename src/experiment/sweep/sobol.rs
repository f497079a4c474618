//! Sobol's sequence, in the order of Gray codes, with the direction numbers of Joe and Kuo.
//!
//! S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J.
//! Sci. Comput. 30 (2008) 2635-2654; the numbers are those of their `new-joe-kuo-6.21201`.

use crate::rng::{Dice, Purpose, mix64};

/// The most dimensions a point may have here.
pub(super) const DIMENSIONS: usize = 64;

/// Bits of a coordinate.
const BITS: usize = 32;

/// Points of the unit cube that fill it more evenly than chance: any 2^k in a row from the first have
/// one in every stretch of 2^-k of every coordinate.
#[derive(Debug, Clone)]
pub(super) struct Sobol {
    /// For each dimension the direction numbers, as fractions of 2^32.
    directions: Vec<[u32; BITS]>,
    /// For each dimension the key of its scrambling; none for the plain sequence.
    keys: Option<Vec<u64>>,
}

impl Sobol {
    /// The plain sequence, as published; its first point is the origin.
    pub fn plain(dimensions: usize) -> Sobol {
        assert!(dimensions <= DIMENSIONS, "{dimensions} dimensions");
        Sobol { directions: (0..dimensions).map(directions).collect(), keys: None }
    }

    /// The sequence under a nested uniform scrambling drawn from `dice`: every point is uniform in the
    /// cube by itself, and all together are as even as the plain ones.
    ///
    /// A. B. Owen, "Randomly permuted (t,m,s)-nets and (t,s)-sequences", 1995. Points are not dropped:
    /// the first is no longer the origin (Owen, "On dropping the first Sobol' point", 2020).
    pub fn scrambled(dimensions: usize, dice: Dice) -> Sobol {
        let key = |dimension: usize| {
            let block = dice.block(dimension as u64, 0, Purpose::Design).0;
            u64::from(block[0]) | u64::from(block[1]) << 32
        };
        Sobol { keys: Some((0..dimensions).map(key).collect()), ..Sobol::plain(dimensions) }
    }

    /// A coordinate of the point `index`: of the plain sequence in [0, 1), of a scrambled one in (0, 1).
    pub fn unit(&self, index: u32, dimension: usize) -> f64 {
        let bits = self.bits(index, dimension);
        let half = if self.keys.is_some() { 0.5 } else { 0.0 };
        (f64::from(bits) + half) / 4_294_967_296.0
    }

    fn bits(&self, index: u32, dimension: usize) -> u32 {
        let gray = index ^ (index >> 1);
        let chosen = self.directions[dimension].iter().enumerate();
        let plain = chosen.filter(|(k, _)| gray >> k & 1 == 1).fold(0, |x, (_, v)| x ^ v);
        match &self.keys {
            Some(keys) => scramble(plain, keys[dimension]),
            None => plain,
        }
    }
}

/// Flips each bit by a draw keyed by the bits above it: a node of the binary tree swaps its branches.
fn scramble(plain: u32, key: u64) -> u32 {
    let mut out = 0;
    for level in 0..BITS {
        let above = u64::from(plain) >> (BITS - level);
        // Nodes as in a heap: the root is 1, the children of n are 2n and 2n + 1.
        let node = 1 << level | above;
        let flip = (mix64(key ^ mix64(node)) >> 63) as u32;
        let bit = BITS - 1 - level;
        out |= (plain >> bit & 1 ^ flip) << bit;
    }
    out
}

/// The direction numbers of a dimension: the first are given, the others follow by the recurrence of its
/// primitive polynomial (Bratley and Fox, Algorithm 659, ACM TOMS 14 (1988) 88-100).
fn directions(dimension: usize) -> [u32; BITS] {
    let mut v = [0; BITS];
    let Some((polynomial, first)) = dimension.checked_sub(1).map(|at| JOE_KUO[at]) else {
        // The first dimension is van der Corput's sequence.
        (0..BITS).for_each(|k| v[k] = 1 << (BITS - 1 - k));
        return v;
    };
    let degree = first.len();
    for k in 0..BITS {
        v[k] = if k < degree {
            first[k] << (BITS - 1 - k)
        } else {
            let inner = (1..degree).filter(|j| polynomial >> (degree - j) & 1 == 1);
            inner.fold(v[k - degree] ^ v[k - degree] >> degree, |x, j| x ^ v[k - j])
        };
    }
    v
}

/// For each dimension after the first: the primitive polynomial, both ends included, and the first
/// direction numbers, one for each degree of it.
#[rustfmt::skip]
const JOE_KUO: [(u32, &[u32]); DIMENSIONS - 1] = [
    (3, &[1]),
    (7, &[1, 3]),
    (11, &[1, 3, 1]),
    (13, &[1, 1, 1]),
    (19, &[1, 1, 3, 3]),
    (25, &[1, 3, 5, 13]),
    (37, &[1, 1, 5, 5, 17]),
    (41, &[1, 1, 5, 5, 5]),
    (47, &[1, 1, 7, 11, 19]),
    (55, &[1, 1, 5, 1, 1]),
    (59, &[1, 1, 1, 3, 11]),
    (61, &[1, 3, 5, 5, 31]),
    (67, &[1, 3, 3, 9, 7, 49]),
    (91, &[1, 1, 1, 15, 21, 21]),
    (97, &[1, 3, 1, 13, 27, 49]),
    (103, &[1, 1, 1, 15, 7, 5]),
    (109, &[1, 3, 1, 15, 13, 25]),
    (115, &[1, 1, 5, 5, 19, 61]),
    (131, &[1, 3, 7, 11, 23, 15, 103]),
    (137, &[1, 3, 7, 13, 13, 15, 69]),
    (143, &[1, 1, 3, 13, 7, 35, 63]),
    (145, &[1, 3, 5, 9, 1, 25, 53]),
    (157, &[1, 3, 1, 13, 9, 35, 107]),
    (167, &[1, 3, 1, 5, 27, 61, 31]),
    (171, &[1, 1, 5, 11, 19, 41, 61]),
    (185, &[1, 3, 5, 3, 3, 13, 69]),
    (191, &[1, 1, 7, 13, 1, 19, 1]),
    (193, &[1, 3, 7, 5, 13, 19, 59]),
    (203, &[1, 1, 3, 9, 25, 29, 41]),
    (211, &[1, 3, 5, 13, 23, 1, 55]),
    (213, &[1, 3, 7, 3, 13, 59, 17]),
    (229, &[1, 3, 1, 3, 5, 53, 69]),
    (239, &[1, 1, 5, 5, 23, 33, 13]),
    (241, &[1, 1, 7, 7, 1, 61, 123]),
    (247, &[1, 1, 7, 9, 13, 61, 49]),
    (253, &[1, 3, 3, 5, 3, 55, 33]),
    (285, &[1, 3, 1, 15, 31, 13, 49, 245]),
    (299, &[1, 3, 5, 15, 31, 59, 63, 97]),
    (301, &[1, 3, 1, 11, 11, 11, 77, 249]),
    (333, &[1, 3, 1, 11, 27, 43, 71, 9]),
    (351, &[1, 1, 7, 15, 21, 11, 81, 45]),
    (355, &[1, 3, 7, 3, 25, 31, 65, 79]),
    (357, &[1, 3, 1, 1, 19, 11, 3, 205]),
    (361, &[1, 1, 5, 9, 19, 21, 29, 157]),
    (369, &[1, 3, 7, 11, 1, 33, 89, 185]),
    (391, &[1, 3, 3, 3, 15, 9, 79, 71]),
    (397, &[1, 3, 7, 11, 15, 39, 119, 27]),
    (425, &[1, 1, 3, 1, 11, 31, 97, 225]),
    (451, &[1, 1, 1, 3, 23, 43, 57, 177]),
    (463, &[1, 3, 7, 7, 17, 17, 37, 71]),
    (487, &[1, 3, 1, 5, 27, 63, 123, 213]),
    (501, &[1, 1, 3, 5, 11, 43, 53, 133]),
    (529, &[1, 3, 5, 5, 29, 17, 47, 173, 479]),
    (539, &[1, 3, 3, 11, 3, 1, 109, 9, 69]),
    (545, &[1, 1, 1, 5, 17, 39, 23, 5, 343]),
    (557, &[1, 3, 1, 5, 25, 15, 31, 103, 499]),
    (563, &[1, 1, 1, 11, 11, 17, 63, 105, 183]),
    (601, &[1, 1, 5, 11, 9, 29, 97, 231, 363]),
    (607, &[1, 1, 5, 15, 19, 45, 41, 7, 383]),
    (617, &[1, 3, 7, 7, 31, 19, 83, 137, 221]),
    (623, &[1, 1, 1, 3, 23, 15, 111, 223, 83]),
    (631, &[1, 1, 5, 13, 31, 15, 55, 25, 161]),
    (637, &[1, 1, 3, 13, 25, 47, 39, 87, 257]),];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_points_are_those_published() {
        // Joe and Kuo, "Notes on generating Sobol' sequences", 2008, and every implementation since.
        let published = [
            [0.0, 0.0, 0.0, 0.0, 0.0],
            [0.5, 0.5, 0.5, 0.5, 0.5],
            [0.75, 0.25, 0.25, 0.25, 0.75],
            [0.25, 0.75, 0.75, 0.75, 0.25],
            [0.375, 0.375, 0.625, 0.875, 0.375],
            [0.875, 0.875, 0.125, 0.375, 0.875],
            [0.625, 0.125, 0.875, 0.625, 0.625],
            [0.125, 0.625, 0.375, 0.125, 0.125],
            [0.1875, 0.3125, 0.9375, 0.4375, 0.5625],
            [0.6875, 0.8125, 0.4375, 0.9375, 0.0625],
        ];
        let sobol = Sobol::plain(5);
        for (i, point) in published.iter().enumerate() {
            let got: Vec<f64> = (0..5).map(|d| sobol.unit(i as u32, d)).collect();
            assert_eq!(got, point, "point {i}");
        }
    }

    #[test]
    fn far_points_agree_with_another_implementation() {
        // scipy 1.17.1, stats.qmc.Sobol(64, scramble=False, bits=32), in units of 2^-10 and 2^-32.
        let dimensions = [0, 1, 2, 7, 19, 39, 63];
        let sobol = Sobol::plain(DIMENSIONS);
        for (i, expected) in [
            (5, [896, 896, 128, 384, 640, 384, 640]),
            (100, [424, 264, 792, 488, 344, 136, 664]),
            (777, [709, 959, 167, 781, 771, 367, 437]),
            (1_023, [1, 771, 627, 633, 327, 715, 41]),
        ] {
            assert_eq!(dimensions.map(|d| sobol.bits(i, d) >> 22), expected, "point {i}");
        }
        let expected = [
            113_803_264,
            784_891_904,
            1_319_665_664,
            1_993_113_600,
            674_988_032,
            1_593_344_000,
            4_089_413_632,
        ];
        assert_eq!(dimensions.map(|d| sobol.bits(123_456, d)), expected);
    }

    #[test]
    fn scrambled_points_are_as_even_and_not_the_same() {
        let plain = Sobol::plain(DIMENSIONS);
        let (one, two) =
            ([1, 2].map(|seed| Sobol::scrambled(DIMENSIONS, Dice::new(seed, 0)))).into();
        for d in 0..DIMENSIONS {
            for sobol in [&plain, &one, &two] {
                let mut cells: Vec<u32> = (0..256).map(|i| sobol.bits(i, d) >> 24).collect();
                cells.sort_unstable();
                assert!(cells.into_iter().eq(0..256), "dimension {d}");
            }
            assert_ne!(one.bits(0, d), 0, "dimension {d}");
            assert_ne!(one.bits(3, d), two.bits(3, d), "dimension {d}");
        }
        // In two dimensions: 256 points, one in each box of 1/16 by 1/16.
        let mut boxes: Vec<u32> =
            (0..256).map(|i| one.bits(i, 0) >> 28 << 4 | one.bits(i, 1) >> 28).collect();
        boxes.sort_unstable();
        assert!(boxes.into_iter().eq(0..256));
    }
}
