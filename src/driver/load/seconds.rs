//! Seconds of those who post and of those who work off what was posted, put together.

use super::{Second, Total};

/// What was worked off in each second, with what was asked for in it: the backlog is all that was asked
/// for by then and neither done nor turned away.
pub(super) fn joined(posted: Vec<Second>, worked: Vec<Second>) -> Vec<Second> {
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
        let Some(mut second) = work.or_else(|| post.map(Second::without_work)) else { continue };
        (second.length, second.offered) = (length.unwrap_or(second.length), offered);
        (second.overflow, second.backlog) = (overflow, backlog);
        seconds.push(second);
    }
    seconds
}

/// What was worked off in all, with what was asked for and turned away.
pub(super) fn both(posted: &Total, worked: Total) -> Total {
    let answered = worked.latencies.done() + posted.overflow;
    Total {
        overflow: posted.overflow,
        offered: posted.offered,
        backlog: posted.offered.map_or(0, |offered| offered.saturating_sub(answered)),
        end: posted.end.max(worked.end),
        clamped: posted.clamped + worked.clamped,
        ..worked
    }
}

impl Second {
    /// The same second without what took time in it.
    fn without_work(self) -> Second {
        Second { latencies: Default::default(), freshness: Default::default(), ..self }
    }
}
