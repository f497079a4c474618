//! A dashboard: what is told to it, and the thread that draws it and listens to the keyboard.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::text::Line;

use super::Interrupt;
use super::load::Load;
use super::screen::{Screen, restore};
use super::worlds::Worlds;
use crate::driver::load::Second;
use crate::experiment::Threshold;
use crate::experiment::load::LoadPlan;
use crate::measure::WeekRow;

/// From one picture to the next at least.
const BETWEEN: Duration = Duration::from_millis(250);

/// How a program ends that was told to by SIGTERM.
#[cfg(unix)]
const TERMINATED: i32 = 128 + 15;

/// All that is known of what runs.
pub(super) struct State {
    pub(super) worlds: Worlds,
    /// The load that is under way, where one is.
    pub(super) load: Option<Load>,
    /// Whether something was told since the last picture.
    changed: bool,
}

impl State {
    /// The picture in so many columns and rows.
    pub(super) fn lines(&self, width: u16, height: u16) -> Vec<Line<'static>> {
        match &self.load {
            Some(load) => load.lines(width, height),
            None => self.worlds.lines(width, height),
        }
    }
}

/// A dashboard on the terminal, until the last copy of this goes.
#[derive(Clone)]
pub(in crate::cli) struct Board(Arc<Shown>);

struct Shown {
    title: String,
    state: Arc<Mutex<State>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Shown {
    fn drop(&mut self) {
        restore();
        if let Some(thread) = self.thread.take() {
            // Its panic was told of when it happened; the run does not need it.
            let _ = thread.join();
        }
    }
}

impl Board {
    /// Takes the terminal and draws from now on.
    pub(super) fn open(title: &str, interrupt: &Interrupt) -> io::Result<Self> {
        let worlds = Worlds::new(title);
        let state = Arc::new(Mutex::new(State { worlds, load: None, changed: true }));
        listen_for_the_end()?;
        let screen = Screen::take()?;
        let (shown, interrupt) = (state.clone(), interrupt.clone());
        #[expect(clippy::disallowed_methods, reason = "a dashboard goes by the wall clock")]
        let began = Instant::now();
        let thread = std::thread::Builder::new()
            .name("dashboard".to_owned())
            .spawn(move || show(screen, &shown, &interrupt, began));
        let thread = match thread {
            Ok(thread) => Some(thread),
            Err(error) => {
                restore();
                return Err(error);
            }
        };
        Ok(Board(Arc::new(Shown { title: title.to_owned(), state, thread })))
    }

    /// There will be so many worlds.
    pub(in crate::cli) fn expects(&self, worlds: u64) {
        self.state().worlds.expects(worlds);
    }

    /// A world begins.
    pub(in crate::cli) fn begins(&self, number: u64) {
        let mut state = self.state();
        state.load = None;
        state.worlds.begins(number);
    }

    /// In a world so many days are over, of so many, with so many visits.
    pub(in crate::cli) fn beat(&self, number: u64, days: (u32, u32), visits: u64) {
        self.state().worlds.beat(number, days, visits);
    }

    /// A week of a world is over.
    pub(in crate::cli) fn week(&self, number: u64, row: &WeekRow) {
        self.state().worlds.week(number, row);
    }

    /// A world is over.
    pub(in crate::cli) fn ended(&self, number: u64) {
        self.state().worlds.ended(number);
    }

    /// A load begins, perhaps as one of a search.
    pub(in crate::cli) fn load(&self, plan: &LoadPlan, slo: &[Threshold], search: bool) {
        self.state().load = Some(Load::new(&self.0.title, plan, slo, search));
    }

    /// A second of the load is over.
    pub(in crate::cli) fn second(&self, second: &Second) {
        if let Some(load) = &mut self.state().load {
            load.second(second);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = lock(&self.0.state);
        state.changed = true;
        state
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Draws and listens until the terminal is given back.
fn show(mut screen: Screen, state: &Mutex<State>, interrupt: &Interrupt, began: Instant) {
    let mut last: Option<Duration> = None;
    while Screen::is_held() {
        let now = began.elapsed();
        let due = last.is_none_or(|last| now >= last + BETWEEN);
        if due && wants_a_picture(state, now, interrupt.asked()) {
            let picture = |width, height| lock(state).lines(width, height);
            match screen.draw(picture) {
                Ok(true) => last = Some(now),
                Ok(false) => break,
                // A terminal that has gone away is no reason to end a run; one that is there is given back.
                Err(_) => {
                    super::restore();
                    break;
                }
            }
        }
        let next = last.map_or(BETWEEN, |last| (last + BETWEEN).saturating_sub(began.elapsed()));
        listen(if next.is_zero() { BETWEEN } else { next }, state, interrupt);
    }
}

/// Brings the time up to date, and says whether anything looks different since.
fn wants_a_picture(state: &Mutex<State>, now: Duration, asked: bool) -> bool {
    let mut state = lock(state);
    let news = match &mut state.load {
        // While a load is measured there is a picture a second, and else time is told.
        Some(load) => load.ends(asked),
        None => {
            state.worlds.at(now, asked);
            true
        }
    };
    std::mem::take(&mut state.changed) || news
}

/// Hears keys for so long; the size of the terminal is asked for at every picture.
fn listen(time: Duration, state: &Mutex<State>, interrupt: &Interrupt) {
    match event::poll(time) {
        Ok(true) => {}
        Ok(false) => return,
        // Without a keyboard the time goes by all the same.
        Err(_) => return std::thread::sleep(time),
    }
    match event::read() {
        Ok(Event::Key(key)) if key.kind == KeyEventKind::Press => {
            let control = key.modifiers.contains(KeyModifiers::CONTROL);
            if key.code == KeyCode::Char('q') || (control && key.code == KeyCode::Char('c')) {
                interrupt.ask();
                lock(state).changed = true;
            }
        }
        Ok(Event::Resize(..)) => lock(state).changed = true,
        _ => {}
    }
}

/// Gives the terminal back before SIGTERM ends the program.
#[cfg(unix)]
fn listen_for_the_end() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let mut signals = {
        let _within = runtime.enter();
        signal(SignalKind::terminate())?
    };
    std::thread::Builder::new().name("sigterm".to_owned()).spawn(move || {
        runtime.block_on(signals.recv());
        restore();
        std::process::exit(TERMINATED);
    })?;
    Ok(())
}

#[cfg(not(unix))]
fn listen_for_the_end() -> io::Result<()> {
    Ok(())
}
