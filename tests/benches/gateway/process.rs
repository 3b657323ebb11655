//! Which core a process runs on, and what it used.

use std::process::Command;
use std::time::Duration;

/// The kernel counts processor time in hundredths of a second.
const TICKS_PER_SECOND: u64 = 100;

/// Where a process runs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Core {
    /// Alone with itself.
    Measured,
    /// With everything else.
    Other,
}

/// A process by its number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    pub(crate) fn own() -> Self {
        Self(std::process::id())
    }

    /// Keeps all of its threads on one core from now on.
    pub(crate) fn pin(self, core: Core) {
        let core = match core {
            Core::Measured => "0",
            Core::Other => "1",
        };
        let pid = self.0.to_string();
        let said = Command::new("taskset").args(["--all-tasks", "--cpu-list", "--pid", core, &pid]).output();
        let said = said.expect("taskset, of util-linux");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    }

    /// Processor time of all threads, the kernel's for it included.
    pub(crate) fn cpu_time(self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).expect("it runs");
        // The second field, the program's name, may have blanks in it and ends with the last bracket.
        let (_, rest) = stat.rsplit_once(')').expect("a name in brackets");
        let words = rest.split_whitespace().skip(11).take(2);
        let ticks: u64 = words.map(|word| word.parse::<u64>().expect("a count")).sum();
        Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
    }
}
