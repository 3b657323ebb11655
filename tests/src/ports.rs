//! Ports that nobody else takes while a service is down.

use std::net::{SocketAddr, TcpListener};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range from which the system gives ports to outgoing connections: otherwise a connection could
/// take a killed service's port before it is started again.
const FIRST: u16 = 12_000;
const COUNT: u16 = 18_000;

/// Processes that run side by side begin far apart.
static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
    let place = std::process::id().wrapping_mul(613) % u32::from(COUNT);
    AtomicU16::new(u16::try_from(place).unwrap_or_default())
});

/// An address of the loopback that is free, and given out once.
pub fn free_address() -> SocketAddr {
    for _ in 0..COUNT {
        let port = FIRST + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no port between {FIRST} and {} is free", FIRST + COUNT);
}
