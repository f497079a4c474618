//! Tests from outside: one binary, a module per behaviour.

mod appraisals;
mod books;
mod cli_basics;
mod cli_compare;
mod cli_load;
mod cli_run;
mod cli_sweep;
mod cli_validate;
mod conservation;
mod designs;
mod determinism;
#[cfg(feature = "parquet")]
mod facts;
mod gate_ab;
mod known_answers;
mod latency_log;
mod layers;
mod nudges;
mod oracle;
mod reality;
mod scenario_errors;
mod scenario_keys;
mod scenario_properties;
mod scenario_rules;
mod served;
mod shop;
mod staff;
mod statistics;
mod stress;
mod trading;
mod why;
mod worlds;
