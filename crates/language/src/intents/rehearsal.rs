//! Rehearsals: which examples a model is trained on to see how it judges the others, so that what is calibrated on its
//! judgements holds for messages that nobody has seen.

use super::trainer::number_of;
use crate::learn::random::Random;

/// What a rehearsal's judgements are good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    /// How often an answer is right.
    Rightness,
    /// How a message that has none of the intents looks, beside those that have one.
    Strangers,
    Both,
}

impl Shows {
    pub(crate) fn rightness(self) -> bool {
        self != Self::Strangers
    }

    pub(crate) fn strangers(self) -> bool {
        self != Self::Rightness
    }
}

/// One rehearsal.
#[derive(Debug, Clone)]
pub(crate) struct Rehearsal {
    pub(crate) shows: Shows,
    /// The intents that its model knows.
    pub(crate) known: Vec<String>,
    /// Indexes of the examples it learns from, and of those it judges.
    pub(crate) kept: Vec<usize>,
    pub(crate) judged: Vec<usize>,
}

/// Parts that the examples are divided into; one part is judged by a model of the others.
const PARTS: usize = 5;
/// The same with few examples, where a model of four fifths would be noticeably worse than one of all.
const PARTS_OF_FEW: usize = 10;
const FEW_EXAMPLES: usize = 2_000;
/// With many examples one rehearsal is enough, and serves both purposes.
const MANY_EXAMPLES: usize = 4_000;
/// Every so many-th intent is left out of a rehearsal, to see how a message about something unknown looks.
const LEFT_OUT: usize = 6;

/// How much more an example of an intent that is left out counts than one of the others, which are judged in part only.
pub(crate) const STRANGER_WEIGHT: f32 = 1.0 / PARTS as f32;

/// Plans the rehearsals of examples with these labels. With `leave_out`, some miss intents, all of whose examples they judge.
pub(crate) fn plan(labels: &[String], examples: &[Option<&str>], leave_out: bool) -> Vec<Rehearsal> {
    let mut order: Vec<usize> = (0..examples.len()).collect();
    Random::new(77).shuffle(&mut order);
    // Each part gets its share of every intent: parts drawn blindly take most from where the others then have least.
    order.sort_by_key(|&index| examples[index]);
    let leave_out = leave_out && labels.len() >= LEFT_OUT;
    let many = examples.len() > MANY_EXAMPLES;
    let mut plan = Vec::new();
    if !leave_out || !many {
        let of = if examples.len() < FEW_EXAMPLES { PARTS_OF_FEW } else { PARTS };
        let shows = if leave_out { Shows::Rightness } else { Shows::Both };
        plan.extend((0..if many { 1 } else { of }).map(|part| rehearsal(shows, labels.to_vec(), examples, &order, (part, of))));
    }
    if leave_out {
        for part in 0..if many { 1 } else { PARTS } {
            let known = labels.iter().enumerate().filter(|(place, _)| place % LEFT_OUT != part).map(|(_, label)| label.clone()).collect();
            plan.push(rehearsal(if many { Shows::Both } else { Shows::Strangers }, known, examples, &order, (part, PARTS)));
        }
    }
    plan.retain(|rehearsal| rehearsal.known.len() >= 2);
    plan
}

fn rehearsal(shows: Shows, known: Vec<String>, examples: &[Option<&str>], order: &[usize], (part, of): (usize, usize)) -> Rehearsal {
    let is_left_out = |index: usize| examples[index].is_some_and(|label| number_of(&known, Some(label)) as usize == known.len());
    let (mut kept, mut judged) = (Vec::new(), Vec::new());
    for (position, &index) in order.iter().enumerate() {
        if position % of == part || is_left_out(index) {
            judged.push(index);
        } else {
            kept.push(index);
        }
    }
    Rehearsal { shows, known, kept, judged }
}
