//! A load, and whether the followers of the log keep up with it.

use super::Live;
use crate::{
    BenchError,
    database::Look,
    load::{Load, Outcome, run},
    meter::{Reading, cpu::Processors},
    report::{Costs, Row},
};
use std::time::{Duration, Instant};
use tokio::time::sleep;

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How far a follower may be behind: as many facts as are made in this time.
const BOUND: Duration = Duration::from_secs(1);

/// A load that has just ended, and how its followers stood meanwhile.
pub(super) struct Watched {
    pub outcome: Outcome,
    pub looks: Vec<Look>,
    before: Reading,
    end: Processors,
}

impl Live<'_> {
    pub(super) async fn watched(&self, load: Load) -> Result<Watched, BenchError> {
        let before = self.meter.read().await?;
        let (outcome, looks) = tokio::join!(run(load), self.looks());
        let end = self.meter.processors()?;
        Ok(Watched { outcome: outcome?, looks: looks?, before, end })
    }

    /// While the load is measured, its first and last moment included.
    async fn looks(&self) -> Result<Vec<Look>, BenchError> {
        let shape = self.scale.shape;
        sleep(shape.warm_up).await;
        let (begin, mut looks) = (Instant::now(), vec![self.database.look().await?]);
        while begin.elapsed() < shape.measured {
            sleep(LOOK_EVERY.min(shape.measured.saturating_sub(begin.elapsed()))).await;
            looks.push(self.database.look().await?);
        }
        Ok(looks)
    }

    /// To be asked for when everything is done that followed.
    pub(super) async fn costs_of(&self, watched: &Watched) -> Result<Costs, BenchError> {
        self.meter.costs(&watched.before, &watched.end, watched.outcome.answered).await
    }
}

impl Watched {
    /// The first and the last look, and the seconds between.
    pub(super) fn stretch(&self) -> Option<(&Look, &Look, f64)> {
        let (first, last) = (self.looks.first()?, self.looks.last()?);
        Some((first, last, (last.at - first.at).as_secs_f64()))
    }

    /// How many facts each of the followers was behind at most.
    pub(super) fn lags(&self, id: &'static str, followers: &[&'static str]) -> Vec<Row> {
        let Some((first, last, seconds)) = self.stretch() else { return Vec::new() };
        let made = (last.end - first.end) as f64 / seconds;
        let bound = made * BOUND.as_secs_f64();
        let appended = Row::plain(id, "facts appended meanwhile, all streams", made, "/s");
        let lag = |follower: &&'static str| {
            let largest = self.looks.iter().map(|look| look.lag(follower)).max();
            let largest = largest.unwrap_or_default() as f64;
            Row::plain(id, format!("{follower} behind, at most"), largest, "facts")
                .goal(format!("≤ {bound:.0}"), largest <= bound)
        };
        std::iter::once(appended).chain(followers.iter().map(lag)).collect()
    }
}

pub(super) fn millis(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64() * 1000.0
}
