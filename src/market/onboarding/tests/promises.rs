//! Properties: what holds on every day of every run.

use proptest::prelude::*;

use super::*;

/// Follows the decisions from outside and objects to what cannot be.
#[derive(Default)]
struct Auditor {
    stage: BTreeMap<SellerId, Stage>,
    gone: BTreeSet<SellerId>,
    suspended: BTreeSet<SellerId>,
    managed: BTreeMap<SellerId, u32>,
}

impl Auditor {
    /// Starts from who is there on day 0.
    fn new(run: &Run, there: u32) -> Self {
        let mut auditor = Auditor::default();
        for resident in residents(there) {
            auditor.stage.insert(resident.seller, Stage::Established);
        }
        for applicant in run.staff.applicants() {
            if let State::At(stage) = applicant.state() {
                auditor.stage.insert(applicant.lead.contact.seller, stage);
            }
        }
        auditor
    }

    fn live(&self, seller: SellerId) -> bool {
        matches!(self.stage.get(&seller), Some(Stage::Trial | Stage::Established))
    }

    fn hear(&mut self, day: i32, decision: &Decision, spec: &JoiningSpec) {
        match *decision {
            Decision::Enter { seller, stage } => {
                let before = self.stage.insert(seller, stage).map(|stage| stage as usize + 1);
                assert_eq!(before.unwrap_or(0), stage as usize, "day {day}: {decision:?}");
                assert!(!self.gone.contains(&seller), "day {day}: {decision:?}");
            }
            Decision::DropOut { seller, stage } => {
                assert_eq!(self.stage.remove(&seller), Some(stage), "day {day}: {decision:?}");
                assert!(self.gone.insert(seller), "day {day}: {decision:?}");
            }
            Decision::GoLive { seller, .. } => {
                assert_eq!(self.stage[&seller], Stage::Trial, "day {day}");
            }
            Decision::Graduate { seller, manager } => {
                assert!(!self.suspended.contains(&seller), "day {day}: suspended, {decision:?}");
                assert_eq!(self.stage[&seller], Stage::Established);
                assert!(manager < spec.management.staff);
                self.managed.insert(seller, manager);
            }
            Decision::Mystery { seller, .. }
            | Decision::Warn { seller }
            | Decision::Plan { seller }
            | Decision::Propose { seller, .. }
            | Decision::ChaseRestock { seller, .. } => {
                assert!(self.live(seller), "day {day}: {decision:?} of one who is not live");
                assert!(!self.suspended.contains(&seller), "day {day}: {decision:?}");
            }
            Decision::Suspend { seller, until } => {
                assert!(self.live(seller) && until > day);
                assert!(self.suspended.insert(seller), "day {day}: suspended twice");
            }
            Decision::Reinstate { seller } => assert!(self.suspended.remove(&seller)),
            Decision::Remove { seller } => {
                assert!(self.live(seller));
                self.stage.remove(&seller);
                self.suspended.remove(&seller);
                self.gone.insert(seller);
            }
            Decision::Answer { seller, requests, .. } => {
                assert!(self.live(seller) && requests > 0, "day {day}: {decision:?}");
            }
            Decision::Mend { seller } => assert_eq!(self.stage[&seller], Stage::Charter),
            Decision::StaffDay { stage, worked, capacity, waiting } => {
                assert!(worked <= capacity, "day {day}: {decision:?}");
                let idle = worked < capacity && waiting > 0;
                // Auditors and account managers can't work one another's cases.
                let pooled = !matches!(stage, Stage::Charter | Stage::Established);
                assert!(!(idle && pooled), "day {day}: idle beside a queue, {decision:?}");
            }
        }
    }
}

/// Looks into the queues: every applicant is in exactly one place, and it is that of its stage.
fn check_places(staff: &Onboarding, spec: &JoiningSpec, day: i32) {
    let mut places: BTreeMap<SellerId, Vec<Stage>> = BTreeMap::new();
    let mut put = |seller, stage| places.entry(seller).or_default().push(stage);
    staff.prospecting.waiting.iter().for_each(|lead| put(lead.seller, Stage::Prospecting));
    staff.prospecting.talking.iter().for_each(|&(_, seller)| put(seller, Stage::Prospecting));
    for (desk, stage) in
        [(&staff.administration, Stage::Administration), (&staff.setup, Stage::Setup)]
    {
        desk.away.iter().chain(&desk.waiting).for_each(|&(_, seller)| put(seller, stage));
    }
    staff.plans.iter().for_each(|&(_, seller)| put(seller, Stage::Charter));
    for manager in &staff.quality {
        manager.waiting.iter().for_each(|&(_, seller)| put(seller, Stage::Charter));
    }
    staff.live.iter().for_each(|(&seller, live)| put(seller, live.stage));
    let mut expected: BTreeMap<SellerId, Vec<Stage>> = BTreeMap::new();
    for applicant in staff.applicants() {
        if let State::At(stage) = applicant.state() {
            expected.insert(applicant.lead.contact.seller, vec![stage]);
        }
    }
    places.retain(|seller, _| *seller >= staff.first);
    assert_eq!(places, expected, "day {day}");
    check_cares(staff, spec, day);
}

/// Every live seller is in the care that its record says, and no caseload is exceeded.
fn check_cares(staff: &Onboarding, spec: &JoiningSpec, day: i32) {
    let mut cared = vec![BTreeSet::new(); staff.managers.len()];
    let mut quality = vec![0; staff.quality.len()];
    for (&seller, live) in &staff.live {
        quality[live.quality_manager] += 1;
        let weeks = day / 7 - live.since.unwrap_or(0) / 7 + 1;
        let noted = (weeks as usize).min(spec.monitoring.window_weeks as usize);
        assert_eq!(live.notes.len(), noted, "day {day}, weeks kept of {seller:?}");
        if let Some(manager) = live.manager {
            cared[manager].insert(seller);
        }
    }
    for applicant in staff.applicants() {
        if let (State::At(Stage::Charter | Stage::Setup), Some(manager)) =
            (applicant.state(), applicant.quality_manager)
        {
            quality[manager] += 1;
        }
    }
    for (i, manager) in staff.managers.iter().enumerate() {
        assert!(manager.sellers.len() <= spec.management.caseload as usize, "day {day}");
        assert_eq!(manager.sellers, cared[i], "day {day}, account manager {i}");
    }
    for (i, manager) in staff.quality.iter().enumerate() {
        assert_eq!(manager.sellers, quality[i], "day {day}, quality manager {i}");
    }
}

/// A reference whose people are few or many, whose rules are mild or harsh.
fn random_spec() -> impl Strategy<Value = JoiningSpec> {
    let people = (1u32..4, 1u32..3, 1u32..4, 1u32..3, 1u32..8);
    let rules = (0.3f64..8.0, 0.05f64..0.5, 0.0f64..0.4, 1u32..4, 1u32..30, 0u32..20);
    (people, rules).prop_map(|(people, rules)| {
        let mut spec = reference();
        spec.leads.preroll_weeks = 8;
        spec.prospecting.staff = people.0;
        spec.administration.staff = people.1;
        spec.charter.staff = people.2;
        spec.setup.staff = people.3;
        spec.management.staff = people.4;
        spec.setup.cases_per_staff = rules.0 / 3.0;
        spec.charter.cases_per_staff = rules.0 / 5.0;
        spec.charter.risk_max = rules.1;
        spec.administration.drop_out = rules.2;
        spec.charter.tries_max = rules.3;
        spec.management.caseload = rules.4;
        spec.trial.delivered_min = rules.5;
        spec.monitoring.late_max = rules.1 / 2.0;
        spec.monitoring.step_days = rules.5;
        spec
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_day_of_every_run_adds_up(
        spec in random_spec(),
        seed in any::<u64>(),
        there in 0u32..60,
        blind in any::<bool>(),
    ) {
        let mut run = Run::new(&spec, seed, there, 26, blind);
        let mut auditor = Auditor::new(&run, there);
        for day in 0..182 {
            for decision in run.next_day() {
                auditor.hear(day, &decision, &spec);
            }
            if day % 5 == 0 {
                // Some leave by themselves, as the market reports.
                let leaver = auditor.stage.keys().find(|&&s| auditor.live(s)).copied();
                if let Some(seller) = leaver {
                    run.staff.exited(day, seller);
                    auditor.stage.remove(&seller);
                    auditor.suspended.remove(&seller);
                    auditor.gone.insert(seller);
                }
            }
            check_places(&run.staff, &spec, day);
            for (&seller, &stage) in &auditor.stage {
                prop_assert_eq!(run.staff.live_stage(seller), auditor.live(seller).then_some(stage));
                prop_assert_eq!(run.staff.suspended(seller), auditor.suspended.contains(&seller));
            }
            for (&seller, &manager) in &auditor.managed {
                let managed = run.staff.manager(seller);
                prop_assert!(auditor.gone.contains(&seller) || managed == Some(manager));
            }
        }
    }
}

#[test]
fn the_same_seeds_make_the_same_decisions() {
    let spec = reference();
    let decisions = |seed| Run::new(&spec, seed, 50, 20, false).weeks(20);
    assert_eq!(decisions(1), decisions(1));
    assert_ne!(decisions(1), decisions(2));
}

/// Decisions of half a year in which the market has this much trouble and shows these stars.
fn under(blind: bool, trouble: f64, stars: Option<f64>) -> (Vec<(i32, Decision)>, u32) {
    let mut spec = reference();
    // What is delivered and sold is the same: only what is thought of it differs.
    spec.support.requests_per_problem = 0.0;
    spec.charter.risk_max = 1.0;
    spec.charter.noise = 0.0;
    let mut run = Run::new(&spec, 8, 100, 26, blind);
    run.market.trouble = trouble;
    run.market.stars = stars;
    let mut all = run.weeks(26);
    all.retain(|(_, decision)| !matches!(decision, Decision::Mystery { .. }));
    (all, run.market.looked.get())
}

#[test]
fn a_blind_staff_decides_nothing_by_feedback() {
    let (decisions, looked) = under(true, 0.5, Some(4.9));
    assert_eq!(decisions, under(true, 1.5, Some(2.0)).0);
    assert_eq!(looked, 0, "a blind staff looked at stars");
    assert_ne!(under(false, 0.5, None).0, under(false, 1.5, None).0);
    let sanctions = |blind| {
        let (all, _) = under(blind, 1.5, None);
        all.iter().filter(|(_, d)| matches!(d.fact(), Some(Fact::Sanctioned { .. }))).count()
    };
    assert_eq!(sanctions(true), 0);
    assert!(sanctions(false) > 20);
}

#[test]
fn mystery_orders_go_to_new_and_low_scoring_sellers() {
    let mut spec = reference();
    (spec.mystery.orders_per_month, spec.mystery.low_stars) = (175.0, 3.9);
    let ordered = |blind, stars| {
        let mut run = Run::new(&spec, 8, 200, 12, blind);
        run.market.stars = stars;
        let decisions = run.weeks(12);
        let orders: Vec<(i32, SellerId)> = decisions
            .iter()
            .filter_map(|(day, decision)| match decision {
                Decision::Mystery { seller, .. } => Some((*day, *seller)),
                _ => None,
            })
            .collect();
        for &(day, seller) in orders.iter().filter(|(_, seller)| seller.0 >= 200) {
            let live = run.staff.applicants()[seller.index() - 200].live_day();
            let new = spec.mystery.new_days as i32;
            assert!(live.is_some_and(|since| day - since < new), "{seller:?} on day {day}");
        }
        let residents = orders.iter().filter(|(_, seller)| seller.0 < 200).count();
        (residents, orders.len())
    };
    assert_eq!(ordered(false, Some(4.5)).0, 0, "residents in good standing are left alone");
    assert_eq!(ordered(true, Some(2.0)).0, 0, "a blind staff sees no stars");
    let (low, all) = ordered(false, Some(2.0));
    assert!(low > all / 2, "{low} of {all} at residents who score low");
    // 175 a month for 84 days are 483.
    assert_eq!(all, 483);
}

#[test]
fn who_waits_for_an_account_manager_is_handed_over_when_there_is_room() {
    let mut spec = reference();
    (spec.management.staff, spec.management.caseload) = (1, 12);
    let mut run = Run::new(&spec, 5, 12, 40, true);
    let waiting = |decisions: &[(i32, Decision)]| {
        decisions.iter().rev().find_map(|(_, decision)| match *decision {
            Decision::StaffDay { stage: Stage::Established, waiting, .. } => Some(waiting),
            _ => None,
        })
    };
    let first = run.weeks(20);
    assert!(!first.iter().any(|(_, d)| matches!(d, Decision::Graduate { .. })));
    assert!(waiting(&first) > Some(10), "{:?} wait", waiting(&first));
    run.staff.exited(run.day, SellerId(3));
    let then = run.next_day();
    let handed = then.iter().filter(|d| matches!(d, Decision::Graduate { manager: 0, .. })).count();
    assert_eq!(handed, 1);
}

#[test]
fn proposals_and_reminders_keep_their_distance() {
    let spec = reference();
    let mut run = Run::new(&spec, 5, 100, 20, false);
    let mut last: BTreeMap<(bool, SellerId), i32> = BTreeMap::new();
    let (mut listings, mut proposals, mut listed) = (0, 0, BTreeSet::new());
    for (day, decision) in run.weeks(20) {
        let (proposal, seller) = match decision {
            Decision::Propose { seller, product, price } => {
                let to_list = price == Cents(10_000);
                assert!(!to_list || listed.insert((seller, product)), "{decision:?} once more");
                // Of sellers for whom the stand-in has both a gap and a price to meet.
                if seller.0 % 3 != 0 && seller.0 % 5 != 0 {
                    proposals += 1;
                    listings += u32::from(to_list);
                }
                assert!(seller.0 % 15 != 0, "nothing was to be proposed to {seller:?}");
                (true, seller)
            }
            Decision::ChaseRestock { seller, .. } => (false, seller),
            _ => continue,
        };
        let days = &spec.management;
        let every = if proposal { days.propose_every_days } else { days.chase_every_days };
        if let Some(before) = last.insert((proposal, seller), day) {
            assert!(day - before >= every as i32, "{decision:?} on day {day} and on day {before}");
        }
    }
    let share = f64::from(listings) / f64::from(proposals);
    let asked = spec.management.list_share;
    assert!((share - asked).abs() < 0.08, "{share} of {proposals} proposals are listings, seed 5");
}

#[test]
fn answers_slow_down_when_requests_outgrow_the_manager() {
    let mut spec = reference();
    spec.charter.staff = 1;
    // Nothing but slow answers can be held against anybody.
    (spec.monitoring.orders_min, spec.monitoring.mystery_failed_max) = (1_000_000, 1_000);
    let warned = |run: &mut Run| {
        run.weeks(4).iter().filter(|(_, d)| matches!(d, Decision::Warn { .. })).count()
    };
    let mut calm = Run::new(&spec, 5, 100, 4, false);
    let calm_warned = warned(&mut calm);
    spec.support.requests_per_order = 1.0;
    let mut rush = Run::new(&spec, 5, 100, 4, false);
    let rush_warned = warned(&mut rush);
    assert!(rush_warned > 80 && calm_warned < 10, "{rush_warned} and {calm_warned} warned");
    let mean = |run: &Run| {
        (0..100).map(|i| run.staff.slow_answer_chance(SellerId(i))).sum::<f64>() / 100.0
    };
    assert!(mean(&calm) < 0.1 && mean(&rush) > 0.8, "{} and {}", mean(&calm), mean(&rush));
    assert_eq!(calm.staff.slow_answer_chance(SellerId(100_000)), 0.0, "not live");
}
