//! Grid: every level of each key with every level of the others.

/// Points of a full grid, the last key turning fastest, as in nested loops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grid {
    levels: Vec<u32>,
}

impl Grid {
    /// A grid of so many levels for each key.
    pub fn new(levels: Vec<u32>) -> Grid {
        Grid { levels }
    }

    /// How many points it has; nothing where they are too many to count.
    pub fn points(&self) -> Option<u64> {
        self.levels.iter().try_fold(1_u64, |n, &levels| n.checked_mul(u64::from(levels)))
    }

    /// Which level of the key `dimension` the point `index` has.
    pub fn level(&self, index: u32, dimension: usize) -> u32 {
        let further: u64 = self.levels[dimension + 1..].iter().map(|&n| u64::from(n)).product();
        (u64::from(index) / further % u64::from(self.levels[dimension])) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_key_turns_fastest() {
        let grid = Grid::new(vec![2, 1, 3]);
        assert_eq!(grid.points(), Some(6));
        let point = |i| [0, 1, 2].map(|d| grid.level(i, d));
        let all: Vec<_> = (0..6).map(point).collect();
        assert_eq!(all, [[0, 0, 0], [0, 0, 1], [0, 0, 2], [1, 0, 0], [1, 0, 1], [1, 0, 2]]);
    }

    #[test]
    fn grids_too_large_to_count() {
        assert_eq!(Grid::new(vec![u32::MAX; 3]).points(), None);
    }
}
