//! One message of the log's stream, as bytes.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use prost::encoding::{DecodeContext, WireType, encode_key, encode_varint, encoded_len_varint};
use prost::{DecodeError, Message};
use smallvec::SmallVec;

use crate::convert::InvalidMessage;
use crate::wire::market::{SubscribeResponse, subscribe_response};

const BATCH_FIELD: u32 = 2;
const COVERS_FROM_FIELD: u32 = 2;
const COVERS_TO_FIELD: u32 = 3;

/// A [`SubscribeResponse`] that stays encoded.
///
/// The server puts blocks of the journal into it without decoding them; the client takes it off the
/// socket at once and decodes it where it has the time. Cloning shares the bytes.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    parts: SmallVec<[Bytes; 8]>,
}

impl Frame {
    /// Encodes a message that is not a batch.
    #[must_use]
    pub fn of(message: subscribe_response::Message) -> Self {
        let response = SubscribeResponse { message: Some(message) };
        Self { parts: SmallVec::from_iter([Bytes::from(response.encode_to_vec())]) }
    }

    /// Frames already encoded `repeated MarketEvent` fields as one batch that covers `from..=to`.
    #[must_use]
    pub fn batch(events: impl IntoIterator<Item = Bytes>, from: u64, to: u64) -> Self {
        let mut parts: SmallVec<[Bytes; 8]> = SmallVec::from_iter([Bytes::new()]);
        parts.extend(events);

        let mut tail = BytesMut::with_capacity(24);
        prost::encoding::uint64::encode(COVERS_FROM_FIELD, &from, &mut tail);
        prost::encoding::uint64::encode(COVERS_TO_FIELD, &to, &mut tail);
        parts.push(tail.freeze());

        let batch_length: usize = parts.iter().map(Bytes::len).sum();
        let mut head = BytesMut::with_capacity(1 + encoded_len_varint(batch_length as u64));
        encode_key(BATCH_FIELD, WireType::LengthDelimited, &mut head);
        encode_varint(batch_length as u64, &mut head);
        if let Some(first) = parts.first_mut() {
            *first = head.freeze();
        }
        Self { parts }
    }

    /// Parses the frame.
    ///
    /// # Errors
    ///
    /// When the bytes are not a message, or one without content.
    pub fn parse(&self) -> Result<subscribe_response::Message, InvalidMessage> {
        let response = match self.parts.as_slice() {
            [whole] => SubscribeResponse::decode(whole.clone())?,
            _ => SubscribeResponse::decode(self.encode_to_vec().as_slice())?,
        };
        response.message.ok_or(InvalidMessage::Missing("message"))
    }
}

impl Message for Frame {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        for part in &self.parts {
            buf.put_slice(part);
        }
    }

    fn encoded_len(&self) -> usize {
        self.parts.iter().map(Bytes::len).sum()
    }

    fn decode(mut buf: impl Buf) -> Result<Self, DecodeError> {
        let whole = buf.copy_to_bytes(buf.remaining());
        Ok(Self { parts: SmallVec::from_iter([whole]) })
    }

    // Never reached: `decode` above takes the bytes whole.
    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        prost::encoding::skip_field(wire_type, tag, buf, context)
    }

    fn clear(&mut self) {
        self.parts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::market::{EventBatch, MarketEvent};

    #[test]
    fn a_batch_of_encoded_events_parses_as_the_message_it_stands_for() {
        let event = |seq| MarketEvent { seq, ..MarketEvent::default() };
        let encoded = |seq| {
            Bytes::from(EventBatch { events: vec![event(seq)], ..EventBatch::default() }.encode_to_vec())
        };

        let sent = Frame::batch([encoded(7), encoded(8)], 5, 9);
        let received = Frame::decode(sent.encode_to_vec().as_slice()).unwrap();

        let expected = EventBatch { events: vec![event(7), event(8)], covers_from: 5, covers_to: 9 };
        assert_eq!(received.parse().unwrap(), subscribe_response::Message::Batch(expected.clone()));
        assert_eq!(sent.parse().unwrap(), subscribe_response::Message::Batch(expected));
        assert_eq!(sent.encoded_len(), sent.encode_to_vec().len());
    }
}
