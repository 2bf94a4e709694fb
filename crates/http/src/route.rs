//! A route: method, path, who may call it, what it takes and returns. The guard, the authorisation matrix and the OpenAPI
//! document are all made from these.

use axum::{
    handler::Handler,
    http::Method,
    routing::{MethodFilter, MethodRouter, on},
};
use ennakoi_kernel::access::Access;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::{App, RateLimit};

type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// One entry of the route table.
#[derive(Clone)]
pub struct Route {
    pub method: Method,
    /// Full path with `{parameters}`, e.g. `/api/v1/conversations/{id}`.
    pub path: &'static str,
    /// Handler's name and OpenAPI operation id.
    pub operation: &'static str,
    pub access: Access,
    pub summary: &'static str,
    /// Most bytes of the body.
    pub body_bytes: usize,
    pub rate: RateLimit,
    pub status: u16,
    pub(crate) query: Option<MakeSchema>,
    pub(crate) takes: Option<MakeSchema>,
    pub(crate) returns: Option<MakeSchema>,
    pub(crate) handler: MethodRouter<App>,
}

impl Route {
    /// One line for the API's documentation.
    #[must_use]
    pub const fn summary(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }
    /// The type of the query string.
    #[must_use]
    pub fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(|generator| T::json_schema(generator));
        self
    }
    /// The type of the JSON body.
    #[must_use]
    pub fn takes<T: JsonSchema>(mut self) -> Self {
        self.takes = Some(|generator| generator.subschema_for::<T>());
        self
    }
    /// Status and type of the answer.
    #[must_use]
    pub fn returns<T: JsonSchema>(mut self, status: u16) -> Self {
        self.status = status;
        self.returns = Some(|generator| generator.subschema_for::<T>());
        self
    }
    /// Status of an answer without a body.
    #[must_use]
    pub const fn answers(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
    /// Allows a larger body than usual.
    #[must_use]
    pub const fn body_bytes(mut self, most: usize) -> Self {
        self.body_bytes = most;
        self
    }
    #[must_use]
    pub const fn rate(mut self, rate: RateLimit) -> Self {
        self.rate = rate;
        self
    }
}

macro_rules! methods {
    ($($function:ident = $filter:ident),+) => {$(
        /// A route of this method.
        pub fn $function<H, T>(path: &'static str, operation: &'static str, access: Access, handler: H) -> Route
        where
            H: Handler<T, App>,
            T: 'static,
        {
            Route {
                method: Method::$filter,
                path,
                operation,
                access,
                summary: "",
                body_bytes: ennakoi_kernel::limits::JSON_BODY_BYTES,
                rate: RateLimit::Usual,
                status: 200,
                query: None,
                takes: None,
                returns: None,
                handler: on(MethodFilter::$filter, handler),
            }
        }
    )+};
}

methods!(get = GET, post = POST, put = PUT, patch = PATCH, delete = DELETE);
