//! The language that a reader's browser asks for.

use axum::http::{HeaderMap, header};
use ennakoi_people::Locale;

/// Entries of `Accept-Language` that are looked at.
const ENTRIES: usize = 32;

/// The best of `offered` by `Accept-Language` (RFC 9110 §12.5.4): the highest quality, then the order in the header. `None` when
/// none is asked for.
pub(super) fn preferred(request: &HeaderMap, offered: &[Locale]) -> Option<Locale> {
    let header = request.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(f32, Locale)> = None;
    for entry in header.split(',').take(ENTRIES) {
        let mut parts = entry.split(';');
        let range = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
        let language = range.split('-').next().unwrap_or_default();
        let Ok(locale) = language.parse::<Locale>() else { continue };
        if quality > 0.0 && offered.contains(&locale) && best.is_none_or(|(known, _)| quality > known) {
            best = Some((quality, locale));
        }
    }
    best.map(|(_, locale)| locale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &'static str, offered: &[Locale]) -> Option<Locale> {
        let mut request = HeaderMap::new();
        request.insert(header::ACCEPT_LANGUAGE, header.parse().unwrap());
        preferred(&request, offered)
    }

    #[test]
    fn quality_then_order_then_what_is_offered() {
        let all = Locale::ALL;
        assert_eq!(of("sv-FI,fi;q=0.8,en;q=0.5", all), Some(Locale::Sv));
        assert_eq!(of("de, en;q=0.3, fi;q=0.9", all), Some(Locale::Fi));
        assert_eq!(of("sv, en;q=0.1", &[Locale::Fi, Locale::En]), Some(Locale::En));
        assert_eq!(of("fi;q=0", all), None);
        assert_eq!(of("*", all), None);
        assert_eq!(of("fi;q=nonsense", all), Some(Locale::Fi));
    }
}
