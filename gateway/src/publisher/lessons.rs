//! Educational posts: our own wording, kept as a data file.

use serde::Deserialize;

const FILE: &str = include_str!("../../data/lessons.toml");

/// Which of our figures is told beside a lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tie {
    None,
    Trades,
    WinRate,
    Fees,
    Profit,
    Open,
    Benchmark,
    Price,
}

/// Something to learn.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lesson {
    pub(crate) topic: String,
    pub(crate) tie: Tie,
    pub(crate) text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    lesson: Vec<Lesson>,
}

/// The lessons. There is at least one.
#[derive(Debug, Clone)]
pub(crate) struct Lessons(Vec<Lesson>);

impl Lessons {
    /// Reads those that are built in.
    ///
    /// # Errors
    ///
    /// When the file is damaged.
    pub(crate) fn built_in() -> Result<Self, String> {
        let file: File = toml::from_str(FILE).map_err(|error| format!("lessons.toml: {error}"))?;
        if file.lesson.is_empty() {
            return Err("lessons.toml holds no lesson".to_owned());
        }
        Ok(Self(file.lesson))
    }

    /// The lesson of a turn: all of them once, then again from the first.
    pub(crate) fn of_turn(&self, turn: u64) -> Option<&Lesson> {
        // Far enough from its neighbour in the file that topics mix; prime to any count that it does not divide.
        const STRIDE: u64 = 37;
        let count = self.0.len() as u64;
        let at = if count.is_multiple_of(STRIDE) { turn % count } else { turn % count * STRIDE % count };
        usize::try_from(at).ok().and_then(|at| self.0.get(at))
    }

    /// All of them.
    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Lesson> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::weight::weight;
    use super::*;

    #[test]
    fn there_are_dozens_of_lessons_no_two_alike_and_each_short_enough() {
        let lessons = Lessons::built_in().unwrap();

        let texts: BTreeSet<&str> = lessons.iter().map(|lesson| lesson.text.as_str()).collect();
        assert!(texts.len() >= 60, "{}", texts.len());
        assert_eq!(texts.len(), lessons.iter().count());
        for lesson in lessons.iter() {
            assert!(weight(&lesson.text) <= 180, "{}", lesson.text);
            assert!(!lesson.text.contains(['@', '#', '\n']), "{}", lesson.text);
        }
    }

    #[test]
    fn every_lesson_has_its_turn_before_one_comes_again() {
        let lessons = Lessons::built_in().unwrap();
        let count = lessons.iter().count() as u64;

        let seen: BTreeSet<&str> =
            (0..count).filter_map(|turn| lessons.of_turn(turn)).map(|lesson| lesson.text.as_str()).collect();

        assert_eq!(seen.len() as u64, count);
        assert_eq!(lessons.of_turn(0), lessons.of_turn(count));
    }
}
