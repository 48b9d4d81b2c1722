//! Everything that was asked for, one after the other, and the report.

use crate::{
    Args, BenchError,
    asked::{Asked, progress},
    auth,
    database::Database,
    limits::{self, Http, decode, insert, read_rows},
    live::Live,
    log::Log,
    process::Service,
    queries::q1,
    rebuild::{self, Rebuilt},
    report::{Limit, Report, Row, date, machine},
    scale::Scale,
};
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

/// How long a first start may take, in milliseconds.
const START: f64 = 3000.0;

type Conditions = BTreeMap<String, String>;

pub async fn measure(args: Args) -> Result<(), BenchError> {
    let date = args.date.clone().or_else(date).ok_or(BenchError::NoDate)?;
    let (scale, asked) = (args.scale()?, Asked::of(&args.only));
    let (mut conditions, mut rows) = (Conditions::new(), Vec::new());
    conditions.insert("load".to_owned(), scale.shape.to_string());
    if args.auth {
        auth::turn_on().await?;
        conditions.insert("tokens".to_owned(), "each request has one (HS256)".to_owned());
    }
    let ended = all(&asked, &scale, &mut conditions, &mut rows).await;
    let report = Report { date, conditions, rows };
    report.print()?;
    // What was measured before something failed is shown, and not kept.
    ended?;
    let file = report.write(&args.results())?;
    writeln!(io::stdout(), "\n{}", file.display())?;
    Ok(())
}

async fn all(
    asked: &Asked,
    scale: &Scale,
    conditions: &mut Conditions,
    rows: &mut Vec<Row>,
) -> Result<(), BenchError> {
    let l1 = limits::http(asked, scale, rows).await?;
    if asked.any(&["start", "C1", "C1p", "C2", "C3", "P1"]) {
        live(asked, scale, &l1, conditions, rows).await?;
    }
    if asked.any(&["L2", "L3", "L4", "R1", "Q1"]) {
        stored(asked, scale, &l1, conditions, rows).await?;
    }
    Ok(())
}

/// What is measured on a service that has just been started for the first time.
async fn live(
    asked: &Asked,
    scale: &Scale,
    l1: &Http,
    conditions: &mut Conditions,
    rows: &mut Vec<Row>,
) -> Result<(), BenchError> {
    asked.begins("start");
    let service = Service::start().await?;
    let database = Database::of(service.data_dir.path()).await?;
    note(conditions, &database, &service).await?;
    let took = service.start.as_secs_f64() * 1000.0;
    let row = Row::plain("start", "first start, until it listens", took, "ms");
    rows.push(row.goal(format!("≤ {START}"), took <= START));
    Live::of(&service, &database, scale, l1).await?.all(asked, rows).await
}

/// What is measured on a log that is filled without the service.
async fn stored(
    asked: &Asked,
    scale: &Scale,
    l1: &Http,
    conditions: &mut Conditions,
    rows: &mut Vec<Row>,
) -> Result<(), BenchError> {
    let (sizes, mut rebuilt) = (scale.sizes, Vec::new());
    let mut log = Log::open().await?;
    note(conditions, &log.database, &log.holder).await?;
    if asked.any(&["R1"]) {
        fill(&mut log, sizes.small).await?;
        rebuilt.push(rebuild_at(&log, scale).await?);
    }
    let mut l4 = None;
    if asked.any(&["L2", "L3", "L4", "R1"]) {
        let copied = fill(&mut log, sizes.middle).await?;
        l4 = storage_limits(asked, scale, &log, copied, rows).await?;
    }
    if asked.any(&["L3", "R1"]) {
        rebuilt.push(rebuild_at(&log, scale).await?);
        rows.extend(l3_of_the_view(asked, &log).await?);
    }
    if asked.any(&["R1", "Q1"]) {
        fill(&mut log, sizes.large).await?;
        rebuilt.push(rebuild_at(&log, scale).await?);
    }
    if asked.any(&["R1"]) {
        rows.extend(rebuild::rows(&rebuilt, sizes.middle, l4));
    }
    if asked.begins("Q1") {
        rows.extend(q1(&log, scale, l1).await?);
    }
    Ok(())
}

async fn fill(log: &mut Log, size: u64) -> Result<f64, BenchError> {
    progress(&format!("filling a log with {size} facts"));
    log.fill(size).await
}

async fn rebuild_at(log: &Log, scale: &Scale) -> Result<Rebuilt, BenchError> {
    progress(&format!("rebuilding from {} facts", log.facts));
    rebuild::middle(log, scale.runs).await
}

/// L2, L3 of the log's rows, and L4, which is given back.
async fn storage_limits(
    asked: &Asked,
    scale: &Scale,
    log: &Log,
    copied: f64,
    rows: &mut Vec<Row>,
) -> Result<Option<Limit>, BenchError> {
    if asked.begins("L2") {
        let inserted = insert(log, scale.inserts).await?;
        rows.push(Row::plain("L2", "log rows inserted, 500 per commit", inserted, "/s"));
    }
    if asked.begins("L3") {
        rows.push(Row::plain("L3", "log rows by binary COPY, indexes live", copied, "/s"));
    }
    if !asked.begins("L4") {
        return Ok(None);
    }
    let mut runs = Vec::new();
    for _ in 0..scale.runs {
        runs.push(decode(log.config.clone()).await?);
    }
    runs.sort_by(f64::total_cmp);
    let figure = runs[runs.len() / 2];
    let what = format!("{} facts read and decoded, one thread", log.facts);
    rows.push(Row::plain("L4", what, figure, "/s"));
    Ok(Some(Limit { name: "L4", figure }))
}

async fn l3_of_the_view(asked: &Asked, log: &Log) -> Result<Option<Row>, BenchError> {
    if !asked.any(&["L3"]) {
        return Ok(None);
    }
    let (count, copied) = read_rows(log).await?;
    let what = format!("{count} rows of a view by binary COPY, no index");
    Ok(Some(Row::plain("L3", what, copied, "/s")))
}

/// What has to be known of the machine and the database. Fails unless commits are durable.
async fn note(
    conditions: &mut Conditions,
    database: &Database,
    service: &Service,
) -> Result<(), BenchError> {
    conditions.extend(database.settings().await?);
    conditions.extend(machine(service.data_dir.path()));
    Ok(())
}
