//! The one pass over the log. Reading, decoding and folding go on side by side: the log's server
//! reads ahead, pages are decoded on any thread, and each view folds in a task of its own.

use super::{Build, OnProgress, Progress, decode::Chunk};
use crate::{Engine, Error};
use eventlog::{LogError, Position, Scan};
use futures::{Stream, StreamExt, future::try_join_all, stream};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::mpsc, time::Instant};

/// Pages decoded side by side.
const DECODED: usize = 3;
/// Chunks that may wait for a view.
const QUEUED: usize = 4;
/// How often what came meanwhile is folded in bulk, too, before it is left to smaller steps.
const PASSES: usize = 4;
/// So few events are not worth another pass.
const WORTH: u64 = 20_000;

/// How long what took.
type Took = BTreeMap<&'static str, Duration>;

/// Folds all that is in the log, up to where every build may go.
pub(super) async fn fold_all(
    engine: &Engine,
    builds: &mut [Box<dyn Build>],
    progress: &mut Progress,
    on_progress: OnProgress<'_>,
) -> Result<Took, Error> {
    let wanted: BTreeSet<&str> =
        builds.iter().flat_map(|build| build.categories()).copied().collect();
    let wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
    let mut took = Took::new();
    for _ in 0..PASSES {
        let before = progress.events;
        progress.end = limit(engine, builds).await?;
        let scan = engine.log.scan(progress.position, progress.end, wanted.clone());
        pass(scan, builds, progress, on_progress, &mut took).await?;
        if progress.events - before < WORTH {
            break;
        }
    }
    Ok(took)
}

/// The log's end, unless a build may not go so far yet.
async fn limit(engine: &Engine, builds: &mut [Box<dyn Build>]) -> Result<Position, Error> {
    let mut limit = engine.log.end().await?;
    for build in builds {
        limit = limit.min(build.limit().await?.unwrap_or(limit));
    }
    Ok(limit)
}

async fn pass(
    scan: Scan,
    builds: &mut [Box<dyn Build>],
    progress: &mut Progress,
    on_progress: OnProgress<'_>,
    took: &mut Took,
) -> Result<(), Error> {
    let end = progress.end;
    let (queues, folding): (Vec<_>, Vec<_>) = builds.iter_mut().map(fold).unzip();
    let feeding = feed(scan, queues, progress, on_progress, took);
    // A fold that fails is told first: then feeding it ends, too, and knows no reason.
    let (folded, fed) = tokio::join!(try_join_all(folding), feeding);
    folded?;
    fed?;
    if progress.position < end { Err(Error::LogClosed) } else { Ok(()) }
}

type Queue = mpsc::Sender<Arc<Chunk>>;

/// The queue of a build, and what folds from it until it is closed.
fn fold(build: &mut Box<dyn Build>) -> (Queue, impl Future<Output = Result<(), Error>>) {
    let (queue, mut chunks) = mpsc::channel::<Arc<Chunk>>(QUEUED);
    let folding = async move {
        while let Some(chunk) = chunks.recv().await {
            build.fold(&chunk).await?;
        }
        Ok(())
    };
    (queue, folding)
}

/// Until the scan ends, or a build does not take more.
async fn feed(
    scan: Scan,
    queues: Vec<Queue>,
    progress: &mut Progress,
    on_progress: OnProgress<'_>,
    took: &mut Took,
) -> Result<(), Error> {
    let mut chunks = std::pin::pin!(chunks(scan));
    loop {
        let waited = Instant::now();
        let Some(chunk) = chunks.next().await.transpose()? else {
            return Ok(());
        };
        *took.entry("read").or_default() += waited.elapsed();
        progress.events += chunk.events.len() as u64;
        progress.position = chunk.reached;
        let (chunk, waited) = (Arc::new(chunk), Instant::now());
        for queue in &queues {
            if queue.send(chunk.clone()).await.is_err() {
                return Ok(());
            }
        }
        *took.entry("fold").or_default() += waited.elapsed();
        on_progress(progress);
    }
}

/// The pages, decoded ahead and in order.
fn chunks(scan: Scan) -> impl Stream<Item = Result<Chunk, Error>> {
    let pages = stream::unfold(scan, async |mut scan| Some((scan.next().await?, scan)));
    pages.map(|page| tokio::spawn(async move { Chunk::of(&page) })).buffered(DECODED).map(
        |decoded| {
            let died = |error| Error::Log(LogError::unreachable(error));
            decoded.map_err(died)?.map_err(Error::from)
        },
    )
}
