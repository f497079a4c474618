//! The reference scenario as the tests of its parts read it: one table each, so that no part needs
//! the layers above it.

use serde::de::DeserializeOwned;

const FILE: &str = include_str!("../scenarios/backmarket-2019.toml");

/// The table `key` of the reference scenario.
pub(crate) fn table<T: DeserializeOwned>(key: &str) -> T {
    let whole: toml::Table = toml::from_str(FILE).expect("the reference scenario is TOML");
    let table = whole.get(key).unwrap_or_else(|| panic!("the reference scenario has no `{key}`"));
    table.clone().try_into().unwrap_or_else(|error| panic!("`{key}` of the reference: {error}"))
}
