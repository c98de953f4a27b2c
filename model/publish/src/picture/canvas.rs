//! The text of an SVG document, in the host's memory.

use super::letters::visible;
use crate::host::{Host, Pace, Vec};
use std::fmt::{self, Display, Write};

/// What is drawn on. The style of every mark is the name of a class: `colours` has them.
pub(super) struct Canvas<H: Host> {
    text: Vec<u8, H>,
    host: H,
    marks: usize,
}

impl<H: Host> Write for Canvas<H> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.text.extend_from_slice(s.as_bytes());
        Ok(())
    }
}

/// A place or length, to a tenth of a pixel.
pub(super) struct Px(pub(super) f64);

impl Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = if self.0.is_finite() { (self.0 * 10.0).round() } else { 0.0 };
        if tenths % 10.0 == 0.0 {
            write!(f, "{:.0}", tenths / 10.0 + 0.0)
        } else {
            write!(f, "{:.1}", tenths / 10.0)
        }
    }
}

/// Any text as the content of an element or of an attribute.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            _ => f.write_char(visible(c)),
        })
    }
}

/// Where a text stands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    pub(super) fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

impl<H: Host> Canvas<H> {
    pub(super) fn new(host: H) -> Self {
        Canvas { text: Vec::new_in(host.clone()), host, marks: 0 }
    }

    pub(super) fn end(mut self) -> Vec<u8, H> {
        self.put(format_args!("</svg>\n"));
        self.text
    }

    /// Writing into memory does not fail.
    pub(super) fn put(&mut self, text: fmt::Arguments<'_>) {
        let _ = self.write_fmt(text);
        self.marks += 1;
        if self.marks >= Pace::<H>::STEPS as usize / 64 {
            self.marks = 0;
            self.host.poll();
        }
    }

    /// A rectangle; what it says appears when somebody points at it.
    pub(super) fn area(
        &mut self,
        class: impl Display,
        area: &Area,
        says: Option<fmt::Arguments<'_>>,
    ) {
        let Area { x, y, width, height } = *area;
        let (x, y, width, height) = (Px(x), Px(y), Px(width), Px(height));
        self.put(format_args!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\""
        ));
        match says {
            Some(says) => self.put(format_args!("><title>{says}</title></rect>\n")),
            None => self.put(format_args!("/>\n")),
        }
    }

    pub(super) fn line(&mut self, class: impl Display, from: (f64, f64), to: (f64, f64)) {
        let (x1, y1, x2, y2) = (Px(from.0), Px(from.1), Px(to.0), Px(to.1));
        self.put(format_args!(
            "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>\n"
        ));
    }

    pub(super) fn circle(
        &mut self,
        class: impl Display,
        (x, y): (f64, f64),
        radius: f64,
        says: fmt::Arguments<'_>,
    ) {
        let (x, y, r) = (Px(x), Px(y), Px(radius));
        self.put(format_args!("<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\"><title>{says}</title></circle>\n"));
    }

    /// A line through points, or the area that they enclose.
    pub(super) fn path(
        &mut self,
        class: impl Display,
        points: impl Iterator<Item = (f64, f64)>,
        closed: bool,
    ) {
        self.put(format_args!("<path class=\"{class}\" d=\""));
        for (place, (x, y)) in points.enumerate() {
            self.put(format_args!("{}{} {}", if place == 0 { 'M' } else { 'L' }, Px(x), Px(y)));
        }
        self.put(format_args!("{}\"/>\n", if closed { "Z" } else { "" }));
    }

    /// A text whose middle line is at y.
    pub(super) fn text(
        &mut self,
        class: impl Display,
        size: f64,
        anchor: Anchor,
        (x, y): (f64, f64),
        text: impl Display,
    ) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        // Not every program knows dominant-baseline: a third of the size below the middle is where digits stand.
        let (x, y, size) = (Px(x), Px(y + size * 0.36), Px(size));
        self.put(format_args!("<text class=\"{class}\" font-size=\"{size}\"{anchor} x=\"{x}\" y=\"{y}\">{text}</text>\n"));
    }

    /// A text that is read from below, with its middle there.
    pub(super) fn text_upwards(
        &mut self,
        class: impl Display,
        size: f64,
        (x, y): (f64, f64),
        text: impl Display,
    ) {
        let (x, y, size) = (Px(x + size * 0.36), Px(y), Px(size));
        self.put(format_args!(
            "<text class=\"{class}\" font-size=\"{size}\" text-anchor=\"middle\" transform=\"translate({x} {y}) rotate(-90)\">{text}</text>\n"
        ));
    }
}
