//! Recency, frequency and monetary value: how members compare, scored with cut points that can be
//! seen, and named by a map that leaves nobody out.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `measure` | the three numbers of every member as of a day |
//! | `cuts` | sorted columns, quantiles and cut points |
//! | `scale` | the cut points of all three, from members or from JSON |
//! | `cell` | three scores: a cell |
//! | `score` | members with their scores and segments |
//! | `rule` | a named region of scores |
//! | `maps` | segment maps: named regions of scores |
//! | `built_in` | those that are known by name |
//! | `segments` | a row per segment |
//! | `values` | cut points for values that are there already |
//! | `clusters`, `kmeans` | k-means, for those who do not want cut points |
//! | `migration` | from which segment to which, between two days |

mod built_in;
mod cell;
mod clusters;
mod cuts;
mod kmeans;
mod maps;
mod measure;
mod migration;
mod rule;
mod scale;
mod score;
mod segments;
mod values;

pub use built_in::BUILT_IN;
pub use cell::{Score, bins};
pub use clusters::{Cluster, ClusterMember, ClusterQuestion, Clusters, clusters};
pub use cuts::{Bin, Method};
pub use maps::{Fault, Map};
pub(crate) use measure::check_days;
pub use measure::{Measure, Monetary};
pub use migration::{Migration, SegmentFlow, migration};
pub use rule::{Rule, ScoreRange};
pub use scale::Scale;
pub use score::{Plan, Scored, ScoredMember, cut_points, scale, scored};
pub use segments::{Segment, segments};
pub use values::Values;

#[cfg(test)]
mod tests;
