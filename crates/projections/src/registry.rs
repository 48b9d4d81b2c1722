//! The closed list of views, by name.

use crate::{
    Engine, Error,
    cafe::{
        menu::Menu, order_status::OrderStatus, point_ledger::PointLedger, points::Points,
        tickets::Tickets,
    },
    market::{
        item_info::ItemInfo, payments::Payments, reservations::Reservations, reviews::Reviews,
    },
    progress::Local,
    read_model::ReadModel,
    rebuild::{Build, Origin, Shadow},
    rental::{
        inventory::Stock as RentalStock, orders::Orders as RentalOrders, total_view::TotalView,
    },
    restaurant::{menus::Menus, my_page::MyPage},
    row::Row,
    timeline,
    warehouse::{lots::Lots, movements::Movements, stock::Stock},
};
use async_trait::async_trait;
use domain::Context;
use eventlog::consumer::Share;
use std::marker::PhantomData;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// All views of all contexts.
pub static VIEWS: [&dyn View; 17] = [
    &Of::<Stock>::VIEW,
    &Of::<Lots>::VIEW,
    &Of::<Movements>::VIEW,
    &Of::<ItemInfo>::VIEW,
    &Of::<Reservations>::VIEW,
    &Of::<Payments>::VIEW,
    &Of::<Reviews>::VIEW,
    &Of::<MyPage>::VIEW,
    &Of::<Menus>::VIEW,
    &Of::<TotalView>::VIEW,
    &Of::<RentalOrders>::VIEW,
    &Of::<RentalStock>::VIEW,
    &Of::<OrderStatus>::VIEW,
    &Of::<Tickets>::VIEW,
    &Of::<Points>::VIEW,
    &Of::<PointLedger>::VIEW,
    &Of::<Menu>::VIEW,
];

/// A read model whose row type does not matter.
#[async_trait]
pub trait View: Sync {
    /// `cafe.order_status`.
    fn name(&self) -> &'static str;
    /// The stream categories it follows.
    fn categories(&self) -> &'static [&'static str];
    /// Whether something in its rows is personal.
    fn is_personal(&self) -> bool;
    /// See [`Engine::keep`].
    async fn keep(&self, engine: &Engine, stop: &CancellationToken);
    /// A table that is to take the view's place.
    #[doc(hidden)]
    async fn build(&self, engine: &Engine, origin: Origin) -> Result<Box<dyn Build>, Error>;
}

struct Of<M>(PhantomData<fn() -> M>);

impl<M> Of<M> {
    const VIEW: Self = Self(PhantomData);
}

#[async_trait]
impl<M: ReadModel> View for Of<M> {
    fn name(&self) -> &'static str {
        M::NAME
    }

    fn categories(&self) -> &'static [&'static str] {
        M::CATEGORIES
    }

    fn is_personal(&self) -> bool {
        M::Row::COLUMNS.iter().any(|column| column.is_personal)
    }

    async fn keep(&self, engine: &Engine, stop: &CancellationToken) {
        engine.keep::<M>(stop).await;
    }

    async fn build(&self, engine: &Engine, origin: Origin) -> Result<Box<dyn Build>, Error> {
        Ok(Box::new(Shadow::<M>::begin(engine, origin).await?))
    }
}

/// The view of a read model, whether or not it is in the list.
pub fn view<M: ReadModel>() -> &'static dyn View {
    &Of::<M>::VIEW
}

/// The view of a name.
pub fn named(name: &str) -> Result<&'static dyn View, Error> {
    let found = VIEWS.into_iter().find(|view| view.name() == name);
    found.ok_or_else(|| Error::UnknownView(name.to_owned()))
}

impl Engine {
    /// Keeps the views of `contexts`, and the timeline, together with other processes until `stop`;
    /// they are all over when the set is joined.
    pub fn start(&self, contexts: &[Context], stop: &CancellationToken) -> JoinSet<()> {
        let mut workers = JoinSet::new();
        for view in VIEWS {
            let context = Context::of_category(view.name());
            if context.is_some_and(|context| contexts.contains(&context)) {
                // From now on, whoever waits for the view knows that it will be kept.
                self.progress.of(view.name()).cut(&[Share::WHOLE]);
                let (engine, stop) = (self.clone(), stop.clone());
                workers.spawn(async move { view.keep(&engine, &stop).await });
            }
        }
        self.progress.of(timeline::NAME).cut(&[Share::WHOLE]);
        let (engine, stop) = (self.clone(), stop.clone());
        let (balancing, until) = (self.roster.clone(), stop.clone());
        workers.spawn(async move { engine.keep_timeline(&stop).await });
        workers.spawn(async move { balancing.balance(&until).await });
        workers
    }

    /// How the worker of this process is, without asking anybody.
    pub fn local(&self, view: &'static str) -> Local {
        self.progress.of(view).all()
    }
}
