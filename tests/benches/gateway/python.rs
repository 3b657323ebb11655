//! The gateway in Python, as a child.

use std::net::SocketAddr;
use std::process::{Child, Command};
use std::time::Duration;

use tests::rest::Rest;
use tests::until::until;

use crate::process::Process;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/gateway/gateway.py");
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../proto");
const PATIENCE: Duration = Duration::from_mins(2);

pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Gateway {
    /// In front of this engine; none without an interpreter.
    pub(crate) async fn start(engine: SocketAddr) -> Option<Self> {
        let python = std::env::var("GOAT_BENCH_PYTHON").ok()?;
        let address = crate::free_address();
        let arguments = [PROGRAM, SCHEMA, &engine.to_string(), &address.port().to_string()];
        let child = Command::new(python).args(arguments).spawn().expect("Python");
        let started = Self { address, child };
        let rest = Rest::new(address);
        let ready = async || rest.try_get("/price/SOL").await.ok().filter(|answer| answer.status == 200);
        until("the gateway in Python answers", PATIENCE, ready).await;
        Some(started)
    }

    pub(crate) fn process(&self) -> Process {
        Process(self.child.id())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
