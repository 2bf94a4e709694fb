//! The conversation as a page, as a text file, and as a letter.

use ennakoi_inbox::{
    conversations::Conversation,
    messages::{AuthorKind, Kind},
};
use ennakoi_kernel::Timestamp;
use ennakoi_people::{Locale, workspaces::Workspace};

use super::texts::{Moment, say};
use crate::chat::view::WidgetMessage;

const STYLE: &str = "\
:root{color-scheme:light}*{box-sizing:border-box}body{margin:0 auto;max-width:46rem;padding:2rem 1.25rem;font:1rem/1.5 system-ui,sans-serif;color:#16191d;background:#fff}\
h1{font-size:1.5rem;line-height:1.25;margin:0}h2{font-size:.875rem;color:#555b63;margin:2rem 0 .5rem;font-weight:600}p{margin:.25rem 0}.lead{color:#555b63}\
.tools{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.25rem 0}.tools>*{font:inherit;padding:.5rem 1rem;border:1px solid #767d86;border-radius:.5rem;background:#fff;color:inherit;text-decoration:none;cursor:pointer}\
.tools>*:hover{background:#f2f3f5}:focus-visible{outline:2px solid #16191d;outline-offset:2px}\
article{padding:.5rem 0 .5rem 1rem;border-left:3px solid #d5d9de;margin:.75rem 0;break-inside:avoid;overflow-wrap:anywhere}article.mine{border-color:#16191d}\
.who{font-weight:600}.who small{font-weight:400;color:#555b63;font-size:.875rem}.text{white-space:pre-wrap}img{max-width:20rem;max-height:20rem}\
@media print{.tools{display:none}body{padding:0;font-size:11pt}a{color:inherit}}";
const SCRIPT: &str = "document.getElementById('print').addEventListener('click',()=>print())";

/// One thing that was said.
struct Line {
    mine: bool,
    who: String,
    at: Timestamp,
    edited: bool,
    text: String,
    html: String,
    /// Name and address.
    files: Vec<(String, String)>,
}

/// A conversation, ready to be put on paper.
pub(super) struct Paper {
    locale: Locale,
    timezone: String,
    company: String,
    pub(super) number: i64,
    begun: Timestamp,
    shortened: bool,
    lines: Vec<Line>,
}

impl Paper {
    pub(super) fn new(locale: Locale, company: &Workspace, conversation: &Conversation, messages: Vec<WidgetMessage>, shortened: bool) -> Self {
        let said = messages.into_iter().filter(|message| message.kind != Kind::Event && message.removed_at.is_none());
        let lines = said.filter(|message| !message.body.trim().is_empty() || !message.attachments.is_empty()).map(|message| line(locale, message)).collect();
        Self {
            locale,
            timezone: company.timezone.clone(),
            company: company.name.clone(),
            number: conversation.number,
            begun: conversation.created_at,
            shortened,
            lines,
        }
    }

    fn say(&self, key: &str) -> String {
        let begun = Moment::new(self.begun, &self.timezone).day(self.locale);
        say(self.locale, key, &[("company", &self.company), ("date", &begun), ("count", &self.lines.len().to_string())])
    }

    /// The lines with the day of each that begins one.
    fn days(&self) -> impl Iterator<Item = (Option<String>, String, &Line)> {
        let mut last = String::new();
        self.lines.iter().map(move |line| {
            let at = Moment::new(line.at, &self.timezone);
            let day = at.day(self.locale);
            let fresh = (day != last).then(|| day.clone());
            last = day;
            (fresh, at.clock(self.locale), line)
        })
    }

    pub(super) fn subject(&self) -> String {
        self.say("mail_subject")
    }

    /// The whole letter that carries the conversation.
    pub(super) fn letter(&self) -> String {
        format!("{}\n\n{}\n\n{}\n", self.say("mail_lead"), self.body(), self.say("mail_end"))
    }

    pub(super) fn text(&self) -> String {
        // Programs of old take a text for another alphabet without this mark.
        format!("\u{feff}{} (#{})\n{}\n\n{}\n", self.say("title"), self.number, self.say("begun"), self.body()).replace('\n', "\r\n")
    }

    fn body(&self) -> String {
        let mut text = if self.shortened { format!("{}\n\n", self.say("shortened")) } else { String::new() };
        for (day, clock, line) in self.days() {
            if let Some(day) = day {
                text.push_str(&format!("— {day} —\n\n"));
            }
            text.push_str(&format!("{} ({clock})\n{}\n", line.who, line.text));
            for (name, _) in &line.files {
                text.push_str(&format!("[{}: {name}]\n", self.say("files")));
            }
            text.push('\n');
        }
        text.trim_end().to_owned()
    }

    pub(super) fn page(&self, text_url: &str, nonce: &str) -> String {
        let title = escaped(&self.say("title"));
        let mut body = format!("<h1>{title}</h1><p class=\"lead\">{} · #{}</p>", escaped(&self.say("begun")), self.number);
        body.push_str(&format!(
            "<p class=\"tools\"><button type=\"button\" id=\"print\">{}</button><a href=\"{}\" download>{}</a></p>",
            escaped(&self.say("print")),
            escaped(text_url),
            escaped(&self.say("download"))
        ));
        if self.shortened {
            body.push_str(&format!("<p class=\"lead\">{}</p>", escaped(&self.say("shortened"))));
        }
        for (day, clock, line) in self.days() {
            if let Some(day) = day {
                body.push_str(&format!("<h2>{}</h2>", escaped(&day)));
            }
            body.push_str(&self.article(&clock, line));
        }
        document(self.locale, &title, &format!("<main>{body}</main><script nonce=\"{nonce}\">{SCRIPT}</script>"), nonce)
    }

    fn article(&self, clock: &str, line: &Line) -> String {
        let edited = if line.edited { format!(" · {}", self.say("edited")) } else { String::new() };
        let mut article = format!(
            "<article{}><p class=\"who\">{} <small>{}{}</small></p><div class=\"text\">{}</div>",
            if line.mine { " class=\"mine\"" } else { "" },
            escaped(&line.who),
            escaped(clock),
            escaped(&edited),
            line.html
        );
        for (name, url) in &line.files {
            article.push_str(&format!("<p><a href=\"{}\">{}</a></p>", escaped(url), escaped(name)));
        }
        article + "</article>"
    }
}

fn line(locale: Locale, message: WidgetMessage) -> Line {
    let who = match message.author.kind {
        AuthorKind::Contact => say(locale, "you", &[]),
        AuthorKind::Bot => say(locale, "bot", &[]),
        AuthorKind::Staff if !message.author.name.is_empty() => message.author.name,
        AuthorKind::Staff | AuthorKind::System => say(locale, "staff", &[]),
    };
    // Sanitised already; a plain text carries no marks of its own.
    let html = if message.mine || message.html.is_empty() { escaped(&message.body) } else { message.html.trim().replace(">\n<", "><") };
    let files = message.attachments.into_iter().map(|file| (file.name, file.url)).collect();
    Line { mine: message.mine, who, at: message.created_at, edited: message.edited_at.is_some(), text: message.body, html, files }
}

/// What is shown for an address that works no longer.
pub(super) fn missing(locale: Locale) -> String {
    let title = escaped(&say(locale, "missing", &[]));
    document(locale, &title, &format!("<main><h1>{title}</h1><p>{}</p></main>", escaped(&say(locale, "missing_text", &[]))), "")
}

fn document(locale: Locale, title: &str, body: &str, nonce: &str) -> String {
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title}</title><style nonce=\"{nonce}\">{STYLE}</style></head><body>{body}</body></html>",
        locale.as_str()
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
