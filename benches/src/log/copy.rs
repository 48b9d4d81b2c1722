//! Rows of the log as a binary COPY takes them.

use super::Fact;
use bytes::{BufMut, Bytes, BytesMut};

/// How many bytes are sent at once.
const PIECE: usize = 256 * 1024;

/// The microseconds of 2000-01-01, from which PostgreSQL counts, in Unix time.
const EPOCH: i64 = 946_684_800_000_000;

const COLUMNS: i16 = 12;

/// From the header to the end.
pub fn rows(facts: impl Iterator<Item = Fact>) -> Vec<Bytes> {
    let (mut pieces, mut piece) = (Vec::new(), BytesMut::with_capacity(PIECE + 1024));
    piece.put_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    for fact in facts {
        put(&mut piece, &fact);
        if piece.len() >= PIECE {
            let full = std::mem::replace(&mut piece, BytesMut::with_capacity(PIECE + 1024));
            pieces.push(full.freeze());
        }
    }
    piece.put_i16(-1);
    pieces.push(piece.freeze());
    pieces
}

/// The columns in the order of the table.
fn put(out: &mut BytesMut, fact: &Fact) {
    out.put_i16(COLUMNS);
    column(out, &fact.position.to_be_bytes());
    column(out, fact.stream.as_bytes());
    column(out, &fact.version.to_be_bytes());
    column(out, fact.id.as_bytes());
    column(out, fact.encoded.event_type.as_bytes());
    column(out, &fact.encoded.schema_version.to_be_bytes());
    column(out, fact.encoded.payload.as_bytes());
    column(out, fact.command_id.as_bytes());
    column(out, fact.correlation_id.as_bytes());
    match &fact.causation_id {
        Some(id) => column(out, id.as_bytes()),
        None => out.put_i32(-1),
    }
    column(out, fact.actor.as_bytes());
    column(out, &(fact.at.timestamp_micros() - EPOCH).to_be_bytes());
}

fn column(out: &mut BytesMut, value: &[u8]) {
    // None comes near to 2 GiB.
    out.put_i32(value.len() as i32);
    out.put_slice(value);
}
