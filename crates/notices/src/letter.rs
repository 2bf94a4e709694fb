//! Notices put into words: lines for every way out, and the letter that gathers them.

use std::collections::HashMap;

use ennakoi_http::App;
use ennakoi_inbox::{
    conversations::{self, ConversationRow},
    queues,
};
use ennakoi_kernel::ids::{ConversationId, QueueId, WorkspaceId};
use ennakoi_people::{Locale, staff::Reader, workspaces};
use ennakoi_store::{
    Result, Tx,
    outbox::{self, Class, NewIntent},
};
use serde_json::json;

use crate::{kinds::NoticeKind, policy, settings::Detail, store::Notice, words};

/// Notices named in one letter or message; the others are counted.
pub(crate) const NAMED: usize = 10;

/// One notice in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// Who and what about, where the person wants that outside and the company allows it.
    pub(crate) more: Option<String>,
    /// Below the server's address.
    pub(crate) path: String,
}

/// Lines of the newest notices, at most [`NAMED`].
pub(crate) async fn lines(tx: &mut Tx, workspace: WorkspaceId, locale: Locale, detail: Detail, notices: &[Notice]) -> Result<Vec<Line>> {
    let mut newest: Vec<&Notice> = notices.iter().collect();
    newest.sort_by_key(|notice| std::cmp::Reverse((notice.at, notice.id)));
    newest.truncate(NAMED);
    let ids: Vec<ConversationId> = newest.iter().filter_map(|notice| notice.conversation).collect();
    let cases: HashMap<ConversationId, ConversationRow> = conversations::rows(tx, workspace, &ids, None).await?.into_iter().map(|row| (row.id, row)).collect();
    let mut lines = Vec::new();
    for notice in newest {
        let case = notice.conversation.and_then(|id| cases.get(&id));
        lines.push(line(tx, workspace, locale, detail, (notice.kind, &notice.detail, notice.queue), case).await?);
    }
    Ok(lines)
}

pub(crate) async fn line(
    tx: &mut Tx,
    workspace: WorkspaceId,
    locale: Locale,
    detail: Detail,
    (kind, said, queue): (NoticeKind, &str, Option<QueueId>),
    case: Option<&ConversationRow>,
) -> Result<Line> {
    let about = match (case, queue) {
        (Some(case), _) => format!("#{}", case.number),
        (None, Some(queue)) => queues::load(tx, workspace, queue).await.map(|queue| queue.name).unwrap_or_default(),
        (None, None) => String::new(),
    };
    let path = match (kind, case) {
        (NoticeKind::Review, _) => "/app/quality".to_owned(),
        (NoticeKind::ApprovalAsked, _) => "/app/approvals".to_owned(),
        (_, Some(case)) => format!("/app/inbox/all/{}", case.id),
        (_, None) => "/app/inbox/unassigned".to_owned(),
    };
    let named = detail == Detail::Customer && policy::of(tx, workspace).await?.names_leave;
    let more = case.filter(|_| named).map(|case| {
        let who = case.contact.as_ref().map(|contact| contact.name.clone()).filter(|name| !name.is_empty());
        [who, case.subject.clone()].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    });
    Ok(Line { text: words::line(kind, locale, &about, said), more: more.filter(|more| !more.is_empty()), path: within(workspace, &path) })
}

/// A path that opens in this workspace, whichever the console showed last; a fragment stays at the end.
pub(crate) fn within(workspace: WorkspaceId, path: &str) -> String {
    match path.split_once('#') {
        Some((path, fragment)) => format!("{path}?workspace={workspace}#{fragment}"),
        None => format!("{path}?workspace={workspace}"),
    }
}

/// Plans the letter that tells of these notices.
pub(crate) async fn plan(tx: &mut Tx, app: &App, workspace: WorkspaceId, reader: &Reader, detail: Detail, notices: &[Notice]) -> Result<()> {
    let (locale, url) = (reader.locale, app.public_url());
    let lines = lines(tx, workspace, locale, detail, notices).await?;
    let Some((first, newest)) = notices.first().zip(lines.first()) else { return Ok(()) };
    let company = workspaces::load(tx, workspace).await?.name;
    let subject = if notices.len() == 1 { newest.text.clone() } else { words::several(locale, notices.len()) };
    let mut text = String::new();
    for line in &lines {
        text.push_str(&line.text);
        if let Some(more) = &line.more {
            text.push_str(&format!("\n{more}"));
        }
        text.push_str(&format!("\n{url}{}\n\n", line.path));
    }
    if notices.len() > lines.len() {
        text.push_str(&format!("{}\n\n", words::and_more(locale, notices.len() - lines.len())));
    }
    text.push_str(&format!("-- \n{company}\n{}\n", words::why(locale, &format!("{url}{}", within(workspace, "/app/profile#notices")))));
    let intent = NewIntent {
        dedupe_key: &format!("notice:email:{}", first.id),
        class: Class::Personal,
        transport: "email",
        contact: None,
        payload: json!({ "kind": "notice", "to": [&reader.email], "locale": locale, "subject": format!("{company}: {subject}"), "text": text }),
        send_at: app.environment.now(),
        lane: None,
    };
    outbox::plan(tx, &app.environment, workspace, intent).await?;
    Ok(())
}
