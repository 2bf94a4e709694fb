//! What goes wrong, as the API tells it (RFC 9457, problem details).

use serde::Serialize;

/// The family of a problem; decides the HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The request is not understood or a field is wrong (400, or 422 with fields).
    Invalid,
    /// Nobody is signed in (401).
    Unauthenticated,
    /// Signed in, but not allowed (403).
    Forbidden,
    /// Not there, or not visible to the caller (404).
    NotFound,
    /// The present state does not allow it (409).
    Conflict,
    /// Too large (413).
    TooLarge,
    /// Too often (429).
    TooMany,
    /// Temporarily impossible; try again (503).
    Unavailable,
    /// A fault of ours (500).
    Internal,
}

/// One wrong field: where it is and a stable code that the screen translates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct FieldError {
    /// Path of the field in the request, e.g. `opening_hours.monday[0].from`.
    pub field: String,
    /// Stable code, e.g. `required`, `too_long`, `email_invalid`.
    pub code: String,
    /// English explanation for developers.
    pub message: String,
}

/// A refusal with a stable `code` that screens translate. `detail` is English, for developers, free of personal data.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Problem {
    pub kind: ProblemKind,
    pub code: &'static str,
    pub detail: String,
    pub fields: Vec<FieldError>,
    /// Seconds after which a retry makes sense.
    pub retry_after_seconds: Option<u32>,
}

impl Problem {
    #[must_use]
    pub fn new(kind: ProblemKind, code: &'static str, detail: impl Into<String>) -> Self {
        Self { kind, code, detail: detail.into(), fields: Vec::new(), retry_after_seconds: None }
    }
    #[must_use]
    pub fn invalid(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Invalid, code, detail)
    }
    /// One wrong field.
    #[must_use]
    pub fn field(field: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        let mut problem = Self::new(ProblemKind::Invalid, "fields_invalid", "some fields are not valid");
        problem.fields.push(FieldError { field: field.into(), code: code.into(), message: message.into() });
        problem
    }
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(ProblemKind::NotFound, "not_found", format!("{what} is not here"))
    }
    #[must_use]
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Conflict, code, detail)
    }
    #[must_use]
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Forbidden, "forbidden", detail)
    }
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(ProblemKind::Unauthenticated, "unauthenticated", "sign in first")
    }
    /// A fault of ours. The cause goes to the log, not to the caller.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(ProblemKind::Internal, "internal", "something went wrong on our side; it has been logged")
    }
    #[must_use]
    pub fn too_many(retry_after_seconds: u32) -> Self {
        let mut problem = Self::new(ProblemKind::TooMany, "too_many_requests", "too many requests");
        problem.retry_after_seconds = Some(retry_after_seconds);
        problem
    }

    /// The HTTP status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.kind {
            ProblemKind::Invalid if self.fields.is_empty() => 400,
            ProblemKind::Invalid => 422,
            ProblemKind::Unauthenticated => 401,
            ProblemKind::Forbidden => 403,
            ProblemKind::NotFound => 404,
            ProblemKind::Conflict => 409,
            ProblemKind::TooLarge => 413,
            ProblemKind::TooMany => 429,
            ProblemKind::Unavailable => 503,
            ProblemKind::Internal => 500,
        }
    }

    /// The body, `application/problem+json`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let mut body = serde_json::json!({
            "type": format!("urn:ennakoi:problem:{}", self.code),
            "title": self.code,
            "status": self.status(),
            "code": self.code,
            "detail": self.detail,
        });
        if !self.fields.is_empty() {
            body["errors"] = serde_json::json!(self.fields);
        }
        body
    }
}

/// Collects wrong fields, so that a person sees all of them at once.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    pub fn add(&mut self, field: impl Into<String>, code: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), code: code.into(), message: message.into() });
    }
    /// Requires a trimmed, non-empty text of at most `most` characters.
    pub fn line(&mut self, field: &str, text: &str, most: usize) {
        if text.trim().is_empty() {
            self.add(field, "required", "must not be empty");
        } else if text.chars().count() > most {
            self.add(field, "too_long", format!("at most {most} characters"));
        } else if text.contains(['\r', '\n', '\0']) {
            self.add(field, "one_line", "must be a single line");
        }
    }
    /// # Errors
    /// A [`Problem`] naming every collected field, if there are any.
    pub fn finish(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut problem = Problem::invalid("fields_invalid", "some fields are not valid");
        problem.fields = self.0;
        Err(problem)
    }
}
