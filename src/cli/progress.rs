//! A progress bar on standard error, and Ctrl-C.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::Output;
use super::tui::{self, Board};
use crate::driver::Go;
use crate::experiment::{Follow, Heartbeat};
use crate::measure::WeekRow;

/// Work this short shows no bar.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the user asked to stop, by Ctrl-C. A second Ctrl-C ends the program at once.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens for Ctrl-C from now on, on a thread of its own.
    ///
    /// # Errors
    /// When the system refuses the thread or the signal handler.
    pub fn listen() -> io::Result<Self> {
        let interrupt = Interrupt::default();
        let asked = interrupt.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        std::thread::Builder::new().name("ctrl-c".to_owned()).spawn(move || {
            runtime.block_on(async {
                while tokio::signal::ctrl_c().await.is_ok() {
                    asked.ask();
                }
            });
        })?;
        Ok(interrupt)
    }

    /// The user asks to stop; the second time the program ends at once.
    pub fn ask(&self) {
        if self.0.swap(true, Ordering::Relaxed) {
            tui::restore();
            // The bar may stand on this line.
            let _ = writeln!(io::stderr(), "\ninterrupted again: what is not on the disk is lost");
            std::process::exit(super::Exit::Interrupted as i32);
        }
    }

    /// What is true from then on, for those who look at it themselves.
    pub fn flag(&self) -> &AtomicBool {
        &self.0
    }

    /// Whether the user asked to stop.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Standard error as the bar sees it: a little narrower than it is. A bar is filled up with blanks to the
/// edge, and the `^C` that a terminal echoes would break the line there and leave half a bar behind.
#[derive(Debug)]
struct Narrower(console::Term);

impl TermLike for Narrower {
    fn width(&self) -> u16 {
        self.0.size().1.saturating_sub(ECHO).max(1)
    }

    fn height(&self) -> u16 {
        self.0.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Columns of `^C`, and one for the cursor.
const ECHO: u16 = 3;

/// What the bar tells beside its length, the last first where there is no room.
#[derive(Debug, Default)]
struct Told {
    world: String,
    week: String,
    rate: String,
}

impl Told {
    /// The template and the message that fit into so many columns.
    fn fit(&self, columns: usize) -> (&'static str, String) {
        const BAR: &str = "{bar:24.cyan/dim} {percent:>3}%{msg}  {eta} left";
        const TEXT: &str = "{percent:>3}%{msg}  {eta} left";
        const LEAST: &str = "{percent:>3}%{msg}";
        let Told { world, week, rate } = self;
        // Columns of the percentage, of the bar with its gap, and of the time left, which is short.
        let (percent, bar, left) = (4, 25, 11);
        let choices: [(&str, usize, &[&String]); 5] = [
            (BAR, percent + bar + left, &[world, week, rate]),
            (TEXT, percent + left, &[world, week, rate]),
            (TEXT, percent + left, &[world, week]),
            (TEXT, percent + left, &[week]),
            (LEAST, percent, &[]),
        ];
        let message = |parts: &[&String]| {
            let parts = parts.iter().filter(|part| !part.is_empty());
            parts.map(|part| format!("  {part}")).collect::<String>()
        };
        let all = choices.iter().map(|(form, fixed, parts)| (*form, *fixed, message(parts)));
        let fitting = all.into_iter().find(|(_, fixed, text)| fixed + text.len() <= columns);
        fitting.map_or((LEAST, String::new()), |(form, _, text)| (form, text))
    }
}

/// Visits a second in three digits or so.
pub(super) fn rate(visits_per_s: f64) -> String {
    match visits_per_s {
        n if n >= 999_500.0 => format!("{:.2} M visits/s", n / 1e6),
        n if n >= 9_950.0 => format!("{:.0} k visits/s", n / 1e3),
        n => format!("{n:.0} visits/s"),
    }
}

/// Shows how far a run has come, whose worlds may run side by side.
pub struct Progress {
    bar: Option<ProgressBar>,
    board: Option<Board>,
    term: console::Term,
    interrupt: Interrupt,
    worlds: u64,
    began: Instant,
    /// Virtual days and visits of all worlds, and worlds that have ended.
    days: AtomicU64,
    visits: AtomicU64,
    ended: AtomicU64,
}

impl Progress {
    /// A bar for `worlds` worlds; hidden with `--quiet` and where standard error is no terminal.
    pub fn new(worlds: u64, interrupt: Interrupt, out: &Output) -> Self {
        let term = console::Term::buffered_stderr();
        let bar = (!out.quiet && term.is_term()).then(|| {
            let target = Box::new(Narrower(term.clone()));
            ProgressBar::with_draw_target(None, ProgressDrawTarget::term_like_with_hz(target, 8))
        });
        #[expect(clippy::disallowed_methods, reason = "progress is told by the wall clock")]
        let began = Instant::now();
        let [days, visits, ended] = [0, 0, 0].map(AtomicU64::new);
        Progress { bar, board: None, term, interrupt, worlds, began, days, visits, ended }
    }

    /// The same on a dashboard in place of the bar, where there is one.
    pub fn on(self, board: Option<Board>) -> Self {
        if let Some(board) = &board {
            board.expects(self.worlds);
        }
        if let Some(bar) = self.bar.as_ref().filter(|_| board.is_some()) {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        Progress { board, ..self }
    }

    /// Who is told of a world that begins.
    pub fn world(&self, number: u64) -> OneWorld<'_> {
        if let Some(board) = &self.board {
            board.begins(number);
        }
        OneWorld { progress: self, number, day: 0, visits: 0 }
    }

    /// Takes the bar away.
    pub fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn told(&self, day: u32, days: u32, elapsed: Duration) -> Told {
        let week = day.div_ceil(7);
        let (ended, several) = (self.ended.load(Ordering::Relaxed), self.worlds > 1);
        let visits = self.visits.load(Ordering::Relaxed);
        Told {
            world: if several {
                format!("{ended} of {} worlds", self.worlds)
            } else {
                String::new()
            },
            week: match (self.interrupt.asked(), several) {
                (true, _) => format!("ending with week {week}"),
                (false, true) => String::new(),
                (false, false) => format!("week {week:>2} of {}", days / 7),
            },
            rate: rate(visits as f64 / elapsed.as_secs_f64()),
        }
    }

    fn draw(&self, day: u32, days: u32) {
        let elapsed = self.began.elapsed();
        let Some(bar) = self.bar.as_ref().filter(|_| elapsed > PATIENCE) else { return };
        let columns = usize::from(self.term.size().1.saturating_sub(ECHO));
        let (template, message) = self.told(day, days, elapsed).fit(columns);
        // The templates are constants that indicatif accepts; its default serves if it did not.
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.unwrap_or(ProgressStyle::default_bar()));
        bar.set_length(self.worlds * u64::from(days));
        bar.set_position(self.days.load(Ordering::Relaxed));
        bar.set_message(message);
    }
}

impl Follow for Progress {
    fn begins(&self, number: u64) -> Option<Box<dyn Heartbeat + '_>> {
        // Who asks to stop before the first tick still hears of one week.
        let stop = self.interrupt.asked() && number > 0;
        (!stop).then(|| Box::new(self.world(number)) as Box<dyn Heartbeat>)
    }
}

/// One world as the bar hears of it, or the dashboard.
pub struct OneWorld<'a> {
    progress: &'a Progress,
    number: u64,
    day: u32,
    visits: u64,
}

impl Heartbeat for OneWorld<'_> {
    fn beat(&mut self, day: u32, days: u32, visits: u64) -> Go {
        let all = self.progress;
        all.days.fetch_add(u64::from(day - self.day), Ordering::Relaxed);
        all.visits.fetch_add(visits - self.visits, Ordering::Relaxed);
        (self.day, self.visits) = (day, visits);
        if day == days {
            all.ended.fetch_add(1, Ordering::Relaxed);
        }
        match &all.board {
            Some(board) => board.beat(self.number, (day, days), visits),
            None => all.draw(day, days),
        }
        if all.interrupt.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn week(&mut self, row: &WeekRow) {
        if let Some(board) = &self.progress.board {
            board.week(self.number, row);
        }
    }
}

impl Drop for OneWorld<'_> {
    fn drop(&mut self) {
        if let Some(board) = &self.progress.board {
            board.ended(self.number);
        }
    }
}

/// Shows how far a work of several parts has come.
pub struct Steps {
    bar: Option<ProgressBar>,
    interrupt: Interrupt,
    began: Instant,
}

impl Steps {
    /// A bar for work of `length`, in whatever unit; hidden with `--quiet` and where standard error is
    /// no terminal.
    pub fn new(length: u64, interrupt: Interrupt, out: &Output) -> Self {
        let term = console::Term::buffered_stderr();
        let bar = (!out.quiet && term.is_term()).then(|| {
            let target = Box::new(Narrower(term.clone()));
            let target = ProgressDrawTarget::term_like_with_hz(target, 8);
            // The template is a constant that indicatif accepts; its default serves if it did not.
            let style =
                ProgressStyle::with_template("{bar:24.cyan/dim} {percent:>3}%  {msg}  {eta} left");
            ProgressBar::with_draw_target(Some(length), target)
                .with_style(style.unwrap_or(ProgressStyle::default_bar()))
        });
        #[expect(clippy::disallowed_methods, reason = "progress is told by the wall clock")]
        let began = Instant::now();
        Steps { bar, interrupt, began }
    }

    /// So much of the length is done, and `what` is under way; says whether to go on.
    pub fn at(&self, done: u64, what: &'static str) -> Go {
        if let Some(bar) = self.bar.as_ref().filter(|_| self.began.elapsed() > PATIENCE) {
            bar.set_message(what);
            bar.set_position(done);
        }
        if self.interrupt.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// The same where the length is not known before.
    pub fn at_of(&self, done: u64, length: u64, what: &'static str) -> Go {
        if let Some(bar) = &self.bar {
            bar.set_length(length);
        }
        self.at(done, what)
    }

    /// Takes the bar away.
    pub fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fits_in_one_line() {
        let told = Told {
            world: "10 of 30 worlds".to_owned(),
            week: "week 12 of 52".to_owned(),
            rate: rate(1.5e6),
        };
        for columns in 0..120 {
            let (template, message) = told.fit(columns);
            let bar = if template.contains("{bar") { 25 } else { 0 };
            let left = if template.contains("{eta}") { 11 } else { 0 };
            assert!(bar + 4 + message.len() + left <= columns.max(4), "{columns}: {message}");
            assert_eq!(message.contains("week"), columns >= 30, "{columns}: {message}");
            assert_eq!(bar > 0, columns >= 89, "{columns}");
        }
        let alone = Told { world: String::new(), ..told };
        assert!(alone.fit(77).0.contains("{bar"), "one world has its bar in 80 columns");
    }

    #[test]
    fn rates_have_a_size() {
        for (n, said) in [
            (0.0, "0 visits/s"),
            (870.4, "870 visits/s"),
            (47_000.0, "47 k visits/s"),
            (999_700.0, "1.00 M visits/s"),
        ] {
            assert_eq!(rate(n), said);
        }
    }
}
