//! Reading prices and books from parquet, one window of time at a time: a day of books does not fit into memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::vec;

use duckdb::{Connection, params};
use goat::event::{BookSnapshot, Level, Payload, TokenPrice, Venue};
use goat::service::Failure;
use goat::values::{InvalidValue, Price, Quantity, Symbol, UnixMicros};

use super::files::{Extent, Kind, Recording, unreadable};
use super::row::Row;
use crate::book::depth_history::DepthHistory;
use crate::book::features::features;
use crate::feeds::board::Name;

const SETTINGS: &str = "SET memory_limit = '1GB'; SET autoinstall_known_extensions = false;";
const DEFAULT_SYMBOL: &str = "SOLUSDT";

/// The rows of a file in the order of their time, those of the same time in the order of the file.
pub(super) struct Reader {
    connection: Connection,
    recording: Recording,
    path: String,
    columns: Columns,
    /// The rows without a time, then spans of time.
    windows: vec::IntoIter<Window>,
    /// Stands in for a time that is missing.
    first: UnixMicros,
    depths: BTreeMap<Symbol, DepthHistory>,
    rows: vec::IntoIter<Row>,
}

#[derive(Debug, Clone, Copy)]
enum Window {
    Timeless,
    Span(i64, i64),
}

/// The names of the columns that were found.
#[derive(Debug, Clone)]
struct Columns {
    time: &'static str,
    zoned: bool,
    symbol: bool,
    kind: Kind,
}

impl Columns {
    /// A comparison of the time with a parameter in microseconds.
    fn bound(&self, comparison: &str) -> String {
        let time = self.time;
        if self.zoned {
            // Against a time with a zone, a bare one would be read in the zone of the machine.
            format!("epoch_us({time}) {comparison} ?")
        } else {
            format!("{time} {comparison} make_timestamp(?)")
        }
    }
}

fn open() -> Result<Connection, duckdb::Error> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(SETTINGS)?;
    Ok(connection)
}

fn columns(connection: &Connection, path: &str) -> Result<Option<Columns>, duckdb::Error> {
    let sql = "SELECT lower(column_name), column_type FROM (DESCRIBE SELECT * FROM read_parquet(?))";
    let mut statement = connection.prepare(sql)?;
    let found: BTreeMap<String, String> =
        statement.query_map([path], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let has = |name: &str| found.contains_key(name);
    let times = [("ts", r#""ts""#), ("timestamp", r#""timestamp""#)];
    let Some((name, time)) = times.into_iter().find(|(name, _)| has(name)) else { return Ok(None) };
    let kind = match () {
        () if has("token") && has("price") => Kind::Prices,
        () if has("bids_json") && has("asks_json") => Kind::Books,
        () => return Ok(None),
    };
    let zoned = found.get(name).is_some_and(|kind| kind == "TIMESTAMP WITH TIME ZONE");
    Ok(Some(Columns { time, zoned, symbol: has("symbol"), kind }))
}

/// What a parquet file is, by its columns.
pub(super) fn recognise(path: &Path) -> Result<Option<Kind>, Failure> {
    let failed = |error| unreadable(path, &error);
    let connection = open().map_err(failed)?;
    // A file of another making is none of ours; it need not even be parquet.
    let found = columns(&connection, &path.to_string_lossy()).unwrap_or_default();
    Ok(found.map(|columns| columns.kind))
}

/// How many rows a file has, and their span.
pub(super) fn extent(path: &Path) -> Result<Extent, Failure> {
    let failed = |error| unreadable(path, &error);
    let (connection, text) = (open().map_err(failed)?, path.to_string_lossy().into_owned());
    let Some(Columns { time, .. }) = columns(&connection, &text).map_err(failed)? else {
        return Err(unreadable(path, &"the columns of neither prices nor books are there"));
    };
    let sql = format!("SELECT count(*), epoch_us(min({time})), epoch_us(max({time})) FROM read_parquet(?)");
    let row = |row: &duckdb::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let (rows, from, to): (u64, Option<i64>, Option<i64>) =
        connection.query_row(&sql, [&text], row).map_err(failed)?;
    let moment = |micros: Option<i64>| micros.and_then(|micros| UnixMicros::new(micros).ok());
    Ok(Extent { rows, span: moment(from).zip(moment(to)) })
}

impl Reader {
    pub(super) fn open(recording: &Recording) -> Result<Self, Failure> {
        let failed = |error| unreadable(&recording.path, &error);
        let path = recording.path.to_string_lossy().into_owned();
        let connection = open().map_err(failed)?;
        let columns =
            columns(&connection, &path).map_err(failed)?.filter(|columns| columns.kind == recording.kind);
        let Some(columns) = columns else {
            return Err(unreadable(&recording.path, &"it lacks the columns that its name promises"));
        };
        let edges = edges(&connection, &path, &columns).map_err(failed)?;
        let first = edges.first().and_then(|micros| UnixMicros::new(*micros).ok()).unwrap_or_default();
        let ends = edges.iter().copied().skip(1).chain([i64::MAX]);
        let spans = edges.iter().copied().zip(ends).map(|(from, to)| Window::Span(from, to));
        let windows: Vec<Window> = [Window::Timeless].into_iter().chain(spans).collect();
        Ok(Self {
            connection,
            recording: recording.clone(),
            path,
            columns,
            windows: windows.into_iter(),
            first,
            depths: BTreeMap::new(),
            rows: Vec::new().into_iter(),
        })
    }

    fn load(&mut self, window: Window) -> Result<Vec<Row>, duckdb::Error> {
        let Columns { time, symbol, kind, .. } = self.columns;
        let values = match (kind, symbol) {
            (Kind::Prices, _) => "CAST(token AS VARCHAR), TRY_CAST(price AS DOUBLE), ''",
            (_, true) => "CAST(bids_json AS VARCHAR), CAST(asks_json AS VARCHAR), CAST(symbol AS VARCHAR)",
            (_, false) => "CAST(bids_json AS VARCHAR), CAST(asks_json AS VARCHAR), NULL",
        };
        let (within, from, to) = match window {
            Window::Timeless => (format!("{time} IS NULL AND ? <= ?"), 0, 0),
            Window::Span(from, i64::MAX) => {
                (format!("{} AND ? IS NOT NULL", self.columns.bound(">=")), from, 0)
            }
            Window::Span(from, to) => {
                (format!("{} AND {}", self.columns.bound(">="), self.columns.bound("<")), from, to)
            }
        };
        let sql = format!(
            "SELECT epoch_us({time}), {values} FROM read_parquet(?, file_row_number = true) \
             WHERE {within} ORDER BY {time}, file_row_number"
        );
        let first = self.first;
        let depths = &mut self.depths;
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut found = statement.query(params![self.path, from, to])?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let micros: Option<i64> = row.get(0)?;
            let time = micros.and_then(|micros| UnixMicros::new(micros).ok());
            rows.push(match kind {
                Kind::Prices => {
                    price_row(time, first, row.get::<_, Option<String>>(1)?.as_deref(), row.get(2)?)
                }
                _ => book_row(time, first, &[row.get(1)?, row.get(2)?, row.get(3)?], depths),
            });
        }
        Ok(rows)
    }
}

impl Iterator for Reader {
    type Item = Result<Row, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.rows.next() {
                return Some(Ok(row));
            }
            let window = self.windows.next()?;
            match self.load(window) {
                Ok(rows) => self.rows = rows.into_iter(),
                Err(error) => return Some(Err(unreadable(&self.recording.path, &error))),
            }
        }
    }
}

/// The times at which windows begin, so that each holds about the same number of rows.
fn edges(connection: &Connection, path: &str, columns: &Columns) -> Result<Vec<i64>, duckdb::Error> {
    let (time, rows) = (columns.time, if columns.kind == Kind::Books { 16_384 } else { 65_536 });
    let sql = format!(
        "SELECT DISTINCT min(t) AS edge FROM (SELECT epoch_us({time}) AS t, \
         (row_number() OVER (ORDER BY {time}) - 1) // {rows} AS part FROM read_parquet(?) WHERE {time} IS NOT NULL) \
         GROUP BY part ORDER BY edge"
    );
    let mut statement = connection.prepare(&sql)?;
    statement.query_map([path], |row| row.get(0))?.collect()
}

fn price_row(time: Option<UnixMicros>, first: UnixMicros, token: Option<&str>, price: Option<f64>) -> Row {
    match read_price(time, token, price) {
        Ok((time, price)) => Row::one(time, Payload::Price(price)),
        Err(refused) => {
            let raw = format!("{{\"ts\":{time:?},\"token\":{token:?},\"price\":{price:?}}}");
            Row::unreadable(time.unwrap_or(first), Name::Prices.as_str(), refused.to_string(), raw)
        }
    }
}

fn read_price(
    time: Option<UnixMicros>,
    token: Option<&str>,
    price: Option<f64>,
) -> Result<(UnixMicros, TokenPrice), InvalidValue> {
    let missing = |field| move || InvalidValue::new(field, "present", "nothing");
    let time = time.ok_or_else(missing("ts"))?;
    let token = Symbol::parse(token.ok_or_else(missing("token"))?)?;
    let price = Price::new(price.ok_or_else(missing("price"))?)?;
    Ok((time, TokenPrice { token, price, block_id: 0 }))
}

fn book_row(
    time: Option<UnixMicros>,
    first: UnixMicros,
    texts: &[Option<String>; 3],
    depths: &mut BTreeMap<Symbol, DepthHistory>,
) -> Row {
    let [bids, asks, symbol] = texts.each_ref().map(Option::as_deref);
    match read_book(time, bids, asks, symbol.unwrap_or(DEFAULT_SYMBOL), depths) {
        Ok((time, book)) => Row::one(time, Payload::Book(Box::new(book))),
        Err(refused) => {
            let raw =
                format!("{{\"ts\":{time:?},\"bids\":{bids:?},\"asks\":{asks:?},\"symbol\":{symbol:?}}}");
            Row::unreadable(time.unwrap_or(first), Name::Books.as_str(), refused.to_string(), raw)
        }
    }
}

fn read_book(
    time: Option<UnixMicros>,
    bids: Option<&str>,
    asks: Option<&str>,
    symbol: &str,
    depths: &mut BTreeMap<Symbol, DepthHistory>,
) -> Result<(UnixMicros, BookSnapshot), InvalidValue> {
    let time = time.ok_or_else(|| InvalidValue::new("ts", "present", "nothing"))?;
    let symbol = Symbol::parse(symbol)?;
    let bids = levels("bids_json", bids, |nearer, further| nearer > further)?;
    let asks = levels("asks_json", asks, |nearer, further| nearer < further)?;
    if let Some((bid, ask)) = bids.first().zip(asks.first()).filter(|(bid, ask)| bid.price >= ask.price) {
        let (bid, ask) = (bid.price.get(), ask.price.get());
        return Err(InvalidValue::new("best bid", "below the best ask", format!("{bid} against {ask}")));
    }
    let history = depths.entry(symbol).or_default();
    let features = features(&bids, &asks, history.one_second_before(time));
    history.push(time, features.bid_depth_10 + features.ask_depth_10);
    Ok((time, BookSnapshot { symbol, venue: Venue::Binance, update_id: 0, bids, asks, features }))
}

/// One side, best first, without empty levels; never empty.
fn levels(
    field: &'static str,
    text: Option<&str>,
    in_order: fn(Price, Price) -> bool,
) -> Result<Vec<Level>, InvalidValue> {
    let text = text.ok_or_else(|| InvalidValue::new(field, "present", "nothing"))?;
    let pairs: Vec<(f64, f64)> = serde_json::from_str(text)
        .map_err(|_| InvalidValue::new(field, "a list of [price, quantity]", text))?;
    let mut levels: Vec<Level> = Vec::with_capacity(pairs.len());
    for (price, quantity) in pairs {
        let level = Level { price: Price::new(price)?, quantity: Quantity::new(quantity)? };
        if levels.last().is_some_and(|nearer| !in_order(nearer.price, level.price)) {
            return Err(InvalidValue::new(field, "ordered from the best price on", price));
        }
        if quantity > 0.0 {
            levels.push(level);
        }
    }
    if levels.is_empty() {
        return Err(InvalidValue::new(field, "one level or more", text));
    }
    Ok(levels)
}
