//! The figure of ours that belongs to a lesson.

use crate::publisher::facts::{Facts, Window, count, price};
use crate::publisher::lessons::Tie;

/// A sentence with that figure; none where it is not known.
pub(super) fn sentence(tie: Tie, facts: &Facts) -> Option<String> {
    match tie {
        Tie::None => None,
        Tie::Trades => totals(facts, |window, totals| {
            format!("Here, {window}: {} paper trades ended.", count(totals.trades.into()))
        }),
        Tie::WinRate => totals(facts, |window, totals| {
            let (wins, trades) = (count(totals.wins.into()), count(totals.trades.into()));
            format!("Here, {window}: {wins} of {trades} paper trades won.")
        }),
        Tie::Fees => totals(facts, |window, totals| {
            let (fees, trades) = (totals.fees.size(), count(totals.trades.into()));
            format!("Here, {window}: {fees} of fees, paper trades: {trades}.")
        }),
        Tie::Profit => totals(facts, |window, totals| {
            let (profit, trades) = (totals.profit.signed(), count(totals.trades.into()));
            format!("Here, {window}: P&L {profit} after fees, paper trades: {trades}.")
        }),
        Tie::Open => facts
            .account
            .as_ref()
            .map(|account| format!("Open paper positions here, now: {}.", account.open_positions)),
        Tie::Benchmark => facts.benchmark.map(|benchmark| {
            let (holding, traded) = (benchmark.change.signed(), benchmark.traded.signed());
            format!("Here, {}: holding SOL {holding}, paper trading {traded}.", benchmark.window.words())
        }),
        Tie::Price => {
            let quote = facts.quotes.iter().find(|quote| !quote.stale)?;
            Some(format!("{} now: {} ({}).", quote.token, price(quote.price), quote.source))
        }
    }
}

/// Of the last day, and of the week when nothing ended within the day.
fn totals(facts: &Facts, told: impl Fn(&str, crate::publisher::facts::Totals) -> String) -> Option<String> {
    [Window::Day, Window::Week]
        .into_iter()
        .find_map(|window| facts.totals(window).map(|totals| told(window.words(), totals)))
}
