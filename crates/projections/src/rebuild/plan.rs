//! What a rebuild would do, without doing it.

use super::build::{OLD, SHADOW};
use crate::{Engine, Error, View};
use eventlog::{Position, consumer::handover};

/// See [`Engine::plan`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub view: &'static str,
    /// Where the log ends: so much would be folded.
    pub end: Position,
    /// The view's rows now, as its table estimates them.
    pub rows: i64,
    /// What its table and indexes take on disk now; the new ones take about as much.
    pub bytes: i64,
    /// Whether the table that was in place before the last rebuild is still there, and would be
    /// dropped.
    pub has_old: bool,
    /// Whether somebody rebuilds the view now.
    pub rebuilding: bool,
}

impl Engine {
    /// What a rebuild of the view would do now. Changes nothing; fails when the log or the database
    /// cannot be asked.
    pub async fn plan(&self, view: &'static dyn View) -> Result<Plan, Error> {
        let name = view.name();
        let client = self.pool.get().await?;
        let select = format!(
            "select greatest(reltuples, 0)::int8, pg_total_relation_size(oid)::int8
             from pg_class where oid = '{name}'::regclass"
        );
        let table = client.query_one(&select, &[]).await?;
        let shadow = self.consumers.of_follower(&format!("{name}{SHADOW}")).await?;
        let old = handover::checkpoints(&client, &format!("{name}{OLD}")).await?;
        Ok(Plan {
            view: name,
            end: self.log.end().await?,
            rows: table.get(0),
            bytes: table.get(1),
            has_old: !old.is_empty(),
            rebuilding: shadow.iter().any(|shadow| shadow.owner.is_some()),
        })
    }
}
