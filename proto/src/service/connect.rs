//! Connecting to a service of ours.

use std::net::SocketAddr;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Request, Status};
use tower::service_fn;

use super::Failure;
use super::tls::ClientTls;
use crate::settings::{Secret, Settings};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const FOUND_WITHIN: Duration = Duration::from_millis(500);
const KEEPALIVE: Duration = Duration::from_secs(5);

/// h2 closes a connection whose unread small frames exceed half the connection window, so a reader of
/// streams that must survive a pause of its own needs a large one.
const CONNECTION_WINDOW_BYTES: u32 = 64 * 1024 * 1024;
const STREAM_WINDOW_BYTES: u32 = 8 * 1024 * 1024;
const FRAME_BYTES_MAX: u32 = 256 * 1024;

/// Whether anything listens where a service is to be, as a sentence.
#[must_use]
pub fn found(name: &str, address: SocketAddr) -> String {
    match std::net::TcpStream::connect_timeout(&address, FOUND_WITHIN) {
        Ok(_) => format!("{name}: answers at {address}"),
        Err(error) => format!("{name}: does not answer at {address} ({error}); it would be waited for"),
    }
}

/// A channel to the service at `address`, without TLS. Connects at the first call and again after every loss.
#[must_use]
pub fn channel(address: SocketAddr) -> Channel {
    Reach::default().channel(address)
}

/// A channel without TLS for one long stream, with windows that let the server run ahead.
#[must_use]
pub fn subscriber_channel(address: SocketAddr) -> Channel {
    Reach::default().subscriber_channel(address)
}

/// A channel on which every call shows the services' token.
pub type ServiceChannel = InterceptedService<Channel, Credential>;

/// How our services reach one another. The default is without TLS and token.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    tls: Option<ClientTls>,
    credential: Credential,
}

impl Reach {
    /// What the settings say.
    ///
    /// # Errors
    ///
    /// When the authorities that verify the engines cannot be read.
    pub fn of(settings: &Settings) -> Result<Self, Failure> {
        let authorization = settings.access.service_secret().map(bearer).transpose()?;
        Ok(Self { tls: ClientTls::of(&settings.tls)?, credential: Credential { authorization } })
    }

    /// A channel to the service at `address`. Connects at the first call and again after every loss.
    #[must_use]
    pub fn channel(&self, address: SocketAddr) -> Channel {
        self.connected(address, &endpoint(address))
    }

    /// A channel for one long stream, with windows that let the server run ahead.
    #[must_use]
    pub fn subscriber_channel(&self, address: SocketAddr) -> Channel {
        let endpoint = endpoint(address)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .max_frame_size(FRAME_BYTES_MAX);
        self.connected(address, &endpoint)
    }

    /// The same, for a service of ours that calls of its own accord.
    #[must_use]
    pub fn service_channel(&self, address: SocketAddr) -> ServiceChannel {
        InterceptedService::new(self.subscriber_channel(address), self.credential.clone())
    }

    fn connected(&self, address: SocketAddr, endpoint: &Endpoint) -> Channel {
        let Some(tls) = self.tls.clone() else { return endpoint.connect_lazy() };
        endpoint.connect_with_connector_lazy(service_fn(move |_: Uri| connect(tls.clone(), address)))
    }
}

fn bearer(secret: &Secret) -> Result<MetadataValue<Ascii>, Failure> {
    let value = MetadataValue::try_from(format!("Bearer {}", secret.reveal()));
    let mut value = value.map_err(|_| {
        Failure::Usage("access.service_token has a secret that no header can carry".to_owned())
    })?;
    value.set_sensitive(true);
    Ok(value)
}

async fn connect(
    tls: ClientTls,
    address: SocketAddr,
) -> std::io::Result<TokioIo<impl AsyncRead + AsyncWrite + Send + Unpin + 'static>> {
    let connecting = async {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        tls.connect(address, stream).await
    };
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await;
    connected.map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))?.map(TokioIo::new)
}

/// Shows the services' token, when there is one.
#[derive(Debug, Clone, Default)]
pub struct Credential {
    authorization: Option<MetadataValue<Ascii>>,
}

impl Interceptor for Credential {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(authorization) = &self.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        Ok(request)
    }
}

fn endpoint(address: SocketAddr) -> Endpoint {
    let uri = Uri::builder()
        .scheme("http")
        .authority(address.to_string())
        .path_and_query("/")
        .build()
        // A socket address is always an authority.
        .unwrap_or_default();
    Endpoint::from(uri)
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE)
        .keep_alive_while_idle(true)
}
