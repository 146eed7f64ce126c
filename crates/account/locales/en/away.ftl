# Ways of verifying that lead to another party and back

away-agree-missing = To have your face compared, tick the box first; or take another way
away-again = Ask for the result again
away-roads = Other ways
away-counter = At a government service counter, with your identity document
away-cancelled = You cancelled at “{ $party }”. Nothing has changed, and it does not count as a try. Try again, or take another way below.
away-register-differs = The name and citizen ID number that were returned do not agree with the population register, so they were not used. Have them corrected there, or take another way below.
away-unavailable = No result can be had from “{ $party }” at the moment; this is not your fault. It does not count as a try. Try again later, or take another way below.
away-expired = You were away for more than 10 minutes, and the result is no longer good. It does not count as a try. Please start again.
away-used = This result has been dealt with already. See the page “Identity level”; start again if you need to.
away-lost = It is not certain that this result belongs to what you began here, so it was not used. Please start again in one browser.
away-other-account = Another account was signed in in this browser meanwhile, so the result was not used. Please start again with this account.
away-signed-out = Your sign-in ended while you were away, so the result was not used. Please start again.
