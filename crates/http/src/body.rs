//! Extractors that refuse in problems and name the field.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, rejection::BytesRejection},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use ennakoi_kernel::{Problem, ProblemKind};
use serde::{Serialize, de::DeserializeOwned};

use crate::ApiError;

/// A JSON body in, or a JSON answer out.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let is_json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/json") || value.starts_with("application/problem+json"));
        let bytes = Bytes::from_request(request, state).await.map_err(too_large)?;
        if !is_json && !bytes.is_empty() {
            return Err(Problem::invalid("content_type", "send application/json").into());
        }
        Ok(Self(parse(if bytes.is_empty() { b"{}" } else { &bytes })?))
    }
}

fn too_large(rejection: BytesRejection) -> ApiError {
    let problem = if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(ProblemKind::TooLarge, "too_large", "the request is larger than allowed here")
    } else {
        Problem::invalid("body_unreadable", rejection.body_text())
    };
    problem.into()
}

/// Parses JSON and names the field that does not fit.
///
/// # Errors
/// It is not JSON, or does not fit.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            let text = inner.to_string();
            let code = if text.starts_with("missing field") {
                "required"
            } else if text.starts_with("unknown field") {
                "unknown_field"
            } else {
                "invalid"
            };
            // For a missing or unknown field the path ends at its parent; the name stands in backquotes.
            let name = text.split('`').nth(1).filter(|_| code != "invalid");
            let field = match (path.as_str(), name) {
                (".", Some(name)) => name.to_owned(),
                (path, Some(name)) if !path.ends_with(name) => format!("{path}.{name}"),
                (path, _) => path.to_owned(),
            };
            Problem::field(field, code, text)
        } else {
            Problem::invalid("json_invalid", inner.to_string())
        }
    })?;
    deserializer.end().map_err(|error| Problem::invalid("json_invalid", error.to_string()))?;
    Ok(value)
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], bytes).into_response(),
            Err(error) => {
                tracing::error!(%error, "an answer cannot be written as JSON");
                ApiError(Problem::internal()).into_response()
            }
        }
    }
}

/// The query string.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let text = parts.uri.query().unwrap_or_default();
        let pairs = serde_urlencoded::Deserializer::new(form_pairs(text));
        serde_path_to_error::deserialize(pairs).map(Self).map_err(|error| {
            let path = error.path().to_string();
            let text = error.into_inner().to_string();
            let name = text.split('`').nth(1).map_or(path, ToOwned::to_owned);
            Problem::field(name, "invalid", text).into()
        })
    }
}

fn form_pairs(text: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(text.as_bytes())
}

/// Parts of the path. One that does not parse is simply not there.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(_) => Err(Problem::not_found("this address").into()),
        }
    }
}
