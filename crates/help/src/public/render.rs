//! From a shelf to HTML: the frame that every page shares, and the templates. All values are escaped by the template engine;
//! what is not says `safe` here, in Rust.

use std::sync::LazyLock;

use axum::http::StatusCode;
use ennakoi_kernel::{Problem, Timestamp};
use ennakoi_people::Locale;
use minijinja::{Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig, value::merge_maps};

use super::{
    assets,
    response::{Keep, Page},
    shelf::Shelf,
    structured, texts,
};

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().expect("the usual delimiters do not contradict each other");
    environment.set_syntax(syntax);
    environment.set_formatter(|out, _, value| {
        if value.is_safe() {
            return write!(out, "{value}").map_err(Into::into);
        }
        if value.is_undefined() || value.is_none() {
            return Ok(());
        }
        out.write_str(&escaped(&value.to_string())).map_err(Into::into)
    });
    let templates = [
        ("base.html", include_str!("templates/base.html")),
        ("home.html", include_str!("templates/home.html")),
        ("category.html", include_str!("templates/category.html")),
        ("article.html", include_str!("templates/article.html")),
        ("guide.html", include_str!("templates/guide.html")),
        ("search.html", include_str!("templates/search.html")),
        ("missing.html", include_str!("templates/missing.html")),
    ];
    for (name, source) in templates {
        environment.add_template(name, source).expect("the templates are parsed by a test");
    }
    environment
});

/// A text as HTML shows it, in an element or in a quoted attribute. The engine's own escaping also writes each `/` in six letters,
/// which addresses are full of.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A link in a list.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) title: String,
    pub(super) href: String,
}

impl From<&Link> for Value {
    fn from(link: &Link) -> Self {
        context! { title => &link.title, href => &link.href }
    }
}

/// The same page in another language.
#[derive(Clone, Debug)]
pub(super) struct Alternate {
    pub(super) locale: Locale,
    pub(super) path: String,
}

/// What the frame around a page needs to know about it.
pub(super) struct Frame<'a> {
    pub(super) shelf: &'a Shelf,
    /// `https://help.example.fi`, without a path.
    pub(super) site: &'a str,
    pub(super) locale: Locale,
    /// Of the page alone; the company's name follows it.
    pub(super) title: String,
    pub(super) description: String,
    /// Path of this page without a query.
    pub(super) path: String,
    pub(super) alternates: Vec<Alternate>,
    /// Path for readers of no particular language.
    pub(super) default_path: Option<String>,
    pub(super) crumbs: Vec<Link>,
    /// Structured data, one object each.
    pub(super) data: Vec<serde_json::Value>,
    pub(super) query: String,
    pub(super) indexed: bool,
}

impl<'a> Frame<'a> {
    pub(super) fn new(shelf: &'a Shelf, site: &'a str, locale: Locale, path: String) -> Self {
        let description = texts::say(locale, "description", &[("company", &shelf.workspace.name)]);
        Self {
            shelf,
            site,
            locale,
            title: String::new(),
            description,
            path,
            alternates: Vec::new(),
            default_path: None,
            crumbs: Vec::new(),
            data: Vec::new(),
            query: String::new(),
            indexed: true,
        }
    }

    /// Where the company's help centre begins in a language.
    pub(super) fn home(&self, locale: Locale) -> String {
        home(&self.shelf.workspace.slug, locale)
    }

    fn values(&self) -> Value {
        let company = &self.shelf.workspace.name;
        let absolute = |path: &str| format!("{}{path}", self.site);
        let languages: Vec<Value> = self
            .shelf
            .locales()
            .map(|locale| {
                let there = self.alternates.iter().find(|alternate| alternate.locale == locale);
                let href = there.map_or_else(|| self.home(locale), |alternate| alternate.path.clone());
                context! { code => locale.as_str(), name => texts::name(locale), href, current => locale == self.locale }
            })
            .collect();
        let alternates: Vec<Value> =
            self.alternates.iter().map(|alternate| context! { code => alternate.locale.as_str(), href => absolute(&alternate.path) }).collect();
        context! {
            t => texts::all(self.locale),
            lang => self.locale.as_str(),
            company,
            logo => &self.shelf.workspace.brand.logo_url,
            home => self.home(self.locale),
            style => Value::from_safe_string(self.shelf.style.clone()),
            css => assets::css_path(),
            js => assets::js_path(),
            title => if self.title.is_empty() { texts::say(self.locale, "title", &[("company", company)]) } else { format!("{} – {company}", self.title) },
            description => &self.description,
            canonical => absolute(&self.path),
            alternates,
            default => self.default_path.as_deref().map(absolute),
            languages,
            crumbs => self.crumbs.iter().map(Value::from).collect::<Vec<_>>(),
            data => self.data.iter().map(|object| Value::from_safe_string(structured::script(object))).collect::<Vec<_>>(),
            chat => self.shelf.chat.map(|key| key.to_string()),
            query => &self.query,
            indexed => self.indexed,
        }
    }
}

/// Where a company's help centre begins in a language.
pub(super) fn home(slug: &str, locale: Locale) -> String {
    format!("/help/{slug}/{}/", locale.as_str())
}

/// Renders a page.
///
/// # Errors
/// A template does not fit its values: a bug, which is logged.
pub(super) fn page(template: &str, frame: &Frame<'_>, values: Value, status: StatusCode, keep: Keep) -> Result<Page, Problem> {
    let rendered = TEMPLATES.get_template(template).and_then(|template| template.render(merge_maps([frame.values(), values])));
    match rendered {
        Ok(html) => Ok(Page::html(status, html, &frame.shelf.style, keep)),
        Err(error) => {
            tracing::error!(template, %error, "a page of the help centre cannot be rendered");
            Err(Problem::internal())
        }
    }
}

/// The day for people and for machines.
pub(super) fn date(shelf: &Shelf, locale: Locale, at: Timestamp) -> Value {
    let (said, iso) = texts::day(locale, at, &shelf.workspace.timezone);
    context! { said => texts::say(locale, "updated", &[("date", &said)]), iso }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_text_is_escaped_whatever_the_template_asks() {
        assert_eq!(super::escaped("<a href=\"x\" b='/'>&"), "&lt;a href=&quot;x&quot; b=&#39;/&#39;&gt;&amp;");
        for (name, template) in super::TEMPLATES.templates() {
            let source = template.source();
            assert!(!source.contains("|safe") && !source.contains("| safe") && !source.contains("autoescape"), "{name}");
        }
    }

    #[test]
    fn every_template_is_parsed() {
        assert_eq!(super::TEMPLATES.templates().count(), 7);
    }
}
