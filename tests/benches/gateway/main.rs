//! The gateway on one core, over loopback: the same call asked directly by gRPC, over REST, and over a gateway in Python
//! as its users would write one; then a thousand readers of one stream.
//!
//! `make bench` prints the figures; nothing is asserted but that every answer is a price. Real programs, a simulated
//! market. What answers has the first processor for itself, the rest shares the second. `GOAT_BENCH_PYTHON` names an
//! interpreter with `FastAPI`, uvicorn and grpcio. Processor time stands beside the rates, for machines that are not idle.

// A measurement that cannot be taken is worth nothing; what is measured is printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod load;
mod process;
mod python;
mod readers;

use std::net::SocketAddr;
use std::time::Duration;

use load::{Calls, Measured};
use process::{Core, Process};
use tests::cluster::{Cluster, World};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const WARM_UP: Duration = Duration::from_secs(1);
const SECONDS: Duration = Duration::from_secs(6);

fn main() {
    // Before there are threads, so that all of them are there.
    Process::own().pin(Core::Other);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(measure());
}

async fn measure() {
    let mut cluster = Cluster::prepare(World::simulated(1)).await;
    // Nobody is limited where everybody is one address.
    cluster.gateway.set("GOAT_GATEWAY__REQUESTS_PER_SECOND_MAX", 1_000_000);
    // It is not part of what is measured.
    cluster.expect("trading-engine");
    cluster.start_data_engine().await;
    cluster.start_gateway().await;
    let engine = Process(cluster.data_engine.id());
    let gateway = Process(cluster.gateway.id());

    println!(
        "one call, {} connections\n{:<34} {:>10} {:>14} {:>9} {:>9}",
        load::CONNECTIONS,
        "",
        "calls/s",
        "cpu µs a call",
        "p50 ms",
        "p99 ms"
    );
    engine.pin(Core::Measured);
    let direct = row("gRPC, asked directly", engine, &Calls::Direct(cluster.addresses.market)).await;
    engine.pin(Core::Other);
    gateway.pin(Core::Measured);
    let rest = row("REST, over the gateway", gateway, &Calls::Rest(cluster.addresses.gateway)).await;
    println!(
        "{:<34} {:>9.2}× {:>13.2}×",
        "  of the direct call",
        rest.rate / direct.rate,
        direct.cpu_micros / rest.cpu_micros
    );
    match python::Gateway::start(cluster.addresses.market).await {
        Some(theirs) => {
            theirs.process().pin(Core::Measured);
            let python =
                row("REST, over FastAPI and grpcio", theirs.process(), &Calls::Rest(theirs.address)).await;
            println!(
                "{:<34} {:>9.1}× {:>13.1}×",
                "  ours beside it",
                rest.rate / python.rate,
                python.cpu_micros / rest.cpu_micros
            );
        }
        None => println!("GOAT_BENCH_PYTHON is not set: no comparison"),
    }
    readers::measure(&cluster, gateway).await;
}

/// Measures and prints one row.
async fn row(name: &str, answering: Process, calls: &Calls) -> Measured {
    calls.make(WARM_UP).await;
    let before = answering.cpu_time();
    let latencies = calls.make(SECONDS).await;
    let cpu = answering.cpu_time().saturating_sub(before);
    let measured = Measured::of(latencies, SECONDS, cpu);
    let Measured { rate, cpu_micros, .. } = measured;
    let at = |hundredths| milliseconds(measured.at(hundredths));
    println!("{name:<34} {rate:>10.0} {cpu_micros:>14.1} {:>9} {:>9}", at(50), at(99));
    measured
}

fn milliseconds(latency: Duration) -> String {
    format!("{:.2}", latency.as_secs_f64() * 1000.0)
}

/// A port that was free a moment ago.
fn free_address() -> SocketAddr {
    tests::ports::free_address()
}
