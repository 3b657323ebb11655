//! The services, asked by a program that knows nothing of them but their addresses: `buf curl`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use goat::prost::Message;
use goat::wire::trading::ListPositionsRequest;
use serde_json::Value;
use tests::cluster::{Cluster, World};
use tests::until::{PATIENCE, until};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::access::{Secured, VIEWER};
use super::guide::document::documents;

/// In the documents, for the id of any position.
const POSITION: &str = "4711.follow-everyone";
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// The program, when it is at hand; says SKIPPED otherwise.
fn buf() -> Option<PathBuf> {
    let named = std::env::var_os("BUF").map(PathBuf::from).filter(|path| path.is_file());
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = named.or_else(|| {
        std::env::split_paths(&paths).map(|folder| folder.join("buf")).find(|path| path.is_file())
    });
    if found.is_none() {
        println!("SKIPPED: buf is neither named by BUF nor found on PATH");
    }
    found
}

fn curl(buf: &Path, directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(buf);
    command.args(["curl", "--protocol", "grpc"]).args(arguments);
    if arguments.iter().any(|argument| argument.starts_with("http://")) {
        command.arg("--http2-prior-knowledge");
    }
    command.current_dir(directory).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// What it prints when it ends by itself.
async fn printed(mut command: Command) -> String {
    let ended =
        tokio::time::timeout(ANSWER_WITHIN, command.output()).await.expect("it ends").expect("buf starts");
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{command:?}: {errors}");
    String::from_utf8_lossy(&ended.stdout).into_owned()
}

/// The first messages of a stream that does not end by itself.
async fn first_messages(mut command: Command, count: usize) -> Vec<Value> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("buf starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let (mut messages, mut text) = (Vec::new(), String::new());
    while messages.len() < count {
        let line = tokio::time::timeout(ANSWER_WITHIN, lines.next_line()).await;
        let line = line.unwrap_or_else(|_| panic!("no message came of {command:?}")).expect("text");
        text.push_str(&line.unwrap_or_else(|| panic!("{command:?} ended: {text}")));
        if let Ok(message) = serde_json::from_str(&text) {
            messages.push(message);
            text.clear();
        }
    }
    child.kill().await.expect("a child can be killed");
    messages
}

/// Where the services are asked.
struct Addressed {
    market: String,
    trading: String,
    publisher: String,
}

impl Addressed {
    fn of(cluster: &Cluster, scheme: &str) -> Self {
        let addresses = &cluster.addresses;
        Self {
            market: format!("{scheme}://{}", addresses.market),
            trading: format!("{scheme}://{}", addresses.trading),
            publisher: format!("{scheme}://{}", addresses.publisher),
        }
    }
}

/// Two hours of history and a fast present: even what is rare happens within seconds.
async fn running() -> (Cluster, Addressed) {
    let world = World::simulated(60).with("GOAT_FEEDS__SIMULATED__HISTORY_HOURS", 2);
    let cluster = Cluster::start(world).await;
    let mut market = cluster.market();
    until("there is a price", PATIENCE, async || {
        let request = goat::wire::market::GetPriceRequest { token: "SOL".to_owned() };
        market.get_price(request).await.ok()
    })
    .await;
    let addressed = Addressed::of(&cluster, "http");
    (cluster, addressed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_and_methods_are_listed_and_answer() {
    let Some(buf) = buf() else { return };
    let (cluster, Addressed { market, trading, publisher }) = running().await;
    let directory = cluster.directory.path();
    let ask = async |arguments: &[&str]| printed(curl(&buf, directory, arguments)).await;

    let services = ask(&["--list-services", &market]).await;
    assert!(services.lines().any(|line| line == "goat.market.v1.MarketDataService"), "{services}");
    assert!(services.lines().any(|line| line == "grpc.health.v1.Health"), "{services}");
    let services = ask(&["--list-services", &publisher]).await;
    assert!(services.lines().any(|line| line == "goat.publisher.v1.PublisherService"), "{services}");
    let methods = ask(&["--list-methods", &trading]).await;
    for method in ["GetStatus", "ListCycles", "ListPriceAnalysis", "StreamTrading"] {
        assert!(methods.contains(&format!("goat.trading.v1.TradingService/{method}")), "{methods}");
    }

    let price =
        ask(&["-d", r#"{"token":"SOL"}"#, &format!("{market}/goat.market.v1.MarketDataService/GetPrice")])
            .await;
    let price: Value = serde_json::from_str(&price).unwrap();
    assert_eq!((&price["token"], price["price"].as_f64().is_some()), (&Value::from("SOL"), true), "{price}");
    for (address, service) in
        [(&market, "data-engine"), (&trading, "trading-engine"), (&publisher, "gateway")]
    {
        for name in ["", service] {
            let request = format!(r#"{{"service":"{name}"}}"#);
            let health = ask(&["-d", &request, &format!("{address}/grpc.health.v1.Health/Check")]).await;
            assert!(health.contains("SERVING") && !health.contains("NOT_SERVING"), "{service}: {health}");
        }
    }

    let url = format!("{market}/goat.market.v1.MarketDataService/StreamPrices");
    let prices =
        first_messages(curl(&buf, directory, &["-d", r#"{"symbols":["SOL"],"afterSeq":0}"#, &url]), 5).await;
    assert!(prices.iter().all(|price| price["token"] == "SOL"), "{prices:?}");
}

/// The id of a position that is open, once there is one.
async fn open_position(cluster: &Cluster) -> String {
    until("a position is open", PATIENCE, async || {
        let request = ListPositionsRequest { status: "open".to_owned(), ..ListPositionsRequest::default() };
        let answer = cluster.trading().list_positions(request).await.ok()?.into_inner();
        answer.positions.into_iter().next().map(|position| position.id)
    })
    .await
}

/// Every `grpcurl` line of the documents without TLS, as `buf curl` would be given it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_that_asks_a_service_is_answered() {
    let Some(buf) = buf() else { return };
    let lines = commands("grpcurl -plaintext ");
    let (cluster, addressed) = running().await;

    for line in lines {
        let line = if line.contains(POSITION) {
            line.replace(POSITION, &open_position(&cluster).await)
        } else {
            line
        };
        let arguments = translate(&line, &addressed, None);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let command = curl(&buf, cluster.directory.path(), &arguments);
        if arguments.iter().any(|argument| argument.contains("/Stream") || argument.contains("/Subscribe")) {
            first_messages(command, 1).await;
        } else {
            assert!(!printed(command).await.is_empty(), "{line} printed nothing");
        }
    }
}

/// Those with a certificate and a token, before services that ask for both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_that_asks_over_tls_with_a_token_is_answered() {
    let Some(buf) = buf() else { return };
    let lines = commands("grpcurl -cacert ");
    let secured = Secured::start(World::simulated(20)).await;
    let addressed = Addressed::of(&secured.cluster, "https");
    let shown = Shown { authority: &secured.authority.authority_path, secret: VIEWER };

    for line in lines {
        let arguments = translate(&line, &addressed, Some(&shown));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let command = curl(&buf, secured.cluster.directory.path(), &arguments);
        assert!(!printed(command).await.is_empty(), "{line} printed nothing");
    }
}

/// What stands for the file and the token of a line.
struct Shown<'a> {
    authority: &'a Path,
    secret: &'a str,
}

/// The lines of the documents' shell blocks that begin so.
fn commands(beginning: &str) -> Vec<String> {
    let documents = documents();
    let blocks =
        documents.iter().flat_map(|document| &document.blocks).filter(|block| block.language == "sh");
    let lines = blocks.flat_map(|block| block.text.lines());
    let commands: Vec<_> = lines.filter(|line| line.starts_with(beginning)).map(str::to_owned).collect();
    assert!(!commands.is_empty(), "no document shows a line with {beginning}");
    commands
}

/// Nobody has to look for a call: each is a line to paste.
#[test]
fn every_call_of_every_service_has_a_line() {
    let blocks = documents().into_iter().flat_map(|document| document.blocks);
    let lines: String = blocks.map(|block| block.text).collect();
    let schema = goat::prost_types::FileDescriptorSet::decode(goat::wire::DESCRIPTORS).unwrap();
    for file in schema.file {
        for service in &file.service {
            for call in &service.method {
                let called = format!("{}.{}/{}", file.package(), service.name(), call.name());
                assert!(
                    lines.lines().any(|line| line.starts_with("grpcurl ") && line.ends_with(&called)),
                    "no document has a line for {called}"
                );
            }
        }
    }
}

fn translate(line: &str, addressed: &Addressed, shown: Option<&Shown<'_>>) -> Vec<String> {
    let words = words(line);
    let mut given = Vec::new();
    let mut words = words.into_iter().skip(1).take_while(|word| word != "|");
    let mut target = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-plaintext" => {}
            "-cacert" | "-H" => {
                let value = words.next().expect("it has a value");
                let shown = shown.expect("only what asks over TLS shows a token");
                if word == "-cacert" {
                    given.extend(["--cacert".to_owned(), shown.authority.display().to_string()]);
                    continue;
                }
                // What grpcurl sends with both, buf sends with the call or with reflection.
                for header in ["--header", "--reflect-header"] {
                    given.extend([header.to_owned(), value.replace('…', shown.secret)]);
                }
            }
            "-d" => given.extend(["-d".to_owned(), words.next().expect("-d has a value")]),
            flag if flag.starts_with('-') => panic!("the test does not know {flag} in: {line}"),
            _ => target.push(word),
        }
    }
    let address = match target[0].rsplit(':').next() {
        Some("5050") => &addressed.market,
        Some("5052") => &addressed.trading,
        Some("5054") => &addressed.publisher,
        _ => panic!("the test does not know the address in: {line}"),
    };
    match target.get(1).map(String::as_str) {
        None | Some("list") if target.len() <= 2 => {
            given.extend(["--list-services".to_owned(), address.clone()]);
        }
        Some("list" | "describe") => given.extend(["--list-methods".to_owned(), address.clone()]),
        Some(method) => {
            let method = method
                .rsplit_once('.')
                .filter(|_| !method.contains('/'))
                .map_or_else(|| method.to_owned(), |(service, name)| format!("{service}/{name}"));
            given.push(format!("{address}/{method}"));
        }
        None => {}
    }
    given
}

/// A line as the shell takes it apart: blanks separate, quotes hold together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut begun) = (Vec::new(), String::new(), None, false);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => word.push(character),
            (None, '\'' | '"') => (quote, begun) = (Some(character), true),
            (None, ' ' | '\t') => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            (None, _) => {
                begun = true;
                word.push(character);
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}
