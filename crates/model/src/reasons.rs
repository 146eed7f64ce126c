//! How a closed list of reasons is made: each has a word, a text for operators, what the person is told, and what it is a
//! reason for. A reason is chosen and never typed, so that it can be counted, translated and appealed, and holds no
//! personal data.

/// Declares the enum `Reason`: what the reasons are for, what the keys of both texts begin with, and the list.
macro_rules! reasons {
    (
        for $kind:ident, text $text:literal, told $told:literal;
        $($(#[$doc:meta])* $name:ident = $word:literal for $($what:ident)|*;)*
    ) => {
        /// Why.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word in the database and in forms.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// Reads a word; `None` for what is not on the list.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.as_str() == word)
            }

            /// The key of its text for operators.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => concat!($text, $word),)* }
            }

            /// The key of what the person is told. What is among operators has none.
            pub const fn told(self) -> &'static str {
                match self { $(Self::$name => concat!($told, $word),)* }
            }

            /// Whether an operator may choose it for this.
            pub fn is_for(self, what: $kind) -> bool {
                let fits: &[$kind] = match self { $(Self::$name => &[$($kind::$what),*],)* };
                fits.contains(&what)
            }

            /// The reasons for something, in the order in which they are offered.
            pub fn all_for(what: $kind) -> impl Iterator<Item = Self> {
                Self::ALL.iter().copied().filter(move |reason| reason.is_for(what))
            }
        }
    };
}

pub(crate) use reasons;
