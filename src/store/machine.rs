//! What a run ran on, and what it took.

use serde::{Deserialize, Serialize};

/// The commit this was built from; nothing when it was not built in its repository.
pub const COMMIT: Option<&str> = option_env!("BROCANTE_COMMIT");

/// What made this program: compiler, target and profile, on which its instructions depend.
pub const BUILD: &str = env!("BROCANTE_BUILD");

/// The machine of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The model's name, where the system tells it.
    pub cpu: Option<String>,
    /// Cores that this process may use.
    pub cores: usize,
}

impl Machine {
    /// This machine.
    pub fn here() -> Machine {
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Machine { cpu: field(&info, "model name").map(str::to_string), cores }
    }
}

/// The most memory that this process ever held [bytes]; nothing where the system does not tell.
pub fn peak_rss_bytes() -> Option<u64> {
    peak(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn peak(status: &str) -> Option<u64> {
    let kibibytes = field(status, "VmHWM")?.strip_suffix("kB")?.trim();
    kibibytes.parse::<u64>().ok().map(|n| n * 1_024)
}

/// The value of the first line `key : value`.
fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs
        .map(|(name, value)| (name.trim(), value.trim()))
        .find(|(name, _)| *name == key)
        .map(|p| p.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_system_writes() {
        let info = "processor\t: 0\nmodel name\t: Some CPU @ 2.20GHz\nmodel name\t: Other\n";
        assert_eq!(field(info, "model name"), Some("Some CPU @ 2.20GHz"));
        assert_eq!(field("flags\t: a b\n", "model name"), None);
        assert_eq!(peak("Name:\tx\nVmHWM:\t    2048 kB\n"), Some(2_097_152));
        assert_eq!(peak("Name:\tx\n"), None);
        assert_eq!(peak("VmHWM:\tmany kB\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_memory() {
        assert!(peak_rss_bytes().is_some_and(|bytes| bytes > 100_000));
        assert!(Machine::here().cores >= 1);
    }
}
