//! `goat run`: three services, one command.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use tests::cluster::{Cluster, World};
use tests::service::{Said, Service, command, run_to_end};
use tests::until::{PATIENCE, until, until_true};

const NAMES: [&str; 3] = ["data-engine", "trading-engine", "gateway"];

/// The process number of a service under `goat run`.
fn process_of(cluster: &Cluster, name: &str) -> Option<u32> {
    process_in(&cluster.directory.path().join("data"), name)
}

fn process_in(data_dir: &Path, name: &str) -> Option<u32> {
    let path = data_dir.join("run").join(format!("{name}.pid"));
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Ends what `goat run` has started, in case the test does not come to that itself.
pub(crate) struct Supervised {
    data_dir: PathBuf,
}

impl Supervised {
    /// By the process numbers that lie in its data directory.
    pub(crate) fn in_data_dir(data_dir: &Path) -> Self {
        Self { data_dir: data_dir.to_owned() }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        for name in NAMES {
            let Some(process) = process_in(&self.data_dir, name) else { continue };
            let runs = std::fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
            if runs.trim() == name {
                kill(process);
            }
        }
    }
}

fn is_alive(process: u32) -> bool {
    Path::new(&format!("/proc/{process}")).is_dir()
}

fn kill(process: u32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::KILL).unwrap();
}

/// Waits until a service has another process than `before`, and all answer.
async fn started_again(cluster: &Cluster, name: &str, before: u32) -> u32 {
    let process = until(&format!("{name} is started again"), PATIENCE, async || {
        process_of(cluster, name).filter(|&process| process != before)
    })
    .await;
    let rest = cluster.rest();
    let healthy = async || rest.try_get("/health").await.is_ok_and(|answer| answer.status == 200);
    until_true("all services answer", PATIENCE, healthy).await;
    process
}

fn ask_to_restart(cluster: &Cluster, service: &str) -> Said {
    let mut goat = command("goat", cluster.directory.path(), &cluster.environment);
    goat.args(["restart", service]);
    run_to_end(goat)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_command_runs_all_three_starts_them_again_and_stops_them() {
    let cluster = Cluster::prepare(World::simulated(1)).await;
    let mut goat = Service::new("goat", cluster.directory.path(), cluster.environment.clone());
    goat.set_arguments(&["run"]);
    let _supervised = Supervised::in_data_dir(&cluster.directory.path().join("data"));
    goat.start();
    let dashboard = format!("http://{}", cluster.addresses.gateway);
    until_true("the dashboard's address is printed", PATIENCE, async || goat.logs.contain(&dashboard)).await;
    let rest = cluster.rest();
    until_true("all services answer", PATIENCE, async || rest.get("/health").await.status == 200).await;

    let killed = process_of(&cluster, "trading-engine").unwrap();
    kill(killed);
    let second = started_again(&cluster, "trading-engine", killed).await;
    assert!(goat.logs.contain("goat: trading-engine ended"), "{}", goat.logs.text());
    assert!(goat.logs.contain("starting it again in 1 s"), "{}", goat.logs.text());
    let data_engine = process_of(&cluster, "data-engine").unwrap();

    let asked = ask_to_restart(&cluster, "trading-engine");
    assert_eq!(asked.code, Some(0), "{asked:?}");
    started_again(&cluster, "trading-engine", second).await;
    assert_eq!(process_of(&cluster, "data-engine"), Some(data_engine), "the data-engine went on");
    let unknown = ask_to_restart(&cluster, "the-goat");
    assert_eq!(unknown.code, Some(1), "{unknown:?}");
    assert!(unknown.output.contains("the-goat"), "{unknown:?}");

    let processes = NAMES.map(|name| process_of(&cluster, name).unwrap());
    goat.signal(Signal::INT);
    let status = goat.wait(Duration::from_secs(30));
    assert!(status.success(), "{status}: {}", goat.logs.tail(20));
    assert!(!processes.into_iter().any(is_alive), "a process is left");
    for name in NAMES {
        let log = cluster.directory.path().join("data/logs").join(format!("{name}.log"));
        assert!(std::fs::metadata(&log).unwrap().len() > 0, "{} is empty", log.display());
    }
}
