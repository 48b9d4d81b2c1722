use super::*;
use chrono::{DateTime, TimeDelta, Utc};
use commands::timers::{Cause, Timer, TimerError, Timers, cancel, set};
use futures::FutureExt;
use std::sync::{Arc, Mutex};
use uuid::Uuid;

const LEFT: &str = "select count(*) from commands.timers";
const CAUSE: Cause = Cause { fact_id: Uuid::from_u128(1), correlation_id: Uuid::from_u128(2) };

/// The timers that fired, in order.
type Fired = Arc<Mutex<Vec<Timer>>>;

/// Due long ago.
fn timer(key: &str) -> Timer {
    Timer {
        key: key.to_owned(),
        context: "cafe".to_owned(),
        due: DateTime::UNIX_EPOCH,
        ask: format!(r#"{{"Ticket": {{"id": "{key}", "command": "Expire"}}}}"#),
        cause: CAUSE,
    }
}

/// Due in a thousand years.
fn far(key: &str) -> Timer {
    Timer { due: DateTime::UNIX_EPOCH + TimeDelta::days(365_000), ..timer(key) }
}

async fn set_all(tables: &Tables, timers: &[Timer]) {
    set(&tables.client().await, timers).await.unwrap();
}

/// A worker whose `fire` notes the timer and gives what `outcome` says of it.
fn start(
    tables: &Tables,
    fired: &Fired,
    outcome: impl Fn(&Timer) -> Result<(), TimerError> + Send + Sync + 'static,
) -> Worker {
    let (timers, fired) = (for_cafe(tables), fired.clone());
    Worker::start(|cancel| {
        timers.run(cancel, move |timer| {
            let outcome = outcome(&timer);
            fired.lock().unwrap().push(timer);
            async { outcome }.boxed()
        })
    })
}

fn for_cafe(tables: &Tables) -> Timers {
    Timers::new(tables.pool.clone(), vec!["cafe".to_owned()])
}

fn keys(fired: &Fired) -> Vec<String> {
    let fired = fired.lock().unwrap();
    let mut keys: Vec<_> = fired.iter().map(|timer| timer.key.clone()).collect();
    keys.sort();
    keys
}

fn done(_: &Timer) -> Result<(), TimerError> {
    Ok(())
}

#[tokio::test]
async fn fire_once_when_due_with_what_they_ask_and_why() {
    let tables = Tables::create().await;
    set_all(&tables, &[timer("accept/1"), far("accept/2")]).await;
    let fired = Fired::default();
    let worker = start(&tables, &fired, done);
    tables.until(LEFT, 1).await;
    worker.stop().await;
    let fired = fired.lock().unwrap();
    let [one] = fired.as_slice() else { panic!("{fired:?}") };
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let expected = timer("accept/1");
    assert_eq!((&one.key, &one.context, one.due), (&expected.key, &expected.context, expected.due));
    assert_eq!((json(&one.ask), one.cause), (json(&expected.ask), CAUSE));
}

#[tokio::test]
async fn fire_at_their_time_and_not_before() {
    let tables = Tables::create().await;
    let client = tables.client().await;
    let soon = client.query_one("select clock_timestamp() + interval '400 ms'", &[]).await;
    let due: DateTime<Utc> = soon.unwrap().get(0);
    set_all(&tables, &[Timer { due, ..timer("accept/1") }]).await;
    let fired = Fired::default();
    let worker = start(&tables, &fired, done);
    tables.until(LEFT, 0).await;
    let now = client.query_one("select clock_timestamp()", &[]).await.unwrap();
    let late = now.get::<_, DateTime<Utc>>(0) - due;
    assert!(late >= TimeDelta::zero(), "{late}");
    worker.stop().await;
    assert_eq!(keys(&fired), ["accept/1"]);
}

#[tokio::test]
async fn keep_what_was_set_first() {
    let tables = Tables::create().await;
    let other = Timer { ask: "\"other\"".to_owned(), ..timer("accept/1") };
    set_all(&tables, &[]).await;
    set_all(&tables, &[timer("accept/1"), other.clone()]).await;
    set_all(&tables, &[other]).await;
    let first = "select count(*) from commands.timers where ask ? 'Ticket'";
    assert_eq!((tables.count(first).await, tables.count(LEFT).await), (1, 1));
}

#[tokio::test]
async fn that_were_cancelled_do_not_fire() {
    let tables = Tables::create().await;
    set_all(&tables, &[timer("accept/1"), timer("accept/2")]).await;
    let client = tables.client().await;
    cancel(&client, &[]).await.unwrap();
    let keys_to_cancel = ["accept/1".to_owned(), "accept/unknown".to_owned()];
    cancel(&client, &keys_to_cancel).await.unwrap();
    let fired = Fired::default();
    let worker = start(&tables, &fired, done);
    tables.until(LEFT, 0).await;
    worker.stop().await;
    assert_eq!(keys(&fired), ["accept/2"]);
}

#[tokio::test]
async fn of_other_contexts_are_left_alone() {
    let tables = Tables::create().await;
    let markets = Timer { context: "market".to_owned(), ..timer("hold/1") };
    set_all(&tables, &[markets, timer("accept/1")]).await;
    let fired = Fired::default();
    let worker = start(&tables, &fired, done);
    tables.until(LEFT, 1).await;
    worker.stop().await;
    assert_eq!(keys(&fired), ["accept/1"]);
}

#[tokio::test]
async fn fire_once_with_several_workers() {
    let tables = Tables::create().await;
    let many: Vec<Timer> = (100..650).map(|n| timer(&format!("accept/{n}"))).collect();
    set_all(&tables, &many).await;
    let fired = Fired::default();
    let workers = [(); 3].map(|()| start(&tables, &fired, done));
    tables.until(LEFT, 0).await;
    for worker in workers {
        worker.stop().await;
    }
    let expected: Vec<_> = many.into_iter().map(|timer| timer.key).collect();
    assert_eq!(keys(&fired), expected);
}

#[tokio::test]
async fn that_failed_fire_again_later() {
    let tables = Tables::create().await;
    set_all(&tables, &[timer("accept/1")]).await;
    let fired = Fired::default();
    let first = Mutex::new(true);
    let worker = start(&tables, &fired, move |_| {
        if std::mem::take(&mut *first.lock().unwrap()) {
            return Err(TimerError::failed("no"));
        }
        Ok(())
    });
    tables.until("select count(*) from commands.timers where attempts = 1 and due < now() + interval '2 s'", 1).await;
    tables.until(LEFT, 0).await;
    worker.stop().await;
    assert_eq!(keys(&fired), ["accept/1", "accept/1"]);
}

#[tokio::test]
async fn that_panic_stop_no_other() {
    let tables = Tables::create().await;
    set_all(&tables, &[timer("accept/1"), timer("accept/2")]).await;
    let fired = Fired::default();
    let worker = start(&tables, &fired, |timer| {
        assert!(timer.key != "accept/1", "a mistake in what a timer asks");
        Ok(())
    });
    tables.until(LEFT, 1).await;
    let retried = "select count(*) from commands.timers where key = 'accept/1' and attempts > 1";
    tables.until(retried, 1).await;
    worker.stop().await;
    assert_eq!(keys(&fired), ["accept/2"]);
}

#[tokio::test]
async fn that_wait_for_a_part_do_not_count_as_failed() {
    let tables = Tables::create().await;
    set_all(&tables, &[timer("accept/1")]).await;
    tables.execute("update commands.timers set attempts = 5").await;
    let fired = Fired::default();
    let worker = start(&tables, &fired, |_| Err(TimerError::PartDown));
    let waits = "
        select count(*) from commands.timers
        where attempts = 5 and due between now() - interval '1 s' and now() + interval '1 s'";
    tables.until(waits, 1).await;
    worker.stop().await;
    assert!(!keys(&fired).is_empty());
}

#[tokio::test]
async fn that_a_dead_worker_had_claimed_fire_again() {
    let tables = Tables::create().await;
    set_all(&tables, &[timer("accept/1")]).await;
    let timers = for_cafe(&tables);
    let dies = Worker::start(|cancel| timers.run(cancel, |_| std::future::pending().boxed()));
    let claimed = "select count(*) from commands.timers where due > now() + interval '10 s'";
    tables.until(claimed, 1).await;
    dies.kill();
    let fired = Fired::default();
    let worker = start(&tables, &fired, done);
    tables.execute("update commands.timers set due = now()").await;
    tables.until(LEFT, 0).await;
    worker.stop().await;
    assert_eq!(keys(&fired), ["accept/1"]);
}

#[tokio::test]
async fn set_anew_while_the_old_one_fires_are_kept() {
    let tables = Tables::create().await;
    set_all(&tables, &[timer("accept/1")]).await;
    let (timers, pool) = (for_cafe(&tables), tables.pool.clone());
    let worker = Worker::start(|stop| {
        timers.run(stop, move |timer| {
            let pool = pool.clone();
            async move {
                let client = pool.get().await.map_err(TimerError::failed)?;
                let cancelled = cancel(&client, &[timer.key]).await;
                cancelled.map_err(TimerError::failed)?;
                set(&client, &[far("accept/1")]).await.map_err(TimerError::failed)
            }
            .boxed()
        })
    });
    let far_away = "select count(*) from commands.timers where due > now() + interval '9 years'";
    tables.until(far_away, 1).await;
    worker.stop().await;
    assert_eq!(tables.count(far_away).await, 1);
}

#[tokio::test]
async fn that_fired_while_the_database_went_away_do_not_fire_again() {
    let tables = Tables::create().await;
    set_all(&tables, &[timer("accept/1")]).await;
    let (timers, fired) = (for_cafe(&tables), Fired::default());
    let (notes, pool) = (fired.clone(), tables.pool.clone());
    let worker = Worker::start(|cancel| {
        timers.run(cancel, move |timer| {
            notes.lock().unwrap().push(timer);
            let pool = pool.clone();
            let away = "alter table commands.timers rename to away";
            async move {
                pool.get().await.unwrap().batch_execute(away).await.unwrap();
                Ok(())
            }
            .boxed()
        })
    });
    tables.until("select count(*) from pg_class where relname = 'away'", 1).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    tables.execute("alter table commands.away rename to timers").await;
    tables.until(LEFT, 0).await;
    worker.stop().await;
    assert_eq!(keys(&fired), ["accept/1"]);
}
