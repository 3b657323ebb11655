//! Whatever the facts, no text says what its numbers contradict.

use goat::values::{Price, UnixMicros};
use proptest::prelude::*;

use super::cool_off as cool_off_post;
use super::*;
use crate::publisher::desk::compose;
use crate::publisher::facts::{
    Account, Benchmark, CoolOff, Exchanges, Pause, Quote, Results, Side, Trader, World,
};
use crate::publisher::lessons::Lessons;
use crate::publisher::text;
use crate::publisher::weight::{WEIGHT_MAX, weight};

mod reader;

fn usd() -> impl Strategy<Value = Usd> {
    prop_oneof![Just(0), -50..50_i64, -2_000_000..2_000_000_i64].prop_map(Usd::from_cents)
}

fn fees() -> impl Strategy<Value = Usd> {
    prop_oneof![Just(0), 0..100_000_i64].prop_map(Usd::from_cents)
}

fn percent() -> impl Strategy<Value = Percent> {
    prop_oneof![Just(0), -50..50_i64, -20_000..20_000_i64].prop_map(Percent::from_hundredths)
}

fn a_price() -> impl Strategy<Value = Price> {
    prop_oneof![0.000_01..1.0, 1.0..1000.0, 1000.0..200_000.0].prop_map(|price| Price::new(price).unwrap())
}

fn trader_kind() -> impl Strategy<Value = TraderKind> {
    prop_oneof![Just(TraderKind::Play), Just(TraderKind::Strategy)]
}

/// Also names that somebody chose to do harm with.
fn trader() -> impl Strategy<Value = Trader> {
    ("[a-e]", ".{0,60}", trader_kind()).prop_map(|(id, name, kind)| Trader {
        kind,
        id,
        name: text::name(&name),
    })
}

fn world() -> impl Strategy<Value = World> {
    prop_oneof![Just(World::Simulated), Just(World::Replay), Just(World::Live)]
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Long), Just(Direction::Short)]
}

fn results() -> impl Strategy<Value = Results> {
    (trader(), 0..40_u32, 0..40_u32, 0..5_u32, usd(), fees(), 0..9_u32).prop_map(
        |(trader, wins, losses, even, profit, fees, open)| {
            let trades = wins + losses + even;
            let profit = if trades == 0 { Usd::default() } else { profit };
            let fees = if trades == 0 { Usd::default() } else { fees };
            Results { trader, trades, wins, losses, profit, fees, open }
        },
    )
}

fn closed_trade() -> impl Strategy<Value = ClosedTrade> {
    let reason = prop_oneof![Just("stop loss"), Just("trailing stop"), Just("by hand")];
    (
        trader(),
        direction(),
        a_price(),
        a_price(),
        usd(),
        percent(),
        fees(),
        reason,
        0..400_000_u64,
        any::<bool>(),
    )
        .prop_map(
            |(
                trader,
                direction,
                entry,
                exit,
                profit,
                gain,
                fees,
                exit_reason,
                held_seconds,
                decided_late,
            )| {
                // A profit has the sign of its share.
                let gain = Percent::from_hundredths(gain.get().abs() * profit.get().signum());
                let (id, symbol) = ("4711.a".to_owned(), "SOL".to_owned());
                let (size, closed_at) = (Usd::from_cents(10_000), UnixMicros::default());
                let trader = trader.clone();
                ClosedTrade {
                    id,
                    trader,
                    symbol,
                    direction,
                    entry,
                    exit,
                    size,
                    profit,
                    gain,
                    fees,
                    exit_reason,
                    held_seconds,
                    closed_at,
                    decided_late,
                }
            },
        )
}

fn open_trade() -> impl Strategy<Value = OpenTrade> {
    let stop = prop::option::of(a_price());
    (trader(), "[0-9]{4}", direction(), a_price(), a_price(), stop, percent(), 0..400_000_u64).prop_map(
        |(trader, id, direction, entry, current, stop, gain, held_seconds)| {
            let (symbol, size) = ("SOL".to_owned(), Usd::from_cents(10_000));
            OpenTrade { id, trader, symbol, direction, entry, current, stop, size, gain, held_seconds }
        },
    )
}

fn quote() -> impl Strategy<Value = Quote> {
    ("SOL|BTC|ETH", a_price(), 0..4000_u64, any::<bool>(), prop::option::of(percent())).prop_map(
        |(token, price, age_seconds, stale, day_change)| Quote {
            token,
            price,
            age_seconds,
            stale,
            source: "Jupiter".to_owned(),
            day_change,
        },
    )
}

fn account() -> impl Strategy<Value = Account> {
    (usd(), percent(), fees(), 0..9_u32).prop_map(|(equity, growth, fees, open_positions)| {
        let start = Usd::from_cents(1_000_000);
        Account { start, equity, unrealised: Usd::default(), fees, open_positions, growth }
    })
}

fn benchmark() -> impl Strategy<Value = Benchmark> {
    let window = prop_oneof![Just(Window::Day), Just(Window::Week)];
    (window, a_price(), a_price(), percent(), percent())
        .prop_map(|(window, from, to, change, traded)| Benchmark { window, from, to, change, traded })
}

fn moment() -> impl Strategy<Value = UnixMicros> {
    (1_700_000_000..1_900_000_000_i64).prop_map(|seconds| UnixMicros::from_seconds(seconds).unwrap())
}

fn side(exchange: &'static str) -> impl Strategy<Value = Side> {
    (percent(), 0..40_u32, 0..40_u32, 0..5_u32, usd(), 0..4000_u64, any::<bool>()).prop_map(
        move |(growth, wins, losses, even, profit, age_seconds, stale)| {
            let trades = wins + losses + even;
            Side { exchange, growth, trades, wins, losses, profit, age_seconds, stale }
        },
    )
}

fn exchanges() -> impl Strategy<Value = Exchanges> {
    ("[a-z_]{1,12}", moment(), moment(), side("Binance"), side("Bybit"), any::<bool>()).prop_map(
        |(rules, from, until, one, mut other, ties)| {
            if ties {
                other.growth = one.growth;
            }
            Exchanges { rules, symbol: "BTCUSDT".to_owned(), from, until, sides: [one, other] }
        },
    )
}

fn cool_off() -> impl Strategy<Value = CoolOff> {
    (trader(), ".{0,150}", moment(), moment()).prop_map(|(trader, cause, since, until)| CoolOff {
        trader,
        cause: text::reason(&cause),
        since,
        until,
    })
}

fn chain() -> impl Strategy<Value = ChainHead> {
    (moment(), 1..u64::MAX, "[0-9a-f]{64}").prop_map(|(time, record, hash)| ChainHead { time, record, hash })
}

/// What is known of strategies beside their results.
fn of_strategies()
-> impl Strategy<Value = (Option<Account>, Option<Exchanges>, Vec<CoolOff>, Option<ChainHead>)> {
    let cool_offs = prop::collection::vec(cool_off(), 0..3);
    (prop::option::of(account()), prop::option::of(exchanges()), cool_offs, prop::option::of(chain()))
}

/// Facts as the engines may tell them.
pub(in crate::publisher) fn facts() -> impl Strategy<Value = Facts> {
    let windows = [(); 3].map(|()| prop::collection::vec(results(), 0..7));
    let pause = prop::option::of(".{0,150}").prop_map(|reason| {
        reason.map(|reason| Pause { since: UnixMicros::default(), reason: text::reason(&reason) })
    });
    let open = prop::collection::vec(open_trade(), 0..4);
    let quotes = prop::collection::vec(quote(), 0..4);
    let cycle = prop::option::of((percent(), percent()));
    (
        world(),
        0..100_000_u64,
        prop::option::of(account()),
        windows,
        open,
        quotes,
        prop::option::of(benchmark()),
        (pause, cycle),
        of_strategies(),
    )
        .prop_map(
            |(
                world,
                age_seconds,
                account,
                results,
                open,
                quotes,
                benchmark,
                (pause, cycle),
                of_strategies,
            )| {
                let results = [Window::Day, Window::Week, Window::Month].into_iter().zip(results).collect();
                let (strategies, exchanges, cool_offs, chain) = of_strategies;
                Facts {
                    account,
                    strategies,
                    exchanges,
                    results,
                    open,
                    quotes,
                    benchmark,
                    pause,
                    cool_offs,
                    chain,
                    cycle,
                    ..Facts::of(world, UnixMicros::default(), age_seconds)
                }
            },
        )
}

fn texts(draft: &Draft) -> Vec<String> {
    draft.parts().unwrap_or_else(|error| panic!("{error}: {draft:?}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Every kind of report, over thousands of facts: short enough, labelled, and true.
    #[test]
    fn no_report_contradicts_its_figures(facts in facts()) {
        for kind in PostKind::ALL {
            let Some(draft) = compose(kind, &facts, "1") else { continue };
            let parts = texts(&draft);
            for part in &parts {
                prop_assert!(weight(part) <= WEIGHT_MAX, "{part}");
                reader::labels(part, &facts)?;
            }
            reader::chain(&parts, kind.tells_results(), &facts)?;
            reader::report(kind, &draft.paragraphs, &facts)?;
        }
    }

    #[test]
    fn no_trade_is_told_otherwise_than_it_was(trade in closed_trade(), facts in facts()) {
        let draft = trade_result(&trade, "log/4711.a", &facts);
        for part in texts(&draft) {
            prop_assert!(weight(&part) <= WEIGHT_MAX, "{part}");
            reader::labels(&part, &facts)?;
        }
        reader::chain(&texts(&draft), true, &facts)?;
        reader::trade(&draft.paragraphs, &trade, &facts)?;
    }

    #[test]
    fn a_strategys_pause_is_told_as_it_is(one in cool_off(), facts in facts()) {
        let draft = cool_off_post(&one, &facts, "log/a/1");
        let parts = texts(&draft);
        for part in &parts {
            prop_assert!(weight(part) <= WEIGHT_MAX, "{part}");
            reader::labels(part, &facts)?;
        }
        reader::chain(&parts, false, &facts)?;
        let text = draft.paragraphs.join("\n");
        for told in [&one.since.to_string()[11..16], &one.until.to_string()[11..16], &one.trader.name, &one.cause] {
            prop_assert!(text.contains(told), "{told} is not in {text}");
        }
    }

    #[test]
    fn what_stands_beside_a_lesson_is_a_figure_of_ours(turn in 0_u64..200, facts in prop::option::of(facts())) {
        let lessons = Lessons::built_in().unwrap();
        let told = lesson(lessons.of_turn(turn).unwrap(), facts.as_ref(), "1");
        prop_assert!(texts(&told).iter().all(|part| weight(part) <= WEIGHT_MAX));
        if let (Some(tied), Some(facts)) = (told.paragraphs.get(2), &facts) {
            reader::numbers(tied, facts)?;
            reader::labels(&texts(&told)[0], facts)?;
        }
    }
}

#[test]
fn a_lost_trade_is_called_a_loss_and_told_with_its_minus() {
    let trader = Trader { kind: TraderKind::Play, id: "two".to_owned(), name: "follow two".to_owned() };
    let trade = ClosedTrade {
        id: "4711.two".to_owned(),
        trader,
        symbol: "SOL".to_owned(),
        direction: Direction::Long,
        entry: Price::new(133.5).unwrap(),
        exit: Price::new(132.8).unwrap(),
        size: Usd::from_cents(10_000),
        profit: Usd::from_cents(-72),
        gain: Percent::from_hundredths(-72),
        fees: Usd::from_cents(20),
        exit_reason: "trailing stop",
        held_seconds: 754,
        closed_at: UnixMicros::default(),
        decided_late: false,
    };
    let chain = ChainHead {
        time: UnixMicros::parse("2026-01-03T23:00:00Z").unwrap(),
        record: 12_345,
        hash: "3f9a1c2b7d4e5f60".repeat(4),
    };
    let facts = Facts { chain: Some(chain), ..Facts::of(World::Simulated, UnixMicros::default(), 0) };

    let text = trade_result(&trade, "log/4711.two", &facts).parts().unwrap();

    let reference = PostId::new(PostKind::TradeResult, "log/4711.two").reference();
    assert_eq!(
        text,
        [format!(
            "[SIMULATED MARKET]\nPaper trade closed: LOSS\nfollow two · SOL long\nEntry $133.500 → exit $132.800\n\
             P&L -$0.72 (-0.72%) after $0.20 of fees\nExit: trailing stop, held 12 min\n\
             It takes a gain of 0.73% on the rest to make that good.\n\
             Chain 2026-01-03 #12345 3f9a1c2b7d4e\nRef {reference}"
        )]
    );
}
