//! How well the sensitive layer does on lines of the corpus that its judge has not seen.

use ennakoi_language::safety::rehearse;

fn main() {
    for part in 0..2 {
        for one in rehearse(4, part) {
            println!(
                "{}: recall {:.3} of {} (floor alone {:.3}), false alarms {:.3} of {} (floor alone {:.3}); best threshold {:.2} with recall {:.3}",
                one.language,
                one.recall,
                one.sensitive,
                one.floor_recall,
                one.false_alarms,
                one.everyday,
                one.floor_false_alarms,
                one.best_threshold,
                one.best_recall
            );
        }
    }
}
