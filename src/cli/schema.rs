//! `brocante schema`: the JSON Schema of scenario files.

use super::{Exit, Output};
use crate::scenario::{Extent, Scenario, json_schema};

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  brocante schema > scenario.schema.json\n\n\
    Editors with a TOML language server complete and check scenarios by it, when the file's first \
    line is\n  #:schema ./scenario.schema.json")]
pub struct Schema {
    /// The schema of a whole scenario, such as the `scenario.toml` of a run folder: without `base`,
    /// and with every key required that has to be there.
    #[arg(long)]
    whole: bool,
}

impl Schema {
    pub(super) fn run(&self, out: &Output) -> anyhow::Result<Exit> {
        let extent = if self.whole { Extent::Whole } else { Extent::File };
        out.json(&json_schema::<Scenario>(extent))?;
        Ok(Exit::Done)
    }
}
