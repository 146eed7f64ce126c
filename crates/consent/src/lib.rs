//! May this client have these attributes of this subject.
