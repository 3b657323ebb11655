//! What users want of the desk.

use goat::values::UnixMicros;
use serde::{Deserialize, Serialize};

use super::{Desk, Limits, Now, Report};
use crate::core::Carried;
use crate::core::command::Request;
use crate::core::controls::Pause;
use crate::core::micros;
use crate::core::play::{Play, PlayId};
use crate::core::validator::Project;
use crate::core::wallets::{WalletAnswer, WalletQuery};

/// A filter project with what users see of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedProject {
    /// The filters.
    pub project: Project,
    /// What it is for.
    pub description: String,
    /// Made by automatic filters.
    pub automatic: bool,
    /// Grows by one with every change.
    pub version: u32,
    /// When this version came about.
    #[serde(with = "micros")]
    pub changed_at: UnixMicros,
}

impl Desk {
    pub(in crate::core) fn pause(&mut self, time: UnixMicros, request: &Request) {
        let Request { requested_by, reason } = request.clone();
        self.controls.pause(Pause { since: time, requested_by, reason });
    }

    pub(in crate::core) fn resume(&mut self) {
        self.controls.resume();
    }

    /// Takes over plays, projects and switches as they were.
    pub(in crate::core) fn carry(&mut self, carried: Carried) {
        self.controls = carried.controls.unwrap_or_default();
        for play in carried.plays {
            self.plays.restore(play);
        }
        for (id, version) in carried.deleted_plays {
            self.plays.restore_deleted(id, version);
        }
        for saved in carried.projects {
            self.projects.insert(saved.project.id.clone(), saved);
        }
        let (lists, searches) = (&mut self.lists, &mut self.searches);
        for play in self.plays.iter() {
            lists.saved(play, UnixMicros::default());
            searches.saved(None, play, UnixMicros::default());
        }
    }

    /// Bounds and costs count from the next decision on. What the account began with stays.
    pub(in crate::core) fn set_limits(&mut self, limits: &Limits) {
        let start = self.limits.start;
        self.limits = limits.clone();
        if self.account.is_untouched() {
            self.account = super::Account::new(limits.start);
        } else {
            self.limits.start = start;
        }
    }

    pub(in crate::core) fn save_play(&mut self, now: Now, play: &Play, reports: &mut Vec<Report>) {
        let before = self.plays.get(&play.id).cloned();
        let saved = self.plays.save(play.clone(), now.time).clone();
        self.lists.saved(&saved, now.time);
        self.searches.saved(before.as_ref(), &saved, now.time);
        reports.push(Report::Play(Box::new(saved)));
    }

    pub(in crate::core) fn delete_play(&mut self, now: Now, id: &PlayId, reports: &mut Vec<Report>) {
        if let Some(mut play) = self.plays.delete(id) {
            self.lists.forget(id);
            self.searches.forget(id);
            (play.active, play.changed_at) = (false, now.time);
            reports.push(Report::PlayDeleted(Box::new(play)));
        }
    }

    pub(in crate::core) fn save_project(
        &mut self,
        now: Now,
        project: &SavedProject,
        reports: &mut Vec<Report>,
    ) {
        let id = project.project.id.clone();
        let version = self.projects.get(&id).map_or(0, |before| before.version).saturating_add(1);
        let saved = SavedProject { version, changed_at: now.time, ..project.clone() };
        self.projects.insert(id, saved.clone());
        reports.push(Report::Project(Box::new(saved)));
    }

    /// A project that a play uses stays; whoever gives the command has refused it already.
    pub(in crate::core) fn delete_project(&mut self, id: &str, reports: &mut Vec<Report>) {
        if self.plays.iter().any(|play| play.uses_project(id)) {
            return;
        }
        if let Some(saved) = self.projects.remove(id) {
            reports.push(Report::ProjectDeleted(Box::new(saved)));
        }
    }

    pub(in crate::core) fn answer(&mut self, now: Now, answer: &WalletAnswer, reports: &mut Vec<Report>) {
        if let Some(list) = self.lists.answer(answer, now.time) {
            reports.push(Report::Wallets(answer.play.clone(), Box::new(list.clone())));
        }
    }

    pub(in crate::core) fn ask_for_wallets(&mut self, now: Now) -> Vec<WalletQuery> {
        self.lists.refresh(self.plays.iter(), now.seq, now.time)
    }
}
