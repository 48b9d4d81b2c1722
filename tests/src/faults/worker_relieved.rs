//! A worker is asked to end while another stands by: nobody notices.

use super::{LEASE, load::Load, scene::Scene, within};
use tokio::time::Instant;

#[tokio::test]
async fn another_has_everything_long_before_the_lease_is_over_and_no_request_fails() {
    let scene = Scene::open().await;
    let api = scene.start("api").await;
    let (mut working, mut alone) = scene.start_first_worker(&api.client).await;
    let load = Load::start(&[&api.service.url]).await;
    for _ in 0..2 {
        let standby = scene.start("worker").await;
        load.goes_on(100).await;
        let asked = Instant::now();
        working.service.signal("TERM").await;
        let taken = within(asked, LEASE / 2, async || alone.taken_over(&api.client).await).await;
        assert_eq!(working.service.ended().await, Some(0));
        (working, alone) = (standby, taken);
    }
    load.goes_on(100).await;
    let memory = load.end().await;
    assert_eq!(memory.failures, Vec::<String>::new());
    scene.holds(&memory, &api.client).await;
}
