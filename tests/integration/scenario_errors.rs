//! What people read when a scenario is wrong: one test for each class of error.

use insta::assert_snapshot;

use crate::shop::{Policy, RIGHT, load, load_from, right_set, with, wrong, wrong_set};

#[test]
fn a_right_scenario_is_right() {
    let loaded = right_set(RIGHT, &[]);
    assert_eq!(loaded.scenario.ranking, Policy::Box { shrinkage: 21.0 });
    assert_eq!(loaded.scenario.carriers["hare"].days, 1.0);
    assert_eq!(loaded.name, "mine");
    assert_eq!(loaded.question.as_deref(), Some("Does the box help newcomers?"));
}

#[test]
fn unknown_variant() {
    assert_snapshot!(wrong(&with("[ranking.box]", "[ranking.boxx]")), @r#"
    error: unknown ranking policy `boxx`
       ┌─ mine.toml:12:10
    12 │ [ranking.boxx]
       │          ^^^^ did you mean `box`? known: random, cheapest, mean-rating, box
    "#);
    assert_snapshot!(wrong(&with("[ranking.box]\nshrinkage = 21", "[ranking]\nkind = \"box\"")), @r#"
    error: unknown ranking policy `kind`
       ┌─ mine.toml:13:1
    13 │ kind = "box"
       │ ^^^^ known: random, cheapest, mean-rating, box
       = write [ranking.box]
    "#);
    assert_snapshot!(wrong(&with("ranking.cheapest = {}", "ranking = \"cheapest\"")), @r#"
    error: `events[0].ranking` has the wrong type
       ┌─ mine.toml:33:11
    33 │ ranking = "cheapest"
       │           ^^^^^^^^^^ read "cheapest" (text); allowed: the table [events[0].ranking.cheapest]
       = What takes over.
    "#);
    assert_snapshot!(wrong(&with("[ranking.box]\nshrinkage = 21", "[ranking]")), @r#"
    error: `ranking` names no ranking policy
       ┌─ mine.toml:12:2
    12 │ [ranking]
       │  ^^^^^^^ known: random, cheapest, mean-rating, box
    "#);
    assert_snapshot!(wrong(&with("shrinkage = 21", "shrinkage = 21\n[ranking.random]")), @r#"
    error: `ranking` names more than one ranking policy
       ┌─ mine.toml:14:10
    14 │ [ranking.random]
       │          ^^^^^^ read box, random; allowed: exactly one
    "#);
}

#[test]
fn unknown_word() {
    assert_snapshot!(wrong(&with("\"tick\"", "\"imediate\"")), @r#"
    error: unknown when `imediate`
      ┌─ mine.toml:8:11
    8 │ refresh = "imediate"
      │           ^^^^^^^^^^ did you mean `immediate`? known: immediate, tick
    "#);
}

#[test]
fn unknown_key() {
    assert_snapshot!(wrong(&with("shrinkage", "Shrinkage")), @r#"
    error: unknown key `Shrinkage` in `ranking.box`
       ┌─ mine.toml:13:1
    13 │ Shrinkage = 21
       │ ^^^^^^^^^ did you mean `shrinkage`? known: shrinkage
    "#);
    assert_snapshot!(wrong(&with("facts =", "weeks = 3\nfacts =")), @r#"
    error: unknown key `weeks` in `engine`
      ┌─ mine.toml:9:1
    9 │ weeks = 3
      │ ^^^^^ known: facts, pause, quarters, refresh, tick
      = `weeks` belongs to the top of the file, before the first [table]
    "#);
    assert_snapshot!(wrong(&with("seed", "defects = 3\nseed")), @r#"
    error: unknown key `defects`
      ┌─ mine.toml:3:1
    3 │ defects = 3
      │ ^^^^^^^ known: carriers, countries, engine, events, label, ranking, seed, shock, weeks
      = there is a key `shock.defects`
    "#);
}

#[test]
fn missing_key() {
    assert_snapshot!(wrong(&with("share = 0.6\n", "")), @r#"
    error: `countries.fr` lacks the key `share`
       ┌─ mine.toml:15:12
    15 │ [countries.fr]
       │            ^^ allowed: a number, 0 to 1 [ratio]
       = share: Share of sessions [ratio].
    "#);
    assert_snapshot!(wrong(&with("seed = 42\n", "")), @r#"
    error: the scenario lacks the key `seed`
      ┌─ mine.toml:1:1
    1 │ # Does the box help newcomers?
      │ ^ allowed: a whole number, 0 to 9223372036854775807
      = seed: Root of all chance.
    "#);
    assert_snapshot!(wrong(&with("week = 4\n", "")), @r#"
    error: `events[0]` lacks the key `week`
       ┌─ mine.toml:31:1
    31 │ [[events]]
       │ ^^^^^^^^^^ allowed: a whole number, 0 to 519 [week]
       = week: When [week].
    "#);
}

#[test]
fn wrong_type() {
    assert_snapshot!(wrong(&with("weeks = 52", "weeks = \"52\"")), @r#"
    error: `weeks` has the wrong type
      ┌─ mine.toml:4:9
    4 │ weeks = "52"
      │         ^^^^ read "52" (text); allowed: a whole number, 1 to 520 [weeks]
      = Virtual time that is simulated [weeks].
    "#);
    assert_snapshot!(wrong(&with("weeks = 52", "weeks = 52.0")), @r#"
    error: `weeks` has the wrong type
      ┌─ mine.toml:4:9
    4 │ weeks = 52.0
      │         ^^^^ read 52.0 (a number); allowed: a whole number, 1 to 520 [weeks]
      = Virtual time that is simulated [weeks].
    "#);
    assert_snapshot!(wrong(&with("\"15m\"", "900")), @r#"
    error: `engine.tick` has the wrong type
      ┌─ mine.toml:7:8
    7 │ tick = 900
      │        ^^^ read 900 (a whole number); allowed: a duration in quotes, 1s to 1w
      = Length of a tick.
    "#);
    assert_snapshot!(wrong(&with("\"15m\"", "\"15 minutes\"")), @r#"
    error: `engine.tick` has the wrong type
      ┌─ mine.toml:7:8
    7 │ tick = "15 minutes"
      │        ^^^^^^^^^^^^ read "15 minutes"; allowed: a duration, 1s to 1w
      = Length of a tick.
      = `15 minutes` has an unknown unit: write one of ns, us, ms, s, m, h, d, w
    "#);
    assert_snapshot!(wrong(&with("facts = false", "facts = 0")), @r#"
    error: `engine.facts` has the wrong type
      ┌─ mine.toml:9:9
    9 │ facts = 0
      │         ^ read 0 (a whole number); allowed: true or false
      = Whether facts are kept.
    "#);
    assert_snapshot!(wrong(&with("[shock]\nweek = 10\ndefects = 3.0", "[[shock]]")), @r#"
    error: `shock` has the wrong type
       ┌─ mine.toml:27:1
    27 │ [[shock]]
       │ ^^^^^^^^^ read a list; allowed: a table
       = A fall in quality; without it there is none.
    "#);
    assert_snapshot!(wrong(&with("seed = 42", "seed = 2026-11-01")), @r#"
    error: `seed` has the wrong type
      ┌─ mine.toml:3:8
    3 │ seed = 2026-11-01
      │        ^^^^^^^^^^ read 2026-11-01 (a date); allowed: a whole number, 0 to 9223372036854775807
      = Root of all chance.
    "#);
}

#[test]
fn out_of_range_errors_are_all_reported() {
    let text = with("weeks = 52", "weeks = 0");
    let text =
        text.replace("share = 0.6", "share = 1.6").replace("snail.days = 5.0", "snail.days = 0.1");
    let text = text.replace("0.4, 0.2]", "0.4, 0.2, -0.1]").replace("\"15m\"", "\"8w\"");
    assert_snapshot!(wrong(&text), @r#"
    error: `weeks` is out of range
      ┌─ mine.toml:4:9
    4 │ weeks = 0
      │         ^ read 0; allowed: 1 to 520 [weeks]
      = Virtual time that is simulated [weeks].

    error: `engine.tick` is out of range
      ┌─ mine.toml:7:8
    7 │ tick = "8w"
      │        ^^^^ read 8w; allowed: 1s to 1w
      = Length of a tick.

    error: `engine.quarters` holds the wrong number of items
       ┌─ mine.toml:10:12
    10 │ quarters = [0.1, 0.3, 0.4, 0.2, -0.1]
       │            ^^^^^^^^^^^^^^^^^^^^^^^^^^ read 5; allowed: 4

    error: `engine.quarters[4]` is out of range
       ┌─ mine.toml:10:33
    10 │ quarters = [0.1, 0.3, 0.4, 0.2, -0.1]
       │                                 ^^^^ read -0.1; allowed: 0 to 1 [ratio]
       = Share of sessions by quarter of the day [ratio].

    error: `countries.fr.share` is out of range
       ┌─ mine.toml:16:9
    16 │ share = 1.6
       │         ^^^ read 1.6; allowed: 0 to 1 [ratio]
       = Share of sessions [ratio].

    error: `carriers.snail.days` is out of range
       ┌─ mine.toml:24:14
    24 │ snail.days = 0.1
       │              ^^^ read 0.1; allowed: 0.5 to 30 [days]
       = Time on the road [days].
    "#);
}

#[test]
fn no_nan_and_no_infinity() {
    for (old, new) in [("0.6", "nan"), ("0.6", "-inf"), ("21", "inf"), ("0.1,", "nan,")] {
        let drawn = wrong(&with(old, new));
        assert!(drawn.contains("is not a finite number"), "{new}: {drawn}");
    }
    assert_snapshot!(wrong(&with("shrinkage = 21", "shrinkage = nan")), @r#"
    error: `ranking.box.shrinkage` is not a finite number
       ┌─ mine.toml:13:13
    13 │ shrinkage = nan
       │             ^^^ read nan; allowed: 0 to 1000 [reviews]
       = Pull of the mean [reviews].
    "#);
    assert!(wrong_set(RIGHT, &["carriers.hare.days=+inf"]).contains("finite"));
}

#[test]
fn what_only_the_types_know() {
    let text = with("[ranking.box]\nshrinkage = 21", "[ranking.mean-rating]\nleast = 3");
    assert_snapshot!(wrong(&text), @r#"
    error: `ranking.mean-rating.least` is not allowed: 3 is odd
       ┌─ mine.toml:13:9
    13 │ least = 3
       │         ^
       = Reviews below which a mean counts for nothing [reviews].
    "#);
    let long = with("seed", &format!("label = \"{}\"\nseed", "x".repeat(50)));
    assert_snapshot!(wrong(&long), @r#"
    error: `label` is not allowed: length is greater than 40
      ┌─ mine.toml:3:9
    3 │ label = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      │         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      = What the file is called in reports.
    "#);
}

#[test]
fn shares_must_add_up() {
    assert_snapshot!(wrong(&with("share = 0.6", "share = 0.5")), @r#"
    error: the shares of countries must add up to 1
       ┌─ mine.toml:15:2
    15 │ [countries.fr]
       │  ^^^^^^^^^ read 0.900; allowed: 1, give or take 1e-9
    "#);
}

#[test]
fn a_reference_to_nothing() {
    assert_snapshot!(wrong(&with("carrier = \"hare\"", "carrier = \"hair\"")), @r#"
    error: there is no carrier `hair`
       ┌─ mine.toml:21:11
    21 │ carrier = "hair"
       │           ^^^^^^ read hair; did you mean `hare`? known: hare, snail
    "#);
}

#[test]
fn an_empty_market() {
    let all = "[countries.fr]\nshare = 0.6\ncarrier = \"snail\"\n\n[countries.de]\nshare = 0.4\ncarrier = \"hare\"\n";
    assert_snapshot!(wrong(&with(all, "[countries]\n")), @r#"
    error: the market is empty: it has no country
       ┌─ mine.toml:15:2
    15 │ [countries]
       │  ^^^^^^^^^
    "#);
}

#[test]
fn not_toml() {
    assert_snapshot!(wrong(&with("weeks = 52", "weeks = = 52")), @r#"
    error: this is not TOML
      ┌─ mine.toml:4:9
    4 │ weeks = = 52
      │         ^
      = extra `=`, expected nothing
    "#);
    assert_snapshot!(wrong(&with("[engine]", "[engine")), @r#"
    error: this is not TOML
      ┌─ mine.toml:6:8
    6 │ [engine
      │        ^
      = unclosed table, expected `]`
    "#);
    assert_snapshot!(wrong(&with("weeks = 52", "seed = 1")), @r#"
    error: this is not TOML
      ┌─ mine.toml:4:1
    4 │ seed = 1
      │ ^^^^
      = duplicate key
    "#);
    assert!(
        wrong("seed = 9223372036854775808").contains("whole numbers end at 9223372036854775807")
    );
    assert_snapshot!(wrong("seed = "), @r#"
    error: this is not TOML
      ┌─ mine.toml:1:8
    1 │ seed =
      │        ^
      = there is no value
    "#);
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let draw = || load_from(folder.path(), &[]).unwrap_err().to_string();
    let mine = folder.path().join("mine.toml");
    std::fs::write(folder.path().join("mime.toml"), RIGHT).unwrap();
    assert_snapshot!(draw(), @r#"
    error: there is no scenario `mine.toml`
      = did you mean `mime.toml`?
    "#);
    std::fs::create_dir(&mine).unwrap();
    assert_snapshot!(draw(), @r#"
    error: the scenario `mine.toml` is a directory
      = name one of the files in it
    "#);
    std::fs::remove_dir(&mine).unwrap();
    // A hole in a file takes no room on the disk, but reads as zeros.
    std::fs::File::create(&mine).unwrap().set_len(100 << 20).unwrap();
    assert_snapshot!(draw(), @r#"
    error: the scenario `mine.toml` is too large
      = read 104857600 bytes; allowed: at most 1048576 bytes (1 MiB)
    "#);
    std::fs::write(&mine, b"# caf\xc3\xa9\nlabel = \"caf\xe9\"\n").unwrap();
    assert_snapshot!(draw(), @r#"
    error: the scenario `mine.toml` is not UTF-8 text
      ┌─ mine.toml:2:13
    2 │ label = "caf�"
      │             ^ read the byte 0xe9 at offset 20
    "#);
    std::fs::write(&mine, b"\xff\xfes\0e\0").unwrap();
    assert!(draw().contains("UTF-16"));
    std::fs::write(&mine, "").unwrap();
    assert_snapshot!(draw(), @r#"
    error: the scenario `mine.toml` is empty
      = `brocante schema` tells which keys there are
    "#);
    std::fs::write(&mine, "\u{feff}# nothing but a comment\n").unwrap();
    assert!(draw().contains("is empty"));
}

#[cfg(unix)]
#[test]
fn a_device_is_not_read() {
    let error = brocante::scenario::load("/dev/zero".as_ref(), &[]).unwrap_err();
    assert!(error.to_string().ends_with("is neither a file nor standard input"), "{error}");
}

#[test]
fn errors_in_a_base_are_shown_where_they_were_written() {
    let base = with("share = 0.6", "share = 6");
    let mine = "# Mine\nbase = \"base.toml\"\nweeks = 9999\n";
    let error = load(&[("mine.toml", mine), ("base.toml", &base)], &[]).unwrap_err();
    assert_snapshot!(error, @r#"
    error: `weeks` is out of range
      ┌─ mine.toml:3:9
    3 │ weeks = 9999
      │         ^^^^ read 9999; allowed: 1 to 520 [weeks]
      = Virtual time that is simulated [weeks].

    error: `countries.fr.share` is out of range
       ┌─ base.toml:16:9
    16 │ share = 6
       │         ^ read 6; allowed: 0 to 1 [ratio]
       = Share of sessions [ratio].
       = this file is the base of mine.toml
    "#);
}

#[test]
fn bases_that_lead_nowhere() {
    let draw = |files: &[(&str, &str)]| load(files, &[]).unwrap_err().to_string();
    let mine = "# Mine\nbase = \"other.toml\"\n";
    assert_snapshot!(draw(&[("mine.toml", mine), ("others.toml", "")]), @r#"
    error: there is no base `other.toml`
      ┌─ mine.toml:2:8
    2 │ base = "other.toml"
      │        ^^^^^^^^^^^^ did you mean `others.toml`?
    "#);
    let other = "base = \"./third.toml\"";
    let third = "weeks = 1\nbase = \"other.toml\"";
    assert_snapshot!(draw(&[("mine.toml", mine), ("other.toml", other), ("third.toml", third)]), @r#"
    error: the bases form a circle
      ┌─ ./third.toml:2:8
    2 │ base = "other.toml"
      │        ^^^^^^^^^^^^
      = this file is the base of other.toml
      = mine.toml -> other.toml -> ./third.toml -> other.toml
    "#);
    assert_snapshot!(draw(&[("mine.toml", "base = \"mine.toml\"")]), @r#"
    error: the bases form a circle
      ┌─ mine.toml:1:8
    1 │ base = "mine.toml"
      │        ^^^^^^^^^^^
      = mine.toml -> mine.toml
    "#);
    assert_snapshot!(draw(&[("mine.toml", "base = 3")]), @r#"
    error: `base` has the wrong type
      ┌─ mine.toml:1:8
    1 │ base = 3
      │        ^ read 3; allowed: the path of a file, in quotes
    "#);
    assert_snapshot!(draw(&[("mine.toml", "base = \".\"")]), @r#"
    error: the base `.` is a directory
      ┌─ mine.toml:1:8
    1 │ base = "."
      │        ^^^
      = name one of the files in it
    "#);
}

#[test]
fn overrides_of_no_key_or_a_wrong_value() {
    assert_snapshot!(wrong_set(RIGHT, &["wekks=3"]), @r#"
    error: unknown key `wekks`
      ┌─ --set:1:1
    1 │ wekks=3
      │ ^^^^^ did you mean `weeks`? known: carriers, countries, engine, events, label, ranking, seed, shock, weeks
    "#);
    assert_snapshot!(wrong_set(RIGHT, &["engine.tik=15m"]), @r#"
    error: unknown key `tik` in `engine`
      ┌─ --set:1:8
    1 │ engine.tik=15m
      │        ^^^ did you mean `tick`? known: facts, pause, quarters, refresh, tick
    "#);
    assert_snapshot!(wrong_set(RIGHT, &["ranking.boxx.shrinkage=3"]), @r#"
    error: unknown ranking policy `boxx`
      ┌─ --set:1:9
    1 │ ranking.boxx.shrinkage=3
      │         ^^^^ did you mean `box`? known: random, cheapest, mean-rating, box
    "#);
    assert_snapshot!(wrong_set(RIGHT, &["ranking.shrinkage=3"]), @r#"
    error: unknown ranking policy `shrinkage`
      ┌─ --set:1:9
    1 │ ranking.shrinkage=3
      │         ^^^^^^^^^ known: random, cheapest, mean-rating, box
      = there is a key `ranking.box.shrinkage`
    "#);
    assert_snapshot!(wrong_set(RIGHT, &["ranking.box.shrinkage=-3"]), @r#"
    error: `ranking.box.shrinkage` is out of range
      ┌─ --set:1:23
    1 │ ranking.box.shrinkage=-3
      │                       ^^ read -3; allowed: 0 to 1000 [reviews]
      = Pull of the mean [reviews].
    "#);
}

#[test]
fn overrides_that_are_no_key_and_value() {
    assert_snapshot!(wrong_set(RIGHT, &["weeks"]), @r#"
    error: `weeks` is not of the form KEY=VALUE
      ┌─ --set:1:1
    1 │ weeks
      │ ^^^^^
      = for example --set engine.cells=4
    "#);
    assert_snapshot!(wrong_set(RIGHT, &["engine.quarters=[1,2"]), @r#"
    error: the value is not TOML: unclosed array, expected `]`
      ┌─ --set:1:21
    1 │ engine.quarters=[1,2
      │                     ^
    "#);
    assert_snapshot!(wrong_set(RIGHT, &["weeks="]), @r#"
    error: the value is not TOML: there is no value
      ┌─ --set:1:7
    1 │ weeks=
      │       ^
    "#);
    assert_snapshot!(wrong_set(RIGHT, &["events.1.week=3"]), @r#"
    error: `1` is no item of the list: 0 to 0
      ┌─ --set:1:8
    1 │ events.1.week=3
      │        ^
    "#);
    assert_snapshot!(wrong_set(RIGHT, &["base=other.toml"]), @r#"
    error: `base` is read from the file alone
      ┌─ --set:1:1
    1 │ base=other.toml
      │ ^^^^
    "#);
    assert_snapshot!(wrong_set(RIGHT, &["countries.fr.share=0.5", "engine..tick=3s"]), @r#"
    error: a part of the key is empty
      ┌─ --set:1:8
    1 │ engine..tick=3s
      │        ^
    "#);
}
