//! Certificates, and settings that would leave a door open.

use std::net::SocketAddr;

use tests::authority::{Authority, Signed, shown_at};
use tests::cluster::{Cluster, World};
use tests::service::{Said, run_to_end};
use tests::until::{PATIENCE, until_true};

use super::{OWNER, Secured, VIEWER};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_certificate_is_shown_without_a_restart_and_a_bad_one_never() {
    let mut secured = Secured::prepare(World::webhook_alone()).await;
    secured.cluster.expect("new certificates cannot be used");
    secured.cluster.data_engine.start();
    secured.cluster.gateway.start();
    let addresses = secured.cluster.addresses;
    let servers: [SocketAddr; 4] =
        [addresses.market, addresses.gateway, addresses.webhook, addresses.metrics[0]];
    let shows = async |expected: Signed| {
        let expected = expected.shown();
        for address in servers {
            let shown = async || shown_at(address).await.as_ref() == Some(&expected);
            until_true("the certificate is shown", PATIENCE, shown).await;
        }
    };

    shows(Signed::FIRST).await;
    secured.authority.put(Signed::SECOND);
    shows(Signed::SECOND).await;
    for bad in [Signed::STRANGER.certificate, "no certificate"] {
        std::fs::write(&secured.authority.certificate_path, bad).unwrap();
        shows(Signed::SECOND).await;
    }

    let (_, logs) = secured.cluster.logs()[0];
    assert!(logs.contain("tls.key is ") && logs.contain("no certificate in PEM"), "{}", logs.tail(10));
    secured.authority.put(Signed::THIRD);
    shows(Signed::THIRD).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_tls_nothing_is_said_to_who_expects_none() {
    let mut secured = Secured::prepare(World::webhook_alone()).await;
    secured.cluster.data_engine.start();
    let admin = secured.rest_at(secured.cluster.addresses.metrics[0], None);
    tests::until::until("it is ready", PATIENCE, async || admin.try_get("/readyz").await.ok()).await;

    for address in [secured.cluster.addresses.metrics[0], secured.cluster.addresses.webhook] {
        assert!(
            tests::rest::Rest::new(address).try_get("/healthz").await.is_err(),
            "{address} speaks plainly"
        );
    }
}

/// Settings, and what their refusal names.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);

fn refused(cluster: &Cluster, settings: &[(&str, &str)]) -> Said {
    let mut command = cluster.data_engine.command(&["--check"]);
    command.envs(settings.iter().copied());
    run_to_end(command)
}

#[tokio::test]
async fn what_would_leave_a_door_open_is_refused_by_name() {
    let cluster = Cluster::prepare(World::simulated(1)).await;
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path());
    let certificate = authority.certificate_path.to_str().unwrap();
    let key = authority.key_path.to_str().unwrap();
    let wrong_key = folder.path().join("other.pem");
    std::fs::write(&wrong_key, Signed::STRANGER.key).unwrap();
    let wrong_key = wrong_key.to_str().unwrap();
    let authority = authority.authority_path.to_str().unwrap();

    let open = ("GOAT_GATEWAY__LISTEN", "0.0.0.0:8000");
    let open_webhook = ("GOAT_FEEDS__WEBHOOK__LISTEN", "0.0.0.0:1");
    let tls = [("GOAT_TLS__CERTIFICATE", certificate), ("GOAT_TLS__KEY", key)];
    let secret = ("GOAT_ACCESS__TOKENS__A__SECRET", OWNER);
    let service = ("GOAT_ACCESS__SERVICE_TOKEN", "a");
    let cases: [Case<'_>; 16] = [
        (&[open], &["gateway.listen is 0.0.0.0:8000", "tls.certificate", "access.tokens"]),
        (&[open, secret, service], &["gateway.listen is 0.0.0.0:8000", "tls.certificate"]),
        (&[open, tls[0], tls[1]], &["gateway.listen is 0.0.0.0:8000", "access.tokens"]),
        (&[("GOAT_DATA_ENGINE__METRICS_LISTEN", "[::]:9050")], &["data_engine.metrics_listen is [::]:9050"]),
        (
            &[open_webhook],
            &["feeds.webhook.listen is 0.0.0.0:1", "tls.certificate", "behind_proxy", "feeds.webhook.tokens"],
        ),
        (
            &[open_webhook, tls[0], tls[1], ("GOAT_FEEDS__WEBHOOK__BEHIND_PROXY", "true")],
            &["feeds.webhook.listen is 0.0.0.0:1", "feeds.webhook.tokens"],
        ),
        (
            &[open_webhook, ("GOAT_FEEDS__WEBHOOK__TOKENS", OWNER)],
            &["feeds.webhook.listen is 0.0.0.0:1", "behind_proxy"],
        ),
        (&[tls[0]], &["tls.key", certificate]),
        (&[tls[1]], &["tls.certificate", key]),
        (&[("GOAT_TLS__AUTHORITY", authority)], &["tls.authority"]),
        (&[tls[0], ("GOAT_TLS__KEY", "/nowhere/key.pem")], &["tls.key is /nowhere/key.pem"]),
        (&[("GOAT_TLS__CERTIFICATE", key), tls[1]], &["tls.certificate is ", "no certificate"]),
        (&[tls[0], ("GOAT_TLS__KEY", wrong_key)], &["tls.key is ", wrong_key, certificate]),
        (&[secret], &["access.service_token is not set"]),
        (&[secret, ("GOAT_ACCESS__SERVICE_TOKEN", "b")], &["access.service_token is \"b\""]),
        (&[secret, service, ("GOAT_ACCESS__TOKENS__A__SCOPE", "root")], &["root", "admin", "scope"]),
    ];

    for (settings, names) in cases {
        let said = refused(&cluster, settings);
        assert_eq!(said.code, Some(64), "{settings:?}: {said:?}");
        // Variables of the environment are named as they are written there.
        let errors = said.errors.to_lowercase();
        for name in names {
            assert!(errors.contains(&name.to_lowercase()), "{name:?} is not named: {}", said.errors);
        }
    }
}

#[tokio::test]
async fn a_secret_is_long_and_never_told() {
    let cluster = Cluster::prepare(World::simulated(1)).await;
    let service = ("GOAT_ACCESS__SERVICE_TOKEN", "a");
    let refusals = ["abc-7f3a", "12345678901234567", "with blanks in between"];

    for secret in refusals {
        let said = refused(&cluster, &[("GOAT_ACCESS__TOKENS__A__SECRET", secret), service]);
        assert_eq!(said.code, Some(64), "{said:?}");
        assert!(said.errors.to_lowercase().contains("access.tokens.a.secret"), "{said:?}");
        assert!(!said.errors.contains(secret), "the secret shows: {said:?}");
    }
    let mut command = cluster.gateway.command(&["--dump-config"]);
    command.envs([("GOAT_ACCESS__TOKENS__A__SECRET", VIEWER), service]);
    let said = run_to_end(command);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.output.contains("[access.tokens.a]") && !said.output.contains(VIEWER), "{said:?}");
}
