//! From where a browser may ask. It sends what any website makes it send, also to loopback: by our own address, and by
//! a name of the website's that was made to lead here.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use goat::settings::Settings;
use tonic::Code;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::problem::Problem;

/// How long a browser need not ask again whether it may ask.
const PREFLIGHT_AGE: Duration = Duration::from_mins(10);
/// What a website may send beside what every website may.
const HEADERS: [HeaderName; 6] = [
    AUTHORIZATION,
    CONTENT_TYPE,
    HeaderName::from_static("last-event-id"),
    HeaderName::from_static("mcp-protocol-version"),
    HeaderName::from_static("mcp-method"),
    HeaderName::from_static("mcp-name"),
];

/// The hosts that are ours, and the websites that may ask beside our own.
#[derive(Debug, Clone)]
pub(crate) struct Origins {
    /// Whether every host is taken for ours: a token, which no other website has, protects as well.
    any_host: bool,
    /// Beside those of loopback.
    hosts: Arc<BTreeSet<String>>,
    others: Arc<BTreeSet<String>>,
}

impl Origins {
    /// As the settings say.
    pub(crate) fn of(settings: &Settings) -> Self {
        let gateway = &settings.gateway;
        let lower = |texts: &[String]| -> Arc<BTreeSet<String>> {
            Arc::new(texts.iter().map(|text| text.to_ascii_lowercase()).collect())
        };
        Self {
            any_host: !settings.access.tokens.is_empty() && gateway.hosts.is_empty(),
            hosts: lower(&gateway.hosts),
            others: lower(&gateway.cors_origins),
        }
    }

    /// Tells browsers which other websites may ask; none when there are none.
    pub(crate) fn cors(&self) -> Option<CorsLayer> {
        if self.others.is_empty() {
            return None;
        }
        let others = Arc::clone(&self.others);
        let is_known = move |origin: &HeaderValue| origin.to_str().is_ok_and(|text| others.contains(text));
        Some(
            CorsLayer::new()
                .allow_origin(AllowOrigin::predicate(move |origin, _| is_known(origin)))
                .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
                .allow_headers(HEADERS)
                .max_age(PREFLIGHT_AGE),
        )
    }

    /// Refuses a request for a host that is not ours, and one that may change something for a website that is not.
    ///
    /// # Errors
    ///
    /// What the one who asks is told.
    pub(crate) fn judge(&self, request: &Request) -> Result<(), Problem> {
        let host = host(request)?;
        if !self.any_host && !self.knows(host.host()) {
            let message = format!(
                "the host {:?} is not this gateway's; gateway.hosts names those that are",
                host.as_str()
            );
            return Err(misdirected(message));
        }
        let Some(origin) = request.headers().get(ORIGIN).filter(|_| !request.method().is_safe()) else {
            return Ok(());
        };
        if origin.to_str().is_ok_and(|origin| self.others.contains(origin) || self.is_own(origin, &host)) {
            return Ok(());
        }
        Err(Problem::new(
            Code::PermissionDenied,
            format!("the origin {origin:?} may not send this; gateway.cors_origins names those that may"),
        ))
    }

    fn knows(&self, host: &str) -> bool {
        let name = host.to_ascii_lowercase();
        let address = name.trim_matches(['[', ']']).parse();
        name == "localhost"
            || address.is_ok_and(|address: IpAddr| address.is_loopback())
            || self.hosts.contains(&name)
    }

    /// A page of ours: of the host that is asked, or, behind a proxy that asks by another name, of one that is ours.
    fn is_own(&self, origin: &str, host: &Authority) -> bool {
        let Ok(uri) = Uri::try_from(origin) else { return false };
        uri.authority()
            .is_some_and(|page| page == host || self.hosts.contains(&page.host().to_ascii_lowercase()))
    }
}

/// The host that a request is for.
fn host(request: &Request) -> Result<Authority, Problem> {
    if let Some(authority) = request.uri().authority() {
        return Ok(authority.clone());
    }
    let Some(host) = request.headers().get(HOST) else {
        return Err(misdirected("the request names no host".to_owned()));
    };
    Authority::try_from(host.as_bytes())
        .map_err(|error| misdirected(format!("the host {host:?} cannot be read: {error}")))
}

fn misdirected(message: String) -> Problem {
    Problem::new(Code::PermissionDenied, message).with_http(StatusCode::MISDIRECTED_REQUEST)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::response::IntoResponse;

    use super::*;

    fn origins(change: impl FnOnce(&mut Settings)) -> Origins {
        let mut settings = Settings::default();
        change(&mut settings);
        Origins::of(&settings)
    }

    /// The status of what a request is told, 200 when it goes on.
    fn told(origins: &Origins, method: Method, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::builder().method(method).uri("/query");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let judged = origins.judge(&request.body(Body::empty()).unwrap());
        judged.map_or_else(|problem| problem.into_response().status().as_u16(), |()| 200)
    }

    #[test]
    fn without_tokens_only_loopback_and_named_hosts_are_ours() {
        let origins = origins(|settings| settings.gateway.hosts = vec!["Goat.example".to_owned()]);
        let told = |host| told(&origins, Method::GET, &[("host", host)]);

        for host in
            ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST", "goat.EXAMPLE", "127.9.9.9"]
        {
            assert_eq!(told(host), 200, "{host}");
        }
        for host in
            ["evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0", "a b", ""]
        {
            assert_eq!(told(host), 421, "{host}");
        }
    }

    #[test]
    fn a_request_without_a_host_is_refused() {
        assert_eq!(told(&origins(|_| {}), Method::GET, &[]), 421);
    }

    #[test]
    fn with_tokens_every_host_is_ours_unless_some_are_named() {
        let token: goat::settings::Access = toml::from_str(
            "service_token = 'all'\n[tokens.all]\nsecret = '0123456789abcdef'\nscope = 'admin'",
        )
        .unwrap();
        let open = origins(|settings| settings.access = token.clone());
        let named = origins(|settings| {
            settings.access = token;
            settings.gateway.hosts = vec!["goat.example".to_owned()];
        });

        assert_eq!(told(&open, Method::GET, &[("host", "any.example")]), 200);
        assert_eq!(told(&named, Method::GET, &[("host", "any.example")]), 421);
        assert_eq!(told(&named, Method::GET, &[("host", "goat.example")]), 200);
    }

    #[test]
    fn what_changes_something_is_taken_from_our_own_pages_and_from_named_origins() {
        let origins = origins(|settings| {
            settings.gateway.hosts = vec!["goat.example".to_owned()];
            settings.gateway.cors_origins = vec!["https://charts.example".to_owned()];
        });
        let from = |origin| told(&origins, Method::POST, &[("host", "127.0.0.1:8000"), ("origin", origin)]);

        for origin in ["http://127.0.0.1:8000", "https://charts.example", "https://goat.example"] {
            assert_eq!(from(origin), 200, "{origin}");
        }
        let foreign = [
            "http://127.0.0.1:3000",
            "http://localhost:8000",
            "null",
            "https://evil.example",
            "http://charts.example",
        ];
        for origin in foreign {
            assert_eq!(from(origin), 403, "{origin}");
        }
        assert_eq!(told(&origins, Method::POST, &[("host", "localhost:8000")]), 200);
    }

    #[test]
    fn looking_needs_no_origin_since_a_browser_does_not_show_the_answer() {
        let headers = [("host", "localhost:8000"), ("origin", "https://evil.example")];

        assert_eq!(told(&origins(|_| {}), Method::GET, &headers), 200);
    }
}
