//! Where notices go.

use super::Notice;
use async_trait::async_trait;
use std::error::Error;

/// A service that delivers notices.
#[async_trait]
pub trait NoticeSink: Send + Sync + 'static {
    /// Hands one notice over. May be called again with the same notice, so it passes the fact's id
    /// on, as the key that lets the service recognise a repeat. The recipient is that of the notice,
    /// opened.
    async fn send(&self, notice: &Notice, recipient: &str) -> Result<(), NoticeError>;
}

/// The notice was not handed over, or nobody knows. Its text is stored and logged: it must hold
/// nothing personal.
#[derive(Debug, thiserror::Error)]
#[error("the notice was not taken")]
pub struct NoticeError {
    #[source]
    source: Box<dyn Error + Send + Sync>,
    is_unreached: bool,
}

impl NoticeError {
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: source.into(), is_unreached: false }
    }

    /// Nobody was there who could have taken it, or any other notice.
    pub fn unreached(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { is_unreached: true, ..Self::new(source) }
    }

    pub fn is_unreached(&self) -> bool {
        self.is_unreached
    }
}

/// Delivers to the log, where nothing personal may stand: that there was a notice, not what.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogSink;

#[async_trait]
impl NoticeSink for LogSink {
    async fn send(&self, notice: &Notice, _: &str) -> Result<(), NoticeError> {
        let channel = notice.channel.as_str();
        tracing::info!(fact_id = %notice.fact_id, channel, "notice");
        Ok(())
    }
}
