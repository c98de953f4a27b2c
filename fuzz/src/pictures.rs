//! The documents that pictures are drawn from.

use model_ground::host::Global;
use model_publish::picture::{Picture, svg, triangle};

/// The text of a picture.
pub fn picture(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let Ok(picture) = Picture::parse(text) else { return false };
    if let Ok(svg) = svg(&picture, Global) {
        let svg = std::str::from_utf8(&svg).expect("letters");
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n") | svg.ends_with("</svg>"));
        assert!(!svg.contains("NaN") || text.contains("NaN"), "a place that is none");
    }
    for in_unicode in [true, false] {
        let _ = triangle(&picture, in_unicode, Global);
    }
    true
}
