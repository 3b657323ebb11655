//! Filter projects, and the catalogue of features that filters name.

use goat::error::Kind;
use goat::wire::trading as wire;
use tonic::Status;

use super::{Trading, command};
use crate::core::command::Order;
use crate::core::desk::SavedProject;
use crate::core::features::catalogue;
use crate::core::validator::{Filter, FilterFields, Project};
use crate::plays::play_id;

const NAME_CHARACTERS_MAX: usize = 60;
const DESCRIPTION_CHARACTERS_MAX: usize = 500;
const FILTERS_MAX: usize = 100;

impl Trading {
    pub(super) fn filter_projects(&self) -> Vec<wire::FilterProject> {
        let desk = self.view.read().desk.clone();
        desk.projects.iter().map(message).collect()
    }

    pub(super) fn filter_project(&self, id: &str) -> Result<wire::FilterProject, Status> {
        let desk = self.view.read().desk.clone();
        let found = desk.projects.iter().find(|saved| saved.project.id == id).map(message);
        found.ok_or_else(|| Kind::NotFound.status(format!("there is no filter project {id:?}")))
    }

    pub(super) async fn create_filter_project(
        &self,
        given: Option<wire::FilterProject>,
    ) -> Result<wire::FilterProject, Status> {
        let _turn = self.changes_of_plays.lock().await;
        let saved = parse(given, None)?;
        let id = saved.project.id.clone();
        if self.filter_project(&id).is_ok() {
            return Err(Kind::AlreadyExists.status(format!("there is a filter project {id:?} already")));
        }
        self.save_project(saved).await
    }

    pub(super) async fn update_filter_project(
        &self,
        request: wire::UpdateFilterProjectRequest,
    ) -> Result<wire::FilterProject, Status> {
        let _turn = self.changes_of_plays.lock().await;
        self.filter_project(&request.id)?;
        self.save_project(parse(request.project, Some(&request.id))?).await
    }

    pub(super) async fn delete_filter_project(&self, id: &str) -> Result<(), Status> {
        let _turn = self.changes_of_plays.lock().await;
        self.filter_project(id)?;
        let desk = self.view.read().desk.clone();
        let users: Vec<&str> =
            desk.plays.iter().filter(|play| play.uses_project(id)).map(|play| play.id.as_str()).collect();
        if !users.is_empty() {
            return Err(
                Kind::Precondition.status(format!("filter project {id:?} is used by {}", users.join(", ")))
            );
        }
        command::carry_out(&self.commands, Order::DeleteProject(id.to_owned()), String::new()).await?;
        Ok(())
    }

    async fn save_project(&self, saved: SavedProject) -> Result<wire::FilterProject, Status> {
        let id = saved.project.id.clone();
        command::carry_out(&self.commands, Order::SaveProject(Box::new(saved)), String::new()).await?;
        self.filter_project(&id)
    }
}

/// The catalogue, or one group of it.
pub(super) fn features(group: &str) -> Result<Vec<wire::Feature>, Status> {
    let groups: std::collections::BTreeSet<&str> =
        catalogue().iter().map(|feature| feature.group.prefix()).collect();
    if !group.is_empty() && !groups.contains(group) {
        let groups: Vec<&str> = groups.into_iter().collect();
        return Err(
            Kind::Invalid.status(format!("group is {group:?}; it must be one of {}", groups.join(", ")))
        );
    }
    let wanted = catalogue().iter().filter(|feature| group.is_empty() || feature.group.prefix() == group);
    let message = |feature: &crate::core::features::Feature| wire::Feature {
        name: feature.name.to_owned(),
        group: feature.group.prefix().to_owned(),
        unit: feature.unit.as_str().to_owned(),
        formula: feature.formula.to_owned(),
        per_minute: feature.is_per_minute(),
    };
    Ok(wanted.map(message).collect())
}

pub(crate) fn parse(given: Option<wire::FilterProject>, id: Option<&str>) -> Result<SavedProject, Status> {
    let invalid = |problem: String| Kind::Invalid.status(problem);
    let given = given.ok_or_else(|| invalid("project is missing".to_owned()))?;
    if let Some(id) = id
        && !given.id.is_empty()
        && given.id != id
    {
        return Err(invalid(format!("id is {:?} in the project and {id:?} in the path", given.id)));
    }
    let id = play_id(id.unwrap_or(&given.id), &given.name).map_err(|error| invalid(error.to_string()))?;
    let characters = given.name.chars().count();
    if !(1..=NAME_CHARACTERS_MAX).contains(&characters) {
        return Err(invalid(format!("name has {characters} characters; it must have 1 to 60")));
    }
    let characters = given.description.chars().count();
    if characters > DESCRIPTION_CHARACTERS_MAX {
        return Err(invalid(format!("description has {characters} characters; it may have 500")));
    }
    if given.filters.len() > FILTERS_MAX {
        return Err(invalid(format!("filters has {} entries; it may have 100", given.filters.len())));
    }
    let filters = given.filters.into_iter().map(|filter| {
        let minute = u8::try_from(filter.minute).map_err(|_| {
            invalid(format!("minute of {} is {}; it must be 0 to 14", filter.feature, filter.minute))
        })?;
        let fields = FilterFields {
            feature: filter.feature,
            minute,
            from: filter.from,
            to: filter.to,
            include_null: filter.include_null,
            exclude: filter.exclude,
            active: !filter.inactive,
        };
        Filter::try_from(fields).map_err(|error| invalid(error.to_string()))
    });
    let filters = filters.collect::<Result<Vec<Filter>, Status>>()?;
    Ok(SavedProject {
        project: Project { id: id.to_string(), name: given.name, filters },
        description: given.description,
        automatic: false,
        version: 0,
        changed_at: goat::values::UnixMicros::default(),
    })
}

fn message(saved: &SavedProject) -> wire::FilterProject {
    let filter = |filter: &Filter| {
        let fields = filter.fields();
        wire::Filter {
            feature: fields.feature,
            minute: fields.minute.into(),
            from: fields.from,
            to: fields.to,
            include_null: fields.include_null,
            exclude: fields.exclude,
            inactive: !fields.active,
        }
    };
    wire::FilterProject {
        id: saved.project.id.clone(),
        name: saved.project.name.clone(),
        description: saved.description.clone(),
        filters: saved.project.filters.iter().map(filter).collect(),
        version: saved.version,
        changed_at: Some(saved.changed_at.into()),
        automatic: saved.automatic,
    }
}
