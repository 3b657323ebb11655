//! Wallets whose edge is known, judged by their trades: does the ranking find them, do the intervals hold?

use super::*;

/// `SplitMix64`: the same numbers for the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to 1, neither included.
    fn share(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.share().ln()).sqrt() * (std::f64::consts::TAU * self.share()).cos()
    }

    /// Mean 0, deviation 1, skewed to the right as gains at a cycle's end are: many small losses, few large gains.
    fn skewed(&mut self) -> f64 {
        -self.share().ln() - 1.0
    }
}

/// How the true means after costs are drawn, in percent.
#[derive(Clone, Copy)]
enum Edges {
    /// Normal around −0.10, deviation 0.12.
    Normal,
    /// Most have none and pay the costs; some have one, of three sizes; some are worse.
    Few,
}

impl Edges {
    fn draw(self, random: &mut Random) -> f64 {
        match self {
            Self::Normal => -0.10 + 0.12 * random.normal(),
            Self::Few => match random.share() {
                share if share < 0.60 => -0.20,
                share if share < 0.75 => -0.30,
                share if share < 0.85 => -0.10,
                share if share < 0.92 => 0.05,
                share if share < 0.97 => 0.15,
                _ => 0.30,
            },
        }
    }
}

struct Judged {
    trades: u32,
    edge: f64,
    mean: f64,
    shrunk: Shrunk,
    is_placed: bool,
}

impl Judged {
    fn is_covered(&self) -> bool {
        (self.shrunk.interval.low..=self.shrunk.interval.high).contains(&self.edge)
    }

    fn is_found(&self) -> bool {
        self.is_placed && self.shrunk.interval.low > 0.0
    }
}

/// Wallets of 5 to 500 trades, as many of each order of magnitude, one to four trades in a cycle; a trade deviates by
/// 0.25 % times the wallet's own factor, half of the variance shared in the cycle.
fn judge(edges: Edges, wallets: u32, seed: u64) -> Vec<Judged> {
    let mut random = Random(seed);
    let (mut rows, mut truths) = (Vec::new(), Vec::new());
    for wallet in 0..wallets {
        let name = format!("{wallet:05}");
        let edge = edges.draw(&mut random);
        let trades = (5.0 * 100.0_f64.powf(random.share())) as u32;
        let deviation = 0.25 * (0.2 * random.normal()).exp() * 0.5_f64.sqrt();
        let (mut number, mut cycle) = (0, 1);
        while number < trades {
            let shared = random.skewed();
            let end = (number + 1 + random.next() as u32 % 4).min(trades);
            while number < end {
                let gain = edge + 0.20 + deviation * (shared + random.normal());
                rows.push(row(&name, number, cycle, gain));
                number += 1;
            }
            cycle += 1;
        }
        truths.push(edge);
    }
    let parameters = Parameters { cost_bps: 20.0, ..Parameters::default() };
    let all = statistics(&rows, late(), &parameters);
    let population = all.population.unwrap();
    println!(
        "{wallets} wallets, {} rows: mean {:+.3} %, spread {:.3} %, one trade {:.3} %, correlation in a cycle {:.2}",
        rows.len(),
        population.mean_percent,
        population.spread_percent,
        population.trade_deviation_percent,
        population.cycle_correlation,
    );
    let judged = all.wallets.iter().zip(truths).map(|(wallet, edge)| Judged {
        trades: wallet.trades,
        edge,
        mean: wallet.mean_gain_percent,
        shrunk: wallet.shrunk.unwrap(),
        is_placed: wallet.trades >= parameters.trades_min,
    });
    judged.collect()
}

fn share<'a>(of: impl Iterator<Item = &'a Judged>, is: impl Fn(&Judged) -> bool) -> (f64, u32) {
    let (mut yes, mut all) = (0, 0);
    for one in of {
        yes += u32::from(is(one));
        all += 1;
    }
    (f64::from(yes) / f64::from(all.max(1)), all)
}

fn report(judged: &[Judged]) {
    println!("  trades    wallets  covered  with an edge  found (recall)  of the found, right");
    for (from, to) in [(5, 20), (20, 50), (50, 100), (100, 200), (200, 501)] {
        let band = || judged.iter().filter(move |one| (from..to).contains(&one.trades));
        let (covered, wallets) = share(band(), Judged::is_covered);
        let (recall, good) = share(band().filter(|one| one.edge > 0.0), Judged::is_found);
        let (precision, found) = share(band().filter(|one| one.is_found()), |one| one.edge > 0.0);
        println!(
            "  {from:>3}–{:<3} {wallets:>10}  {:>6.1} %  {good:>12}  {:>12.1} %  {:>5.1} % of {found}",
            to - 1,
            covered * 100.0,
            recall * 100.0,
            precision * 100.0,
        );
    }
}

/// The share with an edge among the hundred that stand highest by `key`.
fn right_among_the_first_hundred(judged: &[Judged], key: impl Fn(&Judged) -> f64) -> f64 {
    let mut sorted: Vec<&Judged> = judged.iter().collect();
    sorted.sort_by(|one, other| key(other).total_cmp(&key(one)));
    share(sorted.into_iter().take(100), |one| one.edge > 0.0).0
}

#[test]
fn intervals_cover_the_truth_at_their_rate_and_the_ranking_finds_the_edge() {
    for (edges, name) in [(Edges::Normal, "normal edges"), (Edges::Few, "a few edges")] {
        println!("{name}");
        let judged: Vec<Judged> = [7, 8].into_iter().flat_map(|seed| judge(edges, 1500, seed)).collect();
        report(&judged);
        let (covered, wallets) = share(judged.iter(), Judged::is_covered);
        let (precision, found) = share(judged.iter().filter(|one| one.is_found()), |one| one.edge > 0.0);
        let clear = |one: &&Judged| one.edge >= 0.15 && one.trades >= 100;
        let (recall, _) = share(judged.iter().filter(clear), Judged::is_found);
        let (of_found, _) = share(judged.iter().filter(|one| one.is_found()), Judged::is_covered);
        let low = |one: &Judged| if one.is_placed { one.shrunk.interval.low } else { f64::MIN };
        let by_rank = right_among_the_first_hundred(&judged, low);
        let by_mean = right_among_the_first_hundred(&judged, |one| one.mean);
        println!(
            "  covered {:.2} % of {wallets}; found {found}, right {:.1} %; of edges ≥ 0.15 % with ≥ 100 trades found \
             {:.1} %; intervals of the found that hold {:.1} %; first hundred right: {:.0} % by rank, {:.0} % by plain mean",
            covered * 100.0,
            precision * 100.0,
            recall * 100.0,
            of_found * 100.0,
            by_rank * 100.0,
            by_mean * 100.0,
        );
        // Three deviations of a binomial share of 3000 are 1.2 points.
        assert!((covered - 0.95).abs() <= 0.015, "covered {covered}");
        assert!(precision >= 0.95 && recall >= 0.85 && by_rank >= 0.97);
        assert!(by_rank >= by_mean);
    }
}

/// Without any edge the halves agree by luck only, and nearly nobody is found.
#[test]
fn where_nobody_has_an_edge_nobody_is_found() {
    let mut random = Random(3);
    let mut rows = Vec::new();
    for wallet in 0..400 {
        for cycle in 1..60_u32 {
            rows.push(row(&format!("{wallet:05}"), cycle, cycle.into(), 0.25 * random.skewed()));
        }
    }

    let all = statistics(&rows, late(), &Parameters { cost_bps: 0.0, ..Parameters::default() });

    let found = all.wallets.iter().filter(|wallet| wallet.shrunk.unwrap().interval.low > 0.0).count();
    let persistence = all.persistence.unwrap();
    println!("{found} of 400 found, {persistence:?}, spread {}", all.population.unwrap().spread_percent);
    assert!(found <= 4);
    assert!(persistence.correlation.unwrap().abs() < 0.2);
    // 400 tosses of a coin deviate by 0.1 at four deviations.
    assert!((f64::from(persistence.same_sign) / 400.0 - 0.5).abs() < 0.1);
}
