//! From where the gateway may be asked, over real HTTP.

use goat::settings::Settings;
use reqwest::Method;
use serde_json::Value;

use super::engine;
use super::serving::Served;

#[tokio::test]
async fn another_host_is_told_its_name_on_every_path() {
    let gateway = Served::start().await;

    for path in ["/price/SOL", "/", "/openapi.json", "/nowhere"] {
        let answer = gateway.send(Method::GET, path, &[("host", "evil.example")]).await;
        assert_eq!(answer.status(), 421, "{path}");
        let error: Value = answer.json().await.unwrap();
        assert_eq!(
            error["message"],
            r#"the host "evil.example" is not this gateway's; gateway.hosts names those that are"#
        );
    }
}

#[tokio::test]
async fn another_website_may_send_nothing_and_is_shown_nothing() {
    let gateway = Served::start().await;
    let foreign = [("origin", "https://evil.example"), ("content-type", "application/json")];

    let sent = gateway.send(Method::POST, "/query", &foreign).await;
    let asked = gateway.send(Method::OPTIONS, "/query", &foreign).await;
    let looked = gateway.send(Method::GET, "/price/SOL", &foreign).await;

    assert_eq!(sent.status(), 403);
    let error: Value = sent.json().await.unwrap();
    let expected =
        r#"the origin "https://evil.example" may not send this; gateway.cors_origins names those that may"#;
    assert_eq!(error["message"], expected);
    for answer in [asked, looked] {
        assert!(!answer.headers().contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn a_website_that_is_named_may_ask() {
    let mut settings = Settings::default();
    settings.gateway.cors_origins = vec!["https://charts.example".to_owned()];
    let gateway = Served::with(engine::start().await, settings).await;
    let preflight = [
        ("origin", "https://charts.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    let other = [("origin", "https://evil.example"), ("access-control-request-method", "POST")];

    let asked = gateway.send(Method::OPTIONS, "/query", &preflight).await;
    let refused = gateway.send(Method::OPTIONS, "/query", &other).await;
    let looked = gateway.send(Method::GET, "/price/SOL", &[("origin", "https://charts.example")]).await;
    let sent = gateway.send(Method::POST, "/query", &[("origin", "https://charts.example")]).await;

    assert_eq!(asked.status(), 200);
    assert_eq!(asked.headers()["access-control-allow-origin"], "https://charts.example");
    let allowed = asked.headers()["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.starts_with("authorization,content-type,"), "{allowed}");
    assert_eq!(asked.headers()["access-control-max-age"], "600");
    assert!(!refused.headers().contains_key("access-control-allow-origin"));
    assert_eq!(looked.headers()["access-control-allow-origin"], "https://charts.example");
    assert_ne!(sent.status(), 403);
}
