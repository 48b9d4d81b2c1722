use super::*;
use commands::{
    PeopleError,
    notices::{Channel, Delivery, LogSink, Notice, enqueue},
    people::Receipt,
};
use domain::{
    Id,
    shared::personal::{Person, Personal},
};
use std::sync::Arc;
use uuid::Uuid;

const LIVE: &str = "select count(*) from people.keys where wrapped is not null";

fn person(id: &str) -> Person {
    Person::customer(&Id::new(id).unwrap())
}

fn rekeyed(pool: &Pool, masters: &str) -> People {
    let masters = Masters::parse(masters).unwrap();
    People::new(pool.clone(), pool.clone(), Some(masters), SystemClock::shared())
}

fn key(id: &str, digits: &str) -> String {
    format!("{id}:{}", digits.repeat(32))
}

async fn opened(people: &People, sealed: &Personal) -> Option<String> {
    people.opened(sealed).await.unwrap()
}

async fn forget(people: &People, id: &str) -> Receipt {
    people.forget(&person(id)).await.unwrap().expect("there was a key").receipt
}

#[tokio::test]
async fn one_person_s_text_is_sealed_one_way_in_every_process() {
    let tables = Tables::create().await;
    let other = people(&tables.pool, "test");
    let sealed = tables.people.seal(&person("min"), "김민").await.unwrap();
    assert_eq!(other.seal(&person("min"), "김민").await.unwrap(), sealed);
    assert_ne!(other.seal(&person("min"), "김수").await.unwrap(), sealed);
    assert_ne!(other.seal(&person("sue"), "김민").await.unwrap(), sealed);
    assert_eq!(opened(&other, &sealed).await.as_deref(), Some("김민"));
    assert_eq!(tables.count(LIVE).await, 2);
}

#[tokio::test]
async fn those_who_need_the_first_key_at_once_make_one() {
    let tables = Tables::create().await;
    for round in 0..20 {
        let person = person(&format!("c{round}"));
        let processes: Vec<_> = (0..6).map(|_| people(&tables.pool, "test")).collect();
        let sealing = processes.iter().map(|people| people.seal(&person, "010-1234-5678"));
        let sealed = futures::future::try_join_all(sealing).await.unwrap();
        assert!(sealed.iter().all(|one| *one == sealed[0]));
        assert_eq!(tables.count(LIVE).await, round + 1);
    }
}

#[tokio::test]
async fn many_are_opened_together_and_what_is_plain_stays() {
    let tables = Tables::create().await;
    let mut fields = vec![Personal::Plain("김민".to_owned())];
    for number in 0..50 {
        let person = person(&format!("c{}", number % 10));
        fields.push(tables.people.seal(&person, &format!("{number}")).await.unwrap());
    }
    let other = people(&tables.pool, "test");
    other.open(fields.iter_mut().collect()).await.unwrap();
    let texts: Vec<_> = fields.iter().map(|field| field.plain().unwrap().to_owned()).collect();
    let expected = std::iter::once("김민".to_owned()).chain((0..50).map(|n: i32| n.to_string()));
    assert_eq!(texts, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_forgotten_is_forgotten() {
    let tables = Tables::create().await;
    let min = person("min");
    assert_eq!(tables.people.forget(&min).await.unwrap(), None);
    let sealed = tables.people.seal(&min, "김민").await.unwrap();
    let first = forget(&tables.people, "min").await;
    assert_eq!((first.person.as_str(), first.keys), ("min", 1));
    assert_eq!(forget(&tables.people, "min").await, first);
    assert_eq!(tables.count(LIVE).await, 0);
    for people in [&tables.people, &people(&tables.pool, "test")] {
        assert_eq!(opened(people, &sealed).await, None);
    }
    let anew = tables.people.seal(&min, "김민").await.unwrap();
    assert_ne!(anew, sealed);
    assert_eq!(opened(&tables.people, &anew).await.as_deref(), Some("김민"));
    assert_eq!(opened(&tables.people, &sealed).await, None);
    assert_ne!(forget(&tables.people, "min").await.receipt_id, first.receipt_id);
}

#[tokio::test]
async fn those_who_forget_somebody_at_once_get_one_receipt() {
    let tables = Tables::create().await;
    tables.people.seal(&person("min"), "김민").await.unwrap();
    let receipts = futures::future::join_all((0..6).map(|_| forget(&tables.people, "min"))).await;
    assert!(receipts.iter().all(|receipt| *receipt == receipts[0]));
}

#[tokio::test]
async fn another_process_knows_within_seconds() {
    let tables = Tables::create().await;
    let other = people(&tables.pool, "test");
    let sealed = other.seal(&person("min"), "김민").await.unwrap();
    forget(&tables.people, "min").await;
    let unknown = async {
        while opened(&other, &sealed).await.is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, unknown).await.expect("known in time");
}

#[tokio::test]
async fn another_master_key_is_refused() {
    let tables = Tables::create().await;
    tables.people.check().await.unwrap();
    tables.people.check().await.unwrap();
    let wrong = rekeyed(&tables.pool, &key("test", "6f")).check().await;
    assert!(matches!(wrong, Err(PeopleError::WrongMaster(id)) if id == "test"));
    let new = key("new", "6f");
    rekeyed(&tables.pool, &new).check().await.expect("nothing is wrapped by the other");
    tables.people.seal(&person("min"), "김민").await.unwrap();
    let missing = rekeyed(&tables.pool, &new).check().await;
    assert!(matches!(missing, Err(PeopleError::MissingMaster(id)) if id == "test"));
    let both = format!("{new},{}", key("test", "5e"));
    rekeyed(&tables.pool, &both).check().await.unwrap();
}

#[tokio::test]
async fn master_keys_rotate() {
    let tables = Tables::create().await;
    tables.people.check().await.unwrap();
    let sealed = tables.people.seal(&person("min"), "김민").await.unwrap();
    tables.people.seal(&person("sue"), "수").await.unwrap();
    forget(&tables.people, "sue").await;
    let (new, old) = (key("new", "6f"), key("test", "5e"));
    let both = rekeyed(&tables.pool, &format!("{new},{old}"));
    both.check().await.unwrap();
    assert_eq!(both.seal(&person("min"), "김민").await.unwrap(), sealed);
    both.seal(&person("kim"), "김").await.unwrap();
    assert_eq!((both.rewrap().await.unwrap(), both.rewrap().await.unwrap()), (1, 0));
    let only = rekeyed(&tables.pool, &new);
    only.check().await.unwrap();
    assert_eq!(opened(&only, &sealed).await.as_deref(), Some("김민"));
}

#[tokio::test]
async fn a_key_is_of_no_use_under_another_name() {
    let tables = Tables::create().await;
    let sealed = tables.people.seal(&person("min"), "김민").await.unwrap();
    tables.execute("update people.keys set person = 'sue'").await;
    assert_eq!(opened(&people(&tables.pool, "test"), &sealed).await, None);
}

#[tokio::test]
async fn without_a_master_key_nothing_is_opened_or_sealed() {
    let tables = Tables::create().await;
    let mut sealed = tables.people.seal(&person("min"), "김민").await.unwrap();
    let pool = &tables.pool;
    let blind = People::new(pool.clone(), pool.clone(), None, SystemClock::shared());
    blind.open(vec![&mut sealed]).await.unwrap();
    assert!(sealed.plain().is_none());
    assert!(matches!(blind.seal(&person("min"), "a").await, Err(PeopleError::NoMaster)));
}

#[tokio::test]
async fn a_notice_to_somebody_forgotten_is_given_up_and_not_sent() {
    let tables = Tables::create().await;
    let notice = |number, recipient: &Personal| Notice {
        fact_id: Uuid::from_u128(number),
        channel: Channel::Sms,
        recipient: recipient.clone(),
        body: "주문".to_owned(),
    };
    let min = tables.people.seal(&person("min"), "010-1234-5678").await.unwrap();
    let sue = tables.people.seal(&person("sue"), "010-1234-5678").await.unwrap();
    forget(&tables.people, "min").await;
    let notices = [notice(1, &min), notice(2, &min), notice(3, &sue)];
    enqueue(&tables.client().await, &notices).await.unwrap();
    let delivery = Delivery::new(tables.pool.clone(), Arc::new(LogSink), tables.people.clone());
    let worker = Worker::start(|cancel| delivery.run(cancel));
    tables.until("select count(*) from commands.notices where state <> 'pending'", 3).await;
    worker.stop().await;
    let dead = "select count(*) from commands.notices
        where state = 'dead' and last_error like 'the recipient was forgotten%' and fact_id <> '00000000-0000-0000-0000-000000000003'";
    assert_eq!(tables.count(dead).await, 2);
    let shown = "select count(*) from commands.notices where recipient like '%5678%'";
    assert_eq!(tables.count(shown).await, 0);
}

#[tokio::test]
async fn a_notice_is_sent_soon_after_its_recipient_can_be_read_again() {
    let tables = Tables::create().await;
    let recipient = tables.people.seal(&person("min"), "010-1234-5678").await.unwrap();
    let fact_id = Uuid::from_u128(1);
    let notice = Notice { fact_id, channel: Channel::Sms, recipient, body: "주문".to_owned() };
    enqueue(&tables.client().await, &[notice]).await.unwrap();
    tables.execute("alter table people.keys rename to away").await;
    // As a process that has not read the key yet.
    let people = people(&tables.pool, "test");
    let delivery = Delivery::new(tables.pool.clone(), Arc::new(LogSink), people);
    let worker = Worker::start(|cancel| delivery.run(cancel));
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    tables.execute("alter table people.away rename to keys").await;
    tables.until("select count(*) from commands.notices where state = 'sent'", 1).await;
    worker.stop().await;
}
