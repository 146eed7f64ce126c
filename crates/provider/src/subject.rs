//! Names under which sub-sites know residents (OpenID Connect Core 8). How they are made stands with the keys, in
//! [`store::subjects`], because a decision about a sub-site is kept with the name as well.

pub use store::subjects::{Subjects, keyed, sector};

#[cfg(test)]
mod tests {
    use model::client::SubjectType;
    use model::ids::AccountId;

    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn attack_125_subjects_differ_by_person_and_by_sector_and_nothing_else() {
        let world = testing::world().await;
        let (hefei, wuhu) = (testing::client("hefei"), testing::client("wuhu"));
        let mut sister = testing::client("hefei-transport");
        sister.sector = hefei.sector.clone();
        let [one, two] = [0, 1].map(|_| AccountId::new(world.now(), world.store.rng()));
        let names = Subjects::new(world.store.vault());
        assert_ne!(names.subject(&hefei, one), names.subject(&hefei, two));
        assert_ne!(names.subject(&hefei, one), names.subject(&wuhu, one));
        assert_eq!(names.subject(&hefei, one), names.subject(&sister, one));
        assert_eq!(names.subject(&hefei, one).len(), 45);
        assert_eq!(
            names.subject(&hefei, one),
            Subjects::new(world.store.vault()).subject(&hefei, one),
            "the same on every node"
        );
    }

    #[tokio::test]
    async fn attack_125_the_host_of_a_sectors_document_is_the_sector_and_files_without_one_stay_as_they_are()
    {
        let world = testing::world().await;
        let names = Subjects::new(world.store.vault());
        let one = AccountId::new(world.now(), world.store.rng());
        let mut old = testing::client("hefei");
        old.sector = "https://city.example".to_owned();
        let known = names.subject(&old, one);
        let with = |id: &str, uri: &str| {
            let mut client = testing::client(id);
            client.sector_identifier_uri = Some(uri.to_owned());
            client
        };
        let first = with("wuhu", "https://city.example/sites.json");
        let second = with("bengbu", "https://city.example/other.json");
        let stranger = with("huaibei", "https://city.example.evil.example/sites.json");
        assert_eq!(names.subject(&old, one), known);
        assert_eq!(names.subject(&first, one), names.subject(&second, one));
        assert_eq!(
            names.subject(&first, one),
            known,
            "the host is the sector of the file"
        );
        assert_ne!(names.subject(&stranger, one), known);
    }

    #[tokio::test]
    async fn attack_125_a_public_subject_is_one_for_all_that_were_registered_so_and_no_pairwise_one() {
        let world = testing::world().await;
        let names = Subjects::new(world.store.vault());
        let [one, two] = [0, 1].map(|_| AccountId::new(world.now(), world.store.rng()));
        let public = |id: &str| {
            let mut client = testing::client(id);
            client.subject_type = SubjectType::Public;
            client
        };
        let (hefei, wuhu) = (public("hefei"), public("wuhu"));
        assert_eq!(names.subject(&hefei, one), names.subject(&wuhu, one));
        assert_ne!(names.subject(&hefei, one), names.subject(&hefei, two));
        let mut empty = testing::client("hefei");
        empty.sector = String::new();
        assert_ne!(
            names
                .subject(&empty, one)
                .split_once('.')
                .map(|(_, name)| name.to_owned()),
            names
                .subject(&hefei, one)
                .split_once('.')
                .map(|(_, name)| name.to_owned())
        );
    }

    #[tokio::test]
    async fn attack_126_a_person_who_comes_back_with_a_new_account_has_a_new_subject() {
        let world = testing::world().await;
        let (client, names) = (testing::client("hefei"), Subjects::new(world.store.vault()));
        let again = AccountId::new(world.now(), world.store.rng());
        assert_ne!(
            names.subject(&client, world.account),
            names.subject(&client, again)
        );
    }
}
