//! Traces for an OpenTelemetry collector, when one is configured.
//!
//! Only spans with the target [`SPANS`] are sent. Whoever does the work puts a finished span into a bounded queue and goes on; a
//! thread of its own sends what is queued. When the collector is slow or away, spans are dropped, never requests.

use std::{fmt, time::Duration};

use anyhow::{Context, Result, bail};
use axum::http::{HeaderMap, Method, StatusCode};
use ennakoi_egress::{Egress, Limits, Reach};
use ennakoi_kernel::{SPANS, configuration::Telemetry};
use futures_util::future::BoxFuture;
use opentelemetry::{KeyValue, propagation::TextMapPropagator, trace::TracerProvider};
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider},
};
use tracing::{Span, Subscriber, level_filters::LevelFilter};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

/// Spans that wait to be sent; more are dropped.
const QUEUE: usize = 8_192;
const BATCH: usize = 512;
const EVERY: Duration = Duration::from_secs(2);
/// How long the end of the program waits for the last spans.
const FLUSH: Duration = Duration::from_secs(3);

/// The way to the collector; the last spans are sent when this is dropped.
pub struct Traces(SdkTracerProvider);

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(FLUSH) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// Opens the way to the collector; `None` when none is configured. Calls are made on `runtime`.
///
/// # Errors
/// The endpoint or the share is malformed.
pub fn open(configuration: &Telemetry, instance: &str, runtime: tokio::runtime::Handle) -> Result<Option<Traces>> {
    if configuration.otlp_endpoint.is_empty() {
        return Ok(None);
    }
    let base = configuration.otlp_endpoint.trim_end_matches('/');
    let endpoint = url::Url::parse(&format!("{base}/v1/traces")).with_context(|| format!("telemetry.otlp_endpoint is no address: {base:?}"))?;
    if !matches!(endpoint.scheme(), "http" | "https") {
        bail!("telemetry.otlp_endpoint begins with http:// or https://, not {base:?}");
    }
    if configuration.otlp_percent > 100 {
        bail!("telemetry.otlp_percent is at most 100");
    }
    let limits = Limits { answer_bytes: 64 << 10, total: Duration::from_secs(10), ..Limits::default() };
    // Whoever runs the installation names the collector, and it usually runs beside.
    let client = Client { egress: Egress::new(Reach::Anywhere, limits)?, runtime };
    let exporter = SpanExporter::builder().with_http().with_http_client(client).with_protocol(Protocol::HttpBinary).with_endpoint(endpoint.as_str()).build()?;
    let batches = BatchConfigBuilder::default().with_max_queue_size(QUEUE).with_max_export_batch_size(BATCH).with_scheduled_delay(EVERY).build();
    let resource = Resource::builder()
        .with_service_name("ennakoi")
        .with_attributes([KeyValue::new("service.version", env!("CARGO_PKG_VERSION")), KeyValue::new("service.instance.id", instance.to_owned())])
        .build();
    let share = Sampler::TraceIdRatioBased(f64::from(configuration.otlp_percent) / 100.0);
    let provider = SdkTracerProvider::builder()
        .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(batches).build())
        .with_sampler(Sampler::ParentBased(Box::new(share)))
        .with_resource(resource)
        .build();
    Ok(Some(Traces(provider)))
}

impl Traces {
    /// What turns our spans into traces.
    #[must_use]
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        let layer = tracing_opentelemetry::layer().with_tracer(self.0.tracer("ennakoi"));
        let layer = layer.with_location(false).with_threads(false).with_tracked_inactivity(false).with_level(false).with_target(false);
        layer.with_filter(Targets::new().with_target(SPANS, LevelFilter::TRACE))
    }
}

/// Names a request's span as collectors expect it. A caller's own trace is continued when it comes through our proxy.
pub fn describe_request(span: &Span, method: &Method, path: &str, headers: &HeaderMap, behind_proxy: bool) {
    span.record("otel.name", format!("{method} {path}"));
    span.record("otel.kind", "server");
    span.record("http.request.method", method.as_str());
    span.record("http.route", path);
    if behind_proxy && headers.contains_key("traceparent") {
        // Fails only when nothing collects spans.
        let _ = span.set_parent(TraceContextPropagator::new().extract(&HeaderExtractor(headers)));
    }
}

/// How the request ended.
pub fn describe_answer(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
}

/// The program's one way out, for the exporter.
struct Client {
    egress: Egress,
    runtime: tokio::runtime::Handle,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Client")
    }
}

impl HttpClient for Client {
    fn send_bytes<'a, 'b>(&'a self, request: Request<Bytes>) -> BoxFuture<'b, std::result::Result<Response<Bytes>, HttpError>>
    where
        'a: 'b,
        Self: 'b,
    {
        let egress = self.egress.clone();
        // The exporter's thread has no runtime of its own.
        let sent = self.runtime.spawn(async move {
            let (parts, body) = request.into_parts();
            let request = ennakoi_egress::Request { method: parts.method, url: url::Url::parse(&parts.uri.to_string())?, headers: parts.headers, body };
            let answer = egress.call(request).await?;
            let mut response = Response::new(answer.body);
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            Ok::<_, HttpError>(response)
        });
        Box::pin(async move {
            let outcome = sent.await.map_err(HttpError::from).and_then(|sent| sent);
            let sent = outcome.as_ref().is_ok_and(|response| response.status().is_success());
            metrics::counter!("ennakoi_trace_exports_total", "outcome" => if sent { "sent" } else { "failed" }).increment(1);
            if !sent {
                match &outcome {
                    Ok(response) => tracing::warn!(status = response.status().as_u16(), "the collector of traces refuses them"),
                    Err(error) => tracing::warn!(%error, "the collector of traces does not answer"),
                }
            }
            outcome
        })
    }
}
