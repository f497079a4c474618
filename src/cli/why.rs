//! `brocante why`: why the offers of a product are ranked as they are.

use super::progress::{Interrupt, Progress};
use super::{Exit, Format, Output, ScenarioArgs};
use crate::experiment::{Asked, Trial};
use crate::report;
use crate::scenario::{self, Scenario, nearest};
use crate::units::{ClassId, CountryId, ProductId};

/// Arguments of `why`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  brocante why scenarios/quick.toml --product 3 --week 4 --country france\n\n\
    Sellers look at their prices within the week: this is how it begins."
)]
pub struct Why {
    #[command(flatten)]
    scenario: ScenarioArgs,

    /// Number of the product, from 0.
    #[arg(long, value_name = "P")]
    product: u32,

    /// The start of this week; 0 is the opening.
    #[arg(long, value_name = "W")]
    week: u32,

    /// Where the shopper lives. Default: the country with most shoppers.
    #[arg(long, value_name = "C")]
    country: Option<String>,

    /// The shopper's class. Default: the first.
    #[arg(long, value_name = "NAME")]
    class: Option<String>,

    /// Places to print. Default: as many as shoppers see.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    places: Option<u32>,

    /// Root of what happens [0 to 2^63 - 1]; overrides the scenario's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    seed: Option<u64>,
}

impl Why {
    pub(super) fn run(&self, out: &Output) -> anyhow::Result<Exit> {
        let mut overrides = self.scenario.overrides();
        overrides.extend(self.seed.map(|seed| format!("seed={seed}")));
        let loaded = scenario::load(&self.scenario.scenario, &overrides)?;
        let asked = match self.asked(&loaded.scenario) {
            Ok(asked) => asked,
            Err(wrong) => {
                out.error(&wrong);
                return Ok(Exit::BadInput);
            }
        };
        let interrupt = Interrupt::listen()?;
        let progress = Progress::new(1, interrupt, out);
        let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let trial = Trial { scenario: &loaded.scenario, world: 0, workers, measured: false };
        let slate = trial.why(&asked, &mut progress.world(0));
        progress.done();
        let Some(slate) = slate else {
            out.error("interrupted before the week was reached");
            return Ok(Exit::Interrupted);
        };
        match out.format {
            Format::Json => out.json(&slate)?,
            Format::Text => out.result(&report::why_text(&slate))?,
        }
        Ok(Exit::Done)
    }

    /// What is asked about, or what to say where there is no such thing.
    fn asked(&self, scenario: &Scenario) -> Result<Asked, String> {
        below("product", self.product, scenario.market.products.count)?;
        below("week", self.week, scenario.weeks)?;
        let mut most = 0;
        for (i, country) in scenario.countries.values().enumerate() {
            let before = scenario.countries.values().nth(most);
            if before.is_none_or(|before| country.shoppers > before.shoppers) {
                most = i;
            }
        }
        let country = match &self.country {
            Some(name) => among("country", name, scenario.countries.keys())?,
            None => most,
        };
        let class = match &self.class {
            Some(name) => among("class", name, scenario.shoppers.classes.keys())?,
            None => 0,
        };
        Ok(Asked {
            week: self.week,
            product: ProductId(self.product),
            country: CountryId(country as u8),
            class: ClassId(class as u8),
            places: self.places.map(|places| places as usize),
        })
    }
}

/// Whether there is a thing of this number.
fn below(noun: &str, number: u32, end: u32) -> Result<(), String> {
    if number < end {
        return Ok(());
    }
    let last = end.saturating_sub(1);
    Err(format!("error: there is no {noun} {number}\n  = allowed: 0 to {last}"))
}

/// The place of a name among those that there are.
fn among<'a>(
    noun: &str,
    name: &str,
    known: impl Iterator<Item = &'a String> + Clone,
) -> Result<usize, String> {
    known.clone().position(|other| other == name).ok_or_else(|| {
        let meant = nearest(name, known.clone().map(String::as_str));
        let meant = meant.map_or_else(String::new, |name| format!("did you mean `{name}`? "));
        let known: Vec<&str> = known.map(String::as_str).collect();
        format!("error: there is no {noun} `{name}`\n  = {meant}allowed: {}", known.join(", "))
    })
}
