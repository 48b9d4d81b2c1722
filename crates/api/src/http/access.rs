//! Who may do what: an entry of the [table of operations](super::operation) names the roles that may
//! ask it, and here they are let in or not. What of a thing that may be asked for is a customer's own
//! is said beside each view and command.

use super::{
    auth::{Caller, Role},
    operation::Operation,
    problem::Problem,
};
use axum::{
    extract::{FromRequestParts, MatchedPath, Request},
    http::{Method, StatusCode, request::Parts},
};
use domain::Id;
use std::{collections::HashMap, convert::Infallible};

/// The roles that may ask something. An operator may ask everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Open,
    Only(&'static [Role]),
}

use Role::{Courier, Customer, Kitchen, Manager, Store};

/// Nobody but operators.
pub const OPERATORS: Access = Access::Only(&[]);
/// Who runs the business.
pub const MANAGERS: Access = Access::Only(&[Manager]);
/// Those behind the counter.
pub const STORE: Access = Access::Only(&[Store, Manager]);
/// Those behind the counter, and those who cook.
pub const KITCHEN: Access = Access::Only(&[Store, Kitchen, Manager]);
/// Those who cook.
pub const COOKS: Access = Access::Only(&[Kitchen, Manager]);
/// Those who bring and fetch.
pub const COURIERS: Access = Access::Only(&[Courier, Manager]);
/// Customers, for themselves, and those who run the business, for them.
pub const RENTERS: Access = Access::Only(&[Customer, Manager]);
/// Customers, for themselves, and those behind the counter, for them.
pub const BUYERS: Access = Access::Only(&[Customer, Store, Manager]);
/// Those to whom rented goods matter.
pub const RENTAL: Access = Access::Only(&[Customer, Courier, Manager]);
/// Those to whom a café's order matters.
pub const CAFE: Access = Access::Only(&[Customer, Store, Kitchen, Manager]);
/// Whoever has a role.
pub const EVERYBODY: Access = Access::Only(&[Customer, Store, Kitchen, Courier, Manager]);
/// Whoever works here.
pub const STAFF: Access = Access::Only(&[Store, Kitchen, Courier, Manager]);

impl Access {
    pub fn admits(self, role: Role) -> bool {
        match self {
            Self::Open => true,
            Self::Only(roles) => role == Role::Operator || roles.contains(&role),
        }
    }

    /// The roles that may, by name.
    pub fn roles(self) -> Vec<&'static str> {
        let admitted = Role::ALL.iter().filter(|role| self.admits(**role));
        admitted.map(|role| role.as_str()).collect()
    }
}

/// Who may do what, as a table of Markdown. Other names of a route have its rights.
pub fn table(operations: &[Operation]) -> String {
    let names = Role::ALL.map(Role::as_str).join(" | ");
    let lines =
        format!("| | {names} | without a token |\n|---|{}\n", "---|".repeat(Role::ALL.len() + 1));
    let listed = operations.iter().filter(|operation| operation.alias_of.is_none());
    listed.fold(lines, |lines, operation| {
        let Operation { method, path, access, .. } = operation;
        let may = Role::ALL.map(|role| mark(access.admits(role))).join(" | ");
        let open = mark(*access == Access::Open);
        format!("{lines}| `{method} {path}` | {may} | {open} |\n")
    })
}

fn mark(may: bool) -> &'static str {
    if may { "✓" } else { "" }
}

/// What is asked of each route.
#[derive(Debug, Default)]
pub struct Rights {
    /// By path, then by method: few of each.
    routes: HashMap<&'static str, Vec<Entry>>,
}

#[derive(Debug)]
struct Entry {
    method: Method,
    access: Access,
    primary: Option<&'static str>,
}

impl Rights {
    pub fn of<'a>(operations: impl IntoIterator<Item = &'a Operation>) -> Self {
        let mut rights = Self::default();
        for operation in operations {
            rights.routes.entry(operation.path).or_default().push(Entry {
                method: operation.method.clone(),
                access: operation.access,
                primary: operation.primary(),
            });
        }
        rights
    }

    /// Whether everybody may ask this.
    pub fn is_open(&self, request: &Request) -> bool {
        self.entry(request).is_some_and(|entry| entry.access == Access::Open)
    }

    /// 403 when the caller's role may not ask this. What has no entry is answered by its own means:
    /// a path that is not served, or a method that it does not take.
    pub fn check(&self, caller: &Caller, request: &Request) -> Result<(), Problem> {
        match self.entry(request) {
            Some(entry) if !caller.may(entry.access) => Err(forbidden(caller, entry.access)),
            _ => Ok(()),
        }
    }

    /// Whether this is a request of the table at all.
    pub fn knows(&self, request: &Request) -> bool {
        self.entry(request).is_some()
    }

    /// The stream category whose versions `If-Match` speaks of in this request.
    pub fn primary(&self, request: &Request) -> Option<&'static str> {
        self.entry(request).and_then(|entry| entry.primary)
    }

    fn entry(&self, request: &Request) -> Option<&Entry> {
        let path = request.extensions().get::<MatchedPath>()?;
        // What a HEAD is answered with is what the GET would say.
        let method = match *request.method() {
            Method::HEAD => &Method::GET,
            ref method => method,
        };
        self.routes.get(path.as_str())?.iter().find(|entry| entry.method == method)
    }
}

fn forbidden(caller: &Caller, access: Access) -> Problem {
    let role = caller.role().map_or("nobody", Role::as_str);
    let may = access.roles().join(", ");
    let detail = format!("the role {role} may not do this; these may: {may}");
    Problem::new(StatusCode::FORBIDDEN, "forbidden", detail)
}

impl Caller {
    pub fn may(&self, access: Access) -> bool {
        match self.role() {
            Some(role) => access.admits(role),
            None => access == Access::Open,
        }
    }

    /// Whose thing a request is about: a customer's own, whatever it says; others say it.
    pub fn speaks_for(&self, said: Option<Id>) -> Option<Id> {
        self.customer().cloned().or(said)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}
