//! `summary.json`, and what `--format json` prints.

use crate::store::Summary;

/// The summary as JSON of many lines, with a line break at the end. Numbers that are not finite come
/// out as `null`.
pub fn summary(summary: &Summary) -> String {
    // No map has a key that is not a string and no value refuses, so this cannot fail.
    let mut text = serde_json::to_string_pretty(summary).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use crate::report::fixture;
    use crate::store::RunFolder;

    #[test]
    fn a_summary() {
        let (mut summary, _) = fixture::run();
        // All metrics would make a long picture of nothing new.
        let keep = ["gini", "cold_start_days", "stars_when_late"];
        summary.metrics.retain(|name, _| keep.contains(&name.as_str()));
        for world in &mut summary.worlds {
            world.metrics.retain(|name, _| keep.contains(&name.as_str()));
        }
        insta::assert_snapshot!(super::summary(&summary));
    }

    #[test]
    fn what_is_not_a_number_is_null() {
        let (mut summary, _) = fixture::run();
        summary.cost.wall_s = f64::INFINITY;
        if let Some(gini) = summary.metrics.get_mut("gini") {
            gini.value = Some(f64::NAN);
        }
        let value: serde_json::Value = serde_json::from_str(&super::summary(&summary)).unwrap();
        assert!(value["cost"]["wall_s"].is_null());
        assert!(value["metrics"]["gini"]["value"].is_null());
        assert_eq!(value["metrics"]["gini"]["unit"], "ratio");
    }

    #[test]
    fn a_run_folder_gives_back_its_summary() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(Some(root.path()), root.path(), "scenario", "run").unwrap();
        let (summary, worlds) = fixture::run();
        let mut tables = crate::report::Tables::begin(&folder, None).unwrap();
        worlds.iter().for_each(|world| tables.world(world).unwrap());
        crate::report::write_run(&folder, "name = \"small\"\n", tables, || summary.clone())
            .unwrap();
        // To the last bit of every number: a gate compares runs by what it reads.
        let read = RunFolder::open(root.path()).unwrap().summary().unwrap();
        assert!(read == summary, "{read:#?}");
        let mut names: Vec<String> = std::fs::read_dir(root.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        let tables =
            ["onboarding.csv", "seller_weeks.csv", "sellers.csv", "trade.csv", "weekly.csv"];
        let mut expected = [&tables[..], &["scenario.toml", "summary.json"]].concat();
        expected.sort_unstable();
        assert_eq!(names, expected);
        folder.write("summary.json", "{\"schema\": 2}").unwrap();
        let message = folder.summary().unwrap_err().to_string();
        assert!(message.contains("schema 2"), "{message}");
    }
}
