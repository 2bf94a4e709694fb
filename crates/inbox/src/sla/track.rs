//! Where a conversation stands for the clocks: a pure fold over its events, so that a follower that is late, or begins with an old history,
//! measures the same as one that was there.

use ennakoi_kernel::Timestamp;
use ennakoi_store::timeline::{Actor, Event};

use crate::conversations::State;

/// What is known after some events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Track {
    /// People are responsible, not the bot.
    pub peoples: bool,
    pub state: State,
    /// Since when the customer has been waiting for people.
    pub asked_at: Option<Timestamp>,
    /// A person has answered since the conversation was opened.
    pub answered: bool,
    /// The customer waits, for people or for the bot.
    pub waits: bool,
}

impl Default for Track {
    fn default() -> Self {
        Self { peoples: false, state: State::Open, asked_at: None, answered: false, waits: false }
    }
}

impl Track {
    /// Takes in the next event. Returns whether it is a person's answer.
    pub fn take(&mut self, event: &Event) -> bool {
        let mut answer = false;
        match event.kind.as_str() {
            "conversation.opened" | "conversation.assigned" => self.owned(event),
            "conversation.handed_over" => {
                self.peoples = true;
                self.waits = true;
                self.state = State::Open;
            }
            "message.added" => answer = self.message(event),
            "conversation.closed" => {
                self.state = State::Closed;
                self.waits = false;
            }
            "conversation.reopened" | "conversation.woke" => self.back(event),
            "conversation.snoozed" => self.state = State::Snoozed,
            _ => {}
        }
        self.asked_at = (self.peoples && self.waits).then(|| self.asked_at.unwrap_or(event.occurred_at));
        answer
    }

    fn owned(&mut self, event: &Event) {
        if let Some(owner) = event.payload["owner"].as_str() {
            self.peoples = owner != "bot";
        } else if event.payload["agent"].is_string() {
            self.peoples = true;
        }
    }

    /// Open, unless the event says what it was before (an undone action).
    fn back(&mut self, event: &Event) {
        self.state = event.payload["state"].as_str().and_then(|state| state.parse().ok()).unwrap_or(State::Open);
        self.waits |= event.payload["waiting_since"].is_number();
    }

    fn message(&mut self, event: &Event) -> bool {
        let is = |field: &str, value: &str| event.payload[field] == value;
        if !is("visibility", "public") || is("kind", "event") {
            return false;
        }
        match event.actor {
            Actor::Contact(_) | Actor::Visitor(_) if is("direction", "in") => {
                self.state = State::Open;
                self.waits = true;
            }
            Actor::Staff(_) | Actor::ApiKey(_) if is("direction", "out") => {
                self.waits = false;
                self.answered = true;
                if matches!(event.actor, Actor::Staff(_)) {
                    self.peoples = true;
                    if self.state != State::Closed {
                        self.state = State::Waiting;
                    }
                }
                return true;
            }
            // In a queue the bot's words only pass the time.
            Actor::Bot if is("direction", "out") && !self.peoples => self.waits = false,
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use ennakoi_kernel::ids::{ContactId, StaffId};
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    fn event(second: i64, kind: &str, actor: Actor, payload: Value) -> Event {
        let at = Timestamp::from_seconds(second);
        Event { seq: second, kind: kind.to_owned(), occurred_at: at, recorded_at: at, actor, contact: None, conversation: None, payload }
    }

    fn says(second: i64, actor: Actor, direction: &str) -> Event {
        event(second, "message.added", actor, json!({ "direction": direction, "visibility": "public", "kind": "text" }))
    }

    fn after(events: &[Event]) -> Track {
        let mut track = Track::default();
        for event in events {
            track.take(event);
        }
        track
    }

    const CUSTOMER: Actor = Actor::Contact(ContactId(Uuid::nil()));
    const AGENT: Actor = Actor::Staff(StaffId(Uuid::nil()));

    #[test]
    fn the_wait_for_people_begins_with_the_hand_over_and_not_with_the_bots_talk() {
        let opened = event(1, "conversation.opened", CUSTOMER, json!({ "owner": "bot" }));
        let talk = [opened, says(2, CUSTOMER, "in"), says(3, Actor::Bot, "out"), says(4, CUSTOMER, "in")];
        assert_eq!(after(&talk).asked_at, None);
        let mut events = talk.to_vec();
        events.push(event(10, "conversation.handed_over", Actor::Bot, json!({ "reason": "person_requested" })));
        events.push(says(11, Actor::Bot, "out"));
        events.push(says(12, CUSTOMER, "in"));
        assert_eq!(after(&events), Track { peoples: true, state: State::Open, asked_at: Some(Timestamp::from_seconds(10)), answered: false, waits: true });
        events.push(says(20, AGENT, "out"));
        assert_eq!(after(&events), Track { peoples: true, state: State::Waiting, asked_at: None, answered: true, waits: false });
        events.push(says(30, CUSTOMER, "in"));
        assert_eq!(after(&events).asked_at, Some(Timestamp::from_seconds(30)));
    }

    #[test]
    fn notes_and_notices_are_no_answers() {
        let opened = event(1, "conversation.opened", CUSTOMER, json!({ "owner": "queue" }));
        let note = event(3, "message.added", AGENT, json!({ "direction": "out", "visibility": "private", "kind": "text" }));
        let notice = event(4, "message.added", AGENT, json!({ "direction": "out", "visibility": "public", "kind": "event" }));
        assert_eq!(after(&[opened, says(2, CUSTOMER, "in"), note, notice]).asked_at, Some(Timestamp::from_seconds(2)));
    }

    #[test]
    fn an_undone_action_says_where_it_goes_back_to() {
        let opened = event(1, "conversation.opened", CUSTOMER, json!({ "owner": "queue" }));
        let closed = event(3, "conversation.closed", AGENT, json!({}));
        let undone = event(4, "conversation.reopened", AGENT, json!({ "by": "undo", "state": "open", "waiting_since": 2_000_000 }));
        let events = [opened, says(2, CUSTOMER, "in"), closed, undone];
        assert_eq!(after(&events[..3]).asked_at, None);
        assert_eq!(after(&events).asked_at, Some(Timestamp::from_seconds(4)));
        let waiting = event(5, "conversation.woke", AGENT, json!({ "by": "undo", "state": "waiting", "waiting_since": null }));
        assert_eq!(after(&[waiting]).state, State::Waiting);
    }
}
