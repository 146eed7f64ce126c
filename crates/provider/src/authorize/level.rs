//! Which level a request needs, and what follows from the level that there is (OpenID Connect Core 5.5.1.1, OpenID
//! Connect Core Unmet Authentication Requirements 1.0). Pure.
//!
//! A wish (`acr_values`, a voluntary claim, the client's default) is asked of the resident once and is no condition. A
//! demand (an essential `acr`, the client's floor) is one. Demanded values are names to be matched, so a resident who
//! is above them is told as the highest of the demanded ones, never as more than is proven.

use chrono::{DateTime, Utc};
use model::authn::Strength;
use model::client::{AccountKind, Client};
use model::evidence::{Evidence, SourceId};
use model::ladder::{Ladder, Level};

use crate::authorize::request::AskedLevel;
use crate::error::AuthorizeError;

/// The strongest that a sign-in becomes by a factor that is added to it here: a passkey.
const STRENGTH_MAX: Strength = Strength::A3;

/// How many ways up an error description names.
const ROADS_MAX: usize = 6;

/// What a request needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LevelDemand {
    floor: Option<Level>,
    demanded: Vec<Level>,
    wished: Option<Level>,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelDecision {
    /// Go on; the token carries this level.
    Reached(Level),
    /// Ask the resident to raise the level to this one, which is demanded.
    RaiseDemanded(Level),
    /// Ask the resident to raise the level to this one, which is only wished for.
    RaiseWished(Level),
    /// This level is demanded, and there is no way to it or the resident does not want to go it.
    Unmet(Level),
}

impl LevelDemand {
    /// What the client asked, within what it may ask (A030).
    pub fn of(asked: &AskedLevel, client: &Client) -> Result<Self, AuthorizeError> {
        let allowed = |level: &Level| client.ceiling_level.is_none_or(|ceiling| *level <= ceiling);
        let floor = client.floor_level;
        match asked {
            AskedLevel::Nothing => Ok(Self {
                floor,
                demanded: Vec::new(),
                wished: client.default_level,
            }),
            AskedLevel::Wished(level) if allowed(level) => Ok(Self {
                floor,
                demanded: Vec::new(),
                wished: Some(*level),
            }),
            AskedLevel::Demanded(levels) if levels.is_empty() => Err(AuthorizeError::LevelUnmet),
            AskedLevel::Demanded(levels) if levels.iter().any(allowed) => {
                let mut demanded: Vec<_> = levels.iter().copied().filter(allowed).collect();
                demanded.sort_unstable();
                Ok(Self {
                    floor,
                    demanded,
                    wished: None,
                })
            }
            AskedLevel::Wished(_) | AskedLevel::Demanded(_) => Err(AuthorizeError::LevelNotAllowed),
        }
    }

    /// The level without which there is no code.
    fn required(&self) -> Option<Level> {
        self.floor.max(self.demanded.first().copied())
    }

    /// Whether one of some levels was demanded by name, so that another one is no answer.
    pub const fn is_essential(&self) -> bool {
        !self.demanded.is_empty()
    }

    /// The level that the pages should lead to.
    pub fn goal(&self) -> Option<Level> {
        self.required().max(self.wished)
    }

    /// What follows from the level that the sign-in has now. `can_reach` says whether the resident could do anything
    /// about a level; `declined` whether the resident was asked and does not want to.
    pub fn decide(&self, now: Level, declined: bool, can_reach: impl Fn(Level) -> bool) -> LevelDecision {
        let open = |level: Option<Level>| level.filter(|level| now < *level);
        let (required, wished) = (open(self.required()), open(self.wished));
        if let Some(required) = required.filter(|level| declined || !can_reach(*level)) {
            return LevelDecision::Unmet(required);
        }
        let wished = wished.filter(|level| !declined && can_reach(*level));
        match (required, wished) {
            (Some(required), wished) => {
                LevelDecision::RaiseDemanded(wished.map_or(required, |w| w.max(required)))
            }
            (None, Some(wished)) => LevelDecision::RaiseWished(wished),
            (None, None) => LevelDecision::Reached(self.told(now)),
        }
    }

    /// The level that the token names.
    fn told(&self, now: Level) -> Level {
        self.demanded
            .iter()
            .copied()
            .filter(|level| *level <= now)
            .max()
            .unwrap_or(now)
    }
}

/// How strong a sign-in must be for a token to carry a level, if it is that strong or can be made so.
pub fn strength_for(ladder: &Ladder, level: Level, now: Strength) -> Option<Strength> {
    Strength::ALL
        .into_iter()
        .filter(|strength| *strength <= now.max(STRENGTH_MAX))
        .find(|strength| ladder.acr(level, *strength) >= level)
}

/// The account at this moment, for the ladder.
#[derive(Clone, Copy, Debug)]
pub struct Climber<'a> {
    /// Of a person or an organisation.
    pub kind: AccountKind,
    /// What supports its level.
    pub evidence: &'a [Evidence],
    /// Now.
    pub now: DateTime<Utc>,
}

impl Climber<'_> {
    /// Whether there is a way up to a level that the resident could be shown.
    pub fn can_reach(&self, ladder: &Ladder, level: Level) -> bool {
        !ladder.roads(self.kind, level, self.evidence, self.now).is_empty()
    }

    /// What is missing, for the people who run the sub-site: ASCII, no value of the request.
    pub fn missing(&self, ladder: &Ladder, level: Level) -> String {
        let roads = ladder.roads(self.kind, level, self.evidence, self.now);
        let ways: Vec<String> = roads
            .iter()
            .take(ROADS_MAX)
            .map(|road| {
                road.sources
                    .iter()
                    .map(SourceId::as_str)
                    .collect::<Vec<_>>()
                    .join(" and ")
            })
            .collect();
        let number = level.number();
        if !ways.is_empty() {
            format!(
                "level {number} is demanded and was not reached; missing: {}",
                ways.join(", or ")
            )
        } else if ladder.level(self.kind, self.evidence, self.now).level >= level {
            format!(
                "level {number} is demanded; the account has it, but the sign-in is not strong enough for it"
            )
        } else {
            format!("level {number} is demanded and cannot be reached here at present")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(number: u8) -> Level {
        Level::new(number).expect("a level")
    }

    fn demand(floor: Option<u8>, demanded: &[u8], wished: Option<u8>) -> LevelDemand {
        LevelDemand {
            floor: floor.map(level),
            demanded: demanded.iter().copied().map(level).collect(),
            wished: wished.map(level),
        }
    }

    #[test]
    fn a_wish_is_asked_once_and_is_no_condition() {
        let wish = demand(None, &[], Some(2));
        assert_eq!(
            wish.decide(level(0), false, |_| true),
            LevelDecision::RaiseWished(level(2))
        );
        assert_eq!(
            wish.decide(level(0), true, |_| true),
            LevelDecision::Reached(level(0))
        );
        assert_eq!(
            wish.decide(level(1), false, |_| false),
            LevelDecision::Reached(level(1))
        );
        assert_eq!(
            wish.decide(level(3), false, |_| true),
            LevelDecision::Reached(level(3))
        );
    }

    #[test]
    fn attack_031_a_demand_is_met_by_name_and_never_with_more_than_is_proven() {
        let either = demand(None, &[1, 3], None);
        assert_eq!(
            either.decide(level(0), false, |_| true),
            LevelDecision::RaiseDemanded(level(1))
        );
        assert_eq!(
            either.decide(level(0), true, |_| true),
            LevelDecision::Unmet(level(1))
        );
        assert_eq!(
            either.decide(level(0), false, |_| false),
            LevelDecision::Unmet(level(1))
        );
        assert_eq!(
            either.decide(level(2), false, |_| true),
            LevelDecision::Reached(level(1))
        );
        assert_eq!(
            either.decide(level(4), false, |_| true),
            LevelDecision::Reached(level(3))
        );
    }

    #[test]
    fn below_the_floor_nobody_gets_a_code() {
        let floor = demand(Some(1), &[], Some(2));
        assert_eq!(floor.goal(), Some(level(2)));
        assert_eq!(
            floor.decide(level(0), false, |_| true),
            LevelDecision::RaiseDemanded(level(2))
        );
        assert_eq!(
            floor.decide(level(0), false, |to| to < level(2)),
            LevelDecision::RaiseDemanded(level(1))
        );
        assert_eq!(
            floor.decide(level(0), true, |_| true),
            LevelDecision::Unmet(level(1))
        );
        assert_eq!(
            floor.decide(level(1), true, |_| true),
            LevelDecision::Reached(level(1))
        );
        assert_eq!(
            demand(Some(3), &[], Some(2)).decide(level(1), false, |to| to < level(3)),
            LevelDecision::Unmet(level(3))
        );
    }
}
