//! Groups of questions that ask for the same thing: what the knowledge gaps are made of.

use crate::Language;
use crate::learn::features::{Recipe, Vocabulary};

/// One group.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Indexes of its texts, the most typical first.
    pub members: Vec<usize>,
    /// Mean cosine of the members to the group's centre, 0–1: how alike they are.
    pub cohesion: f32,
}

/// Cosine to the centre of the others below which a text is not counted to a cluster.
const BELONGING: f32 = 0.45;
/// What a profile weighs against the words.
const PROFILE: f32 = 0.8;
/// What meaning weighs against words and profile together.
const MEANING: f32 = 2.0;
/// Texts clustered at most in one call; more are rejected questions of years, and the newest matter.
pub const TEXTS_CLUSTERED: usize = 20_000;

/// Groups texts into at most `limit` clusters by spherical k-means over TF-IDF of words and character n-grams, started
/// from far-apart texts. Largest cluster first. Texts beyond [`TEXTS_CLUSTERED`] are ignored.
#[must_use]
pub fn cluster(texts: &[&str], language: Option<Language>, limit: usize) -> Vec<Cluster> {
    cluster_with(texts, &[], language, limit)
}

/// Like [`cluster`], with what a model already thinks of each text (decision values of intents or needs, all of one
/// length; empty for none): texts about the same new thing are mistaken for the same known ones.
#[must_use]
pub fn cluster_with(texts: &[&str], profiles: &[Vec<f32>], language: Option<Language>, limit: usize) -> Vec<Cluster> {
    cluster_beside(texts, profiles, &[], language, limit)
}

/// Like [`cluster_with`], with vectors of length one that say what each text means (empty for none).
pub(crate) fn cluster_beside(texts: &[&str], profiles: &[Vec<f32>], meanings: &[Vec<f32>], language: Option<Language>, limit: usize) -> Vec<Cluster> {
    let texts = &texts[..texts.len().min(TEXTS_CLUSTERED)];
    if texts.is_empty() || limit == 0 {
        return Vec::new();
    }
    let recipe = Recipe { characters: (3, 5), words: 2, stems: true, concept_weight: 0.8, gaps: false, word_weight: 1.3 };
    let counts: Vec<_> = texts.iter().map(|text| recipe.counts(text, language)).collect();
    let vocabulary = Vocabulary::learn(recipe, &counts, if texts.len() > 50 { 2 } else { 1 });
    let mut rows: Vec<Vec<(u32, f32)>> = counts.iter().map(|count| unit(vocabulary.row(count).0)).collect();
    let profiled = vocabulary.len() + profiles.first().map_or(0, Vec::len);
    for (row, profile) in rows.iter_mut().zip(profiles) {
        append_profile(row, profile, vocabulary.len());
    }
    let width = profiled + meanings.first().map_or(0, Vec::len);
    let whole = (1.0 + MEANING * MEANING).sqrt();
    for (row, meaning) in rows.iter_mut().zip(meanings) {
        row.extend(meaning.iter().enumerate().map(|(place, value)| ((profiled + place) as u32, MEANING * value)));
        row.iter_mut().for_each(|(_, value)| *value /= whole);
    }
    // More groups than are shown: what holds together is told from what merely lies about.
    let groups = if texts.len() > 10 * limit { limit * 5 / 2 } else { limit };
    let mut centres = seeds(&rows, groups.min(texts.len()), width);
    let mut assigned = vec![0_usize; rows.len()];
    for _ in 0..25 {
        let mut changed = false;
        for (row, place) in rows.iter().zip(&mut assigned) {
            let best = nearest(row, &centres).0;
            changed |= best != *place;
            *place = best;
        }
        centres = recentre(&rows, &assigned, centres.len(), width);
        if !changed {
            break;
        }
    }
    gather(&rows, &assigned, centres.len(), width, limit)
}

/// Appends a profile, standardised within itself and scaled against the words, and scales the whole to length one.
fn append_profile(row: &mut Vec<(u32, f32)>, profile: &[f32], offset: usize) {
    let mean = profile.iter().sum::<f32>() / profile.len().max(1) as f32;
    // Only what the model leans towards says what a text is like; what it rules out is the same for most.
    let raised: Vec<f32> = profile.iter().map(|value| (value - mean).max(0.0).powi(2)).collect();
    let norm = raised.iter().map(|value| value * value).sum::<f32>().sqrt().max(1e-6);
    row.extend(raised.iter().enumerate().map(|(place, value)| ((offset + place) as u32, PROFILE * value / norm)));
    let whole = (1.0 + PROFILE * PROFILE).sqrt();
    row.iter_mut().for_each(|(_, value)| *value /= whole);
}

fn unit(mut row: Vec<(u32, f32)>) -> Vec<(u32, f32)> {
    let norm = row.iter().map(|(_, value)| value * value).sum::<f32>().sqrt().max(1e-6);
    row.iter_mut().for_each(|(_, value)| *value /= norm);
    row
}

fn dot(row: &[(u32, f32)], centre: &[f32]) -> f32 {
    row.iter().map(|&(column, value)| value * centre[column as usize]).sum()
}

fn nearest(row: &[(u32, f32)], centres: &[Vec<f32>]) -> (usize, f32) {
    centres.iter().enumerate().map(|(place, centre)| (place, dot(row, centre))).fold(
        (0, f32::NEG_INFINITY),
        |best, next| {
            if next.1 > best.1 { next } else { best }
        },
    )
}

/// Centres to begin with: each the densest text among those farthest from the centres so far.
fn seeds(rows: &[Vec<(u32, f32)>], count: usize, width: usize) -> Vec<Vec<f32>> {
    let mut mean = vec![0.0_f32; width];
    for row in rows {
        for &(column, value) in row {
            mean[column as usize] += value / rows.len() as f32;
        }
    }
    let density: Vec<f32> = rows.iter().map(|row| dot(row, &mean)).collect();
    let mut closest = vec![0.0_f32; rows.len()];
    let mut centres: Vec<Vec<f32>> = Vec::with_capacity(count);
    for _ in 0..count {
        let pick = (0..rows.len())
            .max_by(|&left, &right| {
                let value = |index: usize| density[index] * (1.0 - closest[index]).max(0.0).powi(2);
                value(left).total_cmp(&value(right)).then(right.cmp(&left))
            })
            .unwrap_or(0);
        let mut centre = vec![0.0_f32; width];
        for &(column, value) in &rows[pick] {
            centre[column as usize] = value;
        }
        for (row, closest) in rows.iter().zip(&mut closest) {
            *closest = closest.max(dot(row, &centre));
        }
        centres.push(centre);
    }
    centres
}

fn recentre(rows: &[Vec<(u32, f32)>], assigned: &[usize], count: usize, width: usize) -> Vec<Vec<f32>> {
    let mut centres = vec![vec![0.0_f32; width]; count];
    for (row, &place) in rows.iter().zip(assigned) {
        for &(column, value) in row {
            centres[place][column as usize] += value;
        }
    }
    for centre in &mut centres {
        let norm = centre.iter().map(|value| value * value).sum::<f32>().sqrt().max(1e-6);
        centre.iter_mut().for_each(|value| *value /= norm);
    }
    centres
}

/// Clusters with the members that belong: each is compared to the centre of the others, so that a stray text does not
/// vouch for itself, and clusters are ranked by how much they hold together in all.
fn gather(rows: &[Vec<(u32, f32)>], assigned: &[usize], count: usize, width: usize, limit: usize) -> Vec<Cluster> {
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (index, &place) in assigned.iter().enumerate() {
        groups[place].push(index);
    }
    let mut sum = vec![0.0_f32; width];
    let mut clusters: Vec<(f32, Cluster)> = Vec::new();
    for group in groups.iter().filter(|group| !group.is_empty()) {
        sum.fill(0.0);
        for &(column, value) in group.iter().flat_map(|&index| &rows[index]) {
            sum[column as usize] += value;
        }
        let square: f32 = sum.iter().map(|value| value * value).sum();
        let mut members: Vec<(usize, f32)> = group
            .iter()
            .map(|&index| {
                let own = dot(&rows[index], &sum);
                let others = (square - 2.0 * own + 1.0).max(1e-6).sqrt();
                (index, (own - 1.0) / others)
            })
            .collect();
        members.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        let belonging = members.iter().filter(|(_, nearness)| *nearness >= BELONGING).count().max(1);
        members.truncate(belonging);
        let mass: f32 = members.iter().map(|(_, nearness)| nearness.max(0.0)).sum();
        let cohesion = mass / members.len() as f32;
        clusters.push((mass * cohesion, Cluster { members: members.into_iter().map(|(index, _)| index).collect(), cohesion }));
    }
    clusters.sort_by(|left, right| right.0.total_cmp(&left.0).then_with(|| left.1.members.cmp(&right.1.members)));
    clusters.truncate(limit);
    clusters.into_iter().map(|(_, cluster)| cluster).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_questions_come_together() {
        let texts = ["missä paketti", "paketti missä on", "pakettini missä", "lahjakortin saldo", "paljonko lahjakortin saldo", "lahjakortin saldo nyt"];
        let clusters = cluster(&texts, Some(Language::Fi), 2);
        let mut groups: Vec<Vec<usize>> = clusters
            .into_iter()
            .map(|mut cluster| {
                cluster.members.sort_unstable();
                cluster.members
            })
            .collect();
        groups.sort();
        assert_eq!(groups, [vec![0, 1, 2], vec![3, 4, 5]]);
        assert!(cluster(&[], None, 3).is_empty());
    }
}
