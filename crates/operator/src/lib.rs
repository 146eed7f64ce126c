//! The province's console and its interface for programs. Sub-sites, keys and the schema are managed by commands
//! so far; reviewing cases and looking after accounts come here.
