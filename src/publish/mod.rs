//! How does everybody see it? Pictures; what is published is in SQL alone.

mod picture;
