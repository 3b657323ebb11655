//! How others come in: connections with or without TLS, counted and bounded.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use metrics::{counter, gauge};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_rustls::server::TlsStream;
use tokio_stream::Stream;
use tonic::transport::server::Connected;

use super::tls::{ServerTls, Speaks};
use super::{Failure, Stop};
use crate::access::Guard;
use crate::settings::{Limits, Settings};

pub(super) const OPEN: &str = "goat_open_connections";
pub(super) const REFUSED: &str = "goat_refused_connections_total";

/// Connections that are ready and wait to be taken.
const READY_MAX: usize = 64;
/// Connections above the most that are let in to be told so, and no more; the next are closed at once.
const TOLD_MAX: usize = 64;
/// How long they may stay.
const TOLD_WITHIN: Duration = Duration::from_secs(5);
/// The first thing that an HTTP/2 client sends, and about the least that an HTTP/1.1 request is.
const FIRST_BYTES: u64 = 24;
/// After a failed accept, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What stands between the network and a service: TLS, tokens, limits. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Entrance {
    /// Shows the certificate; none when TLS is off.
    pub tls: Option<ServerTls>,
    /// Knows the tokens.
    pub guard: Guard,
    /// How much at once, how large, how long.
    pub limits: Limits,
}

impl Entrance {
    /// The entrance that the settings describe.
    ///
    /// # Errors
    ///
    /// When certificate and key cannot be used.
    pub fn of(settings: &Settings) -> Result<Self, Failure> {
        Ok(Self {
            tls: ServerTls::of(&settings.tls)?,
            guard: Guard::new(&settings.access, &settings.limits),
            limits: settings.limits.clone(),
        })
    }

    /// Lets connections in until stopped. `server` names them in the metrics.
    #[must_use]
    pub fn open(
        &self,
        listener: TcpListener,
        server: &'static str,
        speaks: Speaks,
        stop: Stop,
    ) -> Connections {
        let (ready, connections) = mpsc::channel(READY_MAX);
        let door = Door {
            tls: self.tls.clone(),
            speaks,
            server,
            header_timeout: self.limits.header_timeout(),
            free: Arc::new(Semaphore::new(self.limits.connections_max as usize)),
            told: Arc::new(Semaphore::new(TOLD_MAX)),
            ready,
        };
        tokio::spawn(stop.run_until_cancelled_owned(door.let_in(listener)));
        Connections(connections)
    }
}

/// The connections of one server, as they become ready.
#[derive(Debug)]
pub struct Connections(mpsc::Receiver<Connection>);

impl Connections {
    /// The next one; none once stopped.
    pub async fn next(&mut self) -> Option<Connection> {
        self.0.recv().await
    }
}

impl Stream for Connections {
    type Item = io::Result<Connection>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|connection| connection.map(Ok))
    }
}

struct Door {
    tls: Option<ServerTls>,
    speaks: Speaks,
    server: &'static str,
    header_timeout: Duration,
    free: Arc<Semaphore>,
    told: Arc<Semaphore>,
    ready: mpsc::Sender<Connection>,
}

impl Door {
    async fn let_in(self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, address)) => self.receive(stream, address),
                Err(error) => {
                    tracing::warn!(%error, server = self.server, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Finds a place for a connection and makes it ready beside the others: a slow handshake holds nobody up.
    fn receive(&self, stream: TcpStream, address: SocketAddr) {
        let free = Arc::clone(&self.free).try_acquire_owned();
        let over_limit = free.is_err();
        let Ok(permit) = free.or_else(|_| {
            counter!(REFUSED, "server" => self.server).increment(1);
            Arc::clone(&self.told).try_acquire_owned()
        }) else {
            return;
        };
        let place = Place::take(permit, self.server);
        let visitor = Visitor { address, over_limit };
        let (tls, speaks, ready) = (self.tls.clone(), self.speaks, self.ready.clone());
        let patience = if over_limit { TOLD_WITHIN } else { self.header_timeout };
        tokio::spawn(async move {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps Nagle's delay");
            }
            let deadline = Instant::now() + patience;
            let socket = match tls {
                None => Socket::Plain(stream),
                Some(tls) => match tokio::time::timeout_at(deadline, tls.accept(stream, speaks)).await {
                    Ok(Ok(stream)) => Socket::Tls(Box::new(stream)),
                    Ok(Err(error)) => return tracing::debug!(%error, %address, "a TLS handshake failed"),
                    Err(_) => return tracing::debug!(%address, "a TLS handshake took too long"),
                },
            };
            let deadline = Some(Box::pin(sleep_until(deadline)));
            let connection = Connection { socket, visitor, deadline, read_bytes: 0, _place: place };
            // The server has ended when nobody takes it.
            let _ = ready.send(connection).await;
        });
    }
}

/// Who comes, for whoever answers: an extension of each request.
#[derive(Debug, Clone, Copy)]
pub struct Visitor {
    /// Where from.
    pub address: SocketAddr,
    /// There was no room any more: every request is to be refused.
    pub over_limit: bool,
}

impl Visitor {
    /// Where a request comes from; the unspecified address when nobody knows.
    #[must_use]
    pub fn address_of<B>(request: &axum::http::Request<B>) -> IpAddr {
        let visitor = request.extensions().get::<Self>();
        visitor.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |visitor| visitor.address.ip())
    }
}

/// One connection. What is not begun in time reads as an error.
#[derive(Debug)]
pub struct Connection {
    socket: Socket,
    visitor: Visitor,
    deadline: Option<Pin<Box<Sleep>>>,
    read_bytes: u64,
    _place: Place,
}

#[derive(Debug)]
enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Counted while it lives.
#[derive(Debug)]
struct Place {
    server: &'static str,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    fn take(permit: OwnedSemaphorePermit, server: &'static str) -> Self {
        gauge!(OPEN, "server" => server).increment(1);
        Self { server, _permit: permit }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        gauge!(OPEN, "server" => self.server).decrement(1);
    }
}

impl Connection {
    /// Who it is from.
    #[must_use]
    pub fn visitor(&self) -> Visitor {
        self.visitor
    }

    /// Whether the time for the beginning is over. One above the limit has no more time than that at all.
    fn is_overdue(&mut self, context: &mut Context<'_>) -> bool {
        if self.read_bytes >= FIRST_BYTES && !self.visitor.over_limit {
            self.deadline = None;
        }
        self.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(context).is_ready())
    }
}

impl Connected for Connection {
    type ConnectInfo = Visitor;

    fn connect_info(&self) -> Visitor {
        self.visitor
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_overdue(context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        let read = match &mut self.socket {
            Socket::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Socket::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        self.read_bytes += (buffer.filled().len() - before) as u64;
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.socket {
            Socket::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Socket::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.socket {
            Socket::Plain(stream) => Pin::new(stream).poll_flush(context),
            Socket::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.socket {
            Socket::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Socket::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.socket {
            Socket::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Socket::Tls(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.socket {
            Socket::Plain(stream) => stream.is_write_vectored(),
            Socket::Tls(stream) => stream.is_write_vectored(),
        }
    }
}
