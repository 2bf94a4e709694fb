//! The two secrets of a channel. A call of theirs cannot be sent back to them as one of ours, because each way has its own.

use ennakoi_egress::signed;
use ennakoi_http::App;
use ennakoi_kernel::{Duration, Timestamp};

use super::store::Program;

/// How long the secrets before a rotation stay good.
pub(super) const ROTATION: Duration = Duration::hours(24);

/// Which way a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

fn of(app: &App, program: &Program, way: Way, rotation: i64) -> String {
    let purpose = match way {
        Way::In => "program calls us",
        Way::Out => "we call a program",
    };
    signed::secret_text(&app.secret.sign(purpose, format!("{}/{rotation}", program.channel).as_bytes()))
}

/// The present secret.
pub(super) fn present(app: &App, program: &Program, way: Way) -> String {
    of(app, program, way, program.rotation)
}

/// The secrets that are good now, the present one first.
pub(super) fn good(app: &App, program: &Program, way: Way, now: Timestamp) -> Vec<String> {
    let mut secrets = vec![present(app, program, way)];
    if program.rotation > 0 && program.rotated_at.is_some_and(|at| at + ROTATION > now) {
        secrets.push(of(app, program, way, program.rotation - 1));
    }
    secrets
}

/// The header of a call of ours.
pub(super) fn signatures(app: &App, program: &Program, id: &str, now: Timestamp, body: &[u8]) -> String {
    let secrets = good(app, program, Way::Out, now);
    secrets.iter().filter_map(|secret| signed::signature(secret, id, now.seconds(), body)).collect::<Vec<_>>().join(" ")
}
