//! What can go wrong below the domain.

use ennakoi_kernel::{Problem, ProblemKind};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A unique, foreign-key or check constraint refused the write.
    #[error("constraint: {0}")]
    Constraint(String),
    /// Exactly one row was expected and there is none.
    #[error("no such row")]
    Missing,
    /// Two transactions collided; trying again makes sense.
    #[error("collided with another transaction: {0}")]
    Collision(String),
    /// The database cannot write or cannot be reached.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// A stored value cannot be read as what it should be.
    #[error("cannot decode: {0}")]
    Decode(String),
    /// A statement or its use is wrong: a bug.
    #[error("statement: {0}")]
    Statement(String),
    /// A refusal of the domain, raised inside a transaction.
    #[error(transparent)]
    Problem(#[from] Problem),
    #[error("{0}")]
    Other(String),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Problem(problem) => problem,
            Error::Collision(_) | Error::Unavailable(_) => {
                tracing::error!(%error, "database");
                let mut problem = Self::new(ProblemKind::Unavailable, "try_again", "the database cannot take this now; nothing was changed");
                problem.retry_after_seconds = Some(1);
                problem
            }
            other => {
                tracing::error!(error = %other, "request failed");
                Self::internal()
            }
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match &error {
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                Code::ConstraintViolation => Self::Constraint(error.to_string()),
                Code::DatabaseBusy | Code::DatabaseLocked => Self::Collision(error.to_string()),
                Code::DiskFull | Code::SystemIoFailure | Code::CannotOpen | Code::ReadOnly | Code::OutOfMemory | Code::OperationInterrupted => {
                    Self::Unavailable(error.to_string())
                }
                _ => Self::Statement(error.to_string()),
            },
            _ => Self::Statement(error.to_string()),
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(state) = error.code() else {
            return Self::Unavailable(error.to_string());
        };
        let text = error.as_db_error().map_or_else(|| error.to_string(), |db| format!("{} ({})", db.message(), db.code().code()));
        match state.code() {
            code if code.starts_with("23") => Self::Constraint(text),
            "40001" | "40P01" | "55P03" => Self::Collision(text),
            code if ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => Self::Unavailable(text),
            _ => Self::Statement(text),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Decode(error.to_string())
    }
}
