//! Laid-out mails made safe to look at. They are shown in a frame of their own where nothing runs; what comes out of here would be
//! harmless even outside of it. Pictures of other servers tell their owner who reads, so they are left out until somebody asks.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

/// A laid-out text that is larger is shown as text only.
pub(crate) const MOST_BYTES: usize = 2 << 20;

const TAGS: &[&str] = &[
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];
/// None of these takes an address.
const PROPERTIES: &[&str] = &[
    "background-color",
    "border",
    "border-bottom",
    "border-collapse",
    "border-color",
    "border-left",
    "border-radius",
    "border-right",
    "border-spacing",
    "border-style",
    "border-top",
    "border-width",
    "color",
    "direction",
    "display",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-width",
    "min-width",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "text-align",
    "text-decoration",
    "text-indent",
    "text-transform",
    "vertical-align",
    "white-space",
    "width",
    "word-break",
];

/// Whether pictures of other servers are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RemoteImages {
    LeftOut,
    Shown,
}

/// The safe form. `inline` says where pictures that came with the mail are found, by their content id.
pub(crate) fn safe(html: &str, inline: &HashMap<String, String>, remote: RemoteImages) -> String {
    static PLAIN: LazyLock<(HashSet<&'static str>, HashSet<&'static str>)> =
        LazyLock::new(|| (TAGS.iter().copied().collect(), PROPERTIES.iter().copied().collect()));
    let layout = ["align", "valign", "bgcolor", "border", "cellpadding", "cellspacing", "width", "height", "colspan", "rowspan", "dir", "lang", "style"];
    // The sanitiser wants to own what it looks at.
    let inline = inline.clone();
    let mut builder = ammonia::Builder::default();
    builder
        .tags(PLAIN.0.clone())
        .clean_content_tags(HashSet::from(["script", "style", "title", "template", "noscript", "iframe", "object", "svg", "math", "textarea", "select"]))
        .generic_attributes(layout.into_iter().collect())
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href", "target"])),
            ("img", HashSet::from(["src", "alt", "title"])),
            ("font", HashSet::from(["color", "face", "size"])),
            ("ol", HashSet::from(["start", "type"])),
        ]))
        .filter_style_properties(PLAIN.1.clone())
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "cid", "data"]))
        .url_relative(ammonia::UrlRelative::PassThrough)
        .link_rel(Some("noopener nofollow noreferrer"))
        .attribute_filter(move |element, attribute, value| attribute_of(element, attribute, value, &inline, remote));
    builder.clean(html).to_string().replace("<a ", "<a target=\"_blank\" ")
}

fn attribute_of<'v>(element: &str, attribute: &str, value: &'v str, inline: &HashMap<String, String>, remote: RemoteImages) -> Option<Cow<'v, str>> {
    let lower = value.trim().to_ascii_lowercase();
    match (element, attribute) {
        // Written again below, on every link.
        ("a", "target") => None,
        ("a", "href") => ["http://", "https://", "mailto:", "tel:"].iter().any(|scheme| lower.starts_with(scheme)).then_some(Cow::Borrowed(value)),
        ("img", "src") if lower.starts_with("cid:") => {
            let id = value.trim().get(4..).unwrap_or_default().trim_matches(['<', '>']);
            inline.get(id).map(|url| Cow::Owned(url.clone()))
        }
        ("img", "src") if lower.starts_with("data:") => {
            let harmless = ["data:image/png;base64,", "data:image/jpeg;base64,", "data:image/gif;base64,", "data:image/webp;base64,"];
            harmless.iter().any(|start| lower.starts_with(start)).then_some(Cow::Borrowed(value))
        }
        ("img", "src") => (is_remote(&lower) && remote == RemoteImages::Shown).then_some(Cow::Borrowed(value)),
        (_, "style") if lower.contains("url(") || lower.contains("expression") || lower.contains('\\') => None,
        _ => Some(Cow::Borrowed(value)),
    }
}

fn is_remote(lower: &str) -> bool {
    lower.starts_with("http://") || lower.starts_with("https://")
}

/// Pictures of other servers in a laid-out text.
pub(crate) fn remote_images(html: &str) -> u32 {
    let bytes = html.as_bytes();
    let mut count = 0u32;
    for at in 0..bytes.len().saturating_sub(4) {
        if !bytes[at..at + 4].eq_ignore_ascii_case(b"<img") {
            continue;
        }
        let end = bytes[at..].iter().take(2_000).position(|byte| *byte == b'>').map_or(bytes.len().min(at + 2_000), |length| at + length);
        let tag = String::from_utf8_lossy(&bytes[at..end]).to_ascii_lowercase();
        let source = tag.split("src").nth(1).map(|rest| rest.trim_start_matches([' ', '=', '"', '\'', '\n', '\t', '\r']));
        count += u32::from(source.is_some_and(|source| is_remote(source) || source.starts_with("//")));
    }
    count
}

/// A whole page for the frame.
pub(crate) fn page(body: &str) -> String {
    format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\"><meta name=\"color-scheme\" content=\"light\">\
         <style>body{{margin:0;padding:8px;background:#fff;color:#111;font:14px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}}img{{max-width:100%;height:auto}}\
         table{{max-width:100%}}blockquote{{margin:0 0 0 .5em;padding-left:.75em;border-left:3px solid #ccc}}</style></head><body>{body}</body></html>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(html: &str) -> String {
        safe(html, &HashMap::from([("k1".to_owned(), "/api/v1/attachments/1/k.png".to_owned())]), RemoteImages::LeftOut)
    }

    #[test]
    fn nothing_that_runs_comes_through() {
        for attack in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<svg/onload=alert(1)>",
            "<svg><script>alert(1)</script></svg>",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<a href=\" java\nscript:alert(1)\">x</a>",
            "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
            "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
            "<object data=\"x\"></object><embed src=x>",
            "<form action=\"https://evil.example\"><input name=p></form>",
            "<meta http-equiv=refresh content=\"0;url=https://evil.example\">",
            "<base href=\"https://evil.example/\">",
            "<link rel=stylesheet href=\"https://evil.example/x.css\">",
            "<style>@import 'https://evil.example/x.css';</style>",
            "<p style=\"background:url(https://evil.example/p.png)\">x</p>",
            "<p style=\"background-color:url(https://evil.example/p.png)\">x</p>",
            "<p style=\"width:expression(alert(1))\">x</p>",
            "<p style=\"color:\\75 rl(x)\">x</p>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<img src=\"data:image/svg+xml;base64,PHN2Zz4=\">",
            "<body background=\"https://evil.example/p.png\" onload=alert(1)>",
            "<video poster=\"https://evil.example/p.png\"></video>",
            "<table background=\"https://evil.example/p.png\"><tr><td>x</td></tr></table>",
            "<a href=\"/api/v1/session\">x</a>",
        ] {
            let safe = cleaned(attack).to_ascii_lowercase();
            for bad in [
                "script",
                "onerror",
                "onload",
                "alert",
                "evil.example",
                "<svg",
                "<iframe",
                "<form",
                "<style",
                "url(",
                "expression",
                "svg+xml",
                "/api/v1/session",
            ] {
                assert!(!safe.contains(bad), "{attack} → {safe}");
            }
        }
    }

    #[test]
    fn pictures_come_from_the_mail_and_from_elsewhere_only_when_asked() {
        let html = "<img src=\"cid:k1\"><img src=\"cid:other\"><img src=\"https://x.example/p.png\" alt=\"P\"><IMG SRC='//y.example/p.gif'>";
        let safe_html = cleaned(html);
        assert!(safe_html.contains("/api/v1/attachments/1/k.png") && !safe_html.contains("x.example") && !safe_html.contains("cid:"), "{safe_html}");
        assert_eq!(remote_images(html), 2);
        assert!(safe(html, &HashMap::new(), RemoteImages::Shown).contains("https://x.example/p.png"));
        let link = cleaned("<a href=\"https://x.example/\" target=\"_top\">x</a>");
        assert!(link.contains("target=\"_blank\"") && link.contains("noreferrer") && !link.contains("_top"), "{link}");
        assert!(cleaned("<p style=\"color: red; position: fixed\">x</p>").contains("color"), "{}", cleaned("<p style=\"color: red; position: fixed\">x</p>"));
        assert!(!cleaned("<p style=\"color: red; position: fixed\">x</p>").contains("fixed"));
    }
}
