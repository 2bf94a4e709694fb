//! What is measured from its beginning to its end: requests, batches of followers, jobs, transactions.

/// The target of these spans. They name routes, kinds, workspaces and numbers, never people or what people wrote, because they
/// may be sent to a collector (`telemetry.otlp_endpoint`). Nothing else is.
pub const SPANS: &str = "ennakoi::span";
