//! Whether a measurement is one of the core, or of the machine and the harness.
//!
//! What the harness was late by is judged, never what requests waited for the core: a slow core is a
//! result. What cannot be seen on a machine is told as not seen, and is no pass.

use std::fs;

use super::{Gaps, Latencies, Part};

/// What happened to a measurement, beside what it measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Disturbance {
    /// How long the run was [ns].
    pub elapsed: u64,
    /// Threads that drove.
    pub drivers: u32,
    /// Whether requests had moments at which they were due: `open` and `replay`.
    pub paced: bool,
    /// How often drivers were put off their core against their will [1]; nothing where it cannot be seen.
    pub switches: Option<u64>,
    /// How long drivers were ready and had no core, all together [ns].
    pub waited: Option<u64>,
    /// Share of the machine's time that its host gave to others [0 to 1].
    pub steal: Option<f64>,
    /// How long somebody on the machine was ready and had no core [ns].
    pub pressure: Option<u64>,
    /// Jumps of the clocks of spinning drivers; nothing where they did not spin.
    pub gaps: Option<Gaps>,
    /// Writers that did not come to their turn in time; nothing where there were none to look at.
    pub starved: Option<u64>,
}

/// What became of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Within its limit.
    Held,
    /// Beyond its limit: the measurement is not valid.
    Broken,
    /// The machine does not say, or there was nothing to look at.
    NotSeen,
}

/// One thing that can make a measurement worthless.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What it is called.
    pub name: &'static str,
    /// What was seen [`unit`]; nothing where it was not.
    ///
    /// [`unit`]: Check::unit
    pub value: Option<f64>,
    /// The greatest that is allowed [`unit`].
    ///
    /// [`unit`]: Check::unit
    pub limit: f64,
    /// What both are counted in.
    pub unit: &'static str,
    /// Why there is this limit.
    pub why: &'static str,
    /// What became of it.
    pub verdict: Verdict,
}

impl Check {
    fn new(
        name: &'static str,
        value: Option<f64>,
        (limit, unit): (f64, &'static str),
        why: &'static str,
    ) -> Check {
        let verdict = match value {
            None => Verdict::NotSeen,
            // What is no number is within no limit.
            Some(value) if value <= limit => Verdict::Held,
            Some(_) => Verdict::Broken,
        };
        Check { name, value, limit, unit, why, verdict }
    }

    /// A line that says what was seen, and why it matters where it broke the limit.
    pub fn says(&self) -> String {
        let Check { name, limit, unit, why, .. } = self;
        match (self.verdict, self.value) {
            (Verdict::NotSeen, _) => format!("{name}: not seen"),
            (Verdict::Held, Some(value)) => format!("{name}: {value:.3} {unit} (≤ {limit})"),
            (_, Some(value)) => format!("{name}: {value:.3} {unit}, over {limit}: {why}"),
            (_, None) => format!("{name}: nothing was timed: {why}"),
        }
    }
}

/// All checks of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Validity {
    /// Each, in the order in which they are told.
    pub checks: Vec<Check>,
}

impl Validity {
    /// Judges what was timed and what disturbed it.
    pub fn judge(latencies: &Latencies, seen: &Disturbance) -> Validity {
        let mut checks = vec![lag(latencies, seen.paced)];
        let elapsed = seen.elapsed.max(1) as f64;
        let threads = f64::from(seen.drivers.max(1));
        let share = |ns: u64, of: f64| 100.0 * ns as f64 / of;
        checks.push(Check::new(
            "context switches",
            seen.switches.map(|n| n as f64 / (elapsed * 1e-9) / threads),
            (200.0, "/s a driver"),
            "a driver put off its core by the kernel's own threads comes back after some 50 us: 200 times \
             a second are a hundredth of its time, which is what p99 shows",
        ));
        checks.push(Check::new(
            "drivers waiting for a core",
            seen.waited.map(|ns| share(ns, elapsed * threads)),
            (1.0, "% of their time"),
            "requests due while a driver has no core are late, and a hundredth of them is what p99 shows",
        ));
        checks.push(Check::new(
            "steal",
            seen.steal.map(|share| 100.0 * share),
            (1.0, "% of the machine's time"),
            "the host gave the cores to others, and a hundredth of the time is what p99 shows",
        ));
        checks.push(Check::new(
            "CPU pressure",
            seen.pressure.map(|ns| share(ns, elapsed)),
            (50.0, "% of the time"),
            "somebody waited for a core in more than half of the run: there was more work than cores, and \
             what was measured is how they were shared out",
        ));
        checks.push(Check::new(
            "clock gaps",
            seen.gaps.map(|gaps| share(gaps.lost, elapsed * threads)),
            (1.0, "% of drivers' time"),
            "clocks of spinning drivers jumped by more than 20 us, which is somebody else at work, and a \
             hundredth of the time is what p99 shows",
        ));
        checks.push(Check::new(
            "starved writers",
            seen.starved.map(|n| n as f64),
            (0.0, "writers"),
            "reads were timed while writes that should have raced with them did not come to their turn",
        ));
        Validity { checks }
    }

    /// Whether no check was broken.
    pub fn is_valid(&self) -> bool {
        self.checks.iter().all(|check| check.verdict != Verdict::Broken)
    }

    /// What made the measurement invalid, in sentences.
    pub fn broken(&self) -> Vec<String> {
        self.of(Verdict::Broken).map(Check::says).collect()
    }

    /// What could not be looked at, by name.
    pub fn unseen(&self) -> Vec<&'static str> {
        self.of(Verdict::NotSeen).map(|check| check.name).collect()
    }

    fn of(&self, verdict: Verdict) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(move |check| check.verdict == verdict)
    }
}

/// The harness's lateness against what is claimed of the core, over all operations of the run.
fn lag(latencies: &Latencies, paced: bool) -> Check {
    let p99 = |part| latencies.over_all(part).value_at_quantile(0.99) as f64;
    let timed = latencies.done() > 0;
    // Both 0, where time is virtual: not late at all.
    let ratio = |lag: f64, response: f64| if lag > 0.0 { 100.0 * lag / response } else { 0.0 };
    let value = (paced && timed).then(|| ratio(p99(Part::Lag), p99(Part::Response)));
    let mut check = Check::new(
        "lag",
        value,
        (10.0, "% of response, p99 of each"),
        "requests were late because the driver was: it was the bottleneck, not the core",
    );
    if paced && !timed {
        check.verdict = Verdict::Broken;
    }
    check
}

/// Counters of the calling thread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ThreadMeter {
    /// How often it was put off its core against its will [1].
    pub switches: Option<u64>,
    /// How long it was ready and had no core [ns].
    pub waited: Option<u64>,
}

impl ThreadMeter {
    /// Reads them from `/proc`, where there is one.
    pub fn read() -> Self {
        let of = |file: &str| fs::read_to_string(format!("/proc/thread-self/{file}")).ok();
        ThreadMeter {
            switches: of("status").as_deref().and_then(switches_of),
            waited: of("schedstat").as_deref().and_then(waited_of),
        }
    }

    /// What was counted since `before`.
    pub fn since(self, before: ThreadMeter) -> ThreadMeter {
        ThreadMeter {
            switches: apart(self.switches, before.switches),
            waited: apart(self.waited, before.waited),
        }
    }
}

fn apart(after: Option<u64>, before: Option<u64>) -> Option<u64> {
    Some(after?.saturating_sub(before?))
}

/// `nonvoluntary_ctxt_switches` of a thread's `status`.
fn switches_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("nonvoluntary_ctxt_switches:"));
    line?.trim().parse().ok()
}

/// The second number of `schedstat`: time on a run queue [ns].
fn waited_of(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().nth(1)?.parse().ok()
}

/// Counters of the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostMeter {
    /// Ticks given to others, and all ticks.
    steal: Option<(u64, u64)>,
    /// Time in which somebody waited for a core [µs].
    pressure: Option<u64>,
}

impl HostMeter {
    /// Reads them from `/proc`, where there is one.
    pub fn read() -> Self {
        let of = |file| fs::read_to_string(file).ok();
        HostMeter {
            steal: of("/proc/stat").as_deref().and_then(steal_of),
            pressure: of("/proc/pressure/cpu").as_deref().and_then(pressure_of),
        }
    }

    /// The share of its time that the machine was robbed of since `before` [0 to 1].
    ///
    /// Time is counted in ticks of 10 ms: two of them are within what they are counted by, and none.
    pub fn steal_since(&self, before: &HostMeter) -> Option<f64> {
        let ((stolen, all), (stolen_before, all_before)) = (self.steal?, before.steal?);
        let (stolen, all) = (stolen.saturating_sub(stolen_before), all.saturating_sub(all_before));
        (all > 0).then(|| stolen.saturating_sub(2) as f64 / all as f64)
    }

    /// How long somebody was ready and had no core since `before` [ns].
    pub fn pressure_since(&self, before: &HostMeter) -> Option<u64> {
        apart(self.pressure, before.pressure).map(|us| us * 1_000)
    }
}

/// Steal and the sum of all kinds of time in the first line of `/proc/stat` [ticks].
fn steal_of(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    // user nice system idle iowait irq softirq steal; guests are counted in the first two.
    let ticks: Vec<u64> = line.split_whitespace().take(8).map_while(|n| n.parse().ok()).collect();
    Some((*ticks.get(7)?, ticks.iter().sum()))
}

/// The total of the line `some` of `/proc/pressure/cpu` [µs].
fn pressure_of(pressure: &str) -> Option<u64> {
    let line = pressure.lines().find(|line| line.starts_with("some "))?;
    line.split_whitespace().find_map(|word| word.strip_prefix("total="))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::Op;
    use super::*;

    /// A run of 10 s by two drivers on a machine that left it alone.
    fn quiet() -> Disturbance {
        Disturbance {
            elapsed: 10_000_000_000,
            drivers: 2,
            paced: true,
            switches: Some(60),
            waited: Some(12_000_000),
            steal: Some(0.002),
            pressure: Some(900_000_000),
            gaps: Some(Gaps { count: 70, longest: 900_000, lost: 15_000_000 }),
            starved: Some(0),
        }
    }

    /// 1,000 operations of two kinds, of which so many were late by 1 µs; responses take 5 µs.
    fn timed(late: u64) -> Latencies {
        let mut latencies = Latencies::default();
        for i in 0..1_000 {
            let op = if i % 2 == 0 { Op::Rank } else { Op::Buy };
            let lag = if i < late { 1_000 } else { 20 };
            let mut note = |op, part, ns| latencies.of_mut(op, part).record(ns).unwrap();
            note(op, Part::Lag, lag);
            // A wait of any length is the core's affair.
            note(op, Part::Wait, 1_000_000_000);
            note(op, Part::Service, 5_000 - lag);
            note(op, Part::Response, 5_000);
        }
        latencies
    }

    fn broken(late: u64, change: impl Fn(&mut Disturbance)) -> Vec<&'static str> {
        let mut seen = quiet();
        change(&mut seen);
        let validity = Validity::judge(&timed(late), &seen);
        let names: Vec<&str> = validity.of(Verdict::Broken).map(|check| check.name).collect();
        assert_eq!(names.is_empty(), validity.is_valid());
        assert_eq!(names.len(), validity.broken().len());
        names
    }

    #[test]
    fn each_limit_is_a_limit() {
        assert_eq!(broken(0, |_| ()), [""; 0]);
        // p99 of lag is 20 ns until more than a hundredth is late.
        assert_eq!(broken(10, |_| ()), [""; 0]);
        assert_eq!(broken(11, |_| ()), ["lag"]);
        assert_eq!(broken(11, |seen| seen.paced = false), [""; 0]);
        let second = 1_000_000_000;
        assert_eq!(broken(0, |seen| seen.switches = Some(4_000)), [""; 0]);
        assert_eq!(broken(0, |seen| seen.switches = Some(4_001)), ["context switches"]);
        assert_eq!(
            broken(0, |seen| seen.waited = Some(second / 4)),
            ["drivers waiting for a core"]
        );
        assert_eq!(broken(0, |seen| seen.steal = Some(0.011)), ["steal"]);
        assert_eq!(broken(0, |seen| seen.pressure = Some(6 * second)), ["CPU pressure"]);
        let lost = Gaps { count: 1, longest: second, lost: second };
        assert_eq!(broken(0, |seen| seen.gaps = Some(lost)), ["clock gaps"]);
        assert_eq!(broken(0, |seen| seen.starved = Some(1)), ["starved writers"]);
        assert_eq!(broken(0, |seen| seen.steal = Some(f64::NAN)), ["steal"]);
    }

    #[test]
    fn beside_a_busy_loop_the_reasons_are_told() {
        // Half of a core, in slices of 3 ms.
        let seen = Disturbance {
            switches: Some(3_300),
            waited: Some(10_000_000_000),
            pressure: Some(10_000_000_000),
            ..quiet()
        };
        let validity = Validity::judge(&timed(0), &seen);
        let broken = validity.broken();
        // Slices are long, so that there are not many of them; the time is what tells.
        assert_eq!(broken.len(), 2, "{broken:?}");
        assert!(
            broken[0]
                .starts_with("drivers waiting for a core: 50.000 % of their time, over 1: req")
        );
        assert!(broken[1].starts_with("CPU pressure: 100.000 % of the time, over 50: somebody"));
    }

    #[test]
    fn what_is_not_seen_is_told_as_such() {
        let seen = Disturbance { elapsed: 1, drivers: 1, paced: true, ..Disturbance::default() };
        let validity = Validity::judge(&timed(0), &seen);
        assert!(validity.is_valid());
        assert_eq!(validity.unseen().len(), 6);
        assert_eq!(validity.checks[3].says(), "steal: not seen");
        // A run that timed nothing is no valid one.
        let nothing = Validity::judge(&Latencies::default(), &seen);
        assert!(!nothing.is_valid() && nothing.broken()[0].starts_with("lag: nothing was timed"));
    }

    #[test]
    fn counters_are_read_as_the_kernel_writes_them() {
        let status = "Name:\tx\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t41\n";
        assert_eq!((switches_of(status), switches_of("Name:\tx\n")), (Some(41), None));
        assert_eq!(
            (waited_of("123 4567 89\n"), waited_of(""), waited_of("1 x")),
            (Some(4567), None, None)
        );
        let stat = "cpu  100 1 20 300 4 0 5 70 9 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(
            (steal_of(stat), steal_of("cpu 1 2 3"), steal_of("")),
            (Some((70, 500)), None, None)
        );
        let pressure =
            "some avg10=3.13 avg60=6.14 avg300=11.58 total=1777\nfull avg10=0.00 total=9\n";
        assert_eq!((pressure_of(pressure), pressure_of("full total=1")), (Some(1777), None));
        let before = HostMeter { steal: Some((70, 500)), pressure: Some(1_777) };
        let after = HostMeter { steal: Some((82, 700)), pressure: Some(2_000) };
        assert_eq!(after.steal_since(&before), Some(0.05));
        assert_eq!(after.pressure_since(&before), Some(223_000));
        assert_eq!(after.steal_since(&HostMeter::default()), None);
        assert_eq!(before.steal_since(&before), None);
        let counted = ThreadMeter { switches: Some(9), waited: None }
            .since(ThreadMeter { switches: Some(4), waited: Some(1) });
        assert_eq!(counted, ThreadMeter { switches: Some(5), waited: None });
    }
}
