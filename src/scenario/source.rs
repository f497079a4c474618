//! Where a value was written: files and `--set` arguments, with their lines and columns.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

/// The largest scenario file that is read [bytes].
pub(crate) const LARGEST: u64 = 1 << 20;

/// A text that a scenario is made of.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// What errors call it: the path as it was given, or `--set`.
    pub name: String,
    pub text: String,
    /// The file that named this one as its base.
    pub base_of: Option<String>,
    /// Byte offsets at which lines start.
    lines: Vec<usize>,
}

/// Every text of one scenario, in the order: the file, its base, the base's base, …, the overrides.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sources(Vec<Source>);

/// A stretch of bytes in one of the [`Sources`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub source: usize,
    pub start: usize,
    pub end: usize,
}

impl Place {
    pub fn new(source: usize, span: Range<usize>) -> Self {
        Place { source, start: span.start, end: span.end }
    }
}

/// A line of a source with a stretch of it marked, fit to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snippet {
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// The line, or the part of a long line around the mark.
    pub text: String,
    /// Characters of `text` before the mark, and in it.
    pub before: usize,
    pub marked: usize,
}

/// A character as it may be printed: what would move the cursor or turn the writing direction is not.
pub(crate) fn printable(c: char) -> char {
    match c {
        '\t' => ' ',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

impl Sources {
    pub fn add(&mut self, name: String, text: String, base_of: Option<String>) -> usize {
        let starts = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        // A byte order mark at the head of a file takes no column.
        let first = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let lines = std::iter::once(first).chain(starts).collect();
        self.0.push(Source { name, text, base_of, lines });
        self.0.len() - 1
    }

    pub fn get(&self, source: usize) -> &Source {
        &self.0[source]
    }

    /// The text at a place, for messages that repeat what was read.
    pub fn read(&self, place: &Place) -> &str {
        self.get(place.source).text.get(place.start..place.end).unwrap_or_default()
    }

    /// The line that a place starts in, with the place marked; at most about 100 characters of it.
    pub fn snippet(&self, place: &Place) -> Snippet {
        const WIDTH: usize = 100;
        let Source { text, lines, .. } = self.get(place.source);
        let line = lines.partition_point(|&at| at <= place.start).saturating_sub(1);
        let from = lines[line];
        let to = lines.get(line + 1).map_or(text.len(), |next| next - 1);
        let whole = text[from..to].trim_end_matches('\r');
        let to = from + whole.len();
        let start = text.floor_char_boundary(place.start).clamp(from, to);
        let end = text.ceil_char_boundary(place.end).clamp(start, to);
        let head = text[from..start].chars().count();
        let marked = text[start..end].chars().count().max(1);
        let skip = if head + marked > WIDTH { head.saturating_sub(WIDTH / 2) } else { 0 };
        let cut: String = whole.chars().skip(skip).take(WIDTH).map(printable).collect();
        let before = head - skip;
        let marked = marked.min(WIDTH - before.min(WIDTH - 1));
        Snippet { line: line + 1, column: head + 1, text: cut, before, marked }
    }
}

/// Why a file could not be had.
#[derive(Debug)]
pub(crate) enum Unreadable {
    Absent,
    Directory,
    /// A device, a socket or a pipe that is not standard input: it may never end, or never begin.
    NoFile,
    /// Its size, where it is known.
    TooLarge(Option<u64>),
    NotUtf8 {
        lossy: String,
        at: usize,
        byte: u8,
        utf16: bool,
    },
    Io(std::io::Error),
}

/// Whether `meta` is of what standard input reads from, such as the pipe behind `/dev/stdin`.
#[cfg(unix)]
fn is_stdin(meta: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let same = |stdin: std::fs::Metadata| (stdin.dev(), stdin.ino()) == (meta.dev(), meta.ino());
    std::fs::metadata("/dev/stdin").is_ok_and(same)
}

/// Nothing names standard input where there is no `/dev/stdin`.
#[cfg(not(unix))]
fn is_stdin(_: &std::fs::Metadata) -> bool {
    false
}

/// Reads a file that is small and UTF-8. What is larger than [`LARGEST`] is never read to its end.
pub(crate) fn read_file(path: &Path) -> Result<String, Unreadable> {
    let meta = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Unreadable::Absent,
        _ => Unreadable::Io(error),
    })?;
    if meta.is_dir() {
        return Err(Unreadable::Directory);
    }
    if !meta.is_file() && !is_stdin(&meta) {
        return Err(Unreadable::NoFile);
    }
    if meta.is_file() && meta.len() > LARGEST {
        return Err(Unreadable::TooLarge(Some(meta.len())));
    }
    // Standard input has no length of its own, and a file may grow while it is read.
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(Unreadable::Io)?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(Unreadable::Io)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Unreadable::TooLarge(None));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
        let lossy = String::from_utf8_lossy(bytes).into_owned();
        Unreadable::NotUtf8 { lossy, at, byte: bytes[at], utf16 }
    })
}
