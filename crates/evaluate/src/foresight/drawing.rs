//! Pictures as SVG.

use std::fmt::Write as _;

use ennakoi_foresight::journey::Map;
use ennakoi_foresight::journey::layout::Layout;

const COLUMN: f64 = 210.0;
const ROW: f64 = 90.0;
const MARGIN: f64 = 100.0;

/// A journey map; thicker lines are walked more often.
pub(super) fn map(map: &Map, picture: &Layout) -> String {
    let at = |(x, y): (f64, f64)| (MARGIN + x * COLUMN, MARGIN + y * ROW);
    let (width, height) = at((picture.width, picture.height));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0}\" height=\"{:.0}\" font-family=\"sans-serif\" font-size=\"12\">\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
        width + MARGIN,
        height + MARGIN
    );
    let most = map.edges.first().map_or(1.0, |e| e.count as f64);
    for routed in &picture.edges {
        let edge = &map.edges[routed.edge];
        let points: Vec<String> = routed.points.iter().map(|&p| at(p)).map(|(x, y)| format!("{x:.0},{y:.0}")).collect();
        let thick = 1.0 + 7.0 * (edge.count as f64 / most).sqrt();
        let colour = if routed.backwards { "#c47f2c" } else { "#7a8aa0" };
        let middle = at(routed.points[routed.points.len() / 2]);
        let start = at(routed.points[routed.points.len() / 2 - usize::from(routed.points.len() > 1)]);
        write!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{thick:.1}\" stroke-opacity=\".6\"/>\
             <text x=\"{:.0}\" y=\"{:.0}\" fill=\"#444\" font-size=\"10\">{}</text>",
            points.join(" "),
            f64::midpoint(middle.0, start.0),
            f64::midpoint(middle.1, start.1) - 4.0,
            edge.count
        )
        .expect("writing to a string cannot fail");
    }
    for node in &picture.nodes {
        let (x, y) = at((node.x, node.y));
        let known = &map.nodes[usize::from(node.activity)];
        let label: String = known.name.chars().take(24).collect();
        write!(
            svg,
            "<rect x=\"{:.0}\" y=\"{:.0}\" width=\"150\" height=\"40\" rx=\"8\" fill=\"#eef3fa\" stroke=\"#35507a\"/>\
             <text x=\"{x:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>\
             <text x=\"{x:.0}\" y=\"{:.0}\" text-anchor=\"middle\" fill=\"#555\">{}</text>",
            x - 75.0,
            y - 20.0,
            y - 3.0,
            escape(&label),
            y + 13.0,
            known.events
        )
        .expect("writing to a string cannot fail");
    }
    svg.push_str("</svg>\n");
    svg
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
