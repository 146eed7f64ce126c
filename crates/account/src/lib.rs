//! Who is here, proven how, how well, and since when.
