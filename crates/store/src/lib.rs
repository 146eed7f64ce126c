//! Persistence: the only crate besides the migrations that names sea-orm.
