use goat::values::Price;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

fn price(value: f64) -> TokenPrice {
    TokenPrice { token: Symbol::parse("SOL").unwrap(), price: Price::new(value).unwrap(), block_id: 7 }
}

fn at(seconds: i64) -> UnixMicros {
    UnixMicros::from_seconds(seconds).unwrap()
}

#[test]
fn prices_that_were_missing_leave_a_gap_with_both_its_ends() {
    let settings = Jupiter::default();
    let mut feed = Feed::new(&settings, Some(at(100))).unwrap();

    let observations = feed.observe(&[price(100.0)], at(106));

    let [gap, price] = observations.as_slice() else { panic!("{observations:?}") };
    let Payload::Feed(event) = &gap.payload else { panic!("{gap:?}") };
    assert_eq!((event.kind, event.from, event.to), (FeedEventKind::Gap, Some(at(100)), Some(at(106))));
    assert_eq!((gap.source, price.source), (Source::Engine, Source::Jupiter));
}

#[test]
fn a_price_that_could_not_be_recorded_stays_missing() {
    let settings = Jupiter::default();
    let mut feed = Feed::new(&settings, None).unwrap();
    feed.recorded(&[price(100.0)], at(100));

    feed.observe(&[price(100.0)], at(104));
    let later = feed.observe(&[price(100.0)], at(107));

    assert_eq!(later.len(), 2);
}

#[test]
fn a_held_jump_is_said_and_not_recorded_as_a_price() {
    let settings = Jupiter::default();
    let mut feed = Feed::new(&settings, None).unwrap();
    feed.observe(&[price(100.0)], at(1));

    let observations = feed.observe(&[price(150.0)], at(2));

    let [Observation { payload: Payload::Feed(event), .. }] = observations.as_slice() else { panic!() };
    assert_eq!(event.reason, "SOL jumped by 50.0 % from 100 to 150; the next tick has to confirm it");
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
    run(&settings, None, ingest, board.clone(), stop).await.unwrap();
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
