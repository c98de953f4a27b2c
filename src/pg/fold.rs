//! What a summary is to the bridge: something that rows are folded into, and that is bytes elsewhere.

use super::memory::PgHost;
use pg_retention_model::calendar::Grain;
use pg_retention_model::error::Error;
use pg_retention_model::history::MemberKind;
use pgrx::pg_sys;

/// The state of an aggregate whose transition type is the summary's own type.
///
/// A family with a summary of its own implements this, and has its aggregate, `rollup`, parallel
/// plans and readers over values in memory and in bytes from [`super::aggregate`] and
/// [`super::stored`].
pub trait Fold: Sized + 'static {
    /// The name of its SQL type.
    const TYPE: &'static str;
    /// A value in bytes, opened.
    type Flat<'a>;
    /// What readers get, of either form.
    type View<'a>;

    /// How PostgreSQL flattens it: a static of this type's own, by which its objects are known.
    ///
    /// ```ignore
    /// static METHODS: Methods = Methods::of::<Events>();
    /// &METHODS
    /// ```
    fn methods() -> &'static Methods;

    /// One without rows.
    fn empty(kind: MemberKind, grain: Grain, zone: &str, host: PgHost) -> Self;
    /// One without rows, to which another can be added.
    fn empty_like(other: &Self::View<'_>, host: PgHost) -> Self;
    /// How finely it tells times apart.
    fn grain(&self) -> Grain;
    /// Adds everything that another one holds.
    fn absorb(&mut self, other: &Self::View<'_>) -> Result<(), Error>;

    /// Makes [`Self::view`] show everything.
    fn settle(&mut self) -> Result<(), Error>;
    /// Its content, once it is settled.
    fn view(&self) -> Self::View<'_>;
    /// The name of the zone whose calendar it uses; empty if it has none.
    fn zone<'v>(view: &'v Self::View<'_>) -> &'v str;

    /// The number of its bytes. What has to be computed for them is computed here.
    fn flat_size(&mut self) -> Result<usize, Error>;
    /// Writes them, into just that much room.
    fn write_flat(&self, out: &mut [u8]) -> Result<(), Error>;
    /// Opens bytes, which may be malformed.
    fn parse(bytes: &[u8], host: PgHost) -> Result<Self::Flat<'_>, Error>;
    /// The content of bytes.
    fn view_of<'v>(flat: &'v Self::Flat<'_>) -> Self::View<'v>;
}

/// How PostgreSQL flattens the objects of a type. An object's methods tell its type.
#[repr(transparent)]
pub struct Methods(pub(super) pg_sys::ExpandedObjectMethods);
