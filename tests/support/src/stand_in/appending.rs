//! `Streams/BatchAppend`.

use super::{
    faults::{AppendFault, status},
    service::Shared,
    store::{Expected, Refused, Written},
    wire::{
        BatchAppendOptions, BatchAppendReq, BatchAppendResp, BatchAppendSuccess, Empty, RpcStatus,
        StreamIdentifier,
    },
};
use std::future;
use tokio::sync::mpsc::{self, Sender};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Code, Request, Response, Status, Streaming, codegen::BoxFuture, server::StreamingService,
};

pub(super) struct BatchAppend(pub Shared);

type Answers = Sender<Result<BatchAppendResp, Status>>;

impl StreamingService<BatchAppendReq> for BatchAppend {
    type Response = BatchAppendResp;
    type ResponseStream = ReceiverStream<Result<BatchAppendResp, Status>>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<Streaming<BatchAppendReq>>) -> Self::Future {
        let (answers, stream) = mpsc::channel(64);
        tokio::spawn(serve(self.0.clone(), request.into_inner(), answers));
        Box::pin(future::ready(Ok(Response::new(ReceiverStream::new(stream)))))
    }
}

async fn serve(shared: Shared, mut requests: Streaming<BatchAppendReq>, answers: Answers) {
    while let Ok(Some(request)) = requests.message().await {
        shared.faults.wait().await;
        let Some(answer) = answer(&shared, request) else {
            continue;
        };
        let ended = answer.is_err();
        if answers.send(answer).await.is_err() || ended {
            return;
        }
    }
}

/// `None` for an append that stays without an answer, an error for one that ends the session.
fn answer(shared: &Shared, request: BatchAppendReq) -> Option<Result<BatchAppendResp, Status>> {
    let options = request.options.clone().unwrap_or_default();
    match shared.faults.append() {
        None => {
            let outcome = store(shared, request.clone(), &options);
            Some(Ok(response(request, options, outcome)))
        }
        Some(AppendFault::EndBefore(code)) => Some(Err(status(code))),
        Some(AppendFault::Swallow) => None,
        Some(AppendFault::EndAfter(code)) => {
            drop(store(shared, request, &options));
            Some(Err(status(code)))
        }
        Some(AppendFault::SwallowAfter) => {
            drop(store(shared, request, &options));
            None
        }
        Some(AppendFault::AnswerInstead(code, message)) => {
            let error = rpc_status(code, message);
            Some(Ok(response(request, options, Err(error))))
        }
        Some(AppendFault::AnswerAfter(code, message)) => {
            drop(store(shared, request.clone(), &options));
            let error = rpc_status(code, message);
            Some(Ok(response(request, options, Err(error))))
        }
    }
}

fn store(
    shared: &Shared,
    request: BatchAppendReq,
    options: &BatchAppendOptions,
) -> Result<Written, RpcStatus> {
    let expected = match (options.stream_position, &options.no_stream) {
        (Some(revision), _) => Expected::Exact(revision),
        (None, Some(_)) => Expected::NoStream,
        (None, None) => return Err(rpc_status(Code::InvalidArgument, "BadRequest")),
    };
    let stream = options.stream_identifier.as_ref().map(StreamIdentifier::read).unwrap_or_default();
    shared.store.append(&stream, expected, request.proposed_messages).map_err(|refused| {
        match refused {
            Refused::WrongExpectedVersion => {
                rpc_status(Code::AlreadyExists, "WrongExpectedVersion")
            }
            Refused::TooLarge => rpc_status(Code::InvalidArgument, "MaximumAppendSizeExceeded"),
            Refused::Malformed => rpc_status(Code::InvalidArgument, "BadRequest"),
        }
    })
}

fn response(
    request: BatchAppendReq,
    options: BatchAppendOptions,
    outcome: Result<Written, RpcStatus>,
) -> BatchAppendResp {
    let (success, error) = match outcome {
        Ok(written) => {
            let success = BatchAppendSuccess {
                current_revision: Some(written.revision),
                position: Some(written.position),
            };
            (Some(success), None)
        }
        Err(error) => (None, Some(error)),
    };
    BatchAppendResp {
        correlation_id: request.correlation_id,
        error,
        success,
        stream_identifier: options.stream_identifier,
        stream_position: options.stream_position,
        no_stream: options.no_stream.map(|_| Empty {}),
    }
}

fn rpc_status(code: Code, message: &str) -> RpcStatus {
    RpcStatus { code: code as i32, message: message.to_owned() }
}
