use std::time::Instant;

use goat::event::Source;
use goat::values::{Seq, Symbol, UnixMicros};

use super::writer::write;
use super::*;
use crate::core::Hour;
use crate::core::cycles::{Cycle, CycleId, End, PriceAnalysis, Threshold};
use crate::tables::{Batch, PriceRow};

const FIRST_MICROS: i64 = 1_767_000_000_000_000;

fn at(second: i64) -> UnixMicros {
    UnixMicros::new(FIRST_MICROS + second * 1_000_000).unwrap()
}

fn price(second: u32) -> PriceRow {
    PriceRow {
        seq: Seq::new(u64::from(second) + 1),
        event_time: at(second.into()),
        received_time: at(second.into()),
        source: Source::Replay,
        token: Symbol::parse("SOL").unwrap(),
        price: 124.5,
        block_id: 0,
    }
}

fn of(cycles: &[Cycle]) -> Rows {
    let mut batch = Batch::default();
    for cycle in cycles {
        batch.put(cycle);
    }
    Rows { batch, ..Rows::default() }
}

fn id(hundredths: u32, start_seq: u64) -> CycleId {
    CycleId { threshold: Threshold::from_hundredths(hundredths), start_seq: Seq::new(start_seq) }
}

fn analysis(second: u32, hundredths: u32) -> PriceAnalysis {
    PriceAnalysis {
        seq: Seq::new(u64::from(second) + 1),
        event_time: at(second.into()),
        cycle: id(hundredths, 1),
        current_price: 124.5,
        highest_price: 125.0,
        lowest_price: 124.0,
        percent_increase: 0.8,
        percent_from_highest: -0.4,
        percent_increase_from_lowest: 0.4,
    }
}

fn cycle(hundredths: u32, start_seq: u64, end: Option<End>) -> Cycle {
    Cycle {
        id: id(hundredths, start_seq),
        start_time: at(0),
        end,
        start_price: 1.0,
        highest_price: 1.0,
        lowest_price: 1.0,
        max_percent_increase: 0.0,
        max_percent_increase_from_lowest: 0.0,
        data_points: 1,
        longest_gap_ms: 0,
    }
}

fn count(connection: &Connection, rows: &str) -> u64 {
    connection.query_row(&format!("SELECT count(*) FROM {rows}"), [], |row| row.get(0)).unwrap()
}

#[test]
fn a_cycle_is_one_row_from_its_beginning_to_its_end() {
    let mut connection = open().unwrap();
    write(&mut connection, &of(&[cycle(20, 1, None)])).unwrap();

    let ended = cycle(20, 1, Some(End { seq: Seq::new(9), time: at(8) }));
    write(&mut connection, &of(&[ended, cycle(20, 9, None)])).unwrap();

    assert_eq!(count(&connection, "price_cycles"), 2);
    assert_eq!(count(&connection, "cycle_tracker WHERE active AND id = '20.9' AND end_time IS NULL"), 1);
    assert_eq!(count(&connection, "cycle_tracker WHERE NOT active AND id = '20.1' AND end_seq = 9"), 1);
    assert_eq!(count(&connection, "price_cycles WHERE start_time = TIMESTAMP '2025-12-29 09:20:00'"), 2);
}

#[tokio::test]
async fn analysis_is_read_newest_first_then_by_threshold() {
    let mut connection = open().unwrap();
    let readers = Readers::new(&connection).unwrap();
    let rows = (0..3).flat_map(|second| [20, 25].map(|hundredths| analysis(second, hundredths))).collect();
    write(&mut connection, &Rows { analysis: rows, ..Rows::default() }).unwrap();

    let newest = readers.price_analysis(None, 3).await.unwrap();
    assert_eq!(newest, vec![analysis(2, 20), analysis(2, 25), analysis(1, 20)]);
    let of_one = readers.price_analysis(Threshold::from_percent(0.25), 100).await.unwrap();
    assert_eq!(of_one, vec![analysis(2, 25), analysis(1, 25), analysis(0, 25)]);
}

#[test]
fn an_hour_drops_what_its_tables_keep_no_longer_and_stood_before_it() {
    let mut connection = open().unwrap();
    let seconds = [0, 23 * 3600, 24 * 3600 + 1];
    let mut rows = of(&[cycle(20, 1, Some(End { seq: Seq::new(2), time: at(60) }))]);
    rows.prices = seconds.map(price).to_vec();
    // Told late: it stands after the event that began the hour.
    rows.prices.push(PriceRow { seq: Seq::new(100_000), ..price(0) });
    rows.analysis = seconds.map(|second| analysis(second, 20)).to_vec();
    // The first full hour is 40 minutes after the first price.
    rows.hour = Some(Hour { begins: at(24 * 3600 - 1200), seq: Seq::new(24 * 3600 + 2) });
    write(&mut connection, &rows).unwrap();
    assert_eq!(count(&connection, "prices"), 4);

    let hour = Some(Hour { begins: at(24 * 3600 + 2400), seq: Seq::new(90_000) });
    write(&mut connection, &Rows { hour, ..Rows::default() }).unwrap();

    let left = ["prices", "price_analysis", "price_cycles"].map(|table| count(&connection, table));
    assert_eq!(left, [3, 2, 1]);
    assert_eq!(count(&connection, "prices WHERE seq = 1"), 0);
}

#[test]
fn a_day_of_ticks_is_written_within_seconds() {
    let mut connection = open().unwrap();
    let began = Instant::now();

    for hour in 0..22 {
        let seconds = hour * 3500..(hour + 1) * 3500;
        let analysis =
            seconds.clone().flat_map(|second| (20..=50).step_by(5).map(move |x| analysis(second, x)));
        let rows =
            Rows { prices: seconds.map(price).collect(), analysis: analysis.collect(), ..Rows::default() };
        write(&mut connection, &rows).unwrap();
    }

    assert_eq!(count(&connection, "price_analysis"), 22 * 3500 * 7);
    let elapsed = began.elapsed();
    assert!(elapsed.as_secs() < 10, "{elapsed:?}");
}
