//! Runs for the tests of reports: made by telling facts to a recorder, as a market would.

use crate::history::{
    Condition, ExitReason, Fact, FactSink, Order, ReturnReason, Sanction, SellerCard, Stage,
};
use crate::measure::fixture::{Town, at};
use crate::measure::{Recorder, SellerRow, all_metrics};
use crate::rng::mix64;
use crate::store::{
    About, Machine, MetricValue, ScenarioName, Summary, WorldName, WorldSummary, WorldTables,
};
use crate::units::{CountryId, KindId, ProductId, SellerId};

/// What a command knows of a small run.
pub fn about() -> About {
    About {
        command: "run".to_string(),
        argv: ["brocante", "run", "scenarios/small.toml"].map(str::to_string).to_vec(),
        scenario: ScenarioName { name: "small".to_string(), hash: "1f2e3d4c".to_string() },
        seed: 42,
        workers: 2,
        wall_s: 0.75,
        sim_s: 0.5,
    }
}

/// A run of one world of two weeks.
pub fn run() -> (Summary, Vec<WorldTables>) {
    worlds(1)
}

/// A run of some worlds, which differ in how many of their parcels are late.
pub fn worlds(n: u32) -> (Summary, Vec<WorldTables>) {
    let town = Town::new(4, 4);
    let (summaries, tables): (Vec<_>, Vec<_>) = (0..n).map(|n| world(&town, n)).unzip();
    (settled(Summary::new(about(), &all_metrics(), summaries)), tables)
}

/// Without what differs from machine to machine, or with how facts are hashed.
fn settled(mut summary: Summary) -> Summary {
    summary.digest = "0123456789abcdef".to_string();
    for world in &mut summary.worlds {
        world.digest.clone_from(&summary.digest);
    }
    summary.version = "0.1.0".to_string();
    summary.commit = None;
    summary.machine = Machine { cpu: Some("a processor".to_string()), cores: 2 };
    summary.cost.peak_rss_bytes = Some(64 << 20);
    summary
}

fn world(town: &Town, world: u32) -> (WorldSummary, WorldTables) {
    let mut recorder = Recorder::full();
    for (seller, product) in [(0, 0), (1, 0), (2, 1), (3, 1), (0, 1)] {
        let (seller, product) = (SellerId(seller), ProductId(product));
        recorder.take(at(0.0), &Fact::Listed { seller, product, price_cents: 10_000 });
    }
    let (mut weeks, mut seller_weeks) = (Vec::new(), Vec::new());
    for week in 0..2 {
        visits(town, &mut recorder, world, week);
        joining(town, &mut recorder, week);
        let stars = |seller: SellerId| Some(4.0 + 0.1 * f64::from(seller.0 + week));
        let known = |seller: SellerId| stars(seller).filter(|_| seller.0 < 4);
        seller_weeks.extend(recorder.seller_weeks(week, &town.census, known));
        weeks.push(recorder.close_week(week, &town.census));
    }
    let mut counts = recorder.counts(&town.census);
    counts.events = 3 * counts.orders + counts.sessions;
    let values = recorder.values(&town.census);
    let name =
        WorldName { world, market: 0, market_seed: 7, seed: 42, weeks_done: 2, complete: true };
    let summary = WorldSummary::new(name, recorder.digest(), counts, &values);
    let sellers = recorder.seller_rows(&town.census);
    let applicants = recorder.onboarding_rows(&town.census);
    let trade = recorder.trade_rows(&town.census);
    // As a run keeps them: of its first world.
    seller_weeks.retain(|_| world == 0);
    (summary, WorldTables { world, weeks, sellers, applicants, seller_weeks, trade })
}

/// Sixty visits a week; every third orders.
fn visits(town: &Town, sink: &mut Recorder, world: u32, week: u32) {
    for n in 0..60_u32 {
        let day = f64::from(week * 7) + f64::from(n) / 10.0;
        if n % 20 == 19 {
            town.shows(sink, day, &[]);
            continue;
        }
        let box_winner = [0, 0, 0, 2][n as usize % 4];
        town.shows(sink, day, &[box_winner, 1, 2]);
        if n.is_multiple_of(3) {
            let seller = if n % 10 == 0 { 1 } else { box_winner };
            let place = if seller == box_winner { 1 } else { 2 };
            let cents = 9_000 + 10 * n;
            order(sink, town.order(seller, n % 2, cents, place), day, n + 7 * world);
        }
    }
}

/// One order and what became of it.
fn order(sink: &mut Recorder, order: Order, day: f64, n: u32) {
    sink.take(at(day), &Fact::Bought { order });
    if n.is_multiple_of(13) {
        sink.take(at(day + 0.1), &Fact::Cancelled { order });
        return;
    }
    let late = n % 6 == 3;
    let condition = if n.is_multiple_of(11) { Condition::Defective } else { Condition::Sound };
    sink.take(at(day + 0.2), &Fact::Shipped { order });
    sink.take(at(day + 0.3), &Fact::Delivered { order, late, condition });
    if condition == Condition::Defective {
        sink.take(at(day + 0.4), &Fact::Returned { order, reason: ReturnReason::Defect });
    }
    if n.is_multiple_of(2) || late {
        let stars = if late { 2 } else { 5 };
        sink.take(at(day + 0.5), &Fact::Reviewed { order, stars, late });
    }
}

/// One joins, one drops out, one leaves.
fn joining(town: &Town, sink: &mut Recorder, week: u32) {
    let day = f64::from(week * 7);
    let stage = Stage::Charter;
    sink.take(at(day + 1.0), &Fact::StaffDay { stage, worked: 3, capacity: 4, waiting: 1 });
    if week == 1 {
        let reason = ExitReason::Unprofitable;
        sink.take(at(day + 2.0), &Fact::Exited { seller: SellerId(3), reason });
        let sanction = Sanction::Suspension;
        sink.take(at(day + 3.0), &Fact::Sanctioned { seller: SellerId(1), sanction });
        return;
    }
    let enter = |sink: &mut Recorder, day: f64, seller: u32, stage: Stage| {
        sink.take(at(day), &Fact::StageEntered { seller: SellerId(seller), stage });
    };
    enter(sink, 0.5, 4, Stage::Prospecting);
    town.signs(sink, 1.0, 4);
    enter(sink, 1.5, 4, Stage::Charter);
    enter(sink, 2.5, 4, Stage::Setup);
    town.joins(sink, 4.0, 4);
    enter(sink, 1.0, 5, Stage::Prospecting);
    town.signs(sink, 3.0, 5);
    let stage = Stage::Administration;
    sink.take(at(6.25), &Fact::DroppedOut { seller: SellerId(5), stage });
}

/// Numbers of the size of a year of the reference scenario: drawn, not simulated, to see them printed.
pub fn large() -> (Summary, Vec<SellerRow>) {
    const COUNTRIES: [&str; 8] =
        ["France", "Germany", "España", "Italy", "Belgium", "Österreich", "Poland", "Netherlands"];
    let mut town = Town::new(700, 418);
    let card = |n: usize, card: SellerCard| SellerCard {
        kind: KindId::ALL[mix64(n as u64) as usize % 8],
        country: CountryId((mix64(!(n as u64)) % 8) as u8),
        ..card
    };
    town.census.countries = COUNTRIES.map(str::to_string).to_vec();
    let cards = std::mem::take(&mut town.census.sellers);
    town.census.sellers = cards.into_iter().enumerate().map(|(n, c)| card(n, c)).collect();
    let mut recorder = Recorder::full();
    for seller in 700..1_118 {
        town.joins(&mut recorder, 1.0, seller);
    }
    let mut rows = recorder.seller_rows(&town.census);
    for row in &mut rows {
        let draw = mix64(u64::from(row.seller) + 99);
        row.orders = if draw.is_multiple_of(3) { 0 } else { 120_000 / (1 + draw % 900) };
        row.reviews = row.orders / 3;
        row.mean_stars = (row.reviews > 0).then_some(4.0 + (draw % 90) as f64 / 100.0);
        row.exit_day = (draw.is_multiple_of(17)).then_some(200.0);
    }
    let (mut summary, _) = run();
    summary.scenario.name = "backmarket-2019".to_string();
    summary.weeks = 52;
    summary.counts.sessions = 50_123_456;
    summary.counts.orders = rows.iter().map(|row| row.orders).sum();
    summary.counts.events = 58_765_432;
    summary.counts.sellers_start = 700;
    summary.counts.sellers_joined = 418;
    summary.worlds[0].counts = summary.counts;
    summary.cost.sim_s = 7.31;
    summary.cost.events_per_s = Some(58_765_432.0 / 7.31);
    let mut set = |name: &str, value: f64| {
        if let Some(metric) = summary.metrics.get_mut(name) {
            *metric = MetricValue { value: Some(value), ..metric.clone() };
        }
    };
    set("gmv", 377_312_004.21);
    set("live_sellers", 1_106.0);
    set("hhi", 123.4);
    set("effective_sellers", 81.0);
    set("cold_start_days", 120.4);
    set("unsold_at_90d", 0.571);
    (summary, rows)
}
