//! The text of an answer, plain and laid out, and its files.

use ennakoi_channels::carry::Outcome;
use ennakoi_http::App;
use ennakoi_inbox::{
    attachments,
    conversations::Conversation,
    messages::{Format, Message, render},
};
use ennakoi_kernel::ids::WorkspaceId;
use ennakoi_people::Locale;
use ennakoi_store::{Result, files, timeline::Actor};

use super::compose::Enclosure;
use crate::{mailbox::Mailbox, texts};

/// Bytes of all files of one mail: what most servers take, before base64 makes a third more of it.
const FILES_BYTES: i64 = 18 << 20;

/// The files of the messages.
pub(super) async fn enclosures(app: &App, workspace: WorkspaceId, parts: &[Message]) -> Result<std::result::Result<Vec<Enclosure>, Outcome>> {
    let attached: Vec<_> = parts.iter().flat_map(|part| &part.attachments).collect();
    let total: i64 = attached.iter().map(|file| file.bytes).sum();
    if total > FILES_BYTES {
        return Ok(Err(Outcome::Refused { code: "too_large", reason: format!("{total} bytes of files") }));
    }
    let mut enclosures = Vec::with_capacity(attached.len());
    for file in attached {
        let mut tx = app.db.read().await?;
        let held = attachments::for_staff(&mut tx, workspace, file.id, Actor::System).await?;
        drop(tx);
        let bytes = app.blobs.get(&files::key(workspace, &held.sha256)).await?;
        enclosures.push(Enclosure { name: file.name.clone(), media_type: file.media_type.clone(), bytes });
    }
    Ok(Ok(enclosures))
}

/// Plain text and HTML.
/// `asked` is what the customer wrote on another channel; it stands below as a quote.
pub(super) fn bodies(mailbox: &Mailbox, conversation: &Conversation, parts: &[Message], by_machine: bool, asked: Option<&str>) -> (String, String) {
    let locale = parts.iter().rev().find_map(|part| part.language).or(conversation.locale).unwrap_or_default();
    let (mut text, mut html) = (String::new(), String::new());
    for part in parts {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        // Markdown is read well as it is written.
        text.push_str(part.body.trim());
        html.push_str(&match part.format {
            Format::Text => format!("<p>{}</p>", part.html),
            Format::Markdown => part.html.clone(),
        });
        sources(part, locale, &mut text, &mut html);
    }
    let author = parts.last().map(|part| part.author.name.as_str()).unwrap_or_default();
    let signature = if by_machine { texts::written_by_machine(locale).to_owned() } else { mailbox.settings.signature.replace("{agent}", author) };
    if !signature.trim().is_empty() {
        // The two hyphens and the space tell mail programs, ours too, where the text ends.
        text.push_str(&format!("\n\n-- \n{}\n", signature.trim()));
        html.push_str(&format!("<p style=\"color:#666\">-- <br>{}</p>", render::html(signature.trim(), Format::Text)));
    }
    if let Some(asked) = asked {
        let lead = texts::you_asked(locale);
        let quoted: Vec<String> = asked.lines().map(|line| format!("> {line}")).collect();
        text.push_str(&format!("\n\n{lead}\n{}\n", quoted.join("\n")));
        html.push_str(&format!("<p style=\"color:#666\">{lead}</p><blockquote type=\"cite\">{}</blockquote>", render::html(asked, Format::Text)));
    }
    let html =
        format!("<!doctype html><html lang=\"{}\"><body style=\"font-family:sans-serif;font-size:14px;line-height:1.5\">{html}</body></html>", locale.as_str());
    (text, html)
}

fn sources(part: &Message, locale: Locale, text: &mut String, html: &mut String) {
    let sources = part.meta.sources.as_deref().unwrap_or_default();
    if sources.is_empty() {
        return;
    }
    let lines: Vec<String> = sources.iter().map(|source| format!("{} {}", source.title, source.url)).collect();
    let block = format!("{}\n{}", texts::sources(locale), lines.join("\n"));
    text.push_str("\n\n");
    text.push_str(&block);
    html.push_str(&format!("<p>{}</p>", render::html(&block, Format::Text)));
}
