//! Readings of contacts: solved at first contact, deflected, over-automated.

use std::collections::HashMap;

use super::{Measured, share};

/// A contact of a person about an issue, on any channel. Times in one unit of the caller's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contact {
    pub person: u64,
    pub issue: u64,
    pub time: i64,
}

/// Observed first-contact resolution: a contact is solved when the same person makes no further contact about the same
/// issue within `window`. Only contacts that open a case count (no contact about it in the window before); those whose
/// window has not ended at `now` are left out. Transfers inside a contact are not further contacts: the caller passes
/// one row per contact.
#[must_use]
pub fn observed_resolution(contacts: &[Contact], window: i64, now: i64, confidence: f64) -> Measured {
    let mut by_case: HashMap<(u64, u64), Vec<i64>> = HashMap::new();
    contacts.iter().for_each(|c| by_case.entry((c.person, c.issue)).or_default().push(c.time));
    let (mut solved, mut all) = (0, 0);
    for times in by_case.values_mut() {
        times.sort_unstable();
        for (i, &time) in times.iter().enumerate() {
            let opens = i == 0 || time - times[i - 1] > window;
            if !opens || time + window > now {
                continue;
            }
            all += 1;
            solved += u64::from(times.get(i + 1).is_none_or(|next| next - time > window));
        }
    }
    share(solved, all, confidence)
}

/// Deflection: self-service or bot sessions that ended and were followed by no contact of the person about the issue
/// within `window`. Sessions whose window has not ended are left out.
#[must_use]
pub fn deflection(sessions: &[Contact], contacts: &[Contact], window: i64, now: i64, confidence: f64) -> Measured {
    let mut by_case: HashMap<(u64, u64), Vec<i64>> = HashMap::new();
    contacts.iter().for_each(|c| by_case.entry((c.person, c.issue)).or_default().push(c.time));
    by_case.values_mut().for_each(|times| times.sort_unstable());
    let (mut deflected, mut all) = (0, 0);
    for session in sessions.iter().filter(|s| s.time + window <= now) {
        all += 1;
        let times = by_case.get(&(session.person, session.issue)).map_or(&[][..], Vec::as_slice);
        let next = times.get(times.partition_point(|t| *t < session.time));
        deflected += u64::from(next.is_none_or(|t| *t > session.time + window));
    }
    share(deflected, all, confidence)
}

/// One conversation with a bot: how often a person was asked for, and after how long one was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BotConversation {
    pub asked_for_person: u32,
    pub reached_after: Option<i64>,
}

/// Share of bot conversations in which a person was asked for and not reached within `limit`, or asked for again.
#[must_use]
pub fn over_automation(conversations: &[BotConversation], limit: i64, confidence: f64) -> Measured {
    let failed = |c: &&BotConversation| c.asked_for_person > 1 || c.asked_for_person == 1 && c.reached_after.is_none_or(|t| t > limit);
    share(conversations.iter().filter(failed).count() as u64, conversations.len() as u64, confidence)
}

/// Steps of a survey from delivery to completion; each share is of the delivered invitations.
#[must_use]
pub fn response_steps(delivered: u64, opened: u64, started: u64, completed: u64, confidence: f64) -> [Measured; 3] {
    [opened, started, completed].map(|step| share(step.min(delivered), delivered, confidence))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(measured: Measured) -> (u64, f64) {
        match measured {
            Measured::Score { count, interval } => (count, interval.estimate),
            Measured::TooFew { count } => (count, f64::NAN),
        }
    }

    #[test]
    fn resolution_leaves_out_windows_that_have_not_ended() {
        let mut contacts: Vec<Contact> = (0..20).map(|p| Contact { person: p, issue: 1, time: 0 }).collect();
        contacts.extend((0..5).map(|p| Contact { person: p, issue: 1, time: 5 }));
        // Another issue, and the same one much later, are new cases.
        contacts.push(Contact { person: 6, issue: 2, time: 3 });
        contacts.push(Contact { person: 7, issue: 1, time: 40 });
        contacts.push(Contact { person: 8, issue: 1, time: 98 });
        let (count, solved) = estimate(observed_resolution(&contacts, 7, 100, 0.95));
        assert_eq!(count, 22);
        assert!((solved - 17.0 / 22.0).abs() < 1e-12);
    }

    #[test]
    fn deflection_and_over_automation_follow_their_definitions() {
        let sessions: Vec<Contact> = (0..12).map(|p| Contact { person: p, issue: 1, time: 10 }).collect();
        let contacts = [
            Contact { person: 0, issue: 1, time: 12 },
            Contact { person: 1, issue: 1, time: 18 },
            Contact { person: 2, issue: 2, time: 11 },
            Contact { person: 3, issue: 1, time: 9 },
        ];
        assert_eq!(estimate(deflection(&sessions, &contacts, 7, 50, 0.95)), (12, 11.0 / 12.0));
        let talk = |asked_for_person, reached_after| BotConversation { asked_for_person, reached_after };
        let talks = [talk(0, None), talk(1, Some(20)), talk(1, Some(90)), talk(1, None), talk(2, Some(5))];
        let many: Vec<BotConversation> = talks.iter().cycle().take(10).copied().collect();
        assert_eq!(estimate(over_automation(&many, 60, 0.95)), (10, 0.6));
        assert_eq!(estimate(response_steps(100, 60, 40, 30, 0.95)[2]), (100, 0.3));
    }
}
