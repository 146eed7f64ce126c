//! Who may do what: one table of roles and permissions. Whoever has several roles may do what any of them may.
//!
//! Nobody who decides about residents manages operators or reads the audit log by the same role, and whoever manages
//! operators sees no evidence: a province that gives one person several roles does so on purpose, and the log says who.

use std::collections::BTreeSet;

/// What somebody works as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Looks at cases and decides, or proposes where two have to agree.
    Reviewer,
    /// Confirms what others propose, and decides what the registers cannot.
    SeniorReviewer,
    /// Reads what was done.
    Auditor,
    /// Manages operators.
    Administrator,
}

/// What can be done at the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// See the queue, claim a case, look at its evidence, decide or propose.
    Review,
    /// Confirm a colleague's proposal.
    Confirm,
    /// Ask for, or agree to, a level that no source confirms.
    Override,
    /// Serve a person who stands at the counter.
    Counter,
    /// Suspend accounts, propose or agree to end them, bring them back, decide about objections.
    Standing,
    /// Read the audit log.
    Audit,
    /// See what the sources cost and whether they answer.
    Sources,
    /// Make, change, reset and disable operators.
    Operators,
}

/// The table.
const TABLE: [(Role, &[Permission]); 4] = [
    (Role::Reviewer, &[Permission::Review, Permission::Counter]),
    (
        Role::SeniorReviewer,
        &[
            Permission::Review,
            Permission::Confirm,
            Permission::Override,
            Permission::Counter,
            Permission::Standing,
            Permission::Sources,
        ],
    ),
    (Role::Auditor, &[Permission::Audit, Permission::Sources]),
    (Role::Administrator, &[Permission::Operators, Permission::Sources]),
];

impl Role {
    /// All of them, in the order of pages.
    pub const ALL: [Self; 4] = [
        Self::Reviewer,
        Self::SeniorReviewer,
        Self::Auditor,
        Self::Administrator,
    ];

    /// The name in the database, in forms and in commands.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reviewer => "reviewer",
            Self::SeniorReviewer => "senior_reviewer",
            Self::Auditor => "auditor",
            Self::Administrator => store::operators::ADMINISTRATOR,
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// The key of the role's name for people.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Reviewer => "operator-role-reviewer",
            Self::SeniorReviewer => "operator-role-senior-reviewer",
            Self::Auditor => "operator-role-auditor",
            Self::Administrator => "operator-role-administrator",
        }
    }

    /// The key of the sentence that says what the role may do.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Reviewer => "operator-role-reviewer-hint",
            Self::SeniorReviewer => "operator-role-senior-reviewer-hint",
            Self::Auditor => "operator-role-auditor-hint",
            Self::Administrator => "operator-role-administrator-hint",
        }
    }

    /// Whether the role may do it.
    pub fn may(self, permission: Permission) -> bool {
        TABLE
            .iter()
            .any(|(role, permissions)| *role == self && permissions.contains(&permission))
    }
}

/// The roles of one operator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    /// Reads what is stored. A name that this release does not know gives no right.
    pub fn from_stored(names: &[String]) -> Self {
        names.iter().filter_map(|name| Role::parse(name)).collect()
    }

    /// Whether any of them may do it.
    pub fn may(&self, permission: Permission) -> bool {
        self.0.iter().any(|role| role.may(permission))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one is among them.
    pub fn contains(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Role> + '_ {
        self.0.iter().copied()
    }

    /// Their names as they are stored.
    pub fn names(&self) -> Vec<&'static str> {
        self.iter().map(Role::as_str).collect()
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_259_the_table_of_roles_is_this_one() {
        let may = |role: Role| {
            let all = [
                Permission::Review,
                Permission::Confirm,
                Permission::Override,
                Permission::Counter,
                Permission::Standing,
                Permission::Audit,
                Permission::Sources,
                Permission::Operators,
            ];
            all.map(|permission| if role.may(permission) { 'x' } else { '.' })
                .iter()
                .collect::<String>()
        };
        assert_eq!(may(Role::Reviewer), "x..x....");
        assert_eq!(may(Role::SeniorReviewer), "xxxxx.x.");
        assert_eq!(may(Role::Auditor), ".....xx.");
        assert_eq!(may(Role::Administrator), "......xx");
    }

    #[test]
    fn a_role_of_another_release_gives_no_right() {
        let roles = Roles::from_stored(&["reviewer".to_owned(), "emperor".to_owned()]);
        assert_eq!(roles.names(), ["reviewer"]);
        assert!(!Roles::from_stored(&["Administrator".to_owned()]).may(Permission::Operators));
    }
}
