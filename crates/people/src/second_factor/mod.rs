//! Two-step sign-in: time-based codes (RFC 6238) and recovery codes.

mod api;

use ennakoi_http::App;
use ennakoi_kernel::{Environment, Problem, ProblemKind, ids::StaffId};
use ennakoi_store::{Result, Tx};
use totp_rs::{Builder, Totp};

pub(crate) use api::routes;

use crate::{
    accounts::{self, Credentials},
    sealed,
    sessions::Proof,
};

/// The use of the installation's key that encrypts TOTP secrets.
const PURPOSE: &str = "people.totp";
const SECRET_BYTES: usize = 20;
const RECOVERY_CODES: usize = 10;

/// Checks the second step of an account whose password was right.
///
/// # Errors
/// `second_factor_wrong` when the code does not fit, was used before, or there is no such recovery code.
pub(crate) async fn check(tx: &mut Tx, app: &App, credentials: &Credentials, code: Option<&str>) -> Result<Proof, Problem> {
    let Some(sealed) = &credentials.totp_secret else { return Ok(Proof::Password) };
    let wrong = || Problem::new(ProblemKind::Unauthenticated, "second_factor_wrong", "the code is not right, or was used before");
    let code: String = code.ok_or_else(wrong)?.chars().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>().to_lowercase();
    let taken = if code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()) {
        match matching_step(app, credentials.staff, sealed, &code)? {
            Some(step) => accounts::take_totp_step(tx, credentials.staff, step).await?,
            None => false,
        }
    } else {
        accounts::take_recovery_code(tx, credentials.staff, &code).await?
    };
    if taken { Ok(Proof::TwoFactors) } else { Err(wrong()) }
}

/// The time step that the code belongs to, if it is now or one step away.
fn matching_step(app: &App, staff: StaffId, sealed: &[u8], code: &str) -> Result<Option<i64>> {
    let secret = sealed::open(app, PURPOSE, staff.0.as_bytes(), sealed)?;
    let now = u64::try_from(app.environment.now().seconds()).unwrap_or(0);
    Ok(generator(secret, "account")?.check(code, now).and_then(|step| i64::try_from(step).ok()))
}

fn generator(secret: Vec<u8>, account: &str) -> Result<Totp> {
    let account = account.replace(':', " ");
    let builder = Builder::new().with_secret(secret).with_issuer(Some("Ennakoi")).with_account_name(account);
    builder.build().map_err(|error| ennakoi_store::Error::Other(format!("TOTP: {error}")))
}

/// Codes that each work once, 80 random bits, in lower-case hexadecimal; shown in groups of five.
fn recovery_codes(environment: &Environment) -> Vec<String> {
    (0..RECOVERY_CODES).map(|_| environment.token(10)).collect()
}

fn grouped(code: &str) -> String {
    code.as_bytes().chunks(5).map(|group| String::from_utf8_lossy(group).into_owned()).collect::<Vec<_>>().join("-")
}
