//! Listens for what other processes store, and reads it once for all subscribers of this process.

use super::{Feed, PAGE, rows};
use crate::{LogError, postgres::server::Server};
use deadpool_postgres::Pool;
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{sleep, timeout},
};
use tokio_postgres::{AsyncMessage, Client, Connection, Socket};

/// How often it asks by itself, in case a notification was lost with a connection.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// Who is behind by more reads for itself: nobody keeps that much in memory for others.
const FAR: u64 = 4 * PAGE as u64;

/// For ever. What this process knows of is passed on also while nothing is heard of others.
pub(in crate::postgres) async fn listen(server: Server, pool: Pool, feed: Arc<Feed>) {
    let listening = async {
        loop {
            if let Err(error) = listen_once(&server, &feed).await {
                tracing::warn!(%error, "the log's listener lost its connection");
            }
            sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        () = pass_on(&pool, &feed) => {}
        () = listening => {}
    }
}

async fn listen_once(server: &Server, feed: &Feed) -> Result<(), LogError> {
    let connecting = timeout(Duration::from_secs(5), server.config.connect(server.tls.clone()));
    let (client, connection) =
        connecting.await.map_err(LogError::unreachable)?.map_err(LogError::unreachable)?;
    tokio::select! {
        ended = notifications(connection, feed) => ended.map_err(LogError::unreachable),
        ended = ask(&client, feed) => ended,
    }
}

async fn notifications<T>(
    mut connection: Connection<Socket, T>,
    feed: &Feed,
) -> Result<(), tokio_postgres::Error>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = std::future::poll_fn(|cx| connection.poll_message(cx)).await {
        if let AsyncMessage::Notification(notification) = message?
            && let Ok(head) = notification.payload().parse()
        {
            feed.reached(head);
        }
    }
    Ok(())
}

/// Subscribes, and then keeps asking: this notices a dead connection as well as a lost message.
async fn ask(client: &Client, feed: &Feed) -> Result<(), LogError> {
    let listen = client.batch_execute("listen jangteo_eventlog");
    listen.await.map_err(LogError::unreachable)?;
    loop {
        let head = client.query_one("select position from eventlog.head", &[]);
        let row = timeout(Duration::from_secs(5), head)
            .await
            .map_err(LogError::unreachable)?
            .map_err(LogError::unreachable)?;
        feed.reached(row.get::<_, i64>(0) as u64);
        sleep(ASK_EVERY).await;
    }
}

/// Passes on what is new. What comes while it reads is read together.
async fn pass_on(pool: &Pool, feed: &Feed) {
    let mut heads = feed.heads.subscribe();
    while heads.changed().await.is_ok() {
        let head = *heads.borrow_and_update();
        while let Some(after) = feed.unheard(head) {
            if head - after > FAR || !read(pool, feed, after).await {
                feed.point_at(head);
            }
        }
    }
}

/// Whether something was read, and passed on.
async fn read(pool: &Pool, feed: &Feed, after: u64) -> bool {
    // Whoever follows tries until it can be read.
    let Ok(events) = rows::after(pool, after, PAGE).await else { return false };
    let is_something = !events.is_empty();
    feed.publish(events.into_iter().map(Arc::new).collect());
    is_something
}
