//! `brocante explain`: what a metric means, and where it comes from.

use super::{Exit, Format, Output};
use crate::measure::{Better, LOOP_METRICS, Metric, all_metrics};
use crate::scenario::nearest;

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  brocante explain unsold_at_90d")]
pub struct Explain {
    /// The metric, as `brocante list metrics` names it.
    #[arg(value_name = "METRIC")]
    metric: String,
}

impl Explain {
    pub(super) fn run(&self, out: &Output) -> anyhow::Result<Exit> {
        let mut all = all_metrics();
        all.extend(&LOOP_METRICS);
        let Some(metric) = all.iter().find(|metric| metric.name == self.metric) else {
            let hint = match nearest(&self.metric, all.iter().map(|metric| metric.name)) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "`brocante list metrics` names them".to_owned(),
            };
            out.error(&format!("error: there is no metric `{}`: {hint}", self.metric));
            return Ok(Exit::BadInput);
        };
        match out.format {
            Format::Json => out.json(metric)?,
            Format::Text => out.result(&text(metric))?,
        }
        Ok(Exit::Done)
    }
}

fn text(metric: &Metric) -> String {
    let better = match metric.better {
        Better::Lower => "lower is better",
        Better::Higher => "higher is better",
        Better::None => "neither way is better: it describes the market",
    };
    let nudge = LOOP_METRICS.iter().any(|other| other.name == metric.name);
    let told = match (nudge, metric.weekly) {
        (true, _) => "by brocante nudge",
        (false, true) => "for the run and by week",
        (false, false) => "for the run",
    };
    format!(
        "{}\n\n{}\n\nunit       {}\ndirection  {better}\ntold       {told}\nformula    {}\nsource     {}\n",
        metric.name, metric.says, metric.unit, metric.formula, metric.source
    )
}
