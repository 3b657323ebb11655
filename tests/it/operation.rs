//! What is shipped to run it elsewhere names what exists: programs, options, settings, metrics.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tests::cluster::{Cluster, World};
use tests::rest::Rest;
use tests::service::{Variable, command, program, run_to_end};
use tests::until::{PATIENCE, until};

const UNITS: [&str; 3] = ["goat-data-engine.service", "goat-trading-engine.service", "goat-gateway.service"];
const SERVICES: [&str; 3] = ["data-engine", "trading-engine", "gateway"];
/// Where the programs lie, in units, containers and the words about them.
const INSTALLED: &str = "/usr/local/bin/";
/// How long a service may take to end, in seconds.
const DRAIN_SECONDS: u32 = 10;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.deploy")
}

fn shipped(path: &str) -> String {
    let path = folder().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The values of a key, one a line.
fn values<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.trim().strip_prefix(key)).map(str::trim).collect()
}

/// A command line is one that its program takes: with `--help` after it all of it is read, and nothing is done.
fn assert_is_taken(words: &[&str]) {
    let (name, arguments) = words.split_first().unwrap();
    let name = name.strip_prefix(INSTALLED).unwrap_or(name);
    assert!(SERVICES.contains(&name) || name == "goat", "{name} is no program of ours");
    let directory = tempfile::tempdir().unwrap();
    let mut command = command(name, directory.path(), &[]);
    command.args(arguments).arg("--help");

    let said = run_to_end(command);

    assert_eq!(said.code, Some(0), "{words:?}: {}", said.errors);
}

/// Settings are taken by every service that they are given to.
fn assert_are_settings(settings: &[Variable]) {
    let directory = tempfile::tempdir().unwrap();
    for name in SERVICES {
        let mut command = command(name, directory.path(), settings);
        command.arg("--dump-config");
        let said = run_to_end(command);
        assert_eq!(said.code, Some(0), "{settings:?}: {}", said.errors);
    }
}

#[test]
fn units_start_what_there_is_and_leave_it_the_time_to_end() {
    for unit in UNITS {
        let text = shipped(&format!("systemd/{unit}"));
        let starts = [values(&text, "ExecStart="), values(&text, "ExecStartPost=")].concat();
        assert_eq!(starts.len(), 2, "{unit}");
        for line in starts {
            assert_is_taken(&line.split_whitespace().collect::<Vec<_>>());
        }
        let settings = values(&text, "Environment=").into_iter().filter_map(|pair| pair.split_once('='));
        assert_are_settings(
            &settings.map(|(key, value)| (key.to_owned(), value.to_owned())).collect::<Vec<_>>(),
        );
        let stop: u32 = values(&text, "TimeoutStopSec=")[0].parse().unwrap();
        assert!(stop > DRAIN_SECONDS, "{unit} is killed while it drains");
        for (key, value) in
            [("User=", "goat"), ("RestartPreventExitStatus=", "64 65"), ("ProtectSystem=", "strict")]
        {
            assert_eq!(values(&text, key), [value], "{unit}: {key}");
        }
    }
}

#[test]
fn units_are_what_systemd_understands() {
    let directory = tempfile::tempdir().unwrap();
    let mut analyze = Command::new("systemd-analyze");
    analyze.args(["verify", "--man=no"]);
    for unit in UNITS.into_iter().chain(["goat.target"]) {
        let beside = program("goat").with_file_name("").display().to_string();
        let path = directory.path().join(unit);
        std::fs::write(&path, shipped(&format!("systemd/{unit}")).replace(INSTALLED, &beside)).unwrap();
        analyze.arg(path);
    }
    let ended = match analyze.output() {
        Ok(ended) => ended,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("SKIPPED: there is no systemd-analyze");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && !said.contains("goat"), "{said}");
}

#[test]
fn the_procfile_names_the_three_services() {
    let text = shipped("Procfile");
    let lines: Vec<_> = text.lines().filter_map(|line| line.split_once(": ")).collect();
    assert_eq!(lines.iter().map(|(name, _)| *name).collect::<Vec<_>>(), SERVICES);
    for (name, line) in lines {
        let words: Vec<_> = line.strip_prefix("exec ").unwrap().split_whitespace().collect();
        assert_eq!(words[0], name);
        assert_is_taken(&words);
    }
}

/// `${NAME:-default}` and `${NAME:?what is missing}` as compose fills them in.
fn filled_in(text: &str, given: &BTreeMap<&str, String>) -> String {
    let Some((before, rest)) = text.split_once("${") else { return text.to_owned() };
    let (inner, after) = rest.split_once('}').unwrap();
    let (name, default) = inner.split_once(":-").unwrap_or((inner.split(":?").next().unwrap(), ""));
    let value = given.get(name).map_or(default, String::as_str);
    format!("{before}{value}{}", filled_in(after, given))
}

#[test]
fn containers_run_what_there_is_with_settings_that_there_are_and_publish_on_loopback_alone() {
    let text = shipped("compose.yaml");
    let listed = |key: &str| {
        let lines = values(&text, key).into_iter();
        let words = lines.map(|list| list.trim_matches(['[', ']']).split(", ").collect::<Vec<_>>());
        words.filter(|words| words.iter().any(|word| word.starts_with(INSTALLED))).collect::<Vec<_>>()
    };
    let commands = listed("command: ");
    assert_eq!(commands.iter().map(|words| &words[0][INSTALLED.len()..]).collect::<Vec<_>>(), SERVICES);
    for words in &commands {
        assert_is_taken(words);
    }
    let asked = listed("test: ");
    assert_eq!(asked.iter().map(|words| words[words.len() - 1]).collect::<Vec<_>>(), SERVICES);
    for words in &asked {
        assert_is_taken(&words[1..]);
    }

    let example = shipped("environment.example");
    let given = example.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    let given = given.map(|(name, value)| match value {
        "" => (name, format!("{name}-of-the-test")),
        value => (name, value.to_owned()),
    });
    let given: BTreeMap<&str, String> = given.collect();
    let names = text.split("${").skip(1).map(|rest| rest.split([':', '}']).next().unwrap());
    for name in names.collect::<BTreeSet<_>>() {
        assert!(given.contains_key(name), "environment.example does not have {name}");
    }
    let settings = text.lines().map(str::trim).filter(|line| line.starts_with("GOAT_"));
    let settings = settings.map(|line| line.split_once(": ").unwrap());
    let settings: Vec<_> = settings.map(|(key, value)| (key.to_owned(), filled_in(value, &given))).collect();
    assert!(settings.len() >= 7, "{settings:?}");
    assert_are_settings(&settings);

    let ports: Vec<_> = values(&text, "- ").into_iter().filter(|port| port.ends_with(":5432")).collect();
    assert_eq!(ports.len(), 1);
    assert!(ports[0].starts_with("127.0.0.1:"), "{ports:?}");
    assert_eq!(text.matches("ports:").count(), 1, "only PostgreSQL is published, on loopback");
}

#[test]
fn the_image_is_built_of_the_programs_that_there_are() {
    let text = shipped("Dockerfile");
    for name in SERVICES.into_iter().chain(["goat"]) {
        assert!(
            text.contains(&format!("-p {name} ")) && text.contains(&format!("target/release/{name}")),
            "{name}"
        );
    }
    let makefile = std::fs::read_to_string(folder().join("../Makefile")).unwrap();
    let version = values(&makefile, "DUCKDB_VERSION := ")[0];
    assert!(text.contains(&format!("ARG DUCKDB_VERSION={version}\n")), "another libduckdb than {version}");
    let settings = text.lines().filter_map(|line| line.strip_prefix("ENV ")).flat_map(str::split_whitespace);
    let settings =
        settings.filter_map(|pair| pair.split_once('=')).filter(|(key, _)| key.starts_with("GOAT_"));
    assert_are_settings(&settings.map(|(key, value)| (key.to_owned(), value.to_owned())).collect::<Vec<_>>());
}

#[test]
fn commands_that_are_recommended_are_taken() {
    let text = shipped("README.md");
    let shell =
        text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap().replace("\\\n", " "));
    let lines: Vec<String> =
        shell.flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let mut seen = BTreeSet::new();
    for line in &lines {
        let words: Vec<_> = line.split(" # ").next().unwrap().split_whitespace().collect();
        // What stands before an installed program is whose it is run as: sudo, systemd-run, docker.
        let installed =
            words.iter().position(|word| word.starts_with(INSTALLED) && word.len() > INSTALLED.len());
        let named = words.first().filter(|word| SERVICES.contains(word) || **word == "goat").map(|_| 0);
        let Some(at) = installed.filter(|_| words[0] != "install").or(named) else { continue };
        assert_is_taken(&words[at..]);
        seen.insert(words[at..].join(" "));
    }
    for command in ["backup", "restore", "health", "--check"] {
        assert!(seen.iter().any(|line| line.contains(command)), "{command} is not shown: {seen:?}");
    }
}

/// The names of our metrics in a query.
fn metrics_of(query: &str) -> BTreeSet<&str> {
    let words = query.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    words.filter(|word| word.starts_with("goat_")).collect()
}

/// The labels that a legend shows.
fn labels_of(legend: &str) -> Vec<&str> {
    legend.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(label, _)| label).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dashboard_shows_what_is_measured() {
    let cluster = Cluster::start(World::simulated(10)).await;
    cluster.rest().json("/tables").await;
    let dashboard: Value = serde_json::from_str(&shipped("grafana.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets: Vec<&Value> =
        panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten().collect();
    assert!(targets.len() > 40, "{} queries", targets.len());
    for target in targets {
        let (query, legend) = (target["expr"].as_str().unwrap(), target["legendFormat"].as_str().unwrap());
        let metrics = metrics_of(query);
        assert!(!metrics.is_empty(), "{query} asks for nothing of ours");
        for metric in metrics {
            let is_shown = |line: &&str| {
                let has = |label: &&str| line.contains(&format!("{label}=\""));
                line.split(['{', ' ']).next() == Some(metric) && labels_of(legend).iter().all(has)
            };
            until(&format!("{metric} with the labels of {legend:?}"), PATIENCE, async || {
                for address in cluster.addresses.metrics {
                    let text = Rest::new(address).try_get("/metrics").await.ok()?.text;
                    if text.lines().any(|line| is_shown(&line)) {
                        return Some(());
                    }
                }
                None
            })
            .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_is_told_by_the_exit_code() {
    let mut cluster = Cluster::prepare(World::simulated(1)).await;
    let ask = |service: &str, wait: &str| {
        let mut goat = command("goat", cluster.directory.path(), &cluster.environment);
        goat.args(["health", service, "--wait", wait]);
        run_to_end(goat)
    };
    let before = ask("data-engine", "0");
    assert_eq!(before.code, Some(1), "{before:?}");
    let unknown = ask("the-goat", "0");
    assert!(unknown.code == Some(1) && unknown.output.contains("there is no service"), "{unknown:?}");

    cluster.data_engine.start();
    cluster.trading_engine.start();
    cluster.gateway.start();
    let ask = |service: &str| {
        let mut goat = command("goat", cluster.directory.path(), &cluster.environment);
        goat.args(["health", service, "--wait", "15"]);
        run_to_end(goat)
    };
    for service in SERVICES {
        let said = ask(service);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
}
