//! A model's wording of posts: taken only when it claims what the template claims.

use std::collections::BTreeMap;

use serde_json::Value;
use tests::cluster::Cluster;
use tests::fakes::anthropic::{Anthropic, BEGINS, KEY, Manner};
use tests::until::until_true;

use super::{PATIENCE, texts, world};

/// Each once, between good ones.
const MANNERS: [Manner; 9] = [
    Manner::Faithful,
    Manner::Inventive,
    Manner::CutOff,
    Manner::Overloaded,
    Manner::Faithful,
    Manner::Silent,
    Manner::Malformed,
    Manner::Limited,
    Manner::Faithful,
];

/// Whether a post has each line, in some part.
fn tells(post: &Value, lines: &str) -> bool {
    let text = texts(post).join("\n");
    lines.lines().all(|line| text.lines().any(|told| told == line))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wording_is_taken_when_its_claims_are_the_templates_and_the_template_otherwise() {
    let (api, directory) = (Anthropic::start(&MANNERS).await, tempfile::tempdir().unwrap());
    let world = world(directory.path())
        .with("GOAT_PUBLISHER__WORDING__URL", &api.url)
        .with("GOAT_PUBLISHER__WORDING__API_KEY", KEY)
        .with("GOAT_PUBLISHER__WORDING__MODEL", "a-model")
        .with("GOAT_PUBLISHER__WORDING__TIMEOUT_MS", 500);
    let cluster = Cluster::start(world).await;

    until_true("every manner was met", PATIENCE, async || api.asked().len() > MANNERS.len()).await;

    assert_eq!(api.refused(), Vec::<String>::new());
    let mut met: BTreeMap<String, bool> = BTreeMap::new();
    for asked in api.asked().into_iter().take(MANNERS.len()) {
        let is_good = asked.manner == Manner::Faithful;
        let expected = if is_good { format!("{BEGINS}{}", asked.template) } else { asked.template };
        let told = async || {
            let posts = cluster.rest().json("/posts?limit=1000").await;
            let posts = posts["posts"].as_array().unwrap();
            posts.iter().any(|post| post["wordedByModel"] == is_good && tells(post, &expected))
        };
        until_true("it is composed", PATIENCE, told).await;
        met.insert(format!("{:?}", asked.manner), is_good);
    }
    assert_eq!(met.len(), 7, "{met:?}");
    assert!(cluster.gateway.logs.contain("529 overloaded_error Overloaded"));
    assert!(cluster.gateway.logs.contain("has asked to be left alone"));
    assert!(!cluster.gateway.logs.contain(KEY));
}
