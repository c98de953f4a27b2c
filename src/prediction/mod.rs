//! Who will leave, and why? The readers of this group, by family.

mod overdue;
