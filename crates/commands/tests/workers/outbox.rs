use super::*;
use async_trait::async_trait;
use commands::notices::{Channel, Delivery, Notice, NoticeError, NoticeSink, enqueue};
use domain::testing::personal;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU32, Ordering},
};
use uuid::Uuid;

const SENT: &str = "select count(*) from commands.notices where state = 'sent'";
const AWAY: &str = "alter table commands.notices rename to away";
const BACK: &str = "alter table commands.away rename to notices";
const DUE_NOW: &str = "update commands.notices set due = now()";

/// Takes every notice, after refusing as often as it is told.
#[derive(Default)]
struct Taker {
    refusals: AtomicU32,
    taken: Mutex<Vec<Notice>>,
}

#[async_trait]
impl NoticeSink for Taker {
    async fn send(&self, notice: &Notice, _: &str) -> Result<(), NoticeError> {
        let one_less = |refusals: u32| refusals.checked_sub(1);
        let refuse = self.refusals.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
        if refuse.is_ok() {
            return Err(NoticeError::new("out of order"));
        }
        self.taken.lock().unwrap().push(notice.clone());
        Ok(())
    }
}

/// Never answers.
#[derive(Default)]
struct Silent {
    asked: AtomicU32,
}

#[async_trait]
impl NoticeSink for Silent {
    async fn send(&self, _: &Notice, _: &str) -> Result<(), NoticeError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        std::future::pending().await
    }
}

/// Takes every notice; the database is away from the first one on.
struct LastSeen {
    taker: Taker,
    pool: deadpool_postgres::Pool,
}

#[async_trait]
impl NoticeSink for LastSeen {
    async fn send(&self, notice: &Notice, recipient: &str) -> Result<(), NoticeError> {
        if self.taker.taken.lock().unwrap().is_empty() {
            self.pool.get().await.unwrap().batch_execute(AWAY).await.unwrap();
        }
        self.taker.send(notice, recipient).await
    }
}

/// Takes every notice, after longer than a claim holds.
#[derive(Default)]
struct Slow {
    asked: AtomicU32,
}

#[async_trait]
impl NoticeSink for Slow {
    async fn send(&self, _: &Notice, _: &str) -> Result<(), NoticeError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(std::time::Duration::from_secs(7)).await;
        Ok(())
    }
}

fn notice(number: u128) -> Notice {
    Notice {
        fact_id: Uuid::from_u128(number),
        channel: if number.is_multiple_of(2) { Channel::Sms } else { Channel::KakaoTalk },
        recipient: personal("010-1234-5678"),
        body: format!("주문 {number}"),
    }
}

fn start(tables: &Tables, sink: Arc<dyn NoticeSink>) -> Worker {
    let delivery = Delivery::new(tables.pool.clone(), sink, tables.people.clone());
    Worker::start(|cancel| delivery.run(cancel))
}

fn taken(taker: &Taker) -> Vec<Notice> {
    let mut taken = taker.taken.lock().unwrap().clone();
    taken.sort_by_key(|notice| notice.fact_id);
    taken
}

#[tokio::test]
async fn keeps_the_first_notice_of_a_fact() {
    let tables = Tables::create().await;
    let client = tables.client().await;
    assert_eq!(enqueue(&client, &[]).await.unwrap(), 0);
    assert_eq!(enqueue(&client, &[notice(1), notice(1)]).await.unwrap(), 1);
    let other = Notice { body: "other".to_owned(), ..notice(1) };
    assert_eq!(enqueue(&client, &[other, notice(2)]).await.unwrap(), 1);
    let kept = "select count(*) from commands.notices where body like '주문 _'";
    assert_eq!(tables.count(kept).await, 2);
}

#[tokio::test]
async fn keeps_nothing_of_a_transaction_that_was_rolled_back() {
    let tables = Tables::create().await;
    let mut client = tables.client().await;
    let transaction = client.transaction().await.unwrap();
    enqueue(&transaction, &[notice(1)]).await.unwrap();
    drop(transaction);
    assert_eq!(tables.count("select count(*) from commands.notices").await, 0);
}

#[tokio::test]
async fn delivers_every_notice_once_with_several_workers() {
    let tables = Tables::create().await;
    let notices: Vec<Notice> = (1..=550).map(notice).collect();
    enqueue(&tables.client().await, &notices).await.unwrap();
    let taker = Arc::new(Taker::default());
    let workers = [(); 3].map(|()| start(&tables, taker.clone()));
    tables.until(SENT, 550).await;
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!(taken(&taker), notices);
}

#[tokio::test]
async fn delivers_what_comes_while_it_runs() {
    let tables = Tables::create().await;
    let taker = Arc::new(Taker::default());
    let worker = start(&tables, taker.clone());
    for number in 1..=2 {
        enqueue(&tables.client().await, &[notice(number)]).await.unwrap();
        tables.until(SENT, number as i64).await;
    }
    worker.stop().await;
    assert_eq!(taken(&taker), [notice(1), notice(2)]);
}

#[tokio::test]
async fn tries_again_later_when_it_was_refused() {
    let tables = Tables::create().await;
    let taker = Arc::new(Taker::default());
    taker.refusals.store(1, Ordering::Relaxed);
    enqueue(&tables.client().await, &[notice(1)]).await.unwrap();
    let worker = start(&tables, taker.clone());
    let backing_off = "
        select count(*) from commands.notices
        where state = 'pending' and attempts = 1 and sent_at is null
          and last_error = 'the notice was not taken: out of order'";
    tables.until(backing_off, 1).await;
    assert_eq!(taken(&taker), []);
    tables.until(SENT, 1).await;
    worker.stop().await;
    assert_eq!(taken(&taker), [notice(1)]);
    let tries = "select attempts::int8 from commands.notices where last_error is null";
    assert_eq!(tables.count(tries).await, 2);
}

#[tokio::test]
async fn gives_up_after_the_last_try() {
    let tables = Tables::create().await;
    let taker = Arc::new(Taker::default());
    taker.refusals.store(u32::MAX, Ordering::Relaxed);
    enqueue(&tables.client().await, &[notice(1), notice(2)]).await.unwrap();
    tables.execute("update commands.notices set attempts = 6").await;
    let worker = start(&tables, taker.clone());
    tables
        .until("select count(*) from commands.notices where attempts = 7 and last_error <> ''", 2)
        .await;
    let dead = "select count(*) from commands.notices where state = 'dead' and attempts = 8";
    assert_eq!(tables.count(dead).await, 0);
    tables.execute(DUE_NOW).await;
    tables.until(dead, 2).await;
    tables.execute(DUE_NOW).await;
    enqueue(&tables.client().await, &[notice(3)]).await.unwrap();
    tables.until("select count(*) from commands.notices where attempts = 1", 1).await;
    assert_eq!(tables.count(dead).await, 2);
    worker.stop().await;
}

/// Not there for a while.
#[derive(Default)]
struct Away {
    asked: AtomicU32,
    is_back: AtomicBool,
}

#[async_trait]
impl NoticeSink for Away {
    async fn send(&self, _: &Notice, _: &str) -> Result<(), NoticeError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match self.is_back.load(Ordering::Relaxed) {
            true => Ok(()),
            false => Err(NoticeError::unreached("nobody listens")),
        }
    }
}

#[tokio::test]
async fn goes_on_asking_when_nobody_is_there() {
    let tables = Tables::create().await;
    let away = Arc::new(Away::default());
    enqueue(&tables.client().await, &[notice(1)]).await.unwrap();
    tables.execute("update commands.notices set attempts = 7").await;
    let worker = start(&tables, away.clone());
    let waits = "select count(*) from commands.notices where state = 'pending' and attempts = 7
        and last_error = 'the notice was not taken: nobody listens'";
    for asked in 1..=10 {
        tables.until(waits, 1).await;
        tables.execute(DUE_NOW).await;
        enqueue(&tables.client().await, &[notice(1 + 2 * asked)]).await.unwrap();
    }
    away.is_back.store(true, Ordering::Relaxed);
    tables.until(SENT, 11).await;
    assert!(away.asked.load(Ordering::Relaxed) > 11);
    worker.stop().await;
}

#[tokio::test]
async fn delivers_what_a_worker_that_died_had_claimed() {
    let tables = Tables::create().await;
    enqueue(&tables.client().await, &[notice(1)]).await.unwrap();
    let silent = Arc::new(Silent::default());
    let dies = start(&tables, silent.clone());
    let claimed = "
        select count(*) from commands.notices
        where state = 'pending' and attempts = 1 and due > now() + interval '2 s'";
    tables.until(claimed, 1).await;
    dies.kill();
    let taker = Arc::new(Taker::default());
    let worker = start(&tables, taker.clone());
    tables.execute(DUE_NOW).await;
    tables.until(SENT, 1).await;
    worker.stop().await;
    assert_eq!(taken(&taker), [notice(1)]);
}

#[tokio::test]
async fn goes_on_after_the_database_was_away() {
    let tables = Tables::create().await;
    tables.execute(AWAY).await;
    let taker = Arc::new(Taker::default());
    let worker = start(&tables, taker.clone());
    // Long enough for a failed round: it has begun before this many of ours are done.
    for _ in 0..20 {
        tables.count("select count(*) from commands.away").await;
    }
    tables.execute(BACK).await;
    enqueue(&tables.client().await, &[notice(1)]).await.unwrap();
    tables.until(SENT, 1).await;
    worker.stop().await;
    assert_eq!(taken(&taker), [notice(1)]);
}

#[tokio::test]
async fn what_was_sent_while_the_database_went_away_is_not_sent_again() {
    let tables = Tables::create().await;
    let to_one_person = [notice(1), notice(3)];
    enqueue(&tables.client().await, &to_one_person).await.unwrap();
    let sink = Arc::new(LastSeen { taker: Taker::default(), pool: tables.pool.clone() });
    let worker = start(&tables, sink.clone());
    tables.until("select count(*) from pg_class where relname = 'away'", 1).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    tables.execute(BACK).await;
    tables.until(SENT, 2).await;
    worker.stop().await;
    assert_eq!(taken(&sink.taker), to_one_person);
}

#[tokio::test]
async fn what_takes_long_is_left_to_whoever_is_at_it() {
    let tables = Tables::create().await;
    enqueue(&tables.client().await, &[notice(1), notice(2)]).await.unwrap();
    let slow = Arc::new(Slow::default());
    let workers = [(); 2].map(|()| start(&tables, slow.clone()));
    tables.until(SENT, 2).await;
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!(slow.asked.load(Ordering::Relaxed), 2);
}
