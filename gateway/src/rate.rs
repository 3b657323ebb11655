//! How often one address may ask. A stream is one request, however long it lasts.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use axum::extract::Request;
use goat::service::Visitor;
use governor::clock::Clock;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tonic::Code;

use crate::problem::Problem;

/// More addresses than this are counted as one.
const ADDRESSES_MAX: usize = 4096;
/// Those that no address of their own is kept for.
const THE_OTHERS: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
/// Of an IPv6 address, the bits that a provider gives to one customer.
const NETWORK: u128 = u128::MAX << 64;

/// Counts the requests of each address.
#[derive(Debug)]
pub(crate) struct Rate {
    per_second_max: NonZeroU32,
    limiter: DefaultKeyedRateLimiter<IpAddr>,
}

impl Rate {
    /// So many a second, and as many at once.
    pub(crate) fn new(per_second_max: NonZeroU32) -> Self {
        Self { per_second_max, limiter: RateLimiter::hashmap(Quota::per_second(per_second_max)) }
    }

    /// Counts a request, and refuses it when its address asks too often.
    ///
    /// # Errors
    ///
    /// What the one who asks is told.
    pub(crate) fn judge(&self, request: &Request) -> Result<(), Problem> {
        self.count(Visitor::address_of(request)).map_err(|wait| {
            let most = self.per_second_max;
            let message =
                format!("more than {most} requests a second come from your address; try again later");
            Problem::new(Code::ResourceExhausted, message).with_retry_after(wait)
        })
    }

    /// Counts one request of `address`.
    ///
    /// # Errors
    ///
    /// The time after which it may come again, when it comes too early.
    fn count(&self, address: IpAddr) -> Result<(), Duration> {
        let counted = self.limiter.check_key(&self.counted_as(address));
        counted.map_err(|early| early.wait_time_from(self.limiter.clock().now()))
    }

    fn counted_as(&self, address: IpAddr) -> IpAddr {
        if self.limiter.len() >= ADDRESSES_MAX {
            self.limiter.retain_recent();
        }
        match address.to_canonical() {
            _ if self.limiter.len() >= ADDRESSES_MAX => THE_OTHERS,
            IpAddr::V6(address) => IpAddr::V6((u128::from(address) & NETWORK).into()),
            address @ IpAddr::V4(_) => address,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_second_max: u32) -> Rate {
        Rate::new(NonZeroU32::new(per_second_max).unwrap())
    }

    #[test]
    fn an_address_that_asks_too_often_waits_and_others_do_not() {
        let rate = rate(3);
        let [here, there] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());

        let counted: Vec<bool> = (0..4).map(|_| rate.count(here).is_ok()).collect();

        assert_eq!(counted, [true, true, true, false]);
        assert!(rate.count(here).unwrap_err() <= Duration::from_millis(334));
        assert!(rate.count("::ffff:192.0.2.1".parse().unwrap()).is_err(), "the same address in another form");
        assert!(rate.count(there).is_ok());
    }

    #[test]
    fn the_addresses_of_one_network_are_counted_together() {
        let rate = rate(1);

        assert!(rate.count("2001:db8:1:1::1".parse().unwrap()).is_ok());
        assert!(rate.count("2001:db8:1:1::2".parse().unwrap()).is_err());
        assert!(rate.count("2001:db8:1:2::1".parse().unwrap()).is_ok());
    }

    #[test]
    fn however_many_addresses_ask_the_table_is_bounded() {
        let rate = rate(1);
        for number in 0..20_000_u32 {
            let _ = rate.count(IpAddr::V4(number.into()));
        }

        assert!(rate.limiter.len() <= ADDRESSES_MAX + 1, "{}", rate.limiter.len());
    }
}
