//! Generated code, and nothing else generated anywhere.

mod frame;
mod scan;

pub use frame::Frame;
pub use messages::market::v1 as market;
pub use messages::publisher::v1 as publisher;
pub use messages::trading::v1 as trading;
pub use scan::{EventScan, scan_events};
pub use services::market_data_service_client::MarketDataServiceClient;
pub use services::market_data_service_server::{MarketDataService, MarketDataServiceServer};
pub use services::publisher_service_client::PublisherServiceClient;
pub use services::publisher_service_server::{PublisherService, PublisherServiceServer};
pub use services::trading_service_client::TradingServiceClient;
pub use services::trading_service_server::{TradingService, TradingServiceServer};

/// The whole schema with its comments, encoded: for reflection, REST and OpenAPI.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.binpb"));

/// Messages, nested as the generated paths between packages expect.
#[allow(missing_docs, unreachable_pub, clippy::pedantic)]
mod messages {
    pub mod market {
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/messages/goat.market.v1.rs"));
        }
    }

    pub mod publisher {
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/messages/goat.publisher.v1.rs"));
        }
    }

    pub mod trading {
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/messages/goat.trading.v1.rs"));
        }
    }
}

/// Clients and servers.
#[allow(missing_docs, unreachable_pub, clippy::pedantic)]
mod services {
    include!(concat!(env!("OUT_DIR"), "/services/goat.market.v1.rs"));
    include!(concat!(env!("OUT_DIR"), "/services/goat.publisher.v1.rs"));
    include!(concat!(env!("OUT_DIR"), "/services/goat.trading.v1.rs"));
}
