//! The marketplace's own people.
