use goat::event::PositionSide;
use goat::values::Price;
use proptest::prelude::*;

use super::*;
use crate::core::cycles::{Cycles, Threshold};
use crate::core::desk::tests::script;
use crate::core::exit::{Algorithm, UncheckedRules};

const THRESHOLD: Threshold = Threshold::from_hundredths(30);

#[derive(Debug, Clone, Copy)]
enum Step {
    Sample,
    Mirrored,
    Sold,
    /// Milliseconds later, the price moves by so many hundredths of a percent.
    Price(i64, i32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let price = (0_i64..3_000, prop_oneof![4 => Just(0), 3 => -12_i32..=12, 1 => -60_i32..=60]);
    let step = prop_oneof![
        1 => Just(Step::Sample),
        1 => Just(Step::Mirrored),
        1 => Just(Step::Sold),
        20 => price.prop_map(|(millis, moved)| Step::Price(millis, moved)),
    ];
    proptest::collection::vec(step, 1..400)
}

fn a_play(algorithm: Algorithm, short: bool, hold: Option<u32>) -> Play {
    let rules = UncheckedRules {
        algorithm,
        minimum_hold_seconds: hold.map_or(0, |seconds| seconds / 2),
        maximum_hold_seconds: hold,
        mirror: true,
        ..UncheckedRules::default()
    };
    let side = if short { PositionSide::Short } else { PositionSide::Long };
    Play { side, exit: ExitRules::new(rules).unwrap(), ..script::play() }
}

impl Shadows {
    fn mirrored(&mut self, at: Moment<'_>, play: &Play) {
        self.follow(at, play, ShadowKind::Rejected(Gate::Bundle), Some("alice".to_owned()));
    }

    fn forget_what_is_quiet(&mut self) {
        self.quiet = Derived::default();
        for of_play in self.plays.values_mut() {
            of_play.quiet.fill(QuietUpTo { own: Quiet::NEVER, all: Quiet::NEVER });
        }
    }
}

proptest! {
    /// Passing over a price that changes nothing leads where looking at every shadow leads, and a state that was
    /// stored and read goes on like the one that was not.
    #[test]
    fn what_is_quiet_changes_nothing(
        steps in steps(),
        locked in any::<bool>(),
        short in any::<bool>(),
        hold in proptest::option::of(2_u32..120),
    ) {
        let play = a_play(if locked { Algorithm::Locked } else { Algorithm::DualCheck }, short, hold);
        let limits = Limits::default();
        let mut cycles = Cycles::new(&[THRESHOLD]);
        let (mut swift, mut thorough) = (Shadows::default(), Shadows::default());
        let (mut seq, mut millis, mut price) = (0, 0, 100.0);

        for step in steps {
            seq += 1;
            let (seq, now) = (Seq::new(seq), script::at(millis));
            let at = Moment { seq, time: now, limits: &limits };
            match step {
                Step::Sample => [&mut swift, &mut thorough].map(|one| one.take_sample(at, &play)).map(drop),
                Step::Mirrored => [&mut swift, &mut thorough].map(|one| one.mirrored(at, &play)),
                Step::Sold => [&mut swift, &mut thorough].map(|one| one.mirror(now, "alice", &limits)),
                Step::Price(later, moved) => {
                    millis += later;
                    price *= 1.0 + f64::from(moved) / 10_000.0;
                    let now = script::at(millis);
                    let tick = Tick { seq, time: now, price: Price::new(price).unwrap() };
                    let mut effects = Vec::new();
                    cycles.fold(&tick, &mut effects);
                    let closed: Vec<Cycle> = effects
                        .iter()
                        .filter_map(|effect| match effect {
                            crate::core::Effect::CycleClosed(cycle) => Some(*cycle),
                            _ => None,
                        })
                        .collect();
                    let cycle = cycles.active().next().map(|cycle| cycle.id);
                    thorough.forget_what_is_quiet();
                    let complete = thorough.fold_price(now, &tick, &closed, cycle, &limits);
                    prop_assert_eq!(swift.fold_price(now, &tick, &closed, cycle, &limits), complete);
                    [(), ()]
                }
            };
            prop_assert_eq!(&swift, &thorough);
            let stored = postcard::to_stdvec(&swift).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<Shadows>(&stored).unwrap(), &swift);
        }
    }
}
