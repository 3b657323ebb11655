//! The one table of error kinds. gRPC and REST cannot disagree about what an error is.

use tonic::{Code, Status};

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
        Status::new(self.grpc(), message)
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
