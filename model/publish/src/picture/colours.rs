//! Themes as style sheets. Each picture's sheet holds for its own class, so that several, of different themes, can stand on one page.

use super::canvas::Canvas;
use super::page::Theme;
use crate::host::Host;

/// Shades of cells, from nothing to most.
pub(super) const SHADES: usize = 12;

/// Colours of groups: those of M. Okabe and K. Ito (2008), which people who do not tell red from green can tell apart.
pub(super) const GROUPS: usize = 6;

struct Sheet {
    paper: &'static str,
    ink: &'static str,
    soft: &'static str,
    grid: &'static str,
    /// A cell that is no figure of the scale.
    plain: &'static str,
    groups: [&'static str; GROUPS],
    /// Shades at the beginning, in the middle and at the end.
    ramp: [[f64; 3]; 3],
    /// What is written on shades from this one on is in the colour of the paper.
    turns: usize,
    on_dark: &'static str,
    on_light: &'static str,
}

const LIGHT: Sheet = Sheet {
    paper: "#ffffff",
    ink: "#1d2430",
    soft: "#5c6675",
    grid: "#e3e7ec",
    plain: "#f1f3f6",
    groups: ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"],
    ramp: [[236.0, 244.0, 251.0], [87.0, 154.0, 204.0], [8.0, 48.0, 107.0]],
    turns: 7,
    on_dark: "#ffffff",
    on_light: "#1d2430",
};

const DARK: Sheet = Sheet {
    paper: "#14181f",
    ink: "#e8ebf0",
    soft: "#9aa5b4",
    grid: "#2c333e",
    plain: "#222832",
    groups: ["#4ba3d9", "#f0b429", "#2cc295", "#e08fbf", "#8fd0f5", "#ff8a4c"],
    ramp: [[28.0, 42.0, 60.0], [46.0, 116.0, 174.0], [190.0, 226.0, 250.0]],
    turns: 6,
    on_dark: "#10141a",
    on_light: "#e8ebf0",
};

/// What every picture has in its head.
pub(super) fn sheet<H: Host>(theme: Theme, canvas: &mut Canvas<H>) {
    let name = class(theme);
    canvas.put(format_args!("<style>.{name}{{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif}}\n"));
    canvas.put(format_args!(".{name} text{{font-variant-numeric:tabular-nums}}.{name} .title{{font-weight:600}}.{name} path{{stroke-linejoin:round}}\n"));
    match theme {
        Theme::Light => LIGHT.write(name, canvas),
        Theme::Dark => DARK.write(name, canvas),
        Theme::Auto => {
            LIGHT.write(name, canvas);
            canvas.put(format_args!("@media screen and (prefers-color-scheme:dark){{\n"));
            DARK.write(name, canvas);
            canvas.put(format_args!("}}\n"));
        }
    }
    canvas.put(format_args!("</style>\n"));
}

pub(super) fn class(theme: Theme) -> &'static str {
    match theme {
        Theme::Light => "picture-light",
        Theme::Dark => "picture-dark",
        Theme::Auto => "picture-auto",
    }
}

impl Sheet {
    fn write<H: Host>(&self, name: &str, canvas: &mut Canvas<H>) {
        let Sheet { paper, ink, soft, grid, plain, on_dark, on_light, .. } = self;
        canvas.put(format_args!(".{name} .paper{{fill:{paper}}}.{name} .ink{{fill:{ink}}}.{name} .soft{{fill:{soft}}}.{name} .plain{{fill:{plain}}}\n"));
        canvas.put(format_args!(".{name} .grid{{stroke:{grid}}}.{name} .axis{{stroke:{soft}}}.{name} .even{{stroke:{soft};stroke-dasharray:5 4;fill:none}}\n"));
        for (place, colour) in self.groups.iter().enumerate() {
            canvas.put(format_args!(
                ".{name} .g{place}{{fill:{colour}}}.{name} .l{place}{{stroke:{colour};stroke-width:2.2;fill:none}}.{name} .b{place}{{fill:{colour};fill-opacity:.2}}\n"
            ));
        }
        for shade in 0..SHADES {
            let [r, g, b] = self.shade(shade);
            let on = if shade >= self.turns { on_dark } else { on_light };
            canvas.put(format_args!(
                ".{name} .h{shade}{{fill:#{r:02x}{g:02x}{b:02x}}}.{name} .t{shade}{{fill:{on}}}\n"
            ));
        }
    }

    fn shade(&self, place: usize) -> [u8; 3] {
        let at = 2.0 * place as f64 / (SHADES - 1) as f64;
        let [low, middle, high] = self.ramp;
        let (from, to, share) =
            if at <= 1.0 { (low, middle, at) } else { (middle, high, at - 1.0) };
        [0, 1, 2].map(|i| (from[i] + (to[i] - from[i]) * share).round() as u8)
    }
}

/// The shade of a share of the scale.
pub(super) fn shade(share: f64) -> usize {
    let place = (share.clamp(0.0, 1.0) * SHADES as f64).floor();
    (place as usize).min(SHADES - 1)
}

/// The class of an area with a shade, or with none.
pub(super) struct Fill(pub(super) Option<usize>);

impl std::fmt::Display for Fill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(shade) => write!(f, "h{shade}"),
            None => f.write_str("plain"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance([r, g, b]: [f64; 3]) -> f64 {
        let part = |c: f64| match c / 255.0 {
            c if c <= 0.040_45 => c / 12.92,
            c => ((c + 0.055) / 1.055).powf(2.4),
        };
        0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
    }

    fn contrast(a: f64, b: f64) -> f64 {
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn rgb(hex: &str) -> [f64; 3] {
        [1, 3, 5].map(|at| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()))
    }

    /// The contrast of WCAG 2: 4.5 for words, 3 for large or bold ones.
    #[test]
    fn what_is_written_can_be_read() {
        for sheet in [&LIGHT, &DARK] {
            for shade in 0..SHADES {
                let on = if shade >= sheet.turns { sheet.on_dark } else { sheet.on_light };
                let found =
                    contrast(luminance(sheet.shade(shade).map(f64::from)), luminance(rgb(on)));
                assert!(found > 4.0, "shade {shade} on {}: {found}", sheet.paper);
            }
            for (words, least) in [(sheet.ink, 7.0), (sheet.soft, 4.5)] {
                for on in [sheet.paper, sheet.plain] {
                    let found = contrast(luminance(rgb(words)), luminance(rgb(on)));
                    assert!(found > least, "{words} on {on}: {found}");
                }
            }
        }
    }

    /// One step of the shades to the next goes one way in lightness: that is what all eyes see.
    #[test]
    fn shades_are_in_order() {
        for (sheet, way) in [(&LIGHT, -1.0), (&DARK, 1.0)] {
            let steps: Vec<f64> =
                (0..SHADES).map(|s| luminance(sheet.shade(s).map(f64::from)) * way).collect();
            assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
        }
        assert_eq!(
            [shade(0.0), shade(0.5), shade(1.0), shade(7.0), shade(f64::NAN)],
            [0, 6, 11, 11, 0]
        );
    }
}
