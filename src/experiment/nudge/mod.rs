//! Nudges: the causal gain of the feedback loop, by twin worlds that differ in one review or in the
//! quality of one seller.
//!
//! A twin has the market, the seed and the number of its world and one event more. With all four
//! feedback channels cut, a review can reach no later choice, and the twin is its world in every fact
//! but that event. What differs where a channel is open is what the loop made of it. One pair says
//! little, for small differences grow as chance has it; so there are many, each with another seller.

mod outcome;
mod sales;

use std::ops::Range;

use super::replications::{Follow, Replications};
use super::side_by_side::{Seat, side_by_side};
use super::trial::{Heartbeat, Trial, now};
use crate::agents::sellers::ChangeSpec;
use crate::driver::{Finished, Go};
use crate::history::Digest;
use crate::market::{EventSpec, ExtraReview, FeedbackSpec, QualityShock, Target};
use crate::measure::Counts;
use crate::scenario::Scenario;
use sales::{Sales, WorldSales};

pub use outcome::outcome;

/// What is done to a seller.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum What {
    /// One review of so many stars.
    Review(u8),
    /// Its true quality changes for a while.
    Shock(Shock),
}

/// Which way quality goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shock {
    /// More defects, late parcels and cancellations.
    Worse,
    /// Fewer.
    Better,
}

impl Shock {
    /// How long it lasts [days].
    pub const DAYS: u32 = 28;

    /// What it does: five times as many of what goes wrong and half a star less for service, or a fifth
    /// of it and half a star more.
    pub fn change(self) -> ChangeSpec {
        let (rate, service) = match self {
            Shock::Worse => (5.0, -0.5),
            Shock::Better => (0.2, 0.5),
        };
        ChangeSpec { late: rate, defect: rate, misgrade: rate, cancel: rate, service }
    }
}

/// To whom it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// Another in each world, each live seller as likely as any other; the same with channels cut, as
    /// long as it is live there.
    Drawn,
    /// The live seller with most credit.
    Greatest,
    /// The seller of this number.
    Seller(u32),
}

/// A nudge: what, to whom and when.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nudge {
    /// What is done.
    pub what: What,
    /// To whom.
    pub whom: Whom,
    /// At the start of this day, from 0.
    pub day: u32,
    /// Weeks from then on over which effects are told [weeks].
    pub weeks: u32,
}

/// The name of the added event: nobody's own.
const EVENT: &str = "~nudge";

impl Nudge {
    /// The days over which effects are told.
    pub fn days(&self) -> Range<u32> {
        self.day..self.day + 7 * self.weeks
    }

    /// Weeks that a world is run for: all that the days lie in.
    pub fn until(&self) -> u32 {
        self.days().end.div_ceil(7)
    }

    /// The scenario of the twin.
    fn twin(&self, scenario: &Scenario) -> Scenario {
        let seller = if let Whom::Seller(number) = self.whom { Some(number) } else { None };
        let drawn = self.whom == Whom::Drawn;
        let target = Target { sellers: 1, drawn, seller, ..Target::default() };
        let from_day = self.day;
        let event = match self.what {
            What::Review(stars) => EventSpec::ExtraReview(ExtraReview { target, from_day, stars }),
            What::Shock(shock) => {
                let (days, change) = (Shock::DAYS, shock.change());
                EventSpec::QualityShock(QualityShock { target, from_day, days, change })
            }
        };
        let mut twin = scenario.clone();
        twin.events.insert(EVENT.to_owned(), event);
        twin
    }
}

/// Which channels are open while a nudge is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// What people read: `as it is`, `without ranking`, ….
    pub name: String,
    /// The channel that is cut and otherwise open; nothing where all or none are cut, or by choice.
    pub cut: Option<&'static str>,
    /// Which are open.
    pub open: FeedbackSpec,
}

impl Setting {
    /// The scenario as it is, each of its open channels cut alone, and all cut.
    pub fn all(scenario: FeedbackSpec) -> Vec<Setting> {
        let mut settings = vec![Setting { name: "as it is".to_owned(), cut: None, open: scenario }];
        for (cut, open) in scenario.each_cut() {
            settings.push(Setting { name: format!("without {cut}"), cut: Some(cut), open });
        }
        let open = FeedbackSpec::CUT;
        settings.push(Setting { name: "all cut".to_owned(), cut: None, open });
        settings
    }
}

/// A world and its twin.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Number of the setting.
    pub setting: usize,
    /// Number of the world.
    pub world: u32,
    /// Number of its market.
    pub market: u32,
    /// `market.seed` of that market.
    pub market_seed: u64,
    /// The digest and the counts of the world, up to the end of the nudge's weeks.
    pub digest: Digest,
    /// How many of what happened.
    pub counts: Counts,
    /// Who was nudged; nobody where the seller was not live.
    pub seller: Option<u32>,
    /// Whether the twin is the same in every fact but the nudge.
    pub identical: bool,
    /// Orders of the nudged seller by day, in the world and in the twin.
    pub own: [Vec<u32>; 2],
    /// Orders of everybody by day, in the world and in the twin.
    pub all: [Vec<u32>; 2],
    /// ½Σ|Δ orders| over sellers: orders in other hands, if the total is the same.
    pub reallocated: f64,
    /// Whether both were run to the end of the nudge's weeks.
    pub complete: bool,
    /// What simulating both took [s], and the thread that did it.
    pub sim_s: f64,
    /// The thread that both ran on.
    pub thread: usize,
}

impl Pair {
    /// Orders that the nudged seller has more in the twin; nothing where nobody was nudged.
    pub fn gain(&self) -> Option<f64> {
        let sum = |days: &[u32]| days.iter().map(|&n| f64::from(n)).sum::<f64>();
        self.seller.map(|_| sum(&self.own[1]) - sum(&self.own[0]))
    }

    /// Orders that all sellers together have more in the twin.
    pub fn gain_of_all(&self) -> f64 {
        let sum = |days: &[u32]| days.iter().map(|&n| f64::from(n)).sum::<f64>();
        sum(&self.all[1]) - sum(&self.all[0])
    }

    /// The gain by week since the nudge.
    pub fn by_week(&self) -> Vec<f64> {
        let week = |(world, twin): (&[u32], &[u32])| {
            let sum = |days: &[u32]| days.iter().map(|&n| f64::from(n)).sum::<f64>();
            sum(twin) - sum(world)
        };
        self.own[0].chunks(7).zip(self.own[1].chunks(7)).map(week).collect()
    }
}

/// Runs a nudge in every world and setting, and hands each pair to `keep`: world by world, all
/// settings of one before the next.
pub fn nudges(
    nudge: &Nudge,
    scenario: &Scenario,
    settings: &[Setting],
    worlds: Replications,
    workers: usize,
    follow: &dyn Follow,
    keep: impl FnMut(Pair) -> Go,
) {
    let run = |n: u64, seat: Seat| {
        let (world, setting) = (n / settings.len() as u64, (n % settings.len() as u64) as usize);
        let mut plain = worlds.scenario_of(world as u32, scenario);
        plain.feedback = settings[setting].open;
        let mut heart = follow.begins(2 * n)?;
        let one = Half::run(nudge, &plain, worlds, world as u32, seat, heart.as_mut());
        // A world that was interrupted has no use for a twin.
        let mut heart = follow.begins(2 * n + 1)?;
        let twin =
            Half::run(nudge, &nudge.twin(&plain), worlds, world as u32, seat, heart.as_mut());
        let world = world as u32;
        let market = world / worlds.each;
        Some(Half::pair(&one, &twin, setting, world, market, plain.market.seed, seat))
    };
    side_by_side(workers, worlds.worlds() * settings.len() as u64, run, keep);
}

/// One of a pair.
struct Half {
    sales: WorldSales,
    complete: bool,
    sim_s: f64,
}

impl Half {
    fn run(
        nudge: &Nudge,
        scenario: &Scenario,
        worlds: Replications,
        world: u32,
        seat: Seat,
        heart: &mut dyn Heartbeat,
    ) -> Half {
        let trial = Trial { measured: false, ..worlds.trial_of(world, scenario, seat.cells) };
        let began = now();
        let run = trial.observe(nudge.until(), heart, || Sales::new(nudge.days()));
        let sim_s = began.elapsed().as_secs_f64();
        let Finished { market, lanes, sink, work, wakes, weeks, .. } = run;
        let parts = lanes.into_iter().map(|lane| lane.sink).chain([sink]);
        let mut sales = WorldSales::join(parts, market.census());
        sales.counts.events = work.visits + work.entries + wakes;
        Half { sales, complete: weeks == nudge.until(), sim_s }
    }

    fn pair(
        one: &Half,
        twin: &Half,
        setting: usize,
        world: u32,
        market: u32,
        market_seed: u64,
        seat: Seat,
    ) -> Pair {
        let new = twin.sales.struck.iter().find(|seller| !one.sales.struck.contains(seller));
        // A scenario's own event may strike the same seller on the same day.
        let seller = new.or(twin.sales.struck.last()).copied();
        let own = |half: &Half| seller.map_or_else(Vec::new, |seller| half.sales.of(seller));
        let (before, after) = (one.sales.by_seller(), twin.sales.by_seller());
        let sold = |sales: &[u32], i: usize| sales.get(i).copied().unwrap_or(0);
        let moved = |i| u64::from(sold(&before, i).abs_diff(sold(&after, i)));
        let moved: u64 = (0..before.len().max(after.len())).map(moved).sum();
        let mut counts = one.sales.counts;
        counts.add(&twin.sales.counts);
        Pair {
            setting,
            world,
            market,
            market_seed,
            digest: one.sales.digest,
            counts,
            seller: seller.map(|seller| seller.0),
            identical: one.sales.digest == twin.sales.digest,
            own: [own(one), own(twin)],
            all: [one.sales.of_all(), twin.sales.of_all()],
            reallocated: 0.5 * moved as f64,
            complete: one.complete && twin.complete,
            sim_s: one.sim_s + twin.sim_s,
            thread: seat.thread,
        }
    }
}
