//! `follow_the_goat_plays`: every version of every play; and `pattern_projects`, the filter projects.

use super::{Carried, InvalidRow, Kept, Kind, Record, Recorded, Row, Shown, Table, Value, required};
use crate::core::desk::SavedProject;
use crate::core::play::Play;

/// One row a version. A deleted play's last version is marked so.
pub(super) const TABLE: Table = Table {
    name: "follow_the_goat_plays",
    columns: &[
        required("id", Kind::Text),
        required("version", Kind::BigInt),
        required("name", Kind::Text),
        required("is_active", Kind::Boolean),
        required("deleted", Kind::Boolean),
        required("changed_at", Kind::Timestamp),
        required(Table::DOCUMENT, Kind::Json),
    ],
    key: &["id", "version"],
    shown: Some(Shown::Always),
    kept: Some(Kept { per_log: false, carried: Carried::Always, since: 3, hours: None }),
};

/// One row a project, in its newest version.
pub(super) const PROJECTS: Table = Table {
    name: "pattern_projects",
    columns: &[
        required("id", Kind::Text),
        required("version", Kind::BigInt),
        required("name", Kind::Text),
        required("automatic", Kind::Boolean),
        required("deleted", Kind::Boolean),
        required("changed_at", Kind::Timestamp),
        required(Table::DOCUMENT, Kind::Json),
    ],
    key: &["id"],
    shown: Some(Shown::Always),
    kept: Some(Kept { per_log: false, carried: Carried::Always, since: 3, hours: None }),
};

/// A version of a play, and whether the play is gone.
#[derive(Debug, Clone, PartialEq)]
pub struct PlayVersion {
    /// The play.
    pub play: Play,
    /// Whether it was deleted in this version.
    pub deleted: bool,
}

impl Record for PlayVersion {
    const TABLE: &'static Table = &TABLE;

    fn values(&self) -> Vec<Value> {
        vec![
            self.play.id.as_str().into(),
            self.play.version.into(),
            self.play.name.as_str().into(),
            self.play.active.into(),
            self.deleted.into(),
            self.play.changed_at.into(),
            super::value::document(&self.play),
        ]
    }
}

impl Recorded for PlayVersion {
    fn recorded(row: &Row<'_>) -> Result<Self, InvalidRow> {
        let deleted = matches!(row.value("deleted")?, Value::Boolean(true));
        Ok(Self { play: super::value::from_document(row)?, deleted })
    }
}

/// A filter project, and whether it is gone.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectRow {
    /// The project.
    pub saved: SavedProject,
    /// Whether it was deleted.
    pub deleted: bool,
}

impl Record for ProjectRow {
    const TABLE: &'static Table = &PROJECTS;

    fn values(&self) -> Vec<Value> {
        vec![
            self.saved.project.id.as_str().into(),
            self.saved.version.into(),
            self.saved.project.name.as_str().into(),
            self.saved.automatic.into(),
            self.deleted.into(),
            self.saved.changed_at.into(),
            super::value::document(&self.saved),
        ]
    }
}

impl Recorded for ProjectRow {
    fn recorded(row: &Row<'_>) -> Result<Self, InvalidRow> {
        let deleted = matches!(row.value("deleted")?, Value::Boolean(true));
        Ok(Self { saved: super::value::from_document(row)?, deleted })
    }
}
