//! What stands around every picture: its head, its size, its legend.

use super::canvas::{Anchor, Area, Canvas, Escaped};
use super::colours;
use super::letters::width;
use super::numbers::{Figure, Small, Tick, Unit};
use super::page::{Frame, Language};
use super::phrases::NOTHING;
use super::scale::Scale;
use crate::host::Host;

pub(super) const MARGIN: f64 = 20.0;
pub(super) const SMALL: f64 = 12.0;
const TITLE: f64 = 17.0;
const SUBTITLE: f64 = 12.5;
const SWATCH: f64 = 11.0;

/// The lines into which a text is broken: at blanks, and between Chinese letters.
pub(super) fn lines(text: &str, size: f64, room: f64) -> impl Iterator<Item = &str> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (mut end, mut fits) = (0, 0);
        for (at, c) in rest.char_indices() {
            let here = at + c.len_utf8();
            if width(rest.get(..here).unwrap_or(rest), size) > room && end > 0 {
                break;
            }
            end = here;
            if c == ' ' || c > '\u{2e80}' || here == rest.len() {
                fits = here;
            }
        }
        let (line, after) = rest.split_at_checked(if fits > 0 { fits } else { end })?;
        rest = after.trim_start();
        Some(line.trim_end())
    })
}

/// The height of the head.
pub(super) fn head(frame: &Frame) -> f64 {
    let room = frame.width() - 2.0 * MARGIN;
    let titles = lines(&frame.title, TITLE, room).count() as f64;
    let subtitles = lines(&frame.subtitle, SUBTITLE, room).count() as f64;
    14.0 + titles * (TITLE + 6.0) + subtitles * (SUBTITLE + 5.0) + 8.0
}

/// Begins the document: the sheet, the paper, the words.
pub(super) fn open<H: Host>(frame: &Frame, height: f64, canvas: &mut Canvas<H>) {
    let (page, theme) = (frame.width(), frame.theme());
    let wide = frame.given_width();
    let tall = frame.height.map_or(height / frame.scale(), |height| height as f64);
    let title = Escaped(&frame.title);
    let language = if frame.language() == Language::Chinese { "zh" } else { "en" };
    canvas.put(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{}\" lang=\"{language}\" width=\"{wide:.0}\" height=\"{tall:.0}\" viewBox=\"0 0 {page:.0} {height:.0}\" role=\"img\" aria-label=\"{title}\">\n",
        colours::class(theme)
    ));
    colours::sheet(theme, canvas);
    let paper = Area { x: 0.0, y: 0.0, width: page, height };
    canvas.area("paper", &paper, None);
    let mut y = 14.0;
    for line in lines(&frame.title, TITLE, page - 2.0 * MARGIN) {
        canvas.text("ink title", TITLE, Anchor::Start, (MARGIN, y + TITLE / 2.0), Escaped(line));
        y += TITLE + 6.0;
    }
    for line in lines(&frame.subtitle, SUBTITLE, page - 2.0 * MARGIN) {
        canvas.text("soft", SUBTITLE, Anchor::Start, (MARGIN, y + SUBTITLE / 2.0), Escaped(line));
        y += SUBTITLE + 5.0;
    }
}

/// A picture of nothing, which says so.
pub(super) fn nothing<H: Host>(frame: &Frame, canvas: &mut Canvas<H>) {
    let height = frame.height(head(frame) + 80.0, head(frame) + 40.0);
    open(frame, height, canvas);
    let (english, chinese) = NOTHING;
    let words = if frame.language() == Language::Chinese { chinese } else { english };
    let middle = (frame.width() / 2.0, (head(frame) + height) / 2.0);
    canvas.text("soft", 14.0, Anchor::Middle, middle, words);
}

fn legend_places<'a>(
    names: impl Iterator<Item = &'a str> + 'a,
    room: f64,
) -> impl Iterator<Item = (f64, f64, &'a str)> + 'a {
    let (mut x, mut y) = (0.0, 0.0);
    names.map(move |name| {
        let wide = SWATCH + 6.0 + width(name, SMALL) + 18.0;
        if x > 0.0 && x + wide > room {
            x = 0.0;
            y += 18.0;
        }
        let place = (x, y, name);
        x += wide;
        place
    })
}

/// Names with their colours. Returns the height that they take.
pub(super) fn legend<'a, H: Host>(
    frame: &Frame,
    top: f64,
    names: impl Iterator<Item = (&'a str, usize)> + Clone + 'a,
    canvas: &mut Canvas<H>,
) -> f64 {
    let mut height = 0.0;
    let room = frame.width() - 2.0 * MARGIN;
    let groups = names.clone().map(|(_, group)| group % colours::GROUPS);
    for ((x, y, name), group) in legend_places(names.map(|(name, _)| name), room).zip(groups) {
        let swatch = Area { x: MARGIN + x, y: top + y + 2.0, width: SWATCH, height: SWATCH };
        canvas.area(format_args!("g{group}"), &swatch, None);
        let place = (swatch.right() + 6.0, swatch.y + SWATCH / 2.0);
        canvas.text("ink", SMALL, Anchor::Start, place, Escaped(name));
        height = y + 22.0;
    }
    height
}

/// The scale of shades between its ends.
pub(super) fn shades<H: Host>((x, y): (f64, f64), low: &str, high: &str, canvas: &mut Canvas<H>) {
    const WIDE: f64 = 13.0;
    canvas.text("soft", SMALL, Anchor::Start, (x, y + 5.0), Escaped(low));
    let x = x + width(low, SMALL) * 1.06 + 8.0;
    for shade in 0..colours::SHADES {
        let step = Area { x: x + WIDE * shade as f64, y, width: WIDE, height: 10.0 };
        canvas.area(format_args!("h{shade}"), &step, None);
    }
    let end = (x + WIDE * colours::SHADES as f64 + 8.0, y + 5.0);
    canvas.text("soft", SMALL, Anchor::Start, end, Escaped(high));
}

/// Draws the upright axis of a plot between a top and a bottom, beside the widest of its labels; `line` is the class of the line at
/// a number. Returns where the plot lies, and the scale over its height.
pub(super) fn upright<H: Host>(
    frame: &Frame,
    (top, bottom): (f64, f64),
    (scale, unit): (Scale, Unit),
    line: impl Fn(f64) -> &'static str,
    canvas: &mut Canvas<H>,
) -> (Area, Scale) {
    let digits = scale.digits(unit.by());
    let label = |value| {
        let figure = Figure::new(value, unit, digits);
        Small::of(Tick { figure, language: frame.language() })
    };
    let widest = scale.ticks().map(|tick| width(label(tick).as_str(), SMALL)).fold(0.0, f64::max);
    let x = MARGIN + widest + 8.0;
    let area = Area {
        x,
        y: top,
        width: (frame.width() - MARGIN - x).max(10.0),
        height: (bottom - top).max(10.0),
    };
    let ys = scale.between((area.bottom(), area.y));
    for tick in ys.ticks() {
        let y = ys.at(tick);
        canvas.line(line(tick), (area.x, y), (area.right(), y));
        canvas.text("soft", SMALL, Anchor::End, (area.x - 8.0, y), label(tick).as_str());
    }
    (area, ys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_broken_into_lines_that_fit() {
        let text = "one two three four five six seven eight nine ten";
        let broken: Vec<&str> = lines(text, 10.0, 80.0).collect();
        assert!(broken.iter().all(|line| width(line, 10.0) <= 80.0), "{broken:?}");
        assert_eq!(broken.join(" "), text);
        let chinese = "按首次购买月份划分的客户留存率";
        let broken: Vec<&str> = lines(chinese, 10.0, 80.0).collect();
        assert!(broken.len() == 2 && broken.concat() == chinese, "{broken:?}");
        assert_eq!(lines("unbreakable", 10.0, 20.0).collect::<String>(), "unbreakable");
        assert_eq!(lines("", 10.0, 20.0).count(), 0);
    }
}
