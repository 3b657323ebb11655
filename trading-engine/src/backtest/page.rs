//! The report as one page that needs no other file.

use std::fmt::Write;

use super::chart::{Point, Sign, chart, escaped};
use super::report::{Report, figures};
use crate::core::money::Usd;
use crate::core::position::Position;
use crate::core::results::EquityMark;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:1060px;margin:2rem auto;padding:0 1rem;\
color:#1c1f24;background:#fff}svg{width:100%;height:auto}polyline{fill:none;stroke:#2563eb;stroke-width:1.5;\
vector-effect:non-scaling-stroke}.drawdown polyline{stroke:#dc2626}.entry{fill:#2563eb}.won{fill:#16a34a}\
.lost{fill:#dc2626}table{border-collapse:collapse;width:100%}td,th{padding:.2rem .6rem;text-align:right;\
border-bottom:1px solid #8884}td:first-child,th:first-child{text-align:left}.scale{display:flex;\
justify-content:space-between;font-size:13px;margin:0}pre{white-space:pre-wrap}\
@media(prefers-color-scheme:dark){body{color:#e5e7eb;background:#111418}}";

/// The page.
#[must_use]
pub(super) fn page(report: &Report<'_>) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Back-test</title><style>{STYLE}</style>\
         <h1>Back-test</h1><pre>{}</pre>",
        escaped(&report.heading())
    );
    html.push_str(&table(report));
    let _ = write!(html, "<h2>Account</h2>{}", equity(report.record.curve(None)));
    for (play, _) in &report.plays {
        let _ = write!(
            html,
            "<h2>{} <small>version {}</small></h2><p>{}</p>{}",
            escaped(&play.name),
            play.version,
            escaped(&report.funnel(&play.id)),
            equity(report.record.curve(Some(&play.id)))
        );
        let positions = || report.record.positions.values().filter(|one| one.id.play == play.id);
        let signs: Vec<Sign> = positions().flat_map(signs).collect();
        let _ =
            write!(html, "<h3>Price, entries and exits</h3>{}", chart(&report.record.prices, &signs, "USD"));
        html.push_str(&list(positions()));
    }
    html.push_str("</html>\n");
    html
}

fn table(report: &Report<'_>) -> String {
    let mut html = "<table><tr><th></th><th>account</th>".to_owned();
    for (play, _) in &report.plays {
        let _ = write!(html, "<th>{} v{}</th>", escaped(play.id.as_str()), play.version);
    }
    html.push_str("</tr>");
    let others: Vec<_> = report.plays.iter().map(|(_, results)| figures(results)).collect();
    for (place, (name, value)) in figures(&report.account).into_iter().enumerate() {
        let _ = write!(html, "<tr><td>{name}</td><td>{value}</td>");
        for (_, value) in others.iter().filter_map(|row| row.get(place)) {
            let _ = write!(html, "<td>{value}</td>");
        }
        html.push_str("</tr>");
    }
    html.push_str("</table>");
    html
}

/// Equity, and under it how far it was below its peak.
fn equity(curve: &[EquityMark]) -> String {
    let points: Vec<Point> = curve.iter().map(|mark| (mark.time, mark.equity.to_f64())).collect();
    let mut peak = Usd::MIN;
    let under: Vec<Point> = curve
        .iter()
        .map(|mark| {
            peak = peak.max(mark.equity);
            (mark.time, (mark.equity - peak).to_f64())
        })
        .collect();
    format!(
        "<h3>Equity</h3>{}<h3>Drawdown</h3><div class=\"drawdown\">{}</div>",
        chart(&points, &[], "USD"),
        chart(&under, &[], "USD")
    )
}

fn signs(position: &Position) -> Vec<Sign> {
    let entry = position.entry.as_ref().map(|fill| Sign {
        at: (fill.filled_time, fill.average_price),
        class: "entry",
        title: format!("entry {} after {} at {}", position.id, position.wallet, fill.filled_time),
    });
    let exit = position.exit.as_ref().zip(position.profit()).map(|(fill, profit)| Sign {
        at: (fill.filled_time, fill.average_price),
        class: if profit.is_negative() { "lost" } else { "won" },
        title: format!("exit {} with {profit} USD at {}", position.id, fill.filled_time),
    });
    entry.into_iter().chain(exit).collect()
}

fn list<'a>(positions: impl Iterator<Item = &'a Position>) -> String {
    let mut html =
        "<details><summary>Positions</summary><table><tr><th>id</th><th>wallet</th><th>opened</th>\
                    <th>closed</th><th>entry</th><th>exit</th><th>profit USD</th></tr>"
            .to_owned();
    for position in positions {
        let price = |fill: Option<&crate::core::fill::Fill>| {
            fill.map_or_else(|| "—".to_owned(), |fill| format!("{:.4}", fill.average_price))
        };
        let time =
            |time: Option<goat::values::UnixMicros>| time.map_or("—".to_owned(), |time| time.to_string());
        let _ = write!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(&position.id.to_string()),
            escaped(&position.wallet),
            time(position.opened_at()),
            time(position.closed_at()),
            price(position.entry.as_ref()),
            price(position.exit.as_ref()),
            position.profit().map_or_else(|| position.stage.as_str().to_owned(), |profit| profit.to_string())
        );
    }
    html.push_str("</table></details>");
    html
}
