//! Articles' Markdown becomes safe HTML with anchors on headings, and plain text for excerpts and search.

use std::{collections::HashSet, sync::LazyLock};

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use crate::slug;

static SANITISER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut sanitiser = ammonia::Builder::default();
    let tags = [
        "a",
        "blockquote",
        "br",
        "code",
        "del",
        "em",
        "h2",
        "h3",
        "h4",
        "hr",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ];
    sanitiser
        .tags(HashSet::from(tags))
        .tag_attributes(
            [
                ("a", HashSet::from(["href"])),
                ("img", HashSet::from(["src", "alt"])),
                ("ol", HashSet::from(["start"])),
                ("h2", HashSet::from(["id"])),
                ("h3", HashSet::from(["id"])),
            ]
            .into_iter()
            .collect(),
        )
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .url_relative(ammonia::UrlRelative::PassThrough)
        .link_rel(Some("noopener"));
    sanitiser
});

/// The body as HTML. The title is the page's only first-level heading, so headings begin at the second; raw HTML is shown as text.
#[must_use]
pub fn to_html(markdown: &str) -> String {
    let mut events: Vec<Event<'_>> = Vec::new();
    for event in parser(markdown) {
        events.push(match event {
            Event::Start(Tag::Heading { level, id: _, classes, attrs }) => Event::Start(Tag::Heading { level: below_title(level), id: None, classes, attrs }),
            Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(below_title(level))),
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            other => other,
        });
    }
    anchor_headings(&mut events);
    let mut rendered = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut rendered, events.into_iter());
    SANITISER.clean(&rendered).to_string()
}

const fn below_title(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 | HeadingLevel::H2 => HeadingLevel::H2,
        HeadingLevel::H3 => HeadingLevel::H3,
        _ => HeadingLevel::H4,
    }
}

/// Gives each heading an id made of its words, so that a part of an article can be linked.
fn anchor_headings(events: &mut [Event<'_>]) {
    let mut used = HashSet::new();
    for at in 0..events.len() {
        if !matches!(events[at], Event::Start(Tag::Heading { .. })) {
            continue;
        }
        let words: String = events[at..]
            .iter()
            .take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))))
            .filter_map(|event| if let Event::Text(text) | Event::Code(text) = event { Some(text.as_ref()) } else { None })
            .collect();
        let anchor = slug::of(&words);
        if used.insert(anchor.clone())
            && let Event::Start(Tag::Heading { id, .. }) = &mut events[at]
        {
            *id = Some(anchor.into());
        }
    }
}

/// The body's words without marks, blocks separated by blank lines.
#[must_use]
pub fn to_text(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len());
    for event in parser(markdown) {
        match event {
            Event::Text(words) | Event::Code(words) | Event::Html(words) | Event::InlineHtml(words) => text.push_str(&words),
            Event::SoftBreak | Event::HardBreak => text.push('\n'),
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::CodeBlock | TagEnd::TableRow) => text.push_str("\n\n"),
            Event::End(TagEnd::Item) => text.push('\n'),
            Event::End(TagEnd::TableCell) => text.push(' '),
            _ => {}
        }
    }
    text.trim().to_owned()
}

/// The beginning of the text, at most `most` characters, ending at a word.
#[must_use]
pub fn beginning(markdown: &str, most: usize) -> String {
    let text = to_text(markdown).split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= most {
        return text;
    }
    let cut: String = text.chars().take(most).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", cut[..end].trim_end_matches([',', '.', ';', ':']))
}

fn parser(markdown: &str) -> Parser<'_> {
    Parser::new_ext(markdown, Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_below_the_title_and_anchored() {
        let html = to_html("# Palautus\n\nTeksti **tässä**.\n\n## Rahat takaisin\n\n| a | b |\n|---|---|\n| 1 | 2 |");
        assert!(html.contains("<h2 id=\"palautus\">Palautus</h2>") && html.contains("<h2 id=\"rahat-takaisin\">") && html.contains("<td>1</td>"), "{html}");
    }

    #[test]
    fn nothing_in_an_article_runs() {
        for attack in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "![x](data:text/html,<script>1</script>)",
            "<svg><animate onbegin=alert(1)>",
            "[x](vbscript:x \"t\" onmouseover=1)",
            "<iframe src=//evil.example></iframe>",
            "<a href='jav&#x09;ascript:alert(1)'>x</a>",
        ] {
            let html = to_html(attack).to_lowercase();
            let tags: String = html.split('<').skip(1).filter_map(|tag| tag.split('>').next()).collect::<Vec<_>>().join(" ");
            assert!(
                !tags.contains("script") && !tags.contains("onerror") && !tags.contains("onbegin") && !tags.contains("javascript:") && !tags.contains("iframe"),
                "{attack} → {html}"
            );
        }
    }

    #[test]
    fn a_beginning_ends_at_a_word() {
        assert_eq!(beginning("Yksi **kaksi** kolme.", 100), "Yksi kaksi kolme.");
        assert_eq!(beginning("Yksi kaksi, kolme", 12), "Yksi kaksi…");
    }
}
