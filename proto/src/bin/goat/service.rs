//! One service as a child process.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use crate::say;

const RESTART_AFTER: Duration = Duration::from_secs(1);
/// A service drains within 10 s of being asked to stop; then it is killed.
const KILL_AFTER: Duration = Duration::from_secs(11);
/// Wrong settings or damaged data: starting again would change nothing.
const HOPELESS: [(i32, &str); 2] = [(64, "it refused its settings"), (65, "its data are damaged")];
/// At the first start, an address or a data directory in use belongs to somebody else; later it is about
/// to be freed by the process that has just died.
const HOPELESS_AT_FIRST: [(i32, &str); 1] = [(69, "something it needs is not there")];

/// A service's program, which lies beside this one.
pub(crate) fn program(name: &str, config: Option<&Path>) -> Result<Command, String> {
    let here = std::env::current_exe().map_err(|error| format!("where this program lies: {error}"))?;
    let program = here.with_file_name(name);
    if !program.is_file() {
        return Err(format!("{} is not built: run `make build`", program.display()));
    }
    let mut command = Command::new(program);
    if let Some(config) = config {
        command.arg("--config").arg(config);
    }
    command.kill_on_drop(true);
    Ok(command)
}

/// How the care for a service ended.
#[derive(Debug)]
pub(crate) enum End {
    /// Asked to stop, and stopped.
    Stopped,
    /// It cannot run, and its last words say why.
    GivenUp(String),
}

/// A service that is kept running.
#[derive(Debug)]
pub(crate) struct Service {
    name: &'static str,
    config: Option<PathBuf>,
    log: Arc<Mutex<File>>,
    pid_file: PathBuf,
}

impl Service {
    /// Finds the program beside this one and opens its log.
    pub(crate) fn prepare(
        name: &'static str,
        data_dir: &Path,
        config: Option<&Path>,
    ) -> Result<Self, String> {
        program(name, config)?;
        let (logs, pids) = (data_dir.join("logs"), data_dir.join("run"));
        for directory in [&logs, &pids] {
            std::fs::create_dir_all(directory)
                .map_err(|error| format!("the directory {}: {error}", directory.display()))?;
        }
        let path = logs.join(format!("{name}.log"));
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|error| format!("the log {}: {error}", path.display()))?;
        let log = Arc::new(Mutex::new(log));
        Ok(Self { name, config: config.map(Path::to_owned), log, pid_file: pid_file(data_dir, name) })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Starts the service, and again a second after it has ended, until asked to stop.
    pub(crate) async fn keep_running(&self, stop: CancellationToken) -> End {
        let mut first = true;
        loop {
            let mut child = match self.start() {
                Ok(child) => child,
                Err(error) => return End::GivenUp(error),
            };
            let status = tokio::select! {
                status = child.wait() => status,
                () = stop.cancelled() => return self.stop(child).await,
            };
            let code = status.as_ref().ok().and_then(ExitStatus::code);
            let at_first = HOPELESS_AT_FIRST.iter().filter(|_| first);
            if let Some((_, reason)) = HOPELESS.iter().chain(at_first).find(|(known, _)| Some(*known) == code)
            {
                return End::GivenUp((*reason).to_owned());
            }
            first = false;
            let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
            self.tell(&format!("ended ({how}); starting it again in {} s", RESTART_AFTER.as_secs()));
            tokio::select! {
                () = tokio::time::sleep(RESTART_AFTER) => {}
                () = stop.cancelled() => return End::Stopped,
            }
        }
    }

    fn start(&self) -> Result<Child, String> {
        let mut command = program(self.name, self.config.as_deref())?;
        // Its own group: Ctrl-C reaches this program alone, which stops the services in order.
        command.process_group(0).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", self.name))?;
        if let Some(pid) = child.id() {
            std::fs::write(&self.pid_file, pid.to_string())
                .map_err(|error| format!("{}: {error}", self.pid_file.display()))?;
        }
        if let Some(lines) = child.stdout.take() {
            self.pass_on(lines);
        }
        if let Some(lines) = child.stderr.take() {
            self.pass_on(lines);
        }
        Ok(child)
    }

    async fn stop(&self, mut child: Child) -> End {
        if let Some(pid) = child.id() {
            signal(pid, Signal::TERM);
        }
        if tokio::time::timeout(KILL_AFTER, child.wait()).await.is_err() {
            self.tell("did not stop; killing it");
            // It may have ended this very moment, which is what is wanted.
            let _ = child.kill().await;
        }
        // A file that is already gone is as good as removed.
        let _ = std::fs::remove_file(&self.pid_file);
        End::Stopped
    }

    /// Shows every line of the service and keeps it in its log.
    fn pass_on(&self, source: impl AsyncRead + Unpin + Send + 'static) {
        let (name, log) = (self.name, Arc::clone(&self.log));
        tokio::spawn(async move {
            let mut lines = BufReader::new(source).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                keep(&log, &line);
                say(&format!("{name:>14} │ {line}"));
            }
        });
    }

    fn tell(&self, line: &str) {
        keep(&self.log, &format!("goat: {} {line}", self.name));
        say(&format!("goat: {} {line}", self.name));
    }
}

/// Ends a running service, which `goat run` then starts again.
pub(crate) fn restart(data_dir: &Path, name: &str) -> Result<(), String> {
    if !crate::NAMES.contains(&name) {
        return Err(format!("there is no service {name:?}; there are {}", crate::NAMES.join(", ")));
    }
    let path = pid_file(data_dir, name);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("{name} does not run under `goat run` ({}: {error})", path.display()))?;
    let pid = text.trim().parse().map_err(|_| format!("{} holds no process number", path.display()))?;
    let runs = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    if runs.trim() != name || !signal(pid, Signal::TERM) {
        return Err(format!("{name} does not run: process {pid} is not it"));
    }
    say(&format!("goat: {name} (process {pid}) was asked to end; it starts again in a second"));
    Ok(())
}

fn pid_file(data_dir: &Path, name: &str) -> PathBuf {
    data_dir.join("run").join(format!("{name}.pid"))
}

fn signal(pid: u32, signal: Signal) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| kill_process(pid, signal).is_ok())
}

fn keep(log: &Mutex<File>, line: &str) {
    let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
    // A full disk must not stop the services; the line is still shown.
    let _ = writeln!(log, "{line}");
}
