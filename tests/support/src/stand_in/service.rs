//! The routes: what a generated tonic server would be, by hand.

use super::{
    appending::BatchAppend,
    faults::Faults,
    reading::Read,
    store::Store,
    wire::{Empty, SupportedMethod, SupportedMethods},
};
use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};
use tonic::{
    Request, Response, Status,
    body::BoxBody,
    codec::ProstCodec,
    codegen::{BoxFuture, Service, http},
    server::{Grpc, NamedService, UnaryService},
};

/// What the server takes in one message; tonic's own limit is 4 MiB.
const MAX_MESSAGE_BYTES: usize = 16_767_216;

#[derive(Clone)]
pub(super) struct Shared {
    pub store: Arc<Store>,
    pub faults: Arc<Faults>,
}

#[derive(Clone)]
pub(super) struct Streams(pub Shared);

impl NamedService for Streams {
    const NAME: &'static str = "event_store.client.streams.Streams";
}

impl Service<http::Request<BoxBody>> for Streams {
    type Response = http::Response<BoxBody>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<BoxBody>) -> Self::Future {
        let shared = self.0.clone();
        Box::pin(async move {
            Ok(match request.uri().path() {
                "/event_store.client.streams.Streams/Read" => {
                    Grpc::new(ProstCodec::default()).server_streaming(Read(shared), request).await
                }
                "/event_store.client.streams.Streams/BatchAppend" => {
                    Grpc::new(ProstCodec::default())
                        .max_decoding_message_size(MAX_MESSAGE_BYTES)
                        .streaming(BatchAppend(shared), request)
                        .await
                }
                other => Status::unimplemented(other).into_http(),
            })
        })
    }
}

#[derive(Clone)]
pub(super) struct ServerFeatures(pub Shared);

impl NamedService for ServerFeatures {
    const NAME: &'static str = "event_store.client.server_features.ServerFeatures";
}

impl Service<http::Request<BoxBody>> for ServerFeatures {
    type Response = http::Response<BoxBody>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<BoxBody>) -> Self::Future {
        let shared = self.0.clone();
        Box::pin(async move {
            Ok(Grpc::new(ProstCodec::default()).unary(GetSupportedMethods(shared), request).await)
        })
    }
}

struct GetSupportedMethods(Shared);

impl UnaryService<Empty> for GetSupportedMethods {
    type Response = SupportedMethods;
    type Future = BoxFuture<Response<SupportedMethods>, Status>;

    fn call(&mut self, _: Request<Empty>) -> Self::Future {
        let shared = self.0.clone();
        Box::pin(async move {
            shared.faults.wait().await;
            shared.faults.discovery()?;
            Ok(Response::new(supported_methods()))
        })
    }
}

/// Names in lower case, as the client compares them.
fn supported_methods() -> SupportedMethods {
    let method = |name: &str, features: &[&str]| SupportedMethod {
        method_name: name.to_owned(),
        service_name: "event_store.client.streams.streams".to_owned(),
        features: features.iter().map(|&feature| feature.to_owned()).collect(),
    };
    SupportedMethods {
        methods: vec![
            method("read", &["position", "events"]),
            method("batchappend", &["deadline_duration"]),
        ],
        server_version: "24.10.5".to_owned(),
    }
}
