//! Who is let in, over TLS and with tokens.

mod certificates;
mod limits;
mod tokens;

use std::path::Path;
use std::time::Duration;

use goat::service::{Reach, ServiceChannel};
use goat::settings::Settings;
use goat::wire::{MarketDataServiceClient, TradingServiceClient, market, trading};
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::json;
use tests::authority::Authority;
use tests::cluster::{Cluster, World};
use tests::rest::Rest;
use tests::until::{PATIENCE, until};

pub(crate) const VIEWER: &str = "viewer-secret-0123456789";
const OWNER: &str = "owner-secret-0123456789x";

/// A world with a token that looks and one that changes; the services show one another the first.
fn with_tokens(world: World) -> World {
    world
        .with("GOAT_ACCESS__TOKENS__VIEWER__SECRET", VIEWER)
        .with("GOAT_ACCESS__TOKENS__OWNER__SECRET", OWNER)
        .with("GOAT_ACCESS__TOKENS__OWNER__SCOPE", "admin")
        .with("GOAT_ACCESS__SERVICE_TOKEN", "viewer")
}

/// The three services over TLS and with tokens.
pub(crate) struct Secured {
    pub(crate) cluster: Cluster,
    pub(crate) authority: Authority,
    _folder: tempfile::TempDir,
}

impl Secured {
    /// Nothing runs yet.
    async fn prepare(world: World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new(folder.path());
        let world = with_tokens(world)
            .with("GOAT_TLS__CERTIFICATE", authority.certificate_path.display())
            .with("GOAT_TLS__KEY", authority.key_path.display())
            .with("GOAT_TLS__AUTHORITY", authority.authority_path.display())
            .with("GOAT_TLS__RELOAD_SECONDS", 0);
        let mut cluster = Cluster::prepare(world).await;
        cluster.expect("authentication failed");
        Self { cluster, authority, _folder: folder }
    }

    /// All three, started and ready.
    pub(crate) async fn start(world: World) -> Self {
        let mut secured = Self::prepare(world).await;
        secured.cluster.data_engine.start();
        secured.cluster.trading_engine.start();
        secured.cluster.gateway.start();
        let mut trading = secured.trading(VIEWER);
        until("the trading-engine has caught up", Duration::from_mins(1), async || {
            let status = trading.get_status(trading::GetStatusRequest {}).await.ok()?.into_inner();
            status.caught_up.then_some(())
        })
        .await;
        let mut market = secured.market(VIEWER);
        until("there is a price", PATIENCE, async || {
            let request = market::GetPriceRequest { token: "SOL".to_owned() };
            market.get_price(request).await.ok()
        })
        .await;
        let rest = secured.rest(Some(VIEWER));
        until("the gateway answers", PATIENCE, async || rest.try_get("/health").await.ok()).await;
        secured
    }

    fn channel(&self, secret: &str, address: std::net::SocketAddr) -> ServiceChannel {
        reach(Some(&self.authority), Some(secret)).service_channel(address)
    }

    fn market(&self, secret: &str) -> MarketDataServiceClient<ServiceChannel> {
        MarketDataServiceClient::new(self.channel(secret, self.cluster.addresses.market))
    }

    fn trading(&self, secret: &str) -> TradingServiceClient<ServiceChannel> {
        TradingServiceClient::new(self.channel(secret, self.cluster.addresses.trading))
    }

    fn rest(&self, secret: Option<&str>) -> Rest {
        self.rest_at(self.cluster.addresses.gateway, secret)
    }

    fn rest_at(&self, address: std::net::SocketAddr, secret: Option<&str>) -> Rest {
        let mut headers = HeaderMap::new();
        if let Some(secret) = secret {
            headers.insert(AUTHORIZATION, format!("Bearer {secret}").parse().unwrap());
        }
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(20))
            .tls_certs_only([self.authority.trusted()])
            .default_headers(headers);
        Rest { client: client.build().unwrap(), base: format!("https://{address}") }
    }
}

/// How a service of ours would reach another with this secret.
fn reach(authority: Option<&Authority>, secret: Option<&str>) -> Reach {
    let path = |path: &Path| path.display().to_string();
    let tls = authority.map(|authority| {
        json!({
            "certificate": path(&authority.certificate_path),
            "key": path(&authority.key_path),
            "authority": path(&authority.authority_path),
        })
    });
    let access =
        secret.map(|secret| json!({"service_token": "shown", "tokens": {"shown": {"secret": secret}}}));
    let settings = json!({"tls": tls.unwrap_or(json!({})), "access": access.unwrap_or(json!({}))});
    let settings: Settings = serde_json::from_value(settings).unwrap();
    Reach::of(&settings).unwrap()
}
