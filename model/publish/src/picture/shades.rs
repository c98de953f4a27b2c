//! A table of cells as text, for a terminal: the fuller a cell, the darker its shade.

use super::document::{Body, Picture};
use super::letters::{columns, visible};
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use std::fmt::Display;
use std::io::Write;

const BLOCKS: [&str; 5] = ["  ", "░░", "▒▒", "▓▓", "██"];
/// For encodings that have no blocks.
const LETTERS: [&str; 5] = ["  ", "..", "::", "oo", "##"];

struct Text<H: Host>(Vec<u8, H>);

impl<H: Host> Text<H> {
    /// Writing into memory does not fail.
    fn put(&mut self, text: impl Display) {
        let _ = write!(self.0, "{text}");
    }

    fn name(&mut self, text: &str, room: usize, to_the_right: bool) {
        let blanks = room.saturating_sub(columns(text));
        let text = text.chars().map(visible);
        let blanks = || std::iter::repeat_n(' ', blanks);
        if to_the_right {
            blanks().chain(text).for_each(|c| self.put(c));
        } else {
            text.chain(blanks()).for_each(|c| self.put(c));
        }
    }

    /// Blanks at the end of a line are nothing.
    fn end_of_line(&mut self) {
        while self.0.last() == Some(&b' ') {
            self.0.pop();
        }
        self.put('\n');
    }
}

/// The lines of a picture of cells, in UTF-8; empty if there are none. Numbers are percent; shades are those of `most` and its fifths.
pub fn triangle<H: Host>(picture: &Picture, blocks: bool, host: H) -> Result<Vec<u8, H>, Error> {
    picture.frame.check()?;
    let mut text = Text(Vec::new_in(host.clone()));
    let Body::Heat(heat) = &picture.body else { return Ok(text.0) };
    if heat.rows.is_empty() {
        return Ok(text.0);
    }
    let shades = if blocks { BLOCKS } else { LETTERS };
    let most = heat.most();
    let widest = |texts: &[String], title: &str| {
        texts.iter().map(|text| columns(text)).fold(columns(title), usize::max)
    };
    let (names, notes) =
        (widest(&heat.rows, &heat.row_title), widest(&heat.notes, &heat.note_title));
    let mut pace = Pace::new(&host);

    text.name(&heat.row_title, names, false);
    text.put(' ');
    text.name(&heat.note_title, notes, true);
    text.put("  ");
    for column in &heat.columns {
        text.name(column, 5, true);
        text.put(' ');
    }
    text.end_of_line();
    for ((row, note), values) in heat.rows.iter().zip(&heat.notes).zip(&heat.values) {
        text.name(row, names, false);
        text.put(' ');
        text.name(note, notes, true);
        text.put("  ");
        for (place, value) in values.iter().enumerate() {
            pace.step(100);
            match value {
                None => text.put("      "),
                Some(value) => {
                    let share = value / most;
                    let shade = if place < heat.plain_columns {
                        0
                    } else {
                        (share * 5.0).clamp(0.0, 4.0) as usize
                    };
                    text.put(shades[shade]);
                    text.put(format_args!("{:3.0} ", value * 100.0));
                }
            }
        }
        text.end_of_line();
    }
    text.0.pop();
    Ok(text.0)
}
