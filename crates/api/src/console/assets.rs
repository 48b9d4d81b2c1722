//! The console's style, script and mark. Their names hold a hash of what is in them, so that a browser
//! may keep them for ever.

use crate::http::{
    access::Access,
    operation::{Routes, question},
    problem::Problem,
};
use axum::{
    extract::Path,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

pub struct Asset {
    /// Where it is served.
    pub path: String,
    media_type: &'static str,
    content: &'static str,
}

pub static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "console",
        "css",
        "text/css; charset=utf-8",
        include_str!("../../assets/console.css"),
    )
});

pub static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "console",
        "js",
        "text/javascript; charset=utf-8",
        include_str!("../../assets/console.js"),
    )
});

pub static MARK: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("mark", "svg", "image/svg+xml", include_str!("../../assets/mark.svg"))
});

pub fn routes<S: Clone + Send + Sync + 'static>() -> Routes<S> {
    let asset = question("A part of the console's pages", Access::Open).gives_text("text/css");
    Routes::default().get("/assets/{name}", serve, asset)
}

impl Asset {
    fn new(name: &str, extension: &str, media_type: &'static str, content: &'static str) -> Self {
        let digest = Sha256::digest(content);
        let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { path: format!("/assets/{name}.{hash}.{extension}"), media_type, content }
    }
}

async fn serve(Path(name): Path<String>) -> Response {
    let assets: [&Asset; 3] = [&STYLE, &SCRIPT, &MARK];
    let path = format!("/assets/{name}");
    let Some(asset) = assets.into_iter().find(|asset| asset.path == path) else {
        let detail =
            "there is no such asset: the page that asked for it is older than this program";
        return Problem::new(StatusCode::NOT_FOUND, "no-such-route", detail).into_response();
    };
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type)),
        (header::CACHE_CONTROL, FOR_EVER),
    ];
    (headers, asset.content).into_response()
}
