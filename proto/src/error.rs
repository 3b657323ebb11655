//! The one table of error kinds. gRPC and REST cannot disagree about what an error is.

use tonic::{Code, Status};

/// A receiver may allow as little as 8 KiB for all headers (`limits.header_bytes_max`).
const MESSAGE_BYTES_MAX: usize = 7 * 1024;
/// A byte that is percent-encoded in a header.
const ENCODED_BYTES: usize = 3;

/// What a caller is told went wrong. Few on purpose: one more only when a caller would act on the difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be right, whatever the state: mend it.
    Invalid,
    /// Nobody knows the caller: show a token.
    Unauthenticated,
    /// The caller is known and may not.
    Forbidden,
    /// What was asked for does not exist.
    NotFound,
    /// What was to be made is there already.
    AlreadyExists,
    /// It was changed meanwhile: look again, and decide again.
    Conflict,
    /// It cannot be done in the present state, or as the service is set up.
    Precondition,
    /// The position asked for is no longer kept: begin again at the one named.
    TooOld,
    /// The service cannot do it at present: try again.
    Unavailable,
    /// A limit was reached: ask for less, or later.
    Exhausted,
    /// It took longer than it may.
    TooSlow,
    /// Our mistake. The caller reads no details, the log has them.
    Internal,
}

impl Kind {
    /// The code in gRPC.
    #[must_use]
    pub fn grpc(self) -> Code {
        match self {
            Self::Invalid => Code::InvalidArgument,
            Self::Unauthenticated => Code::Unauthenticated,
            Self::Forbidden => Code::PermissionDenied,
            Self::NotFound => Code::NotFound,
            Self::AlreadyExists => Code::AlreadyExists,
            Self::Conflict => Code::Aborted,
            Self::Precondition => Code::FailedPrecondition,
            Self::TooOld => Code::OutOfRange,
            Self::Unavailable => Code::Unavailable,
            Self::Exhausted => Code::ResourceExhausted,
            Self::TooSlow => Code::DeadlineExceeded,
            Self::Internal => Code::Internal,
        }
    }

    /// An error of this kind, with what the caller reads.
    #[must_use]
    pub fn status(self, message: impl Into<String>) -> Status {
        Status::new(self.grpc(), shortened(message.into()))
    }
}

/// A sentence that fits into a header, which is how it travels. One that repeats a long statement is cut.
fn shortened(message: String) -> String {
    let mut encoded = 0;
    let too_long = message.char_indices().find(|(_, letter)| {
        let bytes = letter.len_utf8();
        encoded += if letter.is_ascii_alphanumeric() { bytes } else { bytes * ENCODED_BYTES };
        encoded > MESSAGE_BYTES_MAX
    });
    match too_long {
        None => message,
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
    }
}

/// An error of our own making: the log reads `error`, the caller only that it happened.
#[must_use]
pub fn internal(doing: &'static str, error: &dyn std::fmt::Display) -> Status {
    tracing::error!(doing, %error, "an internal error was answered");
    Kind::Internal.status(format!("internal error while {doing}; the log of the service has the details"))
}

/// The HTTP status of a gRPC code, as grpc-gateway maps them.
#[must_use]
pub fn http_status(code: Code) -> u16 {
    match code {
        Code::Ok => 200,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => 400,
        Code::Unauthenticated => 401,
        Code::PermissionDenied => 403,
        Code::NotFound => 404,
        Code::AlreadyExists | Code::Aborted => 409,
        Code::ResourceExhausted => 429,
        Code::Cancelled => 499,
        Code::Unknown | Code::Internal | Code::DataLoss => 500,
        Code::Unimplemented => 501,
        Code::Unavailable => 503,
        Code::DeadlineExceeded => 504,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_that_repeats_a_long_statement_fits_into_a_header() {
        let zeros = Kind::Invalid.status(format!("no statement: {}", "0".repeat(16 * 1024)));
        let letters = Kind::Invalid.status("ü".repeat(16 * 1024));

        assert!(zeros.message().starts_with("no statement: 000") && zeros.message().ends_with("00…"));
        assert!(zeros.message().len() > 7000 && zeros.message().len() < 8000);
        assert!(letters.message().len() * ENCODED_BYTES <= 8 * 1024);
        assert_eq!(Kind::Invalid.status("limit is 0").message(), "limit is 0");
    }
}
