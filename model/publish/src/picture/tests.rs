//! Pictures as a whole: they are XML, nothing lies outside of them, and what is drawn is where the numbers say.

use super::{Picture, svg, triangle};
use crate::host::Global;
use crate::host::testing::stops;
use std::fmt::Write;

const FRAME: &str = r#""title": "T & <t>", "subtitle": "one", "language": "en", "theme": "light""#;

fn drawn(frame: &str, body: &str) -> String {
    let picture = Picture::parse(&format!(r#"{{"frame": {{{frame}}}, "body": {body}}}"#)).unwrap();
    String::from_utf8(svg(&picture, Global).unwrap().to_vec()).unwrap()
}

fn message(frame: &str, body: &str) -> String {
    let picture = Picture::parse(&format!(r#"{{"frame": {{{frame}}}, "body": {body}}}"#));
    picture.and_then(|picture| svg(&picture, Global)).unwrap_err().to_string()
}

/// The names of elements, opened and closed in order; and no letter that XML forbids.
fn check_xml(text: &str) {
    let mut open = Vec::new();
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        assert!(!before.contains('>') && !before.contains('\u{1}'), "{before}");
        let (tag, after) = tag.split_once('>').unwrap();
        let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap();
        match tag {
            _ if tag.starts_with('/') => assert_eq!(open.pop(), Some(name)),
            _ if tag.ends_with('/') => {}
            _ => open.push(name),
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        rest = after;
    }
    assert!(open.is_empty() && rest.trim().is_empty());
}

/// The values of an attribute, of elements that have another with this beginning.
fn attributes(text: &str, element: &str, name: &str) -> Vec<f64> {
    let elements = text.split('<').filter(|tag| tag.starts_with(element));
    let value =
        |tag: &str| tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?.parse().ok();
    elements.filter_map(value).collect()
}

fn heat(rows: usize) -> String {
    let mut values = String::new();
    let (mut names, mut columns) = (String::new(), String::new());
    for row in 0..rows {
        let comma = if row == 0 { "" } else { ", " };
        let cells: Vec<String> =
            (0..rows - row).map(|n| format!("{}", 1.0 / (n + 1) as f64)).collect();
        write!(values, "{comma}[{}]", cells.join(",")).unwrap();
        write!(names, "{comma}\"20{row:02}-01\"").unwrap();
        write!(columns, "{comma}\"{row}\"").unwrap();
    }
    format!(
        r#"{{"heat": {{"row_title": "cohort", "note_title": "members", "column_title": "months", "rows": [{names}], "notes": [{names}],
            "columns": [{columns}], "values": [{values}], "plain_columns": 1, "unit": "percent"}}}}"#
    )
}

const LINES: &str = r#"{"lines": {"x_title": "x", "y_title": "y", "unit": "percent", "series": [
    {"name": "a", "x": [1, 2, 3], "y": [0.2, 0.1, null], "low": [0.1, 0.05, null], "high": [0.3, 0.2, null]},
    {"name": "b", "x": [1, 3], "y": [0.5, 0.4], "steps": true, "group": 1}]}}"#;

const BARS: &str = r#"{"bars": {"x_title": "", "y_title": "members", "labels": ["a", "b"], "running": [false, true], "series": [
    {"name": "in", "values": [100, 50], "group": 0}, {"name": "out", "values": [-25, null], "group": 5}]}}"#;

const TILES: &str = r#"{"tiles": {"shade_title": "worth", "shade_low": "0", "shade_high": "9", "tiles": [
    {"name": "large <b>", "size": 3, "lines": ["75 %"], "shade": 1}, {"name": "small", "size": 1, "lines": [], "shade": null}]}}"#;

#[test]
fn whatever_the_size_it_is_xml_and_within_the_paper() {
    for body in [&heat(1), &heat(12), &heat(60), LINES, BARS, TILES] {
        for (width, height) in [(240, 120), (240, 900), (900, 450), (4000, 300)] {
            let frame = format!(r#"{FRAME}, "width": {width}, "height": {height}"#);
            let text = drawn(&frame, body);
            check_xml(&text);
            let page: Vec<f64> = text
                .split("viewBox=\"0 0 ")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap()
                .split(' ')
                .map(|n| n.parse().unwrap())
                .collect();
            assert!(text.contains(&format!(" width=\"{width}\" height=\"{height}\" viewBox")));
            let (width, height) = (page[0], page[1]);
            for (element, at, size, end) in
                [("rect", "x", "width", width), ("rect", "y", "height", height)]
            {
                let (starts, sizes) =
                    (attributes(&text, element, at), attributes(&text, element, size));
                for (start, size) in starts.into_iter().zip(sizes) {
                    assert!(
                        start >= 0.0 && size >= -2.0 && start + size <= end + 0.2,
                        "{start} + {size} of {end}: {text}"
                    );
                }
            }
        }
        let text = drawn(FRAME, body);
        check_xml(&text);
        assert!(
            text.contains("aria-label=\"T &amp; &lt;t&gt;\"")
                && !text.contains("NaN")
                && !text.contains("inf"),
            "{text}"
        );
    }
}

#[test]
fn cells_are_shaded_by_their_share_of_the_most() {
    let text = drawn(FRAME, &heat(4));
    // Of 1, 1/2, 1/3, 1/4 the first has no colour, and 1/2 is the end of the scale.
    assert_eq!(text.matches("class=\"plain\"").count(), 4);
    for (shade, times) in [("h11", 3 + 1), ("h8", 2 + 1), ("h6", 1 + 1)] {
        assert_eq!(text.matches(&format!("class=\"{shade}\"")).count(), times, "{shade}: {text}");
    }
    assert!(text.contains("<title>2000-01, 2: 33.3%</title>"));
}

#[test]
fn bars_begin_at_zero() {
    let text = drawn(&format!(r#"{FRAME}, "height": 400"#), BARS);
    let of = |class: &str, name: &str| {
        let bars = text.split('<').filter(|tag| {
            tag.starts_with(&format!("rect class=\"{class}"))
                && tag.contains("fill-opacity") == (class == "g0\" fill")
        });
        bars.filter_map(|tag| {
            tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?.parse::<f64>().ok()
        })
        .collect::<Vec<_>>()
    };
    // The swatch of the legend, then the bars.
    let (tops, heights) = (of("g0\"", "y"), of("g0\"", "height"));
    let (lost_tops, lost_heights) = (of("g5\"", "y"), of("g5\"", "height"));
    assert!(
        (tops[1] + heights[1] - lost_tops[1]).abs() < 0.11,
        "{tops:?} {heights:?} {lost_tops:?}"
    );
    assert!((heights[1] / lost_heights[1] - 4.0).abs() < 0.02);
    assert!((of("g0\" fill", "height")[0] * 2.0 - heights[1]).abs() < 0.2);
}

#[test]
fn steps_hold_their_height() {
    let text = drawn(FRAME, LINES);
    let path = |class: &str| {
        text.split(&format!("path class=\"{class}\" d=\""))
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_string()
    };
    let corners = path("l1");
    let points: Vec<(f64, f64)> = corners
        .trim_start_matches('M')
        .split('L')
        .map(|point| {
            let (x, y) = point.split_once(' ').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        })
        .collect();
    assert_eq!(points.len(), 3);
    assert!(
        points[0].1 == points[1].1 && points[1].0 == points[2].0 && points[2].1 > points[1].1,
        "{points:?}"
    );
    assert_eq!(path("b0").matches('L').count(), 3);
    assert!(path("b0").ends_with('Z'));
}

#[test]
fn nothing_is_said() {
    for body in [
        r#"{"lines": {"x_title": "", "y_title": "", "series": []}}"#,
        &heat(0),
        r#"{"bars": {"x_title": "", "y_title": "", "labels": [], "series": []}}"#,
    ] {
        let text = drawn(FRAME, body);
        check_xml(&text);
        assert!(text.contains(">nothing to show</text>"));
        assert!(drawn(&FRAME.replace("en", "zh"), body).contains("没有可显示的数据"));
    }
}

#[test]
fn themes() {
    let of = |theme| drawn(&FRAME.replace("light", theme), LINES);
    assert!(of("Dark").contains(".picture-dark .paper{fill:#14181f}"));
    assert!(of("auto").contains("@media screen and (prefers-color-scheme:dark)"));
    assert!(!of("light").contains("@media"));
}

#[test]
fn what_people_write_wrong() {
    assert_eq!(message(&FRAME.replace("light", "pink"), LINES), "unknown theme \"pink\"");
    assert_eq!(message(&FRAME.replace("en", "tlh"), LINES), "unknown language \"tlh\"");
    assert_eq!(message(&format!(r#"{FRAME}, "width": 10"#), LINES), "width out of range: 10");
    assert_eq!(
        message(&format!(r#"{FRAME}, "height": 100000"#), LINES),
        "height out of range: 100000"
    );
    assert_eq!(message(FRAME, &heat(300)), "the picture is too large");
    assert_eq!(
        message(FRAME, "{\"pie\": {}}"),
        "the picture, \"body\": unknown variant `pie`, expected one of `heat`, `lines`, `bars`, `tiles`"
    );
}

#[test]
fn a_triangle_for_terminals() {
    let picture =
        Picture::parse(&format!(r#"{{"frame": {{{FRAME}}}, "body": {}}}"#, heat(4))).unwrap();
    let text =
        |blocks| String::from_utf8(triangle(&picture, blocks, Global).unwrap().to_vec()).unwrap();
    assert_eq!(
        text(true),
        "cohort  members      0     1     2     3
2000-01 2000-01    100 ██ 50 ▓▓ 33 ▒▒ 25
2001-01 2001-01    100 ██ 50 ▓▓ 33
2002-01 2002-01    100 ██ 50
2003-01 2003-01    100"
    );
    assert!(text(false).is_ascii() && text(false).contains("## 50 oo 33 :: 25"));
}

#[test]
fn it_can_be_cancelled() {
    let picture =
        Picture::parse(&format!(r#"{{"frame": {{{FRAME}}}, "body": {}}}"#, heat(60))).unwrap();
    assert!(stops(|| svg(&picture, Global)));
    assert!(stops(|| triangle(&picture, true, Global)));
}
