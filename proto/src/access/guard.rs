//! The tokens, and who shows which.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use metrics::counter;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tonic::Status;

use super::Scope;
use super::failures::Failures;
use crate::error::Kind;
use crate::settings::{Access, Limits};

pub(crate) const FAILURES: &str = "goat_authentication_failures_total";
/// Who calls where no token is known.
const ANYBODY: &str = "none";

/// Who calls, and what they may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The token's name; `none` where there are no tokens.
    pub token: Arc<str>,
    /// What it allows.
    pub scope: Scope,
}

struct Known {
    digest: [u8; 32],
    caller: Caller,
}

/// Knows the tokens. Cloning shares it.
#[derive(Clone)]
pub struct Guard {
    known: Arc<[Known]>,
    failures: Arc<Mutex<Failures>>,
}

impl Guard {
    /// A guard that knows these tokens. One that knows none lets everybody do everything: settings that are
    /// valid have none only where all addresses are loopback ones.
    #[must_use]
    pub fn new(access: &Access, limits: &Limits) -> Self {
        let known = access.tokens.iter().map(|(name, token)| Known {
            digest: digest(token.secret.reveal().as_bytes()),
            caller: Caller { token: name.as_str().into(), scope: token.scope },
        });
        let failures = Failures::new(limits.authentication_failures_per_second);
        Self { known: known.collect(), failures: Arc::new(Mutex::new(failures)) }
    }

    /// Whether there are tokens, so that every call has to show one.
    #[must_use]
    pub fn asks_for_tokens(&self) -> bool {
        !self.known.is_empty()
    }

    /// Finds out who calls from `address` with these headers.
    ///
    /// A token that is known is let in whatever others at its address do: guessing is hopeless by the length of
    /// the secrets, and the count of failures keeps the log and the caller's manners in bounds, no more.
    ///
    /// # Errors
    ///
    /// `UNAUTHENTICATED` without a token or with an unknown one; `RESOURCE_EXHAUSTED` for who fails too often.
    pub fn authenticate(&self, headers: &HeaderMap, address: IpAddr) -> Result<Caller, Status> {
        if !self.asks_for_tokens() {
            return Ok(Caller { token: ANYBODY.into(), scope: Scope::Admin });
        }
        let Some(shown) = bearer(headers) else {
            return Err(self.failed(address, "missing", "a token is needed: authorization: Bearer <secret>"));
        };
        let shown = digest(shown);
        // Every token is compared, and each in constant time: neither tells how near a guess came.
        let mut found = None;
        for known in self.known.iter() {
            if bool::from(known.digest.ct_eq(&shown)) {
                found = Some(&known.caller);
            }
        }
        found.cloned().ok_or_else(|| self.failed(address, "unknown", "nobody knows this token"))
    }

    /// Lets a caller call `method`, or not.
    ///
    /// # Errors
    ///
    /// `PERMISSION_DENIED` when its token does not allow that; the audit log has it.
    pub fn authorize(caller: &Caller, needed: Scope, method: &str) -> Result<(), Status> {
        if caller.scope >= needed {
            return Ok(());
        }
        let Caller { token, scope } = caller;
        let (scope, needed) = (scope.as_str(), needed.as_str());
        let refusal = Kind::Forbidden
            .status(format!("the token {token:?} has the scope {scope}, and {method} needs {needed}"));
        audit(caller, method, &refusal);
        Err(refusal)
    }

    fn failed(&self, address: IpAddr, reason: &'static str, message: &'static str) -> Status {
        counter!(FAILURES, "reason" => reason).increment(1);
        let verdict =
            self.failures.lock().unwrap_or_else(PoisonError::into_inner).note(address, Instant::now());
        if let Some(failures) = verdict.line_due {
            tracing::warn!(%address, reason, failures, "authentication failed");
        }
        if verdict.too_many {
            Kind::Exhausted.status("too many failed authentications from your address; try again in a second")
        } else {
            Kind::Unauthenticated.status(message)
        }
    }
}

/// What the lines of the audit log are known by.
pub(crate) const AUDIT: &str = "audit";

/// One line for a call that changes something, or tried to.
pub fn audit(caller: &Caller, method: &str, outcome: &Status) {
    let (token, outcome) = (&*caller.token, format!("{:?}", outcome.code()));
    tracing::info!(target: AUDIT, token, method, outcome, "audit");
}

/// What follows `Bearer` in the one header that may hold it.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (given.next()?.as_bytes(), given.next()) else { return None };
    let (scheme, secret) = value.split_at_checked("Bearer ".len())?;
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !secret.is_empty()).then_some(secret)
}

fn digest(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Guard({} tokens)", self.known.len())
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tonic::Code;

    use super::*;

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn guard() -> Guard {
        let access: Access = toml::from_str(
            "[tokens.viewer]\nsecret = \"viewer-secret-0123\"\n\
             [tokens.owner]\nsecret = \"owner-secret-01234\"\nscope = \"admin\"\n",
        )
        .unwrap();
        Guard::new(&access, &Limits::default())
    }

    fn showing(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (AUTHORIZATION, axum::http::HeaderValue::from_static(value))).collect()
    }

    fn refusal(values: &[&'static str]) -> Option<Code> {
        guard().authenticate(&showing(values), HOME).err().map(|status| status.code())
    }

    #[test]
    fn a_token_is_known_by_its_secret_alone() {
        let viewer = guard().authenticate(&showing(&["Bearer viewer-secret-0123"]), HOME).unwrap();
        let owner = guard().authenticate(&showing(&["bearer owner-secret-01234"]), HOME).unwrap();

        assert_eq!((&*viewer.token, viewer.scope), ("viewer", Scope::Read));
        assert_eq!((&*owner.token, owner.scope), ("owner", Scope::Admin));
    }

    #[test]
    fn everything_else_is_unauthenticated() {
        let wrong: [&[&'static str]; 8] = [
            &[],
            &[""],
            &["Bearer "],
            &["Bearer viewer-secret-012"],
            &["Bearer viewer-secret-0123 "],
            &["Basic viewer-secret-0123"],
            &["viewer-secret-0123"],
            &["Bearer viewer-secret-0123", "Bearer owner-secret-01234"],
        ];
        for values in wrong {
            assert_eq!(refusal(values), Some(Code::Unauthenticated), "{values:?}");
        }
    }

    #[test]
    fn without_tokens_anybody_may_do_anything() {
        let open = Guard::new(&Access::default(), &Limits::default());

        let caller = open.authenticate(&HeaderMap::new(), HOME).unwrap();

        assert_eq!((&*caller.token, caller.scope), ("none", Scope::Admin));
    }

    #[test]
    fn who_may_only_look_may_not_change() {
        let viewer = Caller { token: "viewer".into(), scope: Scope::Read };

        let refusal = Guard::authorize(&viewer, Scope::Admin, "/a.B/C").unwrap_err();

        assert_eq!(refusal.code(), Code::PermissionDenied);
        assert_eq!(refusal.message(), r#"the token "viewer" has the scope read, and /a.B/C needs admin"#);
        assert!(Guard::authorize(&viewer, Scope::Read, "/a.B/C").is_ok());
    }

    #[test]
    fn who_fails_too_often_is_told_so_and_who_is_known_is_let_in() {
        let guard = guard();
        let codes: Vec<Code> =
            (0..11).map(|_| guard.authenticate(&HeaderMap::new(), HOME).unwrap_err().code()).collect();

        assert_eq!(codes.last(), Some(&Code::ResourceExhausted));
        assert!(guard.authenticate(&showing(&["Bearer viewer-secret-0123"]), HOME).is_ok());
    }
}
