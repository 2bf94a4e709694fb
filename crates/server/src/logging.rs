//! Structured logs to standard error, and spans to whoever collects traces.

use anyhow::{Result, bail};
use ennakoi_kernel::configuration::Log;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::telemetry::Traces;

/// Starts logging; a second call in one process is ignored.
///
/// # Errors
/// Names the setting that cannot be used.
pub fn start(configuration: &Log, traces: Option<&Traces>) -> Result<()> {
    if !["error", "warn", "info", "debug", "trace"].contains(&configuration.level.as_str()) {
        bail!("log.level is error, warn, info, debug or trace, not {:?}", configuration.level);
    }
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match configuration.format.as_str() {
        "json" => Box::new(fmt::layer().json().with_span_list(false).with_writer(std::io::stderr)),
        "text" => Box::new(fmt::layer().with_target(false).with_writer(std::io::stderr)),
        other => bail!("log.format is text or json, not {other:?}"),
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(format!("{},tower_http=warn,hyper=warn", configuration.level)));
    let registry = tracing_subscriber::registry().with(lines.with_filter(filter)).with(traces.map(Traces::layer));
    if registry.try_init().is_err() {
        tracing::debug!("logging was started before");
    }
    Ok(())
}
