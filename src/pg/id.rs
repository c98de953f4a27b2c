//! The argument `id` of readers of members: everybody, or one member.

use super::errors::raise;
use pg_retention_model::error::Error;
use pg_retention_model::history::{MemberKind, MemberRef};

/// The member that `id` names, if it names one.
#[derive(Debug, Clone, Copy)]
pub struct Id(pub(super) Option<MemberRef<'static>>);

impl Id {
    /// Whom it picks among members of a type, which must be its own.
    pub fn among(self, kind: MemberKind) -> Picked {
        match self.0 {
            Some(member) if member.kind() != kind => {
                raise(&Error::MemberType { found: kind.name(), asked: member.kind().name() })
            }
            member => Picked(member),
        }
    }
}

/// Everybody, or one member.
#[derive(Debug, Clone, Copy)]
pub struct Picked(Option<MemberRef<'static>>);

impl Picked {
    /// Is this one of them?
    #[inline]
    pub fn has(&self, member: &MemberRef<'_>) -> bool {
        self.0.is_none_or(|picked| picked == *member)
    }

    /// Hands on what is found of them.
    pub fn only<T>(
        self,
        mut each: impl FnMut(&MemberRef<'_>, T),
    ) -> impl FnMut(MemberRef<'_>, T) -> Result<(), Error> {
        move |member, found| {
            if self.has(&member) {
                each(&member, found);
            }
            Ok(())
        }
    }
}
