use super::*;

/// Nobody's, so that what it may do is what everybody may do.
const STRANGER: Account = Account { user: 54_321, group: 54_321 };

struct Folders {
    _root: tempfile::TempDir,
    data: PathBuf,
    elsewhere: PathBuf,
}

fn folders(mode: u32) -> Folders {
    let root = tempfile::tempdir().unwrap();
    open_to_all(root.path()).unwrap();
    let (data, elsewhere) = (root.path().join("data"), root.path().join("elsewhere"));
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, Permissions::from_mode(mode)).unwrap();
    Folders { _root: root, data, elsewhere }
}

#[test]
fn a_cluster_is_in_the_data_directory_when_its_user_may_enter() {
    let Folders { _root, data, elsewhere } = folders(0o755);
    assert_eq!(base(&data, &elsewhere, Some(STRANGER)).unwrap(), data);
    assert!(!elsewhere.exists());
}

#[test]
fn a_cluster_is_elsewhere_when_its_user_may_not_enter_and_stays_there() {
    let Folders { _root, data, elsewhere } = folders(0o700);
    let place = base(&data, &elsewhere, Some(STRANGER)).unwrap();
    assert!(place.starts_with(&elsewhere) && place.is_dir());
    check_reach(STRANGER, &place).unwrap();

    fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
    assert_eq!(base(&data, &elsewhere, Some(STRANGER)).unwrap(), place);
}

#[test]
fn a_data_directory_made_again_begins_empty() {
    let Folders { _root, data, elsewhere } = folders(0o700);
    let before = base(&data, &elsewhere, Some(STRANGER)).unwrap();
    fs::remove_dir_all(&data).unwrap();
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, Permissions::from_mode(0o700)).unwrap();
    assert_ne!(base(&data, &elsewhere, Some(STRANGER)).unwrap(), before);
}

#[test]
fn a_data_directory_is_locked_while_it_is_claimed() {
    let Folders { _root, data, elsewhere } = folders(0o755);
    let claimed = Place::claim(&data, &elsewhere).unwrap();
    let error = Place::claim(&data, &elsewhere).err().unwrap();
    assert!(error.to_string().contains(&format!("(process {})", std::process::id())), "{error}");
    drop(claimed);
    Place::claim(&data, &elsewhere).unwrap();
}

#[test]
fn a_long_path_has_its_socket_under_a_short_one() {
    let Folders { _root, data, .. } = folders(0o755);
    let cluster = data.join("x".repeat(120)).join(CLUSTER);
    let short = sockets(&cluster, None).unwrap();
    assert!(short.as_os_str().len() <= LONGEST_SOCKET_FOLDER);
    assert_eq!(sockets(&cluster, None).unwrap(), short);

    fs::set_permissions(&short, Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(sockets(&cluster, None), Err(EmbeddedError::NotOurs { .. })));
    fs::remove_dir(&short).unwrap();
}
