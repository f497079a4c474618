//! Tests from outside: one binary, a module per behaviour.

mod books;
mod cli_basics;
mod conservation;
mod determinism;
mod layers;
mod oracle;
mod reality;
mod scenario_errors;
mod scenario_keys;
mod scenario_properties;
mod scenario_rules;
mod shop;
mod staff;
mod worlds;
