//! What is written down is read back the same.

use goat::event::Side;

use super::script::{Script, play, trade};
use crate::core::Effect;
use crate::core::desk::Report;
use crate::tables::{PlayVersion, Recorded, Row};

fn read_back<R: Recorded + PartialEq + std::fmt::Debug>(record: &R) {
    let values = record.values();
    assert_eq!(values.len(), R::TABLE.columns.len());
    for (value, column) in values.iter().zip(R::TABLE.columns) {
        assert!(value.is_of(column.kind), "{}.{} is {value:?}", R::TABLE.name, column.name);
    }
    assert_eq!(R::recorded(&Row::new(R::TABLE, &values)).unwrap(), *record);
}

#[test]
fn every_record_is_read_back_from_its_row() {
    let mut script = Script::with(play());
    script.change_play(|play| play.max_entries_per_cycle = 9);
    for second in 0..400_i64 {
        let wave = (second % 40) - 20;
        script.price(second * 1000, 100.0 + f64::from(i32::try_from(wave.abs()).unwrap()) / 20.0);
        if second % 3 == 0 {
            script.book(second * 1000 + 100, 99.9, 100.1, 5.0);
        }
        let wallet = ["alice", "bob", "nobody"][usize::try_from(second % 3).unwrap()];
        let side = if second % 11 == 10 { Side::Sell } else { Side::Buy };
        script.fold(&trade(second * 1000 + 200, wallet, &format!("s{second}"), side));
    }
    let mut seen = [0_u32; 4];
    for effect in script.effects() {
        match effect {
            Effect::Desk(Report::Decision(decision)) => {
                read_back(decision.as_ref());
                seen[0] += 1;
            }
            Effect::Desk(Report::Position(position)) => {
                read_back(position.as_ref());
                seen[1] += 1;
            }
            Effect::Desk(Report::Play(play)) => {
                read_back(&PlayVersion { play: (**play).clone(), deleted: false });
                seen[2] += 1;
            }
            Effect::Profiled(profile) => {
                read_back(profile.as_ref());
                seen[3] += 1;
            }
            _ => {}
        }
    }
    assert!(seen.iter().all(|count| *count > 1), "{seen:?}");
}
