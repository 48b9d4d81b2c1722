use super::*;

#[tokio::test]
async fn processes_that_start_together_all_succeed_and_so_does_a_later_one() {
    let database = Database::create().await;
    let starts = (0..6).map(|_| async { commands::migrate(&pool(&database)).await });
    for started in futures::future::join_all(starts).await {
        started.unwrap();
    }
    commands::migrate(&pool(&database)).await.unwrap();
}
