//! Pareto front: the points that no other beats in everything at once.

use crate::measure::Better;

/// One point of a front.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    /// Number of the point in the design.
    pub point: u32,
    /// The values, in the order of the objectives.
    pub values: Vec<f64>,
}

/// The front of the points seen so far: no more is kept than what is on it.
///
/// A point dominates another that is no better in any objective and worse in one. Equal points don't
/// dominate one another: both are kept.
#[derive(Debug, Clone)]
pub(super) struct Front {
    /// For each objective: 1 where less is better, −1 where more is.
    signs: Vec<f64>,
    members: Vec<Member>,
}

impl Front {
    /// An empty front over these objectives.
    pub fn new(objectives: &[Better]) -> Front {
        let sign = |better: &Better| if *better == Better::Higher { -1.0 } else { 1.0 };
        Front { signs: objectives.iter().map(sign).collect(), members: Vec::new() }
    }

    /// Takes a point with finite values; says whether it is on the front, for now.
    pub fn add(&mut self, point: u32, values: Vec<f64>) -> bool {
        let Front { signs, members } = self;
        if members.iter().any(|member| dominates(&member.values, &values, signs)) {
            return false;
        }
        members.retain(|member| !dominates(&values, &member.values, signs));
        members.push(Member { point, values });
        true
    }

    /// The front, best in the first objective first, then in the next.
    pub fn into_members(self) -> Vec<Member> {
        let Front { signs, mut members } = self;
        members.sort_by(|a, b| {
            let pairs = a.values.iter().zip(&b.values).zip(&signs);
            let mut orders = pairs.map(|((a, b), sign)| (a * sign).total_cmp(&(b * sign)));
            orders.find(|order| order.is_ne()).unwrap_or(a.point.cmp(&b.point))
        });
        members
    }
}

fn dominates(a: &[f64], b: &[f64], signs: &[f64]) -> bool {
    let pairs = || a.iter().zip(b).zip(signs).map(|((a, b), sign)| (a * sign, b * sign));
    pairs().all(|(a, b)| a <= b) && pairs().any(|(a, b)| a < b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_front_by_hand() {
        // Cheap and good: (1, 1) is cheapest, (3, 9) best, (2, 5) between; (2, 4) and (3, 5) are beaten.
        let mut front = Front::new(&[Better::Lower, Better::Higher]);
        let points = [(3.0, 9.0), (2.0, 4.0), (1.0, 1.0), (3.0, 5.0), (2.0, 5.0), (1.0, 1.0)];
        for (i, (cost, good)) in points.into_iter().enumerate() {
            front.add(i as u32, vec![cost, good]);
        }
        let found: Vec<u32> = front.into_members().iter().map(|member| member.point).collect();
        assert_eq!(found, [2, 5, 4, 0], "equal points are both there");
    }

    proptest! {
        /// Held against the definition, point by point. Few values make ties frequent.
        #[test]
        fn the_front_is_who_is_dominated_by_nobody(
            points in prop::collection::vec(prop::array::uniform3(0u8..6), 0..60),
            higher in prop::array::uniform3(any::<bool>()),
            objectives in 1usize..4,
        ) {
            let better = higher.map(|h| if h { Better::Higher } else { Better::Lower });
            let mut front = Front::new(&better[..objectives]);
            for (i, point) in points.iter().enumerate() {
                let values = point[..objectives].iter().map(|&v| f64::from(v)).collect();
                front.add(i as u32, values);
            }
            let mut got: Vec<u32> = front.into_members().iter().map(|m| m.point).collect();
            got.sort_unstable();
            let at_least = |a: &[u8; 3], b: &[u8; 3], d: usize| {
                if higher[d] { a[d] >= b[d] } else { a[d] <= b[d] }
            };
            let beats = |a: &[u8; 3], b: &[u8; 3]| {
                (0..objectives).all(|d| at_least(a, b, d)) && a[..objectives] != b[..objectives]
            };
            let expected: Vec<u32> = (0..points.len())
                .filter(|&i| !points.iter().any(|other| beats(other, &points[i])))
                .map(|i| i as u32)
                .collect();
            prop_assert_eq!(got, expected);
        }
    }
}
