//! Seconds of those who post and of those who work off what was posted, put together.

use std::collections::VecDeque;

use super::{Mode, Second, Total};

/// Whose record of a request's time is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// The cells', who know when a letter lay there and when it was worked off.
    Worked,
    /// The drivers', who waited for the answer: the way there, the cell, and the way back.
    Posted,
}

impl Told {
    /// In which mode whose record it is.
    pub(super) fn by(mode: Mode<'_>) -> Told {
        match mode {
            Mode::Single | Mode::Closed(_) => Told::Posted,
            Mode::Open(_) | Mode::Offline => Told::Worked,
        }
    }

    /// What came of it in all.
    pub(super) fn total(self, posted: Total, worked: Total) -> Total {
        let clamped = posted.clamped + worked.clamped;
        match self {
            Told::Posted => Total { freshness: worked.freshness, clamped, ..posted },
            Told::Worked => {
                let answered = worked.latencies.done() + posted.overflow;
                let backlog = posted.offered.map_or(0, |offered| offered.saturating_sub(answered));
                let (overflow, offered) = (posted.overflow, posted.offered);
                let end = posted.end.max(worked.end);
                Total { overflow, offered, backlog, end, clamped, ..worked }
            }
        }
    }
}

/// Who tells of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Those who post.
    Posts,
    /// Those who work off.
    Works,
}

/// Seconds of one side that the other has not told of, and whether there will be more.
#[derive(Debug, Default)]
struct Waiting {
    seconds: VecDeque<Second>,
    over: bool,
}

/// Puts seconds of both sides together as they come: a second is given out when both told of it, or when
/// one did and the other is done.
#[derive(Debug)]
pub(super) struct Joiner {
    told: Told,
    posts: Waiting,
    works: Waiting,
    /// Asked for up to the last second that was given out, and done or turned away.
    asked: u64,
    answered: u64,
}

impl Joiner {
    /// One that has heard of nothing.
    pub(super) fn new(told: Told) -> Self {
        let (posts, works) = Default::default();
        Joiner { told, posts, works, asked: 0, answered: 0 }
    }

    /// Takes the next second of a side, or that there is none, and hands what is complete to `give`.
    pub(super) fn take(
        &mut self,
        side: Side,
        second: Option<Second>,
        give: &mut impl FnMut(Second),
    ) {
        let waiting = match side {
            Side::Posts => &mut self.posts,
            Side::Works => &mut self.works,
        };
        match second {
            Some(second) => waiting.seconds.push_back(second),
            None => waiting.over = true,
        }
        let ready = |one: &Waiting| one.over || !one.seconds.is_empty();
        while ready(&self.posts) && ready(&self.works) {
            let pair = (self.posts.seconds.pop_front(), self.works.seconds.pop_front());
            if matches!(pair, (None, None)) {
                break;
            }
            let second = match self.told {
                Told::Worked => self.worked(pair.0, pair.1),
                Told::Posted => posted(pair.0, pair.1),
            };
            second.into_iter().for_each(&mut *give);
        }
    }

    /// What was worked off in a second, with what was asked for in it: the backlog is all that was asked
    /// for by then and neither done nor turned away.
    fn worked(&mut self, post: Option<Second>, work: Option<Second>) -> Option<Second> {
        let offered = post.as_ref().and_then(|post| post.offered);
        let overflow = post.as_ref().map_or(0, |post| post.overflow);
        self.asked += offered.unwrap_or(0);
        self.answered += overflow + work.as_ref().map_or(0, |work| work.latencies.done());
        let backlog = self.asked.saturating_sub(self.answered);
        let length = [&post, &work].into_iter().flatten().map(|one| one.length).max()?;
        let second = work.or_else(|| post.map(Second::without_work))?;
        Some(Second { length, offered, overflow, backlog, ..second })
    }
}

/// What drivers saw answered in a second, with what cells saw beside it. What cells tell of after the
/// drivers' last second is none of its own: nothing was asked in it.
fn posted(post: Option<Second>, work: Option<Second>) -> Option<Second> {
    let freshness = work.map(|work| work.freshness).unwrap_or_default();
    post.map(|post| Second { freshness, ..post })
}

impl Second {
    /// The same second without what took time in it.
    fn without_work(self) -> Second {
        Second { latencies: Default::default(), freshness: Default::default(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Freshness, Latencies, Op, Part, Write};
    use super::*;

    /// The same for [`Told::Worked`], of a run that is over.
    fn joined(posted: Vec<Second>, worked: Vec<Second>) -> Vec<Second> {
        let n = posted.len().max(worked.len());
        let (mut posted, mut worked) = (posted.into_iter(), worked.into_iter());
        let (mut asked, mut answered) = (0, 0);
        let mut seconds = Vec::with_capacity(n);
        for _ in 0..n {
            let (post, work) = (posted.next(), worked.next());
            let offered = post.as_ref().and_then(|post| post.offered);
            let overflow = post.as_ref().map_or(0, |post| post.overflow);
            asked += offered.unwrap_or(0);
            answered += overflow + work.as_ref().map_or(0, |work| work.latencies.done());
            let backlog = asked.saturating_sub(answered);
            let length = [&post, &work].into_iter().flatten().map(|one| one.length).max();
            let Some(mut second) = work.or_else(|| post.map(Second::without_work)) else {
                continue;
            };
            (second.length, second.offered) = (length.unwrap_or(second.length), offered);
            (second.overflow, second.backlog) = (overflow, backlog);
            seconds.push(second);
        }
        seconds
    }

    /// The seconds of a run: how much was done in each, how much was turned away, and how long the last
    /// one is; the time of a call tells which side it is of.
    fn run(takes: u64, of: &[(u64, u64)], last: u64, paced: bool) -> Vec<Second> {
        let second = |(n, &(done, overflow)): (usize, &(u64, u64))| {
            let (mut latencies, mut freshness) = (Latencies::default(), Freshness::default());
            let service = latencies.of_mut(Op::Rank, Part::Service);
            service.record_n(takes, done).expect("a histogram that grows");
            freshness.of_mut(Write::Price).record(takes + n as u64).expect("the same");
            let length = if n + 1 == of.len() { last } else { 1_000_000_000 };
            let offered = paced.then_some(done + overflow);
            let start = n as u64 * 1_000_000_000;
            Second { start, length, latencies, offered, backlog: 7, overflow, freshness }
        };
        of.iter().enumerate().map(second).collect()
    }

    /// All that can be seen of seconds.
    fn seen(seconds: &[Second]) -> String {
        let one = |second: &Second| {
            let Second { start, length, latencies, offered, backlog, overflow, freshness } = second;
            let (service, fresh) =
                (latencies.of(Op::Rank, Part::Service), freshness.of(Write::Price));
            let (done, took) = (service.len(), service.max());
            let fresh = (fresh.len(), fresh.max());
            format!("{start} {length} {done} {took} {offered:?} {backlog} {overflow} {fresh:?}\n")
        };
        seconds.iter().map(one).collect()
    }

    proptest! {
        /// However the two sides take turns, seconds are those of the run told as a whole, each given out
        /// as soon as both told of it.
        #[test]
        fn seconds_that_come_in_any_order_are_the_same(
            posts in prop::collection::vec((0_u64..50, 0_u64..5), 0..6),
            works in prop::collection::vec((0_u64..50, Just(0)), 0..6),
            last in 1_u64..1_000_000_000,
            order in prop::collection::vec(any::<bool>(), 14),
            paced in any::<bool>(),
        ) {
            let (posts, works) = (run(3, &posts, last, paced), run(5, &works, 1, false));
            let ends = |all: &[Second]| all.iter().cloned().map(Some).chain([None]).rev().collect();
            for told in [Told::Worked, Told::Posted] {
                let mut sides: [Vec<Option<Second>>; 2] = [ends(&posts), ends(&works)];
                let (mut joiner, mut given) = (Joiner::new(told), Vec::new());
                for &first in order.iter().chain(&[true; 7]).chain(&[false; 7]) {
                    let side = if first { Side::Posts } else { Side::Works };
                    let Some(next) = sides[usize::from(!first)].pop() else { continue };
                    joiner.take(side, next, &mut |second| given.push(second));
                    let told_of = [posts.len() + 1 - sides[0].len(), works.len() + 1 - sides[1].len()];
                    let both = told_of[0].min(told_of[1]).min(posts.len()).min(works.len());
                    prop_assert!(given.len() >= both, "{} of {both}", given.len());
                }
                let whole = match told {
                    Told::Worked => joined(posts.clone(), works.clone()),
                    Told::Posted => {
                        let fresh = |n: usize| works.get(n).map(|work| work.freshness.clone());
                        let second = |(n, post): (usize, &Second)| {
                            Second { freshness: fresh(n).unwrap_or_default(), ..post.clone() }
                        };
                        posts.iter().enumerate().map(second).collect()
                    }
                };
                prop_assert_eq!(seen(&given), seen(&whole), "{:?}", told);
            }
        }
    }
}
