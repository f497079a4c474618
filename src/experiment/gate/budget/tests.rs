//! What a budget file may say, and what is said of one that is not right.

use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Result<Budgets, ScenarioError> {
    Budgets::parse("my.budget", text.to_owned(), Path::new("ci"))
}

/// The first problem of a text.
fn wrong(text: &str) -> Problem {
    parse(text).map(|_| ()).expect_err(text).problems.remove(0)
}

#[test]
fn lines_of_every_kind() {
    let text = "\u{feff}# what we allow\r\n\
        baseline = \"../results/a b\" # where\r\n\
        baseline = other/summary.json\r\n\
        \r\n\
        rank.response.p99 < 50us\r\n\
        \"freshness.price.p99 < 1ms\"   # quoted\r\n\
        \x20 unsold_at_90d < 60 %\r\n\
        gini<=baseline+0.02\r\n\
        \"gmv >= baseline * 0.95\"\r\n\
        rank.service.p50 <= baseline * 1.10\r\n\
        rank.service.p99 <= baseline + 5us\r\n\
        merit_gap >= baseline - 0.01\r\n\
        gmv >= 5M EUR\r\n\
        cost.wall_s < 90s\r\n\
        cost.sim_s < 1.5\r\n\
        cost.peak_rss_bytes < 256 MiB\r\n\
        cost.events_per_s > 3M/s\r\n\
        counts.orders > 20k\r\n\
        throughput.achieved >= 0.5k/s\r\n\
        backlog == 0";
    let budgets = parse(text).unwrap_or_else(|why| panic!("{why}"));
    let paths: Vec<String> = budgets.baselines.iter().map(|it| it.display().to_string()).collect();
    assert_eq!(paths, ["ci/../results/a b", "ci/other/summary.json"]);
    let read: Vec<(String, Limit)> =
        budgets.lines.iter().map(|line| (line.subject.to_string(), line.limit)).collect();
    let plain = |name: &str, limit: f64| (name.to_owned(), Limit::Plain(limit));
    let baseline = |name: &str, it: Allowance| (name.to_owned(), Limit::Baseline(it));
    assert_eq!(
        read,
        [
            plain("rank.response.p99", 50_000.0),
            plain("freshness.price.p99", 1e6),
            plain("unsold_at_90d", 0.6),
            baseline("gini", Allowance::Plus(0.02)),
            baseline("gmv", Allowance::Times(0.95)),
            baseline("rank.service.p50", Allowance::Times(1.1)),
            baseline("rank.service.p99", Allowance::Plus(5_000.0)),
            baseline("merit_gap", Allowance::Plus(-0.01)),
            plain("gmv", 5e6),
            plain("cost.wall_s", 90.0),
            plain("cost.sim_s", 1.5),
            plain("cost.peak_rss_bytes", 268_435_456.0),
            plain("cost.events_per_s", 3e6),
            plain("counts.orders", 20_000.0),
            plain("throughput.achieved", 500.0),
            plain("backlog", 0.0),
        ]
    );
    assert_eq!(budgets.lines[1].expr, "freshness.price.p99 < 1ms");
}

#[test]
fn what_is_wrong_says_where_and_what_is_allowed() {
    for (text, column, read, allowed) in [
        ("gini", 1, "`gini`", "a metric, a comparison and a limit"),
        ("gini < baseline + many", 19, "`many`", "a number such as 0.6 or 60 %"),
        ("gini < baseline / 2", 17, "`/ 2`", "`baseline` followed by + or -"),
        ("gini < baseline *", 17, "`*`", "by * and a factor"),
        ("gini < baseline * -1", 19, "`-1`", "a number above 0, such as 1.05"),
        ("gini < baseline * inf", 19, "`inf`", "a number above 0"),
        ("gini == baseline", 6, "`==`", "<, <=, > or >= beside a baseline"),
        ("gmv > 5ms", 7, "`5ms`", "in EUR"),
        ("gmv > 5M USD", 7, "`5M USD`", "in EUR"),
        ("counts.orders > few", 17, "`few`", "such as 250 or 20k"),
        ("cost.wall_s < 3 moons", 15, "`3 moons`", "a time such as 90s"),
        ("cost.peak_rss_bytes < 3ns", 23, "`3ns`", "256 MiB"),
        ("cost.events_per_s > 3ns", 21, "`3ns`", "a rate such as 3M/s"),
        ("\"gini < 1\" gmv > 2", 11, "`gmv > 2`", "nothing but a comment"),
        ("baseline = ", 12, "``", "the path of a run folder"),
        ("baseline = \"a\" \"b\"", 12, "`\"a\" \"b\"`", "in quotes"),
    ] {
        let problem = wrong(&format!("# first\n  {text}"));
        let place = (problem.line, problem.column);
        assert_eq!(place, (Some(2), Some(column + 2)), "{text}: {}", problem.draw(false));
        assert_eq!(problem.read.as_deref(), Some(read), "{text}");
        assert!(problem.allowed.as_deref().unwrap_or("").contains(allowed), "{text}: {problem:?}");
        assert_eq!(problem.file, "my.budget");
    }
}

#[test]
fn other_mistakes_have_their_sentence() {
    for (text, column, message) in [
        ("gini =< 1", 6, "`=<` is no comparison: write one of <, <=, >, >=, ==, !="),
        ("rank.response.p95 < 1us", 1, "did you mean `p90`?"),
        ("rank.response < 1us", 1, "is more than one number: say which"),
        ("rank.response.p99 < 50", 21, "has no unit"),
        ("\"gini < 1", 1, "a quote is opened and not closed"),
        ("gini < 1\ngini  <1", 1, "this line is there already"),
        ("gini < 1\nbaseline = \"a\"", 12, "a baseline is named before the first budget"),
    ] {
        let problem = wrong(text);
        assert!(problem.message.contains(message), "{text}: {}", problem.draw(false));
        assert_eq!(problem.column, Some(column), "{text}: {}", problem.draw(false));
    }
    for text in ["", "# nothing\n\n", "baseline = \"a\"\n"] {
        assert_eq!(wrong(text).class, Class::Empty, "{text}");
    }
}

#[test]
fn the_nearest_name_is_told() {
    for (text, nearest) in [
        ("gni < 1", "gini"),
        ("unsold_at_90 < 1", "unsold_at_90d"),
        ("counts.order < 1", "counts.orders"),
        ("cost.wall < 1", "cost.wall_s"),
        ("rnk.response.p99 < 1us", "rank.response.p99"),
    ] {
        let problem = wrong(text);
        assert_eq!(problem.nearest.as_deref(), Some(nearest), "{}", problem.draw(false));
    }
    // Everything that is wrong is told at once.
    let all = parse("gni < 1\ngini < 2 moons\nrank < 1us").map(|_| ()).unwrap_err();
    assert_eq!(all.problems.len(), 3, "{all}");
}

#[test]
fn a_problem_as_it_is_drawn() {
    let drawn = wrong("# a budget\ngini <= baseline / 2 # half").draw(false);
    insta::assert_snapshot!(drawn);
    let budgets = parse("rank.response.p99 < 50us\n\"gini <= baseline\"").unwrap();
    let missing = budgets.without_baseline(&budgets.lines[1], "and none is named");
    insta::assert_snapshot!(missing.to_string());
}

proptest! {
    /// Whatever the text, an answer and no panic.
    #[test]
    fn any_text(text in ".{0,60}", more in "(gini|\"gini|rank.lag.p50|baseline)? ?[<>=!]{0,2} ?(baseline)? ?[-+*]? ?[0-9a-zé%.\"#\n ]{0,12}") {
        let _ = parse(&text);
        let _ = parse(&more);
        let _ = parse(&format!("{more}{text}"));
    }
}
