//! On whose behalf a request is made, and in which role.

use axum::http::Extensions;
use domain::Id;

/// What somebody is to the business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Orders, rents and pays, for themselves.
    Customer,
    /// Stands behind the counter.
    Store,
    /// Cooks and makes.
    Kitchen,
    /// Brings and fetches.
    Courier,
    /// Runs the business.
    Manager,
    /// Runs this service. May do everything.
    Operator,
}

impl Role {
    pub const ALL: [Self; 6] =
        [Self::Customer, Self::Store, Self::Kitchen, Self::Courier, Self::Manager, Self::Operator];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Store => "store",
            Self::Kitchen => "kitchen",
            Self::Courier => "courier",
            Self::Manager => "manager",
            Self::Operator => "operator",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// On whose behalf a request is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller(Who);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    /// Somebody of whom nothing is known. May ask what everybody may.
    Nobody,
    /// Somebody on this machine, where nothing is asked. May do everything.
    Local,
    /// Somebody with the one key of this service.
    KeyHolder,
    Known {
        role: Role,
        subject: Id,
    },
}

impl Caller {
    pub fn nobody() -> Self {
        Self(Who::Nobody)
    }

    pub fn local() -> Self {
        Self(Who::Local)
    }

    pub fn key_holder() -> Self {
        Self(Who::KeyHolder)
    }

    pub fn known(role: Role, subject: Id) -> Self {
        Self(Who::Known { role, subject })
    }

    /// Without the layer that lets callers in, everybody is somebody on this machine.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_else(Self::local)
    }

    pub fn is_local(&self) -> bool {
        self.0 == Who::Local
    }

    /// Whether it is somebody with a name of their own.
    pub fn is_known(&self) -> bool {
        matches!(self.0, Who::Known { .. })
    }

    /// None of somebody of whom nothing is known.
    pub fn role(&self) -> Option<Role> {
        match &self.0 {
            Who::Nobody => None,
            Who::Local | Who::KeyHolder => Some(Role::Operator),
            Who::Known { role, .. } => Some(*role),
        }
    }

    /// Whose things alone the caller may see and change. Others than customers have no such bound.
    pub fn customer(&self) -> Option<&Id> {
        match &self.0 {
            Who::Known { role: Role::Customer, subject } => Some(subject),
            Who::Known { .. } | Who::Nobody | Who::Local | Who::KeyHolder => None,
        }
    }

    /// As it stands in the events' metadata: never a person's name. What it says of somebody must
    /// stay the same, for the ids of commands come from it.
    pub fn actor(&self) -> String {
        match &self.0 {
            Who::Nobody => "nobody".to_owned(),
            Who::Local => "local".to_owned(),
            Who::KeyHolder => "key".to_owned(),
            Who::Known { role, subject } => format!("{}:{subject}", role.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_customers_are_bound_to_what_is_theirs() {
        let min: Id = "min".to_owned().try_into().unwrap();
        for role in Role::ALL {
            let caller = Caller::known(role, min.clone());
            let bound = (role == Role::Customer).then_some(&min);
            assert_eq!((caller.role(), caller.customer()), (Some(role), bound));
            assert_eq!(caller.actor(), format!("{}:min", role.as_str()));
            assert_eq!(Role::named(role.as_str()), Some(role));
        }
        for caller in [Caller::local(), Caller::key_holder()] {
            assert_eq!((caller.role(), caller.customer()), (Some(Role::Operator), None));
        }
        let nobody = Caller::nobody();
        assert_eq!((nobody.role(), nobody.customer()), (None, None));
    }
}
