//! Arms of a comparison as they are written: `NAME` or `NAME:KEY=VALUE,…`.

use crate::scenario::split_overrides;

/// One arm: a name, and what it changes in the scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arm {
    /// Letters, digits, dots, dashes and underscores; it becomes part of file names.
    pub name: String,
    /// Each `KEY=VALUE`; none for the scenario as it is.
    pub overrides: Vec<String>,
}

/// Reads two or more arms with different names.
///
/// # Errors
/// What is wrong, and what is allowed, as one text.
pub fn read_arms<T: AsRef<str>>(texts: &[T]) -> Result<Vec<Arm>, String> {
    let wrong = |what: String, allowed: &str| Err(format!("error: {what}\n  = allowed: {allowed}"));
    if texts.len() < 2 {
        let n = texts.len();
        return wrong(
            format!("a comparison of {n} arm"),
            "--arm at least twice; the first is the base",
        );
    }
    let mut arms: Vec<Arm> = Vec::new();
    for text in texts {
        let (name, rest) = match text.as_ref().split_once(':') {
            Some((name, rest)) => (name.trim(), Some(rest)),
            None => (text.as_ref().trim(), None),
        };
        let plain = |c: char| c.is_alphanumeric() || "._-".contains(c);
        if name.is_empty() || !name.chars().all(plain) {
            let what = format!("`{}` is no name for an arm", name.escape_debug());
            return wrong(what, "letters, digits, `.`, `_`, `-`; NAME or NAME:KEY=VALUE,…");
        }
        if arms.iter().any(|arm| arm.name == name) {
            return wrong(format!("there are two arms `{name}`"), "a name of its own for each arm");
        }
        let overrides = rest.map_or_else(Vec::new, split_overrides);
        arms.push(Arm { name: name.to_owned(), overrides });
    }
    Ok(arms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_what_they_change() {
        let arms = read_arms(&["base", "b:ranking.box={a=1,b=2},x.y=[1,2]"]).unwrap();
        assert_eq!((&*arms[0].name, arms[0].overrides.len()), ("base", 0));
        assert_eq!(arms[1].overrides, ["ranking.box={a=1,b=2}", "x.y=[1,2]"]);
    }

    #[test]
    fn what_is_refused() {
        for (texts, says) in [
            (vec![], "0 arm"),
            (vec!["a"], "1 arm"),
            (vec!["a", "a:weeks=2"], "two arms `a`"),
            (vec!["a", ":weeks=2"], "`` is no name"),
            (vec!["a", ""], "`` is no name"),
            (vec!["a", "../b"], "`../b` is no name"),
        ] {
            let why = read_arms(&texts).unwrap_err();
            assert!(why.contains(says) && why.contains("allowed: "), "{why}");
        }
    }
}
