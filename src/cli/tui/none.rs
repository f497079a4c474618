//! What stands for a dashboard in a build without one: nothing, which nobody has.

use std::io;

use super::Interrupt;
use crate::driver::load::Second;
use crate::experiment::Threshold;
use crate::experiment::load::LoadPlan;
use crate::measure::WeekRow;

/// There is none.
#[derive(Debug, Clone)]
pub(in crate::cli) enum Board {}

impl Board {
    pub(super) fn open(_: &str, _: &Interrupt) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(in crate::cli) fn expects(&self, _: u64) {
        match *self {}
    }

    pub(in crate::cli) fn begins(&self, _: u64) {
        match *self {}
    }

    pub(in crate::cli) fn beat(&self, _: u64, _: (u32, u32), _: u64) {
        match *self {}
    }

    pub(in crate::cli) fn week(&self, _: u64, _: &WeekRow) {
        match *self {}
    }

    pub(in crate::cli) fn ended(&self, _: u64) {
        match *self {}
    }

    pub(in crate::cli) fn load(&self, _: &LoadPlan, _: &[Threshold], _: bool) {
        match *self {}
    }

    pub(in crate::cli) fn second(&self, _: &Second) {
        match *self {}
    }
}

/// There is nothing to restore.
pub(in crate::cli) fn restore() {}
