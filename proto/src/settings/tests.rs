//! The environment is the process's own, so these tests go through figment's jail.

use figment::Jail;

use super::*;

fn refusal(settings: Result<Settings, SettingsError>) -> String {
    settings.err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn the_environment_beats_the_file_and_the_file_beats_the_defaults() {
    Jail::expect_with(|jail| {
        jail.create_file("goat.toml", "[feeds]\nmode = \"live\"\n[hot]\nhours = 6\n")?;
        jail.set_env("GOAT_FEEDS__MODE", "replay");
        jail.set_env("GOAT_FEEDS__REPLAY__PATH", "recordings");
        jail.set_env("GOAT_RECORDINGS", "is no setting");

        let settings = Settings::load(None).map_err(|error| error.to_string())?;

        assert_eq!(settings.feeds.mode, Mode::Replay);
        assert_eq!(settings.hot.hours, 6);
        assert_eq!(settings.hot.trade_hours, 72);
        assert_eq!(settings.data_dir(), Path::new("data/replay"));
        Ok(())
    });
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    Jail::expect_with(|jail| {
        jail.set_env("GOAT_FEEDS__REPLAI__PATH", "x");
        let refused = refusal(Settings::load(None));
        assert!(refused.contains("replai"), "{refused}");
        Ok(())
    });
    Jail::expect_with(|jail| {
        jail.create_file("goat.toml", "[journal]\nsnyc = \"os\"\n")?;
        let refused = refusal(Settings::load(None));
        assert!(refused.contains("snyc") && refused.contains("goat.toml"), "{refused}");
        Ok(())
    });
}

#[test]
fn an_address_that_others_can_reach_is_refused() {
    Jail::expect_with(|jail| {
        jail.set_env("GOAT_GATEWAY__LISTEN", "0.0.0.0:8000");
        let refused = refusal(Settings::load(None));
        assert!(refused.starts_with("gateway.listen is 0.0.0.0:8000"), "{refused}");
        Ok(())
    });
}

#[test]
fn a_secret_is_masked_wherever_it_shows() {
    Jail::expect_with(|jail| {
        jail.set_env("GOAT_FEEDS__JUPITER__API_KEY", "canary");
        let settings = Settings::load(None).map_err(|error| error.to_string())?;
        let dump = settings.dump().map_err(|error| error.to_string())?;
        assert!(!dump.contains("canary") && !format!("{settings:?}").contains("canary"));
        assert_eq!(settings.feeds.jupiter.api_key.as_ref().map(Secret::reveal), Some("canary"));
        Ok(())
    });
}

#[test]
fn the_webhooks_tokens_are_one_or_a_list_and_never_shown() {
    for (written, count) in
        [("canary-of-the-webhook", 1), (r#"["canary-of-the-webhook", "canary-of-tomorrow"]"#, 2), ("[]", 0)]
    {
        Jail::expect_with(|jail| {
            jail.set_env("GOAT_FEEDS__WEBHOOK__TOKENS", written);
            let settings = Settings::load(None).map_err(|error| error.to_string())?;
            let dump = settings.dump().map_err(|error| error.to_string())?;
            assert_eq!(settings.feeds.webhook.tokens.len(), count, "{written}");
            assert!(!dump.contains("canary") && !format!("{settings:?}").contains("canary"), "{dump}");
            Ok(())
        });
    }
}

#[test]
fn a_token_that_cannot_be_is_refused_without_being_shown() {
    for (written, said) in [
        ("canary", "feeds.webhook.tokens has a token of 6 characters"),
        ("", "feeds.webhook.tokens has a token of 0 characters"),
        (r#"["canary-of-the-webhook", "canary-of-the-webhook"]"#, "the same token twice"),
        ("1234567890123456", "must be a text in quotes"),
        ("[1234567890123456]", "must be a text in quotes"),
        ("1.5", "must be a text in quotes"),
        ("true", "must be a text in quotes"),
    ] {
        Jail::expect_with(|jail| {
            jail.set_env("GOAT_FEEDS__WEBHOOK__TOKENS", written);
            let refused = refusal(Settings::load(None));
            assert!(refused.contains(said), "{written}: {refused}");
            assert!(!refused.contains("canary") && !refused.contains("123456"), "{refused}");
            Ok(())
        });
    }
}

#[test]
fn limits_of_the_webhook_are_refused_with_key_and_value() {
    for (key, value) in [
        ("timestamp_window_seconds", "9"),
        ("body_bytes_max", "0"),
        ("posts_per_second_max", "0"),
        ("burst_posts_max", "0"),
        ("connections_max", "0"),
        ("head_timeout_ms", "0"),
        ("body_timeout_ms", "60001"),
    ] {
        Jail::expect_with(|jail| {
            jail.set_env(format!("GOAT_FEEDS__WEBHOOK__{}", key.to_uppercase()), value);
            let refused = refusal(Settings::load(None));
            assert!(refused.starts_with(&format!("feeds.webhook.{key} is {value}; ")), "{refused}");
            Ok(())
        });
    }
}
