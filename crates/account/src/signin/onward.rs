//! Where a person goes after a page has done its part: back to the interrupted request of a sub-site, to a page of
//! ours that was asked for, or to their own space (HB-57). It travels in `interaction` and `return_to`.

use model::interaction::{Answers, Interaction, InteractionId};
use serde::Deserialize;
use store::StoreError;
use web::Visit;
use web::form::FormPage;
use web::paths::LocalPath;

use crate::Service;

/// The parameters of a page that can be on the way to somewhere.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    /// The interrupted request.
    #[serde(default)]
    pub interaction: Option<String>,
    /// A page of ours.
    #[serde(default)]
    pub return_to: Option<String>,
}

/// Where to go. What is no handle and no path of ours is dropped (A011).
#[derive(Clone, Debug, Default)]
pub struct Onward {
    interaction: Option<InteractionId>,
    return_to: Option<LocalPath>,
}

impl From<Asked> for Onward {
    fn from(asked: Asked) -> Self {
        Self::new(asked.interaction.as_deref(), asked.return_to.as_deref())
    }
}

impl Onward {
    /// Reads the two parameters.
    pub fn new(interaction: Option<&str>, return_to: Option<&str>) -> Self {
        Self {
            interaction: interaction.and_then(InteractionId::parse),
            return_to: return_to.and_then(|path| LocalPath::parse(path).ok()),
        }
    }

    /// Whether a sub-site waits.
    pub const fn has_interaction(&self) -> bool {
        self.interaction.is_some()
    }

    /// The handle of the interrupted request.
    pub const fn interaction(&self) -> Option<&InteractionId> {
        self.interaction.as_ref()
    }

    /// Where to go.
    pub fn path(&self) -> LocalPath {
        match (&self.interaction, &self.return_to) {
            (Some(id), _) => LocalPath::known("/authorize/resume").with("interaction", id.expose()),
            (None, Some(path)) => path.clone(),
            (None, None) => LocalPath::known("/account"),
        }
    }

    /// A page of ours on the way there.
    pub fn through(&self, page: LocalPath) -> LocalPath {
        let page = match &self.interaction {
            Some(id) => page.with("interaction", id.expose()),
            None => page,
        };
        match &self.return_to {
            Some(path) => page.with("return_to", path.as_str()),
            None => page,
        }
    }

    /// A form on the way there.
    pub fn in_form(&self, form: FormPage) -> FormPage {
        form.hidden_if(
            "interaction",
            self.interaction.as_ref().map(InteractionId::expose),
        )
        .hidden_if("return_to", self.return_to.as_ref().map(LocalPath::as_str))
    }

    /// The interrupted request, if it is this browser's and still open.
    pub async fn load(&self, service: &Service, visit: &Visit) -> Result<Option<Interaction>, StoreError> {
        let Some(id) = &self.interaction else {
            return Ok(None);
        };
        let found = store::interactions::find(&service.store().read(), id, &visit.browser_hash()).await?;
        Ok(found.filter(|interaction| interaction.is_open(visit.now())))
    }

    /// Where it is said that the interrupted request was left behind by a sign-out in another tab: better than filling
    /// in a form for it first.
    pub async fn left_behind(
        &self,
        service: &Service,
        found: Option<&Interaction>,
    ) -> Result<Option<LocalPath>, StoreError> {
        let (Some(id), None) = (&self.interaction, found) else {
            return Ok(None);
        };
        let left = store::interactions::find_left_behind(&service.store().read(), id).await?;
        Ok(left.map(|_| self.path()))
    }

    /// The same, and the page speaks the language that the request asked for, unless the person chose one.
    pub async fn speak(
        &self,
        service: &Service,
        visit: &mut Visit,
    ) -> Result<Option<Interaction>, StoreError> {
        let interaction = self.load(service, visit).await?;
        if let Some(language) = interaction.as_ref().and_then(Interaction::language) {
            visit.prefer_language(language);
        }
        Ok(interaction)
    }

    /// The page of ours that was asked for.
    pub const fn return_to(&self) -> Option<&LocalPath> {
        self.return_to.as_ref()
    }

    /// Stores what the resident answered; nothing when there is no request that could be answered.
    pub async fn answer(
        &self,
        service: &Service,
        visit: &Visit,
        change: impl FnOnce(&mut Answers) + Send,
    ) -> Result<(), StoreError> {
        if let Some(interaction) = self.load(service, visit).await? {
            let mut answers = interaction.answers;
            change(&mut answers);
            store::interactions::answer(&service.store().read(), &interaction.id, &answers).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use model::rng::Rng;

    use super::*;

    #[test]
    fn source_hb_57_the_waiting_sub_site_comes_first_then_the_page_then_the_own_space() {
        let id = InteractionId::generate(&Rng::seeded(1));
        let path = |interaction: Option<&str>, return_to: Option<&str>| {
            Onward::new(interaction, return_to).path().to_string()
        };
        let resume = model::interaction::resume_path(&id);
        assert_eq!(path(Some(id.expose()), Some("/account/level")), resume);
        assert_eq!(path(None, Some("/account/level?want=2")), "/account/level?want=2");
        assert_eq!(path(None, None), "/account");
    }

    #[test]
    fn attack_011_a_return_address_elsewhere_is_dropped() {
        for bad in [
            "https://evil.test",
            "//evil.test",
            "/\\evil.test",
            "javascript:alert(1)",
            "/a\r\nb: c",
        ] {
            assert_eq!(Onward::new(None, Some(bad)).path().as_str(), "/account", "{bad}");
        }
        assert_eq!(Onward::new(Some("short"), None).path().as_str(), "/account");
    }

    #[test]
    fn both_travel_through_pages() {
        let onward = Onward::new(None, Some("/account/level?want=2"));
        let through = onward.through(LocalPath::known("/verify/population-register"));
        assert_eq!(
            through.as_str(),
            "/verify/population-register?return_to=%2Faccount%2Flevel%3Fwant%3D2"
        );
    }
}
