//! The choice itself, without a database: the same people and the same need give the same answer.

use ennakoi_kernel::{Timestamp, ids::StaffId};
use ennakoi_people::{Locale, staff::Availability};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a conversation needs of whoever takes it.
#[derive(Clone, Debug, Default)]
pub struct Need {
    pub skills: Vec<String>,
    /// The customer's language, when it is known.
    pub locale: Option<Locale>,
    /// Who helped this customer last.
    pub usual: Option<StaffId>,
    /// Who has just given it back.
    pub gave_back: Option<StaffId>,
}

/// Somebody who serves the queue, as they are now.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub staff_id: StaffId,
    pub name: String,
    pub availability: Availability,
    pub capacity: i64,
    /// Conversations that take their attention now.
    pub load: i64,
    pub skills: Vec<String>,
    /// Empty: every language.
    pub languages: Vec<Locale>,
    /// When routing last gave them something.
    pub last_assigned_at: Option<Timestamp>,
}

/// One person in the explanation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Considered {
    pub staff_id: StaffId,
    pub name: String,
    /// `chosen`, `eligible`, `other_language`, `gave_it_back`, `full`, `skill_missing`, `away`, `offline`.
    pub verdict: String,
    /// Points of those who could have taken it; 0 for the others.
    pub score: f64,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub chosen: Option<StaffId>,
    /// `assigned`, `nobody_online`, `everybody_full` or `nobody_with_skills`.
    pub summary: &'static str,
    /// `usual_agent`, `only_one`, `language` or `most_room`; empty when nobody was chosen.
    pub rule: &'static str,
    pub considered: Vec<Considered>,
}

/// Points for the share of free capacity (0–1 of it), for the customer's own agent, and for speaking the language by declaration.
const ROOM: f64 = 40.0;
const USUAL: f64 = 30.0;
const LANGUAGE: f64 = 20.0;

/// Names kept in an explanation, the best first.
const EXPLAINED: usize = 50;

impl Candidate {
    fn speaks(&self, locale: Option<Locale>) -> bool {
        locale.is_none_or(|locale| self.languages.is_empty() || self.languages.contains(&locale))
    }

    fn has(&self, skills: &[String]) -> bool {
        skills.iter().all(|skill| self.skills.iter().any(|own| own.eq_ignore_ascii_case(skill)))
    }

    /// Why they cannot take it, or `None` when they can.
    fn hindrance(&self, need: &Need) -> Option<&'static str> {
        match self.availability {
            Availability::Offline => Some("offline"),
            Availability::Away => Some("away"),
            Availability::Online if !self.has(&need.skills) => Some("skill_missing"),
            Availability::Online if self.load >= self.capacity => Some("full"),
            Availability::Online if need.gave_back == Some(self.staff_id) => Some("gave_it_back"),
            Availability::Online => None,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "conversations at the same time, a small number")]
    fn score(&self, need: &Need) -> f64 {
        let free = 1.0 - self.load as f64 / self.capacity.max(1) as f64;
        let usual = if need.usual == Some(self.staff_id) { USUAL } else { 0.0 };
        let language = if need.locale.is_some_and(|locale| self.languages.contains(&locale)) { LANGUAGE } else { 0.0 };
        ROOM.mul_add(free, usual + language)
    }
}

/// Chooses who takes a conversation. Those who speak its language come first; when a speaker is there but full, it waits for them;
/// when no speaker is there, somebody else takes it. Equal scores go to the one who has waited longest for work.
#[must_use]
pub fn choose(need: &Need, candidates: &[Candidate]) -> Outcome {
    let speaker_is_there = |candidate: &Candidate| candidate.speaks(need.locale) && matches!(candidate.hindrance(need), None | Some("full"));
    let only_speakers = candidates.iter().any(speaker_is_there);
    let mut considered: Vec<(&Candidate, &'static str, f64)> = candidates
        .iter()
        .map(|candidate| match candidate.hindrance(need) {
            Some(hindrance) => (candidate, hindrance, 0.0),
            None if only_speakers && !candidate.speaks(need.locale) => (candidate, "other_language", candidate.score(need)),
            None => (candidate, "eligible", candidate.score(need)),
        })
        .collect();
    considered.sort_by(|(a, a_verdict, a_score), (b, b_verdict, b_score)| {
        nearness(a_verdict)
            .cmp(&nearness(b_verdict))
            .then(b_score.total_cmp(a_score))
            .then(a.last_assigned_at.cmp(&b.last_assigned_at))
            .then(a.staff_id.cmp(&b.staff_id))
    });
    let eligible = considered.iter().filter(|(_, verdict, _)| *verdict == "eligible").count();
    let chosen = considered.first().filter(|_| eligible > 0).map(|(candidate, ..)| *candidate);
    if chosen.is_some() {
        considered[0].1 = "chosen";
    }
    let (summary, rule) = match chosen {
        Some(chosen) => ("assigned", rule(need, chosen, eligible)),
        None => (failure(&considered), ""),
    };
    let considered = considered
        .into_iter()
        .take(EXPLAINED)
        .map(|(candidate, verdict, score)| Considered { staff_id: candidate.staff_id, name: candidate.name.clone(), verdict: verdict.to_owned(), score })
        .collect();
    Outcome { chosen: chosen.map(|candidate| candidate.staff_id), summary, rule, considered }
}

/// How near somebody was to being chosen; the explanation lists the nearest first.
fn nearness(verdict: &str) -> usize {
    const ORDER: [&str; 7] = ["eligible", "other_language", "gave_it_back", "full", "skill_missing", "away", "offline"];
    ORDER.iter().position(|known| *known == verdict).unwrap_or(ORDER.len())
}

fn rule(need: &Need, chosen: &Candidate, eligible: usize) -> &'static str {
    if need.usual == Some(chosen.staff_id) {
        "usual_agent"
    } else if eligible == 1 {
        "only_one"
    } else if need.locale.is_some_and(|locale| chosen.languages.contains(&locale)) {
        "language"
    } else {
        "most_room"
    }
}

fn failure(considered: &[(&Candidate, &'static str, f64)]) -> &'static str {
    let any = |wanted: &[&str]| considered.iter().any(|(_, verdict, _)| wanted.contains(verdict));
    if any(&["full", "gave_it_back", "other_language"]) {
        "everybody_full"
    } else if any(&["skill_missing"]) {
        "nobody_with_skills"
    } else {
        "nobody_online"
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn person(number: u128, load: i64, capacity: i64) -> Candidate {
        Candidate {
            staff_id: StaffId(Uuid::from_u128(number)),
            name: format!("P{number}"),
            availability: Availability::Online,
            capacity,
            load,
            skills: vec!["billing".to_owned()],
            languages: vec![Locale::Fi],
            last_assigned_at: None,
        }
    }

    fn verdicts(outcome: &Outcome) -> Vec<(&str, &str)> {
        outcome.considered.iter().map(|it| (it.name.as_str(), it.verdict.as_str())).collect()
    }

    #[test]
    fn the_usual_agent_wins_unless_she_is_nearly_full() {
        let need = Need { usual: Some(StaffId(Uuid::from_u128(2))), ..Need::default() };
        let outcome = choose(&need, &[person(1, 0, 4), person(2, 2, 4)]);
        assert_eq!((outcome.chosen, outcome.rule), (need.usual, "usual_agent"));
        let outcome = choose(&need, &[person(1, 0, 4), person(2, 4, 4)]);
        assert_eq!((outcome.chosen, outcome.rule), (Some(StaffId(Uuid::from_u128(1))), "only_one"));
        assert_eq!(verdicts(&outcome), [("P1", "chosen"), ("P2", "full")]);
    }

    #[test]
    fn a_full_speaker_is_waited_for_and_an_absent_one_is_not() {
        let swede = Candidate { languages: vec![Locale::Sv], load: 3, capacity: 3, ..person(2, 3, 3) };
        let need = Need { locale: Some(Locale::Sv), ..Need::default() };
        let waits = choose(&need, &[person(1, 0, 3), swede.clone()]);
        assert_eq!((waits.chosen, waits.summary), (None, "everybody_full"));
        assert_eq!(verdicts(&waits), [("P1", "other_language"), ("P2", "full")]);
        let gone = Candidate { availability: Availability::Offline, ..swede };
        assert_eq!(choose(&need, &[person(1, 0, 3), gone]).chosen, Some(StaffId(Uuid::from_u128(1))));
    }

    #[test]
    fn reasons_for_nobody_are_told_apart() {
        let need = Need { skills: vec!["Legal".to_owned()], ..Need::default() };
        assert_eq!(choose(&need, &[person(1, 0, 3)]).summary, "nobody_with_skills");
        assert_eq!(choose(&Need::default(), &[]).summary, "nobody_online");
        let away = Candidate { availability: Availability::Away, ..person(1, 0, 3) };
        assert_eq!(choose(&Need::default(), &[away]).summary, "nobody_online");
        let back = Need { gave_back: Some(StaffId(Uuid::from_u128(1))), ..Need::default() };
        assert_eq!(choose(&back, &[person(1, 0, 3)]).chosen, None);
    }

    #[test]
    fn equals_take_turns() {
        let earlier = Candidate { last_assigned_at: Some(Timestamp(1)), ..person(1, 1, 3) };
        let later = Candidate { last_assigned_at: Some(Timestamp(2)), ..person(2, 1, 3) };
        assert_eq!(choose(&Need::default(), &[later.clone(), earlier.clone()]).chosen, Some(earlier.staff_id));
        let fresh = person(3, 1, 3);
        assert_eq!(choose(&Need::default(), &[later, earlier, fresh.clone()]).chosen, Some(fresh.staff_id));
    }

    fn people() -> impl Strategy<Value = Vec<Candidate>> {
        let one = (0i64..5, 0i64..4, 0usize..3, any::<bool>(), any::<bool>());
        proptest::collection::vec(one, 0..7).prop_map(|people| {
            let availability = [Availability::Online, Availability::Away, Availability::Offline];
            people
                .into_iter()
                .enumerate()
                .map(|(number, (load, capacity, there, skilled, swedish))| Candidate {
                    availability: availability[there],
                    skills: if skilled { vec!["billing".to_owned()] } else { vec![] },
                    languages: if swedish { vec![Locale::Sv] } else { vec![Locale::Fi] },
                    ..person(number as u128 + 1, load, capacity)
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn nobody_gets_more_than_they_can_take(people in people(), skilled in any::<bool>(), locale in prop_oneof![Just(None), Just(Some(Locale::Sv))]) {
            let need = Need { skills: if skilled { vec!["billing".to_owned()] } else { vec![] }, locale, ..Need::default() };
            let outcome = choose(&need, &people);
            if let Some(id) = outcome.chosen {
                let it = people.iter().find(|person| person.staff_id == id).unwrap();
                prop_assert!(it.availability == Availability::Online && it.load < it.capacity);
                prop_assert!(!skilled || it.skills.contains(&"billing".to_owned()));
            } else {
                let able = |it: &Candidate| it.availability == Availability::Online && it.load < it.capacity && it.has(&need.skills) && it.speaks(locale);
                prop_assert!(!people.iter().any(able));
            }
            prop_assert_eq!(outcome.considered.len(), people.len());
            let mut turned = people.clone();
            turned.reverse();
            prop_assert_eq!(choose(&need, &turned), outcome, "the order of people does not matter");
        }
    }
}
