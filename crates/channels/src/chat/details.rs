//! After and around the talk: how to reach the customer, and how it went.

use axum::extract::State;
use ennakoi_http::{ApiResult, App, Json, Path, RateLimit, Route, post, put};
use ennakoi_inbox::{
    conversations::{self, Rating},
    messages::{self, Direction, Kind, Meta, NewMessage},
};
use ennakoi_kernel::{Problem, access::Access, ids::ConversationId};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{
    contact,
    view::{self, WidgetConversation},
    visitors::Caller,
    write,
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        put("/widget/v1/conversations/{id}/rating", "rate_widget_conversation", Access::Visitor, rate_widget_conversation)
            .summary("Was it solved, and how was it, 1 to 5")
            .takes::<NewRating>()
            .returns::<WidgetConversation>(200)
            .rate(RateLimit::Visitor),
        post("/widget/v1/conversations/{id}/contact-details", "leave_contact_details", Access::Visitor, leave_contact_details)
            .summary("How to reach the customer when nobody is there now")
            .takes::<ContactDetails>()
            .answers(204)
            .rate(RateLimit::Visitor),
    ]
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct NewRating {
    /// 1–5.
    score: Option<i64>,
    solved: Option<bool>,
    comment: Option<String>,
}

async fn rate_widget_conversation(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(body): Json<NewRating>,
) -> ApiResult<Json<WidgetConversation>> {
    let mut tx = app.db.begin().await?;
    let conversation = write::owned(&mut tx, &caller, id).await?;
    let rating = Rating { score: body.score, solved: body.solved, comment: body.comment };
    conversations::rate(&mut tx, &app.environment, caller.workspace, conversation.id, caller.actor(), rating).await?;
    let row = conversations::rows(&mut tx, caller.workspace, &[id], None).await?.pop().ok_or_else(|| Problem::not_found("the conversation"))?;
    let view = view::conversation(&mut tx, caller.workspace, &row).await?;
    tx.commit().await?;
    Ok(Json(view))
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ContactDetails {
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
}

async fn leave_contact_details(
    State(app): State<App>,
    mut caller: Caller,
    Path(id): Path<ConversationId>,
    Json(body): Json<ContactDetails>,
) -> ApiResult<axum::http::StatusCode> {
    let filled = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
    if !filled(&body.email) && !filled(&body.phone) {
        return Err(Problem::field("email", "required", "an e-mail address or a phone number").into());
    }
    let mut tx = app.db.begin().await?;
    let conversation = write::owned(&mut tx, &caller, id).await?;
    contact::claim(&mut tx, &app.environment, &mut caller, body.name.as_deref(), body.email.as_deref(), body.phone.as_deref()).await?;
    let told = NewMessage {
        kind: Kind::Event,
        meta: Meta {
            event: Some("contact_details_left".to_owned()),
            data: Some(json!({ "email": filled(&body.email), "phone": filled(&body.phone) })),
            ..Meta::default()
        },
        ..NewMessage::text(caller.actor(), Direction::In, "")
    };
    messages::add(&mut tx, &app.environment, caller.workspace, conversation.id, told).await?;
    tx.commit().await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}
