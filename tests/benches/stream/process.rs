//! What this process has used.

use std::time::Duration;

/// The kernel counts processor time in hundredths of a second.
const TICKS_PER_SECOND: u64 = 100;

/// Processor time of all threads.
pub(crate) fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    // The second field, the program's name, may have blanks in it and ends with the last bracket.
    let (_, rest) = stat.rsplit_once(')').expect("a name in brackets");
    let ticks: u64 =
        rest.split_whitespace().skip(11).take(2).map(|word| word.parse::<u64>().expect("a count")).sum();
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

/// Memory in use.
pub(crate) fn resident_bytes() -> u64 {
    status("VmRSS:")
}

/// The most memory that was ever in use.
pub(crate) fn peak_bytes() -> u64 {
    status("VmHWM:")
}

/// As text for a person.
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes / (1024 * 1024))
}

fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with(name)).expect("known to the kernel");
    let kibibytes: u64 = line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("kB");
    kibibytes * 1024
}
