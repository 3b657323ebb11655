//! One service as a child process.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::logs::Logs;
use crate::until::PATIENCE;

/// The name and value of an environment variable.
pub type Variable = (String, String);

/// A program that lies beside the tests.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the test knows where it lies");
    let directory = test.parent().and_then(Path::parent).expect("tests lie in target/<profile>/deps");
    let path = directory.join(name);
    assert!(path.is_file(), "{} is not built: run `make test`", path.display());
    path
}

/// A command for the program `name` with these settings and none of the tests' own.
#[must_use]
pub fn command(name: &str, directory: &Path, environment: &[Variable]) -> Command {
    let mut command = Command::new(program(name));
    for (variable, _) in std::env::vars().filter(|(variable, _)| variable.starts_with("GOAT_")) {
        command.env_remove(variable);
    }
    // Nobody's goat.toml lies in a directory that was made for this.
    command.current_dir(directory).envs(environment.iter().cloned()).stdin(Stdio::null());
    command
}

/// What a command that ends by itself said and how it ended.
#[derive(Debug)]
pub struct Said {
    /// Its exit code; none after a signal.
    pub code: Option<i32>,
    /// Its standard output.
    pub output: String,
    /// Its standard error.
    pub errors: String,
}

/// Runs a command to its end, which comes within [`PATIENCE`].
#[must_use]
pub fn run_to_end(mut command: Command) -> Said {
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let (output, errors) = (Logs::default(), Logs::default());
    let readers = [
        output.follow(child.stdout.take().expect("piped")),
        errors.follow(child.stderr.take().expect("piped")),
    ];
    let status = wait(&mut child, PATIENCE).unwrap_or_else(|| {
        // It may end this very moment.
        let _ = child.kill();
        panic!("it did not end by itself; it said:\n{}\n{}", output.text(), errors.text());
    });
    for reader in readers {
        reader.join().expect("the reader of its output");
    }
    Said { code: status.code(), output: output.text(), errors: errors.text() }
}

/// A service with its settings, running or not.
#[derive(Debug)]
pub struct Service {
    name: &'static str,
    directory: PathBuf,
    environment: Vec<Variable>,
    arguments: Vec<String>,
    child: Option<Child>,
    readers: Vec<JoinHandle<()>>,
    /// What it said.
    pub logs: Logs,
}

impl Service {
    /// A service that is not running yet.
    #[must_use]
    pub fn new(name: &'static str, directory: &Path, environment: Vec<Variable>) -> Self {
        Self {
            name,
            directory: directory.to_owned(),
            environment,
            arguments: Vec::new(),
            child: None,
            readers: Vec::new(),
            logs: Logs::default(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The number of its process, which runs.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Gives it arguments for its next start.
    pub fn set_arguments(&mut self, arguments: &[&str]) {
        self.arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
    }

    /// Changes a setting for its next start.
    #[allow(clippy::needless_pass_by_value)] // A number or an address, as the caller has it.
    pub fn set(&mut self, variable: &str, value: impl ToString) {
        self.environment.retain(|(known, _)| known != variable);
        self.environment.push((variable.to_owned(), value.to_string()));
    }

    /// A command of its program with its settings.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(self.name, &self.directory, &self.environment);
        command.args(arguments);
        command
    }

    /// Starts it; whether it is of use is for its clients to find out.
    pub fn start(&mut self) {
        assert!(self.child.is_none(), "{} runs already", self.name);
        let mut command = command(self.name, &self.directory, &self.environment);
        let mut child = command
            .args(&self.arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        self.readers = vec![
            self.logs.follow(child.stdout.take().expect("piped")),
            self.logs.follow(child.stderr.take().expect("piped")),
        ];
        self.child = Some(child);
    }

    /// Whether it is running.
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// SIGKILL, at once. Returns when it is gone.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a child can be killed");
            child.wait().expect("a child can be waited for");
        }
        self.read_to_end();
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let id = self.id();
        let pid = i32::try_from(id).ok().and_then(Pid::from_raw).expect("a process number");
        kill_process(pid, signal).expect("a child can be signalled");
    }

    /// SIGTERM; then how it ended, and after how long.
    pub fn terminate(&mut self, patience: Duration) -> (ExitStatus, Duration) {
        let began = Instant::now();
        self.signal(Signal::TERM);
        let status = self.wait(patience);
        (status, began.elapsed())
    }

    /// How it ended by itself.
    pub fn wait(&mut self, patience: Duration) -> ExitStatus {
        let mut child = self.child.take().expect("it runs");
        let Some(status) = wait(&mut child, patience) else {
            self.child = Some(child);
            panic!("{} did not end within {} s", self.name, patience.as_secs());
        };
        self.read_to_end();
        status
    }

    /// What each of its threads is doing, for whoever asks why it does not go on; empty when it does not run.
    #[must_use]
    pub fn threads(&self) -> String {
        let Some(child) = &self.child else { return String::new() };
        let threads = std::fs::read_dir(format!("/proc/{}/task", child.id())).into_iter().flatten().flatten();
        let line = |thread: std::fs::DirEntry| {
            let read = |name| std::fs::read_to_string(thread.path().join(name)).unwrap_or_default();
            let (name, waits, stat) = (read("comm"), read("wchan"), read("stat"));
            let (_, numbers) = stat.rsplit_once(')').unwrap_or_default();
            let numbers: Vec<&str> = numbers.split_whitespace().collect();
            let number = |place: usize| numbers.get(place).copied().unwrap_or("?");
            format!("{:<16} {} {waits} user {} system {}", name.trim(), number(0), number(11), number(12))
        };
        threads.map(line).collect::<Vec<_>>().join("\n")
    }

    /// The memory that it occupies.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        let id = self.id();
        let status =
            std::fs::read_to_string(format!("/proc/{id}/status")).expect("a running process has a status");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
        let kilobytes: u64 = line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("kB");
        kilobytes * 1024
    }

    fn read_to_end(&mut self) {
        for reader in self.readers.drain(..) {
            reader.join().expect("the reader of its output");
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn wait(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let began = Instant::now();
    while began.elapsed() < patience {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    None
}
