//! Bodies become HTML that is safe to show. Plain text is escaped, its addresses become links; of Markdown a subset is kept,
//! raw HTML in it is shown as the text it is, and everything passes a sanitiser at the end.

use std::{collections::HashSet, sync::LazyLock};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::Format;

/// What links of strangers carry.
const RELATION: &str = "noopener nofollow noreferrer";

static SANITISER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut sanitiser = ammonia::Builder::default();
    sanitiser
        .tags(HashSet::from(["a", "blockquote", "br", "code", "del", "em", "li", "ol", "p", "pre", "strong", "ul"]))
        .tag_attributes([("a", HashSet::from(["href", "target"])), ("ol", HashSet::from(["start"]))].into_iter().collect())
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some(RELATION));
    sanitiser
});

/// The body as HTML.
#[must_use]
pub fn html(body: &str, format: Format) -> String {
    match format {
        Format::Text => text_html(body),
        Format::Markdown => markdown_html(body),
    }
}

/// The body without marks, for previews and search.
#[must_use]
pub fn plain(body: &str, format: Format) -> String {
    if format == Format::Text {
        return body.to_owned();
    }
    let mut plain = String::new();
    for event in Parser::new_ext(body, Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => plain.push_str(&text),
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::CodeBlock) => plain.push('\n'),
            _ => {}
        }
    }
    plain.trim_end().to_owned()
}

fn text_html(body: &str) -> String {
    let mut html = String::with_capacity(body.len() + 16);
    for (index, line) in body.split('\n').enumerate() {
        if index > 0 {
            html.push_str("<br>");
        }
        for piece in pieces(line.trim_end_matches('\r')) {
            match piece {
                Piece::Text(text) => escape(text, &mut html),
                Piece::Link { text, href } => {
                    html.push_str("<a href=\"");
                    escape(&href, &mut html);
                    html.push_str("\" target=\"_blank\" rel=\"");
                    html.push_str(RELATION);
                    html.push_str("\">");
                    escape(text, &mut html);
                    html.push_str("</a>");
                }
            }
        }
    }
    html
}

fn escape(text: &str, into: &mut String) {
    for character in text.chars() {
        match character {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\'' => into.push_str("&#39;"),
            other => into.push(other),
        }
    }
}

fn markdown_html(body: &str) -> String {
    let mut html = String::with_capacity(body.len() * 2);
    // Depth of links and code, inside of which addresses stay text.
    let mut literal = 0usize;
    let events = Parser::new_ext(body, Options::ENABLE_STRIKETHROUGH).flat_map(|event| {
        match &event {
            Event::Start(Tag::Link { .. } | Tag::CodeBlock(_)) => literal += 1,
            Event::End(TagEnd::Link | TagEnd::CodeBlock) => literal = literal.saturating_sub(1),
            _ => {}
        }
        subset(event, literal > 0)
    });
    pulldown_cmark::html::push_html(&mut html, events);
    open_elsewhere(&SANITISER.clean(&html).to_string())
}

/// The events that stand for one event of the full language.
fn subset(event: Event<'_>, literal: bool) -> Vec<Event<'_>> {
    match event {
        // Markup of others is text.
        Event::Html(text) | Event::InlineHtml(text) => vec![Event::Text(text)],
        Event::SoftBreak => vec![Event::HardBreak],
        Event::Start(Tag::Heading { .. }) => vec![Event::Start(Tag::Paragraph), Event::Start(Tag::Strong)],
        Event::End(TagEnd::Heading(_)) => vec![Event::End(TagEnd::Strong), Event::End(TagEnd::Paragraph)],
        // A picture of elsewhere would tell its owner who reads; its words stay.
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) | Event::Rule => vec![],
        Event::Text(text) if !literal => linked(&text),
        other => vec![other],
    }
}

fn linked(text: &str) -> Vec<Event<'static>> {
    pieces(text)
        .into_iter()
        .flat_map(|piece| match piece {
            Piece::Text(text) => vec![Event::Text(text.to_owned().into())],
            Piece::Link { text, href } => {
                let link = Tag::Link { link_type: pulldown_cmark::LinkType::Autolink, dest_url: href.into(), title: "".into(), id: "".into() };
                vec![Event::Start(link), Event::Text(text.to_owned().into()), Event::End(TagEnd::Link)]
            }
        })
        .collect()
}

/// Links open beside the conversation, not in its place. The sanitiser has just written every `<a href`, and escaped all others.
fn open_elsewhere(html: &str) -> String {
    html.trim_end().replace("<a href=", "<a target=\"_blank\" href=")
}

#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Link { text: &'a str, href: String },
}

/// Cuts a line into text and web addresses.
fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut rest, mut searched) = (line, 0);
    while let Some(start) = next_address(rest, searched) {
        let end = start + address_length(&rest[start..]);
        let text = &rest[start..end];
        let bare = text.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.");
        if !bare.contains('.') && !bare.starts_with("localhost") {
            searched = end;
            continue;
        }
        if start > 0 {
            pieces.push(Piece::Text(&rest[..start]));
        }
        let href = if text.starts_with("www.") { format!("https://{text}") } else { text.to_owned() };
        pieces.push(Piece::Link { text, href });
        (rest, searched) = (&rest[end..], 0);
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// Where the next address begins at or after `from`: at the beginning of a word.
fn next_address(text: &str, from: usize) -> Option<usize> {
    let tail = &text[from..];
    let mut found: Option<usize> = None;
    for scheme in ["https://", "http://", "www."] {
        let begins =
            tail.match_indices(scheme).map(|(at, _)| from + at).find(|at| text[..*at].chars().next_back().is_none_or(|before| !before.is_alphanumeric()));
        found = [found, begins].into_iter().flatten().min();
    }
    found
}

/// Bytes of the address, without the punctuation of the sentence around it.
fn address_length(text: &str) -> usize {
    let end = text.find(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '\'' | '`')).unwrap_or(text.len());
    let mut address = &text[..end];
    loop {
        let shorter = address.trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_', '”', '’', '…']);
        let unbalanced = |open: char, close: char| shorter.ends_with(close) && shorter.matches(close).count() > shorter.matches(open).count();
        let shorter = if unbalanced('(', ')') || unbalanced('[', ']') { &shorter[..shorter.len() - 1] } else { shorter };
        if shorter.len() == address.len() {
            return address.len();
        }
        address = shorter;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_escaped_and_addresses_become_links() {
        assert_eq!(html("a < b & \"c\"\nd", Format::Text), "a &lt; b &amp; &quot;c&quot;<br>d");
        assert_eq!(
            html("Katso (https://shop.example.fi/a_(b)?c=1&d=2).", Format::Text),
            "Katso (<a href=\"https://shop.example.fi/a_(b)?c=1&amp;d=2\" target=\"_blank\" rel=\"noopener nofollow noreferrer\">https://shop.example.fi/a_(b)?c=1&amp;d=2</a>)."
        );
        assert!(html("www.example.fi", Format::Text).starts_with("<a href=\"https://www.example.fi\""));
        assert_eq!(html("http:// and https://x www.", Format::Text), "http:// and https://x www.");
        assert_eq!(html("javascript:alert(1)", Format::Text), "javascript:alert(1)");
    }

    #[test]
    fn markdown_keeps_the_subset_only() {
        assert_eq!(
            html("# Otsikko\n**vahva** _kursiivi_ `koodi`", Format::Markdown),
            "<p><strong>Otsikko</strong></p>\n<p><strong>vahva</strong> <em>kursiivi</em> <code>koodi</code></p>"
        );
        assert_eq!(html("a\nb", Format::Markdown), "<p>a<br>\nb</p>");
        assert_eq!(html("![kuva](https://spy.example/x.png)", Format::Markdown), "<p>kuva</p>");
        let link = html("[tästä](https://example.fi) https://example.org", Format::Markdown);
        assert_eq!(link.matches("<a target=\"_blank\" href=").count(), 2, "{link}");
        assert_eq!(link.matches("rel=\"noopener nofollow noreferrer\"").count(), 2, "{link}");
        assert_eq!(plain("# A\n**b** [c](https://d.example)", Format::Markdown), "A\nb c");
    }

    #[test]
    fn known_attacks_come_out_as_text() {
        for attack in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "[x](data:text/html;base64,PHNjcmlwdD4=)",
            "[x](vbscript:msgbox)",
            "<a href=\"javascript:alert(1)\">x</a>",
            "[x](https://a.example\" onmouseover=\"alert(1))",
            "https://a.example/\"onmouseover=\"alert(1)",
            "<svg/onload=alert(1)>",
            "`<script>`",
            "<a href=https://a.example target=_top>x</a>",
        ] {
            for format in [Format::Text, Format::Markdown] {
                assert_harmless(&html(attack, format));
            }
        }
    }

    /// Only our own tags, and every attribute one of ours.
    fn assert_harmless(html: &str) {
        for tag in html.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap();
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
            assert!(["a", "blockquote", "br", "code", "del", "em", "li", "ol", "p", "pre", "strong", "ul"].contains(&name), "<{tag}> in {html}");
            for attribute in tag.split("=\"").map(|part| part.rsplit([' ', '"']).next().unwrap()).take(tag.matches("=\"").count()) {
                assert!(["href", "target", "rel", "start"].contains(&attribute), "{attribute} in <{tag}>");
            }
            if let Some(href) = tag.split("href=\"").nth(1) {
                assert!(["http://", "https://", "mailto:", "tel:"].iter().any(|scheme| href.starts_with(scheme)), "{tag}");
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_comes_out_harmless(body in "[ a-z<>\"'=&()\\[\\]`*_#!:/.\n-]{0,80}|.{0,60}") {
            assert_harmless(&html(&body, Format::Text));
            assert_harmless(&html(&body, Format::Markdown));
        }
    }
}
