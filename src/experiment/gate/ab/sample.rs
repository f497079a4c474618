//! One process of the gate: it warms a market up and times batches of rankings.
//!
//! The warm-up is the evidence that two programs do the same work, and the rankings are those that the
//! market's last week asked for. Lists of them take turns, the same queries in the same order every time,
//! so that batches of one list differ in nothing but what the machine did meanwhile. There are several
//! lists because of one, a processor learns every branch by heart: a ranking took 19 ns then and not 40,
//! and one in 40 done twice cost 4.3 % and not 2.5 %. What is told is the median of each list, and the
//! mean of these.

use serde::{Deserialize, Serialize};

use crate::driver::load::Step;
use crate::experiment::load::Warm;
use crate::experiment::trial::now;
use crate::history::{Digest, Fact};
use crate::market::serve::{Core, Reader, Serving};
use crate::protocol::Query;
use crate::rng::Dice;
use crate::scenario::Scenario;
use crate::store::{BUILD, COMMIT, ScenarioName};
use crate::units::{SellerId, SimTime};

/// The number of the form of [`Sample`].
pub const SCHEMA: u32 = 1;
/// What a sample says that it is.
pub(super) const KIND: &str = "gate-sample";

/// Rankings of a batch: some 10 µs, so that reading the clock is some thousandth of it, and a part of a
/// time slice so small that few batches are interrupted. Divisible by 20 and by 40.
pub const BATCH: usize = 240;
/// Lists that take turns, where there were visits enough.
pub const LISTS: usize = 16;
/// Rankings whose slates are the evidence of what the serving core answers: all that are timed.
const SLATES: usize = LISTS * BATCH;
/// Batches of a list whose times are kept at most; of a longer sample, the first.
const MOST: usize = 1 << 16;

/// How many rankings are timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// So many, in whole rounds of all lists: no clock decides anything, so that instructions can be
    /// counted.
    Rankings(u64),
    /// As many whole rounds as begin within a time [ns].
    For(u64),
}

/// What a process says of its rankings, in one line of JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The number of this form.
    pub schema: u32,
    /// What this is: `gate-sample`.
    pub kind: String,
    /// Version of the program.
    pub version: String,
    /// The commit that it was built from, where that is known.
    pub commit: Option<String>,
    /// What built it: compiler, target and profile.
    pub build: String,
    /// The scenario that it read.
    pub scenario: ScenarioName,
    /// The digest of the warm-up, in hexadecimal digits.
    pub digest: String,
    /// The digest of what the serving core answered, in hexadecimal digits.
    pub slates: String,
    /// Where scores are made: `read` or `write`.
    pub serving: String,
    /// Rankings of a batch.
    pub batch: usize,
    /// Lists of rankings that took turns.
    pub lists: usize,
    /// Batches that were timed.
    pub batches: usize,
    /// The median time of a batch, the mean of all lists [ns].
    pub batch_ns: f64,
    /// The same for one of its rankings [ns].
    pub ranking_ns: f64,
    /// The time that a part of the batches stays below.
    pub quantiles: Quantiles,
    /// Instructions of a ranking, where they were counted.
    #[serde(default)]
    pub instructions: Option<f64>,
}

/// Times of batches, the least first, the means of all lists [ns].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// The least.
    pub min: f64,
    /// A tenth is below.
    pub p10: f64,
    /// A quarter is below.
    pub p25: f64,
    /// Half is below.
    pub p50: f64,
    /// Three quarters are below.
    pub p75: f64,
    /// The mean of the middle half.
    pub middle: f64,
}

impl Quantiles {
    /// Those of some times of one list, one at least [ns].
    fn of(times: &mut [u32]) -> [f64; 6] {
        times.sort_unstable();
        let at = |part: f64| f64::from(times[((times.len() - 1) as f64 * part).round() as usize]);
        let quarter = times.len() / 4;
        let middle = &times[quarter..times.len() - quarter];
        let sum: u64 = middle.iter().map(|&time| u64::from(time)).sum();
        let middle = sum as f64 / middle.len() as f64;
        [at(0.0), at(0.1), at(0.25), at(0.5), at(0.75), middle]
    }

    /// The means over lists.
    fn mean(mut lists: Vec<Vec<u32>>) -> Quantiles {
        let each: Vec<[f64; 6]> = lists.iter_mut().map(|times| Quantiles::of(times)).collect();
        let mean = |k: usize| each.iter().map(|of| of[k]).sum::<f64>() / each.len() as f64;
        let [min, p10, p25, p50, p75, middle] = [0, 1, 2, 3, 4, 5].map(mean);
        Quantiles { min, p10, p25, p50, p75, middle }
    }
}

impl Sample {
    /// What the gate compares: the median time of a batch [ns].
    pub fn time(&self) -> f64 {
        self.batch_ns
    }
}

/// A core and the rankings that it is timed with.
pub struct Kernel {
    core: Core,
    reader: Reader,
    /// What a star is worth to each class [EUR/star].
    star_eur: Vec<f32>,
    /// What is asked for in a batch; several take turns. None is empty.
    pub lists: Vec<Vec<Query>>,
    /// Queries whose slates are evidence.
    asked: Vec<Query>,
}

impl Kernel {
    /// The core of a warm market with what its last week asked; none where nobody asked for anything.
    pub fn new(warm: &Warm, scenario: &Scenario, serving: Option<Serving>) -> Option<Kernel> {
        let queries = |step: Step| match step {
            Step::Rank { session, product, country, class } => {
                Some(Query { session, product, country, class })
            }
            _ => None,
        };
        let steps = warm.tape.dealt(Dice::new(scenario.seed, 0), 0);
        let asked: Vec<Query> = steps.into_iter().filter_map(queries).take(SLATES).collect();
        if asked.is_empty() {
            return None;
        }
        let (policy, length) = (scenario.ranking.build(), scenario.market.slate_length as usize);
        let core = Core::of_market(&warm.market, &warm.cells, policy, length, serving);
        let classes = warm.market.classes();
        Some(Kernel {
            reader: core.reader(),
            core,
            star_eur: classes.iter().map(|class| class.taste.star_eur as f32).collect(),
            lists: (0..(asked.len() / BATCH).max(1))
                .map(|list| asked.iter().copied().cycle().skip(list * BATCH).take(BATCH).collect())
                .collect(),
            asked,
        })
    }

    /// The digest of the slates that the core gives: what it answers, not how fast.
    pub fn slates(&mut self) -> Digest {
        let mut digest = Digest::default();
        let mut slate: Vec<SellerId> = Vec::new();
        for (number, query) in (0u64..).zip(&self.asked) {
            self.core.rank(query, self.star_eur[query.class.index()], &mut self.reader);
            let offers = (0..self.reader.slate().len()).filter_map(|at| self.reader.offer(at));
            slate.clear();
            slate.extend(offers.filter_map(|offer| self.core.seller(offer)));
            let Query { session, product, country, class } = *query;
            let shown = Fact::Shown { session, product, country, class, slate: &slate };
            digest.add(SimTime(number), &shown);
        }
        digest
    }

    /// Times batches, one at least of each list [ns].
    pub fn time(&mut self, length: Length) -> Vec<Vec<u32>> {
        let rankings: usize = self.lists.iter().map(Vec::len).sum();
        let (most, ends) = match length {
            Length::Rankings(n) => (n.div_ceil(rankings as u64).max(1), u64::MAX),
            Length::For(ns) => (u64::MAX, ns),
        };
        let room = most.min(MOST as u64 / 64) as usize;
        let mut times: Vec<Vec<u32>> =
            self.lists.iter().map(|_| Vec::with_capacity(room)).collect();
        let Kernel { core, reader, star_eur, lists, .. } = self;
        let began = now();
        let mut before = began;
        for done in 1u64.. {
            for (list, times) in lists.iter().zip(&mut times) {
                let mut places = 0;
                for query in list {
                    core.rank(query, star_eur[query.class.index()], reader);
                    places += reader.slate().len();
                }
                std::hint::black_box(places);
                let after = now();
                if times.len() < MOST {
                    let ns = after.duration_since(before).as_nanos();
                    times.push(u32::try_from(ns).unwrap_or(u32::MAX));
                }
                before = after;
            }
            if done >= most || before.duration_since(began).as_nanos() as u64 >= ends {
                break;
            }
        }
        times
    }

    /// Where scores are made.
    pub fn serving(&self) -> Serving {
        self.core.serving()
    }

    /// Times as many rankings as asked, and tells of them with what is known of the warm market.
    pub fn sample(&mut self, warm: &Warm, scenario: ScenarioName, length: Length) -> Sample {
        // The slates go first: they warm caches, and no time can be had without them.
        let slates = self.slates().hex();
        let times = self.time(length);
        let (lists, batches) = (times.len(), times.iter().map(Vec::len).sum());
        let quantiles = Quantiles::mean(times);
        Sample {
            schema: SCHEMA,
            kind: KIND.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: COMMIT.map(str::to_owned),
            build: BUILD.to_owned(),
            scenario,
            digest: warm.digest.hex(),
            slates,
            serving: match self.serving() {
                Serving::AtRead => "read",
                Serving::AtWrite => "write",
            }
            .to_owned(),
            batch: BATCH,
            lists,
            batches,
            batch_ns: quantiles.p50,
            ranking_ns: quantiles.p50 / BATCH as f64,
            quantiles,
            instructions: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::experiment::Trial;
    use crate::scenario;

    fn sample(sets: &[&str], serving: Option<Serving>, length: Length) -> Sample {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/small.toml");
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        let loaded = scenario::load(&path, &sets).unwrap_or_else(|wrong| panic!("{wrong}"));
        let scenario = &loaded.scenario;
        let trial = Trial { scenario, world: 0, workers: 1, measured: false };
        let warm = trial.warm(1, &mut ()).expect("nobody stops it");
        let name = ScenarioName { name: loaded.name, hash: loaded.hash };
        let mut kernel = Kernel::new(&warm, scenario, serving).expect("somebody asks");
        kernel.sample(&warm, name, length)
    }

    #[test]
    fn a_sample_is_the_same_work_however_long_and_wherever_scores_are_made() {
        let one = sample(&[], None, Length::Rankings(1));
        assert_eq!(one.kind, KIND);
        assert!((2..=LISTS).contains(&one.lists), "{} lists", one.lists);
        assert_eq!((one.batches, one.batch, one.serving.as_str()), (one.lists, BATCH, "write"));
        let round = (BATCH * one.lists) as u64;
        let more = sample(&[], Some(Serving::AtRead), Length::Rankings(10 * round + 1));
        assert_eq!((more.batches, more.serving.as_str()), (11 * one.lists, "read"));
        assert_eq!((&one.digest, &one.slates), (&more.digest, &more.slates));
        let timed = sample(&[], None, Length::For(2_000_000));
        assert_eq!((&one.digest, &one.slates), (&timed.digest, &timed.slates));
        let Quantiles { min, p10, p25, p50, p75, middle } = timed.quantiles;
        assert!(0.0 < min && min <= p10 && p10 <= p25 && p25 <= p50 && p50 <= p75);
        assert!((p25..=p75).contains(&middle), "{middle}");
    }

    #[test]
    fn other_behaviour_is_seen_in_either_digest() {
        let one = sample(&[], None, Length::Rankings(1));
        let other = sample(&["ranking.cheapest={}"], None, Length::Rankings(1));
        assert_ne!(one.digest, other.digest);
        assert_ne!(one.slates, other.slates);
    }

    #[test]
    fn the_line_reads_back() {
        let one = sample(&[], None, Length::Rankings(500));
        let line = serde_json::to_string(&one).expect("a line");
        assert!(!line.contains('\n'));
        assert_eq!(serde_json::from_str::<Sample>(&line).expect("the same"), one);
    }
}
