//! Every store keeps the same contract: the checks of `suite` run against each of them. What only
//! one kind of store can show is tested in a file of its own.

mod local;
mod s3;
mod suite;

/// One test for each store and check.
macro_rules! for_each_store {
    ($($check:ident),* $(,)?) => {
        mod on_a_local_folder {
            use std::sync::Arc;
            use trailquet::store::local::Local;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                let folder = tempfile::tempdir().unwrap();
                super::suite::$check(Arc::new(Local::target(folder.path()).unwrap())).await;
            })*
        }
        mod in_memory {
            use std::sync::Arc;
            use trailquet::store::object::Objects;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                super::suite::$check(Arc::new(Objects::memory())).await;
            })*
        }
        mod on_seaweedfs {
            use std::sync::Arc;
            use crate::support::servers::{ADMIN, seaweedfs};
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                let Some(server) = seaweedfs(concat!("on_seaweedfs::", stringify!($check))) else { return };
                super::suite::$check(Arc::new(server.store(ADMIN, stringify!($check)))).await;
            })*
        }
        mod on_moto {
            use std::sync::Arc;
            use crate::support::servers::{ADMIN, moto};
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                let Some(server) = moto(concat!("on_moto::", stringify!($check))) else { return };
                super::suite::$check(Arc::new(server.store(ADMIN, stringify!($check)))).await;
            })*
        }
    };
}

for_each_store!(
    gives_back_what_was_put,
    lists_a_folder_and_a_tree,
    lists_more_than_a_page,
    takes_strange_keys,
    puts_on_a_condition,
    loses_no_update_in_a_race,
    lets_one_creator_win,
    puts_a_large_file,
    counts_requests,
);
