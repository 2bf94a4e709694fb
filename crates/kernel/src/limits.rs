//! Everything has a limit, and this is where it is stated.

/// Items of one page of a list, at most.
pub const PAGE_MAX: u32 = 100;
/// Items of one page when the caller names none.
pub const PAGE_DEFAULT: u32 = 50;
/// Bytes of a JSON request body.
pub const JSON_BODY_BYTES: usize = 1 << 20;
/// Bytes of an uploaded file.
pub const UPLOAD_BYTES: usize = 20 << 20;
/// Bytes of an imported file (FAQ, orders, contacts).
pub const IMPORT_BYTES: usize = 64 << 20;
/// Characters of one message.
pub const MESSAGE_CHARACTERS: usize = 20_000;
/// Characters of a name, title or other single line.
pub const LINE_CHARACTERS: usize = 300;
/// Characters of an article's body.
pub const ARTICLE_CHARACTERS: usize = 200_000;
/// Custom attributes of one contact or company.
pub const ATTRIBUTES: usize = 200;
/// Attachments of one message.
pub const ATTACHMENTS: usize = 20;
/// Bytes of one WebSocket frame from a client.
pub const SOCKET_FRAME_BYTES: usize = 256 << 10;
/// Events of one page of the timeline.
pub const EVENTS_PAGE: i64 = 500;
/// A client further behind than this gets a fresh snapshot instead of events.
pub const EVENTS_RESUME: i64 = 5_000;
/// Events a follower handles in one transaction.
pub const FOLLOWER_BATCH: i64 = 256;
/// Attempts of a job before it is parked.
pub const JOB_ATTEMPTS: i32 = 12;
/// Conversations changed by one bulk action.
pub const BULK: usize = 500;
