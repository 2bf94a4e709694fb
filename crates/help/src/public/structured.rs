//! Structured data (schema.org) for search engines.

use ennakoi_people::Locale;
use serde_json::{Value, json};

use super::{render::Link, shelf::Shelf};

/// The object as the content of a script element. Nothing in it can end the element or begin another.
pub(super) fn script(object: &Value) -> String {
    let mut text = String::new();
    for character in object.to_string().chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => text.push_str(&format!("\\u{:04x}", u32::from(character))),
            other => text.push(other),
        }
    }
    text
}

/// Where the page stands.
pub(super) fn breadcrumb(site: &str, crumbs: &[Link]) -> Value {
    let items: Vec<Value> = crumbs
        .iter()
        .enumerate()
        .map(|(at, crumb)| json!({ "@type": "ListItem", "position": at + 1, "name": crumb.title, "item": format!("{site}{}", crumb.href) }))
        .collect();
    json!({ "@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": items })
}

/// The help centre with its search.
pub(super) fn website(shelf: &Shelf, site: &str, locale: Locale, home: &str) -> Value {
    json!({
        "@context": "https://schema.org", "@type": "WebSite", "name": shelf.workspace.name, "url": format!("{site}{home}"), "inLanguage": locale.as_str(),
        "potentialAction": { "@type": "SearchAction", "target": format!("{site}{home}?q={{search_term_string}}"), "query-input": "required name=search_term_string" },
    })
}

/// Questions with short answers.
pub(super) fn questions<'a>(locale: Locale, all: impl Iterator<Item = (&'a str, String)>) -> Value {
    let questions: Vec<Value> =
        all.map(|(question, answer)| json!({ "@type": "Question", "name": question, "acceptedAnswer": { "@type": "Answer", "text": answer } })).collect();
    json!({ "@context": "https://schema.org", "@type": "FAQPage", "inLanguage": locale.as_str(), "mainEntity": questions })
}

/// An article.
pub(super) struct ArticleFacts<'a> {
    pub(super) title: &'a str,
    pub(super) description: &'a str,
    pub(super) url: String,
    /// `YYYY-MM-DD`
    pub(super) published: String,
}

pub(super) fn article(shelf: &Shelf, site: &str, locale: Locale, facts: &ArticleFacts<'_>) -> Value {
    let mut publisher = json!({ "@type": "Organization", "name": shelf.workspace.name });
    if let Some(logo) = &shelf.workspace.brand.logo_url {
        publisher["logo"] = if logo.starts_with('/') { format!("{site}{logo}").into() } else { logo.as_str().into() };
    }
    json!({
        "@context": "https://schema.org", "@type": "Article", "headline": facts.title, "description": facts.description, "inLanguage": locale.as_str(),
        "dateModified": facts.published, "mainEntityOfPage": facts.url, "author": publisher, "publisher": publisher,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_cannot_be_left() {
        let object = json!({ "name": "</script><script>alert(1)</script><!-- & \u{2028}" });
        let script = script(&object);
        assert!(!script.contains(['<', '>', '&', '\u{2028}']), "{script}");
        assert_eq!(serde_json::from_str::<Value>(&script).unwrap(), object);
    }
}
