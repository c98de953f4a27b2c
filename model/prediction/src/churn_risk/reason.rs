//! Reasons: groups of features.

/// Why somebody may leave, in a word: the features in groups. Windows of different lengths say nearly the same, so a model
/// may give them opposite signs: only their sum has a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// How long it has been silent, by its own measure.
    Silence,
    /// How it spaces its days.
    Rhythm,
    /// How often it comes.
    Frequency,
    /// What it spends.
    Spend,
    /// Whether that has changed.
    Trend,
    /// How long it has been there.
    Tenure,
    /// Of memberships: how long it has been out.
    Absence,
    /// How much of the time since it first joined it was in.
    Loyalty,
    /// How often it has left before.
    Pauses,
    /// When a month or a year of its contract is over.
    Renewal,
    /// The month in which it joined.
    Season,
}

impl Reason {
    /// All of them.
    pub const ALL: [Reason; 11] = [
        Reason::Silence,
        Reason::Rhythm,
        Reason::Frequency,
        Reason::Spend,
        Reason::Trend,
        Reason::Tenure,
        Reason::Absence,
        Reason::Loyalty,
        Reason::Pauses,
        Reason::Renewal,
        Reason::Season,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        [
            "silence",
            "rhythm",
            "frequency",
            "spend",
            "trend",
            "tenure",
            "absence",
            "loyalty",
            "pauses",
            "renewal",
            "season",
        ][self as usize]
    }
}
