//! `traceparent`, by which services tell each other of a trace (W3C Trace Context).

use uuid::Uuid;

/// The header that has it.
pub const TRACEPARENT: &str = "traceparent";

/// The trace, and the span in it that asks us. `None` for what does not follow the rules.
pub fn parse(text: &str) -> Option<(Uuid, u64)> {
    let mut parts = text.split('-');
    let [version, trace, span, flags] = [(); 4].map(|()| parts.next().unwrap_or_default());
    // Of a later version there may be more.
    let is_known = version == "00" && parts.next().is_none();
    let is_later = version != "00" && version != "ff";
    let lengths = [(version, 2), (trace, 32), (span, 16), (flags, 2)];
    let is_hex = |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
    let is_well = lengths.iter().all(|(text, len)| text.len() == *len && text.bytes().all(is_hex));
    if !is_well || !(is_known || is_later) {
        return None;
    }
    let trace = u128::from_str_radix(trace, 16).ok().filter(|trace| *trace != 0)?;
    let span = u64::from_str_radix(span, 16).ok().filter(|span| *span != 0)?;
    Some((Uuid::from_u128(trace), span))
}

/// What another service is told of a span that it is asked in.
pub(super) fn told(trace: Uuid, span: u64) -> String {
    format!("00-{:032x}-{span:016x}-01", trace.as_u128())
}
