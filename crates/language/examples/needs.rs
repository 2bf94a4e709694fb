//! How distinct the needs of the corpus are: customers' lines recognised by a model that has not seen them.

use ennakoi_language::needs::{Corpus, rehearse};

fn main() {
    println!("{} bytes kept between two starts", ennakoi_language::needs::snapshot().len());
    for recognition in rehearse(Corpus::built_in(), 5, 0) {
        let language = recognition.language.map_or("", ennakoi_language::Language::as_str);
        println!("{language}: {} lines, first {:.3}, among three {:.3}", recognition.lines, recognition.first, recognition.among_three);
    }
}
