use super::*;
use std::path::Path;

fn read(texts: &[&str]) -> Result<Vec<Factor>, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/small.toml");
    let draft = Draft::read(&path).unwrap();
    let own = draft.load(&[]).unwrap().scenario;
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    read_factors(&texts, &draft, &own)
}

fn texts(factor: &Factor) -> Vec<String> {
    let n = factor.levels().expect("levels") as usize;
    (0..n).map(|level| factor.level(level).text).collect()
}

#[test]
fn lists_and_ranges() {
    let factors = read(&[
        "market.slate_length=1..9:5,engine.tick=15m..1h:4",
        "sellers.supply=0.1..0.5:5",
        "shoppers.visits_per_week=100..10000:3:log",
        "ranking={cheapest={}},{random={}}",
        "feedback.ranking=true,false",
    ]);
    let factors = factors.unwrap();
    let of = |i: usize| texts(&factors[i]);
    assert_eq!(of(0), ["1", "3", "5", "7", "9"]);
    assert_eq!(of(1), ["15m", "30m", "45m", "60m"]);
    assert_eq!(of(2), ["0.1", "0.2", "0.3", "0.4", "0.5"]);
    assert_eq!(of(3), ["100.0", "1000.0", "10000.0"]);
    assert_eq!(of(4), ["{cheapest={}}", "{random={}}"]);
    assert_eq!(factors[0].level(1).set, "market.slate_length=3");
    assert_eq!(factors[3].level(1).seen, Seen::Number(libm::log(1_000.0)));
    assert_eq!(factors[4].level(1).seen, Seen::Level(1));
    assert_eq!(factors[5].level(1).seen, Seen::Number(0.0));
}

#[test]
fn policies_by_their_names() {
    let factors = read(&["ranking=cheapest,box,wilson"]).unwrap();
    let sets: Vec<String> = (0..3).map(|level| factors[0].level(level).set).collect();
    assert_eq!(sets[0], "ranking.cheapest={}");
    // The small scenario has a box of its own, which stays what it is.
    assert_eq!(sets[1], "ranking.box={}");
    assert!(sets[2].starts_with("ranking.wilson={ ") && sets[2].contains(" = "), "{}", sets[2]);
    assert!(factors[0].is_categorical());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/small.toml");
    let draft = Draft::<Scenario>::read(&path).unwrap();
    for (set, name) in sets.iter().zip(["cheapest", "box", "wilson"]) {
        let loaded = draft.load(std::slice::from_ref(set)).unwrap();
        assert_eq!(loaded.scenario.ranking.about().name, name);
        if name == "wilson" {
            assert_eq!(Some(loaded.scenario.ranking), RankingSpec::reference(name));
        }
    }
}

#[test]
fn draws_keep_within_their_range_and_whole_numbers_are_equally_frequent() {
    let factors = read(&["market.slate_length=2..5", "sellers.supply=0.5..8:log"]).unwrap();
    let mut frequent = [0; 4];
    for i in 0..400 {
        let u = (f64::from(i) + 0.5) / 400.0;
        let Seen::Number(x) = factors[0].drawn(u).seen else { panic!("a number") };
        frequent[x as usize - 2] += 1;
        let Seen::Number(log) = factors[1].drawn(u).seen else { panic!("a number") };
        assert!((log - (libm::log(0.5) + u * libm::log(16.0))).abs() < 1e-9);
    }
    assert_eq!(frequent, [100; 4]);
    let list = &read(&["market.slate_length=3,4,9"]).unwrap()[0];
    let at = |u: f64| list.drawn(u).text;
    assert_eq!([at(0.01), at(0.34), at(0.66), at(0.999_999)], ["3", "4", "4", "9"]);
}

#[test]
fn what_is_refused() {
    for (text, says) in [
        ("weeks", "not of the form"),
        ("=3", "not of the form"),
        ("weeks=", "no value"),
        ("weeks=2,,3", "no value"),
        ("weeks=2,3,2", "`2` twice"),
        ("weeks=5..2:3", "empty"),
        ("weeks=5..5", "empty"),
        ("weeks=2..5:0", "empty"),
        ("weeks=2..5:1", "empty"),
        ("weeks=2..5:9", "not that many"),
        ("weeks=2..5.5:3", "whole numbers"),
        ("weeks=a..b:3", "not two numbers"),
        ("weeks=2..:3", "not two numbers"),
        ("weeks=2..5:x", "`x` after"),
        ("weeks=2..5:3:4", "`4` after"),
        ("sellers.supply=0..5:3:log", "above 0"),
        ("engine.tick=5..15:3", "not two numbers, or two durations"),
        ("feedback.ranking=0..1:2", "list its values"),
        ("ranking=box,boxx", "did you mean `box`?"),
        ("ranking=box,cheapest,ranking.box.prior=1,2", "together with"),
        ("weeks=2,3,weeks=4", "together with"),
        ("weeks=\"a\nb\"", "control character"),
    ] {
        let why = read(&[text]).expect_err(text);
        assert!(why.contains(says) && why.contains("allowed: "), "{text}: {why}");
    }
    assert!(read(&[]).unwrap_err().contains("nothing is varied"));
    // An unknown key is left to who loads the points, with all that is said there.
    assert!(read(&["weekz=2..5:2"]).is_ok());
}
