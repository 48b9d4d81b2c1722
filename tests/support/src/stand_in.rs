//! A server that speaks as much of the EventStoreDB protocol as the event log needs: discovery,
//! batch appends, counted reads of a stream and of `$all`, subscriptions to `$all`.
//!
//! It keeps its events in memory, over [`StandIn::stop`] and [`StandIn::restart`], and does wrong
//! what its [`Faults`] say. It cannot show durability, positions of a real `$all`, behaviour under
//! load or of a cluster: the same tests run against a real server for that.

#![expect(clippy::result_large_err, reason = "tonic's services give their Status by value")]

mod appending;
mod faults;
mod listener;
mod reading;
mod service;
mod store;
mod subscribing;
mod wire;

pub use faults::{AppendFault, Code, Faults, ReadFault, SubscriptionFault};

use service::{ServerFeatures, Shared, Streams};
use std::{collections::HashMap, net::SocketAddr, sync::Arc};
use store::{Expected, Store};
use tokio::{
    net::TcpListener,
    runtime::{self, Runtime},
};
use tonic::transport::Server;
use uuid::Uuid;
use wire::{Id, ProposedMessage};

pub struct StandIn {
    address: SocketAddr,
    shared: Shared,
    /// Everything of the server runs here, so that its end is the end of every connection.
    server: Option<Runtime>,
}

impl StandIn {
    /// On a free port.
    pub async fn start() -> Self {
        let mut stand_in = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            shared: Shared { store: Arc::new(Store::new()), faults: Arc::new(Faults::default()) },
            server: None,
        };
        stand_in.restart().await;
        stand_in
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The connection string, `esdb://…`.
    pub fn url(&self) -> String {
        Self::url_of(self.address)
    }

    /// The connection string of a stand-in that is reached at another address.
    pub fn url_of(address: SocketAddr) -> String {
        format!("esdb://{address}?tls=false&discoveryInterval=1")
    }

    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Cuts every connection and refuses new ones.
    pub fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown_background();
        }
    }

    /// Up again on the same port, with the same events. Cuts the connections there were.
    pub async fn restart(&mut self) {
        self.stop();
        let server = runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime for the stand-in");
        let bound = server.spawn(listener::bind(self.address)).await;
        let listener = bound.expect("no panic in bind").expect("the port is free");
        self.address = listener.local_addr().expect("a bound address");
        server.spawn(serve(listener, self.shared.clone()));
        self.server = Some(server);
    }

    /// Puts an event on record past the protocol: one of the server's own, or of another program.
    /// Gives its position, commit and prepare.
    pub fn record(
        &self,
        stream: &str,
        event_type: &str,
        payload: &str,
        metadata: &str,
    ) -> (u64, u64) {
        let length = self.ids(stream).len() as u64;
        let expected = length.checked_sub(1).map_or(Expected::NoStream, Expected::Exact);
        let message = proposed(stream, length, event_type, payload, metadata);
        let written = self.shared.store.append(stream, expected, vec![message]);
        let position = written.ok().expect("a well-formed event").position;
        (position.commit, position.prepare)
    }

    /// Puts events on record that share a commit position, as old transactions do.
    pub fn record_transaction(&self, stream: &str, events: &[(&str, &str, &str)]) {
        let length = self.ids(stream).len() as u64;
        let messages = (length..)
            .zip(events)
            .map(|(version, (event_type, payload, metadata))| {
                proposed(stream, version, event_type, payload, metadata)
            })
            .collect();
        self.shared.store.add_transaction(stream, messages);
    }

    /// The ids of what is on record in a stream, in order.
    pub fn ids(&self, stream: &str) -> Vec<Uuid> {
        let events = self.shared.store.stream(stream).unwrap_or_default();
        events.iter().map(|event| event.id).collect()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn serve(listener: TcpListener, shared: Shared) -> Result<(), tonic::transport::Error> {
    Server::builder()
        .add_service(Streams(shared.clone()))
        .add_service(ServerFeatures(shared))
        .serve_with_incoming(listener::connections(listener))
        .await
}

fn proposed(
    stream: &str,
    version: u64,
    event_type: &str,
    payload: &str,
    metadata: &str,
) -> ProposedMessage {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{stream}@{version}").as_bytes());
    ProposedMessage {
        id: Some(Id::new(id)),
        metadata: HashMap::from([
            ("type".to_owned(), event_type.to_owned()),
            ("content-type".to_owned(), "application/json".to_owned()),
        ]),
        custom_metadata: metadata.into(),
        data: payload.into(),
    }
}
