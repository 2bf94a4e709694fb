//! How soon a person usually answers: said before anybody asks, so it is measured, not promised.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use ennakoi_inbox::conversations;
use ennakoi_kernel::{
    Duration, Timestamp,
    ids::{ChannelId, WorkspaceId},
};
use ennakoi_store::{Result, Tx};

/// Every page view of a shop asks, so the answer is kept for a while.
const FRESH: Duration = Duration::minutes(5);
/// Conversations that are looked at, and how many of them a word about "usually" needs.
const LOOKED_AT: u32 = 60;
const ENOUGH: usize = 8;
/// What takes longer is not told: opening hours say more then.
const MOST_MINUTES: i64 = 60;
/// Channels that are remembered; beyond this all are asked anew.
const CHANNELS_MAX: usize = 10_000;

type Known = HashMap<ChannelId, (Timestamp, Option<i64>)>;

/// What this node has measured lately.
#[derive(Clone, Default)]
pub(super) struct Pace(Arc<Mutex<Known>>);

impl Pace {
    /// The median in whole minutes, rounded up to the steps that people use.
    pub(super) async fn reply_minutes(&self, tx: &mut Tx, now: Timestamp, workspace: WorkspaceId, channel: ChannelId) -> Result<Option<i64>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&channel).copied();
        if let Some((_, minutes)) = known.filter(|(at, _)| now - FRESH < *at) {
            return Ok(minutes);
        }
        let minutes = usual(conversations::first_answers(tx, workspace, channel, LOOKED_AT).await?);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= CHANNELS_MAX {
            all.clear();
        }
        all.insert(channel, (now, minutes));
        Ok(minutes)
    }
}

fn usual(mut waited: Vec<Duration>) -> Option<i64> {
    if waited.len() < ENOUGH {
        return None;
    }
    waited.sort_unstable_by_key(|waited| waited.0);
    let median = waited[waited.len() / 2].0;
    let minutes = (median + Duration::minutes(1).0 - 1) / Duration::minutes(1).0;
    [1, 2, 3, 5, 10, 15, 20, 30, 45, MOST_MINUTES].into_iter().find(|step| minutes <= *step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_the_median_in_steps_and_nothing_when_it_knows_little() {
        let minutes = |all: &[i64]| usual(all.iter().map(|one| Duration::seconds(*one)).collect());
        assert_eq!(minutes(&[30; 7]), None);
        assert_eq!(minutes(&[30; 8]), Some(1));
        assert_eq!(minutes(&[10, 20, 30, 40, 200, 210, 5_000, 9_000, 90_000]), Some(5));
        assert_eq!(minutes(&[4_000; 9]), None);
    }
}
