//! Plays: shown as they are, saved through the core.

use goat::error::Kind;
use goat::wire::trading as wire;
use tonic::Status;

use super::{Trading, command};
use crate::core::command::Order;
use crate::core::play::{Play, PlayId, Validator, WalletSelection};
use crate::plays::{document, parse};
use crate::tables::PlayVersion;

impl Trading {
    pub(super) fn plays(&self, active_only: bool) -> Vec<wire::Play> {
        let desk = self.view.read().desk.clone();
        desk.plays.iter().filter(|play| play.active || !active_only).map(document).collect()
    }

    pub(super) fn play(&self, id: &str) -> Result<Play, Status> {
        let desk = self.view.read().desk.clone();
        let found = desk.plays.iter().find(|play| play.id.as_str() == id).cloned();
        found.ok_or_else(|| Kind::NotFound.status(format!("there is no play {id:?}")))
    }

    pub(super) async fn create_play(&self, given: Option<wire::Play>) -> Result<wire::Play, Status> {
        let _turn = self.changes_of_plays.lock().await;
        let play = self.checked_play(given, None).await?;
        if self.play(play.id.as_str()).is_ok() {
            return Err(Kind::AlreadyExists.status(format!("there is a play {:?} already", play.id.as_str())));
        }
        self.save_play(play).await
    }

    pub(super) async fn update_play(&self, request: wire::UpdatePlayRequest) -> Result<wire::Play, Status> {
        let _turn = self.changes_of_plays.lock().await;
        let before = self.play(&request.id)?;
        if let Some(expected) = request.expected_version.filter(|expected| *expected != before.version) {
            return Err(Kind::Conflict.status(format!(
                "expected_version is {expected}, but play {:?} has version {}",
                request.id, before.version
            )));
        }
        let play = self.checked_play(request.play, Some(&before.id)).await?;
        self.save_play(play).await
    }

    pub(super) async fn duplicate_play(
        &self,
        request: wire::DuplicatePlayRequest,
    ) -> Result<wire::Play, Status> {
        let _turn = self.changes_of_plays.lock().await;
        let mut copy = document(&self.play(&request.id)?);
        copy.name = if request.name.is_empty() { format!("{} (copy)", copy.name) } else { request.name };
        (copy.id, copy.active) = (String::new(), false);
        let play = self.checked_play(Some(copy), None).await?;
        if self.play(play.id.as_str()).is_ok() {
            return Err(Kind::AlreadyExists.status(format!(
                "there is a play {:?} already; give the copy another name",
                play.id.as_str()
            )));
        }
        self.save_play(play).await
    }

    pub(super) async fn delete_play(&self, id: &str) -> Result<wire::DeletePlayResponse, Status> {
        let _turn = self.changes_of_plays.lock().await;
        let play = self.play(id)?;
        let open = {
            let desk = self.view.read().desk.clone();
            desk.positions.values().filter(|one| one.id.play == play.id && !one.stage.is_over()).count()
        };
        command::carry_out(&self.commands, Order::DeletePlay(play.id), String::new()).await?;
        Ok(wire::DeletePlayResponse { open_positions: u32::try_from(open).unwrap_or(u32::MAX) })
    }

    pub(super) async fn play_versions(&self, id: &str) -> Result<Vec<wire::Play>, Status> {
        let condition = "WHERE id = ? ORDER BY version DESC";
        let versions: Vec<PlayVersion> = self.records(condition, vec![Box::new(id.to_owned())]).await?;
        if versions.is_empty() {
            return Err(Kind::NotFound.status(format!("there is no play {id:?}")));
        }
        Ok(versions.iter().map(|version| document(&version.play)).collect())
    }

    async fn save_play(&self, play: Play) -> Result<wire::Play, Status> {
        let id = play.id.clone();
        command::carry_out(&self.commands, Order::SavePlay(Box::new(play)), String::new()).await?;
        Ok(document(&self.play(id.as_str())?))
    }

    /// The play that is asked for, with everything that it names.
    pub(super) async fn checked_play(
        &self,
        given: Option<wire::Play>,
        id: Option<&PlayId>,
    ) -> Result<Play, Status> {
        let mut given = given.ok_or_else(|| Kind::Invalid.status("play is missing"))?;
        if let Some(id) = id {
            if !given.id.is_empty() && given.id != id.as_str() {
                return Err(Kind::Invalid.status(format!(
                    "id is {:?} in the play and {:?} in the path",
                    given.id,
                    id.as_str()
                )));
            }
            id.as_str().clone_into(&mut given.id);
        }
        let play = parse(given).map_err(|error| Kind::Invalid.status(error.to_string()))?;
        if let Some(Validator::Projects(ids)) = &play.validator {
            let desk = self.view.read().desk.clone();
            let unknown = ids.iter().find(|id| !desk.projects.iter().any(|saved| saved.project.id == **id));
            if let Some(unknown) = unknown {
                return Err(Kind::Invalid
                    .status(format!("validator.project_ids names {unknown:?}, which does not exist")));
            }
        }
        if let WalletSelection::Query { sql, .. } = &play.wallets {
            let checked = self.readers.check_wallet_query(sql.clone()).await;
            checked.map_err(|problem| Kind::Invalid.status(format!("wallets.sql: {problem}")))?;
        }
        Ok(play)
    }
}
