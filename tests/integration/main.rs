//! Tests from outside: one binary, a module per behaviour.

mod cli_basics;
mod layers;
mod scenario_errors;
mod scenario_keys;
mod scenario_properties;
mod scenario_rules;
mod shop;
