//! The terminal while a dashboard has it, and how it is given back.

use std::io::{self, BufWriter, Stderr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError, TryLockError};
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

/// Whether the terminal is a dashboard's: there is one terminal, so there is one of these.
static HELD: AtomicBool = AtomicBool::new(false);
/// Whose turn it is to write to it.
static TURN: Mutex<()> = Mutex::new(());
static HOOK: Once = Once::new();

/// How often somebody looks whether a picture is finished, and how long it waits in between.
const LOOKS: u32 = 40;
const BETWEEN: Duration = Duration::from_millis(5);

/// Waits for its turn, but not for ever: a panic within a picture must not wait for the picture's end.
fn turn() -> Option<MutexGuard<'static, ()>> {
    for _ in 0..LOOKS {
        match TURN.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN),
        }
    }
    None
}

/// Gives the terminal back as it was, where a dashboard has it. Nothing is drawn from then on.
pub(in crate::cli) fn restore() {
    if !HELD.load(Ordering::SeqCst) {
        return;
    }
    let _turn = turn();
    if HELD.swap(false, Ordering::SeqCst) {
        // A terminal that has gone away needs nothing.
        let _ = execute!(io::stderr(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

/// The alternate screen of the terminal.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stderr>>>,
}

impl Screen {
    /// Takes the terminal. From then on a panic gives it back before it is told of.
    ///
    /// # Errors
    /// When the terminal cannot be switched.
    pub(super) fn take() -> io::Result<Screen> {
        HOOK.call_once(|| {
            let told = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                restore();
                told(panic);
            }));
        });
        let terminal = Terminal::new(CrosstermBackend::new(BufWriter::new(io::stderr())))?;
        enable_raw_mode()?;
        HELD.store(true, Ordering::SeqCst);
        // Nothing is cleared here: the alternate screen is empty, and ratatui would ask on standard output
        // where the cursor is, which may be a pipe.
        if let Err(error) = execute!(io::stderr(), EnterAlternateScreen, Hide) {
            restore();
            return Err(error);
        }
        Ok(Screen { terminal })
    }

    /// Draws what `picture` makes of so many columns and rows; says whether the terminal is still held.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub(super) fn draw(
        &mut self,
        picture: impl FnOnce(u16, u16) -> Vec<Line<'static>>,
    ) -> io::Result<bool> {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        if !HELD.load(Ordering::SeqCst) {
            return Ok(false);
        }
        self.terminal.draw(|frame| {
            let area = frame.area();
            let lines = picture(area.width, area.height);
            frame.render_widget(Paragraph::new(lines), area);
        })?;
        Ok(true)
    }

    /// Whether the terminal is still the dashboard's.
    pub(super) fn is_held() -> bool {
        HELD.load(Ordering::SeqCst)
    }
}
