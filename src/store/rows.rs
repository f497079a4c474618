//! A table that grows by whole rows and can be gone on with after a kill at any moment.
//!
//! Rows are written where they stay, one write for those that belong together. Whoever opens the table
//! again keeps what is whole and in its order, and cuts off the rest: half a line, half a group, and
//! whatever comes after a row that is not what it should be.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{RunFolder, StoreError, failed};

/// How temporary files begin that a killed run leaves.
const TEMPORARY: &str = ".writing-";

/// A table of a run folder, open to one process alone.
#[derive(Debug)]
pub struct RowFile {
    file: File,
    path: PathBuf,
    rows: u64,
    cut: u64,
}

impl RowFile {
    /// Opens the table `name` of a folder, or begins it with the line `header`. Rows come in groups of
    /// `group`, and `whole` says of a line, its number counted from 0, whether it is what belongs there.
    ///
    /// # Errors
    /// When another process has it open, or it cannot be read or written.
    pub fn open(
        folder: &RunFolder,
        name: &str,
        header: &str,
        group: u32,
        mut whole: impl FnMut(u64, &str) -> bool,
    ) -> Result<RowFile, StoreError> {
        let path = folder.path().join(name);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(failed("open", &path))?;
        // A file system without locks has nobody to tell; it is not refused for that.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(StoreError::Busy { path });
        }
        let kept = kept(&file, header, group, &mut whole).map_err(failed("read", &path))?;
        let length = file.metadata().map_err(failed("read", &path))?.len();
        let mut table = RowFile { file, path, rows: kept.rows, cut: length - kept.bytes };
        table.settle(kept.bytes, header).map_err(failed("write", &table.path))?;
        Ok(table)
    }

    fn settle(&mut self, bytes: u64, header: &str) -> io::Result<()> {
        self.file.set_len(bytes)?;
        self.file.seek(SeekFrom::Start(bytes))?;
        if bytes == 0 {
            self.file.write_all(format!("{header}\n").as_bytes())?;
        }
        Ok(())
    }

    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// What was cut off when it was opened [bytes].
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// Writes a group of rows, each of which ends with a line break. What is written outlives the
    /// process, however it ends.
    ///
    /// # Errors
    /// When they cannot be written; whoever opens the table next cuts off what was.
    pub fn push(&mut self, rows: &str) -> Result<(), StoreError> {
        self.file.write_all(rows.as_bytes()).map_err(failed("write", &self.path))?;
        self.rows += rows.lines().count() as u64;
        Ok(())
    }

    /// Forces what was written to the disk and reads it from the first row on.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self) -> Result<impl BufRead + use<>, StoreError> {
        self.file.sync_all().map_err(failed("write", &self.path))?;
        let mut reader =
            BufReader::new(File::open(&self.path).map_err(failed("read", &self.path))?);
        reader.skip_until(b'\n').map_err(failed("read", &self.path))?;
        Ok(reader)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What of a table can stay.
#[derive(Debug, Default, Clone, Copy)]
struct Kept {
    rows: u64,
    bytes: u64,
}

fn kept(
    file: &File,
    header: &str,
    group: u32,
    whole: &mut impl FnMut(u64, &str) -> bool,
) -> io::Result<Kept> {
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    let mut next = |line: &mut Vec<u8>| -> io::Result<usize> {
        line.clear();
        let read = reader.read_until(b'\n', line)?;
        // The last line of a killed process may have no end.
        Ok(if line.pop() == Some(b'\n') { read } else { 0 })
    };
    let (mut kept, mut seen) = (Kept::default(), Kept::default());
    seen.bytes = next(&mut line)? as u64;
    if seen.bytes == 0 || line != header.as_bytes() {
        return Ok(kept);
    }
    loop {
        if seen.rows.is_multiple_of(u64::from(group)) {
            kept = seen;
        }
        let read = next(&mut line)?;
        let right = std::str::from_utf8(&line).is_ok_and(|line| whole(seen.rows, line));
        if read == 0 || !right {
            return Ok(kept);
        }
        seen.rows += 1;
        seen.bytes += read as u64;
    }
}

impl RunFolder {
    /// The folder `out` where it holds the file `marker`, by which a run that can be gone on with is
    /// known; nothing where there is no such run. A run that was killed before it wrote that file leaves
    /// at most a temporary one, which is taken away.
    ///
    /// # Errors
    /// When the folder cannot be read or cleared.
    pub fn resume(out: &Path, marker: &str) -> Result<Option<RunFolder>, StoreError> {
        if out.join(marker).is_file() {
            return Ok(Some(RunFolder { path: out.to_owned() }));
        }
        if out.is_dir() && leftovers(out, true)?.is_some_and(|files| !files.is_empty()) {
            RunFolder { path: out.to_owned() }.clear()?;
        }
        Ok(None)
    }

    /// Takes away temporary files that a killed run left. Nobody else must be writing here.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn clear(&self) -> Result<(), StoreError> {
        for path in leftovers(&self.path, false)?.into_iter().flatten() {
            fs::remove_file(&path).map_err(failed("remove", &path))?;
        }
        Ok(())
    }

    /// Reads the file `name`; nothing where there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<String>, StoreError> {
        let path = self.path.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::Io { what: "read", path, source }),
        }
    }
}

/// The temporary files in a folder; nothing where `alone` and there are others too.
fn leftovers(folder: &Path, alone: bool) -> Result<Option<Vec<PathBuf>>, StoreError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed("read", folder))? {
        let entry = entry.map_err(failed("read", folder))?;
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            found.push(entry.path());
        } else if alone {
            return Ok(None);
        }
    }
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn folder() -> (tempfile::TempDir, RunFolder) {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::open(root.path()).unwrap();
        (root, folder)
    }

    fn whole(n: u64, line: &str) -> bool {
        groups(n, n + 1).trim_end() == line
    }

    fn open(folder: &RunFolder) -> Result<RowFile, StoreError> {
        RowFile::open(folder, "rows.csv", "n,a,b", 2, whole)
    }

    fn groups(from: u64, to: u64) -> String {
        (from..to).map(|n| format!("{n},é,{}\n", n * n)).collect()
    }

    proptest! {
        /// Whatever is left of a table, and whatever garbage stands behind it, going on gives the table
        /// that would have been without.
        #[test]
        fn a_table_goes_on_as_if_nothing_had_happened(left in 0usize..120, garbage in 0usize..4) {
            let (_root, folder) = folder();
            let mut table = open(&folder).unwrap();
            for n in 0..6 {
                table.push(&groups(2 * n, 2 * n + 2)).unwrap();
            }
            drop(table);
            let path = folder.path().join("rows.csv");
            let full = fs::read(&path).unwrap();
            let mut part = full[..left.min(full.len())].to_vec();
            part.extend([&b""[..], b"\0\0\n", b"7,x,y\n", b"\xff\n"][garbage]);
            fs::write(&path, &part).unwrap();
            let mut table = open(&folder).unwrap();
            prop_assert!(table.rows().is_multiple_of(2) && table.rows() <= 12);
            prop_assert!(table.cut() <= part.len() as u64);
            for n in table.rows() / 2..6 {
                table.push(&groups(2 * n, 2 * n + 2)).unwrap();
            }
            prop_assert_eq!(table.rows(), 12);
            prop_assert_eq!(table.read().unwrap().lines().count(), 12);
            prop_assert_eq!(fs::read(&path).unwrap(), full);
        }
    }

    #[test]
    fn whole_rows_stay() {
        let (_root, folder) = folder();
        let mut table = open(&folder).unwrap();
        table.push(&groups(0, 2)).unwrap();
        table.push(&groups(2, 3)).unwrap();
        drop(table);
        let table = open(&folder).unwrap();
        assert_eq!((table.rows(), table.cut()), (2, 7), "half a group goes");
    }

    #[test]
    fn one_process_at_a_time() {
        let (_root, folder) = folder();
        let table = open(&folder).unwrap();
        let busy = open(&folder).unwrap_err();
        assert!(matches!(busy, StoreError::Busy { .. }) && busy.is_misplaced(), "{busy}");
        drop(table);
        assert!(open(&folder).is_ok());
    }

    #[test]
    fn a_folder_with_nothing_but_leftovers_is_empty() {
        let (root, folder) = folder();
        let resume = || RunFolder::resume(root.path(), "sweep.json").unwrap();
        fs::write(root.path().join(".writing-abc"), "{").unwrap();
        assert_eq!(resume(), None);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
        fs::write(root.path().join(".writing-abc"), "{").unwrap();
        fs::write(root.path().join("mine"), "x").unwrap();
        assert_eq!(resume(), None);
        assert_eq!(
            fs::read_dir(root.path()).unwrap().count(),
            2,
            "nothing of somebody else's goes"
        );
        assert_eq!(folder.read("sweep.json").unwrap(), None);
        folder.write("sweep.json", "{}").unwrap();
        assert_eq!(resume(), Some(folder.clone()));
        folder.clear().unwrap();
        assert_eq!(folder.read("sweep.json").unwrap().as_deref(), Some("{}"));
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 2);
        assert_eq!(RunFolder::resume(&root.path().join("none"), "sweep.json").unwrap(), None);
    }
}
