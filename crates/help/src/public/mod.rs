//! The public help centre.

use ennakoi_http::Route;

pub(crate) const fn routes() -> Vec<Route> {
    Vec::new()
}
