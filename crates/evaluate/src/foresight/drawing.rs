//! Pictures as SVG.

use std::fmt::Write as _;

use ennakoi_foresight::journey::layout::{Layout, Routed};
use ennakoi_foresight::journey::simplify::Simplified;
use ennakoi_foresight::journey::{Edge, Map, Node};

use super::journey::{duration, percent};

/// Distances between centres, and the size of an activity's box.
const COLUMN: f64 = 290.0;
const ROW: f64 = 104.0;
const BOX: (f64, f64) = (188.0, 62.0);
const MARGIN: f64 = 36.0;
const TITLE: f64 = 64.0;
const LEGEND: f64 = 84.0;
/// Letters that fit on a line of a box.
const LETTERS: usize = 23;

/// Colours of the steps from the quickest fifth of their median times to the slowest.
const PACE: [&str; 5] = ["#8a9bb2", "#7f93c4", "#b08a2e", "#cf6a2a", "#b3261e"];

type Point = (f64, f64);

/// A journey map: lines are thicker the more often a step is taken, redder the longer it takes, dashed where it leads back.
pub(super) fn map(map: &Map, shown: &Simplified, picture: &Layout) -> String {
    let at = |(x, y): Point| (MARGIN + BOX.0 / 2.0 + x * COLUMN, TITLE + MARGIN + BOX.1 / 2.0 + y * ROW);
    let (right, bottom) = at((picture.width.max(0.0), picture.height.max(0.0)));
    let width = (right + BOX.0 / 2.0 + MARGIN).max(760.0);
    let height = bottom + BOX.1 / 2.0 + MARGIN + LEGEND;
    let mut svg = opening(width, height);
    let title = format!("{} cases, {} events", grouped(map.cases), grouped(map.events));
    text(&mut svg, (MARGIN, 34.0), "title", &title);
    let part = format!(
        "{} of {} activities and {} of {} steps are drawn: {} of the events; a case takes {} (median), one in ten more than {}",
        shown.nodes.len(),
        map.nodes.len(),
        shown.edges.len(),
        map.edges.len(),
        percent(map.events - shown.other_events, map.events),
        duration(map.case_durations.median),
        duration(map.case_durations.p90)
    );
    text(&mut svg, (MARGIN, 56.0), "quiet", &part);
    let limits = paces(map, shown);
    let centres: Vec<Point> = picture.nodes.iter().map(|n| at((n.x, n.y))).collect();
    let mut labels = Labels { taken: centres.iter().map(|&c| around(c, BOX)).collect() };
    let lines: Vec<Line> = picture.edges.iter().map(|routed| Line::new(routed, &at)).collect();
    let most = shown.edges.iter().map(|&e| map.edges[e].count).max().unwrap_or(1) as f64;
    // The main road is drawn last, on top.
    for (routed, line) in picture.edges.iter().zip(&lines).rev() {
        draw_line(&mut svg, line, &map.edges[routed.edge], routed.backwards, most, &limits);
    }
    for (routed, line) in picture.edges.iter().zip(&lines) {
        draw_label(&mut svg, line, &map.edges[routed.edge], &mut labels);
    }
    for (placed, centre) in picture.nodes.iter().zip(&centres) {
        draw_box(&mut svg, *centre, &map.nodes[usize::from(placed.activity)], map);
    }
    legend(&mut svg, height - LEGEND + 22.0, &limits, map, shown);
    svg.push_str("</svg>\n");
    svg
}

fn opening(width: f64, height: f64) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"system-ui,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif\" font-size=\"12\" role=\"img\">\
         <style>.title{{font-size:19px;font-weight:600;fill:#16212f}}.quiet{{fill:#5b6878}}.name{{font-weight:600;fill:#16212f}}\
         .small{{font-size:11px;fill:#5b6878}}.label{{font-size:11px;fill:#243447}}</style><defs>"
    );
    for (place, colour) in PACE.iter().enumerate() {
        write!(
            svg,
            "<marker id=\"tip{place}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"11\" markerHeight=\"11\" \
             markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0.5 10 5 0 9.5z\" fill=\"{colour}\"/></marker>"
        )
        .expect("writing to a string cannot fail");
    }
    svg.push_str("</defs><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>");
    svg
}

/// Median times that part the drawn steps into fifths.
fn paces(map: &Map, shown: &Simplified) -> Vec<f64> {
    let mut medians: Vec<f64> = shown.edges.iter().map(|&e| map.edges[e].durations.median).collect();
    medians.sort_unstable_by(f64::total_cmp);
    (1..PACE.len()).filter_map(|part| medians.get(part * medians.len() / PACE.len()).copied()).collect()
}

fn pace(limits: &[f64], edge: &Edge) -> usize {
    limits.iter().filter(|limit| edge.durations.median >= **limit && **limit > 0.0).count()
}

/// The way of a step on paper: from box to box, level at its ends and bends.
struct Line {
    path: String,
    /// Middles of its pieces, the middle piece first.
    middles: Vec<Point>,
}

impl Line {
    fn new(routed: &Routed, at: &impl Fn(Point) -> Point) -> Self {
        let mut points: Vec<Point> = routed.points.iter().map(|&p| at(p)).collect();
        let (first, last) = (points[0], points[points.len() - 1]);
        if first == last {
            let (x, y) = (first.0, first.1 - BOX.1 / 2.0);
            let path = format!("M{:.0} {y:.0}C{:.0} {:.0} {:.0} {:.0} {:.0} {y:.0}", x + 26.0, x + 44.0, y - 34.0, x - 44.0, y - 34.0, x - 26.0);
            return Self { path, middles: vec![(x, y - 26.0)] };
        }
        // Ways back leave and arrive lower than ways onward, so that the two never lie on each other.
        let (side, shift) = if routed.backwards { (-1.0, 13.0) } else { (1.0, -7.0) };
        let end = points.len() - 1;
        points[0] = (first.0 + side * BOX.0 / 2.0, first.1 + shift);
        points[end] = (last.0 - side * (BOX.0 / 2.0 + 2.0), last.1 + shift);
        let mut path = format!("M{:.0} {:.0}", points[0].0, points[0].1);
        for pair in points.windows(2) {
            let half = (pair[1].0 - pair[0].0) / 2.0;
            write!(path, "C{:.0} {:.0} {:.0} {:.0} {:.0} {:.0}", pair[0].0 + half, pair[0].1, pair[1].0 - half, pair[1].1, pair[1].0, pair[1].1)
                .expect("writing to a string cannot fail");
        }
        let mut middles: Vec<Point> = points.windows(2).map(|p| (f64::midpoint(p[0].0, p[1].0), f64::midpoint(p[0].1, p[1].1))).collect();
        middles.extend_from_slice(&points[1..end]);
        let centre = (f64::midpoint(points[0].0, points[end].0), f64::midpoint(points[0].1, points[end].1));
        middles.sort_by(|a, b| (a.0 - centre.0).abs().total_cmp(&(b.0 - centre.0).abs()));
        Self { path, middles }
    }
}

fn draw_line(svg: &mut String, line: &Line, edge: &Edge, backwards: bool, most: f64, limits: &[f64]) {
    let thick = 1.2 + 6.8 * (edge.count as f64 / most).sqrt();
    let place = pace(limits, edge);
    let dashes = if backwards { " stroke-dasharray=\"7 4\"" } else { "" };
    write!(
        svg,
        "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{thick:.1}\" stroke-opacity=\".75\"{dashes} marker-end=\"url(#tip{place})\">\
         <title>{} times in {} cases; median {}, one in ten more than {}</title></path>",
        line.path,
        PACE[place],
        grouped(edge.count),
        grouped(edge.cases),
        duration(edge.durations.median),
        duration(edge.durations.p90)
    )
    .expect("writing to a string cannot fail");
}

/// Where labels lie, so that none lies on another or on a box.
struct Labels {
    taken: Vec<[f64; 4]>,
}

impl Labels {
    fn place(&mut self, wishes: &[Point], size: Point) -> Point {
        let free = |centre: &Point| {
            let own = around(*centre, size);
            !self.taken.iter().any(|t| own[0] < t[2] && own[2] > t[0] && own[1] < t[3] && own[3] > t[1])
        };
        let lifted = |by: f64| wishes.iter().map(move |w| (w.0, w.1 + by));
        let mut tries = [0.0, -9.0, 9.0, -16.0, 16.0, -24.0, 24.0].into_iter().flat_map(lifted);
        let found = tries.find(free).unwrap_or(wishes[0]);
        self.taken.push(around(found, size));
        found
    }
}

fn around((x, y): Point, (width, height): Point) -> [f64; 4] {
    [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0]
}

fn draw_label(svg: &mut String, line: &Line, edge: &Edge, labels: &mut Labels) {
    let words = format!("{} · {}", grouped(edge.count), duration(edge.durations.median));
    let (x, y) = labels.place(&line.middles, (6.3 * words.chars().count() as f64, 14.0));
    let wide = 6.0 * words.chars().count() as f64 + 6.0;
    write!(
        svg,
        "<rect x=\"{:.0}\" y=\"{:.0}\" width=\"{wide:.0}\" height=\"15\" rx=\"4\" fill=\"#fff\" fill-opacity=\".88\"/>\
         <text class=\"label\" x=\"{x:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{words}</text>",
        x - wide / 2.0,
        y - 7.5,
        y + 4.0
    )
    .expect("writing to a string cannot fail");
}

fn draw_box(svg: &mut String, (x, y): Point, node: &Node, map: &Map) {
    let (left, top) = (x - BOX.0 / 2.0, y - BOX.1 / 2.0);
    write!(
        svg,
        "<g><title>{}: {} events in {} cases</title><rect x=\"{left:.0}\" y=\"{top:.0}\" width=\"{:.0}\" height=\"{:.0}\" rx=\"9\" fill=\"#f3f6fb\" stroke=\"#33507a\"/>",
        escape(&node.name),
        grouped(node.events),
        grouped(node.cases),
        BOX.0,
        BOX.1
    )
    .expect("writing to a string cannot fail");
    // Strips at the sides: how many of all cases begin (left) and end (right) here.
    for (count, place, colour) in [(node.starts, left + 1.0, "#2e7d4f"), (node.ends, x + BOX.0 / 2.0 - 6.0, "#16212f")] {
        let tall = (BOX.1 - 16.0) * count as f64 / map.cases.max(1) as f64;
        if tall >= 1.0 {
            write!(svg, "<rect x=\"{place:.0}\" y=\"{:.1}\" width=\"5\" height=\"{tall:.1}\" rx=\"2\" fill=\"{colour}\"/>", y + (BOX.1 - 16.0) / 2.0 - tall)
                .expect("writing to a string cannot fail");
        }
    }
    let lines = wrapped(&node.name, LETTERS, 2);
    let mut line = top + if lines.len() == 1 { 25.0 } else { 19.0 };
    for words in &lines {
        write!(svg, "<text class=\"name\" x=\"{x:.0}\" y=\"{line:.0}\" text-anchor=\"middle\">{}</text>", escape(words))
            .expect("writing to a string cannot fail");
        line += 15.0;
    }
    let mut facts = format!("{} cases", grouped(node.cases));
    if node.ends > 0 {
        write!(facts, " · {} end here", percent(node.ends, node.cases)).expect("writing to a string cannot fail");
    }
    write!(svg, "<text class=\"small\" x=\"{x:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{facts}</text></g>", line + 2.0)
        .expect("writing to a string cannot fail");
}

fn legend(svg: &mut String, top: f64, limits: &[f64], map: &Map, shown: &Simplified) {
    let mut x = MARGIN;
    for (place, colour) in PACE.iter().enumerate().take(limits.len() + 1) {
        let words = match (place, limits.get(place)) {
            (0, Some(limit)) => format!("under {}", duration(*limit)),
            (_, Some(limit)) => format!("to {}", duration(*limit)),
            (_, None) => "longer".to_owned(),
        };
        write!(svg, "<path d=\"M{x:.0} {top:.0}h26\" stroke=\"{colour}\" stroke-width=\"4\"/>").expect("writing to a string cannot fail");
        text(svg, (x + 32.0, top + 4.0), "small", &words);
        x += 46.0 + 6.2 * words.chars().count() as f64;
    }
    write!(svg, "<path d=\"M{x:.0} {top:.0}h26\" stroke=\"{}\" stroke-width=\"2\" stroke-dasharray=\"7 4\"/>", PACE[0])
        .expect("writing to a string cannot fail");
    text(svg, (x + 32.0, top + 4.0), "small", "leads back");
    let words = "Numbers on lines: times taken · median time. Strips in boxes: share of all cases that begin (green, left) and end (dark, right) there.";
    text(svg, (MARGIN, top + 24.0), "small", words);
    let others: u64 = shown.other_steps.iter().map(|o| o.1).sum();
    let left_out = format!(
        "Not drawn, but counted: {} events of {} other activities, {} steps from or to these, {} rarer steps between those drawn.",
        grouped(shown.other_events),
        map.nodes.len() - shown.nodes.len(),
        grouped(shown.hidden_steps),
        grouped(others)
    );
    text(svg, (MARGIN, top + 42.0), "small", &left_out);
}

fn text(svg: &mut String, (x, y): Point, class: &str, words: &str) {
    write!(svg, "<text class=\"{class}\" x=\"{x:.0}\" y=\"{y:.0}\">{}</text>", escape(words)).expect("writing to a string cannot fail");
}

/// A name on at most so many lines, broken between words where it can be; what does not fit ends in an ellipsis.
pub(super) fn wrapped(name: &str, letters: usize, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in name.split_whitespace() {
        let used = lines.last().map_or(0, |l| l.chars().count());
        match lines.last_mut().filter(|_| used == 0 || used + 1 + word.chars().count() <= letters) {
            Some(line) => {
                line.push_str(if used == 0 { "" } else { " " });
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    let cut = lines.len() > most;
    lines.truncate(most);
    let count = lines.len();
    for (place, line) in lines.iter_mut().enumerate() {
        let long = line.chars().count() > letters;
        if long || cut && place + 1 == count {
            *line = line.chars().take(letters - 1).chain(['…']).collect();
        }
    }
    lines
}

/// A number with its thousands apart.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() * 2);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            // A narrow space that does not break.
            shown.push('\u{202f}');
        }
        shown.push(digit);
    }
    shown
}

fn escape(text: &str) -> String {
    let clean = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    // Control characters are not allowed in XML, whatever an event log holds.
    clean.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_wrap_between_words_and_numbers_are_grouped() {
        assert_eq!(wrapped("T05 Print and send confirmation of receipt", 25, 2), ["T05 Print and send", "confirmation of receipt"]);
        assert_eq!(wrapped("one two three", 7, 1), ["one tw…"]);
        assert_eq!(wrapped("incomprehensibilities", 8, 2), ["incompr…"]);
        assert_eq!(wrapped("", 8, 2), [""]);
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped(12), "12");
    }

    #[test]
    fn labels_avoid_each_other_and_hostile_names_stay_text() {
        let mut labels = Labels { taken: Vec::new() };
        let (first, second) = (labels.place(&[(0.0, 0.0)], (40.0, 14.0)), labels.place(&[(0.0, 0.0)], (40.0, 14.0)));
        assert!((first.1 - second.1).abs() >= 14.0);
        assert_eq!(escape("<a href=\"x\">&\u{1}"), "&lt;a href=&quot;x&quot;&gt;&amp; ");
    }
}
