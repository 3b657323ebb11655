use goat::values::Price;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

fn sol(value: f64) -> TokenPrice {
    TokenPrice { token: Symbol::parse("SOL").unwrap(), price: Price::new(value).unwrap(), block_id: 7 }
}

#[test]
fn what_is_done_is_told_with_its_source_and_reason() {
    let now = UnixMicros::from_seconds(100).unwrap();
    let price = observation(&Effect::Price(sol(100.0), Source::Bybit), now);
    assert_eq!((price.source, price.event_time), (Source::Bybit, now));

    let from = Price::new(100.0).unwrap();
    let held = Effect::Held { price: sol(150.0), source: Source::Jupiter, from, percent: 50.0 };
    let Payload::Feed(event) = observation(&held, now).payload else { panic!() };
    assert_eq!(
        event.reason,
        "SOL jumped by 50.0 % from 100 to 150 at jupiter; the next tick has to confirm it"
    );

    let (token, reason) = (sol(1.0).token, "it is silent".to_owned());
    let (from, to) = (Source::Jupiter, Source::Binance);
    let switch = Effect::Switch { token, from, to, last: None, reason };
    let Payload::Feed(event) = observation(&switch, now).payload else { panic!() };
    assert_eq!(
        (event.kind, event.reason.as_str()),
        (FeedEventKind::SourceSwitch, "from jupiter to binance: it is silent")
    );
}

/// Answers each request with the next of `answers`, then stops the feed.
async fn feed_against(answers: Vec<&'static str>) -> (Vec<Observation>, Board) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let settings = Jupiter { url, interval_ms: Some(1), ..Jupiter::default() };
    let (ingest, mut submissions) = Ingest::new();
    let (board, stop) = (Board::default(), Stop::new());
    let stopper = stop.clone();
    let serving = tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        // The last answer is read before the feed sees that it is to stop.
        tokio::time::sleep(Duration::from_millis(300)).await;
        stopper.cancel();
    });
    let collecting = tokio::spawn(async move {
        let mut all = Vec::new();
        while let Some(submission) = submissions.recv().await {
            all.extend(submission.observations);
            submission.outcome.send(Ok(crate::ingest::Receipt::default())).unwrap();
        }
        all
    });
    run(&settings, ingest, board.clone(), stop).await.unwrap();
    serving.await.unwrap();
    (collecting.await.unwrap(), board)
}

const GOOD: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 96\r\n\r\n{\"So11111111111111111111111111111111111111112\":{\"usdPrice\":147.48,\"blockId\":348004023,\"x\":null}}";

#[tokio::test]
async fn the_feed_says_why_it_is_down_and_recovers() {
    let refused = "HTTP/1.1 429 Too Many Requests\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

    let (observations, board) = feed_against(vec![refused]).await;
    assert!(observations.is_empty());
    let feeds = board.feeds(UnixMicros::now());
    let prices = feeds.iter().find(|feed| feed.name == "prices").unwrap();
    assert_eq!(prices.reason, "jupiter answered 429 Too Many Requests");

    let (observations, _) = feed_against(vec![refused, GOOD]).await;
    assert!(
        matches!(observations.as_slice(), [Observation { payload: Payload::Price(price), .. }] if price.block_id == 348_004_023)
    );
}
