//! A progress bar on standard error, and Ctrl-C.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Output;
use crate::driver::Go;
use crate::experiment::Heartbeat;

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
    pub fn listen() -> std::io::Result<Self> {
        let interrupt = Interrupt::default();
        let asked = interrupt.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        std::thread::Builder::new().name("ctrl-c".to_owned()).spawn(move || {
            runtime.block_on(async {
                while tokio::signal::ctrl_c().await.is_ok() {
                    if asked.0.swap(true, Ordering::Relaxed) {
                        std::process::exit(super::Exit::Interrupted as i32);
                    }
                }
            });
        })?;
        Ok(interrupt)
    }

    /// Whether the user asked to stop.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Shows how far a run of several worlds has come.
pub struct Progress {
    bar: Option<ProgressBar>,
    interrupt: Interrupt,
    worlds: u32,
    world: u32,
    began: Instant,
    visits_before: u64,
    visits: u64,
}

impl Progress {
    /// A bar for `worlds` worlds; hidden with `--quiet` and where standard error is no terminal.
    pub fn new(worlds: u32, interrupt: Interrupt, out: &Output) -> Self {
        let style = "{bar:24.cyan/dim} {percent:>3}%  {msg}  {eta} left";
        let bar = (!out.quiet).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
            // The template is a constant that indicatif accepts; its default serves if it did not.
            bar.set_style(
                ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar()),
            );
            bar
        });
        #[expect(clippy::disallowed_methods, reason = "progress is told by the wall clock")]
        let began = Instant::now();
        Progress { bar, interrupt, worlds, world: 0, began, visits_before: 0, visits: 0 }
    }

    /// Another world begins.
    pub fn next_world(&mut self, world: u32) {
        self.world = world;
        self.visits_before += std::mem::take(&mut self.visits);
    }

    /// Takes the bar away.
    pub fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Heartbeat for Progress {
    fn beat(&mut self, day: u32, days: u32, visits: u64) -> Go {
        self.visits = visits;
        let elapsed = self.began.elapsed();
        if let Some(bar) = self.bar.as_ref().filter(|_| elapsed > PATIENCE) {
            bar.set_length(u64::from(self.worlds) * u64::from(days));
            bar.set_position(u64::from(self.world) * u64::from(days) + u64::from(day));
            let rate = (self.visits_before + visits) as f64 / elapsed.as_secs_f64();
            let week = format!("week {:>2} of {}", day.div_ceil(7), days / 7);
            let world = if self.worlds > 1 {
                format!("world {} of {}  ", self.world + 1, self.worlds)
            } else {
                String::new()
            };
            bar.set_message(format!("{world}{week}  {:.2} M visits/s", rate / 1e6));
        }
        if self.interrupt.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
