//! What lies in `corpus/`, and every value of `seeds` with each of its bytes changed: each target takes
//! them all, and ends.

use pg_retention_fuzz::{TARGETS, seeds, target};
use std::fs;
use std::path::Path;

#[test]
fn the_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for target in TARGETS {
        let mut files = 0;
        let folder = fs::read_dir(corpus.join(target.name)).expect("a folder of every target");
        for file in folder {
            let path = file.expect("a file").path();
            let bytes = fs::read(&path).expect("its bytes");
            println!("{}", path.display()); // shown if it fails
            (target.run)(&bytes);
            files += 1;
        }
        assert!(files > 0, "the corpus has nothing of {}", target.name);
    }
}

#[test]
fn good_values_are_taken() {
    for (name, seed, bytes) in seeds::all() {
        let run = target(name).expect("a target").run;
        assert!(run(&bytes), "{name}: {seed} is not taken");
    }
}

#[test]
fn good_values_with_a_wrong_byte() {
    for (name, seed, good) in seeds::all() {
        let run = target(name).expect("a target").run;
        println!("{name}: {seed}");
        // Long ones here and there.
        let stride = good.len() / 400 + 1;
        for place in (0..good.len()).step_by(stride) {
            for wrong in [0, 1, 0x7f, 0x80, 0xff, good[place] ^ 1, good[place].wrapping_add(1)] {
                let mut bytes = good.clone();
                bytes[place] = wrong;
                run(&bytes);
            }
            run(&good[..place]);
            run(&[&good[..place], &[0], &good[place..]].concat());
        }
    }
}
